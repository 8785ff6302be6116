// Barriers in shared memory.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {
std::string nameOfBarrier(uint32_t address) {
  char text[48];
  std::snprintf(text, sizeof text, "mbarrier shared+%#x", address - SharedBase);
  return text;
}
constexpr int64_t MostBytes = (1 << 20) - 1; // the tx-count's range
} // namespace

Mbarrier *Cta::barrierAt(Warp &warp, const Instr &i, uint32_t address, const char *what) {
  auto it = mbarriers.find(address);
  if (it == mbarriers.end() || !it->second.live) {
    warp.report(Finding::Kind::Barrier, i,
                std::string(what) + " " + nameOfBarrier(address) + ", which is not initialised");
    return nullptr;
  }
  Mbarrier &b = it->second;
  if (grid.options.checks && b.initWarp != warp.id && !warp.known.happened.knows(entries.warp(b.initWarp), b.initClock))
    warp.report(Finding::Kind::Race, i,
                std::string(what) + " " + nameOfBarrier(address) +
                    " without an order after its initialisation at line " + std::to_string(b.line));
  return &b;
}

void Cta::settle(Mbarrier &b) {
  if (b.pending > 0 || b.tx != 0)
    return;
  ++b.phase;
  ++events;
  b.pending = b.expected;
  b.complete = std::move(b.arriving);
  b.complete.happened.raise(entries.barrier(b.index), b.phase);
  b.arriving = Knowledge(entries.count());
}

void Cta::arrive(uint32_t line, Mbarrier &b, uint32_t count) {
  ++events;
  b.pending -= count;
  if (b.pending < 0) {
    grid.add(Finding::Kind::Barrier, line,
             "more arrivals at " + nameOfBarrier(b.address) + " than the " + std::to_string(b.expected) +
                 " of its phase");
    b.pending = 0;
  }
  settle(b);
}

namespace {

Step initialise(Warp &w, const Instr &i, uint32_t mask) {
  Cta &cta = w.cta;
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    uint32_t address = w.sharedAddress(i, l), count = w.file[i.b + l];
    if (address % 8 || !cta.shared.contains(address, 8)) {
      w.report(Finding::Kind::Memory, i, "initialises an mbarrier at misaligned or foreign shared address");
      continue;
    }
    auto [it, isNew] = cta.mbarriers.emplace(address, Mbarrier());
    Mbarrier &b = it->second;
    if (isNew) {
      if (cta.mbarriers.size() > Entries::Barriers) {
        w.report(Finding::Kind::Limit, i, "has more mbarriers than are modelled");
        cta.grid.stop = true;
        return Step::Next;
      }
      b.address = address;
      b.index = uint32_t(cta.mbarriers.size() - 1);
    } else if (b.live) {
      w.report(Finding::Kind::Barrier, i, "initialises live " + nameOfBarrier(address) + " again");
    }
    if (!count || count > MostBytes)
      w.report(Finding::Kind::Barrier, i, "initialises an mbarrier for " + std::to_string(count) + " arrivals");
    uint32_t own = cta.entries.warp(w.id);
    cta.shared.write(w, i.line, address, 8, own, w.known.happened[own], false);
    cta.shared.touched(address, 8);
    cta.shared.markBarrier(address, true);
    b.expected = count;
    b.pending = count;
    b.tx = 0;
    b.baseParity = b.phase & 1;
    b.live = true;
    b.initFenced = false;
    b.line = i.line;
    b.initWarp = w.id;
    b.initClock = w.known.happened[own];
    b.arriving = Knowledge(cta.entries.count());
    b.complete = Knowledge(cta.entries.count());
  }
  return Step::Next;
}

Step invalidate(Warp &w, const Instr &i, uint32_t mask) {
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1)
      if (Mbarrier *b = w.cta.barrierAt(w, i, w.sharedAddress(i, l), "invalidates")) {
        b->live = false;
        w.cta.shared.markBarrier(b->address, false);
      }
  return Step::Next;
}

/// mode bits of arrivals.
enum Arrival : uint8_t { Expect = 1, Drop = 2, Arrives = 4, Complete = 8 };

/// arrive, arrive.expect_tx, arrive_drop, expect_tx, complete_tx. b: count or
/// bytes.
Step arrival(Warp &w, const Instr &i, uint32_t mask) {
  bool first = true;
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    Mbarrier *b = w.cta.barrierAt(w, i, w.sharedAddress(i, l), "arrives at");
    if (!b)
      continue;
    uint32_t operand = i.b == NoSlot ? 1 : w.file[i.b + l];
    if (i.dst != NoSlot)
      w.lanes<uint64_t>(i.dst)[l] = b->phase;
    if (i.mode & Expect) {
      b->tx += operand;
      if (b->tx > MostBytes)
        w.report(Finding::Kind::Barrier, i, "expects more than 1048575 bytes at " + nameOfBarrier(b->address));
    }
    if (i.mode & Complete)
      b->tx -= operand;
    if (i.mode & Arrives) {
      if (first)
        w.release(b->arriving);
      else
        b->arriving.join(w.known);
      first = false;
    }
    if (i.mode & Drop)
      b->expected -= std::min<uint32_t>(b->expected, 1);
    if (i.mode & Arrives)
      w.cta.arrive(i.line, *b, i.mode & Expect ? 1 : operand);
    else
      w.cta.settle(*b);
  }
  return Step::Signal;
}

