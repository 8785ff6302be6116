// One element operation, on a scalar or on the lanes of a vector.
#pragma once
#include "codegen/cpu/Emit.h"

namespace attn::cpu {

/// Emits what `op` computes for operands that are held scalars or vectors (see
/// Emit). `headsPerGroup` is H / G, read by `attn.kv_head`. On an operation
/// that has no code here, reports an error at `op` and returns null.
mlir::Value emitElement(Emit &e, mlir::Operation *op, llvm::ArrayRef<mlir::Value> operands,
                        mlir::Value headsPerGroup);

} // namespace attn::cpu
