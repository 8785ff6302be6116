#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/MaskFindings.h"
#include "passes/Passes.h"

using namespace attn;
using namespace mlir;

namespace attn {
#define GEN_PASS_DEF_FOLDMASKSPASS
#include "passes/Passes.h.inc"
} // namespace attn

namespace {
struct FoldMasks : attn::impl::FoldMasksPassBase<FoldMasks> {
  void runOnOperation() override;
};
} // namespace

/// `x and true`, `x or false`, `x xor false` are x; `x and false`, `x or true`
/// are the constant.
static Value withoutConstants(Operation *op, DenseMap<Value, bool> &known) {
  if (!isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(op) ||
      !op->getResult(0).getType().isInteger(1))
    return {};
  for (unsigned k : {0, 1}) {
    auto it = known.find(op->getOperand(k));
    if (it == known.end())
      continue;
    Value other = op->getOperand(1 - k);
    if (isa<arith::XOrIOp>(op))
      return it->second ? Value() : other;
    bool neutral = isa<arith::AndIOp>(op);
    return it->second == neutral ? other : op->getOperand(k);
  }
  return {};
}

static void fold(AttendOp attend) {
  ClauseFolds found = foldableClauses(MaskQuestion::of(attend));
  if (found.folds.empty())
    return;
  Block &mask = attend.getMask().front();
  OpBuilder b = OpBuilder::atBlockBegin(&mask);
  DenseMap<Value, bool> known;
  for (auto [clause, value] : found.folds) {
    Value constant = arith::ConstantIntOp::create(b, clause.getLoc(), value, 1);
    known[constant] = value;
    Value(clause).replaceUsesWithIf(constant, [&](OpOperand &use) {
      return found.joints.contains(use.getOwner()) ||
             use.getOwner() == mask.getTerminator();
    });
  }
  for (Operation &op : llvm::make_early_inc_range(mask))
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      if (constant.getType().isInteger(1))
        known[constant] =
            !cast<IntegerAttr>(constant.getValue()).getValue().isZero();
  for (Operation &op : llvm::make_early_inc_range(mask))
    if (Value simpler = withoutConstants(&op, known))
      op.getResult(0).replaceAllUsesWith(simpler);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(mask)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

void FoldMasks::runOnOperation() { getOperation().walk(fold); }
