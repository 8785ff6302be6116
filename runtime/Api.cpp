// The C interface. Everything that can throw (memory) is caught here.
#include "runtime/GpuFunction.h"
#include "runtime/attn.h"
#include <algorithm>
#include <cstddef>
#include <new>

using namespace attn;

struct attn_artifact {
  std::shared_ptr<const Artifact> artifact;
  std::vector<std::string> targets; ///< of every variant
};
struct attn_device {
  std::shared_ptr<const cuda::Gpu> gpu;
};
struct attn_function {
  std::shared_ptr<const GpuFunction> function;
  struct Argument {
    std::string name, dtype, labels;
    attn_kind kind = ATTN_INPUT;
    std::vector<int64_t> shape;
    bool optional = false;
  };
  std::vector<Argument> arguments;
};
struct attn_call {
  explicit attn_call(std::shared_ptr<const GpuFunction> function) : call(std::move(function)) {}
  GpuCall call;
};

// As in DLPack's dlpack.h.
static_assert(sizeof(attn_tensor) == 48 && offsetof(attn_tensor, ndim) == 16 && offsetof(attn_tensor, shape) == 24 &&
              offsetof(attn_tensor, byte_offset) == 40 && sizeof(attn_dtype) == 4);

namespace {

std::string &message() {
  thread_local std::string text;
  return text;
}

attn_status fail(attn_status status, const std::string &text) {
  message() = text;
  return status;
}
attn_status fail(const Failure &failure) { return failure ? fail(failure.code, failure.message) : ATTN_OK; }

/// Runs the body of a function of the interface.
template <class Body> attn_status guarded(Body body) {
  try {
    return body();
  } catch (const std::bad_alloc &) {
    message().clear();
    return ATTN_NO_MEMORY;
  } catch (const std::exception &error) {
    return fail(ATTN_NO_MEMORY, error.what());
  }
}

attn_status missing(const char *what) { return fail(ATTN_MISUSE, std::string(what) + " is null"); }

attn_status ofTrouble(cuda::Trouble trouble) {
  switch (trouble) {
  case cuda::Trouble::NoDriver: return ATTN_NO_DRIVER;
  case cuda::Trouble::NoDevice: return ATTN_NO_DEVICE;
  case cuda::Trouble::Unsupported: return ATTN_UNSUPPORTED;
  default: return ATTN_DRIVER_ERROR;
  }
}

std::string joined(const std::vector<std::string> &words) {
  std::string result;
  for (const std::string &word : words)
    result += (result.empty() ? "" : " ") + word;
  return result;
}

std::optional<core::DType> elementType(attn_dtype dtype) {
  if (dtype.lanes != 1)
    return std::nullopt;
  std::string bits = std::to_string(int(dtype.bits));
  switch (dtype.code) {
  case 0: return core::parseDType("i" + bits);
  case 1: return core::parseDType("u" + bits);
  case 2: return core::parseDType("f" + bits);
  case 4: return core::parseDType("bf" + bits);
  case 6: return dtype.bits == 8 ? std::optional(core::DType::Bool) : std::nullopt;
  default: return std::nullopt;
  }
}

std::vector<attn_function::Argument> argumentsOf(const GpuFunction &function) {
  const core::Program &signature = function.signature();
  std::vector<attn_function::Argument> result;
  for (const Manifest::Tensor &t : function.manifest().tensors) {
    bool optional = std::any_of(signature.tensors.begin(), signature.tensors.end(), [&](auto &s) { return s.name == t.name && s.defaultValue; });
    result.push_back({t.name, t.dtype, joined(t.labels), t.output ? ATTN_OUTPUT : ATTN_INPUT, t.shape, optional && !t.output});
  }
  // Inputs that no kernel reads may be given, and then say lengths.
  for (const core::Tensor &t : signature.tensors) {
    if (std::any_of(result.begin(), result.end(), [&](auto &a) { return a.name == t.name && a.kind == ATTN_INPUT; }))
      continue;
    std::vector<std::string> labels;
    for (int axis : t.axes)
      labels.push_back(signature.axes[size_t(axis)].name);
    result.push_back({t.name, core::spelling(t.dtype), joined(labels), ATTN_INPUT, t.shape, true});
  }
  auto add = [&](const std::string &name, attn_kind kind, bool optional) {
    if (std::none_of(result.begin(), result.end(), [&](auto &a) { return a.name == name && a.kind >= ATTN_INT; }))
      result.push_back({name, "", "", kind, {}, optional});
  };
  for (const core::Param &p : signature.params)
    add(p.name, p.type == core::Base::Int ? ATTN_INT : p.type == core::Base::Real ? ATTN_REAL : ATTN_BOOL, p.defaultValue != nullptr);
  for (const Manifest::Scalar &s : function.manifest().scalars)
    add(s.name, s.kind == Manifest::ScalarKind::Int ? ATTN_INT : s.kind == Manifest::ScalarKind::Real ? ATTN_REAL : ATTN_BOOL, s.name == "offset");
  return result;
}

} // namespace

