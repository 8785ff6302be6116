#include "runtime/SessionCompilation.h"
#include "codegen/nvidia/Wg.h"
#include "dialect/PlanOps.h"
#include "frontend/Import.h"
#include "passes/Pipelines.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"

using namespace attn;

Compilation::Compilation(const SourceMap &sources, Diagnostics &diagnostics, std::string &error)
    : sources(sources), diagnostics(diagnostics), error(error), context(mlir::MLIRContext::Threading::DISABLED),
      collector(context, sources, diagnostics, &error) {
  mlir::DialectRegistry registry;
  registry.insert<AttnDialect, plan::PlanDialect, mlir::affine::AffineDialect, mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect,
                  mlir::func::FuncDialect, mlir::LLVM::LLVMDialect, mlir::math::MathDialect, mlir::NVVM::NVVMDialect, mlir::scf::SCFDialect,
                  mlir::vector::VectorDialect, wg::WgDialect>();
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
}

bool Compilation::advance(const core::Program &program, const CompileOptions &options, Stage stage) {
  std::optional<nvidia::Target> gpu = nvidia::Target::get(options.target);
  if (!gpu && options.target != "cpu") {
    error = "there is no target '" + options.target + "'; say cpu, sm_90a or sm_80";
    return false;
  }
  module = importProgram(program, sources, context);
  if (!module)
    return fail();
  mlir::PassManager passes(&context, mlir::ModuleOp::getOperationName());
  passes.enableVerifier(false);
  PlanOptions plan;
  for (auto &[key, value] : options.schedule)
    plan.schedule.push_back("*:" + key + "=" + std::to_string(value));
  if (stage >= Stage::Simple)
    buildSimplifyPipeline(passes);
  if (stage >= Stage::Plan && !gpu)
    buildPlanPipeline(passes, plan);
  if (stage >= Stage::Schedule && !gpu)
    buildSchedulePipeline(passes, plan);
  if (mlir::failed(passes.run(*module)))
    return fail();
  if (stage >= Stage::Plan && gpu) { // which kernels use tensor cores is seen by their schedules
    auto made = nvidia::planForNvidia(module, *gpu, plan.schedule, refused);
    if (mlir::failed(made))
      return fail();
    decisions = std::move(*made);
  }
  return true;
}

bool Compilation::fail() {
  if (diagnostics.hasErrors())
    error.clear();
  else if (error.empty())
    error = "the program could not be compiled";
  return false;
}

std::string attn::textOf(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return text;
}
