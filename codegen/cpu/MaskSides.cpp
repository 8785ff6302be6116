#include "codegen/cpu/MaskSides.h"

using namespace mlir;
using namespace plan;
using namespace attn::cpu;

MaskSides::MaskSides(KernelOp kernel, SweepOp sweep, MaskOp mask) : mask(mask), kernel(kernel), sweep(sweep) {
  Block &body = mask.getBody().front();
  for (auto [argument, tile] : llvm::zip(body.getArguments(), mask.getTiles()))
    sides[argument] = sideOf(tile);
  for (Operation &op : body.without_terminator()) {
    unsigned all = Uniform;
    for (Value operand : op.getOperands())
      all |= of(operand);
    for (Value result : op.getResults())
      sides[result] = Side(all);
  }
  // Only what the verdict needs is computed, in the order of the region.
  llvm::DenseSet<Value> needed{verdict()};
  for (Operation &op : llvm::reverse(body.without_terminator()))
    if (op.getNumResults() == 1 && of(op.getResult(0)) == Both && needed.contains(op.getResult(0))) {
      needed.insert(op.operand_begin(), op.operand_end());
      open.insert(open.begin(), &op);
    }
}

Value MaskSides::verdict() { return cast<plan::YieldOp>(mask.getBody().front().back()).getValues()[0]; }

MaskSides::Side MaskSides::of(Value v) {
  auto [at, isNew] = sides.try_emplace(v, Uniform);
  return isNew ? at->second = sideOf(v) : at->second;
}

MaskSides::Side MaskSides::sideOf(Value v) {
  llvm::SetVector<Value> slice;
  slice.insert(v);
  unsigned side = Uniform;
  for (size_t n = 0; n < slice.size() && side != Both; ++n) {
    Value x = slice[n];
    if (auto argument = dyn_cast<BlockArgument>(x)) {
      if (argument.getOwner() == &sweep.getBody().front())
        side |= argument.getArgNumber() == 0 ? Keys : Both;
      else if (argument.getOwner() == &kernel.getBody().front() && argument.getArgNumber() + 1 == kernel.getGrid().size())
        side |= Rows;
      continue;
    }
    Operation *op = x.getDefiningOp();
    if (!kernel->isProperAncestor(op))
      continue;
    if (isa<RowsOp, SweepOp>(op)) {
      side |= Rows;
      continue;
    }
    op->walk([&](Operation *inner) { slice.insert(inner->operand_begin(), inner->operand_end()); });
  }
  return Side(side);
}

SmallVector<Value> MaskSides::ranged() {
  llvm::SetVector<Value> values;
  auto add = [&](Value v) {
    if (of(v) == Rows || of(v) == Keys)
      values.insert(v);
  };
  for (Operation *op : open)
    for (Value operand : op->getOperands())
      add(operand);
  add(verdict());
  return values.takeVector();
}

// A value along one side is computed element by element there.
Bounds MaskSides::bounds(Tiles &t, llvm::function_ref<Bounds(Value)> rangeOf) {
  llvm::DenseMap<Value, Bounds> known;
  auto boundsOf = [&](Value v) -> Bounds {
    auto [at, isNew] = known.try_emplace(v);
    if (!isNew || of(v) == Both)
      return at->second;
    if (of(v) != Uniform)
      return known[v] = rangeOf(v);
    Value x = t.element(mask.getTiles(), mask.getBody(), v, Position());
    return known[v] = {x, x};
  };
  for (Operation *op : open)
    known[op->getResult(0)] = emitBounds(t.e, op, llvm::map_to_vector(op->getOperands(), boundsOf));
  return boundsOf(verdict());
}
