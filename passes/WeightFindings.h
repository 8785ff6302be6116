// What is worth saying about weights: exponentials that may overflow.
#pragma once
#include "dialect/AttnOps.h"
#include <vector>

namespace attn {

/// An exponential of the scores whose scale is left over in the result, so that
/// it is taken as it is: above a score of 88 it is infinite in f32.
struct WeightFinding {
  mlir::Location location; ///< of the exponential
  /// Whether the weights have a denominator, which does not cancel it.
  bool denominator;
};

/// All findings of one attend, each exponential once. Exponents from which a
/// value of the row is subtracted (`exp(s - lse[i])`, the normaliser of another
/// call) are left out: whether they are small is a property of the data.
std::vector<WeightFinding> findInWeights(AttendOp attend);

} // namespace attn
