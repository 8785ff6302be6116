#include "runtime/OracleJudge.h"
#include <cmath>
#include <cstdio>

using namespace attn;
using core::DType;

namespace {
/// The floors are multiples of `unit`: of the L2 norm for ever so many elements
/// and for one, and of the largest error.
struct Rule {
  double factor, unit, many, one, largest;
};
Rule ruleOf(DType dtype) {
  switch (dtype) {
  case DType::BF16: return {1.1, 0x1p-9, 0.0625, 4, 4};
  case DType::F16: return {1.1, 0x1p-12, 0.0625, 4, 4};
  default: return {10, 0x1p-24, 4, 16, 16}; // f64 outputs are computed in f32
  }
}

/// Walks over the elements of three arrays of one shape.
template <class F> void forEach(const TensorView &a, const TensorView &b, const TensorView &c, F f) {
  std::vector<int64_t> index(a.shape.size(), 0);
  int64_t count = a.elements();
  for (int64_t n = 0; n < count; ++n) {
    f(index, a.at(index), b.at(index), c.at(index));
    for (size_t d = index.size(); d-- > 0 && ++index[d] == a.shape[d];)
      index[d] = 0;
  }
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
} // namespace

Verdict attn::judge(const TensorView &result, const TensorView &truth, const TensorView &plain, bool roundedWeights) {
  Verdict verdict;
  verdict.elements = truth.elements();
  if (result.shape != truth.shape || plain.shape != truth.shape) {
    verdict.ok = false;
    return verdict;
  }
  auto blame = [&](const std::vector<int64_t> &index, double r, double t, double p) {
    verdict.ok = false;
    verdict.index = index;
    verdict.result = r, verdict.truth = t, verdict.plain = p;
  };
  if (!isFloat(truth.dtype)) {
    forEach(result, truth, plain, [&](const auto &index, int64_t r, int64_t t, int64_t p) {
      int64_t x = loadInt(result, r), y = loadInt(truth, t);
      if (x != y && verdict.ok)
        blame(index, double(x), double(y), double(loadInt(plain, p)));
    });
    return verdict;
  }

  // Where all three are finite the norms decide.
  double sum = 0, largest = 0, errors = 0, plainErrors = 0, worst = -1;
  int64_t counted = 0;
  std::vector<int64_t> worstIndex;
  forEach(result, truth, plain, [&](const auto &index, int64_t r, int64_t t, int64_t p) {
    double x = loadReal(result, r), y = loadReal(truth, t), z = loadReal(plain, p);
    if (std::isfinite(y) && !std::isfinite(z))
      return;
    if (!std::isfinite(y) || !std::isfinite(x)) {
      if (verdict.ok && !same(x, y) && (std::isfinite(y) || same(z, y)))
        blame(index, x, y, z);
      return;
    }
    double e = std::fabs(x - y), f = std::fabs(z - y);
    sum += y * y, errors += e * e, plainErrors += f * f;
    largest = std::max(largest, std::fabs(y));
    verdict.errorMax = std::max(verdict.errorMax, e), verdict.plainMax = std::max(verdict.plainMax, f);
    if (e > worst)
      worst = e, worstIndex = index;
    ++counted;
  });
  if (!counted)
    return verdict;
  Rule rule = ruleOf(result.dtype);
  if (roundedWeights && (result.dtype == DType::BF16 || result.dtype == DType::F16))
    rule.many += 1, rule.one += 8, rule.largest += 4;
  // A truth of zeros has no relative error; then errors count as they are.
  double norm = sum > 0 ? std::sqrt(sum) : 1, scale = largest > 0 ? largest : 1;
  verdict.errorL2 = std::sqrt(errors) / norm;
  verdict.plainL2 = std::sqrt(plainErrors) / norm;
  verdict.errorMax /= scale;
  verdict.plainMax /= scale;
  verdict.allowedL2 = rule.factor * verdict.plainL2 + rule.unit * (rule.many + rule.one / std::sqrt(double(counted)));
  verdict.allowedMax = rule.factor * verdict.plainMax + rule.unit * rule.largest;
  if (!verdict.ok || (verdict.errorL2 <= verdict.allowedL2 && verdict.errorMax <= verdict.allowedMax))
    return verdict;
  forEach(result, truth, plain, [&](const auto &index, int64_t r, int64_t t, int64_t p) {
    double x = loadReal(result, r), y = loadReal(truth, t), z = loadReal(plain, p);
    bool beyond = std::fabs(x - y) > verdict.allowedMax * scale;
    if (verdict.ok && std::isfinite(y) && std::isfinite(z) && (beyond || index == worstIndex) &&
        (beyond || verdict.errorMax <= verdict.allowedMax))
      blame(index, x, y, z);
  });
  return verdict;
}

std::string Verdict::text() const {
  char line[400];
  if (ok && !elements)
    return "nothing to compare";
  std::snprintf(line, sizeof line, "error %.2e of %.2e allowed (plain %.2e), largest %.2e of %.2e (plain %.2e)", errorL2,
                allowedL2, plainL2, errorMax, allowedMax, plainMax);
  std::string s = line;
  if (!index.empty()) {
    s += "; first at [";
    for (size_t n = 0; n < index.size(); ++n)
      s += (n ? ", " : "") + std::to_string(index[n]);
    std::snprintf(line, sizeof line, "]: %.9g instead of %.9g (plain %.9g)", result, truth, plain);
    s += line;
  }
  return s;
}
