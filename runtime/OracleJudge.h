// Whether a result is right: its error against the truth, measured by the error
// of the plain computation.
#pragma once
#include "runtime/Tensor.h"
#include <string>

namespace attn {

/// The numbers behind a decision. Errors are relative: L2 norm of the error
/// over the L2 norm of the truth, and largest error over the largest truth.
///
/// A result in a 16-bit type may have 1.1 times the error of the plain
/// computation, one in f32 10 times; to both, a floor is added:
///
///               bf16, f16                f32
///   L2   u * (1/16 + 4 / sqrt(n))   u * (4 + 16 / sqrt(n))
///   max  u * 4                      u * 16
///
/// for n elements and u half a unit in the last place of 1 (2^-9 bf16, 2^-12 f16,
/// 2^-24 f32): two roundings of the same numbers differ by chance, the more so
/// the fewer there are, and the plain computation may make no error at all.
///
/// Where the plain computation is not finite although the truth is, any result
/// is right; where the truth is not finite, the result must be the same (any NaN
/// for a NaN). Integers and truth values must be equal.
struct Verdict {
  bool ok = true;
  double errorL2 = 0, plainL2 = 0, allowedL2 = 0;
  double errorMax = 0, plainMax = 0, allowedMax = 0;
  /// The first element beyond what is allowed, or if only the sum is too large
  /// the worst one; empty where all is well.
  std::vector<int64_t> index;
  double result = 0, truth = 0, plain = 0; ///< there
  int64_t elements = 0;

  /// One line: errors and limits, and the element if there is one.
  std::string text() const;
};

/// All three have one shape; `truth` and `plain` are what Oracle gives. The
/// dtype of `result` decides about the rule. `roundedWeights`: weights were
/// rounded to 16 bits in front of their product with values, as on tensor cores;
/// that allows a result in 16 bits u more of the L2 norm and 4 u of the largest,
/// and of few elements, which may share a weight, up to a second u of the norm.
Verdict judge(const TensorView &result, const TensorView &truth, const TensorView &plain, bool roundedWeights = false);

} // namespace attn
