// The pass tool: any pass of this project or of MLIR on any level of the IR.
#include "codegen/Passes.h"
#include "codegen/nvidia/Wg.h"
#include "codegen/nvidia/WgPipeline.h"
#include "dialect/AttnOps.h"
#include "dialect/PlanOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  registry.insert<attn::AttnDialect, plan::PlanDialect, wg::WgDialect>();
  attn::registerAttnPasses();
  attn::registerPlanPipelines();
  attn::registerAttnCodegenPasses();
  attn::nvidia::registerWgPipeline();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "attn optimizer driver\n", registry));
}
