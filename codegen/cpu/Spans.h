// Which key tiles a row tile visits.
#pragma once
#include "codegen/cpu/Tiles.h"

namespace attn::cpu {

/// The intervals of a span in scratch memory: lo, hi, stride and count (i64) of
/// every live interval, then of every hole; of a share, its first tile and the
/// one behind its last.
struct SpanTable {
  int64_t offset = 0; ///< bytes, in the area of the row tile
  unsigned lives = 0, holes = 0;
  bool part = false;
  int64_t bytes() const { return partOffset() - offset + (part ? 16 : 0); }
  int64_t partOffset() const { return offset + 32 * (lives + holes); }
};

/// Evaluates the intervals of a span, in tiles of `cols` keys, and lays them
/// down.
void storeSpan(Tiles &t, plan::SpanTiles span, int64_t cols, const SpanTable &table);

/// `i64(table, lives, cols, J)`: the first tile from J on that meets a live
/// interval, or a number beyond any tile.
mlir::func::FuncOp nextTileFunction(mlir::ModuleOp module);

/// `i64(table, lives, holes, cols, limit, J)`: 0 if tile J meets no live
/// interval, 2 if it is clear of the holes and ends at `limit` or before, else 1.
mlir::func::FuncOp verdictFunction(mlir::ModuleOp module);

} // namespace attn::cpu
