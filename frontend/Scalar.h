// Arithmetic on host scalars: defaults of parameters, constants, folding.
// Total, like the language: see "Total semantics" in docs/language.md.
#pragma once
#include "frontend/Core.h"

namespace attn {

/// One value. `integer` holds ints and truth values (0 or 1), `real` reals.
struct Scalar {
  core::Base base = core::Base::Int;
  int64_t integer = 0;
  double real = 0;

  static Scalar ofInt(int64_t v) { return {core::Base::Int, v, 0}; }
  static Scalar ofReal(double v) { return {core::Base::Real, 0, v}; }
  static Scalar ofBool(bool v) { return {core::Base::Bool, v, 0}; }
  /// The value as a double, whatever its type.
  double number() const { return base == core::Base::Real ? real : static_cast<double>(integer); }
};

/// What the leaves of a host expression stand for.
struct ScalarInputs {
  std::vector<int64_t> extents; ///< by position in Program::axes
  std::vector<Scalar> params;   ///< by position in Program::params
};

/// The value of an expression over extents, parameters and constants; nullopt
/// if it holds anything else (reads, variables, vectors) or a leaf is missing
/// from `inputs`.
std::optional<Scalar> evaluateScalar(const core::Expr &expr, const ScalarInputs &inputs);

/// One operation on scalars already evaluated; nullopt if it is none on
/// scalars. `If`, `And` and `Or` take all their operands evaluated.
std::optional<Scalar> applyScalar(core::Op op, const std::vector<Scalar> &args);

// Integers have 64 bits and wrap [S5]; division floors, and by 0 gives 0 or
// the dividend [S3].
int64_t floorDivide(int64_t a, int64_t b);
int64_t floorModulo(int64_t a, int64_t b);
int64_t shiftLeft(int64_t a, int64_t b);
int64_t shiftRight(int64_t a, int64_t b);
int64_t intPower(int64_t a, int64_t b);
int64_t floorLog2(int64_t a);
/// The largest integer not above `x`; NaN gives 0, values beyond 64 bits the
/// nearest end.
int64_t floorToInt(double x);
/// a / b, with a / 0 = 0 [S3].
inline double divide(double a, double b) { return b == 0 ? 0 : a / b; }

} // namespace attn
