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
