// Looking at some places of a result instead of all.
#pragma once
#include "runtime/Oracle.h"
#include "runtime/OracleJudge.h"

namespace attn {

/// Places of an array with these axes: all of them if there are at most `count`,
/// else the corners and others from the seed, in ascending order.
std::vector<std::vector<int64_t>> samplePlaces(const std::vector<int64_t> &axes, int64_t count, uint64_t seed);

/// Judges output number `output` at some places: complete indices without the
/// components, at least one. `roundedWeights`: see judge.
Verdict judgePlaces(int output, const TensorView &result, Oracle &exact, Oracle &plain,
                    const std::vector<std::vector<int64_t>> &places, bool roundedWeights = false);

} // namespace attn
