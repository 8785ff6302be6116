#include "runtime/emulator/Multiply.h"
#include "runtime/emulator/Numbers.h"
#include <array>
#include <cstring>

namespace attn::emu {

namespace {
using Eight = float __attribute__((vector_size(32)));
} // namespace

__attribute__((target_clones("arch=x86-64-v3", "default"))) void
multiply(float *const *accumulators, const float *a, const float *b, uint32_t depth, uint32_t blocks, bool accumulate) {
  for (uint32_t j = 0; j < blocks; ++j)
    for (uint32_t p = 0; p < 2; ++p) {
      Eight sum[8] = {};
      if (accumulate)
        for (uint32_t c = 0; c < 8; ++c)
          std::memcpy(&sum[c], accumulators[4 * j + 2 * (c / 4) + p] + 8 * (c % 4), sizeof(Eight));
      for (uint32_t k = 0; k < depth; ++k) {
        Eight bk;
        std::memcpy(&bk, b + ((k * blocks + j) * 2 + p) * 8, sizeof bk);
        const float *ak = a + k * 32;
        for (uint32_t c = 0; c < 8; ++c) {
          Eight v;
          std::memcpy(&v, ak + (c / 4) * 32 * 32 + 8 * (c % 4), sizeof v);
          sum[c] += v * bk;
        }
      }
      for (uint32_t c = 0; c < 8; ++c)
        std::memcpy(accumulators[4 * j + 2 * (c / 4) + p] + 8 * (c % 4), &sum[c], sizeof(Eight));
    }
}

float elementOf(uint32_t bits, Type type) {
  auto table = [](Format f) {
    std::array<float, 256> values;
    for (uint32_t k = 0; k < 256; ++k)
      values[k] = float(decode(k, f));
    return values;
  };
  static const std::array<float, 256> e4m3 = table(E4M3Format), e5m2 = table(E5M2Format);
  switch (type) {
  case Type::F16: return fromF16(uint16_t(bits));
  case Type::BF16: return fromBF16(uint16_t(bits));
  case Type::TF32: return floatOf(bits & 0xffffe000);
  case Type::E4M3: return e4m3[bits & 255];
  case Type::E5M2: return e5m2[bits & 255];
  default: return floatOf(bits);
  }
}

void elementsOf(const uint8_t *bytes, Type type, float *values) {
  uint32_t size = bytesOf(type);
  if (type == Type::BF16) {
    uint16_t bits[8];
    std::memcpy(bits, bytes, 16);
    for (int e = 0; e < 8; ++e)
      values[e] = fromBF16(bits[e]);
    return;
  }
  for (uint32_t e = 0; e < 16 / size; ++e) {
    uint32_t bits = 0;
    std::memcpy(&bits, bytes + e * size, size);
    values[e] = elementOf(bits, type);
  }
}

} // namespace attn::emu
