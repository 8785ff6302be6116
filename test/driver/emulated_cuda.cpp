// The stand-in for NVIDIA's driver, with kernels run by the emulator. Modules
// must be PTX. Memory that the host did not take from the driver (NumPy's in
// dry runs) counts as the device's if it took none.
#include "fake_cuda.h"
#include "runtime/emulator/Emulator.h"
#include <cstdlib>

namespace {

using namespace attn::emu;

std::string run(const fake::Launch &launch) {
  if (launch.text.empty())
    return "the emulator runs PTX, not machine code";
  Module module = parse(launch.text);
  if (!module.ok())
    return "PTX: " + module.errors()[0];
  Memory memory;
  for (auto &block : launch.memory)
    memory.add(block.first, block.second, true);
  if (launch.memory.empty())
    memory.add(reinterpret_cast<void *>(4096), size_t(1) << 47, true);
  attn::emu::Launch call;
  call.entry = launch.entry;
  call.grid = {launch.grid};
  call.block = {launch.block};
  call.dynamicShared = launch.shared;
  for (size_t n = 0; n < launch.sizes.size(); ++n) {
    auto bytes = static_cast<const uint8_t *>(launch.parameters[n]);
    call.arguments.emplace_back(bytes, bytes + launch.sizes[n]);
  }
  Options options;
  options.checks = std::getenv("EMULATED_CUDA_CHECKS") != nullptr;
  Report report = attn::emu::launch(module, call, memory, options);
  return report.ok() ? "" : "emulator: " + report.text();
}

void encode(void *map, uint32_t rank, void *address, const uint64_t *dims, const uint64_t *strides, const uint32_t *box) {
  TensorMap result;
  result.base = address;
  result.rank = uint8_t(rank);
  result.elementBytes = 2;
  result.swizzle = Swizzle::B128;
  for (uint32_t d = 0; d < rank; ++d) {
    result.dims[d] = dims[d];
    result.box[d] = uint16_t(box[d]);
    if (d)
      result.strides[d - 1] = strides[d - 1];
  }
  std::memcpy(map, &result, sizeof result);
}

const bool installed = [] {
  fake::run = run;
  fake::encode = encode;
  return true;
}();

} // namespace
