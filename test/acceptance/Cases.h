// Which calls a program is tried on.
#pragma once
#include "tools/attnc/Problem.h"
#include <random>

namespace acceptance {

/// Lengths of a call, and how its arrays lie in memory.
struct Shape {
  int64_t batch, heads, groups, rows, keys;
  std::optional<int64_t> offset; ///< else M - N
  int layout = 0;                ///< see laidOut
};

/// At least 20 shapes: N != M both ways, 1, 0, primes, lengths off every tile,
/// shared key heads, rows that see nothing, offsets, strides.
const std::vector<Shape> &shapes();

/// A copy of an array whose elements lie elsewhere: 0 dense; 1 with rows and
/// heads exchanged and gaps full of NaN; 2 with every axis reversed (negative
/// strides). `storage` keeps it alive.
attn::TensorView laidOut(const attn::TensorView &view, int layout, attn::Tensor &storage);

/// Values for the run-time parameters: those without a default always, others
/// by chance, small against the lengths so that masks matter.
void chooseParameters(attnc::Loaded &loaded, std::mt19937 &random, const Shape &shape);

/// Puts NaN into the keys and values that no row of the call sees, so that a
/// kernel that lets hidden bytes through is found.
void poisonHidden(const attn::core::Program &program, attnc::Problem &problem, attn::Oracle &oracle);

} // namespace acceptance
