// Weights as expressions: what the analysis of a weights region works on.
//
// Expressions are shared (equal ones are one object) and live as long as their
// pool. An expression is an *element* if it depends on the key, else a *row*
// value; its *depth* is how many row sums lie below it on one path.
#pragma once
#include "dialect/AttnOps.h"
#include <deque>
#include <map>

namespace attn::weights {

enum class Kind {
  Number, ///< a constant
  Value,  ///< an SSA value from outside the region, or a score
  Count,  ///< attn.count
  Add,
  Sub,
  Mul,
  Div, ///< total: x / 0 is 0
  Max,
  Min,
  Abs,
  Exp,
  Log,
  Log1p,
  Tanh,
  Erf,
  Pow,
  Select,
  And,
  Or,
  Not,
  Sum,   ///< over the keys that the row sees
  Other, ///< `op` applied to the kids (operands, then captured values)
  // Only in what WeightPlan gives back:
  SumOf, ///< the value of WeightPlan::sums[index]
  Base,  ///< the base of WeightPlan::references[index]
};

/// What is known of a value whatever the scores are.
struct Facts {
  double lo, hi;
  double degree = 0;        ///< of growth in the scores
  bool exponential = false; ///< grows like exp of something unbounded
};

struct Expr {
  Kind kind = Kind::Number;
  llvm::SmallVector<const Expr *, 3> kids;
  double number = 0;
  mlir::Value value;
  mlir::Operation *op = nullptr;
  unsigned index = 0;
  bool element = false;
  unsigned depth = 0;
  unsigned id = 0;
  mutable std::optional<Facts> known; ///< see facts()
  /// What it was first read from; null for what rewriting made.
  mutable mlir::Operation *origin = nullptr;

  bool is(double n) const { return kind == Kind::Number && number == n; }
  const Expr *kid(unsigned k) const { return kids[k]; }
  /// The type of the value, a scalar.
  mlir::Type type(mlir::MLIRContext *context) const;
};

/// A factor that is the same for the whole row times an element expression.
struct Product {
  const Expr *coefficient, *element;
};

class Pool {
public:
  explicit Pool(mlir::MLIRContext *context) : context(context) {}
  mlir::MLIRContext *const context;

  const Expr *number(double value);
  const Expr *leaf(mlir::Value value, bool element);
  const Expr *indexed(Kind kind, unsigned index);
  /// Applies the simplifications that hold for real numbers.
  const Expr *make(Kind kind, llvm::ArrayRef<const Expr *> kids);
  const Expr *other(mlir::Operation *op, llvm::ArrayRef<const Expr *> kids);
  const Expr *negate(const Expr *e) { return make(Kind::Mul, {number(-1), e}); }

private:
  const Expr *intern(Expr e);
  using Key = std::tuple<int, std::vector<unsigned>, double, const void *,
                         const void *, const void *, unsigned>;
  std::map<Key, const Expr *> known;
  std::deque<Expr> storage;
};

/// The expression that a weights region yields.
const Expr *read(Pool &pool, AttendOp attend);

/// `rowsum(c * x + d * y)` becomes `c * rowsum x + d * rowsum y` for row values
/// c, d where that frees what is summed of an earlier row sum.
const Expr *pullSums(Pool &pool, const Expr *e);

/// `e` as a sum of products, split no further than what frees the elements of
/// row sums.
llvm::SmallVector<Product> split(Pool &pool, const Expr *e);

const Facts &facts(const Expr *e);

/// As in a formula: `exp(s) / sum(exp(s))`.
void print(llvm::raw_ostream &os, const Expr *e);
std::string text(const Expr *e);

} // namespace attn::weights
