#include "runtime/SessionDevice.h"
#include "codegen/nvidia/Ptxas.h"
#include <algorithm>
#include <mutex>

using namespace attn;

std::shared_ptr<const Artifact> attn::artifactOf(const core::Program &program, const std::string &target, GpuCode code) {
  auto artifact = std::make_shared<Artifact>();
  artifact->name = program.name;
  Variant variant;
  variant.signature = signatureOf(program);
  Image image;
  image.target = target;
  image.manifest = std::move(code.manifest);
  image.cubin.bytes.assign(code.cubin.begin(), code.cubin.end());
  image.ptx.bytes = std::move(code.ptx);
  variant.images.push_back(std::move(image));
  artifact->variants.push_back(std::move(variant));
  return artifact;
}

namespace {

/// Device memory that frees itself.
class Memory {
public:
  explicit Memory(const cuda::Driver &driver) : driver(driver) {}
  ~Memory() {
    for (cuda::Address block : blocks)
      driver.free(block);
  }
  /// 0 and an error where there is none.
  cuda::Address allocate(uint64_t bytes, std::string &error) {
    cuda::Address address = 0;
    cuda::Result result = driver.allocate(&address, std::max<uint64_t>(bytes, 256));
    if (!result)
      blocks.push_back(address);
    else
      error = result == cuda::OutOfMemory ? "the GPU has no " + std::to_string(bytes) + " bytes of memory left" : driver.check(result, "cuMemAlloc");
    return result ? 0 : address;
  }

private:
  const cuda::Driver &driver;
  std::vector<cuda::Address> blocks;
};

/// Time between two points of the default stream.
class Clock {
public:
  explicit Clock(const cuda::Driver &driver) : driver(driver) {
    for (cuda::Handle &event : events)
      if (driver.createEvent(&event, 0))
        event = nullptr;
  }
  ~Clock() {
    for (cuda::Handle event : events)
      if (event)
        driver.destroyEvent(event);
  }
  void record(int which) {
    if (events[which])
      driver.recordEvent(events[which], nullptr);
  }
  /// 0 where events failed.
  double seconds() const {
    float milliseconds = 0;
    bool known = events[0] && events[1] && !driver.awaitEvent(events[1]) && !driver.elapsed(&milliseconds, events[0], events[1]);
    return known ? milliseconds / 1e3 : 0;
  }

private:
  const cuda::Driver &driver;
  cuda::Handle events[2] = {};
};

class OnGpu : public Callable {
public:
  explicit OnGpu(std::shared_ptr<const GpuFunction> function) : function(std::move(function)) {}
  const Manifest &manifest() const override { return function->manifest(); }

  std::string run(const Call &call) const override {
    const cuda::Driver &driver = *function->gpu->driver;
    cuda::Gpu::Current current(*function->gpu);
    if (current.result)
      return driver.check(current.result, "cuCtxPushCurrent");
    std::string error;
    Memory memory(driver);
    GpuCall onDevice(function);
    onDevice.arguments = call;
    for (auto *views : {&onDevice.arguments.inputs, &onDevice.arguments.outputs})
      for (auto &[name, view] : *views)
        if (!upload(view, memory, error))
          return "`" + name + "`: " + error;
    int64_t stats[Manifest::StatCount] = {};
    if (call.stats && (!(onDevice.stats = memory.allocate(sizeof stats, error)) ||
                       !(error = driver.check(driver.toDevice(onDevice.stats, stats, sizeof stats), "cuMemcpyHtoD")).empty()))
      return error;
    if (Failure failure = onDevice.prepare())
      return failure.message;
    cuda::Address workspace = memory.allocate(onDevice.workspaceBytes, error);
    if (!workspace)
      return error;
    Clock clock(driver);
    clock.record(0);
    if (Failure failure = onDevice.run(workspace, onDevice.workspaceBytes, nullptr))
      return failure.message;
    clock.record(1);
    if (!(error = driver.check(driver.synchronize(nullptr), "cuStreamSynchronize")).empty())
      return error;
    if (call.seconds)
      *call.seconds = clock.seconds();
    for (auto &[name, view] : call.outputs)
      if (!download(view, onDevice.arguments.outputs.at(name), error))
        return "`" + name + "`: " + error;
    if (call.stats) {
      if (!(error = driver.check(driver.toHost(stats, onDevice.stats, sizeof stats), "cuMemcpyDtoH")).empty())
        return error;
      for (int s = 0; s < Manifest::StatCount; ++s)
        call.stats[s] += stats[s];
    }
    return "";
  }

private:
  /// The bytes that a view reaches: from its lowest element on.
  struct Extent {
    int64_t low = 0, bytes = 0;
  };
  static Extent extentOf(const TensorView &view) {
    int64_t size = core::byteSize(view.dtype), low = 0, high = 0;
    for (size_t d = 0; d < view.shape.size() && d < view.strides.size(); ++d) {
      if (view.shape[d] <= 0)
        return {};
      (view.strides[d] < 0 ? low : high) += view.strides[d] * (view.shape[d] - 1);
    }
    return {low * size, (high - low + 1) * size};
  }

  bool upload(TensorView &view, Memory &memory, std::string &error) const {
    Extent extent = extentOf(view);
    if (!view.data || !extent.bytes)
      return true;
    cuda::Address address = memory.allocate(uint64_t(extent.bytes), error);
    if (!address)
      return false;
    const char *from = static_cast<const char *>(view.data) + extent.low;
    // Results are copied too: what lies between their elements stays.
    if (cuda::Result result = function->gpu->driver->toDevice(address, from, size_t(extent.bytes))) {
      error = function->gpu->driver->check(result, "cuMemcpyHtoD");
      return false;
    }
    view.data = reinterpret_cast<void *>(address - uint64_t(extent.low));
    return true;
  }

  bool download(const TensorView &host, const TensorView &device, std::string &error) const {
    Extent extent = extentOf(host);
    if (!host.data || !extent.bytes)
      return true;
    cuda::Address from = reinterpret_cast<uint64_t>(device.data) + uint64_t(extent.low);
    error = function->gpu->driver->check(function->gpu->driver->toHost(static_cast<char *>(host.data) + extent.low, from, size_t(extent.bytes)), "cuMemcpyDtoH");
    return error.empty();
  }

  std::shared_ptr<const GpuFunction> function;
};

} // namespace

std::unique_ptr<Callable> attn::loadOnGpu(const core::Program &program, const SourceMap &sources, const CompileOptions &options, int ordinal,
                                          const std::string &driver, Diagnostics &diagnostics, std::string &error) {
  cuda::Trouble trouble = cuda::Trouble::None;
  std::shared_ptr<const cuda::Gpu> gpu = cuda::Gpu::open(ordinal, driver, trouble, error);
  if (!gpu)
    return nullptr;
  CompileOptions exact = options;
  exact.target = gpu->major == 9 && gpu->minor == 0 ? "sm_90a" : "sm_80";
  bool assemble = !nvidia::findPtxas(options.ptxas).empty() && (exact.target == "sm_90a" || gpu->major == 8);
  std::optional<GpuCode> code = compileForGpu(program, sources, exact, assemble, diagnostics, error);
  if (!code)
    return nullptr;
  Failure failure;
  std::shared_ptr<const GpuFunction> function = GpuFunction::load(artifactOf(program, exact.target, std::move(*code)), 0, gpu, failure);
  if (!function) {
    error = failure.message;
    return nullptr;
  }
  return std::make_unique<OnGpu>(function);
}
