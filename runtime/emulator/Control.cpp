// Branches, exits, register budgets and instructions that do nothing here.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"
#include <map>

namespace attn::emu {

namespace {

/// The lanes that take the branch go first; the frame below waits at the join.
Step branch(Warp &w, const Instr &i, uint32_t mask) {
  Frame &top = w.stack.back();
  uint32_t active = top.mask & w.alive, rest = active & ~mask;
  if (!rest) {
    top.pc = i.target;
    return Step::Next;
  }
  uint32_t next = top.pc;
  top.pc = i.join;
  if (next != i.join)
    w.stack.push_back({next, i.join, rest});
  if (i.target != i.join)
    w.stack.push_back({i.target, i.join, mask});
  return Step::Next;
}

Step indexedBranch(Warp &w, const Instr &i, uint32_t mask) {
  const Slot *targets = &w.cta.grid.code.slots[i.list.begin];
  Frame &top = w.stack.back();
  uint32_t next = top.pc, active = top.mask & w.alive, rest = active & ~mask;
  std::map<uint32_t, uint32_t> groups;
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1) {
      uint32_t index = w.file[i.a + l];
      if (index >= i.list.count) {
        w.report(Finding::Kind::Instruction, i,
                 "branches to entry " + std::to_string(index) + " of " + std::to_string(i.list.count));
        w.cta.grid.stop = true;
        return Step::Yield;
      }
      groups[targets[index]] |= 1u << l;
    }
  if (rest)
    groups[next] |= rest;
  if (groups.size() == 1) {
    top.pc = groups.begin()->first;
    return Step::Next;
  }
  top.pc = i.join;
  for (auto &[target, lanes] : groups)
    if (target != i.join)
      w.stack.push_back({target, i.join, lanes});
  return Step::Next;
}

Step leave(Warp &w, const Instr &, uint32_t mask) {
  w.alive &= ~mask;
  ++w.cta.events;
  return w.alive ? Step::Next : Step::Signal;
}
Step trap(Warp &w, const Instr &i, uint32_t) {
  w.report(Finding::Kind::Instruction, i, "executes " + w.cta.grid.code.names[i.name]);
  w.cta.grid.stop = true;
  return Step::Yield;
}
Step nothing(Warp &, const Instr &, uint32_t) { return Step::Next; }
Step sleep(Warp &, const Instr &, uint32_t) { return Step::Poll; }

/// setmaxnreg. imm: registers for each thread; mode: 1 inc.
Step setRegisters(Warp &w, const Instr &i, uint32_t) {
  Cta &cta = w.cta;
  if (!cta.grid.code.entry.maxThreads && !cta.grid.code.entry.maxRegisters)
    w.report(Finding::Kind::Budget, i, "changes its registers, but the entry has no .maxntid, .reqntid or .maxnreg");
  if (i.mode ? i.imm < w.registers : i.imm > w.registers)
    w.report(Finding::Kind::Budget, i,
             std::string(i.mode ? "increases" : "decreases") + " its registers from " + std::to_string(w.registers) +
                 " to " + std::to_string(i.imm));
  if (i.imm > w.registers && (i.imm - w.registers) * 32 > cta.registersFree) {
    w.waiting = "waits for " + std::to_string((i.imm - w.registers) * 32) + " registers, " +
                std::to_string(cta.registersFree) + " are free";
    return Step::Wait;
  }
  cta.registersFree += w.registers * 32;
  cta.registersFree -= i.imm * 32;
  w.registers = i.imm;
  w.registersSet = true;
  ++cta.events;
  return Step::Signal;
}

} // namespace

Handler branchHandler() { return branch; }
Handler indexedBranchHandler() { return indexedBranch; }
Handler exitHandler() { return leave; }

bool lowerControl(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  if (op.base == "exit")
    i.exec = leave;
  else if (op.base == "trap" || op.base == "brkpt")
    i.exec = trap;
  else if (op.base == "pmevent") {
    op.take("mask");
    i.exec = nothing;
  } else if (op.base == "griddepcontrol") {
    op.takeOne({"wait", "launch_dependents"});
    i.exec = nothing;
  } else if (op.base == "nanosleep") {
    op.take("u32");
    if (!s.operands.empty())
      i.a = l.source(s.operands[0], Type::U32);
    i.exec = sleep;
  } else if (op.base == "setmaxnreg") {
    i.mode = op.takeOne({"dec", "inc"}) == 1;
    op.take("sync");
    i.aligned = op.take("aligned");
    op.take("u32");
    if (!l.expectOperands(s, 1, 1))
      return true;
    int64_t n = l.immediate(s.operands[0]);
    if (n < 24 || n > 256 || n % 8)
      return l.fail("setmaxnreg takes a multiple of 8 between 24 and 256");
    i.imm = uint32_t(n);
    i.exec = setRegisters;
  }
  return i.exec != nullptr;
}

} // namespace attn::emu
