// What is known of integers in a kernel, so that they may be computed in 32
// bits. Positions and lengths are below 2^29 and integer parameters within
// 2^30 of 0: the host refuses calls beyond.
#pragma once
#include "dialect/PlanOps.h"

namespace attn::nvidia {

/// Both ends included; arithmetic saturates.
struct Bounds {
  int64_t lo = INT64_MIN, hi = INT64_MAX;

  static Bounds of(int64_t x) { return {x, x}; }
  static Bounds positions() { return {0, int64_t(1) << 29}; }
  static Bounds parameters() { return {-(int64_t(1) << 30), int64_t(1) << 30}; }
  /// All values of a type; of `index`, all of 64 bits.
  static Bounds ofType(mlir::Type type);

  bool fits32() const { return lo >= INT32_MIN && hi <= INT32_MAX; }
  bool constant() const { return lo == hi; }
  Bounds operator+(Bounds o) const;
  Bounds operator-(Bounds o) const;
  Bounds operator*(Bounds o) const;
  Bounds join(Bounds o) const { return {std::min(lo, o.lo), std::max(hi, o.hi)}; }
  Bounds min(Bounds o) const { return {std::min(lo, o.lo), std::min(hi, o.hi)}; }
  Bounds max(Bounds o) const { return {std::max(lo, o.lo), std::max(hi, o.hi)}; }
  Bounds abs() const;
  /// Rounded down, and the remainder; by anything, also 0.
  Bounds floorDiv(Bounds o) const;
  Bounds mod(Bounds o) const;

};

/// The range of a uniform integer of a plan.
Bounds boundsOf(mlir::Value uniform);

} // namespace attn::nvidia
