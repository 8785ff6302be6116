#include "runtime/Oracle.h"
#include "test/fuzz/CheckText.h"
#include "test/fuzz/Mutator.h"
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>

namespace attn {
namespace {

/// Any bytes: numbers, infinities, NaN, indices far outside.
void fill(const Tensor &tensor, Random &random) {
  unsigned char *bytes = static_cast<unsigned char *>(tensor.view().data);
  bool small = random.oneIn(2);
  for (int64_t k = 0; k < tensor.elements(); ++k)
    if (small)
      storeReal(tensor.view(), k, double(random.below(9)) - 2);
    else
      for (int64_t b = 0, size = core::byteSize(tensor.dtype()); b < size; ++b)
        bytes[k * size + b] = random.next();
}

struct Call {
  Bindings bindings;
  std::vector<Tensor> storage;

  Call(const core::Program &program, Random &random) {
    size_t g = 1 + random.below(2);
    bindings.lengths = {{"B", 1 + random.below(2)}, {"G", g}, {"H", g * (1 + random.below(2))},
                        {"N", random.below(5)}, {"M", random.below(6)}};
    for (size_t axis = 5; axis < program.axes.size(); ++axis)
      bindings.lengths[program.axes[axis].name] = random.below(4);
    for (const core::Tensor &tensor : program.tensors) {
      std::vector<int64_t> shape;
      for (int axis : tensor.axes)
        shape.push_back(bindings.lengths[program.axes[axis].name]);
      shape.insert(shape.end(), tensor.shape.begin(), tensor.shape.end());
      storage.emplace_back(tensor.dtype, shape);
      fill(storage.back(), random);
      bindings.inputs[tensor.name] = storage.back().view();
    }
    for (const core::Param &param : program.params)
      if (param.type == core::Base::Real)
        bindings.reals[param.name] = double(random.below(80)) / 8 - 2;
      else
        bindings.ints[param.name] = int64_t(random.below(12)) - 3;
  }
};

/// Bits, so that NaN equals itself.
bool sameElement(const Tensor &a, int64_t m, const Tensor &b, int64_t n) {
  size_t size = core::byteSize(a.dtype());
  return std::memcmp(a.data<char>() + m * size, b.data<char>() + n * size, size) == 0;
}

} // namespace

void checkOracle(const core::Program &program, const SourceMap &) {
  // The work grows with the sizes of vectors; the shapes of a call are small.
  int64_t elements = 0;
  for (const core::Tensor &tensor : program.tensors) {
    int64_t size = 1;
    for (int64_t length : tensor.shape)
      size *= length;
    elements += size;
  }
  if (elements > 20000)
    return;
  Random random(std::hash<std::string>()(program.name) + elements);
  Call call(program, random);
  for (Arithmetic arithmetic : {Arithmetic::Exact, Arithmetic::Plain}) {
    std::string error;
    std::unique_ptr<Oracle> oracle = Oracle::create(program, call.bindings, arithmetic, error);
    if (!oracle) {
      if (error.empty()) {
        std::cerr << "fuzz: the oracle refuses without a message\n";
        std::abort();
      }
      return;
    }
    for (size_t k = 0; k < program.outputs.size(); ++k) {
      Tensor whole = oracle->evaluate(k);
      // The last place alone is the last of the whole.
      std::vector<int64_t> shape = oracle->outputShape(k);
      size_t axes = shape.size() - program.outputs[k].body->type.shape.size();
      if (whole.elements() == 0)
        continue;
      std::vector<int64_t> place;
      for (size_t d = 0; d < axes; ++d)
        place.push_back(shape[d] - 1);
      Tensor one = oracle->evaluate(k, {place});
      if (!sameElement(one, one.elements() - 1, whole, whole.elements() - 1)) {
        std::cerr << "fuzz: an element depends on what else is evaluated\n";
        std::abort();
      }
    }
  }
}

} // namespace attn
