// From a plan to the LLVM dialect.
#pragma once
#include "codegen/Manifest.h"
#include "codegen/cpu/Emit.h"
#include "mlir/Pass/PassManager.h"

namespace attn {

/// Replaces every plan.program of `module` by functions (see the pass
/// attn-plan-to-cpu) and describes the first in `manifest`.
mlir::LogicalResult lowerPlanToCpu(mlir::ModuleOp module, const cpu::Target &target, Manifest &manifest);

/// What follows: math expansion, then everything to the LLVM dialect.
void buildCpuToLlvm(mlir::OpPassManager &passes, const cpu::Target &target);

} // namespace attn
