// The `plan` dialect: how a pattern is computed.
#pragma once
#include "dialect/AttnOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"

#include "dialect/PlanDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/PlanTypes.h.inc"

namespace plan {
/// The keys `lo`, .. below `hi`; a family repeats them `count` times, `stride`
/// apart. Both are null outside a family.
struct Interval {
  mlir::Value lo, hi, stride, count;
};
} // namespace plan

#define GET_OP_CLASSES
#include "dialect/PlanOps.h.inc"

namespace plan {

/// What the operations that give spans have in common.
struct SpanParts {
  llvm::SmallVector<Interval> live, holes;
  bool exact = false;
  int64_t step = 0;       ///< keys of a tile
  // Of plan.blocks and plan.tokens:
  mlir::Value list;       ///< null for plan.tiles
  mlir::ValueRange indices; ///< of the list
  mlir::Value below;      ///< keys from here on are absent
  int64_t run = 1;        ///< keys of an item
  bool gathered = false;  ///< plan.tokens
  explicit operator bool() const { return step; }
};

/// The parts of a span; none of what is no span.
SpanParts partsOf(mlir::Value span);

} // namespace plan
