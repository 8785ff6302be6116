// The language's integers: 64 bits, wrapping, nothing undefined [S3, S5].
#pragma once
#include <cmath>
#include <cstdint>

namespace attn::oracle {

inline int64_t add(int64_t a, int64_t b) { return int64_t(uint64_t(a) + uint64_t(b)); }
inline int64_t sub(int64_t a, int64_t b) { return int64_t(uint64_t(a) - uint64_t(b)); }
inline int64_t mul(int64_t a, int64_t b) { return int64_t(uint64_t(a) * uint64_t(b)); }
inline int64_t floorDiv(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  if (b == -1)
    return sub(0, a);
  int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}
inline int64_t floorMod(int64_t a, int64_t b) { return sub(a, mul(floorDiv(a, b), b)); }
inline int64_t power(int64_t a, int64_t n) {
  int64_t result = 1;
  for (; n > 0; n >>= 1, a = mul(a, a))
    if (n & 1)
      result = mul(result, a);
  return result;
}
inline int64_t shl(int64_t a, int64_t n) { return n < 0 || n >= 64 ? 0 : int64_t(uint64_t(a) << n); }
inline int64_t shr(int64_t a, int64_t n) { return n < 0 || n >= 64 ? 0 : a >> n; }
inline int64_t ilog2(int64_t a) {
  int64_t n = -1;
  for (; a > 0; a >>= 1)
    ++n;
  return n;
}
/// Out of range: the nearest integer; 0 for NaN.
template <class T> int64_t floorToInt(T x) {
  if (!(x == x))
    return 0;
  if (x >= T(0x1p63))
    return INT64_MAX;
  return x < T(-0x1p63) ? INT64_MIN : int64_t(std::floor(x));
}

} // namespace attn::oracle
