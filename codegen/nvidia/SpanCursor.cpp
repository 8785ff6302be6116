#include "codegen/nvidia/SpanCursor.h"

using namespace mlir;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpIPredicate;

static Value narrow(cpu::Emit &e, Value x) {
  Value most = e.integer(SpanCursor::end), least = e.integer(-SpanCursor::end);
  return e.createOrFold<arith::TruncIOp>(e.getI32Type(), e.max(e.min(x, most), least));
}

static Value i32(cpu::Emit &e, int64_t x) { return arith::ConstantIntOp::create(e, x, 32); }

SpanCursor::Interval SpanCursor::simple(cpu::Emit &e, Ends ends) const {
  Interval r;
  Value empty = e.cmp(CmpIPredicate::sge, ends.lo, ends.hi);
  r.first = e.select(empty, i32(e, 0), e.floorDiv(ends.lo, i32(e, cols)));
  r.last = e.select(empty, i32(e, 0), e.ceilDiv(ends.hi, i32(e, cols)));
  return r;
}

// Families with a stride below 0 are turned around, of stride 0 are one
// interval; so stride is positive wherever count exceeds 1.
SpanCursor::Interval SpanCursor::prepare(cpu::Tiles &t, plan::Interval interval) const {
  cpu::Emit &e = t.e;
  Interval r;
  Value lo = t.scalar(interval.lo), hi = t.scalar(interval.hi), none = e.integer(0);
  if (!interval.stride)
    return simple(e, {narrow(e, lo), narrow(e, hi)});
  Value empty = e.cmp(CmpIPredicate::sge, lo, hi);
  Value stride = t.scalar(interval.stride), count = t.scalar(interval.count), one = e.integer(1);
  Value single = e.cmp(CmpIPredicate::eq, stride, none);
  count = e.select(single, e.min(count, one), count);
  Value back = e.select(e.cmp(CmpIPredicate::slt, stride, none), e.mul(e.sub(count, one), stride), none);
  r.family = true;
  r.lo = e.add(lo, back);
  r.hi = e.add(hi, back);
  Value size = e.select(e.cmp(CmpIPredicate::slt, stride, none), e.sub(none, stride), stride);
  r.stride = e.max(size, one);
  r.count = e.select(empty, none, count);
  return r;
}

SpanCursor::SpanCursor(cpu::Tiles &t, plan::TilesOp tiles, int64_t cols, Value limit, Value fast)
    : cols(cols), fast(fast) {
  cpu::Emit &e = t.e;
  stop = e.ceilDiv(narrow(e, limit), i32(e, cols));
  for (const plan::Interval &i : tiles.live())
    lives.push_back(prepare(t, i));
  for (const plan::Interval &i : tiles.holes())
    holes.push_back(prepare(t, i));
}

SpanCursor::SpanCursor(cpu::Emit &e, ArrayRef<Ends> live, ArrayRef<Ends> hidden, int64_t cols, Value limit, Value fast)
    : cols(cols), fast(fast) {
  stop = e.ceilDiv(limit, i32(e, cols));
  for (Ends ends : live)
    lives.push_back(simple(e, ends));
  for (Ends ends : hidden)
    holes.push_back(simple(e, ends));
}

std::pair<Value, Value> SpanCursor::look(cpu::Emit &e, const Interval &i, Value at) const {
  Value never = i32(e, end);
  Value first, last, some;
  if (!i.family) {
    first = i.first;
    last = i.last;
  } else {
    Value lo = i.lo, hi = i.hi, stride = i.stride;
    // The first member that is not behind the tile.
    Value n = e.integer(cols), x = e.mul(e.createOrFold<arith::ExtSIOp>(e.i64(), at), n);
    Value behind = e.add(e.floorDiv(e.sub(x, hi), stride), e.integer(1));
    Value k = e.max(behind, e.integer(0)), shift = e.mul(k, stride);
    some = e.cmp(CmpIPredicate::slt, k, i.count);
    first = narrow(e, e.floorDiv(e.add(lo, shift), n));
    last = narrow(e, e.ceilDiv(e.add(hi, shift), n));
  }
  Value begun = e.cmp(CmpIPredicate::sle, first, at), open = e.cmp(CmpIPredicate::slt, at, last);
  Value meets = e.band(begun, open);
  Value some2 = e.cmp(CmpIPredicate::slt, first, last);
  // Empty intervals never change anything.
  Value change = e.select(begun, e.select(open, last, never), e.select(some2, first, never));
  if (some) {
    meets = e.band(meets, some);
    change = e.select(some, change, never);
  }
  return {meets, change};
}

SpanCursor::Run SpanCursor::seek(cpu::Emit &e, Value at, bool full) const {
  Type i = e.getI32Type();
  Value never = i32(e, end);
  auto loop = scf::WhileOp::create(e, TypeRange{i, i}, ValueRange(at));
  OpBuilder::InsertionGuard guard(e);
  Block *before = e.createBlock(&loop.getBefore(), {}, TypeRange(i), {e.getLoc()});
  Value tile = before->getArgument(0), live = e.boolean(false), hidden = e.boolean(false), change = never;
  for (const Interval &x : lives) {
    auto [meets, next] = look(e, x, tile);
    live = e.createOrFold<arith::OrIOp>(live, meets);
    change = e.min(change, next);
  }
  for (const Interval &x : holes) {
    auto [meets, next] = look(e, x, tile);
    hidden = e.createOrFold<arith::OrIOp>(hidden, meets);
    change = e.min(change, next);
  }
  Value clear = e.createOrFold<arith::XOrIOp>(hidden, e.boolean(true));
  if (fast)
    clear = e.band(clear, fast);
  change = e.min(change, stop);
  live = e.band(live, e.cmp(CmpIPredicate::slt, tile, stop));
  Value wanted = e.band(live, full ? clear : e.createOrFold<arith::XOrIOp>(clear, e.boolean(true)));
  Value finished = e.cmp(CmpIPredicate::sge, change, stop);
  Value more = e.band(e.createOrFold<arith::XOrIOp>(wanted, e.boolean(true)), e.createOrFold<arith::XOrIOp>(finished, e.boolean(true)));
  // Found: the run. Going on: from the change. Neither: the end.
  Value from = e.select(wanted, tile, e.select(more, change, never)), to = e.select(wanted, change, never);
  scf::ConditionOp::create(e, more, ValueRange{from, to});
  Block *after = e.createBlock(&loop.getAfter(), {}, TypeRange{i, i}, {e.getLoc(), e.getLoc()});
  scf::YieldOp::create(e, ValueRange(after->getArgument(0)));
  return {loop.getResult(0), loop.getResult(1)};
}
