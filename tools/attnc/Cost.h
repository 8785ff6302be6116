// The numbers of one call, before it is made.
#pragma once
#include "tools/attnc/Analysis.h"
#include "tools/attnc/Machine.h"
#include "tools/attnc/Measure.h"

namespace attnc {

struct Cost {
  Visible visible;
  Analysis::Tiles tiles;       ///< of one sweep
  int64_t allTiles = 0;        ///< that a dense mask would visit in one sweep
  bool tilesFromForms = false; ///< else by looking at every pair
  bool tilesKnown = false;     ///< else as if all visible pairs filled whole tiles
  double useful = 0;           ///< FLOP of the visible pairs, as `attnc run` counts them
  double inputBytes = 0, outputBytes = 0; ///< of the arrays
  attn::PlanEstimate estimate;
};

/// Counts tiles from closed forms or, where these do not tell and the mask is
/// small enough, with the oracle.
Cost costOf(const Loaded &loaded, const Problem &problem, const Analysis &analysis, attn::Oracle &oracle,
            const Machine &machine);

} // namespace attnc
