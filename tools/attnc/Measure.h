// One call of a pattern and everything worth saying about it.
#pragma once
#include "runtime/Sample.h"
#include "tools/attnc/Problem.h"
#include "tools/attnc/Progress.h"

namespace attnc {

/// How much a call's mask lets through, over all batch entries and heads.
struct Visible {
  double pairs = 0;
  double all = 0;     ///< B * H * N * M
  bool exact = true;  ///< else estimated from some rows
};
Visible countVisible(const Loaded &loaded, const Problem &problem, attn::Oracle &oracle);

/// The shape of every output, by name.
std::map<std::string, std::vector<int64_t>> outputShapes(const Loaded &loaded, const Problem &problem);

/// "B=1 H=8 ... D=64 E=64 ".
std::string lengthsOf(const Loaded &loaded, const Problem &problem);

/// What `attnc run` reports.
struct Report {
  double compileSeconds = 0;
  std::vector<double> seconds; ///< of every repetition, ascending
  int threads = 0;             ///< 0: on a GPU, by its clock
  std::string target;
  Visible visible;
  double flops = 0;            ///< useful ones of one call
  int64_t stats[attn::Manifest::StatCount] = {};
  int64_t tiles = 0;           ///< that a dense mask would visit, in all sweeps
  bool listed = false;         ///< only tiles of lists are visited
  int64_t sweeps = 0;          ///< over the keys, of all kernels
  int64_t rows = 0, cols = 0;  ///< sides of the main kernel's tile
  struct Check {
    std::string output;
    int64_t rows = 0; ///< places that were compared
    attn::Verdict verdict;
  };
  std::vector<Check> checks;
  bool agrees = true;
};

void printReport(const Loaded &loaded, const Problem &problem, const Report &report, bool compiled);
void printJson(const Loaded &loaded, const Problem &problem, const Report &report, bool compiled);

} // namespace attnc
