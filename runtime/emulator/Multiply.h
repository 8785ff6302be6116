// The product of small matrices, in the layout of accumulator registers.
#pragma once
#include "runtime/emulator/Types.h"
#include <cstdint>

namespace attn::emu {

/// Operands of one warp's m16 product, arranged for `multiply`: register i of an
/// accumulator holds rows l/4 + 8h and columns 8j + 2(l%4) + p, i = 4j + 2h + p.
struct Tiles {
  static constexpr uint32_t MostK = 32, MostN = 256;
  /// [h][k][lane]: A[l/4 + 8h][k]
  alignas(64) float a[2][MostK][32];
  /// [k][j][p][lane % 8]: B[k][8j + 2(l%4) + p]
  alignas(64) float b[MostK * MostN * 2];

  void setA(uint32_t row, uint32_t k, float v) {
    float *to = &a[row / 8][k][row % 8 * 4];
    to[0] = to[1] = to[2] = to[3] = v;
  }
  void setB(uint32_t k, uint32_t n, uint32_t blocks, float v) {
    float *to = &b[((k * blocks + n / 8) * 2 + n % 2) * 8 + n % 8 / 2];
    to[0] = to[4] = v;
  }
};

/// accumulators[i][lane] += A B for `blocks` blocks of 8 columns; if
/// `accumulate` is false the old values count as zero.
void multiply(float *const *accumulators, const float *a, const float *b, uint32_t k, uint32_t blocks, bool accumulate);

/// An element of an operand; the bits above its width are ignored.
float elementOf(uint32_t bits, Type type);
/// All elements in 16 bytes.
void elementsOf(const uint8_t *bytes, Type type, float *values);

} // namespace attn::emu
