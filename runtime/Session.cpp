#include "runtime/Session.h"
#include "codegen/Pipelines.h"
#include "dialect/PlanOps.h"
#include "frontend/Import.h"
#include "passes/Pipelines.h"
#include "runtime/SessionPlan.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"

using namespace attn;

namespace {

/// One compilation: its context, and the first error that was reported.
class Compilation {
public:
  Compilation() : context(mlir::MLIRContext::Threading::DISABLED) {
    mlir::DialectRegistry registry;
    registry.insert<AttnDialect, plan::PlanDialect, mlir::affine::AffineDialect, mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect,
                    mlir::func::FuncDialect, mlir::LLVM::LLVMDialect, mlir::math::MathDialect, mlir::scf::SCFDialect, mlir::vector::VectorDialect>();
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error || !first.empty())
        return;
      llvm::raw_string_ostream stream(first);
      if (auto place = mlir::dyn_cast<mlir::FileLineColLoc>(diagnostic.getLocation()))
        stream << place.getFilename().getValue() << ":" << place.getLine() << ":" << place.getColumn() << ": ";
      stream << diagnostic;
    });
  }

  /// Takes `program` to `stage`, at most to Schedule.
  bool advance(const core::Program &program, const SourceMap &sources, const CompileOptions &options, Stage stage, std::string &error) {
    module = importProgram(program, sources, context);
    if (!module)
      return fail(error);
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
    if (mlir::failed(passes.run(*module)))
      return fail(error);
    return true;
  }

  bool fail(std::string &error) {
    error = first.empty() ? error.empty() ? "the program could not be compiled" : error : first;
    return false;
  }

  std::string first;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

std::string print(mlir::Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  op->print(stream);
  return text;
}

} // namespace

std::unique_ptr<Callable> attn::load(const core::Program &program, const SourceMap &sources, const CompileOptions &options, std::string &error) {
  std::unique_ptr<Machine> machine = Machine::get(options.cpu, error);
  if (!machine)
    return nullptr;
  Compilation compilation;
  if (!compilation.advance(program, sources, options, Stage::Schedule, error))
    return nullptr;
  std::unique_ptr<Callable> result = loadPlan(*compilation.module, *machine, &program, error);
  if (!result)
    compilation.fail(error);
  return result;
}

std::string attn::printStage(const core::Program &program, const SourceMap &sources, const CompileOptions &options, Stage stage, std::string &error) {
  std::unique_ptr<Machine> machine = Machine::get(options.cpu, error);
  Compilation compilation;
  if (!machine || !compilation.advance(program, sources, options, stage, error))
    return "";
  if (stage <= Stage::Schedule)
    return print(*compilation.module);
  Manifest manifest;
  if (stage == Stage::Target) {
    if (mlir::failed(lowerPlanToCpu(*compilation.module, machine->shape(), manifest))) {
      compilation.fail(error);
      return "";
    }
    return print(*compilation.module);
  }
  if (!lowerPlan(*compilation.module, *machine, manifest, error)) {
    compilation.fail(error);
    return "";
  }
  return stage == Stage::Llvm ? print(*compilation.module) : assemblyOf(*compilation.module, *machine, error);
}
