// cp.async: copies of 4, 8 or 16 bytes by every lane.
#include "runtime/emulator/Access.h"
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

void landCopies(Warp &warp, std::vector<CopyOp> &copies) {
  for (const CopyOp &c : copies) {
    uint8_t *to = warp.cta.shared.at(c.dst);
    if (c.sourceBytes)
      std::memcpy(to, reinterpret_cast<const void *>(uintptr_t(c.src)), c.sourceBytes);
    std::memset(to + c.sourceBytes, 0, c.bytes - c.sourceBytes);
    warp.cta.shared.touched(c.dst, c.bytes);
  }
  if (!copies.empty())
    ++warp.cta.events;
  copies.clear();
}

namespace {

/// width: bytes; b: bytes to read, if given; psrc: ignore the source.
Step copy(Warp &w, const Instr &i, uint32_t mask) {
  Cta &cta = w.cta;
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    CopyOp c{uint32_t(l), w.sharedAddress(i, l), i.width, i.width, uint32_t(w.copies.committed[l].size()),
             i.line,      w.addressC(i, l)};
    if (i.b != NoSlot)
      c.sourceBytes = w.file[i.b + l];
    if (i.psrc != NoSlot && ((w.file[i.psrc] >> l & 1) != i.psrcNegated))
      c.sourceBytes = 0;
    if (c.sourceBytes > c.bytes) {
      w.report(Finding::Kind::Memory, i,
               "copies from " + std::to_string(c.sourceBytes) + " bytes into " + std::to_string(c.bytes));
      c.sourceBytes = c.bytes;
    }
    if (c.src % i.width)
      w.report(Finding::Kind::Memory, i,
               "copies " + std::to_string(i.width) + " bytes from a misaligned global address");
    uint8_t *to = resolve(w, i, Space::Shared, c.dst, c.bytes, l, true);
    uint8_t *from = c.sourceBytes ? resolve(w, i, Space::Global, c.src, c.sourceBytes, l, false) : nullptr;
    if (!to)
      continue;
    if (!from)
      c.sourceBytes = 0;
    cta.shared.write(w, i.line, c.dst, c.bytes, cta.entries.copies(w.id), w.copies.tick, false);
    w.copies.queue.push_back(c);
    cta.grid.report.statistics.cpAsyncBytes += c.bytes;
  }
  if (cta.grid.eager())
    landCopies(w, w.copies.queue);
  return Step::Next;
}

Step commit(Warp &w, const Instr &, uint32_t mask) {
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1)
      w.copies.committed[l].push_back(w.copies.tick);
  ++w.copies.tick;
  return Step::Yield;
}

/// imm: groups that may remain; mode: all, committed or not.
Step waitGroup(Warp &w, const Instr &i, uint32_t mask) {
  std::vector<CopyOp> done, rest;
  uint32_t known = ~0u;
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1) {
      auto &groups = w.copies.committed[l];
      if (i.mode)
        known = std::min(known, w.copies.tick);
      else if (!groups.empty())
        known = std::min(known, groups.size() > i.imm ? groups[groups.size() - i.imm - 1] : 0);
    }
  for (const CopyOp &c : w.copies.queue) {
    size_t groups = w.copies.committed[c.lane].size();
    bool covered = (mask >> c.lane & 1) && (i.mode || (groups > i.imm && c.group < groups - i.imm));
    (covered ? done : rest).push_back(c);
  }
  landCopies(w, done);
  w.copies.queue = std::move(rest);
  if (known != ~0u)
    w.known.happened.raise(w.cta.entries.copies(w.id), known);
  if (i.mode)
    ++w.copies.tick;
  return Step::Yield;
}

/// mode: noinc.
Step arriveWhenDone(Warp &w, const Instr &i, uint32_t mask) {
  Cta &cta = w.cta;
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    Mbarrier *b = cta.barrierAt(w, i, w.sharedAddress(i, l), "arrives at");
    if (!b)
      continue;
    if (!i.mode)
      ++b->pending;
    CopyArrival a{w.id, b->address, w.copies.tick, i.line, {}};
    std::vector<CopyOp> rest;
    for (const CopyOp &c : w.copies.queue)
      (c.lane == uint32_t(l) ? a.copies : rest).push_back(c);
    w.copies.queue = std::move(rest);
    cta.arrivals.push_back(std::move(a));
    if (cta.grid.eager())
      while (cta.completeOne()) {
      }
  }
  ++w.copies.tick;
  return Step::Signal;
}

} // namespace

bool lowerCopy(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  if (op.has("bulk"))
    return lowerBulk(l, op, s, i);
  if (!op.take("async"))
    return false;
  if (op.take("commit_group")) {
    i.exec = commit;
    return l.expectOperands(s, 0, 0) || true;
  }
  if (op.take("wait_group") || op.take("wait_all")) {
    i.mode = s.operands.empty();
    if (!i.mode)
      i.imm = uint32_t(l.immediate(s.operands[0]));
    i.exec = waitGroup;
    return true;
  }
  if (op.take("mbarrier")) {
    if (!op.take("arrive") || !l.expectOperands(s, 1, 1))
      return false;
    i.mode = op.take("noinc");
    op.takeOne({"shared", "shared::cta"});
    op.take("b64");
    l.address(s.operands[0], Space::Shared, i);
    i.exec = arriveWhenDone;
    return true;
  }
  int cache = op.takeOne({"ca", "cg"});
  op.takeOne({"shared", "shared::cta"});
  op.take("global");
  bool hint = op.take("L2::cache_hint");
  op.takeOne({"L2::64B", "L2::128B", "L2::256B"});
  if (cache < 0 || !l.expectOperands(s, 3 + hint, 4 + hint))
    return cache >= 0;
  int64_t bytes = l.immediate(s.operands[2]);
  if (cache == 1 ? bytes != 16 : bytes != 4 && bytes != 8 && bytes != 16)
    return l.fail("cp.async copies 4, 8 or 16 bytes, past L1 only 16");
  i.width = uint8_t(bytes);
  l.address(s.operands[0], Space::Shared, i);
  l.address(s.operands[1], Space::Global, i, true);
  if (s.operands.size() == 4 + size_t(hint)) {
    const Operand &size = s.operands[3];
    if (l.find(size).isPredicate())
      i.psrc = l.predicate(size, i.psrcNegated);
    else
      i.b = l.source(size, Type::U32);
  }
  i.exec = copy;
  return true;
}

} // namespace attn::emu
