#include "runtime/GpuFunction.h"
#include <algorithm>
#include <cstdio>
#include <tuple>

using namespace attn;

namespace {

/// One way to run on a device.
struct Candidate {
  const Image *image;
  bool isCubin;
  int rank; ///< lower is better
};

/// "sm_90a" is for compute capability 9.0 alone, as machine code and as PTX; an
/// sm_80 cubin for 8.x; sm_80 PTX for everything from 8.0 on.
std::vector<Candidate> candidates(const Variant &variant, const cuda::Gpu &gpu) {
  std::vector<Candidate> result;
  for (const Image &image : variant.images) {
    int number = 0;
    char suffix = 0;
    if (std::sscanf(image.target.c_str(), "sm_%d%c", &number, &suffix) < 1)
      continue;
    int major = number / 10, minor = number % 10, capability = gpu.major * 10 + gpu.minor;
    bool exact = suffix != 0;
    if (exact ? number != capability : number > capability)
      continue;
    if (image.cubin.exists() && gpu.major == major && gpu.minor >= minor)
      result.push_back({&image, true, exact ? 0 : 100 - minor});
    if (image.ptx.exists())
      result.push_back({&image, false, exact ? 1 : 2000 - number});
  }
  std::sort(result.begin(), result.end(), [](auto &a, auto &b) { return std::tie(a.rank, a.image) < std::tie(b.rank, b.image); });
  return result;
}

bool otherBinaryMayHelp(cuda::Result result) {
  return result == cuda::NoBinary || result == cuda::InvalidPtx || result == cuda::UnsupportedPtx;
}

} // namespace

std::shared_ptr<const GpuFunction> GpuFunction::load(std::shared_ptr<const Artifact> artifact, size_t variant,
                                                     std::shared_ptr<const cuda::Gpu> gpu, Failure &failure) {
  std::shared_ptr<GpuFunction> function(new GpuFunction(std::move(artifact), variant, std::move(gpu)));
  std::vector<Candidate> list = candidates(function->variant, *function->gpu);
  const cuda::Gpu &device = *function->gpu;
  if (list.empty()) {
    std::string targets;
    for (const Image &image : function->variant.images)
      targets += (targets.empty() ? "" : ", ") + image.target;
    failure = {ATTN_UNSUPPORTED, "`" + function->artifact->name + "` has code for " + (targets.empty() ? "nothing" : targets) + "; the GPU " +
                                     device.name + " has compute capability " + std::to_string(device.major) + "." + std::to_string(device.minor)};
    return nullptr;
  }
  cuda::Gpu::Current current(device);
  if (current.result) {
    failure = {ATTN_DRIVER_ERROR, device.driver->check(current.result, "cuCtxPushCurrent")};
    return nullptr;
  }
  for (const Candidate &candidate : list) {
    function->image = candidate.image;
    function->binary = candidate.image->target + (candidate.isCubin ? " cubin" : " ptx");
    std::string error;
    std::optional<std::string> bytes = readBinary(*function->artifact, candidate.isCubin ? candidate.image->cubin : candidate.image->ptx, error);
    if (!bytes) {
      failure = {ATTN_MALFORMED, error};
      return nullptr;
    }
    failure = function->loadModule(*bytes);
    if (!failure) {
      failure = function->findKernels();
      break;
    }
    if (failure.code != ATTN_UNSUPPORTED)
      break;
  }
  return failure ? nullptr : function;
}

Failure GpuFunction::loadModule(const std::string &bytes) {
  const cuda::Driver &driver = *gpu->driver;
  std::vector<char> log(1 << 14);
  int options[] = {cuda::JitErrorLog, cuda::JitErrorLogBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size() - 1)};
  cuda::Result result = driver.loadModule(&module, bytes.c_str(), 2, options, values);
  if (!result)
    return {};
  module = nullptr;
  std::string message = "`" + artifact->name + "` (" + binary + ") cannot be loaded on " + gpu->name + ": " + driver.describe(result);
  if (log[0])
    message += "\n" + std::string(log.data());
  return {otherBinaryMayHelp(result) ? ATTN_UNSUPPORTED : ATTN_DRIVER_ERROR, message};
}

Failure GpuFunction::findKernels() {
  const cuda::Driver &driver = *gpu->driver;
  for (const Manifest::Kernel &kernel : manifest().kernels) {
    const Manifest::Launch &launch = kernel.launch;
    if (launch.entry.empty())
      return {ATTN_MALFORMED, "the kernel `" + kernel.name + "` of `" + artifact->name + "` has no code for GPUs"};
    if (launch.sharedBytes > gpu->sharedBytes)
      return {ATTN_UNSUPPORTED, "the kernel `" + kernel.name + "` needs " + std::to_string(launch.sharedBytes) + " bytes of shared memory; " +
                                    gpu->name + " has " + std::to_string(gpu->sharedBytes) + " for a block"};
    cuda::Handle entry = nullptr;
    if (cuda::Result result = driver.getFunction(&entry, module, launch.entry.c_str()))
      return {ATTN_MALFORMED, "the binary " + binary + " of `" + artifact->name + "` has no kernel `" + launch.entry + "`: " + driver.describe(result)};
    if (launch.sharedBytes > 48 << 10)
      if (cuda::Result result = driver.setFunction(entry, cuda::MaxDynamicSharedBytes, int(launch.sharedBytes)))
        return {ATTN_DRIVER_ERROR, driver.check(result, "cuFuncSetAttribute")};
    entries.push_back(entry);
  }
  return {};
}

GpuFunction::~GpuFunction() {
  if (!module)
    return;
  cuda::Gpu::Current current(*gpu);
  if (!current.result)
    gpu->driver->unloadModule(module);
}
