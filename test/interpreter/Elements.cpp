// Operations on scalars.
#include "frontend/Scalar.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "runtime/Half.h"
#include "test/interpreter/Interpreter.h"
#include <cmath>

using namespace mlir;

static double affineValue(AffineExpr e, const double *operands, unsigned dims) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return double(c.getValue());
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return operands[d.getPosition()];
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return operands[dims + s.getPosition()];
  auto b = cast<AffineBinaryOpExpr>(e);
  int64_t x = affineValue(b.getLHS(), operands, dims), y = affineValue(b.getRHS(), operands, dims);
  switch (e.getKind()) {
  case AffineExprKind::Add:
    return x + y;
  case AffineExprKind::Mul:
    return x * y;
  case AffineExprKind::FloorDiv:
    return attn::floorDivide(x, y);
  case AffineExprKind::CeilDiv:
    return -attn::floorDivide(-x, y);
  default:
    return attn::floorModulo(x, y);
  }
}

static double compared(arith::CmpIPredicate p, double a, double b) {
  using P = arith::CmpIPredicate;
  switch (p) {
  case P::eq:
    return a == b;
  case P::ne:
    return a != b;
  case P::slt:
  case P::ult:
    return a < b;
  case P::sle:
  case P::ule:
    return a <= b;
  case P::sgt:
  case P::ugt:
    return a > b;
  default:
    return a >= b;
  }
}

static double compared(arith::CmpFPredicate p, double a, double b) {
  using P = arith::CmpFPredicate;
  bool ordered = !std::isnan(a) && !std::isnan(b);
  switch (p) {
  case P::OEQ:
    return ordered && a == b;
  case P::ONE:
    return ordered && a != b;
  case P::OLT:
    return ordered && a < b;
  case P::OLE:
    return ordered && a <= b;
  case P::OGT:
    return ordered && a > b;
  case P::OGE:
    return ordered && a >= b;
  case P::ORD:
    return ordered;
  case P::UNO:
    return !ordered;
  case P::UEQ:
    return !ordered || a == b;
  case P::UNE:
    return !ordered || a != b;
  case P::ULT:
    return !ordered || a < b;
  case P::ULE:
    return !ordered || a <= b;
  case P::UGT:
    return !ordered || a > b;
  case P::UGE:
    return !ordered || a >= b;
  case P::AlwaysTrue:
    return true;
  default:
    return false;
  }
}

static double rounded(Type type, double x) {
  if (type.isBF16())
    return attn::fromBF16(attn::toBF16(float(x)));
  if (type.isF16())
    return attn::fromF16(attn::toF16(float(x)));
  return type.isF32() ? double(float(x)) : x;
}

