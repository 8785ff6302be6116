#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "passes/MaskAnalysis.h"
#include "passes/Passes.h"

using namespace attn;
using namespace mlir;

namespace attn {
#define GEN_PASS_DEF_EXPANDCOUNTSPASS
#include "passes/Passes.h.inc"
} // namespace attn

namespace {

struct ExpandCounts : attn::impl::ExpandCountsPassBase<ExpandCounts> {
  void runOnOperation() override;
};

/// Integer arithmetic on the symbols of a mask, in a region of its attend.
class Arithmetic {
public:
  Arithmetic(OpBuilder &b, Location loc, AttendOp attend,
             const MaskAnalysis &masks, Block &block)
      : b(b), loc(loc), masks(masks), row(attend.getBounds().size() - 1),
        block(block), mask(&attend.getMask().front()) {
    // The indices come first in every region.
    for (auto [from, to] :
         llvm::zip(mask->getArguments(), block.getArguments()))
      mapping.map(from, to);
  }

  Value length(const KeyInterval &x);

private:
  Value constant(int64_t x) {
    return arith::ConstantIndexOp::create(b, loc, x);
  }
  Value clone(Value v);
  Value symbol(unsigned position);
  Value of(AffineExpr e);

  OpBuilder &b;
  Location loc;
  const MaskAnalysis &masks;
  unsigned row;
  Block &block;
  Block *mask;
  IRMapping mapping;
  DenseMap<AffineExpr, Value> done;
};

} // namespace

/// Brings a value of the mask's region into this one.
Value Arithmetic::clone(Value v) {
  if (Value known = mapping.lookupOrNull(v))
    return known;
  Operation *op = v.getDefiningOp();
  if (!op || op->getBlock() != mask)
    return v; // from above the attend
  for (Value operand : op->getOperands())
    mapping.map(operand, clone(operand));
  return b.clone(*op, mapping)->getResult(0);
}

Value Arithmetic::symbol(unsigned position) {
  const MaskSymbol &s = masks.symbols()[position];
  if (!s.value)
    return block.getArgument(row);
  Value v = clone(s.value);
  if (!v.getType().isInteger(1))
    return v;
  return arith::SelectOp::create(b, loc, v, constant(1), constant(0));
}

Value Arithmetic::of(AffineExpr e) {
  if (Value known = done.lookup(e))
    return known;
  Value result;
  if (auto c = dyn_cast<AffineConstantExpr>(e)) {
    result = constant(c.getValue());
  } else if (auto s = dyn_cast<AffineSymbolExpr>(e)) {
    result = symbol(s.getPosition());
  } else {
    auto binary = cast<AffineBinaryOpExpr>(e);
    Value x = of(binary.getLHS()), y = of(binary.getRHS());
    if (e.getKind() == AffineExprKind::Add)
      result = arith::AddIOp::create(b, loc, x, y);
    else if (e.getKind() == AffineExprKind::Mul)
      result = arith::MulIOp::create(b, loc, x, y);
    else
      result = FloorDivOp::create(b, loc, x, y);
  }
  return done[e] = result;
}

/// max(0, min(hi) - max(lo) + 1), or 0 where a guard fails.
Value Arithmetic::length(const KeyInterval &x) {
  Value lo, hi;
  for (AffineExpr e : x.lo)
    lo = lo ? arith::MaxSIOp::create(b, loc, lo, of(e)).getResult() : of(e);
  for (AffineExpr e : x.hi)
    hi = hi ? arith::MinSIOp::create(b, loc, hi, of(e)).getResult() : of(e);
  Value zero = constant(0);
  Value gap = arith::SubIOp::create(b, loc, hi, lo);
  Value length = arith::AddIOp::create(b, loc, gap, constant(1));
  length = arith::MaxSIOp::create(b, loc, length, zero);
  for (AffineExpr guard : x.guards) {
    Value holds = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge,
                                        of(guard), zero);
    length = arith::SelectOp::create(b, loc, holds, length, zero);
  }
  return length;
}

/// What all the intervals of `subset` share.
static KeyInterval intersection(ArrayRef<KeyInterval> intervals,
                                unsigned subset) {
  KeyInterval result;
  auto add = [](SmallVectorImpl<AffineExpr> &all, ArrayRef<AffineExpr> more) {
    for (AffineExpr e : more)
      if (!llvm::is_contained(all, e))
        all.push_back(e);
  };
  for (auto [k, x] : llvm::enumerate(intervals))
    if (subset >> k & 1) {
      add(result.lo, x.lo);
      add(result.hi, x.hi);
      add(result.guards, x.guards);
    }
  return result;
}

static void expand(AttendOp attend) {
  SmallVector<CountOp> counts;
  attend.walk([&](CountOp count) {
    if (count->getParentOp() == attend)
      counts.push_back(count);
  });
  if (counts.empty())
    return;
  MaskQuestion question = MaskQuestion::of(attend);
  question.singleRow = true;
  MaskAnalysis masks(question);
  ArrayRef<KeyInterval> live = masks.live();
  bool closed =
      live.size() <= 3 && llvm::all_of(live, [](const KeyInterval &x) {
        return x.exact && !x.family && !x.lo.empty() && !x.hi.empty();
      });
  if (!closed)
    return;
  for (CountOp count : counts) {
    OpBuilder b(count);
    Location loc = count.getLoc();
    Arithmetic arithmetic(b, loc, attend, masks, *count->getBlock());
    Value total = arith::ConstantIndexOp::create(b, loc, 0);
    for (unsigned subset = 1; subset < 1u << live.size(); ++subset) {
      Value length = arithmetic.length(intersection(live, subset));
      if (llvm::popcount(subset) % 2)
        total = arith::AddIOp::create(b, loc, total, length);
      else
        total = arith::SubIOp::create(b, loc, total, length);
    }
    count.replaceAllUsesWith(total);
    count.erase();
  }
}

void ExpandCounts::runOnOperation() { getOperation().walk(expand); }
