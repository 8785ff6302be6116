// What the values in a mask's region depend on, and the mask's bounds on a tile
// from those of its two sides.
#pragma once
#include "codegen/cpu/Bounds.h"
#include "codegen/cpu/Tiles.h"

namespace attn::cpu {

class MaskSides {
public:
  enum Side : unsigned { Uniform = 0, Rows = 1, Keys = 2, Both = 3 };

  /// `mask` stands in `sweep`, and `sweep` in `kernel`.
  MaskSides(plan::KernelOp kernel, plan::SweepOp sweep, plan::MaskOp mask);

  /// Along which sides of a tile a value in the region varies; `Both` includes
  /// all that the sweep carries.
  Side of(mlir::Value v);
  /// The values of one side that the verdict reads, each once: what ranges are
  /// needed of.
  llvm::SmallVector<mlir::Value> ranged();

  /// What the mask can be on a tile where every value of `ranged` lies within
  /// what `rangeOf` says. Emitted where the builder of `t` stands.
  Bounds bounds(Tiles &t, llvm::function_ref<Bounds(mlir::Value)> rangeOf);

  /// Code for more of them is not worth its while: the rest of a long mask is
  /// taken as unknown.
  static constexpr size_t mostRanges = 16;
  plan::MaskOp mask;

private:
  Side sideOf(mlir::Value v);
  mlir::Value verdict();

  plan::KernelOp kernel;
  plan::SweepOp sweep;
  llvm::DenseMap<mlir::Value, Side> sides;
  llvm::SmallVector<mlir::Operation *> open; ///< needed and along both sides, in order
};

} // namespace attn::cpu
