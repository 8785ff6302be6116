#include "runtime/Session.h"
#include "codegen/Pipelines.h"
#include "dialect/PlanOps.h"
#include "frontend/Import.h"
#include "frontend/ImportPlaces.h"
#include "passes/Pipelines.h"
#include "runtime/SessionPlan.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/PassManager.h"

using namespace attn;

namespace {

/// One compilation: its context, and what is said meanwhile.
class Compilation {
public:
  Compilation(const SourceMap &sources, Diagnostics &diagnostics, std::string &error)
      : sources(sources), diagnostics(diagnostics), error(error), context(mlir::MLIRContext::Threading::DISABLED), collector(context, sources, diagnostics, &error) {
    mlir::DialectRegistry registry;
    registry.insert<AttnDialect, plan::PlanDialect, mlir::affine::AffineDialect, mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect,
                    mlir::func::FuncDialect, mlir::LLVM::LLVMDialect, mlir::math::MathDialect, mlir::scf::SCFDialect, mlir::vector::VectorDialect>();
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// Takes `program` to `stage`, at most to Schedule.
  bool advance(const core::Program &program, const CompileOptions &options, Stage stage) {
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
    if (stage >= Stage::Plan)
      buildPlanPipeline(passes, plan);
    if (stage >= Stage::Schedule)
      buildSchedulePipeline(passes, plan);
    return mlir::succeeded(passes.run(*module)) || fail();
  }

  /// False; somebody has said why, or it is said now.
  bool fail() {
    if (diagnostics.hasErrors())
      error.clear();
    else if (error.empty())
      error = "the program could not be compiled";
    return false;
  }

  const SourceMap &sources;
  Diagnostics &diagnostics;
  std::string &error;
  mlir::MLIRContext context;
  Collector collector;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

std::string textOf(mlir::Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  op->print(stream);
  return text;
}

} // namespace

std::unique_ptr<Callable> attn::load(const core::Program &program, const SourceMap &sources, const CompileOptions &options, Diagnostics &diagnostics, std::string &error) {
  std::unique_ptr<Machine> machine = Machine::get(options.cpu, error);
  if (!machine)
    return nullptr;
  Compilation compilation(sources, diagnostics, error);
  if (!compilation.advance(program, options, Stage::Schedule))
    return nullptr;
  std::unique_ptr<Callable> result = loadPlan(*compilation.module, *machine, &program, error);
  if (!result)
    compilation.fail();
  return result;
}

std::string attn::printStage(const core::Program &program, const SourceMap &sources, const CompileOptions &options, Stage stage, Diagnostics &diagnostics, std::string &error) {
  std::unique_ptr<Machine> machine = Machine::get(options.cpu, error);
  if (!machine)
    return "";
  Compilation compilation(sources, diagnostics, error);
  auto fail = [&] {
    compilation.fail();
    return std::string();
  };
  if (!compilation.advance(program, options, stage))
    return "";
  if (stage <= Stage::Schedule)
    return textOf(*compilation.module);
  Manifest manifest;
  if (stage == Stage::Target)
    return mlir::failed(lowerPlanToCpu(*compilation.module, machine->shape(), manifest)) ? fail() : textOf(*compilation.module);
  if (!lowerPlan(*compilation.module, *machine, manifest, error))
    return fail();
  return stage == Stage::Llvm ? textOf(*compilation.module) : assemblyOf(*compilation.module, *machine, error);
}
