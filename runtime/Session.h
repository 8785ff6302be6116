// From a typed program to a callable on this machine, and the call itself.
#pragma once
#include "codegen/Manifest.h"
#include "frontend/Core.h"
#include "frontend/Diagnostics.h"
#include "runtime/Call.h"
#include <functional>
#include <memory>

namespace attn {

/// Where compilation may stop (`attnc --until`).
enum class Stage {
  Ast,      ///< as written
  Core,     ///< the typed program
  Attn,     ///< level 1 as imported
  Simple,   ///< level 1 after proofs and rewrites
  Plan,     ///< level 2: kernels, sweeps, buffers
  Schedule, ///< level 2 with tile sizes and target choices
  Target,   ///< vector, scf, memref
  Llvm,     ///< LLVM dialect
  Ptx,      ///< NVIDIA's assembly; GPUs only
  Binary,   ///< machine code (printed as assembly; of GPUs: what it needs)
};

struct CompileOptions {
  std::string target = "cpu"; ///< or sm_90a, sm_80
  std::string cpu = "native"; ///< an LLVM CPU name, or x86-64-v3, x86-64-v4
  /// GPUs: calls run in the emulator, in this order of asynchronous work
  /// (SessionEmulator.h). Empty: they do not.
  std::string emulate;
  std::string ptxas;          ///< path of NVIDIA's assembler; empty: found by itself
  std::map<std::string, int64_t> schedule; ///< overrides: rows, cols, share, ...
};

/// Compiled code. Thread-safe: calls may run at the same time.
class Callable {
public:
  virtual ~Callable() = default;
  virtual const Manifest &manifest() const = 0;
  /// Runs one call. Returns an empty string, or what is wrong with the
  /// arguments (tensor and axis named); then nothing was written.
  virtual std::string run(const Call &call) const = 0;
};

/// Compiles for this machine. On failure returns null; then `diagnostics` has
/// what is wrong with the program, at its places, and `error` what is wrong
/// otherwise. One of them is not empty. Warnings may be given in any case.
std::unique_ptr<Callable> load(const core::Program &program, const SourceMap &sources,
                               const CompileOptions &options, Diagnostics &diagnostics, std::string &error);

/// The text of a stage from Attn on. On failure returns an empty string and says
/// why as above.
std::string printStage(const core::Program &program, const SourceMap &sources, const CompileOptions &options,
                       Stage stage, Diagnostics &diagnostics, std::string &error);

} // namespace attn
