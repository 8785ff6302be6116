// The pipelines of this folder, by stage.
#pragma once
#include "mlir/Pass/PassManager.h"

namespace attn {

struct PlanOptions {
  std::string target = "cpu";
  /// Choices of the user: NAME:key=value (docs/plan.md).
  llvm::SmallVector<std::string> schedule;
};

/// Level 1 as imported to level 1 as it is planned.
void buildSimplifyPipeline(mlir::OpPassManager &passes);
/// Patterns to programs of kernels.
void buildPlanPipeline(mlir::OpPassManager &passes, const PlanOptions &options);
/// Complete schedules.
void buildSchedulePipeline(mlir::OpPassManager &passes,
                           const PlanOptions &options);

/// attn-simplify-pipeline, attn-plan-pipeline: the same in the pass tool.
void registerPlanPipelines();

} // namespace attn