/// test_wait, try_wait. mode bit 0: parity in b; else a state in b. bit 1: try.
Step wait(Warp &w, const Instr &i, uint32_t mask) {
  uint32_t done = 0;
  Mbarrier *missing = nullptr;
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    Mbarrier *b = w.cta.barrierAt(w, i, w.sharedAddress(i, l), "waits for");
    if (!b) {
      done |= 1u << l;
      continue;
    }
    bool ready = i.mode & 1 ? b->parity() != (w.file[i.b + l] & 1) : uint64_t(b->phase) != w.lanes<uint64_t>(i.b)[l];
    if (ready)
      done |= 1u << l;
    else
      missing = b;
  }
  // try_wait may suspend the thread; now and then it gives up before time.
  bool suspends = (i.mode & 2) && !(w.cta.grid.isRandom() && w.cta.grid.random() % 4 == 0);
  if (missing && suspends) {
    w.waiting = "waits for phase " + std::to_string(missing->phase) + " of " + nameOfBarrier(missing->address);
    return Step::Wait;
  }
  uint32_t last = ~0u;
  for (int l = 0; l < 32; ++l)
    if ((done >> l & 1) && w.sharedAddress(i, l) != last) {
      last = w.sharedAddress(i, l);
      auto it = w.cta.mbarriers.find(last);
      if (it != w.cta.mbarriers.end() && it->second.live)
        w.acquire(it->second.complete);
    }
  w.file[i.pdst] = (w.file[i.pdst] & ~mask) | done;
  if (missing)
    w.waiting = "polls " + nameOfBarrier(missing->address);
  return missing ? Step::Poll : Step::Yield;
}

Step pendingCount(Warp &w, const Instr &i, uint32_t mask) {
  w.report(Finding::Kind::Instruction, i, "executes mbarrier.pending_count, which is not modelled");
  return map1<uint32_t, uint64_t>(w, i, mask, [](uint64_t) { return 0u; });
}

} // namespace

bool lowerMbarrier(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  int which = op.takeOne(
      {"init", "inval", "arrive", "arrive_drop", "test_wait", "try_wait", "expect_tx", "complete_tx", "pending_count"});
  bool expects = (which == 2 || which == 3) && op.take("expect_tx");
  bool parity = op.take("parity");
  op.take("noComplete");
  op.takeOne({"release", "acquire", "relaxed"});
  op.takeOne({"cta", "cluster"});
  op.takeOne({"shared", "shared::cta", "shared::cluster"});
  op.take("b64");
  auto address = [&](size_t k) { l.address(s.operands[k], Space::Shared, i); };
  switch (which) {
  case 0:
    if (!l.expectOperands(s, 2, 2))
      return true;
    address(0);
    i.b = l.source(s.operands[1], Type::U32);
    i.exec = initialise;
    return true;
  case 1:
    if (!l.expectOperands(s, 1, 1))
      return true;
    address(0);
    i.exec = invalidate;
    return true;
  case 2:
  case 3: {
    bool state = !s.operands.empty() && s.operands[0].kind != Operand::Address;
    size_t at = state;
    if (!l.expectOperands(s, at + 1, at + 2))
      return true;
    address(at);
    if (s.operands.size() > at + 1)
      i.b = l.source(s.operands[at + 1], Type::U32);
    if (expects && i.b == NoSlot)
      return l.fail("expect_tx needs a number of bytes");
    if (state && !s.operands[0].isSink())
      i.dst = l.destination(s.operands[0], Type::B64);
    i.mode = uint8_t(Arrives | (expects ? Expect : 0) | (which == 3 ? Drop : 0));
    i.exec = arrival;
    return true;
  }
  case 4:
  case 5:
    if (!l.expectOperands(s, 3, 4))
      return true;
    address(1);
    i.b = l.source(s.operands[2], parity ? Type::U32 : Type::B64);
    i.pdst = l.predicateDestination(s.operands[0]);
    i.mode = uint8_t(parity | (which == 5) << 1);
    i.exec = wait;
    return true;
  case 6:
  case 7:
    if (!l.expectOperands(s, 2, 2))
      return true;
    address(0);
    i.b = l.source(s.operands[1], Type::U32);
    i.mode = which == 6 ? Expect : Complete;
    i.exec = arrival;
    return true;
  case 8:
    if (!l.expectOperands(s, 2, 2))
      return true;
    i.a = l.source(s.operands[1], Type::B64);
    i.dst = l.destination(s.operands[0], Type::U32);
    i.exec = pendingCount;
    return true;
  }
  return false;
}

} // namespace attn::emu
