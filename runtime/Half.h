// The two 16-bit number formats, bit by bit: what a store to memory does.
#pragma once
#include <cstdint>
#include <cstring>

namespace attn {

inline uint32_t bitsOf(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
inline float floatOf(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// Rounds to nearest, ties to even. A NaN stays a (quiet) NaN.
inline uint16_t toBF16(float x) {
  uint32_t bits = bitsOf(x);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
inline float fromBF16(uint16_t h) { return floatOf(uint32_t(h) << 16); }

/// Rounds to nearest, ties to even; what is too large becomes infinite, what
/// is too small denormal. A NaN stays a (quiet) NaN.
inline uint16_t toF16(float x) {
  uint32_t bits = bitsOf(x);
  uint32_t sign = bits >> 16 & 0x8000;
  bits &= 0x7fffffff;
  if (bits > 0x7f800000)
    return uint16_t(sign | 0x7e00 | (bits >> 13 & 0x1ff));
  if (bits >= 0x477ff000) // 65520: halfway to the next power of two
    return uint16_t(sign | 0x7c00);
  if (bits < 0x38800000) { // below 2^-14: adding 0.5 puts the last place where it belongs
    float shifted = floatOf(bits) + 0.5f;
    return uint16_t(sign | (bitsOf(shifted) - 0x3f000000));
  }
  bits += 0xfff + (bits >> 13 & 1);
  return uint16_t(sign | (bits - 0x38000000) >> 13);
}
inline float fromF16(uint16_t h) {
  uint32_t sign = uint32_t(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff;
  if (exponent == 31)
    return floatOf(sign | 0x7f800000 | fraction << 13);
  if (exponent)
    return floatOf(sign | (exponent + 112) << 23 | fraction << 13);
  float denormal = float(fraction) * 0x1p-24f;
  return sign ? -denormal : denormal;
}

} // namespace attn
