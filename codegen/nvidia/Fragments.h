// Tiles of a plan as fragments: what lies between products, and around sweeps.
#pragma once
#include "codegen/cpu/Tiles.h"
#include "codegen/nvidia/ElementRegion.h"
#include "codegen/nvidia/KernelShape.h"
#include "codegen/nvidia/Wg.h"

namespace attn::nvidia {

/// A uniform factor of scores: `x = factor * score` and nothing else but the
/// mask. While it is positive and finite, a maximum of x is the factor times
/// the maximum of the score, and exp(x - m) takes one multiplication. Null if
/// `map` is of another form.
mlir::Value scoreFactor(plan::MapOp map, const SweepShape &sweep);
/// All factors of a sweep that its full tiles make use of.
llvm::SmallVector<mlir::Value> scoreFactors(const SweepShape &sweep);

/// A carried sum of the rows to which a tile adds its share. Every lane may
/// keep its own share until the sweep is over.
struct DeferredSum {
  plan::FoldOp fold; ///< null: the state is of another form
};
DeferredSum deferredSum(const SweepShape &sweep, unsigned carried);

class Fragments {
public:
  /// `uniform` evaluates what is the same for a whole item; `shape` must not
  /// be refused.
  Fragments(cpu::Tiles &uniform, const KernelShape &shape);

  cpu::Emit &e;
  cpu::Tiles &uniform;

  /// Row r of the group is row `first` + r of the tensor; i32.
  void setRows(mlir::Value first);
  /// The group looks at keys `first`, ... of `sweep`; those from `limit` on do
  /// not exist. i32. With `full` masks are true.
  void setKeys(const SweepShape &sweep, mlir::Value first, mlir::Value limit, bool full);
  /// The keys of the tile at hand do not follow one another: `setKeys` has got
  /// positions, and these (columns, i32) are the keys.
  void setKeyNumbers(const SweepShape &sweep, mlir::Value keys);
  /// Folds whose results stay apart in the lanes.
  llvm::DenseSet<mlir::Operation *> deferred;

  void set(mlir::Value tile, mlir::Value frag);
  /// The fragment of a tile.
  mlir::Value get(mlir::Value tile);
  /// Computes the results of an operation of the kernel or of a sweep, stores
  /// included. Uniform values are skipped: they are computed where needed.
  void emit(mlir::Operation *op);
  /// What was computed in the body is forgotten after it.
  void scope(llvm::function_ref<void()> body);
  /// From here on strides and lengths are read from the parameters again. What
  /// depends on them is computed here then, not in front of all loops, where it
  /// would take registers all the time. `tile` is the number of a tile: then it
  /// is computed for every tile.
  void readAnew(mlir::Value tile = {}) { parameters = anew(tile); }
  /// Where to read them for that.
  mlir::Value anew(mlir::Value tile = {});
  bool failed = false;

  wg::FragType typeOf(plan::TileType tile, mlir::Type element);
  /// An integer that is the same for the item, in 32 bits if that is enough.
  mlir::Value narrow(mlir::Value uniformIndex);
  /// A map whose region is written by `body`; the result's elements are what
  /// it returns.
  using Body = llvm::function_ref<mlir::Value(mlir::ValueRange)>;
  mlir::Value map(wg::FragType type, mlir::ValueRange frags, Body body);

private:
  struct Known {
    mlir::Value frag;
    Bounds range;
    bool keys = false;  ///< the key numbers themselves
    bool truth = false; ///< true everywhere
    mlir::Value factor; ///< uniform; multiplies
  };
  /// Where the elements of an access lie.
  struct Access {
    mlir::Value base, offset, valid; ///< pointer; fragments (valid may be null)
    mlir::Value componentStride;     ///< i64; null without components
    mlir::Value aligned;             ///< i1: rows begin at multiples of 16 bytes, components are neighbours
  };
  Known &lookup(mlir::Value tile);
  Element uniformElement(mlir::Value v);
  mlir::Value elementwise(mlir::Operation *op, mlir::ValueRange tiles, mlir::Region &body, plan::TileType type, bool mask);
  Access access(mlir::Value buffer, mlir::ValueRange indices, bool store);
  void load(plan::LoadOp op);
  void store(plan::StoreOp op);
  void fold(plan::FoldOp op);
  void contract(plan::ContractOp op);
  void advance(plan::AdvanceOp op);
  mlir::Value toReal(mlir::Value frag);

  const KernelShape &shape;
  llvm::DenseMap<mlir::Value, Known> known;
  mlir::Value firstRow, frame, parameters;
  const SweepShape *sweep = nullptr;
  mlir::Value column, limit; ///< the thread's first key; i32
  bool full = false;
};

} // namespace attn::nvidia
