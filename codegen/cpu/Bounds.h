// Interval arithmetic on the operations of a mask: what they can give where
// their operands lie between bounds. It decides whole tiles, so it only says
// what is certain of every element.
#pragma once
#include "codegen/cpu/Emit.h"

namespace attn::cpu {

/// Numbers lie in `lo` .. `hi`, both included; NaN bounds say nothing. Of a
/// truth value, `lo` says that it is always true and `hi` that it may be. A
/// number has both bounds or none; a truth value without `lo` may be false,
/// one without `hi` may be true.
struct Bounds {
  mlir::Value lo, hi;
};

Bounds boundsOfAnd(Emit &e, Bounds a, Bounds b);
Bounds boundsOfOr(Emit &e, Bounds a, Bounds b);
Bounds boundsOfNot(Emit &e, Bounds a);

/// The bounds of the result of a scalar operation, as it is emitted by
/// `emitElement`, for operands within `in`. Integer results that could wrap and
/// real ones that could be NaN are unbounded, and so are operations that are
/// not known here.
Bounds emitBounds(Emit &e, mlir::Operation *op, llvm::ArrayRef<Bounds> in);

} // namespace attn::cpu
