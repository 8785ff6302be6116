// Systems of linear constraints over named integers, and the elimination of
// variables from them: Gauss where a coefficient is one, Fourier-Motzkin
// otherwise. Whether an elimination gained integer points is decided by Pugh's
// test, "real shadow = dark shadow" (W. Pugh, The Omega test, 1991).
#pragma once
#include "mlir/Analysis/Presburger/IntegerRelation.h"
#include <vector>

namespace attn::mask {

/// sum(coefficients[k] * x_k) + coefficients.back(), which is == 0 or >= 0.
struct Constraint {
  bool equality = false;
  std::vector<int64_t> coefficients;

  int64_t &constant() { return coefficients.back(); }
  int64_t constant() const { return coefficients.back(); }
};

class System {
public:
  explicit System(unsigned variables) : count(variables) {}
  /// With the set's locals as its last variables.
  explicit System(const mlir::presburger::IntegerRelation &set);

  unsigned variables() const { return count; }
  std::vector<Constraint> constraints;
  /// Says that the constraints have got a coefficient more.
  void addVariable() { ++count; }

  /// Divides by common factors (rounding inequalities to the integers) and
  /// removes what is repeated or trivially true.
  void simplify();

  /// Projects out variable `v`; those behind it move up by one. Returns whether
  /// the result has the same integer points as the projection; if not, it has
  /// more, never fewer.
  bool eliminate(unsigned v);

  /// Removes the inequalities that `context` and the others imply. The
  /// context's variables are the first ones of this system.
  void dropImplied(const System &context);

  /// The same constraints over more variables, which are new and come last.
  System widened(unsigned variables) const;

  /// Whether it has no integer solution.
  bool isEmpty() const;
  /// Whether it has none that also makes `extra` >= 0.
  bool excludes(const std::vector<int64_t> &extra) const;

private:
  mlir::presburger::IntegerPolyhedron polyhedron() const;
  unsigned count;
};

} // namespace attn::mask
