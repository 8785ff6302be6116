#include "Arguments.h"
#include "frontend/Scalar.h"
#include <algorithm>
#include <limits>

using namespace differential;
using attn::Tensor;
using attn::TensorView;
namespace core = attn::core;

std::string Shape::print() const {
  auto text = [](const char *name, int64_t value) { return std::string(name) + "=" + std::to_string(value); };
  std::string s = text("B", b) + "," + text("H", h) + "," + text("G", g) + "," + text("N", n) + "," + text("M", m);
  if (hasOffset)
    s += " " + text("offset", offset);
  return s + (strided ? " strided" : "") + (poison ? " poisoned" : "");
}

Shape differential::randomShape(Random &r) {
  Shape shape;
  static const std::vector<int64_t> lengths = {1, 2, 3, 5, 7, 13, 16, 31, 33, 47, 63, 64, 65, 70, 97, 128, 130};
  static const std::vector<std::array<int64_t, 2>> heads = {{1, 1}, {1, 1}, {2, 1}, {2, 2}, {4, 2}, {3, 3}, {6, 2}};
  shape.b = r.in(1, 2);
  auto [h, g] = r.of(heads);
  shape.h = h, shape.g = g;
  shape.n = r.of(lengths), shape.m = r.of(lengths);
  if (r.chance(25))
    shape.n = 1;
  if (r.chance(30))
    shape.m = shape.n;
  if (r.chance(3))
    shape.m = 0;
  if (r.chance(2))
    shape.n = 0;
  shape.hasOffset = r.chance(30);
  shape.offset = r.in(-10, shape.m + 5);
  shape.content = r.bits();
  shape.poison = r.chance(8);
  shape.strided = r.chance(40);
  return shape;
}

std::vector<Shape> differential::smaller(const Shape &shape) {
  std::vector<Shape> list;
  auto with = [&](auto change) {
    Shape copy = shape;
    change(copy);
    if (copy.print() != shape.print())
      list.push_back(copy);
  };
  with([](Shape &s) { s.b = s.h = s.g = 1; });
  with([](Shape &s) { s.b = 1; });
  with([](Shape &s) { s.h = s.g; });
  with([](Shape &s) { s.hasOffset = false; });
  with([](Shape &s) { s.strided = false; });
  with([](Shape &s) { s.poison = false; });
  for (int64_t to : {int64_t(1), int64_t(2), shape.n / 2, shape.n - 1})
    if (to > 0 && to < shape.n)
      with([&](Shape &s) { s.n = to; });
  for (int64_t to : {int64_t(1), int64_t(2), shape.m / 2, shape.m - 1})
    if (to > 0 && to < shape.m)
      with([&](Shape &s) { s.m = to; });
  return list;
}

/// An array of `shape` in a random layout: axes in another order, gaps behind
/// rows, every second component, one entry for all.
static TensorView layOut(const core::Tensor &tensor, const std::vector<int64_t> &shape, bool strided, Random &r,
                         std::vector<Tensor> &storage) {
  size_t rank = shape.size(), axes = tensor.axes.size();
  std::vector<size_t> order(rank);
  for (size_t d = 0; d < rank; ++d)
    order[d] = d;
  std::vector<int64_t> pad(rank, 0), step(rank, 1);
  std::vector<bool> shared(rank, false);
  if (strided) {
    for (size_t d = axes; d > 1; --d) // components stay innermost
      std::swap(order[d - 1], order[size_t(r.in(0, int64_t(d) - 1))]);
    for (size_t d = 0; d < rank; ++d)
      pad[d] = r.chance(30) ? r.in(1, 9) : 0;
    if (r.chance(15))
      step[order[rank - 1]] = 2;
    for (size_t d = 0; d < axes; ++d)
      shared[d] = r.chance(8);
  }
  TensorView view;
  view.dtype = tensor.dtype;
  view.shape = shape;
  view.strides.assign(rank, 0);
  int64_t stride = 1;
  for (size_t n = rank; n-- > 0;) {
    size_t d = order[n];
    stride *= step[d];
    view.strides[d] = shared[d] ? 0 : stride;
    stride *= (shared[d] ? 1 : std::max<int64_t>(shape[d], 1)) + pad[d];
  }
  storage.emplace_back(tensor.dtype, std::vector<int64_t>{stride});
  view.data = storage.back().data();
  return view;
}

/// Nearly ascending along the last axis. In half of all arrays something special
/// stands here and there.
static void fillInOrder(const TensorView &view, const Content &content, uint64_t seed) {
  const double reals[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                          -std::numeric_limits<double>::infinity()};
  const int64_t least = std::numeric_limits<int64_t>::min(), greatest = std::numeric_limits<int64_t>::max();
  const int64_t steps[] = {least, -(int64_t(1) << 61), -40, 0, int64_t(1) << 62, greatest - 200};
  std::vector<int64_t> index(view.shape.size(), 0);
  bool isSpecial = seed % 2;
  Random r(seed);
  for (int64_t n = 0, length = view.shape.empty() ? 1 : view.shape.back(); n < view.elements(); ++n) {
    int64_t at = index.empty() ? 0 : index.back();
    bool special = isSpecial && r.chance(3);
    if (content.kind == Content::Far)
      attn::storeInt(view, view.at(index), steps[special ? r.in(0, 5) : at * 6 / length] + r.in(0, 150));
    else
      attn::storeReal(view, view.at(index), special ? reals[r.in(0, 2)] : content.low + double(int64_t(double(at) / double(length) * 2 * (content.high - content.low))) / 2);
    for (size_t d = index.size(); d-- > 0 && ++index[d] == view.shape[d];)
      index[d] = 0;
  }
}

