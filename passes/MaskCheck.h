// The analysis of masks against the masks themselves, element by element.
#pragma once
#include "passes/MaskAnalysis.h"
#include <string>

namespace attn {

struct MaskCheck {
  std::string failure; ///< empty: sound, and exact where that is claimed
  int64_t points = 0;  ///< (tile of rows, key) pairs looked at
  int64_t loose = 0;   ///< those that a hull holds although they do not belong
};

/// Compares live keys and holes, and the tile verdicts of emitted spans, with
/// the mask at random lengths, offsets, parameters and tables.
MaskCheck checkMask(const MaskQuestion &question, unsigned trials,
                    uint64_t seed);

} // namespace attn
