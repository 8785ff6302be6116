// What a warp knows to have happened: a vector clock.
//
// One entry for each warp counts its releases. Asynchronous work has entries of
// its own: the groups of cp.async, wgmma and bulk stores that a warp has waited
// for, and the phases of an mbarrier that are known to be complete. A write or
// a read of shared memory is recorded as (entry, value); it happened before
// whoever has at least this value in that entry.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

namespace attn::emu {

class Clock {
public:
  Clock() = default;
  explicit Clock(uint32_t entries) : values(entries) {}
  uint32_t operator[](uint32_t entry) const { return values[entry]; }
  uint32_t &operator[](uint32_t entry) { return values[entry]; }
  bool empty() const { return values.empty(); }
  void join(const Clock &other) {
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = std::max(values[i], other.values[i]);
  }
  void raise(uint32_t entry, uint32_t value) { values[entry] = std::max(values[entry], value); }
  bool knows(uint32_t entry, uint32_t value) const { return values[entry] >= value; }

private:
  std::vector<uint32_t> values;
};

/// What synchronisation hands on: what has happened, and which of it a proxy
/// fence has made visible to the asynchronous proxy.
struct Knowledge {
  Clock happened, fenced;
  Knowledge() = default;
  explicit Knowledge(uint32_t entries) : happened(entries), fenced(entries) {}
  void join(const Knowledge &other) {
    happened.join(other.happened);
    fenced.join(other.fenced);
  }
};

} // namespace attn::emu
