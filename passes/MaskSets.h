// Formulas as unions of convex integer sets.
#pragma once
#include "mlir/Analysis/Presburger/PresburgerRelation.h"
#include "passes/MaskModel.h"

namespace attn::mask {

/// The integer space of a model. The model must not grow afterwards.
class Sets {
public:
  explicit Sets(const Model &model);

  /// 0 <= row < N, 0 <= column < M, the facts about symbols and, with `tile`,
  /// r0 <= row <= r1 and the bounds of row functions.
  mlir::presburger::PresburgerSet domain(bool tile);

  /// The points of `within` where `f` can hold. Beyond the budget a clause is
  /// dropped, which only makes the set larger; `complete` is cleared then.
  mlir::presburger::PresburgerSet
  build(const Formula &f, const mlir::presburger::PresburgerSet &within);
  bool complete = true;
  /// How many convex pieces comparisons were added to: the cost so far.
  unsigned work = 0;

  /// Whether `f` holds nowhere in the domain. A yes is a proof; so is a no if
  /// the formula has no unknown parts.
  bool never(const Formula &f);

  /// Dimensions first (the column last among them), then symbols in the order
  /// of the model's table.
  llvm::ArrayRef<unsigned> columns() const { return order; }
  unsigned dimensions() const { return dims; }
  unsigned position(unsigned variable) const { return positions[variable]; }

private:
  mlir::presburger::PresburgerSet constraint(const Linear &linear,
                                             bool equality);

  const Model &model;
  llvm::SmallVector<unsigned> order, positions;
  unsigned dims = 0;
};

} // namespace attn::mask
