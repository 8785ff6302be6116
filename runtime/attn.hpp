// The C interface (attn.h) for C++: handles that free themselves, errors as
// exceptions. Header only; programs link attn-runtime.
#pragma once
#include "attn.h"
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace attn {

/// What a function of the interface reported.
class CallError : public std::runtime_error {
public:
  explicit CallError(attn_status status) : std::runtime_error(attn_message()), status(status) {}
  attn_status status;
};

namespace detail {
inline void check(attn_status status) {
  if (status != ATTN_OK)
    throw CallError(status);
}
template <class T, void (*release)(T *)> struct Release {
  void operator()(T *handle) const { release(handle); }
};
template <class T, void (*release)(T *)> using Handle = std::unique_ptr<T, Release<T, release>>;
} // namespace detail

class GpuDevice {
public:
  /// `driver` empty: the machine's own.
  explicit GpuDevice(int ordinal = 0, const std::string &driver = "") {
    attn_device *device = nullptr;
    detail::check(attn_device_open(ATTN_CUDA, ordinal, driver.empty() ? nullptr : driver.c_str(), &device));
    handle.reset(device);
  }
  attn_device_info info() const {
    attn_device_info result;
    detail::check(attn_device_get(handle.get(), &result));
    return result;
  }
  attn_device *get() const { return handle.get(); }

private:
  detail::Handle<attn_device, attn_device_free> handle;
};

class CompiledCall {
public:
  explicit CompiledCall(const attn_function *function) {
    attn_call *call = nullptr;
    detail::check(attn_call_create(function, &call));
    handle.reset(call);
  }
  CompiledCall &tensor(const char *name, const attn_tensor &value) { return done(attn_call_tensor(handle.get(), name, &value)); }
  /// A dense tensor on device 0, or one with strides.
  CompiledCall &tensor(const char *name, void *data, attn_dtype dtype, const std::vector<int64_t> &shape, const std::vector<int64_t> &strides = {}) {
    return tensor(name, {data, ATTN_CUDA, 0, int32_t(shape.size()), dtype, shape.data(), strides.empty() ? nullptr : strides.data(), 0});
  }
  CompiledCall &integer(const char *name, int64_t value) { return done(attn_call_int(handle.get(), name, value)); }
  CompiledCall &real(const char *name, double value) { return done(attn_call_real(handle.get(), name, value)); }
  uint64_t workspaceBytes() {
    uint64_t bytes = 0;
    detail::check(attn_call_workspace(handle.get(), &bytes));
    return bytes;
  }
  void run(void *workspace, uint64_t bytes, void *stream) { detail::check(attn_call_run(handle.get(), workspace, bytes, stream)); }

private:
  CompiledCall &done(attn_status status) {
    detail::check(status);
    return *this;
  }
  detail::Handle<attn_call, attn_call_free> handle;
};

class CompiledFunction {
public:
  /// The first variant of an artifact that fits; empty and 0 fit everything.
  CompiledFunction(const std::string &path, const GpuDevice &device, const std::string &dtype = "", int64_t D = 0, int64_t E = 0) {
    attn_artifact *raw = nullptr;
    detail::check(attn_artifact_load(path.c_str(), &raw));
    detail::Handle<attn_artifact, attn_artifact_free> artifact(raw);
    int32_t variant = 0;
    detail::check(attn_artifact_find(raw, dtype.empty() ? nullptr : dtype.c_str(), D, E, &variant));
    attn_function *function = nullptr;
    detail::check(attn_function_load(raw, variant, device.get(), &function));
    handle.reset(function);
  }
  CompiledCall call() const { return CompiledCall(handle.get()); }
  std::string binary() const { return attn_function_binary(handle.get()); }
  attn_function *get() const { return handle.get(); }

private:
  detail::Handle<attn_function, attn_function_free> handle;
};

} // namespace attn
