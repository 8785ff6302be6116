#include "codegen/nvidia/SpanCursor.h"
#include "codegen/nvidia/Judge.h"
#include "codegen/nvidia/Wg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpIPredicate;

Value nvidia::narrow(cpu::Emit &e, Value x) {
  Value most = e.integer(SpanCursor::end), least = e.integer(-SpanCursor::end);
  return e.createOrFold<arith::TruncIOp>(e.getI32Type(), e.max(e.min(x, most), least));
}

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

SpanCursor::SpanCursor(cpu::Tiles &t, plan::TilesOp tiles, int64_t cols, Value limit, Value fast, bool together, plan::PartOp part)
    : SpanCursor(cols, fast) {
  this->together = together;
  stop = t.e.ceilDiv(narrow(t.e, limit), i32(t.e, cols));
  if (auto judged = tiles->getAttrOfType<StringAttr>(judgedAttr))
    useVerdicts(t, tiles, judged);
  else
    useIntervals(t, tiles);
  if (part)
    share(t, part);
}

SpanCursor SpanCursor::ofIntervals(cpu::Tiles &t, plan::TilesOp tiles, int64_t cols, Value limit, Value fast) {
  SpanCursor cursor(cols, fast);
  cursor.stop = t.e.ceilDiv(narrow(t.e, limit), i32(t.e, cols));
  cursor.useIntervals(t, tiles);
  return cursor;
}

void SpanCursor::useIntervals(cpu::Tiles &t, plan::TilesOp tiles) {
  for (const plan::Interval &i : tiles.live())
    lives.push_back(prepare(t, i));
  for (const plan::Interval &i : tiles.holes())
    holes.push_back(prepare(t, i));
}

// Tiles between the first and the last that an interval meets, cut evenly.
void SpanCursor::share(cpu::Tiles &t, plan::PartOp part) {
  cpu::Emit &e = t.e;
  // Verdicts say nothing of where the visited ones begin and end.
  Value first = i32(e, verdicts ? 0 : end), last = verdicts ? stop : i32(e, 0);
  for (const Interval &i : lives) {
    Value from = i.first, to = i.last, some;
    if (i.family) {
      Value shift = e.mul(e.sub(i.count, e.integer(1)), i.stride);
      from = narrow(e, e.floorDiv(i.lo, e.integer(cols)));
      to = narrow(e, e.ceilDiv(e.add(i.hi, shift), e.integer(cols)));
      some = e.cmp(CmpIPredicate::sgt, i.count, e.integer(0));
    } else {
      some = e.cmp(CmpIPredicate::slt, from, to);
    }
    first = e.min(first, e.select(some, from, i32(e, end)));
    last = e.max(last, e.select(some, to, i32(e, 0)));
  }
  auto small = [&](Value x) { return e.createOrFold<arith::TruncIOp>(e.getI32Type(), t.scalar(x)); };
  Value tiles = e.max(e.sub(e.min(last, stop), first), i32(e, 0)), number = small(part.getNumber());
  Value count = e.max(small(part.getCount()), i32(e, 1));
  auto cut = [&](Value n) { return e.add(first, arith::DivUIOp::create(e, e.mul(tiles, n), count)); };
  begin = cut(number);
  stop = cut(e.add(number, i32(e, 1)));
}

SpanCursor::SpanCursor(cpu::Emit &e, ArrayRef<Ends> live, ArrayRef<Ends> hidden, int64_t cols, Value limit, Value fast)
    : cols(cols), fast(fast) {
  stop = e.ceilDiv(limit, i32(e, cols));
  for (Ends ends : live)
    lives.push_back(simple(e, ends));
  for (Ends ends : hidden)
    holes.push_back(simple(e, ends));
}

