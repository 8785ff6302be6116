// Spans; lists of what a call gives as sets.
#include "test/interpreter/Machine.h"
#include <set>

using namespace attn;
using interpreter::Machine, interpreter::Memory, interpreter::Keys;

/// An element of a buffer of numbers at uniform indices and a last one.
static int64_t placeOf(const Memory &m, const std::vector<int64_t> &indices, int64_t slot) {
  int64_t at = slot * m.view.strides[indices.size()];
  for (size_t k = 0; k < indices.size(); ++k)
    at += indices[k] * m.view.strides[k];
  return at;
}

double &Machine::element(Memory &m, mlir::ValueRange indices, int64_t slot) {
  std::vector<int64_t> at;
  for (mlir::Value index : indices)
    at.push_back(integer(index));
  return m.own[size_t(placeOf(m, at, slot))];
}

void Machine::list(mlir::Value raw, mlir::Value made, mlir::ValueRange indices, mlir::Value from, mlir::Value to, bool table) {
  Memory &set = *memory[raw], &target = *memory[made];
  int64_t lo = integer(from), hi = integer(to);
  std::vector<int64_t> at;
  for (mlir::Value index : indices)
    at.push_back(integer(index));
  std::set<int64_t> members;
  for (int64_t k = 0; k < set.extents.back(); ++k)
    if (int64_t x = loadInt(set.view, placeOf(set, at, k)); x >= lo && x < hi)
      members.insert(x);
  if (table) {
    for (int64_t x = lo; x < hi; ++x)
      element(target, indices, x - lo) = members.count(x);
    return;
  }
  int64_t slot = 0;
  element(target, indices, slot++) = double(members.size());
  for (int64_t x : members)
    element(target, indices, slot++) = double(x);
}

void Machine::spanOf(mlir::Value result) {
  plan::SpanParts parts = plan::partsOf(result);
  auto keys = [&](llvm::ArrayRef<plan::Interval> list) {
    Keys keys;
    for (auto &i : list)
      for (int64_t p = 0, n = i.count ? integer(i.count) : 1; p < n; ++p) {
        int64_t shift = i.stride ? p * integer(i.stride) : 0;
        keys.push_back({integer(i.lo) + shift, integer(i.hi) + shift});
      }
    return keys;
  };
  Span span;
  span.live = keys(parts.live);
  span.holes = keys(parts.holes);
  span.exact = parts.exact;
  if (parts.list) {
    span.listed = true;
    span.gathered = parts.gathered;
    span.run = parts.run;
    Memory &m = *memory[parts.list];
    bool inside = true; // a list outside its set's extents is empty
    for (auto [k, index] : llvm::enumerate(parts.indices))
      inside &= integer(index) >= 0 && integer(index) < m.extents[k];
    for (int64_t k = 1, n = inside ? int64_t(element(m, parts.indices, 0)) : 0; k <= n; ++k) {
      int64_t item = int64_t(element(m, parts.indices, k));
      span.blocks.insert(item);
      for (int64_t key = item * span.run; key < std::min((item + 1) * span.run, integer(parts.below)); ++key)
        span.sequence.push_back(key);
    }
  }
  spans[result] = span;
}
