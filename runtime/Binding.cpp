#include "runtime/Binding.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace attn;

static std::string quoted(const std::string &name) { return "`" + name + "`"; }

std::string Binding::check() {
  for (auto step : {&Binding::names, &Binding::tensors, &Binding::lengths, &Binding::scalars, &Binding::defaults})
    if (std::string error = (this->*step)(); !error.empty())
      return error;
  return "";
}

const core::Tensor *Binding::declared(const std::string &name) const {
  if (program)
    for (const core::Tensor &t : program->tensors)
      if (t.name == name)
        return &t;
  return nullptr;
}

std::string Binding::names() {
  auto isTensor = [&](const std::string &name, bool output) {
    return std::any_of(manifest.tensors.begin(), manifest.tensors.end(), [&](auto &t) { return t.name == name && t.output == output; });
  };
  for (auto &[name, view] : call.inputs)
    if (!isTensor(name, false) && !declared(name))
      return "the pattern has no input " + quoted(name);
  for (auto &[name, view] : call.outputs)
    if (!isTensor(name, true))
      return "the pattern has no output " + quoted(name);
  auto isParam = [&](const std::string &name) {
    return std::any_of(manifest.scalars.begin(), manifest.scalars.end(), [&](auto &s) { return s.name == name; }) ||
           (program && std::any_of(program->params.begin(), program->params.end(), [&](auto &p) { return p.name == name; }));
  };
  for (auto &[name, value] : call.reals)
    if (!isParam(name))
      return "the pattern has no parameter " + quoted(name);
  for (auto &[name, value] : call.ints)
    if (!isParam(name) && name != "offset")
      return "the pattern has no parameter " + quoted(name);
  return "";
}

/// Whether offsets of elements, in bytes, stay far from the ends of 64 bits.
static bool reachable(const TensorView &view) {
  int64_t reach = 0, limit = (int64_t(1) << 62) / core::byteSize(view.dtype);
  for (size_t d = 0; d < view.shape.size(); ++d) {
    if (view.shape[d] < 2)
      continue;
    int64_t stride = view.strides[d], steps = view.shape[d] - 1;
    if (stride > limit || stride < -limit || std::abs(stride) > (limit - reach) / steps)
      return false;
    reach += std::abs(stride) * steps;
  }
  return true;
}

/// Distinct indices must have distinct places.
static bool overlaps(const TensorView &view) {
  std::vector<std::pair<int64_t, int64_t>> dims;
  for (size_t d = 0; d < view.shape.size(); ++d) {
    if (view.shape[d] == 0)
      return false;
    if (view.shape[d] > 1)
      dims.push_back({std::abs(view.strides[d]), view.shape[d]});
  }
  std::sort(dims.begin(), dims.end());
  int64_t reach = 0;
  for (auto [stride, size] : dims) {
    if (stride <= reach)
      return true;
    reach += stride * (size - 1);
  }
  return false;
}

std::string Binding::fit(const Manifest::Tensor &t, const TensorView &view) {
  const char *what = t.output ? "output " : "input ";
  std::string name = what + quoted(t.name);
  size_t labels = t.labels.size();
  if (core::spelling(view.dtype) != t.dtype)
    return name + " has elements of type " + core::spelling(view.dtype) + ", not " + t.dtype;
  if (view.shape.size() != labels + t.shape.size() || view.strides.size() != view.shape.size())
    return name + " has " + std::to_string(view.shape.size()) + " dimensions, not " + std::to_string(labels + t.shape.size());
  for (int64_t length : view.shape)
    if (length < 0)
      return name + " has a negative length";
  if (countElements(view.shape) < 0 || !reachable(view))
    return name + " is larger than memory can be";
  for (size_t d = 0; d < t.shape.size(); ++d)
    if (view.shape[labels + d] != t.shape[d])
      return name + " has " + std::to_string(view.shape[labels + d]) + " components, not " + std::to_string(t.shape[d]);
  for (size_t d = 0; d < labels; ++d) {
    Length &length = known[t.labels[d]];
    if (length.value >= 0 && length.value != view.shape[d])
      return name + " has length " + std::to_string(view.shape[d]) + " along " + t.labels[d] + ", but " + length.from + " has " +
             std::to_string(length.value);
    if (length.value < 0)
      length = {view.shape[d], name};
  }
  bool empty = std::find(view.shape.begin(), view.shape.end(), 0) != view.shape.end();
  if (!view.data && !empty)
    return name + " has no data";
  if (t.output && overlaps(view))
    return name + " has strides by which elements share a place";
  int64_t *slot = &frame[size_t(t.slot)];
  *slot = reinterpret_cast<int64_t>(view.data);
  std::copy(view.strides.begin(), view.strides.end(), slot + 1);
  return "";
}

