// Barriers of the CTA, and fences.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {

constexpr uint8_t ClusterBarrier = 16;
enum Mode : uint8_t { Sync, Arrive, Reduce, ClusterArrive, ClusterWait };

/// A warp's arrival. True if it was the last one.
bool arriveAt(Warp &w, const Instr &i, uint32_t id, uint32_t threads) {
  Cta &cta = w.cta;
  NamedBarrier &b = cta.named[id];
  std::string name = id == ClusterBarrier ? "the cluster's barrier" : "barrier " + std::to_string(id);
  if (b.arrived == 0)
    b.expected = threads;
  else if (b.expected != threads)
    w.report(Finding::Kind::Barrier, i,
             "arrives at " + name + " for " + std::to_string(threads) + " threads while others are there for " +
                 std::to_string(b.expected));
  // A warp may give its own barrier a first arrival and then wait at it.
  if (!b.members.insert(w.id).second && i.mode == Arrive)
    w.report(Finding::Kind::Barrier, i, "arrives at " + name + " twice before it is complete");
  b.arrived += 32;
  w.release(b.arriving);
  ++cta.events;
  if (b.arrived < b.expected)
    return false;
  if (b.arrived > b.expected)
    w.report(Finding::Kind::Barrier, i, "is one warp too many at " + name);
  b.arrived = 0;
  b.members.clear();
  ++b.turn;
  b.complete = b.arriving;
  b.arriving = Knowledge(cta.entries.count());
  b.resultAll = b.votesAll, b.resultAny = b.votesAny, b.resultCount = b.votesCount;
  b.votesAll = ~0u, b.votesAny = b.votesCount = 0;
  return true;
}

void giveResult(Warp &w, const Instr &i, uint32_t mask, const NamedBarrier &b) {
  if (i.mode2 == 0) { // popc
    for (int l = 0; l < 32; ++l)
      if (mask >> l & 1)
        w.file[i.dst + l] = b.resultCount;
  } else {
    bool r = i.mode2 == 1 ? b.resultAll != 0 : b.resultAny != 0;
    w.file[i.pdst] = (w.file[i.pdst] & ~mask) | (r ? mask : 0);
  }
}

Step barrier(Warp &w, const Instr &i, uint32_t mask) {
  Cta &cta = w.cta;
  uint32_t lane = uint32_t(__builtin_ctz(mask)), id = w.file[i.a + lane];
  if (id > 15) {
    w.report(Finding::Kind::Barrier, i, "uses barrier " + std::to_string(id) + "; there are 16");
    return Step::Next;
  }
  NamedBarrier &b = cta.named[id];
  if (w.barrier < 0) { // not there yet
    uint32_t all = uint32_t(cta.warps.size()) * 32;
    uint32_t threads = i.b == NoSlot ? all : w.file[i.b + lane];
    for (int l = 0; l < 32; ++l)
      if ((mask >> l & 1) && (w.file[i.a + l] != id || (i.b != NoSlot && w.file[i.b + l] != threads)))
        w.report(Finding::Kind::Divergence, i, "executes a barrier with lanes that disagree about its operands");
    if (threads % 32 || !threads)
      w.report(Finding::Kind::Barrier, i, "asks for " + std::to_string(threads) + " threads, which are no whole warps");
    if (i.mode == Reduce) {
      uint32_t p = (w.file[i.psrc] ^ (i.psrcNegated ? ~0u : 0u)) & mask;
      b.votesAll &= p == mask ? ~0u : 0;
      b.votesAny |= p;
      b.votesCount += uint32_t(__builtin_popcount(p));
    }
    uint64_t turn = b.turn;
    bool last = arriveAt(w, i, id, threads);
    if (i.mode == Arrive)
      return Step::Signal;
    if (last) {
      w.acquire(b.complete);
      if (i.mode == Reduce)
        giveResult(w, i, mask, b);
      return Step::Signal;
    }
    w.barrier = int(id);
    w.barrierTurn = turn;
    w.waiting = "waits at barrier " + std::to_string(id);
    return Step::Wait;
  }
  if (b.turn == w.barrierTurn)
    return Step::Wait;
  w.barrier = -1;
  w.acquire(b.complete);
  if (i.mode == Reduce)
    giveResult(w, i, mask, b);
  return Step::Next;
}

