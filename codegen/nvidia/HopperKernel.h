// A kernel of a plan for sm_90a: one warp fetches, groups of four warps
// compute. docs/gpu.md shows the structure.
#pragma once
#include "codegen/Manifest.h"
#include "codegen/nvidia/Fragments.h"
#include "codegen/nvidia/SweepKeys.h"

namespace attn::nvidia {

/// What a kernel lays down in shared memory.
struct HopperLayout {
  struct Ring {
    int64_t stages, rows, cols;
    mlir::Type element;
    int64_t at = 0, barriers = 0;
    unsigned counter = 0;   ///< which count of uses it goes by
    bool gathered = false;  ///< filled row by row by a whole group
  };
  /// Where an operand comes from: a ring and the tensor map that fills it.
  struct Stream {
    plan::LoadOp load;
    unsigned ring = 0, map = 0;
  };
  llvm::SmallVector<Ring> rings;
  llvm::SmallVector<Stream> stationary;                    ///< as the shape's
  llvm::SmallVector<llvm::SmallVector<Stream>> streamed;   ///< per sweep
  std::vector<Manifest::TensorMap> maps;
  unsigned counters = 0;
  int64_t flags = 0; ///< a byte for each key of a tile and each product with values
  int64_t shared = 0;
  int64_t groups = 0;
  bool whole = false; ///< a whole group fetches: some ring is gathered

  /// Counter 0 counts items; a ring that serves the same sweeps as another one
  /// shares its counter.
  static HopperLayout of(const KernelShape &shape, const cpu::Frame &frame);
};

/// Why a kernel whose form fits still cannot be lowered; empty if it can.
std::string hopperRefusal(const KernelShape &shape);

/// Writes a `wg.kernel` to the end of `module` and describes its launch.
mlir::LogicalResult lowerToHopper(mlir::ModuleOp module, cpu::Frame &frame, const KernelShape &shape, Manifest::Kernel &manifest);

/// One sweep, as a consuming group does it.
class HopperSweep {
public:
  HopperSweep(Fragments &f, const SweepShape &sweep, const HopperLayout &layout,
              llvm::ArrayRef<HopperLayout::Stream> streams, llvm::ArrayRef<mlir::Value> rings, mlir::Value group);

  /// `uses` are the counters, one for each ring; returns how many tiles there
  /// were. Results of the sweep are set in `f`.
  mlir::Value run(const SweepKeys &keys, llvm::ArrayRef<mlir::Value> uses, mlir::Value itemUse);

private:
  using Values = llvm::SmallVector<mlir::Value>;
  /// Accumulators, row states, packed weights.
  struct State { Values rows, accumulators, weights; };
  Values flatten(const State &s) const;
  State unflatten(mlir::ValueRange values) const;
  Values start();
  void finish(const State &state);
  void products(State *state, Values &scores);
  /// `hidden` says whether keys may be hidden; null: they may unless `full`.
  State tile(mlir::Value at, mlir::Value count, const State &before, bool first, bool full, mlir::Value hidden = {});
  State loop(SpanCursor::Run run, mlir::Value &count, State state, bool full);
  mlir::Value use(const HopperLayout::Stream &s, mlir::Value count);
  mlir::Value useOf(const HopperLayout::Stream &s, bool before);
  mlir::Value operand(const HopperLayout::Stream &s, mlir::Value use, wg::Along along, mlir::Value row);
  Values last(State &state, mlir::Value count);
  mlir::Value guard(mlir::Value weights, unsigned back, mlir::Value hidden);

  Fragments &f;
  cpu::Emit &e;
  const SweepShape &sweep;
  const HopperLayout &layout;
  llvm::ArrayRef<HopperLayout::Stream> streams;
  llvm::ArrayRef<mlir::Value> rings;
  llvm::ArrayRef<mlir::Value> uses;
  llvm::SmallDenseMap<unsigned, mlir::Value> current; ///< uses of the tile at hand, by counter; the assembler knows they are uniform
  mlir::Value group, itemUse;
  const SweepKeys *keys = nullptr;
  llvm::SmallVector<unsigned> rowStates, accumulatorStates;
  bool turns = false;
};

} // namespace attn::nvidia
