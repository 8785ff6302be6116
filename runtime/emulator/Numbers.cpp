#include "runtime/emulator/Numbers.h"
#include <cfenv>

namespace attn::emu {

double roundToInteger(double x, Rounding rounding) {
  switch (rounding) {
  case Rounding::Zero: return std::trunc(x);
  case Rounding::Down: return std::floor(x);
  case Rounding::Up: return std::ceil(x);
  case Rounding::Away: return std::round(x);
  case Rounding::Nearest: break;
  }
  return std::nearbyint(x); // to nearest even: nobody leaves another mode set
}

uint32_t encode(double x, Format f, Rounding rounding, bool saturate) {
  int bias = (1 << (f.exponentBits - 1)) - 1;
  uint32_t sign = std::signbit(x) ? 1u << (f.exponentBits + f.fractionBits) : 0;
  uint32_t fractionMask = (1u << f.fractionBits) - 1;
  uint32_t top = ((1u << f.exponentBits) - 1) << f.fractionBits;
  uint32_t largest = f.infinity ? top - 1 : (top | fractionMask) - 1;
  if (std::isnan(x)) // fp8: the one NaN; else quiet, positive
    return !f.infinity ? (top | fractionMask) : saturate ? (top | fractionMask) : (top | fractionMask);
  double magnitude = std::fabs(x);
  if (std::isinf(x))
    return sign | (saturate || !f.infinity ? largest : top);
  int exponent = magnitude == 0 ? 1 - bias : std::max(std::ilogb(magnitude), 1 - bias);
  double unit = std::ldexp(1.0, exponent - f.fractionBits); // of the last place
  double scaled = magnitude / unit;                         // exact
  bool negative = sign != 0;
  Rounding mode = rounding == Rounding::Down ? (negative ? Rounding::Up : Rounding::Zero)
                  : rounding == Rounding::Up ? (negative ? Rounding::Zero : Rounding::Up)
                                             : rounding;
  double whole = roundToInteger(scaled, mode);
  double rounded = whole * unit;
  uint32_t bits;
  if (rounded == 0) {
    bits = 0;
  } else {
    int e = std::max(std::ilogb(rounded), 1 - bias);
    uint32_t fraction = uint32_t(rounded / std::ldexp(1.0, e - f.fractionBits)); // with the leading one
    bits = (uint32_t(e + bias - 1) << f.fractionBits) + fraction;
  }
  if (bits > largest)
    bits = saturate || !f.infinity || mode == Rounding::Zero ? largest : top;
  return sign | bits;
}

double decode(uint32_t bits, Format f) {
  int bias = (1 << (f.exponentBits - 1)) - 1;
  uint32_t fraction = bits & ((1u << f.fractionBits) - 1);
  int exponent = int(bits >> f.fractionBits & ((1u << f.exponentBits) - 1));
  bool negative = bits >> (f.exponentBits + f.fractionBits) & 1;
  int all = (1 << f.exponentBits) - 1;
  double x;
  if (f.infinity && exponent == all)
    x = fraction ? NAN : INFINITY;
  else if (!f.infinity && exponent == all && fraction == (1u << f.fractionBits) - 1)
    x = NAN;
  else if (exponent == 0)
    x = std::ldexp(double(fraction), 1 - bias - f.fractionBits);
  else
    x = std::ldexp(double(fraction + (1u << f.fractionBits)), exponent - bias - f.fractionBits);
  return negative ? -x : x;
}

namespace {

/// The processor rounds; only used for the rare directed modes.
class Mode {
public:
  explicit Mode(Rounding rounding) : saved(std::fegetround()) {
    std::fesetround(rounding == Rounding::Zero   ? FE_TOWARDZERO
                    : rounding == Rounding::Down ? FE_DOWNWARD
                    : rounding == Rounding::Up   ? FE_UPWARD
                                                 : FE_TONEAREST);
  }
  ~Mode() { std::fesetround(saved); }

private:
  int saved;
};

} // namespace

// Volatile operands keep the operation between the changes of mode.
#define ATTN_ROUNDED(T)                                                                                                \
  T addRounded(T a, T b, Rounding r) {                                                                                 \
    Mode mode(r);                                                                                                      \
    volatile T x = a, y = b;                                                                                           \
    volatile T result = x + y;                                                                                         \
    return result;                                                                                                     \
  }                                                                                                                    \
  T multiplyRounded(T a, T b, Rounding r) {                                                                            \
    Mode mode(r);                                                                                                      \
    volatile T x = a, y = b;                                                                                           \
    volatile T result = x * y;                                                                                         \
    return result;                                                                                                     \
  }                                                                                                                    \
  T fmaRounded(T a, T b, T c, Rounding r) {                                                                            \
    Mode mode(r);                                                                                                      \
    volatile T x = a, y = b, z = c;                                                                                    \
    volatile T result = std::fma(T(x), T(y), T(z));                                                                    \
    return result;                                                                                                     \
  }                                                                                                                    \
  T divideRounded(T a, T b, Rounding r) {                                                                              \
    Mode mode(r);                                                                                                      \
    volatile T x = a, y = b;                                                                                           \
    volatile T result = x / y;                                                                                         \
    return result;                                                                                                     \
  }                                                                                                                    \
  T rootRounded(T a, Rounding r) {                                                                                     \
    Mode mode(r);                                                                                                      \
    volatile T x = a;                                                                                                  \
    volatile T result = std::sqrt(T(x));                                                                               \
    return result;                                                                                                     \
  }
ATTN_ROUNDED(float)
ATTN_ROUNDED(double)
#undef ATTN_ROUNDED

} // namespace attn::emu
