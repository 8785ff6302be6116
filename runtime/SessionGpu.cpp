#include "runtime/SessionGpu.h"
#include "codegen/nvidia/Ptx.h"
#include "codegen/nvidia/Ptxas.h"
#include "runtime/SessionCompilation.h"
#include "mlir/Pass/PassManager.h"
#include <chrono>

using namespace attn;

static double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

static bool toLlvm(mlir::ModuleOp module, std::string &error) {
  mlir::PassManager passes(module.getContext(), mlir::ModuleOp::getOperationName(), mlir::PassManager::Nesting::Implicit);
  passes.enableVerifier(false);
  nvidia::buildNvidiaToLlvm(passes);
  if (mlir::failed(passes.run(module))) {
    error = "internal error: the lowered program could not be translated";
    return false;
  }
  nvidia::markEntries(module);
  return true;
}

// One attempt: what tensor cores failed at is in `refused`, and is added to it.
static bool attempt(const core::Program &program, const SourceMap &sources, const CompileOptions &options, bool assemble,
                    std::vector<nvidia::Decision> &refused, GpuCode &code, Diagnostics &diagnostics, std::string &error) {
  Compilation compilation(sources, diagnostics, error);
  compilation.refused = refused;
  if (!compilation.advance(program, options, Stage::Schedule))
    return false;
  nvidia::Target target = *nvidia::Target::get(options.target);
  if (mlir::failed(nvidia::lowerPlanToNvidia(*compilation.module, target, compilation.decisions, code.manifest)) || !toLlvm(*compilation.module, error))
    return compilation.fail();
  code.ptx = nvidia::ptxOf(*compilation.module, target, error);
  if (code.ptx.empty())
    return compilation.fail();
  if (!assemble)
    return true;
  nvidia::Cubin cubin;
  double start = now();
  if (!nvidia::assemble(code.ptx, target, nvidia::findPtxas(options.ptxas), cubin, error))
    return false;
  code.assemblySeconds += now() - start;
  code.cubin = std::move(cubin.bytes);
  for (size_t n = 0; n < code.manifest.kernels.size(); ++n) {
    Manifest::Launch &launch = code.manifest.kernels[n].launch;
    launch.registers = cubin.kernels[launch.entry].registers;
    if (!compilation.decisions[n].tensorCores) // a multiprocessor has 64 Ki registers
      launch.blocksPerSm = std::clamp((64 << 10) / (std::max(launch.registers, 1) * launch.threads), 1, launch.blocksPerSm);
    std::string complaint = nvidia::complaint(cubin, launch.entry);
    // The rows of other kernels lie in local memory in any case.
    if (complaint.empty() || !compilation.decisions[n].tensorCores)
      continue;
    // A few spilled registers cost less than doing without tensor cores.
    const nvidia::Decision &decision = compilation.decisions[n];
    bool serialised = complaint.find("C75") != std::string::npos;
    if (serialised || !decision.last) {
      refused.push_back({decision.kernel, false, complaint});
      continue;
    }
    launch.reason = complaint;
    code.complaints.push_back(code.manifest.kernels[n].name + ": " + complaint);
  }
  return true;
}

std::optional<GpuCode> attn::compileForGpu(const core::Program &program, const SourceMap &sources, const CompileOptions &options, bool assemble,
                                           Diagnostics &diagnostics, std::string &error) {
  double start = now(), assembly = 0;
  std::vector<nvidia::Decision> refused;
  for (;;) {
    GpuCode code;
    size_t before = refused.size();
    if (!attempt(program, sources, options, assemble, refused, code, diagnostics, error))
      return std::nullopt;
    assembly += code.assemblySeconds;
    if (refused.size() > before)
      continue;
    code.seconds = now() - start;
    code.assemblySeconds = assembly;
    return code;
  }
}

/// What machine code needs, one line for each kernel.
static std::string summary(const GpuCode &code) {
  std::string text;
  for (const Manifest::Kernel &kernel : code.manifest.kernels) {
    const Manifest::Launch &launch = kernel.launch;
    text += launch.entry + ": " + launch.path + ", " + std::to_string(launch.threads) + " threads of " + std::to_string(launch.registers) + " registers";
    if (launch.sharedBytes)
      text += ", " + std::to_string(launch.sharedBytes) + " bytes of shared memory";
    if (!launch.reason.empty())
      text += " (" + launch.reason + ")";
    text += "\n";
  }
  return text;
}

std::string attn::printGpuStage(const core::Program &program, const SourceMap &sources, const CompileOptions &options, Stage stage,
                                Diagnostics &diagnostics, std::string &error) {
  if (stage >= Stage::Ptx) {
    std::optional<GpuCode> code = compileForGpu(program, sources, options, stage == Stage::Binary, diagnostics, error);
    return !code ? "" : stage == Stage::Ptx ? code->ptx : summary(*code);
  }
  Compilation compilation(sources, diagnostics, error);
  if (!compilation.advance(program, options, stage))
    return "";
  if (stage <= Stage::Schedule)
    return textOf(*compilation.module);
  Manifest manifest;
  if (mlir::failed(nvidia::lowerPlanToNvidia(*compilation.module, *nvidia::Target::get(options.target), compilation.decisions, manifest)) ||
      (stage == Stage::Llvm && !toLlvm(*compilation.module, error))) {
    compilation.fail();
    return "";
  }
  return textOf(*compilation.module);
}
