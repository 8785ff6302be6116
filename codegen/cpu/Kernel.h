// One kernel of a plan as functions.
//
//   kernel(frame, item, scratch, stats)   the instance: row tiles times key tiles
//   kernel.segment.K(frame, shared, own, grid.., )   what lies between sweeps, for one row tile
//   kernel.step.S.full|mixed(.., J)       one key tile for one row tile
//   kernel.range.S(.., J)                 the least and greatest of what the mask reads by keys
//   kernel.judge.S(.., J)                 the tile by these ranges: 0 empty, 1 open, 2 full
//   kernel.test.S(.., J)                  the mask on a tile: 0 empty, 1 mixed, 2 full
//   kernel.gather.S(.., J)                the keys of a tile of a list
//   kernel.prepare.S(.., J)               what all row tiles of an instance share of a key tile
//
// Values that cross functions lie in scratch memory: `own` for one row tile,
// `shared` for the instance.
#pragma once
#include "codegen/cpu/Bounds.h"
#include "codegen/cpu/Micro.h"
#include "codegen/cpu/Spans.h"

namespace attn::cpu {

/// A value in the region of a mask that varies along one side of a tile only.
/// Its bounds over the side lie in scratch memory, at `offset` and 8 bytes on.
struct RangedValue {
  plan::MaskOp mask;
  mlir::Value value;
  int64_t offset = 0;
};

struct SweepPlan {
  plan::SweepOp op;
  plan::SpanParts span;
  plan::PartOp part; ///< null: all tiles
  SpanTable table;
  Place keys; ///< the keys of a tile, where they are gathered
  int64_t cols = 64;
  /// What holds the mask of a tile that was tested, for spans that are not exact.
  llvm::DenseMap<mlir::Value, Place> masks;
  /// Streamed tiles that are laid down once per key tile and instance.
  llvm::SmallVector<std::pair<mlir::Value, Place>> prepared;
  /// What the judgement of a tile asks for, of its rows and of its keys.
  llvm::SmallVector<RangedValue> rowRanges, keyRanges;
  mlir::func::FuncOp full, mixed, range, judge, test, prepare, gather;
};

/// How many row tiles an instance takes: `share`, or fewer where a thread would
/// have less than 4 instances. No result depends on it.
mlir::Value instanceSide(Tiles &t, plan::KernelOp kernel, int64_t share);

class KernelLowering {
public:
  KernelLowering(mlir::ModuleOp module, Frame &frame, const Target &target, plan::KernelOp kernel, Manifest::Kernel &manifest);
  mlir::LogicalResult run();
  int64_t share = 1; ///< row tiles of an instance

private:
  friend class StepLowering;
  mlir::LogicalResult analyze();
  void need(mlir::Value v, unsigned part);
  unsigned partOf(mlir::Operation *op);
  Place allocate(bool own, mlir::Type element, llvm::ArrayRef<int64_t> dims);
  mlir::func::FuncOp begin(const llvm::Twine &suffix, bool tile, llvm::ArrayRef<mlir::Type> results = {});
  Context context(mlir::func::FuncOp fn, SweepPlan *sweep);
  /// The number of keys there are, as all that is read at the sweep's keys says.
  mlir::Value keyLimit(Tiles &t, SweepPlan &sweep);
  /// Begins a function on the key tile J.
  void setTile(Tiles &t, SweepPlan &sweep, mlir::Value tile);
  void emitStore(Tiles &t, plan::StoreOp store);
  void emitGather(SweepPlan &sweep);
  /// plan.collect or plan.mark.
  void emitList(Tiles &t, mlir::Operation *op);
  void emitSegment(unsigned k);
  /// The masks of a sweep that have to be looked at to classify a tile.
  static llvm::SmallVector<plan::MaskOp> testedMasks(SweepPlan &sweep);
  /// The bounds of a mask on a tile, as far as ranges of its two sides tell.
  Bounds boundsOf(Tiles &t, SweepPlan &sweep, plan::MaskOp mask);
  /// Stores the bounds of values along the dimension `dim` of the tile.
  void storeRanges(Tiles &t, llvm::ArrayRef<RangedValue> ranges, int64_t dim);
  void emitJudge(SweepPlan &sweep);
  void emitRange(SweepPlan &sweep);
  void emitTest(SweepPlan &sweep);
  void emitPrepare(SweepPlan &sweep);
  void emitDriver();
  void emitSweep(Emit &e, SweepPlan &sweep, mlir::ValueRange scratch, llvm::ArrayRef<mlir::Value> grid, mlir::Value count, mlir::Value limit);

  mlir::ModuleOp module;
  Frame &frame;
  Target target;
  plan::KernelOp kernel;
  Manifest::Kernel &manifest;
  mlir::OpBuilder builder;
  int64_t rows = 64, ownBytes = 0, sharedBytes = 0;
  double slack = 0;
  llvm::SmallVector<llvm::SmallVector<mlir::Operation *>> segments;
  llvm::SmallVector<SweepPlan, 0> sweeps;
  llvm::DenseMap<mlir::Value, Place> homes;
  llvm::DenseMap<mlir::Value, int64_t> spills;
  llvm::SmallVector<mlir::func::FuncOp> segmentFunctions;
  bool failed = false;
};

} // namespace attn::cpu
