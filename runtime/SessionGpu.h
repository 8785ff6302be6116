// From a typed program to code for a GPU.
#pragma once
#include "runtime/Session.h"
#include <optional>

namespace attn {

struct GpuCode {
  Manifest manifest;       ///< Launch::path and ::reason say how each kernel is computed
  std::string ptx;
  std::vector<char> cubin; ///< empty if it was not asked for
  std::vector<std::string> complaints; ///< "causal.o.0: the code does not fit into registers (..)"
  double seconds = 0;      ///< that compiling took
  double assemblySeconds = 0; ///< of them in the assembler
};

/// Compiles for `options.target` (sm_90a or sm_80). With `assemble`, also to
/// machine code, which needs NVIDIA's assembler; kernels for tensor cores that
/// come out with spilled registers or serialised products get smaller tiles, and
/// one row to a thread where products wait even so. What spills in the end is a
/// complaint. On failure returns nullopt and says why as `load` does.
std::optional<GpuCode> compileForGpu(const core::Program &program, const SourceMap &sources, const CompileOptions &options, bool assemble,
                                     Diagnostics &diagnostics, std::string &error);

/// printStage for GPUs.
std::string printGpuStage(const core::Program &program, const SourceMap &sources, const CompileOptions &options, Stage stage, Diagnostics &diagnostics,
                          std::string &error);

} // namespace attn
