// What holds between masks for all lengths, positions and parameters.
#pragma once
#include "passes/MaskAnalysis.h"

namespace attn {

/// The answer to a question about masks. `No` comes with an example.
struct Proof {
  enum Answer {
    Yes,
    No,
    Unknown, ///< the masks are not affine, or too large
  };
  Answer answer = Unknown;
  /// Where it fails: names (`i`, `j`, `N`, parameters, ...) and numbers. `i` is
  /// the absolute position where the mask knows it, else the row is `r`.
  std::vector<std::pair<std::string, int64_t>> example;
};

/// The masks may stand in different patterns: what has the same name (and is
/// computed in the same way) is the same number. Rows and keys run over the
/// same lengths.
Proof implies(const MaskQuestion &a, const MaskQuestion &b);
Proof equal(const MaskQuestion &a, const MaskQuestion &b);
/// Whether no row sees a key in both masks.
Proof disjoint(const MaskQuestion &a, const MaskQuestion &b);
/// Whether no row ever sees a key.
Proof empty(const MaskQuestion &a);

} // namespace attn
