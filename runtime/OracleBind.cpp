#include "runtime/OracleBind.h"
#include "runtime/OracleCompile.h"

using namespace attn;
using namespace attn::oracle;

namespace {
std::string text(const std::vector<int64_t> &shape) {
  std::string s = "[";
  for (size_t n = 0; n < shape.size(); ++n)
    s += (n ? ", " : "") + std::to_string(shape[n]);
  return s + "]";
}

class Binder {
public:
  Binder(const core::Program &program, const Bindings &bindings, Call &call)
      : program(program), bindings(bindings), call(call) {}

  std::string run() {
    call.lengths.assign(program.axes.size(), -1);
    call.inputs.resize(program.tensors.size());
    call.params.resize(program.params.size());
    for (auto step : {&Binder::bindNames, &Binder::bindTensors, &Binder::bindLengths, &Binder::bindParams,
                      &Binder::bindDefaults})
      if (std::string error = (this->*step)(); !error.empty())
        return error;
    return "";
  }

private:
  const core::Program &program;
  const Bindings &bindings;
  Call &call;

  bool isParam(const std::string &name) const {
    return std::any_of(program.params.begin(), program.params.end(), [&](const auto &p) { return p.name == name; });
  }

  std::string bindNames() {
    for (const auto &entry : bindings.inputs)
      if (std::none_of(program.tensors.begin(), program.tensors.end(),
                       [&](const auto &t) { return t.name == entry.first; }))
        return "the pattern has no input `" + entry.first + "`";
    for (const auto &entry : bindings.reals)
      if (!isParam(entry.first))
        return "the pattern has no parameter `" + entry.first + "`";
    for (const auto &entry : bindings.ints)
      if (entry.first != "offset" && !isParam(entry.first))
        return "the pattern has no parameter `" + entry.first + "`";
    for (const auto &entry : bindings.lengths)
      if (entry.second < 0)
        return "the length `" + entry.first + "` is negative";
    return "";
  }

  std::string bindTensors() {
    for (size_t t = 0; t < program.tensors.size(); ++t) {
      const core::Tensor &tensor = program.tensors[t];
      auto it = bindings.inputs.find(tensor.name);
      if (it == bindings.inputs.end()) {
        if (!tensor.defaultValue)
          return "the input `" + tensor.name + "` is missing";
        continue;
      }
      const TensorView &view = it->second;
      size_t axes = tensor.axes.size();
      if (view.dtype != tensor.dtype)
        return "`" + tensor.name + "` has elements of type " + core::spelling(view.dtype) + ", not " +
               core::spelling(tensor.dtype);
      if (view.shape.size() != axes + tensor.shape.size() || view.strides.size() != view.shape.size())
        return "`" + tensor.name + "` has " + std::to_string(view.shape.size()) + " dimensions, not " +
               std::to_string(axes + tensor.shape.size());
      if (countElements(view.shape) < 0)
        return "the shape " + text(view.shape) + " of `" + tensor.name + "` is impossible";
      for (size_t d = 0; d < tensor.shape.size(); ++d)
        if (view.shape[axes + d] != tensor.shape[d])
          return "`" + tensor.name + "` has shape " + text(view.shape) + "; its components are " + text(tensor.shape);
      for (size_t d = 0; d < axes; ++d) {
        int64_t &length = call.lengths[size_t(tensor.axes[d])];
        if (length >= 0 && length != view.shape[d])
          return "`" + tensor.name + "` has " + std::to_string(view.shape[d]) + " places along " +
                 program.axes[size_t(tensor.axes[d])].name + ", other inputs " + std::to_string(length);
        length = view.shape[d];
      }
      call.inputs[t].given = true;
      call.inputs[t].view = view;
    }
    return "";
  }

