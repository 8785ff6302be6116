// What a call passes.
#pragma once
#include "runtime/Tensor.h"
#include <map>
#include <string>

namespace attn {

/// A call's arguments. Names are those of the program; lengths come from the
/// shapes. All outputs must be given.
struct Call {
  std::map<std::string, TensorView> inputs, outputs;
  std::map<std::string, double> reals;    ///< real parameters; missing ones take their default
  std::map<std::string, int64_t> ints;    ///< int and bool parameters
  int threads = 0;                        ///< 0: all cores of this process
  int64_t *stats = nullptr;               ///< Manifest::StatCount sums over all kernels, or null
  double *seconds = nullptr;              ///< what kernels took by the clock of a GPU, or null; others leave it
};

} // namespace attn
