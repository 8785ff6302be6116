// Where elements of tiles lie in shared memory and in registers.
//
// The formulas of the PTX ISA ("Asynchronous Warpgroup Level Matrix Shared
// Memory Layout", "Register Fragments", "Swizzling modes") as functions, so that
// the instructions and the tests of the formulas share them.
#pragma once
#include "runtime/emulator/Emulator.h"

namespace attn::emu {

/// Bits of the 16-byte chunk number that a mode changes.
constexpr uint32_t swizzleMask(Swizzle s) {
  return s == Swizzle::B128 ? 7 : s == Swizzle::B64 ? 3 : s == Swizzle::B32 ? 1 : 0;
}
/// Bytes of a row of a swizzled tile.
constexpr uint32_t swizzleSpan(Swizzle s) { return s == Swizzle::None ? 16 : (swizzleMask(s) + 1) * 16; }
/// The chunk number (16 bytes) XOR the row number (128 bytes), by absolute
/// address.
constexpr uint32_t swizzled(uint32_t address, Swizzle s) { return address ^ ((address >> 7 & swizzleMask(s)) << 4); }

/// A wgmma matrix descriptor, decoded.
struct Descriptor {
  uint32_t start = 0, leading = 0, stride = 0; ///< bytes
  uint32_t baseOffset = 0;
  Swizzle swizzle = Swizzle::None;

  static constexpr Descriptor decode(uint64_t bits) {
    Descriptor d;
    d.start = uint32_t(bits & 0x3fff) << 4;
    d.leading = uint32_t(bits >> 16 & 0x3fff) << 4;
    d.stride = uint32_t(bits >> 32 & 0x3fff) << 4;
    d.baseOffset = uint32_t(bits >> 49 & 7);
    uint32_t mode = uint32_t(bits >> 62);
    d.swizzle = mode == 1 ? Swizzle::B128 : mode == 2 ? Swizzle::B64 : mode == 3 ? Swizzle::B32 : Swizzle::None;
    return d;
  }
  /// Address of element (mn, k) of `bytes` bytes; `transposed` is MN-major.
  constexpr uint32_t address(uint32_t mn, uint32_t k, uint32_t bytes, bool transposed) const {
    uint32_t span = swizzleSpan(swizzle), per = span / bytes, a = start;
    if (!transposed) {
      a += mn / 8 * stride + mn % 8 * span;
      a += swizzle == Swizzle::None ? k / per * leading + k % per * bytes : k * bytes;
    } else if (swizzle == Swizzle::None) {
      a += mn / per * stride + k / 8 * leading + k % 8 * span + mn % per * bytes;
    } else {
      a += mn / per * leading + k / 8 * stride + k % 8 * span + mn % per * bytes;
    }
    return swizzled(a, swizzle);
  }
};

struct RowColumn {
  uint32_t row, column;
};
/// Accumulator register i of a lane, of m64nN; `warp` is the one of four.
constexpr RowColumn wgmmaAccumulator(uint32_t i, uint32_t lane, uint32_t warp) {
  return {16 * warp + lane / 4 + 8 * (i / 2 % 2), 8 * (i / 4) + 2 * (lane % 4) + i % 2};
}
/// Element e of register q of an A operand in registers, for elements of `bytes`
/// bytes (mma.m16n8kK, and m64kK of wgmma: rows of one warp).
constexpr RowColumn operandA(uint32_t q, uint32_t e, uint32_t lane, uint32_t bytes) {
  uint32_t per = 4 / bytes;
  return {lane / 4 + 8 * (q % 2), per * (lane % 4) + e + 4 * per * (q / 2)};
}
/// Element e of register q of a B operand of mma.m16n8kK: (k, n).
constexpr RowColumn operandB(uint32_t q, uint32_t e, uint32_t lane, uint32_t bytes) {
  uint32_t per = 4 / bytes;
  return {per * (lane % 4) + e + 4 * per * q, lane / 4};
}
/// Register i of an accumulator of mma.m16n8kK.
constexpr RowColumn mmaAccumulator(uint32_t i, uint32_t lane) {
  return {lane / 4 + 8 * (i / 2), 2 * (lane % 4) + i % 2};
}

/// Bytes of a tensor map's box.
inline uint64_t boxBytes(const TensorMap &map) {
  uint64_t bytes = map.elementBytes;
  for (int d = 0; d < map.rank; ++d)
    bytes *= map.box[d];
  return bytes;
}
/// What cuTensorMapEncodeTiled would refuse; empty if nothing.
std::string faultOf(const TensorMap &map);

} // namespace attn::emu
