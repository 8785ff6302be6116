// From a weights region to passes over the keys, the state of each, and how a
// row is finished (docs/weights.md).
//
// All expressions are ready to be evaluated as they stand: exponentials are
// taken relative to the *base* of a reference, a running maximum of their
// exponents, and everything that meets them is brought to the same scale. So
// the row sums and accumulators below stay in range, and the scale cancels.
#pragma once
#include "passes/WeightExpr.h"

namespace attn {

class WeightPlan {
public:
  /// A running maximum of exponents, in pass `pass`. Its base is its value, or
  /// 0 while that is -inf.
  struct Reference {
    unsigned pass;
    /// Of the elements; the reference is at least each of them.
    llvm::SmallVector<const weights::Expr *> exponents;
    /// Row values it starts at: exponents of sinks. With `constant` it starts
    /// at 0 or above, because a constant meets the exponentials.
    llvm::SmallVector<const weights::Expr *> start;
    bool constant = false;
  };
  /// What pass `pass` sums over the keys. With a reference the sum is in units
  /// of exp(base); it moves with the base if that is a reference of this pass.
  struct Sum {
    unsigned pass;
    const weights::Expr *element;
    int reference = -1;
  };
  /// out = sum of coefficient * (sum over the keys of element * value). The
  /// elements are those of the last pass.
  struct Term {
    const weights::Expr *coefficient, *element;
    int reference = -1;
  };

  explicit WeightPlan(AttendOp attend);

  unsigned passes = 1;
  llvm::SmallVector<Reference> references;
  llvm::SmallVector<Sum> sums;
  llvm::SmallVector<Term> terms;
  /// The logarithm of the denominator; null if the weights have none [D10].
  const weights::Expr *logDenominator = nullptr;
  /// Whether attn.count occurs, and whether elements of the first pass need it,
  /// which makes it a pass of its own before the others.
  bool counts = false, countsFirst = false;
  /// Exponentials that nothing divides: they are taken as they are and may
  /// overflow.
  llvm::SmallVector<const weights::Expr *> unscaled;
  /// Before any scaling, for printing.
  struct Source {
    const weights::Expr *expression;
    llvm::SmallVector<weights::Product> terms;
    llvm::SmallVector<const weights::Expr *> sums; ///< Kind::Sum, like `sums`
  } source;

  /// Passes, state, finish and merge rule as text.
  void print(llvm::raw_ostream &os, llvm::StringRef name) const;
  weights::Pool &pool() { return *expressions; }

private:
  std::shared_ptr<weights::Pool> expressions;
};

} // namespace attn
