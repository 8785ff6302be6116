// Which tiles of keys a tile of rows visits, and in which order: all warps of
// a block walk the same way without talking to each other.
//
// Along the tiles the answer (not visited, mixed, full) changes only where an
// interval begins or ends. So the walk goes from change to change, not from
// tile to tile: `seek` gives the next run of tiles of one kind. Of tiles that
// were judged before (Judge.h) it reads the verdicts, 64 at once.
#pragma once
#include "codegen/cpu/Tiles.h"

namespace attn::nvidia {

inline mlir::Value i32(cpu::Emit &e, int64_t x) { return mlir::arith::ConstantIntOp::create(e, x, 32); }
/// A key number (i64) in i32, cut off at -SpanCursor::end and SpanCursor::end.
mlir::Value narrow(cpu::Emit &e, mlir::Value key);

class SpanCursor {
public:
  /// Evaluates the ends of the intervals where the builder of `t` stands. Keys
  /// from `limit` (i64) on do not exist. `fast` is an i1, or null: where it is
  /// false, full tiles count as mixed. With `together`, whole warps seek, and
  /// the assembler sees that all their lanes find the same.
  SpanCursor(cpu::Tiles &t, plan::TilesOp tiles, int64_t cols, mlir::Value limit, mlir::Value fast, bool together, plan::PartOp part = {});
  /// By the intervals, whether there are verdicts or not.
  static SpanCursor ofIntervals(cpu::Tiles &t, plan::TilesOp tiles, int64_t cols, mlir::Value limit, mlir::Value fast);

  struct Ends { mlir::Value lo, hi; }; ///< i32, between -end and end
  /// The same for intervals whose ends are known.
  SpanCursor(cpu::Emit &e, llvm::ArrayRef<Ends> lives, llvm::ArrayRef<Ends> holes, int64_t cols, mlir::Value limit, mlir::Value fast);

  struct Run { mlir::Value from, to; }; ///< tiles, i32; from = to = `end` if there are none
  /// The first run of full (or mixed) tiles that begins at tile `at` or later.
  Run seek(cpu::Emit &e, mlir::Value at, bool full) const;
  /// Whether tile `at` meets a live interval, and whether it is clear of the
  /// holes; `at` may differ from lane to lane. Not for judged tiles.
  std::pair<mlir::Value, mlir::Value> classify(cpu::Emit &e, mlir::Value at) const;
  /// Greater than any tile.
  static constexpr int64_t end = int64_t(1) << 30;

private:
  /// Tiles first, .. below last; for families, members stride apart in keys.
  struct Interval {
    mlir::Value first, last;                 ///< i32
    mlir::Value lo, hi, stride, count;       ///< i64 keys, of families alone
    bool family = false;
  };
  SpanCursor(int64_t cols, mlir::Value fast) : cols(cols), fast(fast) {}
  void useIntervals(cpu::Tiles &t, plan::TilesOp tiles);
  void useVerdicts(cpu::Tiles &t, plan::TilesOp tiles, llvm::StringRef buffer);
  Run seekVerdicts(cpu::Emit &e, mlir::Value at, bool full) const;
  struct State { mlir::Value live, clear, change; };
  State look(cpu::Emit &e, mlir::Value at) const;
  Interval prepare(cpu::Tiles &t, plan::Interval interval) const;
  Interval simple(cpu::Emit &e, Ends ends) const;
  /// Whether the interval meets tile `at`, and the next tile where that changes.
  std::pair<mlir::Value, mlir::Value> look(cpu::Emit &e, const Interval &interval, mlir::Value at) const;

  int64_t cols;
  llvm::SmallVector<Interval> lives, holes;
  /// The share of the tiles: from `begin` on, and `stop` becomes the end of it.
  void share(cpu::Tiles &t, plan::PartOp part);
  mlir::Value begin; ///< null: 0
  mlir::Value stop; ///< the first tile behind all keys, i32
  mlir::Value fast;
  mlir::Value verdicts; ///< pointer to global memory; null: by the intervals
  bool together = false;
};

} // namespace attn::nvidia
