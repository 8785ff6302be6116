#include "runtime/SessionPlan.h"
#include "codegen/Pipelines.h"
#include "runtime/Launch.h"
#include "mlir/Pass/PassManager.h"

using namespace attn;

bool attn::lowerPlan(mlir::ModuleOp module, const Machine &machine, Manifest &manifest, std::string &error) {
  cpu::Target target = machine.shape();
  if (mlir::failed(lowerPlanToCpu(module, target, manifest)))
    return false;
  manifest.target = machine.name();
  mlir::PassManager passes(module.getContext(), mlir::ModuleOp::getOperationName(), mlir::PassManager::Nesting::Implicit);
  passes.enableVerifier(false);
  buildCpuToLlvm(passes, target);
  if (mlir::failed(passes.run(module))) {
    error = "internal error: the lowered program could not be translated";
    return false;
  }
  return true;
}

namespace {
class Compiled : public Callable {
public:
  Manifest what;
  std::unique_ptr<Jit> jit;
  EntryPoints code;
  std::optional<core::Program> program;

  const Manifest &manifest() const override { return what; }
  std::string run(const Call &call) const override { return launch(what, code, program ? &*program : nullptr, call); }
};
} // namespace

std::unique_ptr<Callable> attn::loadPlan(mlir::ModuleOp module, const Machine &machine, const core::Program *program, std::string &error) {
  if (!machine.runsHere()) {
    error = "this processor cannot run code for '" + machine.name() + "'";
    return nullptr;
  }
  auto result = std::make_unique<Compiled>();
  if (!lowerPlan(module, machine, result->what, error))
    return nullptr;
  result->jit = Jit::compile(module, machine, error);
  if (!result->jit)
    return nullptr;
  auto find = [&](const std::string &symbol, auto &entry) { return (entry = reinterpret_cast<std::decay_t<decltype(entry)>>(result->jit->lookup(symbol))) != nullptr; };
  bool found = find(result->what.sizesSymbol, result->code.sizes);
  for (const Manifest::Kernel &k : result->what.kernels)
    found &= find(k.symbol, result->code.kernels.emplace_back());
  if (!found) {
    error = "internal error: compiled code lacks a symbol";
    return nullptr;
  }
  if (program)
    result->program = *program;
  return result;
}
