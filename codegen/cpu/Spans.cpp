#include "codegen/cpu/Spans.h"
#include "codegen/cpu/Micro.h"

using namespace mlir;
using namespace attn::cpu;
using arith::CmpIPredicate;

// Families with a stride below 0 are turned around, of stride 0 are one
// interval; so stride is positive wherever count exceeds 1. Returns the first
// key and the one behind the last.
static std::pair<Value, Value> storeInterval(Tiles &t, Value p, Value lo, Value hi, Value stride, Value count) {
  Emit &e = t.e;
  Value from = t.scalar(lo), to = t.scalar(hi), step = e.integer(1), n = e.integer(1);
  if (stride) {
    step = t.scalar(stride);
    n = t.scalar(count);
    Value none = e.cmp(CmpIPredicate::eq, step, e.integer(0));
    n = e.select(none, e.min(n, e.integer(1)), n);
    Value down = e.cmp(CmpIPredicate::slt, step, e.integer(0));
    Value back = e.mul(e.sub(n, e.integer(1)), step);
    from = e.select(down, e.add(from, back), from);
    to = e.select(down, e.add(to, back), to);
    step = e.select(down, e.sub(e.integer(0), step), e.max(step, e.integer(1)));
  }
  Value empty = e.cmp(CmpIPredicate::sge, from, to);
  n = e.select(empty, e.integer(0), n);
  for (auto [k, v] : llvm::enumerate(SmallVector<Value>{from, to, step, n}))
    e.store(v, e.at(p, 8 * k));
  Value behind = e.add(to, e.mul(e.max(e.sub(n, e.integer(1)), e.integer(0)), step));
  return {from, e.select(empty, from, behind)};
}

Value attn::cpu::listedKey(Emit &e, Value items, int64_t run, Value at) {
  Value length = e.integer(run), item = run == 1 ? at : arith::DivSIOp::create(e, at, length).getResult();
  Value x = arith::ExtSIOp::create(e, e.i64(), e.load(e.getI32Type(), e.at(items, e.mul(item, e.integer(4)))));
  return run == 1 ? x : e.add(e.mul(x, length), arith::RemSIOp::create(e, at, length));
}

// A list outside the extents of its set is empty.
static void storeList(Tiles &t, const plan::SpanParts &span, int64_t offset) {
  Emit &e = t.e;
  const Memory &m = t.frame.memory.find(span.list)->second;
  Value p = e.loadSlot(t.cx.frame, m.slot, e.ptr()), inside = e.boolean(true);
  for (auto [k, index] : llvm::enumerate(span.indices)) {
    Value x = t.scalar(index);
    inside = e.band(inside, e.cmp(CmpIPredicate::ult, x, t.lengthOf(m, k)));
    p = e.at(p, e.mul(x, e.mul(e.loadSlot(t.cx.frame, m.strideSlot(k), e.i64()), e.integer(4))));
  }
  Value items = e.at(p, 4);
  Value count = e.choose(inside, [&] { return arith::ExtSIOp::create(e, e.i64(), e.load(e.getI32Type(), p)).getResult(); }, [&] { return e.integer(0); });
  // Keys from `below` on end the sequence.
  Value all = e.mul(count, e.integer(span.run)), below = t.scalar(span.below);
  Value some = e.cmp(CmpIPredicate::sgt, count, e.integer(0));
  Value beyond = e.choose(
      some, [&] { return e.add(e.sub(listedKey(e, items, span.run, e.sub(all, e.integer(1))), below), e.integer(1)); }, [&] { return e.integer(0); });
  Value to = e.at(t.cx.own, offset);
  LLVM::StoreOp::create(e, items, to);
  e.store(count, e.at(to, 8));
  e.store(e.sub(all, e.max(beyond, e.integer(0))), e.at(to, 16));
}

