#include "frontend/Scalar.h"
#include "runtime/JsonNames.h"
#include "runtime/ManifestJson.h"
#include <cmath>
#include <nlohmann/json.hpp>

using namespace attn;
using nlohmann::json;

namespace {

json real(double value) {
  if (std::isfinite(value))
    return {{"real", value}};
  return {{"real", std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf"}};
}

json literal(const Scalar &value) {
  if (value.base == core::Base::Real)
    return real(value.real);
  if (value.base == core::Base::Bool)
    return value.integer != 0;
  return value.integer;
}

/// Host expressions: numbers and truth values, {"real": x}, {"extent": "N"},
/// {"param": "window"}, {"op": "add", "args": [..]}.
json write(const core::Expr &expr, const core::Program &program) {
  if (expr.op == core::Op::Splat)
    return write(*expr.args[0], program);
  if (std::optional<Scalar> value = evaluateScalar(expr, {}))
    return literal(*value);
  if (expr.op == core::Op::Extent)
    return {{"extent", program.axes[size_t(expr.id)].name}};
  if (expr.op == core::Op::Param)
    return {{"param", program.params[size_t(expr.id)].name}};
  json args = json::array();
  for (const core::ExprPtr &arg : expr.args)
    args.push_back(write(*arg, program));
  return {{"op", jsonName(expr.op)}, {"args", args}};
}

json write(const core::Program &program) {
  json axes = json::array(), tensors = json::array(), params = json::array(), constants = json::array();
  for (const core::Axis &axis : program.axes)
    axes.push_back(axis.name);
  for (const core::Tensor &t : program.tensors) {
    json names = json::array();
    for (int axis : t.axes)
      names.push_back(program.axes[size_t(axis)].name);
    json tensor = {{"name", t.name}, {"axes", names}, {"shape", t.shape}, {"dtype", core::spelling(t.dtype)}};
    if (t.defaultValue)
      tensor["default"] = write(*t.defaultValue, program);
    if (!t.doc.empty())
      tensor["doc"] = t.doc;
    tensors.push_back(tensor);
  }
  for (const core::Param &p : program.params) {
    json param = {{"name", p.name}, {"type", jsonName(p.type)}};
    if (p.defaultValue)
      param["default"] = write(*p.defaultValue, program);
    if (!p.doc.empty())
      param["doc"] = p.doc;
    params.push_back(param);
  }
  for (const core::Constant &c : program.constants)
    constants.push_back({{"name", c.name}, {"type", jsonName(c.type)}, {"value", real(c.value)["real"]}, {"length", c.isLength}});
  return {{"name", program.name},   {"doc", program.doc}, {"dtype", core::spelling(program.dtype)}, {"constants", constants},
          {"axes", axes},           {"tensors", tensors}, {"params", params}};
}

json write(const Manifest::Tensor &t) {
  return {{"name", t.name}, {"labels", t.labels}, {"shape", t.shape}, {"dtype", t.dtype}, {"output", t.output}, {"slot", t.slot}};
}

json write(const Manifest::Kernel &k) {
  const Manifest::Launch &l = k.launch;
  json maps = json::array();
  for (const Manifest::TensorMap &m : l.maps)
    maps.push_back({{"tensor", m.tensor}, {"buffer", m.buffer}, {"rowLabel", m.rowLabel}, {"box", m.box}});
  return {{"name", k.name},
          {"itemsSlot", k.itemsSlot},
          {"rows", k.rows},
          {"cols", k.cols},
          {"entry", l.entry},
          {"threads", l.threads},
          {"sharedBytes", l.sharedBytes},
          {"scratchBytes", l.scratchBytes},
          {"itemsPerBlock", l.itemsPerBlock},
          {"blocksPerSm", l.blocksPerSm},
          {"maps", maps},
          {"path", l.path},
          {"reason", l.reason},
          {"registers", l.registers}};
}

json write(const Manifest &m) {
  json tensors = json::array(), buffers = json::array(), scalars = json::array(), extents = json::array(), kernels = json::array(),
       sizes = json::array();
  for (const Manifest::Tensor &t : m.tensors)
    tensors.push_back(write(t));
  for (const Manifest::Buffer &b : m.buffers) {
    buffers.push_back(write(static_cast<const Manifest::Tensor &>(b)));
    buffers.back()["bytesSlot"] = b.bytesSlot;
  }
  for (const Manifest::Scalar &s : m.scalars)
    scalars.push_back({{"name", s.name}, {"kind", jsonName(s.kind)}, {"slot", s.slot}});
  for (const Manifest::Extent &e : m.extents)
    extents.push_back({{"label", e.label}, {"slot", e.slot}});
  for (const Manifest::Kernel &k : m.kernels)
    kernels.push_back(write(k));
  // A step with an operand is "push 128", "slot 3", "store 7".
  for (const Manifest::SizeStep &s : m.sizes)
    sizes.push_back(std::string(jsonName(s.op)) + (s.op <= Manifest::SizeStep::Store ? " " + std::to_string(s.value) : ""));
  return {{"name", m.name},       {"target", m.target},   {"slots", m.slots},     {"threadsSlot", m.threadsSlot}, {"tensors", tensors},
          {"buffers", buffers},   {"scalars", scalars},   {"extents", extents},   {"kernels", kernels},           {"sizes", sizes}};
}

json write(const Binary &b) { return {{"file", b.file}, {"bytes", b.size}, {"fnv64", b.hash}}; }

} // namespace

std::string attn::toJson(const Artifact &artifact) {
  json variants = json::array();
  for (const Variant &v : artifact.variants) {
    json images = json::array();
    for (const Image &image : v.images) {
      json one = {{"target", image.target}, {"manifest", write(image.manifest)}};
      if (image.cubin.exists())
        one["cubin"] = write(image.cubin);
      if (image.ptx.exists())
        one["ptx"] = write(image.ptx);
      images.push_back(one);
    }
    variants.push_back({{"signature", write(v.signature)}, {"images", images}});
  }
  json all = {{"format", "attn"}, {"version", Artifact::Version}, {"name", artifact.name}, {"variants", variants}};
  return all.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}
