// One step of a sweep: a tile of rows against a tile of keys.
//
// Contractions of rows with keys and of weights with values run in
// microkernels. What lies between them is a *cluster*: for a few lane blocks
// at a time, loops over the keys. A loop computes all folds over keys that
// nothing unfinished feeds; a value that later loops need again lies in a
// scratch tile in between (S, then P in its place).
#pragma once
#include "codegen/cpu/Kernel.h"

namespace attn::cpu {

class StepLowering {
public:
  StepLowering(KernelLowering &kernel, SweepPlan &sweep);
  mlir::LogicalResult run();

private:
  enum class Product { None, Scores, Accumulate };
  struct Micro {
    plan::ContractOp op;
    Product kind = Product::None;
    mlir::Value rows, streamed; ///< (r, d) or (r, c); (c, d)
    int64_t letter = 0;
    unsigned level = 0;
    Place rowsPlace, result;
    bool streamedShared = false, inPlace = false;
    Place streamedPlace;
    mlir::Type streamedElement; ///< as the microkernel reads it
  };
  /// A loop over the keys.
  struct Round {
    unsigned level = 0;
    llvm::SmallVector<plan::FoldOp> folds;
    llvm::SmallVector<mlir::Value> weights;   ///< tiles (r, c) that a product reads
    llvm::SetVector<mlir::Value> values;      ///< (r, c) values it computes
    llvm::SmallVector<mlir::Value> stored;
  };
  struct Buffer { Place place; unsigned lastUse; };

  void classify();
  Micro *microOf(mlir::Value v);
  unsigned level(mlir::Value v);
  void planRounds();
  void planPlaces();
  void planState();
  bool reaches(mlir::Value v, const llvm::DenseSet<mlir::Value> &pending, llvm::DenseSet<mlir::Value> &seen);
  void collect(mlir::Value v, llvm::SetVector<mlir::Value> &values);
  unsigned time(unsigned level, unsigned round) const { return level * 1000 + round; }
  Place takeBuffer(unsigned now, bool reuseNow, unsigned lastUse);
  unsigned lastUse(mlir::Value v);

  mlir::func::FuncOp emit(bool full);
  void emitCluster(Tiles &t, unsigned level);
  void emitRound(Tiles &t, Round &round, llvm::ArrayRef<Position> blocks);
  void emitProduct(Tiles &t, Micro &m);
  bool readLate(mlir::Value v, unsigned at);
  void scaleInPlace(Tiles &t, Micro &m, llvm::ArrayRef<Position> blocks);
  void finish(Tiles &t);

  KernelLowering &k;
  SweepPlan &sweep;
  mlir::Block &body;
  plan::YieldOp yield;
  llvm::SmallVector<Micro, 0> products;
  llvm::SmallVector<Round, 0> rounds;
  llvm::SmallVector<Buffer, 0> buffers;
  llvm::DenseMap<mlir::Value, Place> stored; ///< (r, c) values between rounds
  llvm::DenseMap<mlir::Value, unsigned> levels;
  unsigned top = 0;

  /// What becomes of a carried value.
  struct Carried {
    mlir::BlockArgument argument;
    mlir::Value next;
    enum { Same, InPlace, Rows, Other } how = Other;
    unsigned level = 0;
    bool direct = true; ///< nothing reads the old value later
    Place temporary;
  };
  llvm::SmallVector<Carried, 0> state;
  /// Streamed tiles that differ between the row tiles of an instance.
  llvm::SmallVector<std::pair<mlir::Value, Place>> inlined;
  /// Row values that later clusters read again.
  llvm::SmallVector<std::pair<mlir::Value, Place>> kept;
};

/// Lays a tile of the sweep down in scratch memory; rows in 16-bit types are
/// widened a vector at a time.
void layDown(Tiles &t, mlir::Value v, const Place &place);

/// Whether `load` reads one row per key of the sweep, at uniform indices that
/// are inside by construction.
bool streamsDirectly(plan::LoadOp load, SweepPlan &sweep);

} // namespace attn::cpu
