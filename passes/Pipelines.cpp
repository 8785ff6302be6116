#include "passes/Pipelines.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"

using namespace mlir;
using namespace attn;

void attn::buildSimplifyPipeline(OpPassManager &passes) {
  OpPassManager &patterns = passes.nest<PatternOp>();
  // Constants of the program and expressions that occur twice.
  patterns.addPass(createCanonicalizerPass());
  patterns.addPass(createCSEPass());
  // Masks say what is to be computed: clauses that change nothing go, and where
  // the number of seen keys has a formula nobody counts.
  patterns.addPass(createFoldMasksPass());
  patterns.addPass(createExpandCountsPass());
  // Products read rows as they are stored; what only a key needs is computed
  // once per key.
  patterns.addPass(createPullScalesPass());
  patterns.addPass(createHoistKeysPass());
  patterns.addPass(createCanonicalizerPass());
  patterns.addPass(createCSEPass());
}

void attn::buildPlanPipeline(OpPassManager &passes,
                             const PlanOptions &options) {
  PlanPassOptions plan;
  plan.target = options.target;
  plan.schedule.assign(options.schedule.begin(), options.schedule.end());
  passes.addPass(createPlanPass(std::move(plan)));
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

void attn::buildSchedulePipeline(OpPassManager &passes,
                                 const PlanOptions &options) {
  SchedulePassOptions schedule;
  schedule.target = options.target;
  schedule.schedule.assign(options.schedule.begin(), options.schedule.end());
  passes.nest<plan::ProgramOp>().addPass(
      createSchedulePass(std::move(schedule)));
}

void attn::registerPlanPipelines() {
  PassPipelineRegistration<>(
      "attn-simplify-pipeline",
      "Level 1 as imported to level 1 as it is planned",
      [](OpPassManager &passes) { buildSimplifyPipeline(passes); });
  PassPipelineRegistration<>("attn-plan-pipeline",
                             "Patterns to scheduled programs of kernels",
                             [](OpPassManager &passes) {
                               buildSimplifyPipeline(passes);
                               buildPlanPipeline(passes, {});
                               buildSchedulePipeline(passes, {});
                             });
}
