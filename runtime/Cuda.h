// NVIDIA's driver, opened at run time: what this project needs of its API,
// without its headers. Names and layouts are those of CUDA 12 and 13.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace attn::cuda {

using Result = int; ///< 0 is success
using Device = int;
using Address = uint64_t; ///< in device memory
using Handle = void *;    ///< context, module, function, stream or event

enum : Result { OutOfMemory = 2, NoBinary = 209, InvalidPtx = 218, NoPtxCompiler = 221, UnsupportedPtx = 222 };
enum Attribute : int { Multiprocessors = 16, Major = 75, Minor = 76, SharedBytesOptIn = 97 };
enum : int { MaxDynamicSharedBytes = 8 };            ///< attribute of a function
enum : int { JitErrorLog = 5, JitErrorLogBytes = 6 }; ///< options of a module

/// Made by cuTensorMapEncodeTiled; goes to kernels by value.
struct alignas(128) TensorMap {
  uint64_t opaque[16];
};
static_assert(sizeof(TensorMap) == 128, "as in cuda.h");
enum : int { Float16 = 6, BFloat16 = 9 };                             ///< data types of maps
enum : int { NoInterleave = 0, Swizzle128 = 3, Promote256 = 3, Zeros = 0 };

// X(member, symbol, parameters): symbols that every driver since CUDA 12 has.
#define ATTN_CUDA_FUNCTIONS(X)                                                                                         \
  X(init, "cuInit", (unsigned))                                                                                        \
  X(errorName, "cuGetErrorName", (Result, const char **))                                                              \
  X(errorText, "cuGetErrorString", (Result, const char **))                                                            \
  X(deviceCount, "cuDeviceGetCount", (int *))                                                                          \
  X(deviceGet, "cuDeviceGet", (Device *, int))                                                                         \
  X(deviceName, "cuDeviceGetName", (char *, int, Device))                                                              \
  X(deviceAttribute, "cuDeviceGetAttribute", (int *, int, Device))                                                     \
  X(retainContext, "cuDevicePrimaryCtxRetain", (Handle *, Device))                                                     \
  X(releaseContext, "cuDevicePrimaryCtxRelease_v2", (Device))                                                          \
  X(pushContext, "cuCtxPushCurrent_v2", (Handle))                                                                      \
  X(popContext, "cuCtxPopCurrent_v2", (Handle *))                                                                      \
  X(loadModule, "cuModuleLoadDataEx", (Handle *, const void *, unsigned, int *, void **))                              \
  X(unloadModule, "cuModuleUnload", (Handle))                                                                          \
  X(getFunction, "cuModuleGetFunction", (Handle *, Handle, const char *))                                              \
  X(setFunction, "cuFuncSetAttribute", (Handle, int, int))                                                             \
  X(launch, "cuLaunchKernel",                                                                                          \
    (Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Handle, void **, void **))          \
  X(encodeTiled, "cuTensorMapEncodeTiled",                                                                             \
    (TensorMap *, int, uint32_t, void *, const uint64_t *, const uint64_t *, const uint32_t *, const uint32_t *, int,  \
     int, int, int))                                                                                                   \
  X(fill8, "cuMemsetD8Async", (Address, unsigned char, size_t, Handle))                                                \
  X(fill16, "cuMemsetD16Async", (Address, unsigned short, size_t, Handle))                                             \
  X(fill32, "cuMemsetD32Async", (Address, unsigned, size_t, Handle))                                                   \
  X(allocate, "cuMemAlloc_v2", (Address *, size_t))                                                                    \
  X(free, "cuMemFree_v2", (Address))                                                                                   \
  X(toDevice, "cuMemcpyHtoD_v2", (Address, const void *, size_t))                                                      \
  X(toHost, "cuMemcpyDtoH_v2", (void *, Address, size_t))                                                              \
  X(synchronize, "cuStreamSynchronize", (Handle))                                                                      \
  X(createEvent, "cuEventCreate", (Handle *, unsigned))                                                                \
  X(recordEvent, "cuEventRecord", (Handle, Handle))                                                                    \
  X(awaitEvent, "cuEventSynchronize", (Handle))                                                                        \
  X(elapsed, "cuEventElapsedTime", (float *, Handle, Handle))                                                          \
  X(destroyEvent, "cuEventDestroy_v2", (Handle))

/// Why a device cannot be had.
enum class Trouble { None, NoDriver, NoDevice, Unsupported, Driver };

/// The driver's functions. Made once and never closed.
class Driver {
public:
  /// Opens `path`, or if it is empty what the environment variable
  /// ATTN_CUDA_DRIVER names, or libcuda.so.1, and initialises it. On failure
  /// returns null and sets `trouble` and `error`.
  static std::shared_ptr<const Driver> open(std::string path, Trouble &trouble, std::string &error);

  /// "CUDA_ERROR_OUT_OF_MEMORY (out of memory)".
  std::string describe(Result result) const;
  /// An empty string for success, or "`what` failed: .." in words.
  std::string check(Result result, const char *what) const;

#define X(member, symbol, parameters) Result(*member) parameters = nullptr;
  ATTN_CUDA_FUNCTIONS(X)
#undef X
};

/// One GPU and its primary context, the one that PyTorch uses too. Thread-safe.
class Gpu {
public:
  /// On failure returns null and sets `trouble` and `error`. Needs compute
  /// capability 8.0.
  static std::shared_ptr<const Gpu> open(int ordinal, const std::string &driver, Trouble &trouble, std::string &error);
  ~Gpu();

  std::shared_ptr<const Driver> driver;
  int ordinal = 0;
  std::string name;
  int major = 0, minor = 0;
  int multiprocessors = 0;
  int64_t sharedBytes = 0; ///< that one block can have

  /// Makes the GPU the thread's current one as long as it lives.
  class Current {
  public:
    explicit Current(const Gpu &gpu) : gpu(gpu), result(gpu.driver->pushContext(gpu.context)) {}
    ~Current();
    Current(const Current &) = delete;
    const Gpu &gpu;
    Result result;
  };

private:
  Gpu() = default;
  Device device = 0;
  Handle context = nullptr;
};

} // namespace attn::cuda
