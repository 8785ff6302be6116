// The clauses of a mask and what can be proved about each.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/MaskFindings.h"
#include "passes/MaskSets.h"
#include "llvm/ADT/SetVector.h"

using namespace attn;
using namespace attn::mask;
using namespace mlir;

static bool isJoint(Operation *op) {
  return op && op->getNumResults() == 1 &&
         op->getResult(0).getType().isInteger(1) &&
         isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::SelectOp>(op);
}

/// The conditions that `and`, `or`, `not` and `if` join, in the order of use.
static void collect(Value v, llvm::SetVector<Value> &clauses) {
  Operation *op = v.getDefiningOp();
  if (!isJoint(op)) {
    if (!op || !isa<arith::ConstantOp>(op))
      clauses.insert(v);
    return;
  }
  for (Value operand : op->getOperands())
    collect(operand, clauses);
}

static bool sameMask(Model &model, const Formula &a, const Formula &b) {
  Sets sets(model);
  return sets.never(Formula::both(a, negate(b))) &&
         sets.never(Formula::both(b, negate(a)));
}

std::vector<std::pair<Value, bool>>
attn::foldableClauses(const MaskQuestion &question) {
  llvm::SetVector<Value> clauses;
  collect(question.condition, clauses);
  Model model(question);
  Formula whole = model.condition(question.condition);
  std::vector<std::pair<Value, bool>> folds;
  // From the last one on: of two equal clauses the first one stays.
  for (Value clause : llvm::reverse(clauses))
    for (bool value : {false, true}) {
      model.assumed[clause] = value;
      if (sameMask(model, whole, model.condition(question.condition))) {
        folds.push_back({clause, value});
        break;
      }
      model.assumed.erase(clause);
    }
  return folds;
}

/// What must hold for `clause` to matter: its neighbours under `and`. Under a
/// negation or a choice nothing is known.
static Formula context(Model &model, Value from, Value clause, bool &found) {
  if (from == clause) {
    found = true;
    return Formula::constant(true);
  }
  Operation *op = from.getDefiningOp();
  if (!isJoint(op))
    return Formula::constant(true);
  for (Value operand : op->getOperands()) {
    Formula inner = context(model, operand, clause, found);
    if (!found)
      continue;
    if (isa<arith::AndIOp>(op))
      for (Value other : op->getOperands())
        if (other != operand)
          inner = Formula::both(inner, model.condition(other));
    return inner;
  }
  return Formula::constant(true);
}

namespace attn::mask {
void findClauses(const MaskQuestion &question,
                 std::vector<MaskFinding> &findings) {
  llvm::SetVector<Value> clauses;
  collect(question.condition, clauses);
  std::map<void *, bool> foldable;
  for (auto [clause, value] : foldableClauses(question))
    foldable[clause.getAsOpaquePointer()] = value;
  for (Value clause : clauses) {
    if (!foldable.count(clause.getAsOpaquePointer()))
      continue;
    Model model(question);
    bool found = false;
    Formula where = context(model, question.condition, clause, found);
    Formula holds = model.condition(clause);
    Sets sets(model);
    MaskFinding::Kind kind = sets.never(Formula::both(where, holds))
                                 ? MaskFinding::Never
                             : sets.never(Formula::both(where, negate(holds)))
                                 ? MaskFinding::Always
                                 : MaskFinding::NoEffect;
    findings.push_back({kind, clause.getLoc(), "", clause});
  }
}
} // namespace attn::mask
