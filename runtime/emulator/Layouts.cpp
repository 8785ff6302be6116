#include "runtime/emulator/Layouts.h"

namespace attn::emu {

std::string faultOf(const TensorMap &m) {
  if (m.magic != TensorMap::Magic)
    return "there is no tensor map";
  if (m.rank < 1 || m.rank > 5)
    return "a tensor map of rank " + std::to_string(m.rank);
  if (m.elementBytes != 1 && m.elementBytes != 2 && m.elementBytes != 4 && m.elementBytes != 8)
    return "elements of " + std::to_string(m.elementBytes) + " bytes";
  if (reinterpret_cast<uintptr_t>(m.base) % 16)
    return "the tensor does not begin on 16 bytes";
  for (int d = 0; d < m.rank; ++d) {
    if (!m.box[d] || m.box[d] > 256)
      return "a box of " + std::to_string(m.box[d]) + " in dimension " + std::to_string(d);
    if (!m.dims[d] || m.dims[d] > uint64_t(1) << 32)
      return "dimension " + std::to_string(d) + " has " + std::to_string(m.dims[d]) + " elements";
    if (m.elementStrides[d] < 1 || m.elementStrides[d] > 8)
      return "an element stride of " + std::to_string(m.elementStrides[d]);
    if (d && (m.strides[d - 1] % 16 || m.strides[d - 1] >= uint64_t(1) << 40))
      return "a stride of " + std::to_string(m.strides[d - 1]) + " bytes";
  }
  uint32_t inner = m.box[0] * m.elementBytes;
  if (inner % 16)
    return "an inner box of " + std::to_string(inner) + " bytes";
  if (m.swizzle != Swizzle::None && inner > swizzleSpan(m.swizzle))
    return "an inner box of " + std::to_string(inner) + " bytes in a swizzle of " +
           std::to_string(swizzleSpan(m.swizzle));
  return "";
}

} // namespace attn::emu
