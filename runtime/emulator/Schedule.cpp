// Which warp runs next, and when asynchronous work completes.
#include "runtime/emulator/Machine.h"
#include <list>
#include <numeric>

namespace attn::emu {

namespace {
constexpr uint32_t LongBurst = 4096; // instructions of a warp between its synchronisations
constexpr uint32_t SpinLength = 24;  // a burst that ends in a failed poll and is not longer is a spin
constexpr uint32_t Patience = 64;    // turns without an event before waiting is called a deadlock

WgmmaOp *nextWgmma(Warp &warp) {
  for (WgmmaOp &op : warp.wgmma.queue)
    if (!op.done)
      return &op;
  return nullptr;
}
} // namespace

bool Cta::turn() {
  std::vector<uint32_t> order(warps.size());
  std::iota(order.begin(), order.end(), 0);
  if (grid.isRandom())
    std::shuffle(order.begin(), order.end(), grid.random);
  bool moved = false, alive = false;
  uint64_t before = events;
  for (size_t k = 0; k < order.size() && !grid.stop; ++k) {
    Warp &warp = warps[order[k]];
    if (!warp.alive)
      continue;
    alive = true;
    uint32_t budget = grid.isRandom() ? 1 + uint32_t(grid.random() % 64) : LongBurst, executed = 0;
    Step step = runWarp(warp, budget, executed);
    grid.executed += executed;
    if (grid.executed > grid.options.maxInstructions && !grid.stop) {
      warp.report(Finding::Kind::Limit, grid.code.instrs[warp.pc].line, "ran out of the allowed instructions");
      grid.stop = true;
    }
    if (step != Step::Wait && step != Step::Poll)
      warp.waiting.clear();
    if (!warp.alive)
      ++events;
    moved |= step == Step::Poll ? executed > SpinLength : executed > 0;
    if (step == Step::Signal && grid.options.schedule == Schedule::ProducerFirst && k > 0)
      return true;
    if (grid.isRandom() && grid.random() % 8 == 0)
      moved |= completeOne();
  }
  done = !alive;
  moved |= events != before;
  if (!moved && !done && completeOne())
    moved = true;
  return moved;
}

bool Cta::completeOne() {
  size_t choices = bulk.size() + arrivals.size();
  if (grid.isRandom())
    for (Warp &warp : warps)
      choices += nextWgmma(warp) != nullptr;
  if (!choices)
    return false;
  ++events;
  size_t pick = grid.isRandom() ? grid.random() % choices : 0;
  if (pick < bulk.size()) {
    BulkOp op = bulk[pick];
    bulk.erase(bulk.begin() + long(pick));
    completeBulk(*this, op);
    return true;
  }
  pick -= bulk.size();
  if (pick < arrivals.size()) {
    CopyArrival a = std::move(arrivals[pick]);
    arrivals.erase(arrivals.begin() + long(pick));
    Warp &warp = warps[a.warp];
    landCopies(warp, a.copies);
    auto found = mbarriers.find(a.barrier);
    if (found != mbarriers.end()) {
      found->second.arriving.happened.raise(entries.copies(a.warp), a.tick);
      arrive(a.line, found->second, 1);
    }
    return true;
  }
  pick -= arrivals.size();
  for (Warp &warp : warps)
    if (WgmmaOp *op = nextWgmma(warp); op && pick-- == 0) {
      executeWgmma(warp, *op);
      return true;
    }
  return false;
}

std::string Cta::deadlock() const {
  std::string text = "CTA (" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " +
                     std::to_string(index.z) + ") makes no progress";
  for (const Warp &warp : warps) {
    if (!warp.alive)
      continue;
    const Instr &i = grid.code.instrs[warp.pc];
    text +=
        "\n  warp " + std::to_string(warp.id) + " at line " + std::to_string(i.line) + ": " + grid.code.names[i.name];
    if (!warp.waiting.empty())
      text += ", " + warp.waiting;
  }
  for (auto &[address, b] : mbarriers)
    if (b.live) {
      char line[160];
      std::snprintf(
          line, sizeof line, "\n  mbarrier shared+%#x: phase %u, %lld of %u arrivals missing, %lld bytes outstanding",
          address - SharedBase, b.phase, static_cast<long long>(b.pending), b.expected, static_cast<long long>(b.tx));
      text += line;
    }
  for (size_t k = 0; k < named.size(); ++k)
    if (named[k].arrived)
      text += "\n  barrier " + std::to_string(k) + ": " + std::to_string(named[k].arrived) + " of " +
              std::to_string(named[k].expected) + " threads arrived";
  return text;
}

/// All warps have exited.
void Cta::finish() {
  for (Warp &warp : warps) {
    if (!warp.wgmma.queue.empty())
      warp.report(Finding::Kind::Registers, 0, "exits with a wgmma in flight");
    if (warp.stores.open || warp.stores.waited < warp.stores.openGroup)
      warp.report(Finding::Kind::Memory, warp.stores.line,
                  "exits without waiting (cp.async.bulk.wait_group) for the reads of its last bulk store");
    if (!warp.copies.queue.empty())
      landCopies(warp, warp.copies.queue);
  }
  while (completeOne()) {
  }
  for (auto &[address, b] : mbarriers)
    if (b.live && b.tx != 0) {
      char text[128];
      std::snprintf(text, sizeof text, "mbarrier shared+%#x ends with %lld bytes %s", address - SharedBase,
                    static_cast<long long>(b.tx < 0 ? -b.tx : b.tx), b.tx < 0 ? "that nobody expected" : "outstanding");
      grid.add(Finding::Kind::Barrier, b.line, text);
    }
  for (size_t k = 0; k < 16; ++k)
    if (named[k].arrived) {
      std::string note = "barrier " + std::to_string(k) + " has " + std::to_string(named[k].arrived) + " of " +
                         std::to_string(named[k].expected) + " threads at exit";
      auto &notes = grid.report.notes;
      if (std::find(notes.begin(), notes.end(), note) == notes.end())
        notes.push_back(note);
    }
  for (size_t w = 0; w + 4 <= warps.size(); w += 4)
    for (size_t k = 1; k < 4; ++k)
      if (warps[w].registersSet != warps[w + k].registersSet || warps[w].registers != warps[w + k].registers) {
        warps[w + k].report(Finding::Kind::Budget, 0,
                            "and warp " + std::to_string(w) + " of the same warpgroup end with different setmaxnreg");
        break;
      }
}

void Grid::run() {
  uint64_t total = uint64_t(call.grid.x) * call.grid.y * call.grid.z, next = 0;
  std::list<Cta> resident;
  while (!stop) {
    while (next < total && resident.size() < std::max(1u, options.residentCtas)) {
      uint32_t x = uint32_t(next % call.grid.x), y = uint32_t(next / call.grid.x % call.grid.y);
      resident.emplace_back(*this, Dim3{x, y, uint32_t(next / call.grid.x / call.grid.y)});
      ++next;
    }
    if (resident.empty())
      return;
    bool moved = false;
    for (Cta &cta : resident) {
      if (cta.turn())
        cta.idleTurns = 0, moved = true;
      else if (!cta.done)
        ++cta.idleTurns;
      if (stop)
        return;
    }
    for (auto it = resident.begin(); it != resident.end();)
      if (it->done) {
        it->finish();
        it = resident.erase(it);
        moved = true;
      } else {
        ++it;
      }
    if (moved)
      continue;
    bool patient = false;
    for (Cta &cta : resident)
      patient |= cta.idleTurns < Patience;
    if (patient)
      continue;
    for (Cta &cta : resident)
      add(Finding::Kind::Deadlock, 0, cta.deadlock());
    return;
  }
}

} // namespace attn::emu
