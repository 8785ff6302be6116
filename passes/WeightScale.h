// Brings weight expressions to the scale of running references.
#pragma once
#include "passes/WeightPlan.h"
#include "llvm/ADT/DenseSet.h"

namespace attn::weights {

/// A value as `mantissa * exp(power * base of the reference)`.
struct Scaled {
  const Expr *mantissa;
  int reference = -1;
  int power = 0;
};

/// Rewrites expressions pass by pass. Exponentials whose scales meet share a
/// reference.
class Scaler {
public:
  Scaler(Pool &pool, const llvm::DenseSet<const Expr *> &plain)
      : pool(pool), plain(plain) {}

  /// What pass `pass` accumulates; its own unbounded exponentials get a
  /// reference.
  Scaled element(const Expr *e, unsigned pass);
  /// A row value, after the last pass.
  Scaled row(const Expr *e) { return scale(e); }
  /// Gives the value of a row sum; operands come first.
  void define(const Expr *sum, Scaled value) { sums[sum] = value; }
  Scaled product(Scaled a, Scaled b) { return scaledProduct(Kind::Mul, a, b); }
  /// The value itself; out of scale, it may overflow.
  const Expr *unscaled(Scaled x);

  /// Two references have met: they are one from now on, start over.
  bool merged() const { return met; }
  void restart();

  std::vector<WeightPlan::Reference> references;
  /// The exponentials behind a reference.
  llvm::SmallVector<const Expr *> exponentials(int reference) const;

private:
  Scaled scale(const Expr *e);
  Scaled fresh(const Expr *e);
  Scaled exponential(const Expr *e);
  Scaled combine(Kind kind, const Expr *condition, Scaled a, Scaled b,
                 const Expr *sourceA, const Expr *sourceB);
  const Expr *align(const Expr *source, Scaled x, int reference);
  Scaled scaledProduct(Kind kind, Scaled a, Scaled b);
  bool meet(int a, int b);
  const Expr *base(int reference) {
    return pool.indexed(Kind::Base, unsigned(reference));
  }

  Pool &pool;
  const llvm::DenseSet<const Expr *> &plain;
  llvm::DenseMap<const Expr *, Scaled> memo, sums;
  /// Exponential (as written) -> class; classes that met share a leader. Kept
  /// over restarts.
  llvm::DenseMap<const Expr *, const Expr *> leader;
  llvm::DenseMap<const Expr *, int> given;
  unsigned pass = 1;
  bool open = false; ///< whether new references may be made
  bool met = false;

  const Expr *lead(const Expr *e) const;
};

} // namespace attn::weights