int32_t attn_abi_version(void) { return ATTN_ABI_VERSION; }
const char *attn_message(void) { return message().c_str(); }

//===----------------------------------------------------------------------===//
// Artifacts
//===----------------------------------------------------------------------===//

attn_status attn_artifact_load(const char *path, attn_artifact **out) {
  if (!path || !out)
    return missing(path ? "`out`" : "`path`");
  *out = nullptr;
  return guarded([&] {
    std::string error;
    std::optional<Artifact> artifact = readArtifact(path, error);
    if (!artifact)
      return fail(error.compare(0, 11, "cannot read") == 0 ? ATTN_NOT_FOUND : ATTN_MALFORMED, error);
    auto result = std::make_unique<attn_artifact>();
    for (const Variant &variant : artifact->variants) {
      std::vector<std::string> targets;
      for (const Image &image : variant.images)
        targets.push_back(image.target);
      result->targets.push_back(joined(targets));
    }
    result->artifact = std::make_shared<Artifact>(std::move(*artifact));
    *out = result.release();
    return ATTN_OK;
  });
}

void attn_artifact_free(attn_artifact *artifact) { delete artifact; }
const char *attn_artifact_name(const attn_artifact *artifact) { return artifact ? artifact->artifact->name.c_str() : ""; }
int32_t attn_artifact_variants(const attn_artifact *artifact) { return artifact ? int32_t(artifact->targets.size()) : 0; }

attn_status attn_artifact_variant(const attn_artifact *artifact, int32_t index, attn_variant *out) {
  if (!artifact || !out)
    return missing(artifact ? "`out`" : "the artifact");
  if (index < 0 || index >= attn_artifact_variants(artifact))
    return guarded([&] { return fail(ATTN_MISUSE, "there is no variant " + std::to_string(index)); });
  const Variant &variant = artifact->artifact->variants[size_t(index)];
  *out = {core::spelling(variant.signature.dtype), int64_t(variant.constant("D")), int64_t(variant.constant("E")), artifact->targets[size_t(index)].c_str()};
  return ATTN_OK;
}

