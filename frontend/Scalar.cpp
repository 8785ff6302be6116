#include "frontend/Scalar.h"
#include <cmath>
#include <limits>

namespace attn {

using core::Base;
using core::Op;

namespace {
// Signed overflow is undefined in C++; the language wraps [S5].
int64_t wrap(uint64_t v) { return static_cast<int64_t>(v); }
int64_t add(int64_t a, int64_t b) { return wrap(uint64_t(a) + uint64_t(b)); }
int64_t subtract(int64_t a, int64_t b) { return wrap(uint64_t(a) - uint64_t(b)); }
int64_t multiply(int64_t a, int64_t b) { return wrap(uint64_t(a) * uint64_t(b)); }
} // namespace

int64_t floorDivide(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  if (b == -1)
    return subtract(0, a);
  int64_t quotient = a / b;
  return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

int64_t floorModulo(int64_t a, int64_t b) {
  if (b == 0)
    return a;
  if (b == -1)
    return 0;
  int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

int64_t shiftLeft(int64_t a, int64_t b) { return b < 0 || b >= 64 ? 0 : wrap(uint64_t(a) << b); }
int64_t shiftRight(int64_t a, int64_t b) { return b < 0 || b >= 64 ? 0 : a >> b; }

int64_t intPower(int64_t a, int64_t b) {
  int64_t result = 1;
  for (; b > 0; b >>= 1, a = multiply(a, a))
    if (b & 1)
      result = multiply(result, a);
  return result;
}

int64_t floorLog2(int64_t a) {
  int64_t position = -1;
  for (; a > 0; a >>= 1)
    ++position;
  return position;
}

int64_t floorToInt(double x) {
  x = std::floor(x);
  if (std::isnan(x))
    return 0;
  if (x >= 9223372036854775808.0)
    return std::numeric_limits<int64_t>::max();
  if (x < -9223372036854775808.0)
    return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(x);
}

static std::optional<Scalar> applyInt(Op op, int64_t a, int64_t b) {
  auto value = [](int64_t v) { return Scalar::ofInt(v); };
  auto truth = [](bool v) { return Scalar::ofBool(v); };
  switch (op) {
  case Op::Add: return value(add(a, b));
  case Op::Sub: return value(subtract(a, b));
  case Op::Mul: return value(multiply(a, b));
  case Op::FloorDiv: return value(floorDivide(a, b));
  case Op::Mod: return value(floorModulo(a, b));
  case Op::Min: return value(b < a ? b : a);
  case Op::Max: return value(a < b ? b : a);
  case Op::IntPow: return value(intPower(a, b));
  case Op::Shl: return value(shiftLeft(a, b));
  case Op::Shr: return value(shiftRight(a, b));
  case Op::BitAnd: return value(a & b);
  case Op::BitOr: return value(a | b);
  case Op::BitXor: return value(a ^ b);
  case Op::Eq: return truth(a == b);
  case Op::Ne: return truth(a != b);
  case Op::Lt: return truth(a < b);
  case Op::Le: return truth(a <= b);
  default: return std::nullopt;
  }
}

static std::optional<Scalar> applyReal(Op op, double a, double b) {
  auto value = [](double v) { return Scalar::ofReal(v); };
  auto truth = [](bool v) { return Scalar::ofBool(v); };
  switch (op) {
  case Op::Add: return value(a + b);
  case Op::Sub: return value(a - b);
  case Op::Mul: return value(a * b);
  case Op::Div: return value(divide(a, b));
  case Op::Min: return value(std::isnan(a) || a < b ? a : b);
  case Op::Max: return value(std::isnan(a) || a > b ? a : b);
  case Op::Pow: return value(std::pow(a, b));
  case Op::Eq: return truth(a == b);
  case Op::Ne: return truth(!std::isnan(a) && !std::isnan(b) && a != b); // [S4]
  case Op::Lt: return truth(a < b);
  case Op::Le: return truth(a <= b);
  default: return std::nullopt;
  }
}

static std::optional<Scalar> applyUnary(Op op, const Scalar &x) {
  auto value = [](double v) { return Scalar::ofReal(v); };
  switch (op) {
  case Op::Not: return Scalar::ofBool(!x.integer);
  case Op::ToReal: return value(x.number());
  case Op::ILog2: return Scalar::ofInt(floorLog2(x.integer));
  case Op::Neg:
    return x.base == Base::Real ? value(-x.real) : Scalar::ofInt(subtract(0, x.integer));
  case Op::Abs:
    if (x.base == Base::Real)
      return value(std::fabs(x.real));
    return Scalar::ofInt(x.integer < 0 ? subtract(0, x.integer) : x.integer);
  case Op::Floor: return Scalar::ofInt(floorToInt(x.real));
  case Op::Exp: return value(std::exp(x.real));
  case Op::Log: return value(std::log(x.real));
  case Op::Log1p: return value(std::log1p(x.real));
  case Op::Sqrt: return value(std::sqrt(x.real));
  case Op::Sin: return value(std::sin(x.real));
  case Op::Cos: return value(std::cos(x.real));
  case Op::Tanh: return value(std::tanh(x.real));
  case Op::Erf: return value(std::erf(x.real));
  default: return std::nullopt;
  }
}

std::optional<Scalar> applyScalar(Op op, const std::vector<Scalar> &args) {
  if (op == Op::If && args.size() == 3)
    return args[0].integer ? args[1] : args[2];
  if (args.size() == 1)
    return applyUnary(op, args[0]);
  if (args.size() != 2)
    return std::nullopt;
  if (op == Op::And)
    return Scalar::ofBool(args[0].integer && args[1].integer);
  if (op == Op::Or)
    return Scalar::ofBool(args[0].integer || args[1].integer);
  if (args[0].base == Base::Real)
    return applyReal(op, args[0].real, args[1].real);
  return applyInt(op, args[0].integer, args[1].integer);
}

std::optional<Scalar> evaluateScalar(const core::Expr &expr, const ScalarInputs &inputs) {
  if (!expr.type.isScalar())
    return std::nullopt;
  switch (expr.op) {
  case Op::Int: return Scalar::ofInt(expr.integer);
  case Op::Real: return Scalar::ofReal(expr.real);
  case Op::Bool: return Scalar::ofBool(expr.integer != 0);
  case Op::Extent:
    if (expr.id < 0 || size_t(expr.id) >= inputs.extents.size())
      return std::nullopt;
    return Scalar::ofInt(inputs.extents[expr.id]);
  case Op::Param:
    if (expr.id < 0 || size_t(expr.id) >= inputs.params.size())
      return std::nullopt;
    return inputs.params[expr.id];
  default: break;
  }
  if (expr.args.empty())
    return std::nullopt;
  std::vector<Scalar> args;
  for (const core::ExprPtr &arg : expr.args) {
    std::optional<Scalar> value = evaluateScalar(*arg, inputs);
    if (!value)
      return std::nullopt;
    args.push_back(*value);
  }
  return applyScalar(expr.op, args);
}

} // namespace attn
