// What the verifiers of tile operations share.
#pragma once
#include "dialect/PlanOps.h"

namespace plan {

/// The yield that closes `region`, or null.
inline YieldOp yieldOf(mlir::Region &region) {
  return region.front().empty()
             ? YieldOp()
             : mlir::dyn_cast<YieldOp>(region.front().back());
}

/// The dimensions of a tile; none of a scalar.
inline llvm::ArrayRef<int64_t> dimsOf(mlir::Type type) {
  auto tile = mlir::dyn_cast<TileType>(type);
  return tile ? tile.getDims() : llvm::ArrayRef<int64_t>();
}

/// The element of a tile; the type itself of a scalar.
inline mlir::Type elementOf(mlir::Type type) {
  auto tile = mlir::dyn_cast<TileType>(type);
  return tile ? tile.getElement() : type;
}

/// Adds the dimensions of `type` that `dims` lacks.
inline void join(llvm::SmallVectorImpl<int64_t> &dims, mlir::Type type) {
  for (int64_t dim : dimsOf(type))
    if (!llvm::is_contained(dims, dim))
      dims.push_back(dim);
}

/// The tiles behind a span, and which share of them it is; null if the span is
/// a list.
struct SpanTiles {
  TilesOp tiles;
  PartOp part; ///< null: all of them
};
inline SpanTiles tilesOf(mlir::Value span) {
  auto part = span.getDefiningOp<PartOp>();
  if (part)
    span = part.getSpan();
  return {span.getDefiningOp<TilesOp>(), part};
}

} // namespace plan
