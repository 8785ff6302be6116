// What the multipliers of this processor can do.
#pragma once
#include "runtime/Jit.h"

namespace attn::bench {

/// Fused multiply-adds of native vectors, nothing else: floating-point
/// operations in a second on `threads` threads (2 for each lane), the best of
/// several tries. 0 if the loop could not be compiled.
double measurePeak(const Machine &machine, int threads);

} // namespace attn::bench