void attn::cpu::storeSpan(Tiles &t, const plan::SpanParts &span, plan::PartOp part, int64_t cols, const SpanTable &table) {
  t.mark();
  Emit &e = t.e;
  unsigned at = 0;
  auto one = [&](plan::Interval i) {
    return storeInterval(t, e.at(t.cx.own, table.offset + 32 * at++), i.lo, i.hi, i.stride, i.count);
  };
  Value most = e.integer(int64_t(1) << 50), first = most, last = e.integer(0), size = e.integer(cols);
  for (const plan::Interval &i : span.live) {
    auto [from, to] = one(i);
    Value empty = e.cmp(CmpIPredicate::sge, from, to);
    first = e.min(first, e.select(empty, most, e.floorDiv(from, size)));
    last = e.max(last, e.select(empty, e.integer(0), e.ceilDiv(to, size)));
  }
  for (const plan::Interval &i : span.holes)
    one(i);
  if (table.listed)
    storeList(t, span, table.list());
  if (!part)
    return;
  Value number = t.scalar(part.getNumber()), parts = t.scalar(part.getCount());
  Value tiles = e.max(e.sub(last, first), e.integer(0));
  for (int64_t k : {0, 1}) {
    Value share = e.floorDiv(e.mul(tiles, e.add(number, e.integer(k))), parts);
    e.store(e.add(first, share), e.at(t.cx.own, table.partOffset() + 8 * k));
  }
}

