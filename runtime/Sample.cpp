#include "runtime/Sample.h"
#include "runtime/OracleJudge.h"
#include <algorithm>
#include <set>

using namespace attn;

static int64_t product(const std::vector<int64_t> &numbers) {
  int64_t n = 1;
  for (int64_t number : numbers)
    n *= number;
  return n;
}

/// The complete index of the place with this number.
static std::vector<int64_t> unravel(const std::vector<int64_t> &shape, int64_t number) {
  std::vector<int64_t> index(shape.size());
  for (size_t a = shape.size(); a-- > 0;) {
    index[a] = number % shape[a];
    number /= shape[a];
  }
  return index;
}

std::vector<std::vector<int64_t>> attn::samplePlaces(const std::vector<int64_t> &axes, int64_t count, uint64_t seed) {
  int64_t all = product(axes);
  std::set<int64_t> numbers;
  if (all <= count) {
    for (int64_t n = 0; n < all; ++n)
      numbers.insert(n);
  } else {
    for (uint64_t corner = 0; corner < (uint64_t(1) << std::min<size_t>(axes.size(), 4)); ++corner) {
      int64_t number = 0;
      for (size_t a = 0; a < axes.size(); ++a)
        number = number * axes[a] + ((corner >> a & 1) ? axes[a] - 1 : 0);
      numbers.insert(number);
    }
    for (uint64_t n = 0; int64_t(numbers.size()) < count; ++n)
      numbers.insert(int64_t(randomBits(seed, n) % uint64_t(all)));
  }
  std::vector<std::vector<int64_t>> places;
  for (int64_t number : numbers)
    places.push_back(unravel(axes, number));
  return places;
}

Verdict attn::judgePlaces(int output, const TensorView &result, Oracle &exact, Oracle &plain,
                          const std::vector<std::vector<int64_t>> &places, bool roundedWeights) {
  Tensor truth = exact.evaluate(output, places), usual = plain.evaluate(output, places);
  // The same places of the result, as a dense array of the same shape.
  Tensor picked(result.dtype, truth.shape());
  size_t axes = places.empty() ? 0 : places[0].size();
  std::vector<int64_t> inner(truth.shape().begin() + 1, truth.shape().end());
  int64_t components = product(inner);
  for (size_t p = 0; p < places.size(); ++p)
    for (int64_t c = 0; c < components; ++c) {
      std::vector<int64_t> index = places[p], tail = unravel(inner, c);
      index.insert(index.begin() + axes, tail.begin(), tail.end());
      int64_t from = result.at(index), to = int64_t(p) * components + c;
      if (isFloat(result.dtype))
        picked.set(to, loadReal(result, from));
      else
        storeInt(picked.view(), to, loadInt(result, from));
    }
  Verdict verdict = judge(picked.view(), truth.view(), usual.view(), roundedWeights);
  if (!verdict.index.empty()) {
    std::vector<int64_t> index = places[verdict.index[0]];
    index.insert(index.end(), verdict.index.begin() + 1, verdict.index.end());
    verdict.index = index;
  }
  return verdict;
}
