// Ranges and growth of weight expressions, by interval arithmetic.
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/WeightExpr.h"
#include <cmath>

using namespace attn;
using namespace attn::weights;

static const double inf = INFINITY;

// What stays within two numbers does not grow.
static Facts settled(Facts f) {
  if (std::isnan(f.lo))
    f.lo = -inf;
  if (std::isnan(f.hi))
    f.hi = inf;
  if (std::isfinite(f.lo) && std::isfinite(f.hi)) {
    f.degree = 0;
    f.exponential = false;
  }
  return f;
}

static Facts product(Facts a, Facts b) {
  auto times = [](double p, double q) {
    return p == 0 || q == 0 ? 0.0 : p * q;
  };
  double v[] = {times(a.lo, b.lo), times(a.lo, b.hi), times(a.hi, b.lo),
                times(a.hi, b.hi)};
  return settled({*std::min_element(v, v + 4), *std::max_element(v, v + 4),
                  a.degree + b.degree, a.exponential || b.exponential});
}

static Facts compute(const Expr *e) {
  auto kid = [&](unsigned k) { return facts(e->kid(k)); };
  auto join = [&](Facts a, Facts b, double lo, double hi) {
    return settled(
        {lo, hi, std::max(a.degree, b.degree), a.exponential || b.exponential});
  };
  const Facts unknown = {-inf, inf, e->element ? 1.0 : 0.0, false};
  switch (e->kind) {
  case Kind::Number:
    return {e->number, e->number};
  case Kind::Count:
    return {0, inf};
  case Kind::Sum: {
    Facts a = kid(0);
    return {a.lo >= 0 ? 0 : -inf, a.hi <= 0 ? 0 : inf};
  }
  case Kind::Exp: {
    Facts a = kid(0);
    bool grows = e->kid(0)->element && a.hi == inf;
    return settled({a.lo == -inf ? 0 : std::exp(a.lo),
                    a.hi == inf ? inf : std::exp(a.hi), 0, grows});
  }
  case Kind::Log1p: {
    Facts a = kid(0);
    return settled({std::log1p(std::max(a.lo, 0.0)),
                    std::log1p(std::max(a.hi, 0.0)),
                    a.exponential ? 1.0 : 0.5});
  }
  case Kind::Log: {
    Facts a = kid(0);
    return settled({a.lo > 0 ? std::log(a.lo) : -inf,
                    a.hi > 0 ? std::log(a.hi) : -inf, e->element ? 1.0 : 0.0});
  }
  case Kind::Abs: {
    Facts a = kid(0);
    return settled(
        {0, std::max(std::abs(a.lo), std::abs(a.hi)), a.degree, a.exponential});
  }
  case Kind::Tanh:
  case Kind::Erf:
    return {-1, 1};
  case Kind::Pow: {
    Facts a = kid(0), b = kid(1);
    double p = b.lo == b.hi ? b.lo : inf;
    bool even = p == 2 || p == 4;
    if (a.lo < 0)
      return settled({even ? 0 : -inf,
                      even ? std::pow(std::max(-a.lo, a.hi), p) : inf,
                      a.degree * p, a.exponential});
    if (p < 0 || p == inf)
      return {0, inf, a.degree ? p : 0, a.exponential};
    return settled({std::pow(a.lo, p), a.hi == inf ? inf : std::pow(a.hi, p),
                    a.degree * p, a.exponential});
  }
  case Kind::Select: {
    Facts a = kid(1), b = kid(2);
    return join(a, b, std::min(a.lo, b.lo), std::max(a.hi, b.hi));
  }
  case Kind::Max: {
    Facts a = kid(0), b = kid(1);
    return join(a, b, std::max(a.lo, b.lo), std::max(a.hi, b.hi));
  }
  case Kind::Min: {
    Facts a = kid(0), b = kid(1);
    return join(a, b, std::min(a.lo, b.lo), std::min(a.hi, b.hi));
  }
  case Kind::Add: {
    Facts a = kid(0), b = kid(1);
    return join(a, b, a.lo + b.lo, a.hi + b.hi);
  }
  case Kind::Sub: {
    Facts a = kid(0), b = kid(1);
    return join(a, b, a.lo - b.hi, a.hi - b.lo);
  }
  case Kind::Mul: {
    Facts f = product(kid(0), kid(1));
    if (e->kid(0) == e->kid(1))
      f.lo = std::max(f.lo, 0.0);
    return f;
  }
  case Kind::Div: {
    // Division by zero gives zero, so only the sign of an inverse near zero
    // matters.
    Facts b = kid(1);
    if (b.lo > 0)
      return product(kid(0), {b.hi == inf ? 0 : 1 / b.hi, 1 / b.lo});
    return product(kid(0), {b.lo >= 0 ? 0 : -inf, b.hi <= 0 ? 0 : inf});
  }
  case Kind::Other:
    if (llvm::isa<mlir::arith::IndexCastOp, mlir::arith::SIToFPOp,
                  mlir::arith::ExtFOp>(e->op))
      return kid(0);
    if (llvm::isa<mlir::math::SqrtOp>(e->op))
      return {0, inf, kid(0).degree / 2, kid(0).exponential};
    if (llvm::isa<mlir::math::SinOp, mlir::math::CosOp>(e->op))
      return {-1, 1};
    return unknown;
  default:
    return unknown;
  }
}

const Facts &weights::facts(const Expr *e) {
  if (!e->known)
    e->known = compute(e);
  return *e->known;
}