static void fill(const core::Tensor &tensor, const TensorView &view, uint64_t seed) {
  const Content &content = contentOf(tensor.name, attn::isFloat(tensor.dtype));
  seed = attn::seedOf(seed, tensor.name);
  if (content.kind == Content::Normal) {
    attn::fillNormal(view, seed, content.high);
    if (content.low != 0 && view.elements()) { // by place in memory, once each
      Tensor numbers(core::DType::F64, view.shape);
      attn::fillNormal(numbers.view(), seed, content.high);
      std::vector<int64_t> index(view.shape.size(), 0);
      for (int64_t n = 0; n < numbers.elements(); ++n) {
        attn::storeReal(view, view.at(index), numbers.real(n) + content.low);
        for (size_t d = index.size(); d-- > 0 && ++index[d] == view.shape[d];)
          index[d] = 0;
      }
    }
    return;
  }
  if (content.kind == Content::Halves || content.kind == Content::Far) {
    fillInOrder(view, content, seed);
    return;
  }
  attn::fillIntegers(view, seed, int64_t(content.low), int64_t(content.high));
  if (content.kind == Content::Sorted && !view.shape.empty()) {
    // Ascending along the last axis, in every row of it.
    size_t last = view.shape.size() - 1;
    int64_t length = view.shape[last], classes = int64_t(content.high - content.low);
    for (int64_t row = 0; row < (last ? view.shape[0] : 1); ++row)
      for (int64_t n = 0; n < length; ++n)
        attn::storeInt(view, n * view.strides[last] + (last ? row * view.strides[0] : 0),
                       (n * classes + int64_t(seed % 7)) / (length + 3));
  }
}

static bool isSoftmax(const core::Program &program) {
  if (program.branches.size() != 1 || program.branches[0].weights.size() != 1)
    return false;
  const core::Expr &weight = *program.branches[0].weights[0].body;
  return weight.op == core::Op::Div && weight.args[0]->op == core::Op::Exp;
}

Arguments differential::makeArguments(const core::Program &program, const Shape &shape) {
  Arguments arguments;
  attn::Bindings &bindings = arguments.bindings;
  arguments.storage.reserve(program.tensors.size());
  bindings.lengths = {{"B", shape.b}, {"H", shape.h}, {"G", shape.g}, {"N", shape.n}, {"M", shape.m}};
  // What sets and classes depend on: `offset` is theirs, no other parameter.
  attn::ScalarInputs scalars;
  scalars.extents = {shape.b, shape.h, shape.g, shape.n, shape.m};
  for (const core::Param &param : program.params)
    scalars.params.push_back(attn::Scalar::ofInt(param.name != "offset" ? 0 : shape.hasOffset ? shape.offset : shape.m - shape.n));
  auto known = [&](const core::ExprPtr &e) { return attn::evaluateScalar(*e, scalars).value_or(attn::Scalar()).integer; };
  Random lengthsOf(attn::seedOf(shape.content, "lengths"));
  for (size_t axis = 5; axis < program.axes.size(); ++axis) {
    int64_t length = program.axes[axis].length ? known(program.axes[axis].length) : 6;
    if (program.axes[axis].length && lengthsOf.chance(10)) // some classes have no list
      length = std::max<int64_t>(length - 1, 0);
    bindings.lengths[program.axes[axis].name] = length;
    scalars.extents.push_back(length);
  }
  for (const core::Tensor &tensor : program.tensors) {
    Random r(attn::seedOf(shape.content, tensor.name + " layout"));
    std::vector<int64_t> lengths;
    for (int axis : tensor.axes)
      lengths.push_back(bindings.lengths[program.axes[size_t(axis)].name]);
    lengths.insert(lengths.end(), tensor.shape.begin(), tensor.shape.end());
    TensorView view = layOut(tensor, lengths, shape.strided, r, arguments.storage);
    if (tensor.isSet())
      attn::fillIntegers(view, attn::seedOf(shape.content, tensor.name), known(tensor.from) - 2, known(tensor.to) + 2);
    else
      fill(tensor, view, shape.content);
    // Values that only some rows see: NaN there, and nowhere else. Weights other
    // than those of a softmax over few keys may be 0, and 0 times NaN may be either.
    if (shape.poison && tensor.name == "v" && view.elements() && isSoftmax(program) && std::max(shape.n, shape.m) <= 40)
      for (int64_t n = r.in(1, 3); n > 0; --n) {
        std::vector<int64_t> index;
        for (int64_t length : view.shape)
          index.push_back(r.in(0, length - 1));
        attn::storeReal(view, view.at(index), std::numeric_limits<double>::quiet_NaN());
      }
    bindings.inputs[tensor.name] = view;
  }
  Random r(shape.content);
  for (const core::Param &param : program.params) {
    if (param.name == "offset" || (param.defaultValue && r.chance(50)))
      continue;
    if (param.type == core::Base::Real)
      bindings.reals[param.name] = param.name == "base" ? 100 : double(r.in(0, 8)) / 8;
    else if (param.type == core::Base::Bool)
      bindings.ints[param.name] = r.in(0, 1);
    else
      bindings.ints[param.name] = r.chance(50) ? r.in(0, 9) : r.in(-5, 80);
  }
  if (shape.hasOffset)
    bindings.ints["offset"] = shape.offset;
  return arguments;
}
