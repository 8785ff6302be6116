#include "codegen/nvidia/SweepKeys.h"

using namespace mlir;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpIPredicate;

/// Lists are written before the kernel begins.
static Value load(cpu::Emit &e, Value base, Value index) {
  auto pointer = LLVM::LLVMPointerType::get(e.getContext(), 1);
  Value at = LLVM::GEPOp::create(e, pointer, e.getI32Type(), base, ValueRange(index));
  auto op = LLVM::LoadOp::create(e, e.getI32Type(), at, 4);
  op.setInvariant(true);
  return op;
}

//===----------------------------------------------------------------------===//
// Lists
//===----------------------------------------------------------------------===//

// In memory: how many items there are, then the items. Outside the extents of
// its set a list is empty.
KeyList::KeyList(cpu::Tiles &t, const plan::SpanParts &span, Value below) : run(span.run), below(below) {
  cpu::Emit &e = t.e;
  const cpu::Memory &m = t.frame.memory.find(span.list)->second;
  Value start = e.integer(0), exists;
  for (auto [k, index] : llvm::enumerate(span.indices)) {
    Value x = t.scalar(index);
    if (!isa<BlockArgument>(index))
      exists = e.band(exists, e.cmp(CmpIPredicate::ult, x, t.lengthOf(m, k)));
    start = e.add(start, e.mul(x, e.loadSlot(t.cx.frame, m.strideSlot(k), e.i64())));
  }
  if (exists)
    start = e.select(exists, start, e.integer(0));
  Value address = e.add(e.loadSlot(t.cx.frame, m.slot, e.i64()), e.mul(start, e.integer(4)));
  auto pointer = LLVM::LLVMPointerType::get(e.getContext(), 1);
  Value base = LLVM::IntToPtrOp::create(e, pointer, address);
  count = load(e, base, i32(e, 0));
  if (exists)
    count = e.select(exists, count, i32(e, 0));
  items = LLVM::GEPOp::create(e, pointer, e.getI32Type(), base, LLVM::GEPArg(1));
  // The keys of the last item may end behind the last key.
  Value last = load(e, base, count); // the count itself if there are none
  Value behind = e.sub(e.mul(e.add(last, i32(e, 1)), i32(e, run)), below);
  behind = e.max(e.min(behind, i32(e, run)), i32(e, 0));
  length = e.max(e.sub(e.mul(count, i32(e, run)), behind), i32(e, 0));
}

Value KeyList::key(cpu::Emit &e, Value item) const { return e.mul(load(e, items, item), i32(e, run)); }

Value KeyList::keyOrEnd(cpu::Emit &e, Value item) const {
  Value last = e.sub(count, i32(e, 1));
  return e.select(e.cmp(CmpIPredicate::sle, item, last), key(e, e.min(item, last)), i32(e, SpanCursor::end));
}

