// Parallel loops over independent items.
#pragma once
#include <cstdint>
#include <functional>

namespace attn {

/// Runs `body(item)` for item in [0, items) on at most `threads` threads, this
/// one among them; 0 means as many as the process may use. Items are handed out
/// in order, one at a time. Loops of several callers may run at once.
void parallelFor(int64_t items, int threads, const std::function<void(int64_t)> &body);

/// As many threads as the process may use.
int availableThreads();

} // namespace attn
