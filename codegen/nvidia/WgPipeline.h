// From the `wg` dialect to the LLVM and NVVM dialects.
#pragma once
#include "mlir/Pass/PassManager.h"

namespace attn::nvidia {

/// `wg-to-llvm` and what turns the scalar dialects it leaves into LLVM's.
void buildWgToLlvm(mlir::OpPassManager &passes);

/// The same as a pipeline of attn-opt: `wg-pipeline`.
void registerWgPipeline();

} // namespace attn::nvidia
