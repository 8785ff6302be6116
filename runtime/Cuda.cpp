#include "runtime/Cuda.h"
#include <cstdlib>
#include <dlfcn.h>

using namespace attn::cuda;

std::string Driver::describe(Result result) const {
  const char *name = nullptr, *text = nullptr;
  if (errorName)
    errorName(result, &name);
  if (errorText)
    errorText(result, &text);
  std::string what = name ? name : "error " + std::to_string(result);
  return text ? what + " (" + text + ")" : what;
}

std::string Driver::check(Result result, const char *what) const {
  return result ? "the driver failed at `" + std::string(what) + "`: " + describe(result) : "";
}

std::shared_ptr<const Driver> Driver::open(std::string path, Trouble &trouble, std::string &error) {
  const char *named = std::getenv("ATTN_CUDA_DRIVER");
  bool chosen = !path.empty() || (named && *named);
  if (path.empty())
    path = chosen ? named : "libcuda.so.1";
  trouble = Trouble::NoDriver;
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *why = dlerror();
    error = chosen ? "the driver `" + path + "` cannot be opened: " + (why ? why : "unknown reason")
                   : "there is no NVIDIA driver on this machine (" + path + " cannot be opened)";
    return nullptr;
  }
  auto driver = std::make_shared<Driver>();
  const char *missing = nullptr;
#define X(member, symbol, parameters)                                                                                  \
  driver->member = reinterpret_cast<Result(*) parameters>(dlsym(library, symbol));                                     \
  if (!driver->member && !missing)                                                                                     \
    missing = symbol;
  ATTN_CUDA_FUNCTIONS(X)
#undef X
  // A library that was opened stays open: its threads may outlive every caller.
  if (missing) {
    error = "the driver `" + path + "` is too old: it has no `" + missing + "`, which came with CUDA 12";
    return nullptr;
  }
  if (Result result = driver->init(0)) {
    trouble = result == 100 ? Trouble::NoDevice : Trouble::Driver;
    error = result == 100 ? "the driver finds no NVIDIA GPU" : driver->check(result, "cuInit");
    return nullptr;
  }
  trouble = Trouble::None;
  return driver;
}

std::shared_ptr<const Gpu> Gpu::open(int ordinal, const std::string &path, Trouble &trouble, std::string &error) {
  std::shared_ptr<const Driver> driver = Driver::open(path, trouble, error);
  if (!driver)
    return nullptr;
  int count = 0;
  trouble = Trouble::Driver;
  if (!(error = driver->check(driver->deviceCount(&count), "cuDeviceGetCount")).empty())
    return nullptr;
  if (ordinal < 0 || ordinal >= count) {
    trouble = Trouble::NoDevice;
    error = count ? "there is no GPU " + std::to_string(ordinal) + ": the last one is " + std::to_string(count - 1)
                  : std::string("the driver finds no NVIDIA GPU");
    return nullptr;
  }
  std::shared_ptr<Gpu> gpu(new Gpu);
  gpu->driver = driver;
  gpu->ordinal = ordinal;
  char name[256] = "";
  int shared = 0;
  auto step = [&](Result result, const char *what) { return (error = driver->check(result, what)).empty(); };
  bool read = step(driver->deviceGet(&gpu->device, ordinal), "cuDeviceGet") &&
              step(driver->deviceName(name, int(sizeof name) - 1, gpu->device), "cuDeviceGetName") &&
              step(driver->deviceAttribute(&gpu->major, Major, gpu->device), "cuDeviceGetAttribute") &&
              step(driver->deviceAttribute(&gpu->minor, Minor, gpu->device), "cuDeviceGetAttribute") &&
              step(driver->deviceAttribute(&gpu->multiprocessors, Multiprocessors, gpu->device), "cuDeviceGetAttribute") &&
              step(driver->deviceAttribute(&shared, SharedBytesOptIn, gpu->device), "cuDeviceGetAttribute");
  if (!read)
    return nullptr;
  gpu->name = name;
  gpu->sharedBytes = shared;
  if (gpu->major < 8) {
    trouble = Trouble::Unsupported;
    error = "the GPU " + gpu->name + " has compute capability " + std::to_string(gpu->major) + "." + std::to_string(gpu->minor) +
            "; 8.0 is needed";
    return nullptr;
  }
  if (!step(driver->retainContext(&gpu->context, gpu->device), "cuDevicePrimaryCtxRetain")) {
    gpu->context = nullptr;
    return nullptr;
  }
  trouble = Trouble::None;
  return gpu;
}

Gpu::~Gpu() {
  if (context)
    driver->releaseContext(device);
}

Gpu::Current::~Current() {
  Handle old = nullptr;
  if (!result)
    gpu.driver->popContext(&old);
}
