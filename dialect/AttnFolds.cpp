// The algebra of the total operations: constants, neutral elements, and the
// upstream operation where a known divisor makes it total.
#include "dialect/AttnOps.h"
#include "mlir/Dialect/CommonFolders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace attn;

// Sixty-four bits, as the language counts.
static std::optional<int64_t> constant(Attribute attribute) {
  if (auto value = dyn_cast_or_null<IntegerAttr>(attribute))
    return value.getInt();
  return std::nullopt;
}

template <class Compute>
static OpFoldResult fold(Type type, Attribute lhs, Attribute rhs,
                         Compute compute) {
  auto a = constant(lhs), b = constant(rhs);
  if (!a || !b)
    return {};
  return IntegerAttr::get(type, compute(*a, *b));
}

// Wraps like the machine's division: INT64_MIN // -1 is INT64_MIN.
static int64_t floorDivide(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  if (b == -1)
    return static_cast<int64_t>(-static_cast<uint64_t>(a));
  return llvm::divideFloorSigned(a, b);
}

static int64_t modulo(int64_t a, int64_t b) {
  if (b == 0)
    return a;
  if (b == -1)
    return 0;
  int64_t rest = a % b;
  return rest && (rest < 0) != (b < 0) ? rest + b : rest;
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  // x / 1 keeps every bit but the payload of a NaN.
  if (matchPattern(getRhs(), m_OneFloat()))
    return getLhs();
  // x / 0 is 0 for every x, NaN and infinity included.
  if (matchPattern(getRhs(), m_AnyZeroFloat()))
    return cast<Attribute>(Builder(getContext()).getZeroAttr(getType()));
  return constFoldBinaryOp<FloatAttr, APFloat, void>(
      adaptor.getOperands(), [](const APFloat &a, const APFloat &b) {
        return b.isZero() ? APFloat::getZero(a.getSemantics()) : a / b;
      });
}

OpFoldResult FloorDivOp::fold(FoldAdaptor adaptor) {
  if (matchPattern(getRhs(), m_One()))
    return getLhs();
  if (matchPattern(getRhs(), m_Zero()))
    return getRhs();
  return ::fold(getType(), adaptor.getLhs(), adaptor.getRhs(), floorDivide);
}

OpFoldResult ModOp::fold(FoldAdaptor adaptor) {
  if (matchPattern(getRhs(), m_One()))
    return IntegerAttr::get(getType(), 0);
  if (matchPattern(getRhs(), m_Zero()))
    return getLhs();
  return ::fold(getType(), adaptor.getLhs(), adaptor.getRhs(), modulo);
}

OpFoldResult ShlOp::fold(FoldAdaptor adaptor) {
  if (matchPattern(getRhs(), m_Zero()))
    return getLhs();
  return ::fold(
      getType(), adaptor.getLhs(), adaptor.getRhs(), [](int64_t a, int64_t b) {
        return b < 0 || b >= 64 ? 0 : int64_t(static_cast<uint64_t>(a) << b);
      });
}

OpFoldResult ShrOp::fold(FoldAdaptor adaptor) {
  if (matchPattern(getRhs(), m_Zero()))
    return getLhs();
  return ::fold(
      getType(), adaptor.getLhs(), adaptor.getRhs(),
      [](int64_t a, int64_t b) { return b < 0 || b >= 64 ? 0 : a >> b; });
}

OpFoldResult ILog2Op::fold(FoldAdaptor adaptor) {
  auto value = constant(adaptor.getValue());
  if (!value)
    return {};
  return IntegerAttr::get(
      getType(), *value <= 0 ? -1 : int64_t(llvm::Log2_64(uint64_t(*value))));
}

// A power of two divides exactly as its inverse multiplies.
LogicalResult DivOp::canonicalize(DivOp op, PatternRewriter &rewriter) {
  APFloat divisor(0.0f), inverse(0.0f);
  if (!matchPattern(op.getRhs(), m_ConstantFloat(&divisor)) ||
      !divisor.getExactInverse(&inverse))
    return failure();
  TypedAttr factor = rewriter.getFloatAttr(rewriter.getF32Type(), inverse);
  if (auto row = dyn_cast<VectorType>(op.getType()))
    factor = DenseElementsAttr::get(row, factor);
  Value scale = arith::ConstantOp::create(rewriter, op.getLoc(), factor);
  rewriter.replaceOpWithNewOp<arith::MulFOp>(op, op.getLhs(), scale);
  return success();
}

// Analyses know the upstream division; with a positive constant it is total.
LogicalResult FloorDivOp::canonicalize(FloorDivOp op,
                                       PatternRewriter &rewriter) {
  APInt divisor;
  if (!matchPattern(op.getRhs(), m_ConstantInt(&divisor)) ||
      !divisor.isStrictlyPositive())
    return failure();
  rewriter.replaceOpWithNewOp<arith::FloorDivSIOp>(op, op.getLhs(),
                                                   op.getRhs());
  return success();
}

// x - c * (x floordiv c): so equal divisions meet.
LogicalResult ModOp::canonicalize(ModOp op, PatternRewriter &rewriter) {
  APInt divisor;
  if (!matchPattern(op.getRhs(), m_ConstantInt(&divisor)) ||
      !divisor.isStrictlyPositive())
    return failure();
  Value whole = arith::FloorDivSIOp::create(rewriter, op.getLoc(), op.getLhs(),
                                            op.getRhs());
  Value taken =
      arith::MulIOp::create(rewriter, op.getLoc(), whole, op.getRhs());
  rewriter.replaceOpWithNewOp<arith::SubIOp>(op, op.getLhs(), taken);
  return success();
}
