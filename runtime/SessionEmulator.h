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

/// The PTX of a callable that `loadEmulated` made.
const std::string &ptxOf(const Callable &emulated);
/// The same callable with other PTX, which stops after so many instructions of
/// a warp: what tests with wrong code need. Null, and a reason, if the emulator
/// does not accept it.
std::unique_ptr<Callable> withPtx(const Callable &emulated, const std::string &ptx, uint64_t mostInstructions, std::string &error);
/// Warp instructions of all calls of it so far, by line of the PTX.
std::map<uint32_t, uint64_t> linesOf(const Callable &emulated);

} // namespace attn
