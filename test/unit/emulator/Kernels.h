// The two hand-written kernels of Inputs/, with their arguments and what they
// have to give.
#pragma once
#include "runtime/Half.h"
#include "runtime/emulator/Emulator.h"
#include <cmath>
#include <fstream>
#include <random>
#include <sstream>

namespace attn::emu {

inline std::string textOf(const std::string &file) {
  std::ifstream in(std::string(ATTN_INPUTS) + "/" + file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::vector<uint16_t> randomBF16(size_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<uint16_t> values(count);
  for (uint16_t &v : values)
    v = toBF16(float(generator() >> 8) / float(1 << 23) - 1.0f);
  return values;
}

/// A run of a kernel: its report and its largest error against float64.
struct Outcome {
  Report report;
  double error = 0;
  bool right() const { return error < 0.02; }
};

/// ring.ptx for a number of tiles.
struct Ring {
  static constexpr uint32_t D = 64, Rows = 64, Tile = 64;
  explicit Ring(uint32_t tiles)
      : tiles(tiles), q(randomBF16(Rows * D, 1)), k(randomBF16(tiles * Tile * D, 2)),
        v(randomBF16(tiles * Tile * D, 3)) {
    for (uint32_t r = 0; r < Rows; ++r) {
      std::vector<double> row(D);
      for (uint32_t t = 0; t < tiles * Tile; ++t) {
        double s = 0;
        for (uint32_t d = 0; d < D; ++d)
          s += double(fromBF16(q[r * D + d])) * fromBF16(k[t * D + d]);
        double p = fromBF16(toBF16(float(s)));
        for (uint32_t d = 0; d < D; ++d)
          row[d] += p * fromBF16(v[t * D + d]);
      }
      expected.insert(expected.end(), row.begin(), row.end());
    }
  }
  TensorMap map(const std::vector<uint16_t> &of, uint32_t rows) const {
    TensorMap m;
    m.base = const_cast<uint16_t *>(of.data());
    m.rank = 2;
    m.dims[0] = D, m.dims[1] = rows;
    m.strides[0] = 2 * D;
    m.box[0] = D, m.box[1] = Tile;
    m.swizzle = Swizzle::B128;
    return m;
  }
  Outcome run(const Module &module, const Options &options) const {
    std::vector<uint16_t> o(Rows * D, 0x7fc0);
    Memory memory;
    memory.add(q.data(), 2 * q.size(), false, "q");
    memory.add(k.data(), 2 * k.size(), false, "k");
    memory.add(v.data(), 2 * v.size(), false, "v");
    memory.add(o.data(), 2 * o.size(), true, "o");
    Launch call;
    call.block = {256};
    call.dynamicShared = 49152 + 72;
    call.pass(map(q, Rows)).pass(map(k, tiles * Tile)).pass(map(v, tiles * Tile)).pass(map(o, Rows)).pass(tiles);
    Outcome outcome;
    outcome.report = launch(module, call, memory, options);
    double scale = 0;
    for (double x : expected)
      scale = std::max(scale, std::fabs(x));
    for (size_t i = 0; i < expected.size(); ++i) {
      double got = fromBF16(o[i]);
      outcome.error = std::max(outcome.error, std::isfinite(got) ? std::fabs(got - expected[i]) / scale : 1e9);
    }
    return outcome;
  }
  uint32_t tiles;
  std::vector<uint16_t> q, k, v;
  std::vector<double> expected;
};

/// slices.ptx for a depth that is a multiple of 32.
struct Slices {
  explicit Slices(uint32_t depth) : depth(depth), a(randomBF16(64 * depth, 4)), b(randomBF16(depth * 64, 5)) {
    for (uint32_t r = 0; r < 64; ++r)
      for (uint32_t c = 0; c < 64; ++c) {
        double s = 0;
        for (uint32_t k = 0; k < depth; ++k)
          s += double(fromBF16(a[r * depth + k])) * fromBF16(b[k * 64 + c]);
        expected.push_back(s);
      }
  }
  Outcome run(const Module &module, const Options &options) const {
    std::vector<float> c(64 * 64, NAN);
    Memory memory;
    memory.add(a.data(), 2 * a.size(), false, "a");
    memory.add(b.data(), 2 * b.size(), false, "b");
    memory.add(c.data(), 4 * c.size(), true, "c");
    Launch call;
    call.block = {128};
    call.dynamicShared = 16384;
    call.pass(a.data()).pass(b.data()).pass(c.data()).pass(depth);
    Outcome outcome;
    outcome.report = launch(module, call, memory, options);
    for (size_t i = 0; i < expected.size(); ++i)
      outcome.error = std::max(outcome.error, std::isfinite(c[i]) ? std::fabs(c[i] - expected[i]) : 1e9);
    return outcome;
  }
  uint32_t depth;
  std::vector<uint16_t> a, b;
  std::vector<double> expected;
};

} // namespace attn::emu
