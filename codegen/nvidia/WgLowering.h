// What the lowerings of `wg` operations share. Every value of a fragment,
// packed or descriptor type becomes the list of its registers; no aggregate is
// built, so nothing has to be taken apart again.
#pragma once
#include "codegen/nvidia/Wg.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace attn::nvidia {

using Registers = llvm::SmallVector<mlir::Value>;

/// Emits one kernel.
class WgLowering : public mlir::ImplicitLocOpBuilder {
public:
  explicit WgLowering(wg::KernelOp kernel);

  mlir::LogicalResult run();

  //===--------------------------------------------------------------------===//
  // Values of the source
  //===--------------------------------------------------------------------===//

  /// The registers of a fragment, packed operand or descriptor; one value of
  /// anything else; none of a ring or tile.
  mlir::ValueRange of(mlir::Value source);
  mlir::Value one(mlir::Value source);
  void set(mlir::Value source, mlir::ValueRange registers);
  /// The types of the registers of `type`.
  void expand(mlir::Type type, llvm::SmallVectorImpl<mlir::Type> &types);
  /// Lowers the operations of `block`, but not its terminator, to the insertion point.
  mlir::LogicalResult block(mlir::Block &block);
  /// Reports that an operation cannot be lowered.
  mlir::LogicalResult refuse(mlir::Operation *op, const llvm::Twine &why);

  //===--------------------------------------------------------------------===//
  // Instructions
  //===--------------------------------------------------------------------===//

  mlir::Value i32(int64_t x);
  mlir::Value i64(int64_t x);
  mlir::Value f32(double x);
  mlir::Value truth(bool x);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value andi(mlir::Value a, int64_t mask);
  mlir::Value shr(mlir::Value a, int64_t n);
  mlir::Value equals(mlir::Value a, mlir::Value b);
  /// i32 as i64; i64 as it is.
  mlir::Value wide(mlir::Value a);
  mlir::Value scaled(mlir::Value a, int64_t factor);
  mlir::Value shuffle(mlir::Value x, mlir::NVVM::ShflKind kind, mlir::Value lane);

  /// Volatile inline assembly (`effects`) or a function of its operands.
  Registers assembly(llvm::StringRef text, llvm::StringRef constraints, mlir::ValueRange operands,
                     llvm::ArrayRef<mlir::Type> results, bool effects = true);

  /// A loop over i32.
  void loop(mlir::Value from, mlir::Value to, int64_t step, llvm::function_ref<void(mlir::Value)> each);
  /// `then` where `condition`.
  void when(mlir::Value condition, llvm::function_ref<void()> then);

  //===--------------------------------------------------------------------===//
  // The thread and its memory
  //===--------------------------------------------------------------------===//

  /// Emitted at the entry, once.
  mlir::Value thread, lane, warp, group;
  /// 2 (lane mod 4): the thread's first column.
  mlir::Value first;
  /// lane / 4 + 16 (warp mod 4): the thread's first row.
  mlir::Value row;

  /// Byte `offset` (and `more`, i32) of shared memory.
  mlir::Value shared(int64_t offset, mlir::Value more = {});
  /// The same as an i32 address.
  mlir::Value sharedAddress(int64_t offset, mlir::Value more = {});

  wg::KernelOp kernel;
  mlir::Type tI1, tI16, tI32, tI64, tF32, tGlobal, tShared;

private:
  mlir::LogicalResult lower(mlir::Operation *op);
  mlir::LogicalResult control(mlir::Operation *op);
  mlir::LogicalResult other(mlir::Operation *op);
  mlir::LogicalResult body(mlir::Block &from, mlir::Block &to, bool bindArguments = true);
  void enter();

  llvm::DenseMap<mlir::Value, Registers> registers;
  mlir::Value base;
};

/// A stage that threads fill, 16 bytes at a time: where it begins, rows and
/// columns, bytes from row to row and from one chunk of 64 columns to the next;
/// how many threads share it.
struct GatheredStage {
  mlir::Value at;
  int64_t rows, cols, rowBytes, chunkBytes, threads;
};
/// Starts the copies of `op` into a stage; what is 16 bytes of a row goes where
/// the 128-byte swizzle wants it.
void gatherRows(WgLowering &l, wg::GatherOp op, GatheredStage stage);

/// While it lives the thread's number is read again instead of kept: what cold
/// code makes of it takes no registers of the loops around.
class ReadThreadAgain {
public:
  explicit ReadThreadAgain(WgLowering &l);
  ~ReadThreadAgain();

private:
  WgLowering &l;
  mlir::Value thread, lane, first;
};

/// Each lowers operations of one family; nothing where `op` is of another.
std::optional<mlir::LogicalResult> lowerThreads(WgLowering &l, mlir::Operation *op);
std::optional<mlir::LogicalResult> lowerFragments(WgLowering &l, mlir::Operation *op);
std::optional<mlir::LogicalResult> lowerMemory(WgLowering &l, mlir::Operation *op);
std::optional<mlir::LogicalResult> lowerRings(WgLowering &l, mlir::Operation *op);
std::optional<mlir::LogicalResult> lowerProducts(WgLowering &l, mlir::Operation *op);
std::optional<mlir::LogicalResult> lowerGuard(WgLowering &l, mlir::Operation *op);
std::optional<mlir::LogicalResult> lowerAmpere(WgLowering &l, mlir::Operation *op);

/// Functions in the regions of a kernel by instructions of the GPU where those
/// are accurate enough; total division. What is left of `math` is arithmetic
/// for `attn-expand-math`.
void expandGpuMath(mlir::Operation *root);

} // namespace attn::nvidia