// The verdicts of the item: the buffer's labels are indices of the kernel, then words.
void SpanCursor::useVerdicts(cpu::Tiles &t, plan::TilesOp tiles, StringRef buffer) {
  cpu::Emit &e = t.e;
  plan::KernelOp kernel = t.cx.kernel;
  auto allocs = kernel->getParentOfType<plan::ProgramOp>().getBody().getOps<plan::AllocOp>();
  auto alloc = llvm::find_if(allocs, [&](plan::AllocOp each) { return each.getName() == buffer; });
  const cpu::Memory &m = t.frame.memory.find(*alloc)->second;
  auto labels = cast<plan::BufferType>((*alloc).getResult().getType()).getLabels().drop_back();
  Value at = e.integer(0);
  for (auto [k, label] : llvm::enumerate(labels)) {
    unsigned index = llvm::find(kernel.getIndices(), Attribute(label)) - kernel.getIndices().begin();
    Value x = t.scalar(kernel.getBody().getArgument(index));
    at = e.add(at, e.mul(x, e.loadSlot(t.cx.frame, m.strideSlot(k), e.i64())));
  }
  Value address = e.add(e.loadSlot(t.cx.frame, m.slot, e.i64()), e.mul(at, e.integer(4)));
  verdicts = LLVM::IntToPtrOp::create(e, LLVM::LLVMPointerType::get(e.getContext(), 1), address);
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

SpanCursor::State SpanCursor::look(cpu::Emit &e, Value tile) const {
  Value live = e.boolean(false), hidden = e.boolean(false), change = i32(e, end);
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
  return {live, clear, change};
}

std::pair<Value, Value> SpanCursor::classify(cpu::Emit &e, Value at) const {
  State state = look(e, at);
  return {state.live, state.clear};
}

SpanCursor::Run SpanCursor::seek(cpu::Emit &e, Value at, bool full) const {
  if (begin)
    at = e.max(at, begin);
  if (verdicts)
    return seekVerdicts(e, at, full);
  Type i = e.getI32Type();
  Value never = i32(e, end);
  auto loop = scf::WhileOp::create(e, TypeRange{i, i}, ValueRange(at));
  OpBuilder::InsertionGuard guard(e);
  Block *before = e.createBlock(&loop.getBefore(), {}, TypeRange(i), {e.getLoc()});
  Value tile = before->getArgument(0);
  auto [live, clear, change] = look(e, tile);
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

// From word to word. A run ends with its word: the next one goes on.
SpanCursor::Run SpanCursor::seekVerdicts(cpu::Emit &e, Value at, bool full) const {
  Type i = e.getI32Type(), bits = e.i64();
  Value never = i32(e, end), none = e.integer(0);
  auto loop = scf::WhileOp::create(e, TypeRange{i, i}, ValueRange(at));
  Run run{loop.getResult(0), loop.getResult(1)};
  {
    OpBuilder::InsertionGuard guard(e);
    Block *before = e.createBlock(&loop.getBefore(), {}, TypeRange(i), {e.getLoc()});
    Value tile = before->getArgument(0), inside = e.cmp(CmpIPredicate::slt, tile, stop);
    // There is one word at the least.
    Value some = e.select(inside, tile, i32(e, 0));
    Value word = e.createOrFold<arith::ExtUIOp>(bits, arith::ShRUIOp::create(e, some, i32(e, llvm::Log2_64(tilesPerWord))));
    auto read = [&](int half) -> Value {
      auto place = LLVM::GEPOp::create(e, verdicts.getType(), LLVM::LLVMArrayType::get(bits, 2), verdicts, ArrayRef<LLVM::GEPArg>{word, half});
      auto x = LLVM::LoadOp::create(e, bits, place, 8);
      x.setInvariant(true);
      return x;
    };
    Value wanted = read(1);
    if (fast)
      wanted = e.select(fast, wanted, none);
    if (!full)
      wanted = arith::AndIOp::create(e, read(0), arith::XOrIOp::create(e, wanted, e.integer(-1)));
    Value here = arith::ExtUIOp::create(e, bits, arith::AndIOp::create(e, tile, i32(e, tilesPerWord - 1)));
    wanted = arith::ShRUIOp::create(e, wanted, here);
    auto zeros = [&](Value x) { return arith::TruncIOp::create(e, i, math::CountTrailingZerosOp::create(e, x)).getResult(); };
    Value found = e.band(inside, e.cmp(CmpIPredicate::ne, wanted, none)), skip = zeros(wanted);
    Value ones = arith::ShRUIOp::create(e, wanted, arith::ExtUIOp::create(e, bits, skip));
    Value length = zeros(arith::XOrIOp::create(e, ones, e.integer(-1))), first = e.add(tile, skip);
    Value behind = e.add(first, length);
    if (begin) { // words go on behind a share
      found = e.band(found, e.cmp(CmpIPredicate::slt, first, stop));
      behind = e.min(behind, stop);
    }
    Value next = e.add(arith::OrIOp::create(e, tile, i32(e, tilesPerWord - 1)), i32(e, 1));
    Value more = e.band(e.createOrFold<arith::XOrIOp>(found, e.boolean(true)), e.cmp(CmpIPredicate::slt, next, stop));
    Value from = e.select(found, first, e.select(more, next, never)), to = e.select(found, behind, never);
    scf::ConditionOp::create(e, more, ValueRange{from, to});
    Block *after = e.createBlock(&loop.getAfter(), {}, TypeRange{i, i}, {e.getLoc(), e.getLoc()});
    scf::YieldOp::create(e, ValueRange(after->getArgument(0)));
  }
  if (together)
    for (Value *x : {&run.from, &run.to})
      *x = wg::UniformOp::create(e, i, *x);
  return run;
}
