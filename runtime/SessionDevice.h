// Compiled code on this machine's GPU, from arrays in host memory and back.
#pragma once
#include "runtime/GpuFunction.h"
#include "runtime/Session.h"
#include "runtime/SessionGpu.h"

namespace attn {

/// An artifact in memory of one program compiled for one target.
std::shared_ptr<const Artifact> artifactOf(const core::Program &program, const std::string &target, GpuCode code);

/// Compiles for GPU `ordinal` of this machine: with the assembler where one is
/// found, else the driver assembles the PTX. Calls take arrays in host memory;
/// they are copied to the device and the results back. `driver` is as in
/// cuda::Driver::open. On failure returns null and says why as `load` does.
std::unique_ptr<Callable> loadOnGpu(const core::Program &program, const SourceMap &sources, const CompileOptions &options, int ordinal,
                                    const std::string &driver, Diagnostics &diagnostics, std::string &error);

} // namespace attn