// The first item that ends behind `key`, by halving; what is certain beforehand
// needs no look at the list.
Value KeyList::position(cpu::Emit &e, Value key) const {
  Type i = e.getI32Type();
  Value from = e.select(e.cmp(CmpIPredicate::sge, key, below), count, i32(e, 0));
  Value to = e.select(e.cmp(CmpIPredicate::sle, key, i32(e, 0)), i32(e, 0), count);
  auto loop = scf::WhileOp::create(e, TypeRange{i, i}, ValueRange{from, to});
  {
    OpBuilder::InsertionGuard guard(e);
    SmallVector<Location> locs(2, e.getLoc());
    Block *test = e.createBlock(&loop.getBefore(), {}, TypeRange{i, i}, locs);
    scf::ConditionOp::create(e, e.cmp(CmpIPredicate::slt, test->getArgument(0), test->getArgument(1)), test->getArguments());
    Block *body = e.createBlock(&loop.getAfter(), {}, TypeRange{i, i}, locs);
    Value lo = body->getArgument(0), hi = body->getArgument(1);
    Value half = arith::ShRUIOp::create(e, e.add(lo, hi), i32(e, 1));
    Value ends = e.cmp(CmpIPredicate::sgt, e.add(this->key(e, half), i32(e, run)), key);
    scf::YieldOp::create(e, ValueRange{e.select(ends, lo, e.add(half, i32(e, 1))), e.select(ends, half, hi)});
  }
  Value item = loop.getResult(0), at = e.mul(item, i32(e, run));
  if (run != 1) {
    // `key` may lie inside of the item.
    Value some = e.cmp(CmpIPredicate::slt, item, count);
    Value index = e.max(e.min(item, e.sub(count, i32(e, 1))), i32(e, 0));
    Value inside = e.max(e.sub(key, this->key(e, index)), i32(e, 0));
    at = e.add(at, e.select(some, inside, i32(e, 0)));
  }
  return e.min(at, length);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// From the first to the last key of an interval. What lies between the members
/// of a family is taken for a part of it.
static std::pair<Value, Value> hull(cpu::Tiles &t, const plan::Interval &interval) {
  cpu::Emit &e = t.e;
  Value lo = t.scalar(interval.lo), hi = t.scalar(interval.hi);
  if (interval.stride) {
    Value count = t.scalar(interval.count), none = e.integer(0);
    Value way = e.mul(e.sub(count, e.integer(1)), t.scalar(interval.stride));
    hi = e.select(e.cmp(CmpIPredicate::sge, lo, hi), lo, e.add(hi, e.max(way, none)));
    lo = e.add(lo, e.min(way, none));
    hi = e.select(e.cmp(CmpIPredicate::sle, count, none), lo, hi);
  }
  return {narrow(e, lo), narrow(e, hi)};
}

SweepKeys::Parts SweepKeys::make(cpu::Tiles &t, const SweepShape &sweep, Value limit, Value fast, bool together) {
  cpu::Emit &e = t.e;
  if (!sweep.span.list)
    return {SpanCursor(t, sweep.tiles, sweep.cols, limit, fast, together, sweep.part), std::nullopt, narrow(e, limit)};
  Value below = narrow(e, e.min(limit, t.scalar(sweep.span.below)));
  KeyList list(t, sweep.span, below);
  auto ends = [&](const plan::Interval &interval) -> SpanCursor::Ends {
    auto [lo, hi] = hull(t, interval);
    return {list.position(e, lo), list.position(e, hi)};
  };
  SmallVector<SpanCursor::Ends> lives, holes;
  for (const plan::Interval &interval : sweep.span.live) {
    lives.push_back(ends(interval));
    // Where only a part of the hull is visible the mask decides.
    if (interval.stride)
      holes.push_back(lives.back());
  }
  for (const plan::Interval &interval : sweep.span.holes)
    holes.push_back(ends(interval));
  holes.push_back({list.length, i32(e, SpanCursor::end)});
  Value stop = list.length;
  return {SpanCursor(e, lives, holes, sweep.cols, stop, fast), list, sweep.span.gathered ? list.length : below};
}

SweepKeys::SweepKeys(cpu::Tiles &t, const SweepShape &sweep, Value limit, Value fast, bool together)
    : SweepKeys(make(t, sweep, limit, fast, together), sweep) {}

Value SweepKeys::first(cpu::Emit &e, Value tile) const {
  Value cols = i32(e, sweep.cols);
  if (!list || sweep.span.gathered)
    return e.mul(tile, cols);
  // Tiles of a block follow one another.
  int64_t tiles = list->run / sweep.cols;
  if (tiles == 1)
    return list->key(e, tile);
  Value item = arith::DivUIOp::create(e, tile, i32(e, tiles)), part = arith::RemUIOp::create(e, tile, i32(e, tiles));
  return e.add(list->key(e, item), e.mul(part, cols));
}

void SweepKeys::look(Fragments &f, Value tile, bool full) const {
  cpu::Emit &e = f.e;
  Value at = first(e, tile);
  f.setKeys(sweep, at, limit, full);
  if (!list || !sweep.span.gathered)
    return;
  // Key numbers are read where a mask, a table or a score needs them.
  if (llvm::all_of(plan::SweepOp(sweep.op).getBody().getArgument(0).getUsers(), [&](Operation *user) {
        auto read = dyn_cast<plan::LoadOp>(user);
        return (read && llvm::is_contained(sweep.streamed, read)) || (full && isa<plan::MaskOp>(user));
      }))
    return;
  auto columns = wg::FragType::get(e.getContext(), false, sweep.cols, e.getI32Type());
  Value positions = wg::ColsOp::create(e, columns, at);
  // Behind the end the last key is as good as any other.
  if (!full)
    positions = f.map(columns, positions, [&](ValueRange in) { return e.min(in[0], e.sub(limit, i32(e, 1))); });
  Value index = positions;
  int64_t run = list->run;
  if (run != 1)
    index = f.map(columns, positions, [&](ValueRange in) { return arith::DivUIOp::create(e, in[0], i32(e, run)); });
  Value keys = wg::LoadOp::create(e, columns, list->items, index, Value(), Value());
  if (run != 1)
    keys = f.map(columns, {keys, positions}, [&](ValueRange in) {
      return e.add(e.mul(in[0], i32(e, run)), arith::RemUIOp::create(e, in[1], i32(e, run)));
    });
  f.setKeyNumbers(sweep, keys);
}
