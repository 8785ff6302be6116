#include "passes/WeightFindings.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/WeightPlan.h"

using namespace mlir;
using namespace attn;
using namespace attn::weights;

namespace {

/// Which values differ between the rows of an attend.
class Rows {
public:
  explicit Rows(AttendOp attend)
      : row(attend.getWeights().getArgument(attend.getBounds().size() - 1)) {}

  bool reach(Value value) const {
    if (value == row)
      return true;
    Operation *op = value.getDefiningOp();
    return op && op->getBlock() == row.getOwner() &&
           llvm::any_of(op->getOperands(),
                        [&](Value operand) { return reach(operand); });
  }
  bool reach(const Expr *e) const {
    return e->depth || e->kind == Kind::Count || (e->value && reach(e->value)) ||
           llvm::any_of(e->kids, [&](const Expr *kid) { return reach(kid); });
  }
  /// Whether a value of the row is added or subtracted somewhere in a product
  /// or sum that makes `e`.
  bool shift(const Expr *e) const {
    if (e->kind == Kind::Add || e->kind == Kind::Sub)
      for (unsigned k : {0, 1})
        if (e->kid(1 - k)->element && !e->kid(k)->element && reach(e->kid(k)))
          return true;
    switch (e->kind) {
    case Kind::Add:
    case Kind::Sub:
    case Kind::Mul:
    case Kind::Div:
      return shift(e->kid(0)) || shift(e->kid(1));
    default:
      return false;
    }
  }

private:
  BlockArgument row;
};

} // namespace

std::vector<WeightFinding> attn::findInWeights(AttendOp attend) {
  WeightPlan plan(attend);
  Rows rows(attend);
  std::vector<WeightFinding> findings;
  for (const Expr *e : plan.unscaled) {
    // Powers in logarithms grow like polynomials.
    if ((e->origin && isa<math::PowFOp>(e->origin)) || rows.shift(e->kid(0)))
      continue;
    Operation *op =
        e->origin ? e->origin : attend.getWeights().front().getTerminator();
    findings.push_back({op->getLoc(), plan.logDenominator != nullptr});
  }
  return findings;
}
