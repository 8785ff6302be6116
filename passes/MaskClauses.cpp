// The clauses of a mask and what can be proved about each.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/MaskFindings.h"
#include "passes/MaskSets.h"
#include "llvm/ADT/SetVector.h"

using namespace attn;
using namespace attn::mask;
using namespace mlir;

/// Beyond this many clauses, or steps of a proof, none is examined.
static constexpr size_t maxClauses = 16;
static constexpr unsigned maxEffort = 300;

static Block *blockOf(const MaskQuestion &question) {
  Value row = question.row;
  return row.getParentBlock();
}

/// The operations that join conditions to the mask and serve nothing else.
static ClauseFolds jointsOf(const MaskQuestion &question) {
  ClauseFolds result;
  Block *block = blockOf(question);
  for (Operation &op : llvm::reverse(*block)) {
    bool joins =
        isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::SelectOp>(op) &&
        op.getResult(0).getType().isInteger(1) && !op.use_empty();
    for (Operation *user : op.getUsers())
      joins &= result.joints.contains(user) || user == block->getTerminator();
    if (joins)
      result.joints.insert(&op);
  }
  return result;
}

/// The conditions that these operations join, in the order of the region.
static llvm::SetVector<Value> clausesOf(const MaskQuestion &question,
                                        const ClauseFolds &tree) {
  llvm::SetVector<Value> clauses;
  auto add = [&](Value v) {
    Operation *op = v.getDefiningOp();
    if (!op || !(isa<arith::ConstantOp>(op) || tree.joints.contains(op)))
      clauses.insert(v);
  };
  for (Operation &op : *blockOf(question))
    if (tree.joints.contains(&op))
      llvm::for_each(op.getOperands(), add);
  add(question.condition);
  return clauses;
}

static Formula wholeMask(Model &model, const MaskQuestion &question) {
  auto it = model.assumed.find(question.condition);
  return it != model.assumed.end() ? Formula::constant(it->second)
                                   : model.condition(question.condition);
}

static bool sameMask(Model &model, const Formula &a, const Formula &b) {
  Sets sets(model);
  return sets.never(Formula::both(a, negate(b))) &&
         sets.never(Formula::both(b, negate(a)));
}

ClauseFolds attn::foldableClauses(const MaskQuestion &question) {
  ClauseFolds tree = jointsOf(question);
  llvm::SetVector<Value> clauses = clausesOf(question, tree);
  if (clauses.size() > maxClauses)
    return tree;
  Model model(question);
  model.joints = tree.joints;
  Formula whole = wholeMask(model, question);
  Sets effort(model);
  effort.build(whole, effort.domain(/*tile=*/false));
  effort.build(negate(whole), effort.domain(/*tile=*/false));
  if (model.tooLong || !effort.complete || effort.work > maxEffort)
    return tree;
  // From the last one on: of two equal clauses the first one stays.
  for (Value clause : llvm::reverse(clauses))
    for (bool value : {false, true}) {
      model.assumed[clause] = value;
      Formula folded = wholeMask(model, question);
      if (!model.tooLong && sameMask(model, whole, folded)) {
        tree.folds.push_back({clause, value});
        break;
      }
      model.assumed.erase(clause);
    }
  return tree;
}

/// What must hold for `clause` to matter: its neighbours under `and`. Under a
/// negation or a choice nothing is known.
static Formula context(Model &model, Value clause, const ClauseFolds &tree) {
  Formula result = Formula::constant(true);
  for (Value v = clause; v.hasOneUse();) {
    Operation *user = *v.user_begin();
    if (!tree.joints.contains(user))
      break;
    if (isa<arith::AndIOp>(user))
      for (Value other : user->getOperands())
        if (other != v)
          result = Formula::both(result, model.condition(other));
    v = user->getResult(0);
  }
  return result;
}

namespace attn::mask {
void findClauses(const MaskQuestion &question,
                 std::vector<MaskFinding> &findings) {
  ClauseFolds tree = foldableClauses(question);
  for (Value clause : clausesOf(question, tree)) {
    if (llvm::none_of(tree.folds,
                      [&](auto fold) { return fold.first == clause; }))
      continue;
    Model model(question);
    Formula where = context(model, clause, tree),
            holds = model.condition(clause);
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