double attn::interpreter::element(Operation *op, const double *a, int64_t headsPerGroup, bool &known) {
  known = true;
  auto ints = [&](int64_t (*f)(int64_t, int64_t)) { return double(f(int64_t(a[0]), int64_t(a[1]))); };
  if (isa<arith::AddIOp, arith::AddFOp>(op))
    return a[0] + a[1];
  if (isa<arith::SubIOp, arith::SubFOp>(op))
    return a[0] - a[1];
  if (isa<arith::MulIOp, arith::MulFOp>(op))
    return a[0] * a[1];
  if (isa<math::FmaOp>(op))
    return a[0] * a[1] + a[2];
  if (isa<DivOp>(op))
    return divide(a[0], a[1]);
  if (isa<arith::DivFOp>(op))
    return a[0] / a[1];
  if (isa<FloorDivOp, arith::FloorDivSIOp>(op))
    return ints(floorDivide);
  if (isa<arith::CeilDivSIOp>(op))
    return -double(floorDivide(int64_t(-a[0]), int64_t(a[1])));
  if (isa<ModOp>(op))
    return ints(floorModulo);
  if (isa<arith::RemSIOp>(op))
    return double(int64_t(a[0]) % int64_t(a[1]));
  if (isa<ShlOp>(op))
    return ints(shiftLeft);
  if (isa<ShrOp>(op))
    return ints(shiftRight);
  if (isa<ILog2Op>(op))
    return double(floorLog2(int64_t(a[0])));
  if (isa<arith::AndIOp>(op))
    return double(int64_t(a[0]) & int64_t(a[1]));
  if (isa<arith::OrIOp>(op))
    return double(int64_t(a[0]) | int64_t(a[1]));
  if (isa<arith::XOrIOp>(op))
    return op->getResult(0).getType().isInteger(1) ? double((a[0] != 0) != (a[1] != 0))
                                                   : double(int64_t(a[0]) ^ int64_t(a[1]));
  if (isa<arith::MaxSIOp>(op))
    return std::max(a[0], a[1]);
  if (isa<arith::MinSIOp>(op))
    return std::min(a[0], a[1]);
  if (isa<arith::MaximumFOp>(op))
    return std::isnan(a[0]) || std::isnan(a[1]) ? NAN : std::max(a[0], a[1]);
  if (isa<arith::MinimumFOp>(op))
    return std::isnan(a[0]) || std::isnan(a[1]) ? NAN : std::min(a[0], a[1]);
  if (isa<arith::SelectOp>(op))
    return a[0] != 0 ? a[1] : a[2];
  if (auto cmp = dyn_cast<arith::CmpIOp>(op))
    return compared(cmp.getPredicate(), a[0], a[1]);
  if (auto cmp = dyn_cast<arith::CmpFOp>(op))
    return compared(cmp.getPredicate(), a[0], a[1]);
  if (isa<arith::NegFOp>(op))
    return -a[0];
  if (isa<arith::IndexCastOp, arith::SIToFPOp, arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp,
          arith::IndexCastUIOp, arith::UIToFPOp>(op))
    return a[0];
  if (isa<arith::FPToSIOp>(op))
    return std::trunc(a[0]);
  if (isa<arith::TruncFOp>(op))
    return rounded(op->getResult(0).getType(), a[0]);
  if (isa<math::ExpOp>(op))
    return std::exp(a[0]);
  if (isa<math::LogOp>(op))
    return std::log(a[0]);
  if (isa<math::Log1pOp>(op))
    return std::log1p(a[0]);
  if (isa<math::AbsFOp>(op))
    return std::abs(a[0]);
  if (isa<math::AbsIOp>(op))
    return std::abs(a[0]);
  if (isa<math::SqrtOp>(op))
    return std::sqrt(a[0]);
  if (isa<math::RsqrtOp>(op))
    return 1 / std::sqrt(a[0]);
  if (isa<math::SinOp>(op))
    return std::sin(a[0]);
  if (isa<math::CosOp>(op))
    return std::cos(a[0]);
  if (isa<math::TanhOp>(op))
    return std::tanh(a[0]);
  if (isa<math::ErfOp>(op))
    return std::erf(a[0]);
  if (isa<math::FloorOp>(op))
    return std::floor(a[0]);
  if (isa<math::PowFOp>(op))
    return std::pow(a[0], a[1]);
  if (isa<KvHeadOp>(op))
    return double(floorDivide(int64_t(a[0]), headsPerGroup));
  auto results = [&](AffineMap map) {
    std::vector<double> values;
    for (AffineExpr e : map.getResults())
      values.push_back(affineValue(e, a, map.getNumDims()));
    return values;
  };
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op))
    return results(apply.getMap())[0];
  if (auto min = dyn_cast<affine::AffineMinOp>(op)) {
    auto r = results(min.getMap());
    return *std::min_element(r.begin(), r.end());
  }
  if (auto max = dyn_cast<affine::AffineMaxOp>(op)) {
    auto r = results(max.getMap());
    return *std::max_element(r.begin(), r.end());
  }
  known = false;
  return NAN;
}
