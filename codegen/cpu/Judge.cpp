// Tiles by the ranges of what their mask reads: the rows' are stored when a
// row tile begins, the keys' once for a tile of keys and all row tiles of the
// instance. Where they leave the verdict open, the mask itself is evaluated.
#include "codegen/cpu/Kernel.h"
#include "codegen/cpu/MaskSides.h"

using namespace mlir;
using namespace plan;
using namespace attn::cpu;
using arith::CmpIPredicate;

SmallVector<MaskOp> KernelLowering::testedMasks(SweepPlan &sweep) {
  SmallVector<MaskOp> masks;
  if (!sweep.span.exact)
    sweep.op.walk([&](MaskOp mask) { masks.push_back(mask); });
  return masks;
}

//===----------------------------------------------------------------------===//
// The verdict
//===----------------------------------------------------------------------===//

Bounds KernelLowering::boundsOf(Tiles &t, SweepPlan &sweep, MaskOp mask) {
  Emit &e = t.e;
  MaskSides sides(kernel, sweep.op, mask);
  return sides.bounds(t, [&](Value v) -> Bounds {
    if (sweep.rowRanges.size() + sweep.keyRanges.size() == MaskSides::mostRanges)
      return {};
    bool own = sides.of(v) == MaskSides::Rows;
    int64_t &bytes = own ? ownBytes : sharedBytes;
    (own ? sweep.rowRanges : sweep.keyRanges).push_back({mask, v, bytes});
    Type held = e.held(plan::elementOf(v.getType())), stored = e.stored(held);
    auto load = [&](int64_t offset) -> Value {
      Value x = e.load(stored, e.at(own ? t.cx.own : t.cx.shared, offset));
      return stored == held ? x : e.cmp(CmpIPredicate::ne, x, e.zero(stored));
    };
    Bounds b{load(bytes), load(bytes + 8)};
    bytes = llvm::alignTo(bytes + 16, 64);
    return b;
  });
}

void KernelLowering::emitJudge(SweepPlan &sweep) {
  SmallVector<MaskOp> masks = testedMasks(sweep);
  if (masks.empty() || target.lanes == 1) // of one row, the mask itself costs as much
    return;
  sweep.judge = begin(".judge." + Twine(&sweep - sweeps.data()), true, {builder.getI64Type()});
  Emit e(kernel.getLoc(), builder, target.lanes);
  Tiles t(e, frame, context(sweep.judge, &sweep));
  setTile(t, sweep, sweep.judge.getArguments().back());
  // Empty if no mask can be true, full if all are.
  Bounds none, all;
  for (MaskOp mask : masks) {
    Bounds b = boundsOf(t, sweep, mask);
    none = mask == masks.front() ? b : boundsOfOr(e, none, b);
    all = mask == masks.front() ? b : boundsOfAnd(e, all, b);
  }
  if (!none.hi && !all.lo) { // the ranges never tell
    sweep.judge.erase();
    sweep.judge = {};
    sweep.rowRanges.clear();
    sweep.keyRanges.clear();
    return;
  }
  Value whole = e.cmp(CmpIPredicate::eq, t.cx.keys, e.integer(sweep.cols));
  Value open = all.lo ? e.select(e.band(all.lo, whole), e.integer(2), e.integer(1)) : e.integer(1);
  func::ReturnOp::create(e, ValueRange(none.hi ? e.select(none.hi, open, e.integer(0)) : open));
  failed |= t.failed;
}

//===----------------------------------------------------------------------===//
// The ranges
//===----------------------------------------------------------------------===//

void KernelLowering::storeRanges(Tiles &t, ArrayRef<RangedValue> ranges, int64_t dim) {
  if (ranges.empty())
    return;
  Emit &e = t.e;
  t.mark();
  bool isRows = dim == TileType::R;
  RowsOp rowsOp;
  kernel.walk([&](RowsOp r) { rowsOp = rowsOp ? rowsOp : r; });
  Value index = isRows ? rowsOp ? rowsOp.getResult() : Value() : Value(t.cx.keyTile);
  auto lanesOf = [&](const RangedValue &r) { return e.vec(e.held(plan::elementOf(r.value.getType()))); };
  auto isTruth = [](Type type) { return getElementTypeOrSelf(type).isInteger(1); };
  // Where nothing is present: always true, never true; above and below all.
  SmallVector<Value> init;
  for (const RangedValue &r : ranges)
    for (bool lo : {true, false})
      init.push_back(isTruth(lanesOf(r)) ? e.splat(e.boolean(lo)) : e.extreme(lanesOf(r), lo));
  SmallVector<Value> found = e.loop(e.integer(0), isRows ? e.integer(rows) : t.cx.keys, e.lanes, init, [&](Value at, ValueRange carried) {
    SmallVector<Value> next;
    t.scope([&] {
      Position p = Position().lanes(dim).with(dim, at);
      Value present = index ? t.present(index, p) : Value();
      for (auto [k, r] : llvm::enumerate(ranges)) {
        Value x = e.splat(t.element(r.mask->getOperands(), r.mask->getRegion(0), r.value, p));
        for (unsigned hi : {0u, 1u}) {
          Value y = present ? e.select(present, x, init[2 * k + hi]) : x, old = carried[2 * k + hi];
          if (isTruth(x.getType()))
            next.push_back(hi ? arith::OrIOp::create(e, old, y).getResult() : arith::AndIOp::create(e, old, y).getResult());
          else if (isa<FloatType>(getElementTypeOrSelf(x.getType()))) // a NaN stays
            next.push_back(hi ? arith::MaximumFOp::create(e, old, y).getResult() : arith::MinimumFOp::create(e, old, y).getResult());
          else
            next.push_back(hi ? e.max(old, y) : e.min(old, y));
        }
      }
    });
    return next;
  });
  using vector::CombiningKind;
  for (auto [k, r] : llvm::enumerate(ranges))
    for (unsigned hi : {0u, 1u}) {
      Type type = getElementTypeOrSelf(lanesOf(r));
      CombiningKind kind = type.isInteger(1)      ? hi ? CombiningKind::OR : CombiningKind::AND
                           : isa<FloatType>(type) ? hi ? CombiningKind::MAXIMUMF : CombiningKind::MINIMUMF
                                                  : hi ? CombiningKind::MAXSI : CombiningKind::MINSI;
      Value x = e.reduce(kind, found[2 * k + hi]);
      if (type.isInteger(1))
        x = arith::ExtUIOp::create(e, e.getI8Type(), x);
      e.store(x, e.at(isRows ? t.cx.own : t.cx.shared, r.offset + 8 * hi));
    }
}

void KernelLowering::emitRange(SweepPlan &sweep) {
  if (sweep.keyRanges.empty())
    return;
  sweep.range = begin(".range." + Twine(&sweep - sweeps.data()), true);
  Emit e(kernel.getLoc(), builder, target.lanes);
  Tiles t(e, frame, context(sweep.range, &sweep));
  setTile(t, sweep, sweep.range.getArguments().back());
  storeRanges(t, sweep.keyRanges, TileType::C);
  func::ReturnOp::create(e);
  failed |= t.failed;
}
