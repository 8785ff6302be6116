// Which key tiles a row tile visits.
#pragma once
#include "codegen/cpu/Tiles.h"

namespace attn::cpu {

/// The intervals of a span in scratch memory: lo, hi, stride and count (i64) of
/// every live interval, then of every hole. Behind them, of a share, its first
/// tile and the one behind its last; of lists the address of the items, how many
/// there are, and how many keys they come to.
struct SpanTable {
  int64_t offset = 0; ///< bytes, in the area of the row tile
  unsigned lives = 0, holes = 0;
  bool part = false, listed = false;
  int64_t partOffset() const { return offset + 32 * (lives + holes); }
  int64_t list() const { return partOffset() + (part ? 16 : 0); }
  int64_t bytes() const { return list() - offset + (listed ? 24 : 0); }
};

/// Evaluates the intervals of a span, in tiles of `cols` keys, its share `part`
/// (null: all of it) and where its list lies, and lays them down.
void storeSpan(Tiles &t, const plan::SpanParts &span, plan::PartOp part, int64_t cols, const SpanTable &table);

/// `i64(table, lives, cols, J)`: the first tile from J on that meets a live
/// interval, or a number beyond any tile.
mlir::func::FuncOp nextTileFunction(mlir::ModuleOp module);

/// `i64(table, lives, holes, limit, x, y)`: of the tile of keys x .. y 0 if it
/// meets no live interval, 2 if it is clear of the holes and ends at `limit` or
/// before, else 1.
mlir::func::FuncOp verdictFunction(mlir::ModuleOp module);

/// `i64(list, run, cols, J)`: the first tile from J on that lies in a listed
/// block, or a number beyond any tile.
mlir::func::FuncOp nextListedFunction(mlir::ModuleOp module);

/// The key at entry `at` of a list's sequence: item `at // run`, and the rest.
mlir::Value listedKey(Emit &e, mlir::Value items, int64_t run, mlir::Value at);

} // namespace attn::cpu