std::string Binding::tensors() {
  for (const Manifest::Tensor &t : manifest.tensors) {
    const auto &views = t.output ? call.outputs : call.inputs;
    auto view = views.find(t.name);
    if (view == views.end()) {
      const core::Tensor *d = t.output ? nullptr : declared(t.name);
      if (!d || !d->defaultValue)
        return std::string("the ") + (t.output ? "output " : "input ") + quoted(t.name) + " is missing";
      continue;
    }
    if (std::string error = fit(t, view->second); !error.empty())
      return error;
  }
  return "";
}

std::string Binding::lengths() {
  // Inputs that no kernel reads still say how long axes are.
  if (program)
    for (auto &[name, view] : call.inputs)
      if (const core::Tensor *t = declared(name))
        for (size_t d = 0; d < t->axes.size() && d < view.shape.size(); ++d)
          if (Length &length = known[program->axes[size_t(t->axes[d])].name]; length.value < 0)
            length = {view.shape[d], "input " + quoted(name)};
  auto fall = [&](const char *label, const char *like) {
    if (known[label].value < 0)
      known[label].value = like ? known[like].value : 1;
  };
  fall("B", nullptr);
  fall("H", "G");
  fall("H", nullptr);
  fall("G", "H");
  fall("M", "N");
  fall("N", "M");
  for (const Manifest::Extent &e : manifest.extents) {
    auto length = known.find(e.label);
    if (length == known.end() || length->second.value < 0)
      return "no argument says how long " + quoted(e.label) + " is";
    frame[size_t(e.slot)] = length->second.value;
  }
  int64_t heads = known["H"].value, groups = known["G"].value;
  if (groups ? heads % groups != 0 : heads != 0)
    return "H = " + std::to_string(heads) + " is not a multiple of G = " + std::to_string(groups);
  return "";
}

void Binding::put(const Manifest::Scalar &s, const Scalar &value) {
  int64_t &slot = frame[size_t(s.slot)];
  slot = 0;
  if (s.kind == Manifest::ScalarKind::Real) {
    float x = float(value.number());
    std::memcpy(&slot, &x, sizeof x);
  } else {
    slot = s.kind == Manifest::ScalarKind::Bool ? value.integer != 0 : value.integer;
  }
}

std::optional<Scalar> Binding::given(const std::string &name, bool real, bool truth, std::string &error) const {
  if (auto x = call.ints.find(name); x != call.ints.end())
    return real ? Scalar::ofReal(double(x->second)) : truth ? Scalar::ofBool(x->second != 0) : Scalar::ofInt(x->second);
  if (auto x = call.reals.find(name); x != call.reals.end()) {
    if (!real)
      error = "the parameter " + quoted(name) + " is not a real number";
    return Scalar::ofReal(x->second);
  }
  return std::nullopt;
}

std::string Binding::scalars() {
  std::map<std::string, Scalar> byName;
  std::string error;
  if (program) {
    for (const core::Axis &axis : program->axes) {
      auto length = known.find(axis.name);
      values.extents.push_back(length == known.end() ? 0 : length->second.value);
    }
    for (const core::Param &p : program->params) {
      std::optional<Scalar> value = given(p.name, p.type == core::Base::Real, p.type == core::Base::Bool, error);
      if (!error.empty())
        return error;
      if (!value && p.defaultValue)
        value = evaluateScalar(*p.defaultValue, values);
      if (!value)
        return "the parameter " + quoted(p.name) + " is missing";
      values.params.push_back(*value);
      byName[p.name] = *value;
    }
  }
  for (const Manifest::Scalar &s : manifest.scalars) {
    if (auto value = byName.find(s.name); value != byName.end()) {
      put(s, value->second);
      continue;
    }
    std::optional<Scalar> value = given(s.name, s.kind == Manifest::ScalarKind::Real, s.kind == Manifest::ScalarKind::Bool, error);
    if (!error.empty())
      return error;
    if (!value && s.name == "offset")
      value = Scalar::ofInt(known["M"].value - known["N"].value);
    if (!value)
      return "the parameter " + quoted(s.name) + " is missing";
    put(s, *value);
  }
  return "";
}

// A tensor that was not given is one element with strides 0.
std::string Binding::defaults() {
  for (const Manifest::Tensor &t : manifest.tensors) {
    if (t.output || call.inputs.count(t.name))
      continue;
    const core::Tensor *d = declared(t.name);
    const core::Expr *value = d->defaultValue.get();
    while (value->op == core::Op::Splat)
      value = value->args[0].get();
    std::optional<Scalar> x = evaluateScalar(*value, values);
    if (!x)
      return "the default of " + quoted(t.name) + " cannot be computed";
    uint64_t bits = 0;
    TensorView one{&bits, d->dtype, {1}, {1}};
    if (x->base == core::Base::Real)
      storeReal(one, 0, x->real);
    else if (isFloat(d->dtype))
      storeReal(one, 0, double(x->integer));
    else
      storeInt(one, 0, x->integer);
    constants.push_back({int(&t - manifest.tensors.data()), int(core::byteSize(d->dtype)), bits});
    std::fill_n(frame.begin() + t.slot + 1, t.labels.size() + t.shape.size(), 0);
  }
  return "";
}
