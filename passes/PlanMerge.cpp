// What is left of the rows of each part of the keys becomes what a pass over all
// keys would have left.
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/PlanSweep.h"

using namespace mlir;
using namespace attn;
using plan::TileType;

SmallVector<SweepPlanner::Remnant> SweepPlanner::remnants(bool withOut,
                                                          bool withMax) {
  SmallVector<Remnant> all;
  int viaReference = greatestReference(1, withMax);
  for (size_t k = 0; k < weights.references.size(); ++k)
    all.push_back({"reference", Remnant::Greatest, &references[k]});
  for (auto [k, sum] : llvm::enumerate(weights.sums))
    all.push_back({"sum", Remnant::Sum, &sums[k], sum.reference});
  if (weights.counts || (guarded && withOut))
    all.push_back({"count", Remnant::Sum, &count});
  if (withMax && viaReference < 0)
    all.push_back({"max", Remnant::Greatest, &greatest});
  for (auto [k, term] : llvm::enumerate(weights.terms))
    if (withOut)
      all.push_back(
          {"o", Remnant::Accumulator, &accumulators[k], term.reference});
  for (Remnant &remnant : all) {
    bool integer = remnant.value == &count;
    remnant.type = integer ? Type(IndexType::get(tiles.context)) : real;
  }
  return all;
}

void SweepPlanner::merge(
    ArrayRef<Remnant> all, Value number, bool withMax,
    llvm::function_ref<Node *(const Remnant &, Node *)> read) {
  parts = number;
  // The greatest of each reference first: then sums need no rescaling.
  auto sweepOver = [&](bool ofGreatest, auto next) {
    SmallVector<Remnant> mine;
    for (const Remnant &remnant : all)
      if ((remnant.kind == Remnant::Greatest) == ofGreatest)
        mine.push_back(remnant);
    if (mine.empty())
      return;
    for (const Remnant &remnant : mine) {
      Node *none = ofGreatest            ? tiles.number(-INFINITY)
                   : remnant.type == real ? tiles.number(0)
                                          : tiles.integer(0);
      carry(remnant.name, none,
            remnant.kind == Remnant::Accumulator ? re : r, remnant.value);
    }
    sweep([&] {
      for (auto [k, remnant] : llvm::enumerate(mine))
        carried[k].next = next(remnant, state(k));
    });
  };
  sweepOver(true, [&](const Remnant &remnant, Node *state) {
    Node *part =
        tiles.select(sees, read(remnant, key), tiles.number(-INFINITY));
    return tiles.apply<arith::MaximumFOp>(real,
                                          {state, fold(Fold::Max, part)});
  });
  for (unsigned k = 0; k < weights.references.size(); ++k)
    baseOf(k);
  llvm::DenseMap<int, Node *> shares;
  sweepOver(false, [&](const Remnant &remnant, Node *state) {
    bool wide = remnant.kind == Remnant::Accumulator;
    Node *part = read(remnant, key);
    if (int k = remnant.reference; k >= 0) {
      Node *&share = shares[k];
      if (!share) {
        Node *exponent = tiles.apply<arith::SubFOp>(
            real, {read(all[k], key), baseOf(k)});
        share = tiles.leaf(
            tiles.tile(tiles.apply<math::ExpOp>(real, {exponent}), rc));
      }
      part = tiles.apply<arith::MulFOp>(real, {share, part});
    }
    bool whole = remnant.type.isIndex();
    Node *none = whole ? tiles.integer(0) : tiles.number(0);
    Dims dims = rc;
    if (wide && !kernel.columns)
      dims.push_back(component);
    Value tile = tiles.tile(tiles.select(sees, part, none), dims);
    OpBuilder builder = tiles.at(true);
    Node *sum = tiles.leaf(plan::FoldOp::create(
        builder, tiles.loc, tiles.type(wide ? re : r, remnant.type), Fold::Sum,
        tile));
    return whole ? tiles.apply<arith::AddIOp>(remnant.type, {state, sum})
                 : tiles.apply<arith::AddFOp>(real, {state, sum});
  });
  parts = {};
  if (int k = greatestReference(1, withMax); k >= 0)
    greatest = references[k];
  attend->walk([&](CountOp op) {
    if (count)
      elements.bind(op, count);
  });
}
