// Arrays of bf16 on the host, for tools that run a kernel in the emulator.
#pragma once
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

using Halves = std::vector<uint16_t>;

inline float real(uint16_t half) {
  uint32_t bits = uint32_t(half) << 16;
  float x;
  std::memcpy(&x, &bits, 4);
  return x;
}

/// Normal numbers, cut to 16 bits; the same ones in every run.
inline Halves random(size_t count) {
  static std::mt19937 source(7);
  std::normal_distribution<float> normal;
  Halves values(count);
  for (uint16_t &value : values) {
    float x = normal(source);
    uint32_t bits;
    std::memcpy(&bits, &x, 4);
    value = uint16_t(bits >> 16);
  }
  return values;
}
