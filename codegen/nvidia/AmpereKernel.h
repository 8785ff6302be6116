// A kernel of a plan for sm_80 and whatever runs its instructions: all warps of
// a block fetch and compute. docs/gpu.md shows the structure.
#pragma once
#include "codegen/Manifest.h"
#include "codegen/nvidia/Fragments.h"
#include "codegen/nvidia/SweepKeys.h"

namespace attn::nvidia {

/// What a kernel lays down in shared memory.
struct AmpereLayout {
  /// Components `from`, .. of the rows of a load, as many as the tile has columns.
  struct Tile {
    plan::LoadOp load;
    int64_t from = 0, cols = 0;
    int64_t stages = 1, rows = 0;
    int64_t at = 0; ///< bytes

    wg::TileType type() const;
  };
  struct Sweep {
    llvm::SmallVector<Tile> tiles; ///< those of the fronts, then what only backs read
    unsigned frontTiles = 0;
    llvm::SmallVector<unsigned> stationary, fronts, backs; ///< the tile of every product
  };
  llvm::SmallVector<Tile> stationary;
  llvm::SmallVector<Sweep, 0> sweeps;
  int64_t groups = 1; ///< of four warps; 64 rows each
  int64_t shared = 0; ///< bytes

  static AmpereLayout of(const KernelShape &shape);
};

/// Why a kernel whose form fits still cannot be lowered; empty if it can.
std::string ampereRefusal(const KernelShape &shape);

/// Writes a `wg.kernel` to the end of `module` and describes its launch.
mlir::LogicalResult lowerToAmpere(mlir::ModuleOp module, cpu::Frame &frame, const KernelShape &shape, Manifest::Kernel &manifest);

/// The code of item `item` (i32) of the grid.
class AmpereItem {
public:
  AmpereItem(Fragments &f, const KernelShape &shape, const AmpereLayout &layout, mlir::Value stats, mlir::Value item);

  /// `f.uniform` computes in front of what this emits.
  void run();

private:
  using Values = llvm::SmallVector<mlir::Value>;
  /// Where the rows of a load lie: row y `stride` * y elements behind `base`.
  struct Source {
    mlir::Value base, stride, limit; ///< pointer, i64; rows from `limit` on do not exist
    bool certain = true;             ///< the other rows do
    mlir::Value component, aligned;  ///< i64; i1: 16 bytes may be copied at once
  };
  /// What stays the same in a sweep.
  struct Sweep {
    const SweepShape &shape;
    const AmpereLayout::Sweep &layout;
    const SweepKeys &keys;
    Values tiles;                        ///< wg.tile
    llvm::SmallVector<Source> sources;
  };
  /// Makes what is uniform known, and rows: at the start and behind every sweep.
  void begin();
  /// `parameters`: where strides and lengths are read.
  Source source(const AmpereLayout::Tile &tile, mlir::Value index, mlir::Value parameters);
  mlir::Value tile(const AmpereLayout::Tile &tile);
  void fetch(const Source &source, mlir::Value first, bool whole, mlir::Value to, mlir::Value stage);
  void gather(const Source &source, const KeyList &list, mlir::Value first, mlir::Value to, mlir::Value stage);
  /// Begins to fetch what fronts (or only backs) read of tile `at`, if there is
  /// one, into the stage of use `count`; all its keys exist if it is `whole`.
  /// The group of copies is closed in any case.
  void fetchKeys(const Sweep &s, mlir::Value at, mlir::Value count, bool values, bool whole);
  void sweep(const SweepShape &shape, const AmpereLayout::Sweep &layout);
  Values loop(const Sweep &s, SpanCursor::Run run, mlir::Value behind, mlir::Value &count, Values carried, bool full);
  Values step(const Sweep &s, mlir::Value at, mlir::Value next, mlir::Value count, mlir::ValueRange carried, bool full);
  /// acc + weights * values; where `wild` (or null: false), without tensor cores.
  mlir::Value accumulate(mlir::Value weights, mlir::Value tile, mlir::Value stage, mlir::Value acc, mlir::Value wild);
  mlir::Value keyLimit(const SweepShape &sweep);
  mlir::Value i32(int64_t x);
  mlir::Value wide(mlir::Value x);

  Fragments &f;
  cpu::Emit &e;
  const KernelShape &shape;
  const AmpereLayout &layout;
  mlir::Value stats, item, group, rowFrom; ///< the last three: i32, i32, i64
  Values stationary;                 ///< wg.tile
};

} // namespace attn::nvidia