  std::string bindLengths() {
    for (const auto &entry : bindings.lengths) {
      const std::string &name = entry.first;
      int64_t length = entry.second;
      auto axis = std::find_if(program.axes.begin(), program.axes.end(), [&](const auto &a) { return a.name == name; });
      if (axis == program.axes.end())
        return "the pattern has no length `" + name + "`";
      int64_t &known = call.lengths[size_t(axis - program.axes.begin())];
      if (known >= 0 && known != length)
        return "the length `" + name + "` is " + std::to_string(known) + " by the inputs, not " +
               std::to_string(length);
      known = length;
    }
    auto fall = [&](int axis, int64_t value) {
      if (call.lengths[size_t(axis)] < 0)
        call.lengths[size_t(axis)] = value;
    };
    fall(core::AxisB, 1);
    fall(core::AxisH, call.lengths[core::AxisG]);
    fall(core::AxisH, 1);
    fall(core::AxisG, call.lengths[core::AxisH]);
    fall(core::AxisM, call.lengths[core::AxisN]);
    fall(core::AxisN, call.lengths[core::AxisM]);
    for (size_t a = 0; a < program.axes.size(); ++a)
      if (call.lengths[a] < 0 && std::none_of(program.tensors.begin(), program.tensors.end(), [&](const core::Tensor &t) {
            return std::count(t.axes.begin(), t.axes.end(), int(a)) != 0;
          }))
        call.lengths[a] = 0; // of classes that no input is indexed by
      else if (call.lengths[a] < 0)
        return "no input says how long `" + program.axes[a].name + "` is";
    int64_t heads = call.lengths[core::AxisH], groups = call.lengths[core::AxisG];
    if (groups ? heads % groups != 0 : heads != 0)
      return "H = " + std::to_string(heads) + " is not a multiple of G = " + std::to_string(groups);
    return "";
  }

  std::string bindParams() {
    auto given = bindings.ints.find("offset");
    call.offset = given != bindings.ints.end() ? given->second
                                               : call.lengths[core::AxisM] - call.lengths[core::AxisN];
    Machine<double> machine(program, call, core::DType::F64);
    Compiler<double> compiler(machine);
    for (size_t p = 0; p < program.params.size(); ++p) {
      const core::Param &param = program.params[p];
      Call::Param &value = call.params[p];
      auto real = bindings.reals.find(param.name);
      auto integer = bindings.ints.find(param.name);
      if (param.type == core::Base::Real) {
        if (real != bindings.reals.end())
          value.real = real->second;
        else if (integer != bindings.ints.end())
          value.real = double(integer->second);
        else if (param.defaultValue)
          value.real = compiler.real(*param.defaultValue)();
        else
          return "the parameter `" + param.name + "` is missing";
        continue;
      }
      if (integer != bindings.ints.end())
        value.integer = integer->second;
      else if (real != bindings.reals.end())
        return "the parameter `" + param.name + "` is not a real number";
      else if (param.defaultValue)
        value.integer = compiler.integer(*param.defaultValue)();
      else
        return "the parameter `" + param.name + "` is missing";
      if (param.name == "offset")
        call.offset = value.integer;
    }
    return "";
  }

  std::string bindDefaults() {
    Machine<double> machine(program, call, core::DType::F64);
    Compiler<double> compiler(machine);
    for (size_t t = 0; t < program.tensors.size(); ++t) {
      Call::Input &input = call.inputs[t];
      if (input.given)
        continue;
      const core::Expr *value = program.tensors[t].defaultValue.get();
      while (value->op == core::Op::Splat)
        value = value->args[0].get();
      if (value->type.base == core::Base::Real) {
        // In memory it would be an element of the storage type.
        Tensor element(program.tensors[t].dtype, {1});
        element.set(0, compiler.real(*value)());
        input.real = element.real(0);
      } else {
        input.integer = compiler.integer(*value)();
      }
    }
    return "";
  }
};
} // namespace

std::string attn::oracle::bind(const core::Program &program, const Bindings &bindings, Call &call) {
  return Binder(program, bindings, call).run();
}
