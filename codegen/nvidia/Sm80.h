// Tensor cores without warpgroups: copies into shared memory by every thread
// (cp.async), operands by ldmatrix, products by mma.sync. Any architecture from
// sm_80 on runs them.
//
// Formulas: PTX ISA, "Matrix fragments for mma.m16n8k16", "ldmatrix", "cp.async".
#pragma once
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace attn::nvidia {

/// `stages` tiles of [rows][cols] 16-bit elements in shared memory. Rows are
/// padded to whole 128 bytes, and the 16-byte chunk c of row r lies where chunk
/// c ^ (r & 7) would: eight rows of one column of chunks touch all banks.
struct SharedTile {
  int64_t offset = 0; ///< bytes from the start of dynamic shared memory, a multiple of 128
  int64_t stages = 1, rows = 0, cols = 0;
  mlir::Type element; ///< bf16 or f16

  int64_t pitch() const { return (cols + 63) / 64 * 128; }
  int64_t stageBytes() const { return rows * pitch(); }
  int64_t bytes() const { return stages * stageBytes(); }
};

/// Emits LLVM and NVVM operations. All of the block's threads run what a call
/// emits, in converged warps. Integers are i32, shared addresses ptr<3>.
class Sm80 : public mlir::ImplicitLocOpBuilder {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  Sm80(mlir::Location loc, mlir::OpBuilder &builder) : ImplicitLocOpBuilder(loc, builder) {}

  Value i32(int64_t x);
  Value thread(); ///< in its block
  Value lane();
  Value bytesAt(Value pointer, Value i32OrI64);
  Value bytesAt(Value pointer, int64_t bytes);

  /// Where a stage begins. `shared` is the start of dynamic shared memory; a
  /// null `stage` is stage 0.
  Value stage(const SharedTile &tile, Value shared, Value stage);

  /// Which rows exist (i32): `first` is the number of the first one, those in
  /// [0, limit) do. A null limit: all.
  struct Present { Value first, limit; };
  /// Starts copying `tile.rows` rows of `tile.cols` elements from `from`, `stride`
  /// bytes (i64) apart, 16-byte aligned. Rows that do not exist become zero, and so
  /// do columns behind the last one up to a multiple of 64. The block has `threads`
  /// threads, a multiple of 64, and the rows are a multiple of an eighth of it.
  void fetch(const SharedTile &tile, Value at, Value from, Value stride, Present present, int64_t threads);
  /// The same at once, element by element: components lie `component` bytes (i64)
  /// apart, nothing is aligned.
  void gather(const SharedTile &tile, Value at, Value from, Value stride, Value component, Present present, int64_t threads);
  /// Whether what this thread copied of the stage at `at` is finite: i1.
  Value finite(const SharedTile &tile, Value at, int64_t threads);
  /// Ends a group of copies; waits until at most `pending` groups of this thread
  /// are in flight.
  void commit();
  void wait(int64_t pending);

  /// 16 rows from `row` (uniform per warp, a multiple of 8) on as A operands: 4
  /// registers (i32) per 16 columns; the columns of steps `from` to `to` of 16.
  Values loadA(const SharedTile &tile, Value at, Value row, int64_t from, int64_t to);

  /// acc + A * B, one warp: 16 rows of A, B in shared memory. A has 4 registers
  /// per 16 steps of the contraction, the result N/2 f32, N a multiple of 8.
  /// Along columns, B[k][n] is element (n, k) of the tile; along rows, (k, n).
  /// Without `acc` (empty) it begins at 0.
  Values multiply(llvm::ArrayRef<Value> a, const SharedTile &b, Value at, bool alongRows, int64_t n, llvm::ArrayRef<Value> acc);
  /// The same with A = 16 rows of a tile from `row` on; no more than one step of
  /// A is in registers.
  Values multiply(const SharedTile &a, Value aAt, Value row, const SharedTile &b, Value at, bool alongRows, int64_t n,
                  llvm::ArrayRef<Value> acc);

  /// acc + A * B along rows without tensor cores, where zeros of A add nothing
  /// whatever stands in B. One key after the other.
  Values multiplyExact(llvm::ArrayRef<Value> a, const SharedTile &b, Value at, llvm::ArrayRef<Value> acc);

  /// A fragment of N f32 columns (N/2 values, N a multiple of 16) rounded to A operands.
  Values pack(llvm::ArrayRef<Value> fragment, mlir::Type element);

private:
  /// Calls `body` with the place, from the stage on, of every chunk that this
  /// thread copies: its row and its 64 columns.
  void chunks(const SharedTile &tile, Value at, int64_t threads, llvm::function_ref<void(Value place, int64_t row, int64_t group)> body);
  Values matrices(Value address, bool transposed);
  void step(llvm::ArrayRef<Value> a, const SharedTile &b, Value at, bool alongRows, int64_t k, Values &acc);
  /// Offset of this lane's row and chunk for the columns 16 * `k` + 8 * `half`.
  Value swizzled(const SharedTile &tile, Value row, Value half, int64_t k);
};

} // namespace attn::nvidia
