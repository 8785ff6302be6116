// A call of compiled code: arguments checked, frame filled, kernels run.
#pragma once
#include "codegen/Manifest.h"
#include "frontend/Core.h"
#include "runtime/Call.h"

namespace attn {

/// Entry points of compiled code, in the order of the manifest.
struct EntryPoints {
  void (*sizes)(int64_t *frame) = nullptr;
  std::vector<void (*)(const int64_t *frame, int64_t item, char *scratch, int64_t *stats)> kernels;
};

/// Runs one call. `program` gives defaults of parameters and tensors and may be
/// null: then every argument must be given. Returns an empty string, or what is
/// wrong with the arguments; then nothing was written.
std::string launch(const Manifest &manifest, const EntryPoints &code, const core::Program *program, const Call &call);

} // namespace attn