attn_status attn_artifact_find(const attn_artifact *artifact, const char *dtype, int64_t D, int64_t E, int32_t *index) {
  if (!artifact || !index)
    return missing(artifact ? "`index`" : "the artifact");
  return guarded([&] {
    std::string list;
    for (int32_t n = 0; n < attn_artifact_variants(artifact); ++n) {
      attn_variant v = {};
      attn_artifact_variant(artifact, n, &v);
      if ((!dtype || std::string(dtype) == v.dtype) && (!D || D == v.D) && (!E || E == v.E)) {
        *index = n;
        return ATTN_OK;
      }
      list += std::string(list.empty() ? "" : ", ") + v.dtype + " D=" + std::to_string(v.D) + " E=" + std::to_string(v.E);
    }
    return fail(ATTN_NOT_FOUND, "`" + artifact->artifact->name + "` has no variant" + (dtype ? std::string(" ") + dtype : "") +
                                    (D ? " D=" + std::to_string(D) : "") + (E ? " E=" + std::to_string(E) : "") + "; it has: " + list);
  });
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

attn_status attn_device_open(attn_device_type type, int32_t ordinal, const char *driver, attn_device **out) {
  if (!out)
    return missing("`out`");
  *out = nullptr;
  return guarded([&] {
    if (type != ATTN_CUDA)
      return fail(ATTN_UNSUPPORTED, "artifacts run on NVIDIA GPUs only (device type 2)");
    std::string error;
    cuda::Trouble trouble = cuda::Trouble::None;
    std::shared_ptr<const cuda::Gpu> gpu = cuda::Gpu::open(ordinal, driver ? driver : "", trouble, error);
    if (!gpu)
      return fail(ofTrouble(trouble), error);
    *out = new attn_device{gpu};
    return ATTN_OK;
  });
}

void attn_device_free(attn_device *device) { delete device; }

attn_status attn_device_get(const attn_device *device, attn_device_info *out) {
  if (!device || !out)
    return missing(device ? "`out`" : "the device");
  const cuda::Gpu &gpu = *device->gpu;
  *out = {gpu.name.c_str(), gpu.major, gpu.minor, gpu.multiprocessors, gpu.sharedBytes};
  return ATTN_OK;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

attn_status attn_function_load(const attn_artifact *artifact, int32_t variant, const attn_device *device, attn_function **out) {
  if (!artifact || !device || !out)
    return missing(!artifact ? "the artifact" : !device ? "the device" : "`out`");
  *out = nullptr;
  return guarded([&] {
    if (variant < 0 || variant >= attn_artifact_variants(artifact))
      return fail(ATTN_MISUSE, "there is no variant " + std::to_string(variant));
    Failure failure;
    std::shared_ptr<const GpuFunction> function = GpuFunction::load(artifact->artifact, size_t(variant), device->gpu, failure);
    if (!function)
      return fail(failure);
    *out = new attn_function{function, argumentsOf(*function)};
    return ATTN_OK;
  });
}

void attn_function_free(attn_function *function) { delete function; }
const char *attn_function_binary(const attn_function *function) { return function ? function->function->binary.c_str() : ""; }
int32_t attn_function_arguments(const attn_function *function) { return function ? int32_t(function->arguments.size()) : 0; }

attn_status attn_function_argument(const attn_function *function, int32_t index, attn_argument *out) {
  if (!function || !out)
    return missing(function ? "`out`" : "the function");
  if (index < 0 || index >= attn_function_arguments(function))
    return guarded([&] { return fail(ATTN_MISUSE, "there is no argument " + std::to_string(index)); });
  const attn_function::Argument &a = function->arguments[size_t(index)];
  *out = {a.name.c_str(), a.kind, a.dtype.c_str(), a.labels.c_str(), int32_t(a.shape.size()), a.shape.data(), a.optional};
  return ATTN_OK;
}

int32_t attn_function_kernels(const attn_function *function) { return function ? int32_t(function->function->manifest().kernels.size()) : 0; }

attn_status attn_function_kernel(const attn_function *function, int32_t index, attn_kernel *out) {
  if (!function || !out)
    return missing(function ? "`out`" : "the function");
  if (index < 0 || index >= attn_function_kernels(function))
    return guarded([&] { return fail(ATTN_MISUSE, "there is no kernel " + std::to_string(index)); });
  const Manifest::Kernel &k = function->function->manifest().kernels[size_t(index)];
  *out = {k.name.c_str(), k.launch.path.c_str(), k.launch.reason.c_str(), k.launch.threads, k.launch.registers, k.launch.sharedBytes, k.rows, k.cols};
  return ATTN_OK;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

attn_status attn_call_create(const attn_function *function, attn_call **out) {
  if (!function || !out)
    return missing(function ? "`out`" : "the function");
  *out = nullptr;
  return guarded([&] {
    *out = new attn_call(function->function);
    return ATTN_OK;
  });
}

void attn_call_free(attn_call *call) { delete call; }

static attn_status setTensor(GpuCall &call, const std::string &name, const attn_tensor &tensor) {
  auto wrong = [&](const std::string &what) { return fail(ATTN_ARGUMENT, "`" + name + "` " + what); };
  if (tensor.device_type != ATTN_CUDA && tensor.device_type != 13)
    return wrong("is not in the memory of a GPU (device type " + std::to_string(tensor.device_type) + ")");
  if (tensor.device_id != call.function->gpu->ordinal)
    return wrong("is on GPU " + std::to_string(tensor.device_id) + ", the function on GPU " + std::to_string(call.function->gpu->ordinal));
  if (tensor.ndim < 0 || tensor.ndim > 64 || (tensor.ndim && !tensor.shape))
    return wrong("has no shape");
  std::optional<core::DType> dtype = elementType(tensor.dtype);
  if (!dtype)
    return wrong("has an element type that is not known (code " + std::to_string(int(tensor.dtype.code)) + ", " + std::to_string(int(tensor.dtype.bits)) +
                 " bits, " + std::to_string(int(tensor.dtype.lanes)) + " lanes)");
  TensorView view;
  view.data = tensor.data ? static_cast<char *>(tensor.data) + tensor.byte_offset : nullptr;
  view.dtype = *dtype;
  view.shape.assign(tensor.shape, tensor.shape + tensor.ndim);
  if (tensor.strides)
    view.strides.assign(tensor.strides, tensor.strides + tensor.ndim);
  else if (countElements(view.shape) >= 0)
    view.strides = denseStrides(view.shape);
  else
    return wrong("is larger than memory can be");
  const auto &tensors = call.function->manifest().tensors;
  bool output = std::any_of(tensors.begin(), tensors.end(), [&](auto &t) { return t.output && t.name == name; });
  (output ? call.arguments.outputs : call.arguments.inputs)[name] = std::move(view);
  call.changed();
  return ATTN_OK;
}

attn_status attn_call_tensor(attn_call *call, const char *name, const attn_tensor *tensor) {
  if (!call || !name || !tensor)
    return missing(!call ? "the call" : !name ? "`name`" : "`tensor`");
  return guarded([&] { return setTensor(call->call, name, *tensor); });
}

attn_status attn_call_int(attn_call *call, const char *name, int64_t value) {
  if (!call || !name)
    return missing(call ? "`name`" : "the call");
  return guarded([&] {
    call->call.arguments.reals.erase(name);
    call->call.arguments.ints[name] = value;
    call->call.changed();
    return ATTN_OK;
  });
}

attn_status attn_call_real(attn_call *call, const char *name, double value) {
  if (!call || !name)
    return missing(call ? "`name`" : "the call");
  return guarded([&] {
    call->call.arguments.ints.erase(name);
    call->call.arguments.reals[name] = value;
    call->call.changed();
    return ATTN_OK;
  });
}

attn_status attn_call_unset(attn_call *call, const char *name) {
  if (!call || !name)
    return missing(call ? "`name`" : "the call");
  return guarded([&] {
    Call &arguments = call->call.arguments;
    size_t count = arguments.inputs.erase(name) + arguments.outputs.erase(name) + arguments.ints.erase(name) + arguments.reals.erase(name);
    call->call.changed();
    return count ? ATTN_OK : fail(ATTN_NOT_FOUND, "`" + std::string(name) + "` was not set");
  });
}

attn_status attn_call_stats(attn_call *call, void *stats) {
  if (!call)
    return missing("the call");
  call->call.stats = reinterpret_cast<uint64_t>(stats);
  return ATTN_OK;
}

attn_status attn_call_workspace(attn_call *call, uint64_t *bytes) {
  if (!call || !bytes)
    return missing(call ? "`bytes`" : "the call");
  return guarded([&] {
    attn_status status = fail(call->call.prepare());
    *bytes = status == ATTN_OK ? call->call.workspaceBytes : 0;
    return status;
  });
}

attn_status attn_call_run(attn_call *call, void *workspace, uint64_t bytes, void *stream) {
  if (!call)
    return missing("the call");
  return guarded([&] { return fail(call->call.run(reinterpret_cast<uint64_t>(workspace), bytes, stream)); });
}
