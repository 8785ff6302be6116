// The formulas of layouts: what a second derivation gives, and that every
// element has one place.
#include "runtime/emulator/Layouts.h"
#include <gtest/gtest.h>
#include <set>

using namespace attn::emu;

namespace {

TEST(Layouts, SwizzlePermutesChunksOfEightRows) {
  // Row r of a 128-byte tile has chunk c at place c ^ r.
  for (uint32_t r = 0; r < 16; ++r)
    for (uint32_t c = 0; c < 8; ++c)
      EXPECT_EQ(swizzled(128 * r + 16 * c + 5, Swizzle::B128), 128 * r + 16 * (c ^ (r & 7)) + 5);
  // 64 bytes: two rows share a line of 128 bytes, whose number counts.
  for (uint32_t r = 0; r < 16; ++r)
    for (uint32_t c = 0; c < 4; ++c)
      EXPECT_EQ(swizzled(64 * r + 16 * c, Swizzle::B64), 64 * r + 16 * (c ^ (r / 2 & 3)));
  for (uint32_t r = 0; r < 16; ++r)
    for (uint32_t c = 0; c < 2; ++c)
      EXPECT_EQ(swizzled(32 * r + 16 * c, Swizzle::B32), 32 * r + 16 * (c ^ (r / 4 & 1)));
  EXPECT_EQ(swizzled(12345, Swizzle::None), 12345u);
}

TEST(Layouts, DescriptorFields) {
  Descriptor d = Descriptor::decode(0x4000004000010000 | 98304 >> 4);
  EXPECT_EQ(d.start, 98304u);
  EXPECT_EQ(d.leading, 16u);
  EXPECT_EQ(d.stride, 1024u);
  EXPECT_EQ(d.swizzle, Swizzle::B128);
  EXPECT_EQ(Descriptor::decode(uint64_t(2) << 62).swizzle, Swizzle::B64);
  EXPECT_EQ(Descriptor::decode(uint64_t(3) << 62).swizzle, Swizzle::B32);
}

TEST(Layouts, KMajorTileOf128Bytes) {
  // 128 rows of 128 columns as two tiles [128][64]: steps of 16 columns advance
  // by 2, 4, 6, then to the second tile.
  uint64_t base = 0x4000004000010000 | 2048 >> 4;
  for (uint32_t step = 0; step < 8; ++step) {
    uint32_t advance = step < 4 ? 2 * step : 1024 + 2 * (step - 4);
    Descriptor d = Descriptor::decode(base + advance);
    for (uint32_t row = 0; row < 128; ++row)
      for (uint32_t k = 0; k < 16; ++k) {
        uint32_t column = 16 * step + k;
        uint32_t chunk = column % 64 / 8 ^ (row & 7);
        EXPECT_EQ(d.address(row, k, 2, false), 2048 + column / 64 * 16384 + row * 128 + chunk * 16 + column % 8 * 2);
      }
  }
}

TEST(Layouts, MnMajorTileIsTheSameBytes) {
  // V of 176 rows and 128 columns as two tiles [176][64]: LBO 1408 * 16 bytes,
  // SBO 1024, steps of 16 rows advance by 128.
  uint64_t base = uint64_t(0x40000040) << 32 | uint64_t(1408) << 16 | 1024 >> 4;
  for (uint32_t step = 0; step < 11; ++step) {
    Descriptor d = Descriptor::decode(base + 128 * step);
    for (uint32_t column = 0; column < 128; ++column)
      for (uint32_t k = 0; k < 16; ++k) {
        uint32_t row = 16 * step + k, chunk = column % 64 / 8 ^ (row & 7);
        EXPECT_EQ(d.address(column, k, 2, true), 1024 + column / 64 * 22528 + row * 128 + chunk * 16 + column % 8 * 2);
      }
  }
}

TEST(Layouts, PlainCoreMatrices) {
  // 8 rows of 16 bytes each; LBO along K, SBO along the rows.
  Descriptor d = Descriptor::decode(uint64_t(2048 >> 4) << 16 | uint64_t(128 >> 4) << 32);
  EXPECT_EQ(d.address(3, 5, 2, false), 3u * 16 + 10);
  EXPECT_EQ(d.address(11, 5, 2, false), 128u + 3 * 16 + 10);
  EXPECT_EQ(d.address(3, 13, 2, false), 2048u + 3 * 16 + 10);
}

TEST(Layouts, AccumulatorsAndOperandsCoverTheirTiles) {
  std::set<std::pair<uint32_t, uint32_t>> seen;
  for (uint32_t warp = 0; warp < 4; ++warp)
    for (uint32_t lane = 0; lane < 32; ++lane)
      for (uint32_t i = 0; i < 88; ++i) {
        RowColumn at = wgmmaAccumulator(i, lane, warp);
        EXPECT_LT(at.row, 64u);
        EXPECT_LT(at.column, 176u);
        EXPECT_TRUE(seen.emplace(at.row, at.column).second);
      }
  EXPECT_EQ(seen.size(), 64u * 176);
  for (uint32_t bytes : {1u, 2u, 4u}) {
    seen.clear();
    for (uint32_t lane = 0; lane < 32; ++lane)
      for (uint32_t q = 0; q < 4; ++q)
        for (uint32_t e = 0; e < 4 / bytes; ++e) {
          RowColumn at = operandA(q, e, lane, bytes);
          EXPECT_TRUE(seen.emplace(at.row, at.column).second);
          EXPECT_LT(at.row, 16u);
          EXPECT_LT(at.column, 32 / bytes);
        }
    EXPECT_EQ(seen.size(), 16 * 32 / bytes);
    seen.clear();
    for (uint32_t lane = 0; lane < 32; ++lane)
      for (uint32_t q = 0; q < 2; ++q)
        for (uint32_t e = 0; e < 4 / bytes; ++e) {
          RowColumn at = operandB(q, e, lane, bytes);
          EXPECT_TRUE(seen.emplace(at.row, at.column).second);
          EXPECT_LT(at.row, 32 / bytes);
          EXPECT_LT(at.column, 8u);
        }
    EXPECT_EQ(seen.size(), 8 * 32 / bytes);
  }
}

TEST(Layouts, AccumulatorsOfOneProductAreOperandsOfTheNext) {
  // Step j takes register q from accumulators 8j + 2q and the next.
  for (uint32_t lane = 0; lane < 32; ++lane)
    for (uint32_t j = 0; j < 8; ++j)
      for (uint32_t q = 0; q < 4; ++q)
        for (uint32_t e = 0; e < 2; ++e) {
          RowColumn from = wgmmaAccumulator(8 * j + 2 * q + e, lane, 0), to = operandA(q, e, lane, 2);
          EXPECT_EQ(from.row, to.row);
          EXPECT_EQ(from.column, 16 * j + to.column);
        }
}

TEST(Layouts, FaultsOfTensorMaps) {
  alignas(16) static uint8_t memory[64];
  TensorMap m;
  m.base = memory;
  m.rank = 2;
  m.dims[0] = 64, m.dims[1] = 8;
  m.strides[0] = 128;
  m.box[0] = 64, m.box[1] = 8;
  m.swizzle = Swizzle::B128;
  EXPECT_EQ(faultOf(m), "");
  EXPECT_EQ(boxBytes(m), 1024u);
  auto with = [&](auto change) {
    TensorMap other = m;
    change(other);
    return faultOf(other);
  };
  EXPECT_NE(with([](TensorMap &x) { x.magic = 0; }), "");
  EXPECT_NE(with([](TensorMap &x) { x.rank = 6; }), "");
  EXPECT_NE(with([](TensorMap &x) { x.base = memory + 8; }), "");
  EXPECT_NE(with([](TensorMap &x) { x.strides[0] = 8; }), "");
  EXPECT_NE(with([](TensorMap &x) { x.box[1] = 257; }), "");
  EXPECT_NE(with([](TensorMap &x) { x.box[0] = 128; }), ""); // wider than its swizzle
  EXPECT_NE(with([](TensorMap &x) { x.box[0] = 4; }), "");   // 8 bytes
  EXPECT_NE(with([](TensorMap &x) { x.dims[1] = 0; }), "");
}

} // namespace
