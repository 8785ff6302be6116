#include "runtime/Session.h"
#include "codegen/Pipelines.h"
#include "runtime/SessionCompilation.h"
#include "runtime/SessionEmulator.h"
#include "runtime/SessionPlan.h"

using namespace attn;

std::unique_ptr<Callable> attn::load(const core::Program &program, const SourceMap &sources, const CompileOptions &options, Diagnostics &diagnostics, std::string &error) {
  if (options.target != "cpu") {
    if (!options.emulate.empty())
      return loadEmulated(program, sources, options, diagnostics, error);
    error = "code for " + options.target + " runs in the emulator alone: say `--emulate`";
    return nullptr;
  }
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
  if (options.target != "cpu")
    return printGpuStage(program, sources, options, stage, diagnostics, error);
  if (stage == Stage::Ptx) {
    error = "processors have no PTX: say `--target sm_90a` or `--target sm_80`";
    return "";
  }
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
