// PTX from a module in the LLVM and NVVM dialects.
#pragma once
#include "codegen/nvidia/Target.h"
#include "mlir/IR/BuiltinOps.h"

namespace attn::nvidia {

/// Calls of functions without code are errors: nothing is linked later. On
/// failure returns an empty string and sets `error`.
std::string ptxOf(mlir::ModuleOp module, const Target &target, std::string &error);

} // namespace attn::nvidia
