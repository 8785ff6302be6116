// What the compiler's analyses say about a program, as text and numbers.
#pragma once
#include "passes/Estimate.h"
#include "runtime/Session.h"
#include "tools/attnc/Problem.h"

namespace attnc {

struct Analysis {
  /// Of one branch.
  struct Branch {
    std::string name;
    std::string keys;    ///< live keys and holes of the rows r0..r1, a line each
    bool exact = false;  ///< tile classes follow from these closed forms alone
    std::string listed;  ///< the clause whose list gives the keys, if there is one
    std::vector<std::string> opaque; ///< parts of the mask that are looked at element by element
    std::string weights; ///< passes, state, finish and merge
  };
  struct Kernel {
    std::string name;
    std::map<std::string, int64_t> schedule;
    std::string text; ///< the schedule as it is printed
    std::string path; ///< on GPUs: "tensor cores" or "simt"
    std::string reason; ///< why not tensor cores; may be empty
  };
  /// Workspace: a buffer of the plan.
  struct Buffer {
    std::string name, type;
  };
  /// Tiles of the main result, all batch entries and heads, from the closed
  /// forms; unknown where they are not exact or read tables.
  struct Tiles {
    bool known = false;
    int64_t empty = 0, full = 0, mixed = 0;
  };

  std::vector<Branch> branches;
  std::vector<Kernel> kernels;
  std::vector<Buffer> buffers;
  Tiles tiles;
  int64_t rows = 0, cols = 0; ///< sides of the main kernel's tile
  int64_t sweeps = 0;         ///< of the main kernel over its keys
  int64_t together = 1;       ///< row tiles that pass over a tile of keys together
  Tiles groups;               ///< as `tiles`, of `together` row tiles in one
  attn::PlanWork work;
};

/// Runs the analyses and the planner, for a call on `threads` threads. Where they refuse the program returns
/// nullopt; then `diagnostics` has what is wrong at places of the source, or
/// `error` what is wrong otherwise.
std::optional<Analysis> analyze(const Loaded &loaded, const Problem &problem, const attn::CompileOptions &options, int threads,
                                attn::Diagnostics &diagnostics, std::string &error);

/// How often each kernel sweeps over its keys, by name: every sweep counts the
/// tiles that it visits. The same for all targets; empty where there is no plan.
std::map<std::string, int64_t> countSweeps(const Loaded &loaded);

} // namespace attnc
