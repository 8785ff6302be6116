// One warp: divergence, guards and the loop that executes instructions.
#include "runtime/emulator/Machine.h"

namespace attn::emu {

void Warp::report(Finding::Kind kind, uint32_t line, const std::string &text) {
  const Dim3 &c = cta.index;
  std::string where = "warp " + std::to_string(id);
  if (c.x || c.y || c.z)
    where += " of CTA (" + std::to_string(c.x) + ", " + std::to_string(c.y) + ", " + std::to_string(c.z) + ")";
  cta.grid.add(kind, line, where + " " + text);
}

uint32_t Warp::sharedAddress(const Instr &i, int lane, bool second) const {
  uint64_t a = second ? addressC(i, lane) : address(i, lane);
  if ((a & WindowMask) == SharedWindow)
    a &= ~WindowMask;
  return a > 0xffffffffu && a < 0xffffffff00000000u ? ~0u : uint32_t(a); // 64-bit registers may hold 32-bit sums
}

void Warp::release(Knowledge &to) {
  to.join(known);
  ++known.happened[cta.entries.warp(id)];
}

void checkUses(Warp &warp, const Instr &i) {
  WgmmaState &state = warp.wgmma;
  for (uint32_t k = 0; k < i.uses.count; ++k) {
    Use use = warp.cta.grid.code.uses[i.uses.begin + k];
    uint8_t flight = state.inFlight[use.unit];
    if (flight & 1 || (flight && use.write)) {
      const std::string &name = warp.cta.grid.code.unitNames[use.unit];
      warp.report(Finding::Kind::Registers, i,
                  std::string(use.write ? "writes " : "reads ") + name +
                      (flight & 1 ? ", an accumulator" : ", an A operand") +
                      " of a wgmma that no wgmma.wait_group has waited for");
    }
    state.touchedAt[use.unit] = state.fences;
    if (use.write)
      state.writtenAt[use.unit] = state.fences;
  }
}

Step runWarp(Warp &warp, uint32_t budget, uint32_t &executed) {
  Grid &grid = warp.cta.grid;
  const Instr *code = grid.code.instrs.data();
  bool rules = grid.options.checks && grid.code.usesWgmma;
  for (executed = 0; executed < budget;) {
    // Lanes that are done here, or that wait for the others of their branch.
    while (!warp.stack.empty()) {
      Frame &top = warp.stack.back();
      if ((top.mask & warp.alive) && (top.pc != top.join || warp.stack.size() == 1))
        break;
      warp.stack.pop_back();
    }
    if (warp.stack.empty() || !warp.alive) {
      warp.alive = 0;
      return Step::Yield;
    }
    Frame &top = warp.stack.back();
    uint32_t pc = top.pc, active = top.mask & warp.alive;
    const Instr &i = code[pc];
    uint32_t mask = active;
    if (i.guard != NoSlot)
      mask &= warp.file[i.guard] ^ (i.guardNegated ? ~0u : 0u);
    warp.pc = pc;
    top.pc = pc + 1;
    ++executed;
    ++grid.counts[pc];
    if (!mask)
      continue;
    grid.laneCounts[pc] += uint32_t(__builtin_popcount(mask));
    if (i.aligned && mask != warp.alive)
      warp.report(Finding::Kind::Divergence, i,
                  "executes " + grid.code.names[i.name] + " with lanes " + "missing; the whole warp has to");
    if (rules && i.uses.count)
      checkUses(warp, i);
    Step step = i.exec(warp, i, mask);
    if (step == Step::Next)
      continue;
    if (step == Step::Wait) {
      warp.stack.back().pc = pc;
      --grid.counts[pc];
      grid.laneCounts[pc] -= uint32_t(__builtin_popcount(mask));
      --executed;
    }
    return step;
  }
  return Step::Next;
}

} // namespace attn::emu
