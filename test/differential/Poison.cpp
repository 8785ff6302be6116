#include "Poison.h"
#include "frontend/CoreWalk.h"
#include <limits>
#include <set>

using namespace attn;

/// The tensors that an expression reads, the bodies of lets included.
static void collect(const core::Program &program, const core::Expr &root, std::set<int> &tensors, std::set<int> &lets) {
  core::walk(root, [&](const core::Expr &expr) {
    if (expr.op == core::Op::Tensor || expr.op == core::Op::Member)
      tensors.insert(expr.id);
    if (expr.op == core::Op::Let && lets.insert(expr.id).second)
      collect(program, *program.lets[size_t(expr.id)].body, tensors, lets);
    return true;
  });
}

/// One entry [b, g, j] of a per-key tensor, all components.
static void fillEntry(const TensorView &view, std::vector<int64_t> index, size_t axis) {
  if (axis == view.shape.size())
    return storeReal(view, view.at(index), std::numeric_limits<double>::quiet_NaN());
  for (index[axis] = 0; index[axis] < view.shape[axis]; ++index[axis])
    fillEntry(view, index, axis + 1);
}

static bool sharesEntries(const TensorView &view) {
  for (size_t axis = 0; axis < view.shape.size(); ++axis)
    if (view.strides[axis] == 0 && view.shape[axis] > 1)
      return true;
  return false;
}

void differential::poisonHidden(const core::Program &program, Bindings &bindings, Oracle &oracle) {
  if (program.branches.size() != 1)
    return;
  std::set<int> inMask, lets;
  collect(program, *program.branches[0].mask, inMask, lets);
  std::vector<TensorView> perKey;
  for (size_t t = 0; t < program.tensors.size(); ++t) {
    const core::Tensor &tensor = program.tensors[t];
    auto given = bindings.inputs.find(tensor.name);
    if (tensor.axes == std::vector<int>{core::AxisB, core::AxisG, core::AxisM} && !inMask.count(int(t)) &&
        isFloat(tensor.dtype) && given != bindings.inputs.end() && !sharesEntries(given->second))
      perKey.push_back(given->second);
  }
  int64_t heads = oracle.length(core::AxisH), groups = oracle.length(core::AxisG), keys = oracle.length(core::AxisM);
  for (int64_t b = 0; b < oracle.length(core::AxisB); ++b)
    for (int64_t g = 0; g < groups; ++g) {
      std::vector<bool> seen(size_t(keys), false);
      for (int64_t h = g * (heads / groups); h < (g + 1) * (heads / groups); ++h)
        for (int64_t row = 0; row < oracle.length(core::AxisN); ++row)
          for (int64_t key : oracle.seenKeys(b, h, row))
            seen[size_t(key)] = true;
      for (int64_t j = 0; j < keys; ++j)
        for (const TensorView &view : perKey)
          if (!seen[size_t(j)]) {
            std::vector<int64_t> index(view.shape.size(), 0);
            index[0] = b, index[1] = g, index[2] = j;
            fillEntry(view, index, 3);
          }
    }
}
