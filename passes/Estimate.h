// How long a call of a plan takes at least, by a roofline:
//
//   arithmetic = FLOP / limits.flops
//   memory     = bytes / limits.bandwidth
//   seconds    = max(arithmetic, memory)
//
// FLOP: 2 for every component of every product (plan.contract) that depends on
// the key, in whole visited tiles, sweep by sweep. Exponentials, masks and what
// is done once per row are not counted.
//
// Bytes: of every array, by what the plan loads in its sweeps:
//
//   per key tile, such as k[b, g, j]       loaded = tile bytes x loads
//   per tile of pairs, bias[h, i, j]       loaded = tile bytes x visited tiles
//   outside of sweeps, q[b, h, i], out     loaded = array bytes
//
// `loads` counts a key tile once for the row tiles that pass over it together
// (`share`), and so for every such group, head and batch entry. Where the key
// tiles of the heads that are worked on at one time stay in the cache, an array
// comes from memory once: bytes = min(array bytes, loaded); else bytes = loaded.
#pragma once
#include "dialect/PlanOps.h"
#include <map>
#include <string>
#include <vector>

namespace attn {

/// The work of a plan as far as it is known without lengths.
struct PlanWork {
  struct Array {
    std::string name;
    std::vector<std::string> labels;
    double elementBytes = 0; ///< all components together
    unsigned outside = 0;    ///< how many kernels touch it outside of sweeps
  };
  /// What a sweep loads of an array, in bytes.
  struct Load {
    unsigned array;
    bool pairs;   ///< for every tile of rows x keys, else for every key tile
    double bytes; ///< of one such tile
  };
  struct Sweep {
    double flops = 0; ///< of one tile
    std::vector<Load> loads;
  };
  std::vector<Array> arrays;
  std::vector<Sweep> sweeps;

  PlanWork() = default;
  explicit PlanWork(plan::ProgramOp program);
};

/// One call. Tiles are those of all batch entries and heads.
struct PlanCounts {
  std::map<std::string, int64_t> lengths; ///< of every label
  double visited = 0;                     ///< tiles that one sweep visits
  double loads = 0; ///< key tiles that one sweep loads, as above
};

/// What a machine can do at most.
struct PlanLimits {
  double flops = 1;     ///< per second
  double bandwidth = 1; ///< bytes per second from memory
  double cache = 0;     ///< bytes that all threads share
  int threads = 1;
};

struct PlanEstimate {
  struct Traffic {
    std::string name;
    double loaded; ///< bytes that kernels load or store
    double bytes;  ///< of these, to or from memory
  };
  double flops = 0, bytes = 0;
  double arithmetic = 0, memory = 0; ///< seconds
  bool cached = false;               ///< key tiles stay in the cache
  std::vector<Traffic> arrays;

  bool memoryBound() const { return memory > arithmetic; }
  double seconds() const { return memoryBound() ? memory : arithmetic; }
};

PlanEstimate estimate(const PlanWork &work, const PlanCounts &counts,
                      const PlanLimits &limits);

/// How many row tiles pass over a tile of keys together on `threads` threads:
/// at most `share`, and so few that every thread gets four instances of the
/// `tiles` row tiles of all heads.
int64_t sharedTiles(int64_t tiles, int64_t share, int64_t threads);

} // namespace attn
