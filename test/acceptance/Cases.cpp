#include "test/acceptance/Cases.h"
#include "tools/attnc/Walk.h"
#include <algorithm>
#include <limits>
#include <numeric>

using namespace attn;
using namespace acceptance;

const std::vector<Shape> &acceptance::shapes() {
  static const std::vector<Shape> list = {
      // One of everything, one row (decoding), one key.
      {1, 1, 1, 1, 1, {}, 0},
      {1, 4, 2, 1, 130, {}, 0},
      {2, 2, 1, 1, 64, {}, 1},
      {1, 2, 2, 70, 1, {}, 0},
      // No key, no row, no batch entry.
      {1, 2, 1, 9, 0, {}, 0},
      {1, 2, 1, 0, 9, {}, 0},
      {0, 2, 1, 8, 8, {}, 0},
      // On the tiles and next to them.
      {1, 1, 1, 64, 64, {}, 0},
      {1, 2, 1, 128, 128, {}, 2},
      {1, 1, 1, 63, 65, {}, 0},
      {2, 1, 1, 65, 63, {}, 1},
      {1, 1, 1, 129, 257, {}, 0},
      // Primes.
      {1, 3, 1, 97, 101, {}, 1},
      {1, 5, 5, 31, 37, {}, 0},
      {2, 6, 3, 13, 17, {}, 2},
      {1, 1, 1, 211, 199, {}, 0},
      // More rows than keys: the first rows stand before the first key.
      {1, 2, 2, 150, 40, {}, 0},
      {1, 2, 1, 100, 33, {}, 2},
      // A chunk in the middle, a chunk at the start, rows far behind the keys.
      {1, 2, 1, 48, 160, 40, 0},
      {1, 1, 1, 50, 120, 0, 1},
      {1, 2, 1, 40, 30, -35, 0},
      {1, 1, 1, 24, 90, 200, 0},
      // Shared key heads in larger groups.
      {1, 8, 1, 33, 47, {}, 0},
      {2, 8, 2, 20, 72, {}, 1},
  };
  return list;
}

TensorView acceptance::laidOut(const TensorView &view, int layout, Tensor &storage) {
  size_t rank = view.shape.size();
  if (layout == 0 || rank == 0 || view.elements() == 0)
    return view;
  std::vector<int64_t> room = view.shape;
  std::vector<size_t> order(rank); // axes from slow to fast
  std::iota(order.begin(), order.end(), 0);
  if (layout == 1) {
    if (rank >= 4)
      std::swap(order[1], order[2]);
    room[order[rank - 1]] += 3;
  }
  std::vector<int64_t> sorted;
  for (size_t axis : order)
    sorted.push_back(room[axis]);
  storage = Tensor(view.dtype, sorted);
  if (isFloat(view.dtype))
    for (int64_t n = 0; n < storage.elements(); ++n)
      storage.set(n, std::numeric_limits<double>::quiet_NaN());
  TensorView result = storage.view();
  std::vector<int64_t> strides = denseStrides(sorted);
  result.shape = view.shape;
  result.strides.assign(rank, 0);
  int64_t first = 0;
  for (size_t place = 0; place < rank; ++place) {
    bool reversed = layout == 2;
    result.strides[order[place]] = reversed ? -strides[place] : strides[place];
    if (reversed)
      first += strides[place] * (sorted[place] - 1);
  }
  result.data = static_cast<char *>(result.data) + first * core::byteSize(view.dtype);

  std::vector<int64_t> index(rank);
  for (int64_t n = 0, end = view.elements(); n < end; ++n) {
    int64_t rest = n;
    for (size_t a = rank; a-- > 0;) {
      index[a] = rest % view.shape[a];
      rest /= view.shape[a];
    }
    if (isFloat(view.dtype))
      storeReal(result, result.at(index), loadReal(view, view.at(index)));
    else
      storeInt(result, result.at(index), loadInt(view, view.at(index)));
  }
  return result;
}

void acceptance::chooseParameters(attnc::Loaded &loaded, std::mt19937 &random, const Shape &shape) {
  for (const core::Param &param : loaded.program.params) {
    if (param.name == "offset" || param.name == "scale" || (param.defaultValue && random() % 3 == 0))
      continue;
    if (param.type == core::Base::Real)
      loaded.reals[param.name] = double(random() % 64) / 32;
    else if (param.type == core::Base::Bool)
      loaded.ints[param.name] = random() % 2;
    else
      loaded.ints[param.name] = 1 + int64_t(random() % uint64_t(std::max<int64_t>(shape.keys / 2, 4)));
  }
  if (shape.offset)
    loaded.ints["offset"] = *shape.offset;
}

void acceptance::poisonHidden(const core::Program &program, attnc::Problem &problem, Oracle &oracle) {
  const core::Branch *main = attnc::mainBranch(program);
  if (!main || program.branches.size() != 1)
    return;
  std::vector<bool> inMask = attnc::tensorsOf(program, main->mask);
  auto length = [&](int axis) { return problem.length(program, axis); };
  int64_t perGroup = length(core::AxisG) ? length(core::AxisH) / length(core::AxisG) : 0;
  for (int64_t b = 0; b < length(core::AxisB); ++b)
    for (int64_t g = 0; g < length(core::AxisG); ++g)
      for (int64_t j = 0; j < length(core::AxisM); ++j) {
        bool seen = false;
        for (int64_t h = g * perGroup; h < (g + 1) * perGroup && !seen; ++h)
          for (int64_t r = 0; r < length(core::AxisN) && !seen; ++r)
            seen = oracle.visible(b, h, r, j);
        if (seen)
          continue;
        for (size_t t = 0; t < program.tensors.size(); ++t) {
          const core::Tensor &tensor = program.tensors[t];
          bool perKey = tensor.axes == std::vector<int>{core::AxisB, core::AxisG, core::AxisM};
          if (!perKey || inMask[t] || !isFloat(tensor.dtype) || !problem.views.count(tensor.name))
            continue;
          const TensorView &view = problem.views[tensor.name];
          int64_t components = 1;
          for (int64_t c : tensor.shape)
            components *= c;
          int64_t start = view.strides[0] * b + view.strides[1] * g + view.strides[2] * j;
          for (int64_t c = 0; c < components; ++c) // arrays are dense here
            storeReal(view, start + c, std::numeric_limits<double>::quiet_NaN());
        }
      }
}
