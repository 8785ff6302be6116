// How the kernels of a program are computed.
#pragma once
#include "codegen/Manifest.h"

namespace attn {

/// Whether weights are rounded to 16 bits somewhere.
inline bool usesTensorCores(const Manifest &manifest) {
  for (const Manifest::Kernel &kernel : manifest.kernels)
    if (kernel.launch.path == "tensor cores")
      return true;
  return false;
}

} // namespace attn
