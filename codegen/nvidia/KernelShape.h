// The form of a kernel as tensor cores see it: which tiles stay, which stream
// by, which products there are, and what lies between them.
//
//   front product   (r, d) x (c, d) -> (r, c)      scores
//   cluster         maps, folds, masks over (r, c) and what is smaller
//   back product    (r, c) x (c, e) -> (r, e)      accumulator
//
// A kernel that has another form is refused with a reason; scalar code takes it.
#pragma once
#include "dialect/PlanOps.h"
#include <optional>

namespace attn::nvidia {

/// A 16-bit operand of a product: components `from` .. of the rows of a load.
struct Operand {
  plan::LoadOp load;
  int64_t from = 0;
  unsigned ring = 0; ///< which of the sweep's `streamed` (the kernel's `stationary`)
};

struct FrontProduct {
  plan::ContractOp op;
  Operand rows, keys;
  int64_t depth = 0; ///< components that are summed over
};

struct BackProduct {
  plan::ContractOp op;
  mlir::Value weights; ///< (r, c), f32
  Operand values;
  int64_t width = 0;   ///< components of a value
};

struct SweepShape {
  plan::SweepOp op;
  plan::TilesOp tiles;  ///< null if the keys are those of a list
  plan::PartOp part;    ///< the share of the tiles; null: all
  plan::SpanParts span;
  int64_t cols = 0;
  llvm::SmallVector<FrontProduct> fronts;
  llvm::SmallVector<BackProduct> backs;
  /// Distinct loads that products read: those of fronts, then those of backs.
  llvm::SmallVector<plan::LoadOp> streamed;
  unsigned frontRings = 0; ///< how many of `streamed` belong to fronts
  /// Loads of single elements: tables at keys, at rows and keys.
  llvm::SmallVector<plan::LoadOp> tables;
  /// Everything else in the body, in order; a new phase begins where the
  /// result of a fold over the keys is first used.
  llvm::SmallVector<llvm::SmallVector<mlir::Operation *>> phases;
};

/// Registers (32 bits, of a thread) for what a sweep adds up of values: a warp
/// has 16 rows.
int64_t accumulatorRegisters(const SweepShape &sweep);
/// Of a thread, for fragments alone. Kernels that need more are refused.
constexpr int64_t mostFragmentRegisters = 208;
inline constexpr const char *tooManyAccumulators = "accumulators that need more registers than there are";

struct KernelShape {
  plan::KernelOp kernel;
  plan::RowsOp rows;     ///< the only row tile
  int64_t rowSide = 0;
  llvm::SmallVector<plan::LoadOp> stationary; ///< (r, d) operands of fronts
  llvm::SmallVector<SweepShape, 0> sweeps;
  llvm::SmallVector<plan::StoreOp> stores;

  struct Refusal {
    mlir::Location where;
    std::string reason; ///< "a score per row, key and component", no full stop
  };
  std::optional<Refusal> refusal;

  /// Never fails: what does not fit has a refusal, and then nothing else of the
  /// result may be used.
  static KernelShape of(plan::KernelOp kernel);
  void print(llvm::raw_ostream &os) const;
};

} // namespace attn::nvidia
