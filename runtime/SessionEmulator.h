// Code for a GPU, run on the host.
#pragma once
#include "runtime/SessionGpu.h"

namespace attn {

/// Compiles for `options.target` and runs the PTX in the emulator, once for
/// every order of asynchronous work that `options.emulate` names: "eager",
/// "lazy", "random:SEED", "producer-first", or "all" of them. Calls fail with
/// what the emulator found, also if orders give different results. On failure
/// returns null and says why as `load` does.
std::unique_ptr<Callable> loadEmulated(const core::Program &program, const SourceMap &sources, const CompileOptions &options,
                                       Diagnostics &diagnostics, std::string &error);

} // namespace attn
