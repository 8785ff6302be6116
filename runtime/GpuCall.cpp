#include "runtime/GpuFunction.h"
#include "runtime/SizeProgram.h"
#include <algorithm>

using namespace attn;

namespace {
// Kernels compute positions in 32 bits: what Bounds of codegen/nvidia assumes.
constexpr int64_t lengthLimit = int64_t(1) << 29, integerLimit = int64_t(1) << 30, itemLimit = int64_t(1) << 30;
constexpr uint64_t alignment = 256;

uint64_t aligned(uint64_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }
std::string quoted(const std::string &name) { return "`" + name + "`"; }
} // namespace

/// What a processor does not mind.
Failure GpuCall::checkDevice(const Binding &binding) const {
  const Manifest &m = function->manifest();
  for (const Manifest::Tensor &t : m.tensors) {
    uint64_t bytes = uint64_t(core::byteSize(core::parseDType(t.dtype).value_or(core::DType::I8)));
    if (bytes && uint64_t(binding.frame[size_t(t.slot)]) % bytes)
      return {ATTN_ARGUMENT, (t.output ? "output " : "input ") + quoted(t.name) + " begins at an address that is no multiple of its elements' " +
                                 std::to_string(bytes) + " bytes"};
  }
  for (const Manifest::Extent &e : m.extents)
    if (int64_t length = binding.frame[size_t(e.slot)]; length >= lengthLimit)
      return {ATTN_ARGUMENT, quoted(e.label) + " = " + std::to_string(length) + " is too long: GPUs compute positions in 32 bits, below 2^29"};
  for (const Manifest::Scalar &s : m.scalars)
    if (int64_t value = binding.frame[size_t(s.slot)]; s.kind == Manifest::ScalarKind::Int && (value > integerLimit || value < -integerLimit))
      return {ATTN_ARGUMENT, "the parameter " + quoted(s.name) + " = " + std::to_string(value) +
                                 " is too large: GPUs compute positions in 32 bits, from -2^30 to 2^30"};
  return {};
}

Failure GpuCall::prepare() {
  if (ready)
    return {};
  const Manifest &m = function->manifest();
  Binding binding(m, &function->signature(), arguments);
  if (std::string error = binding.check(); !error.empty())
    return {ATTN_ARGUMENT, error};
  if (Failure failure = checkDevice(binding))
    return failure;
  frame = binding.frame;
  constants = binding.constants;
  lengths.clear();
  auto remember = [&](const Manifest::Tensor &t) {
    for (const std::string &label : t.labels)
      lengths[label] = binding.length(label);
  };
  for (const Manifest::Tensor &t : m.tensors)
    remember(t);
  for (const Manifest::Buffer &b : m.buffers)
    remember(b);
  frame[size_t(m.threadsSlot)] = function->gpu->multiprocessors;
  if (!runSizes(m.sizes, frame.data(), m.slots))
    return {ATTN_MALFORMED, "the size program of " + quoted(m.name) + " is malformed"};
  for (const Manifest::Kernel &k : m.kernels)
    if (int64_t items = frame[size_t(k.itemsSlot)]; items >= itemLimit)
      return {ATTN_ARGUMENT, "the lengths make " + std::to_string(items) + " tiles of rows; GPUs count them in 32 bits, below 2^30"};
  placed = 0;
  tensorMaps.clear();
  if (Failure failure = layOut())
    return failure;
  if (Failure failure = checkMaps())
    return failure;
  ready = true;
  return {};
}

int64_t GpuCall::blocks(const Manifest::Kernel &kernel) const {
  int64_t items = std::max<int64_t>(frame[size_t(kernel.itemsSlot)], 0), each = kernel.launch.itemsPerBlock;
  int64_t needed = items / each + (items % each != 0);
  return std::min(needed, int64_t(kernel.launch.blocksPerSm) * std::max(function->gpu->multiprocessors, 1));
}

/// Constants first, then buffers, then the scratch memory that kernels share.
Failure GpuCall::layOut() {
  const Manifest &m = function->manifest();
  constexpr uint64_t limit = uint64_t(1) << 46;
  Failure tooMuch{ATTN_ARGUMENT, "the lengths need more workspace than there is"};
  uint64_t bytes = aligned(constants.size() * 16), scratch = 0;
  bufferOffsets.clear();
  for (const Manifest::Buffer &b : m.buffers) {
    int64_t size = frame[size_t(b.bytesSlot)];
    if (size < 0 || uint64_t(size) > limit - bytes)
      return tooMuch;
    bufferOffsets.push_back(bytes);
    bytes += aligned(uint64_t(std::max<int64_t>(size, 1))); // what is read and not used lies inside, too
    if (bytes > limit)
      return tooMuch;
  }
  for (const Manifest::Kernel &k : m.kernels) {
    uint64_t count = uint64_t(blocks(k)), each = uint64_t(k.launch.scratchBytes);
    if (count && each > limit / count)
      return tooMuch;
    scratch = std::max(scratch, count * each);
  }
  scratchOffset = bytes;
  workspaceBytes = bytes + aligned(scratch);
  return workspaceBytes > limit ? tooMuch : Failure();
}