// With x = J * cols: member k of a family meets the tile if lo + k s < x + cols
// and hi + k s > x.
static const char *const spans = R"(
func.func private @span.next(%table: !llvm.ptr, %lives: i64, %cols: i64, %tile: i64) -> i64 attributes {no_inline} {
  %0 = arith.constant 0 : i64
  %1 = arith.constant 1 : i64
  %end = arith.constant 0x3fffffffffffff : i64
  %x = arith.muli %tile, %cols : i64
  %next = scf.for %k = %0 to %lives step %1 iter_args(%best = %end) -> (i64) : i64 {
    %p = llvm.getelementptr inbounds %table[%k, 0] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<4 x i64>
    %q = llvm.getelementptr inbounds %table[%k, 1] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<4 x i64>
    %r = llvm.getelementptr inbounds %table[%k, 2] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<4 x i64>
    %s = llvm.getelementptr inbounds %table[%k, 3] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<4 x i64>
    %lo = llvm.load %p : !llvm.ptr -> i64
    %hi = llvm.load %q : !llvm.ptr -> i64
    %step = llvm.load %r : !llvm.ptr -> i64
    %count = llvm.load %s : !llvm.ptr -> i64
    %gap = arith.subi %x, %hi : i64
    %behind = arith.floordivsi %gap, %step : i64
    %behind1 = arith.addi %behind, %1 : i64
    %m = arith.maxsi %behind1, %0 : i64
    %some = arith.cmpi slt, %m, %count : i64
    %shift = arith.muli %m, %step : i64
    %from = arith.addi %lo, %shift : i64
    %first = arith.floordivsi %from, %cols : i64
    %at = arith.maxsi %first, %tile : i64
    %found = arith.select %some, %at, %end : i64
    %nearer = arith.minsi %best, %found : i64
    scf.yield %nearer : i64
  }
  func.return %next : i64
}
func.func private @span.verdict(%table: !llvm.ptr, %lives: i64, %holes: i64, %limit: i64, %x: i64, %y: i64) -> i64 attributes {no_inline} {
  %0 = arith.constant 0 : i64
  %1 = arith.constant 1 : i64
  %2 = arith.constant 2 : i64
  %no = arith.constant false
  %all = arith.addi %lives, %holes : i64
  %meets, %hit = scf.for %k = %0 to %all step %1 iter_args(%m = %no, %h = %no) -> (i1, i1) : i64 {
    %p = llvm.getelementptr inbounds %table[%k, 0] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<4 x i64>
    %q = llvm.getelementptr inbounds %table[%k, 1] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<4 x i64>
    %r = llvm.getelementptr inbounds %table[%k, 2] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<4 x i64>
    %s = llvm.getelementptr inbounds %table[%k, 3] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<4 x i64>
    %lo = llvm.load %p : !llvm.ptr -> i64
    %hi = llvm.load %q : !llvm.ptr -> i64
    %step = llvm.load %r : !llvm.ptr -> i64
    %count = llvm.load %s : !llvm.ptr -> i64
    %count1 = arith.subi %count, %1 : i64
    %a = arith.subi %x, %hi : i64
    %b = arith.floordivsi %a, %step : i64
    %c = arith.addi %b, %1 : i64
    %first = arith.maxsi %c, %0 : i64
    %d = arith.subi %y, %lo : i64
    %f = arith.subi %d, %1 : i64
    %g = arith.floordivsi %f, %step : i64
    %last = arith.minsi %g, %count1 : i64
    %touch = arith.cmpi sle, %first, %last : i64
    %live = arith.cmpi slt, %k, %lives : i64
    %hole = arith.cmpi sge, %k, %lives : i64
    %mt = arith.andi %live, %touch : i1
    %m1 = arith.ori %m, %mt : i1
    %ht = arith.andi %hole, %touch : i1
    %h1 = arith.ori %h, %ht : i1
    scf.yield %m1, %h1 : i1, i1
  }
  %below = arith.cmpi sle, %y, %limit : i64
  %started = arith.cmpi slt, %x, %limit : i64
  %clear = arith.select %hit, %1, %2 : i64
  %class = arith.select %below, %clear, %1 : i64
  %visited = arith.andi %meets, %started : i1
  %verdict = arith.select %visited, %class, %0 : i64
  func.return %verdict : i64
}
func.func private @span.listed(%list: !llvm.ptr, %run: i64, %cols: i64, %tile: i64) -> i64 attributes {no_inline} {
  %0 = arith.constant 0 : i64
  %1 = arith.constant 1 : i64
  %end = arith.constant 0x3fffffffffffff : i64
  %items = llvm.load %list : !llvm.ptr -> !llvm.ptr
  %p = llvm.getelementptr inbounds %list[1] : (!llvm.ptr) -> !llvm.ptr, i64
  %count = llvm.load %p : !llvm.ptr -> i64
  %x = arith.muli %tile, %cols : i64
  %block = arith.divsi %x, %run : i64
  // The first item that is not below the block of the tile.
  %from, %to = scf.while (%a = %0, %b = %count) : (i64, i64) -> (i64, i64) {
    %more = arith.cmpi slt, %a, %b : i64
    scf.condition(%more) %a, %b : i64, i64
  } do {
  ^bb0(%a: i64, %b: i64):
    %sum = arith.addi %a, %b : i64
    %m = arith.shrsi %sum, %1 : i64
    %q = llvm.getelementptr inbounds %items[%m] : (!llvm.ptr, i64) -> !llvm.ptr, i32
    %narrow = llvm.load %q : !llvm.ptr -> i32
    %item = arith.extsi %narrow : i32 to i64
    %below = arith.cmpi slt, %item, %block : i64
    %m1 = arith.addi %m, %1 : i64
    %a1 = arith.select %below, %m1, %a : i64
    %b1 = arith.select %below, %b, %m : i64
    scf.yield %a1, %b1 : i64, i64
  }
  %some = arith.cmpi slt, %from, %count : i64
  %next = scf.if %some -> i64 {
    %q = llvm.getelementptr inbounds %items[%from] : (!llvm.ptr, i64) -> !llvm.ptr, i32
    %narrow = llvm.load %q : !llvm.ptr -> i32
    %item = arith.extsi %narrow : i32 to i64
    %key = arith.muli %item, %run : i64
    %first = arith.divsi %key, %cols : i64
    %at = arith.maxsi %first, %tile : i64
    scf.yield %at : i64
  } else {
    scf.yield %end : i64
  }
  func.return %next : i64
}
)";

static func::FuncOp helper(ModuleOp module, StringRef name) { return parsedFunction(module, name, spans); }

func::FuncOp attn::cpu::nextTileFunction(ModuleOp module) { return helper(module, "span.next"); }
func::FuncOp attn::cpu::verdictFunction(ModuleOp module) { return helper(module, "span.verdict"); }
func::FuncOp attn::cpu::nextListedFunction(ModuleOp module) { return helper(module, "span.listed"); }
