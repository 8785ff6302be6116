#include "runtime/Oracle.h"
#include "runtime/OracleBind.h"
#include "runtime/OracleCompile.h"

using namespace attn;
using namespace attn::oracle;

namespace {
template <class T> class Evaluation : public Oracle {
public:
  Evaluation(const core::Program &program, std::unique_ptr<Call> bound)
      : program(program), call(std::move(bound)), machine(program, *call, program.dtype) {
    for (size_t n = 0; n < program.branches.size(); ++n)
      if (program.branches[n].name == "o")
        main = int(n);
  }

  int64_t length(int axis) const override { return call->lengths[size_t(axis)]; }
  int64_t offset() const override { return call->offset; }

  std::vector<int64_t> outputShape(int output) const override {
    const core::Output &o = program.outputs[size_t(output)];
    std::vector<int64_t> shape;
    for (int id : o.variables)
      shape.push_back(length(program.variables[size_t(id)].axis));
    shape.insert(shape.end(), o.body->type.shape.begin(), o.body->type.shape.end());
    return shape;
  }

  Tensor evaluate(int output) override {
    Tensor result(typeOf(output), outputShape(output));
    size_t axes = program.outputs[size_t(output)].variables.size();
    int64_t components = program.outputs[size_t(output)].body->type.elements();
    int64_t places = components ? result.elements() / components : 0;
    std::vector<int64_t> place(axes, 0);
    auto store = writer(output, result.view());
    for (int64_t n = 0; n < places; ++n) {
      store(place, n * components);
      for (size_t d = axes; d-- > 0 && ++place[d] == result.shape()[d];)
        place[d] = 0;
    }
    return result;
  }

  Tensor evaluate(int output, const std::vector<std::vector<int64_t>> &places) override {
    std::vector<int64_t> shape = {int64_t(places.size())};
    const core::Type &type = program.outputs[size_t(output)].body->type;
    shape.insert(shape.end(), type.shape.begin(), type.shape.end());
    Tensor result(typeOf(output), shape);
    auto store = writer(output, result.view());
    for (size_t n = 0; n < places.size(); ++n)
      store(places[n], int64_t(n) * type.elements());
    return result;
  }

  bool visible(int64_t b, int64_t h, int64_t row, int64_t key) override {
    return main >= 0 && machine.visible(main, rowOf(b, h, row), key);
  }
  std::vector<int64_t> seenKeys(int64_t b, int64_t h, int64_t row) override {
    std::vector<int64_t> keys;
    if (main >= 0)
      machine.visibleKeys(main, rowOf(b, h, row), keys);
    return keys;
  }

private:
  const core::Program &program;
  std::unique_ptr<Call> call;
  Machine<T> machine;
  int main = -1;

  core::DType typeOf(int output) const {
    core::Base base = program.outputs[size_t(output)].body->type.base;
    return base == core::Base::Real ? core::DType::F64 : base == core::Base::Int ? core::DType::I64 : core::DType::Bool;
  }

  std::vector<int64_t> rowOf(int64_t b, int64_t h, int64_t row) const {
    std::vector<int64_t> values;
    for (int id : program.branches[size_t(main)].variables) {
      int axis = program.variables[size_t(id)].axis;
      values.push_back(axis == core::AxisB   ? b
                       : axis == core::AxisH ? h
                       : axis == core::AxisG ? h / std::max<int64_t>(1, length(core::AxisH) / std::max<int64_t>(1, length(core::AxisG)))
                                             : add(row, call->offset));
    }
    return values;
  }

  /// What a number of this output becomes in memory. The truth is not rounded.
  double rounded(T value, const TensorView &cell) const {
    if (std::is_same_v<T, double>)
      return value;
    storeReal(cell, 0, double(value));
    double stored = loadReal(cell, 0);
    return std::isfinite(stored) ? stored : double(value);
  }

  /// Stores one place of an output at an element of `view`.
  std::function<void(const std::vector<int64_t> &, int64_t)> writer(int output, const TensorView &view) {
    const core::Output &o = program.outputs[size_t(output)];
    auto bindPlace = [this, &o](const std::vector<int64_t> &place) {
      for (size_t n = 0; n < o.variables.size(); ++n) {
        size_t id = size_t(o.variables[n]);
        machine.variables[id] = place[n] + call->first(program.variables[id].axis);
      }
    };
    Compiler<T> compiler(machine);
    const core::Type &type = o.body->type;
    int64_t components = type.elements();
    if (type.base != core::Base::Real) {
      VectorFn<int64_t> body;
      if (type.isScalar())
        body = [f = compiler.integer(*o.body), value = int64_t(0)]() mutable { return value = f(), &value; };
      else
        body = compiler.ints(*o.body);
      return [=](const std::vector<int64_t> &place, int64_t at) {
        bindPlace(place);
        const int64_t *values = body();
        for (int64_t c = 0; c < components; ++c)
          storeInt(view, at + c, values[c]);
      };
    }
    VectorFn<T> body;
    if (type.isScalar())
      body = [f = compiler.real(*o.body), value = T(0)]() mutable { return value = f(), &value; };
    else
      body = compiler.reals(*o.body);
    auto cell = std::make_shared<Tensor>(o.dtype, std::vector<int64_t>{1});
    return [=](const std::vector<int64_t> &place, int64_t at) {
      bindPlace(place);
      const T *values = body();
      for (int64_t c = 0; c < components; ++c)
        storeReal(view, at + c, rounded(values[c], cell->view()));
    };
  }
};
} // namespace

std::unique_ptr<Oracle> Oracle::create(const core::Program &program, const Bindings &bindings, Arithmetic arithmetic,
                                       std::string &error) {
  auto call = std::make_unique<Call>();
  error = bind(program, bindings, *call);
  if (!error.empty())
    return nullptr;
  if (arithmetic == Arithmetic::Exact)
    return std::make_unique<Evaluation<double>>(program, std::move(call));
  return std::make_unique<Evaluation<float>>(program, std::move(call));
}

TileCounts attn::countTiles(Oracle &oracle, int64_t rows, int64_t cols) {
  TileCounts counts;
  int64_t n = oracle.length(core::AxisN), m = oracle.length(core::AxisM);
  int64_t tiles = (m + cols - 1) / cols;
  for (int64_t b = 0; b < oracle.length(core::AxisB); ++b)
    for (int64_t h = 0; h < oracle.length(core::AxisH); ++h)
      for (int64_t first = 0; first < n; first += rows) {
        int64_t end = std::min(n, first + rows);
        std::vector<int64_t> seen(size_t(tiles), 0); // pairs by tile
        for (int64_t row = first; row < end; ++row)
          for (int64_t key : oracle.seenKeys(b, h, row))
            ++seen[size_t(key / cols)];
        counts.all += tiles;
        for (int64_t pairs : seen) {
          counts.pairs += pairs;
          counts.visited += pairs != 0;
          counts.mixed += pairs != 0 && pairs != (end - first) * cols;
        }
      }
  return counts;
}