/// The layouts of all maps of kernels that are launched.
template <class Take> Failure GpuCall::eachMap(Take take) const {
  const Manifest &m = function->manifest();
  for (size_t k = 0; k < m.kernels.size(); ++k) {
    if (!blocks(m.kernels[k]))
      continue;
    for (const Manifest::TensorMap &map : m.kernels[k].launch.maps) {
      MapLayout layout;
      auto length = [&](const std::string &label) { return lengths.at(label); };
      if (std::string error = layoutOf(m, map, frame, length, layout); !error.empty())
        return {ATTN_ARGUMENT, error};
      if (Failure failure = take(k, layout))
        return failure;
    }
  }
  return {};
}

Failure GpuCall::checkMaps() const {
  return eachMap([](size_t, const MapLayout &) { return Failure(); });
}

Failure GpuCall::encodeMaps() {
  tensorMaps.assign(function->manifest().kernels.size(), {});
  return eachMap([&](size_t k, const MapLayout &layout) -> Failure {
    std::string error = function->maps().get(*function->gpu->driver, layout, tensorMaps[k].emplace_back());
    return {error.empty() ? ATTN_OK : ATTN_DRIVER_ERROR, error};
  });
}

/// Puts addresses into the frame and constants into the workspace.
Failure GpuCall::place(uint64_t workspace, cuda::Handle stream) {
  const Manifest &m = function->manifest();
  const cuda::Driver &driver = *function->gpu->driver;
  for (size_t n = 0; n < constants.size(); ++n) {
    const Binding::Constant &c = constants[n];
    uint64_t address = workspace + n * 16;
    frame[size_t(m.tensors[size_t(c.tensor)].slot)] = int64_t(address);
    cuda::Result result = c.bytes == 1   ? driver.fill8(address, uint8_t(c.bits), 1, stream)
                          : c.bytes == 2 ? driver.fill16(address, uint16_t(c.bits), 1, stream)
                                         : driver.fill32(address, uint32_t(c.bits), 1, stream);
    if (!result && c.bytes == 8)
      result = driver.fill32(address + 4, uint32_t(c.bits >> 32), 1, stream);
    if (result)
      return {ATTN_DRIVER_ERROR, driver.check(result, "cuMemsetAsync")};
  }
  for (size_t n = 0; n < m.buffers.size(); ++n)
    frame[size_t(m.buffers[n].slot)] = int64_t(workspace + bufferOffsets[n]);
  return {};
}

Failure GpuCall::launch(size_t n, uint64_t scratch, cuda::Handle stream) {
  const Manifest::Kernel &kernel = function->manifest().kernels[n];
  int64_t grid = blocks(kernel);
  if (!grid)
    return {};
  if (!kernel.launch.scratchBytes)
    scratch = 0;
  std::vector<void *> parameters{frame.data(), &scratch, &stats};
  for (cuda::TensorMap &map : tensorMaps[n])
    parameters.push_back(&map);
  const cuda::Driver &driver = *function->gpu->driver;
  cuda::Result result = driver.launch(function->kernels()[n], unsigned(grid), 1, 1, unsigned(kernel.launch.threads), 1, 1,
                                      unsigned(kernel.launch.sharedBytes), stream, parameters.data(), nullptr);
  if (result)
    return {ATTN_DRIVER_ERROR, "the kernel " + quoted(kernel.name) + " cannot be launched: " + driver.describe(result)};
  return {};
}

Failure GpuCall::run(uint64_t workspace, uint64_t bytes, cuda::Handle stream) {
  if (Failure failure = prepare())
    return failure;
  if (bytes < workspaceBytes)
    return {ATTN_WORKSPACE, "the workspace has " + std::to_string(bytes) + " bytes; " + std::to_string(workspaceBytes) + " are needed"};
  if (workspaceBytes && (!workspace || workspace % alignment))
    return {ATTN_WORKSPACE, "the workspace does not begin at a multiple of " + std::to_string(alignment) + " bytes"};
  if (!workspaceBytes)
    workspace = 0;
  const cuda::Driver &driver = *function->gpu->driver;
  cuda::Gpu::Current current(*function->gpu);
  if (current.result)
    return {ATTN_DRIVER_ERROR, driver.check(current.result, "cuCtxPushCurrent")};
  if (Failure failure = place(workspace, stream))
    return failure;
  if (tensorMaps.empty() || placed != workspace)
    if (Failure failure = encodeMaps()) {
      tensorMaps.clear();
      return failure;
    }
  placed = workspace;
  for (size_t n = 0; n < function->kernels().size(); ++n)
    if (Failure failure = launch(n, workspace + scratchOffset, stream))
      return failure;
  return {};
}