Step clusterBarrier(Warp &w, const Instr &i, uint32_t) {
  NamedBarrier &b = w.cta.named[ClusterBarrier];
  if (i.mode == ClusterArrive) {
    w.clusterTurn = b.turn;
    arriveAt(w, i, ClusterBarrier, uint32_t(w.cta.warps.size()) * 32);
    return Step::Signal;
  }
  if (b.turn == w.clusterTurn) {
    w.waiting = "waits at the cluster's barrier";
    return Step::Wait;
  }
  w.acquire(b.complete);
  return Step::Next;
}

Step syncWarp(Warp &w, const Instr &i, uint32_t mask) {
  uint32_t members = w.file[i.a + uint32_t(__builtin_ctz(mask))];
  if ((mask & ~members) || (members & w.alive & ~mask))
    w.report(Finding::Kind::Divergence, i, "executes bar.warp.sync with other lanes than its member mask names");
  return Step::Yield;
}

Step proxyFence(Warp &w, const Instr &, uint32_t) {
  w.known.fenced.join(w.known.happened);
  // What it wrote up to here; a later store is a later value.
  ++w.known.happened[w.cta.entries.warp(w.id)];
  return Step::Yield;
}
Step initFence(Warp &w, const Instr &, uint32_t) {
  for (auto &[address, b] : w.cta.mbarriers)
    b.initFenced |= b.initWarp == w.id;
  return Step::Next;
}
Step memoryFence(Warp &, const Instr &, uint32_t) { return Step::Yield; }

bool lowerFence(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  i.exec = memoryFence;
  if (!l.expectOperands(s, 0, 4))
    return true;
  if (op.base == "membar") {
    if (op.take("proxy")) {
      i.exec = op.take("async") ? proxyFence : memoryFence;
      return true;
    }
    return op.takeOne({"cta", "gl", "sys"}) >= 0;
  }
  if (op.take("mbarrier_init")) {
    op.take("release");
    op.take("cluster");
    i.exec = initFence;
    return true;
  }
  if (op.take("proxy")) {
    if (op.take("alias"))
      return true;
    if (op.takeOne({"tensormap::generic", "async::generic"}) >= 0) {
      while (!op.takeAny().empty()) {
      }
      return true;
    }
    if (op.take("async")) {
      int space = op.takeOne({"global", "shared::cta", "shared::cluster"});
      i.exec = space == 0 ? memoryFence : proxyFence;
      return true;
    }
    return false;
  }
  op.takeOne({"sc", "acq_rel", "acquire", "release"});
  op.takeOne({"cta", "cluster", "gpu", "sys"});
  return true;
}

} // namespace

bool lowerBarrier(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  if (op.base == "membar" || op.base == "fence")
    return lowerFence(l, op, s, i);
  i.aligned = op.base == "bar";
  if (op.take("warp")) {
    op.take("sync");
    i.aligned = false;
    if (!l.expectOperands(s, 1, 1))
      return true;
    i.a = l.source(s.operands[0], Type::B32);
    i.exec = syncWarp;
    return true;
  }
  op.take("cta");
  i.aligned |= op.take("aligned");
  if (op.take("cluster")) {
    int which = op.takeOne({"arrive", "wait"});
    op.takeOne({"release", "relaxed", "acquire"});
    i.aligned |= op.take("aligned");
    i.mode = which == 0 ? ClusterArrive : ClusterWait;
    i.exec = clusterBarrier;
    return which >= 0;
  }
  int which = op.takeOne({"sync", "arrive", "red"});
  i.aligned |= op.take("aligned");
  i.mode = uint8_t(std::max(which, 0));
  i.exec = barrier;
  size_t at = 0;
  if (i.mode == Reduce) {
    int kind = op.takeOne({"popc", "and", "or"});
    op.takeOne({"u32", "pred"});
    if (kind < 0 || !l.expectOperands(s, 3, 4))
      return kind >= 0;
    i.mode2 = uint8_t(kind);
    if (kind == 0)
      i.dst = l.destination(s.operands[0], Type::U32);
    else
      i.pdst = l.predicateDestination(s.operands[0]);
    i.psrc = l.predicate(s.operands.back(), i.psrcNegated);
    i.a = l.source(s.operands[1], Type::U32);
    if (s.operands.size() == 4)
      i.b = l.source(s.operands[2], Type::U32);
    return true;
  }
  if (which < 0 || !l.expectOperands(s, which == 1 ? 2 : 1, 2))
    return which >= 0;
  i.a = l.source(s.operands[at], Type::U32);
  if (s.operands.size() > 1)
    i.b = l.source(s.operands[1], Type::U32);
  return true;
}

} // namespace attn::emu
