// What turns the stand-in for a driver into one that runs kernels.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fake {

struct Launch {
  const std::string &text;               ///< PTX; empty for machine code
  const std::string &entry;
  unsigned grid, block, shared;
  void **parameters;
  const std::vector<size_t> &sizes;      ///< of the parameters, in bytes
  const std::map<void *, size_t> &memory; ///< allocations of cuMemAlloc
};

/// Runs a kernel; returns what went wrong. Null: launches are only written down.
extern std::string (*run)(const Launch &);
/// Makes a tensor map of 16-bit elements with the 128-byte swizzle.
extern void (*encode)(void *map, uint32_t rank, void *address, const uint64_t *dims, const uint64_t *strides, const uint32_t *box);

} // namespace fake
