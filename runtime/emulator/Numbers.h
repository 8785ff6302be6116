// Conversions between number formats, in every rounding of PTX.
#pragma once
#include "runtime/Half.h"
#include "runtime/emulator/Types.h"
#include <cmath>

namespace attn::emu {

enum class Rounding : uint8_t { Nearest, Zero, Down, Up, Away };

/// A binary floating-point format of at most 32 bits.
struct Format {
  int exponentBits, fractionBits;
  bool infinity; ///< false: all ones in the exponent are numbers too (e4m3)
};
constexpr Format HalfFormat{5, 10, true}, BrainFormat{8, 7, true}, SingleFormat{8, 23, true}, E4M3Format{4, 3, false},
    E5M2Format{5, 2, true}, TF32Format{8, 10, true};

/// The bits of x in a format. `saturate`: what is too large becomes the largest
/// finite number (fp8 conversions), also when it is infinite.
uint32_t encode(double x, Format format, Rounding rounding, bool saturate);
/// The number with these bits.
double decode(uint32_t bits, Format format);

/// a + b, a * b and a * b + c in single precision in a directed rounding.
float addRounded(float a, float b, Rounding rounding);
float multiplyRounded(float a, float b, Rounding rounding);
float fmaRounded(float a, float b, float c, Rounding rounding);
double addRounded(double a, double b, Rounding rounding);
double multiplyRounded(double a, double b, Rounding rounding);
double fmaRounded(double a, double b, double c, Rounding rounding);
float divideRounded(float a, float b, Rounding rounding);
double divideRounded(double a, double b, Rounding rounding);
float rootRounded(float a, Rounding rounding);
double rootRounded(double a, Rounding rounding);
/// The integer next to x.
double roundToInteger(double x, Rounding rounding);

/// Denormals become zeros of the same sign.
inline float flush(float x) {
  uint32_t bits = bitsOf(x);
  return (bits & 0x7f800000) ? x : floatOf(bits & 0x80000000);
}

} // namespace attn::emu
