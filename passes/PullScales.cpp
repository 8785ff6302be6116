#include "dialect/AttnOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Passes.h"

using namespace mlir;

namespace attn {
#define GEN_PASS_DEF_PULLSCALESPASS
#include "passes/Passes.h.inc"
} // namespace attn

using namespace attn;

namespace {

/// The scalar that `value` repeats in every component, or null.
Value repeated(Value value) {
  auto broadcast = value.getDefiningOp<vector::BroadcastOp>();
  if (broadcast && !isa<VectorType>(broadcast.getSource().getType()))
    return broadcast.getSource();
  return {};
}

/// A row as a scalar times, or divided by, a scalar, and another row.
struct Scaled {
  Value row, factor;
  bool isDivided = false, isNegated = false;
};

std::optional<Scaled> scaled(Value value) {
  if (auto product = value.getDefiningOp<arith::MulFOp>()) {
    if (Value factor = repeated(product.getRhs()))
      return Scaled{product.getLhs(), factor};
    if (Value factor = repeated(product.getLhs()))
      return Scaled{product.getRhs(), factor};
  }
  if (auto quotient = value.getDefiningOp<DivOp>())
    if (Value divisor = repeated(quotient.getRhs()))
      return Scaled{quotient.getLhs(), divisor, /*isDivided=*/true};
  if (auto negation = value.getDefiningOp<arith::NegFOp>())
    return Scaled{negation.getOperand(), {}, false, /*isNegated=*/true};
  return std::nullopt;
}

/// `product`, of the type of the whole, with the factor that was taken out.
Value rescale(PatternRewriter &rewriter, Location loc, Value product,
              const Scaled &from) {
  if (from.isNegated)
    return arith::NegFOp::create(rewriter, loc, product);
  Value factor = from.factor;
  if (product.getType() != factor.getType())
    factor =
        vector::BroadcastOp::create(rewriter, loc, product.getType(), factor);
  if (from.isDivided)
    return DivOp::create(rewriter, loc, product, factor);
  return arith::MulFOp::create(rewriter, loc, product, factor);
}

struct PullFromDot : OpRewritePattern<DotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DotOp op,
                                PatternRewriter &rewriter) const override {
    Value lhs = op.getLhs(), rhs = op.getRhs();
    auto left = scaled(lhs), right = scaled(rhs);
    if (!left && !right)
      return failure();
    Value product =
        DotOp::create(rewriter, op.getLoc(), op.getType(),
                      left ? left->row : lhs, right ? right->row : rhs);
    for (const auto &from : {left, right})
      if (from)
        product = rescale(rewriter, op.getLoc(), product, *from);
    rewriter.replaceOp(op, product);
    return success();
  }
};

struct PullFromMatVec : OpRewritePattern<MatVecOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatVecOp op,
                                PatternRewriter &rewriter) const override {
    auto from = scaled(op.getVector());
    if (!from)
      return failure();
    Value product = MatVecOp::create(rewriter, op.getLoc(), op.getType(),
                                     op.getMatrix(), from->row);
    rewriter.replaceOp(op, rescale(rewriter, op.getLoc(), product, *from));
    return success();
  }
};

/// Products of stored floats are exact in f32, so they need no conversion.
template <class Op> struct TakeStored : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    auto lhs = op->getOperand(0).template getDefiningOp<arith::ExtFOp>();
    auto rhs = op->getOperand(1).template getDefiningOp<arith::ExtFOp>();
    if (!lhs || !rhs ||
        getElementTypeOrSelf(lhs.getIn().getType()) !=
            getElementTypeOrSelf(rhs.getIn().getType()))
      return failure();
    rewriter.modifyOpInPlace(
        op, [&] { op->setOperands({lhs.getIn(), rhs.getIn()}); });
    return success();
  }
};

struct PullScales : attn::impl::PullScalesPassBase<PullScales> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<PullFromDot, PullFromMatVec, TakeStored<DotOp>,
                 TakeStored<MatVecOp>>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
