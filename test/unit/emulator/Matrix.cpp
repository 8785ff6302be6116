// Products against float64, with operands laid out here by other formulas than
// the emulator's.
#include "Ptx.h"
#include "runtime/emulator/Multiply.h"
#include "runtime/emulator/Numbers.h"
#include <random>

using namespace attn;
using namespace attn::emu;

namespace {

uint32_t randomBits(std::mt19937 &g, Type type) {
  float x = float(int(g() % 33) - 16) / 8; // exact in every format but e5m2
  switch (type) {
  case Type::BF16:
    return toBF16(x);
  case Type::F16:
    return toF16(x);
  case Type::E4M3:
    return encode(x, E4M3Format, Rounding::Nearest, true);
  case Type::E5M2:
    return encode(x, E5M2Format, Rounding::Nearest, true);
  default:
    return bitsOf(x);
  }
}

struct Shape {
  uint32_t n;
  Swizzle swizzle;
  bool transposed;
};

/// Places element (mn, k) of an operand of `extent` rows and depth K.
uint32_t placeOf(uint32_t mn, uint32_t k, uint32_t extent, uint32_t depth, uint32_t bytes, Swizzle swizzle,
                 bool transposed) {
  uint32_t span = swizzle == Swizzle::None ? 16
                                           : 16 * (swizzle == Swizzle::B128  ? 8
                                                   : swizzle == Swizzle::B64 ? 4
                                                                             : 2),
           per = span / bytes;
  uint32_t at;
  if (swizzle == Swizzle::None && !transposed)
    at = mn / 8 * 128 + k / per * (extent * 16) + mn % 8 * 16 + k % per * bytes;
  else if (swizzle == Swizzle::None)
    at = mn / per * 128 + k / 8 * (extent / per * 128) + k % 8 * 16 + mn % per * bytes;
  else if (!transposed)
    at = mn * span + k * bytes;
  else
    at = mn / per * (depth * span) + k * span + mn % per * bytes;
  uint32_t line = at / 128, chunk = at / 16 % 8;
  uint32_t mask = swizzle == Swizzle::None ? 0 : span / 16 - 1;
  return line * 128 + (chunk ^ (line & mask)) * 16 + at % 16;
}
uint64_t descriptorOf(uint32_t extent, uint32_t depth, uint32_t bytes, Swizzle swizzle, bool transposed) {
  uint32_t span = swizzle == Swizzle::None ? 16 : 16 * (swizzle == Swizzle::B128 ? 8 : swizzle == Swizzle::B64 ? 4 : 2);
  uint64_t leading = 16, stride = 8 * span,
           mode = swizzle == Swizzle::B128  ? 1
                  : swizzle == Swizzle::B64 ? 2
                  : swizzle == Swizzle::B32 ? 3
                                            : 0;
  if (swizzle == Swizzle::None)
    leading = transposed ? extent / (16 / bytes) * 128 : extent * 16, stride = 128;
  else if (transposed)
    leading = depth * span;
  return leading >> 4 << 16 | stride >> 4 << 32 | mode << 62;
}

/// One wgmma with A and B in shared memory (A at 0, B at 32768), largest error.
double errorOf(Type type, const char *name, uint32_t n, Swizzle swizzleA, bool transA, Swizzle swizzleB, bool transB,
               bool fromRegisters) {
  uint32_t bytes = bytesOf(type), depth = 32 / bytes;
  std::mt19937 g(n + unsigned(swizzleA) * 7 + transB);
  std::vector<uint8_t> image(65536);
  std::vector<double> a(64 * depth), b(n * depth);
  std::vector<uint32_t> aBits(64 * depth);
  for (uint32_t m = 0; m < 64; ++m)
    for (uint32_t k = 0; k < depth; ++k) {
      uint32_t bits = aBits[m * depth + k] = randomBits(g, type);
      a[m * depth + k] = elementOf(bits, type);
      std::memcpy(&image[placeOf(m, k, 64, depth, bytes, swizzleA, transA)], &bits, bytes);
    }
  for (uint32_t c = 0; c < n; ++c)
    for (uint32_t k = 0; k < depth; ++k) {
      uint32_t bits = randomBits(g, type);
      b[c * depth + k] = elementOf(bits, type);
      std::memcpy(&image[32768 + placeOf(c, k, n, depth, bytes, swizzleB, transB)], &bits, bytes);
    }
  // A in registers: rows lane / 4 (+ 8), and 4 bytes of consecutive k.
  std::vector<uint32_t> fragments(128 * 4);
  uint32_t per = 4 / bytes;
  for (uint32_t t = 0; t < 128; ++t)
    for (uint32_t q = 0; q < 4; ++q)
      for (uint32_t e = 0; e < per; ++e) {
        uint32_t row = t / 32 * 16 + t % 32 / 4 + (q & 1 ? 8 : 0), k = t % 4 * per + e + (q & 2 ? 16 / bytes : 0);
        fragments[4 * t + q] |= aBits[row * depth + k] << 8 * bytes * e;
      }
  std::string shape = "m64n" + std::to_string(n) + "k" + std::to_string(depth);
  std::string accumulators, stores;
  for (uint32_t i = 0; i < n / 2; ++i) {
    accumulators += (i ? ", %f" : "%f") + std::to_string(i);
    stores += "st.global.f32 [%o+" + std::to_string(4 * i) + "], %f" + std::to_string(i) + ";\n";
  }
  std::string trans = bytes != 2 ? ""
                                 : std::string(fromRegisters ? ""
                                               : transA      ? ", 1"
                                                             : ", 0") +
                                       (transB ? ", 1" : ", 0");
  std::string text = R"(.version 8.6
.target sm_90a
.address_size 64
.extern .shared .align 1024 .b8 dyn[];
.visible .entry k(.param .u64 image, .param .u64 fragments, .param .u64 out, .param .u64 da, .param .u64 db)
{ .reg .pred %p<4>; .reg .b32 %r<8>; .reg .f32 %f<128>; .reg .b64 %i, %g, %o, %x<8>;
  ld.param.u64 %i, [image]; ld.param.u64 %g, [fragments]; ld.param.u64 %o, [out]; mov.u32 %r0, %tid.x; mov.b64 %x0, dyn;
  mul.wide.u32 %x1, %r0, 16; add.u64 %x2, %i, %x1; add.u64 %x3, %x0, %x1; add.u64 %x1, %g, %x1; mov.u32 %r1, 0;
  COPY: ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%x2]; st.shared.v4.u32 [%x3], {%r2, %r3, %r4, %r5}; add.u64 %x2, %x2, 2048; add.u64 %x3, %x3, 2048;
  add.u32 %r1, %r1, 1; setp.lt.u32 %p0, %r1, 32; @%p0 bra COPY;
  ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%x1];
  fence.proxy.async.shared::cta; bar.sync 0;
  ld.param.u64 %x4, [da]; ld.param.u64 %x5, [db]; shr.u64 %x6, %x0, 4; or.b64 %x4, %x4, %x6; add.u64 %x6, %x6, 2048; or.b64 %x5, %x5, %x6;
  setp.ne.u32 %p1, 0, 0; wgmma.fence.sync.aligned;
  wgmma.mma_async.sync.aligned.)" +
                     shape + ".f32." + name + "." + name + " {" + accumulators + "}, " +
                     (fromRegisters ? "{%r2, %r3, %r4, %r5}" : "%x4") + ", %x5, %p1, 1, 1" + trans + R"(;
  wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0;
  mul.wide.u32 %x1, %r0, )" +
                     std::to_string(2 * n) + "; add.u64 %o, %o, %x1;\n" + stores + "ret; }";
  Module module = parse(text);
  if (!module.ok()) {
    ADD_FAILURE() << module.errors()[0];
    return 1e9;
  }
  std::vector<float> out(64 * n);
  Memory memory;
  memory.add(image.data(), image.size(), false);
  memory.add(fragments.data(), 4 * fragments.size(), false);
  memory.add(out.data(), 4 * out.size(), true);
  Launch call;
  call.block = {128};
  call.dynamicShared = 65536;
  call.pass(image.data()).pass(fragments.data()).pass(out.data());
  call.pass(descriptorOf(64, depth, bytes, swizzleA, transA)).pass(descriptorOf(n, depth, bytes, swizzleB, transB));
  Report report = launch(module, call, memory, Options());
  EXPECT_TRUE(report.ok()) << report.text();
  double worst = 0;
  for (uint32_t t = 0; t < 128; ++t)
    for (uint32_t i = 0; i < n / 2; ++i) {
      uint32_t row = t / 32 * 16 + t % 32 / 4 + (i & 2 ? 8 : 0), column = i / 4 * 8 + t % 4 * 2 + (i & 1);
      double sum = 0;
      for (uint32_t k = 0; k < depth; ++k)
        sum += a[row * depth + k] * b[column * depth + k];
      worst = std::max(worst, std::fabs(sum - out[t * (n / 2) + i]));
    }
  return worst;
}

TEST(Wgmma, EverySwizzleAndMajor) {
  const Swizzle all[] = {Swizzle::None, Swizzle::B32, Swizzle::B64, Swizzle::B128};
  for (Swizzle s : all)
    for (bool trans : {false, true}) {
      EXPECT_LT(errorOf(Type::BF16, "bf16", 64, s, false, s, trans, false), 1e-4) << int(s) << trans;
      EXPECT_LT(errorOf(Type::BF16, "bf16", 128, s, trans, Swizzle::B128, false, false), 1e-4) << int(s) << trans;
      EXPECT_LT(errorOf(Type::BF16, "bf16", 192, Swizzle::B128, false, s, trans, true), 1e-4) << int(s) << trans;
    }
}
TEST(Wgmma, SizesAndTypes) {
  for (uint32_t n : {8u, 80u, 176u, 256u})
    EXPECT_LT(errorOf(Type::F16, "f16", n, Swizzle::B128, false, Swizzle::B128, false, false), 1e-4) << n;
  for (bool registers : {false, true}) {
    EXPECT_LT(errorOf(Type::E4M3, "e4m3", 64, Swizzle::B128, false, Swizzle::B64, false, registers), 1e-4);
    EXPECT_LT(errorOf(Type::E5M2, "e5m2", 64, Swizzle::B32, false, Swizzle::B128, false, registers), 1e-4);
    EXPECT_LT(errorOf(Type::TF32, "tf32", 64, Swizzle::B64, false, Swizzle::B32, false, registers), 1e-4);
  }
}

/// mma.sync with fragments loaded from global memory: word q of lane l.
double mmaError(Type type, const char *name, uint32_t depth, bool halfAccumulators) {
  uint32_t bytes = bytesOf(type), per = 4 / bytes, na = depth * bytes / 8, nb = depth * bytes / 16;
  std::mt19937 g(depth);
  std::vector<double> a(16 * depth), b(depth * 8), c(128);
  std::vector<uint32_t> words(32 * 16);
  for (uint32_t l = 0; l < 32; ++l) {
    for (uint32_t q = 0; q < na; ++q)
      for (uint32_t e = 0; e < per; ++e) {
        uint32_t bits = randomBits(g, type), row = l / 4 + 8 * (q % 2), k = l % 4 * per + e + (q / 2) * 4 * per;
        a[row * depth + k] = elementOf(bits, type);
        words[16 * l + q] |= bits << 8 * bytes * e;
      }
    for (uint32_t q = 0; q < nb; ++q)
      for (uint32_t e = 0; e < per; ++e) {
        uint32_t bits = randomBits(g, type);
        b[(l % 4 * per + e + q * 4 * per) * 8 + l / 4] = elementOf(bits, type);
        words[16 * l + 4 + q] |= bits << 8 * bytes * e;
      }
    for (uint32_t i = 0; i < 4; ++i) {
      float x = float(int(g() % 9) - 4);
      c[(l / 4 + 8 * (i / 2)) * 8 + 2 * (l % 4) + i % 2] = x;
      if (halfAccumulators)
        words[16 * l + 8 + i / 2] |= uint32_t(toF16(x)) << 16 * (i % 2);
      else
        words[16 * l + 8 + i] = bitsOf(x);
    }
  }
  auto list = [](const char *prefix, uint32_t n) {
    std::string s = "{";
    for (uint32_t i = 0; i < n; ++i)
      s += (i ? ", " : "") + std::string(prefix) + std::to_string(i);
    return s + "}";
  };
  std::string cs = list("%c", halfAccumulators ? 2 : 4), d = halfAccumulators ? "f16" : "f32";
  std::string text = R"(.version 8.6
.target sm_90a
.address_size 64
.visible .entry k(.param .u64 in, .param .u64 out)
{ .reg .b32 %r<4>, %a<4>, %b<4>, %c<4>; .reg .b64 %i, %o, %x;
  ld.param.u64 %i, [in]; ld.param.u64 %o, [out]; mov.u32 %r0, %tid.x; mul.wide.u32 %x, %r0, 64; add.u64 %i, %i, %x; mul.wide.u32 %x, %r0, 16; add.u64 %o, %o, %x;
  ld.global.nc.v4.b32 {%a0, %a1, %a2, %a3}, [%i]; ld.global.v4.b32 {%b0, %b1, %b2, %b3}, [%i+16]; ld.global.v4.b32 {%c0, %c1, %c2, %c3}, [%i+32];
  mma.sync.aligned.m16n8k)" +
                     std::to_string(depth) + ".row.col." + d + "." + name + "." + name + "." + d + " " + cs + ", " +
                     list("%a", na) + ", " + list("%b", nb) + ", " + cs +
                     "; st.global.v4.b32 [%o], {%c0, %c1, %c2, %c3}; ret; }";
  Module module = parse(text);
  if (!module.ok()) {
    ADD_FAILURE() << module.errors()[0];
    return 1e9;
  }
  std::vector<uint32_t> out(128);
  Memory memory;
  memory.add(words.data(), 4 * words.size(), false);
  memory.add(out.data(), 512, true);
  Launch call;
  call.block = {32};
  call.pass(words.data()).pass(out.data());
  Report report = launch(module, call, memory, Options());
  EXPECT_TRUE(report.ok()) << report.text();
  double worst = 0;
  for (uint32_t l = 0; l < 32; ++l)
    for (uint32_t i = 0; i < 4; ++i) {
      uint32_t row = l / 4 + 8 * (i / 2), column = 2 * (l % 4) + i % 2;
      double sum = c[row * 8 + column];
      for (uint32_t k = 0; k < depth; ++k)
        sum += a[row * depth + k] * b[k * 8 + column];
      double got = halfAccumulators ? fromF16(uint16_t(out[4 * l + i / 2] >> 16 * (i % 2))) : floatOf(out[4 * l + i]);
      worst = std::max(worst, std::fabs(got - sum));
    }
  return worst;
}

TEST(Mma, TypesAndShapes) {
  EXPECT_LT(mmaError(Type::BF16, "bf16", 16, false), 1e-5);
  EXPECT_LT(mmaError(Type::BF16, "bf16", 8, false), 1e-5);
  EXPECT_LT(mmaError(Type::F16, "f16", 16, false), 1e-5);
  EXPECT_LT(mmaError(Type::F16, "f16", 16, true), 0.05);
  EXPECT_LT(mmaError(Type::TF32, "tf32", 8, false), 1e-5);
  EXPECT_LT(mmaError(Type::TF32, "tf32", 4, false), 1e-5);
  EXPECT_LT(mmaError(Type::E4M3, "e4m3", 32, false), 1e-5);
}

TEST(Matrix, LoadsAndStores) {
  // Four 8x8 matrices with element value = matrix << 8 | row << 4 | column.
  std::string fill = "mov.u32 %r1, %lane; shr.u32 %r2, %r1, 3; and.b32 %r3, %r1, 7; shl.b32 %r2, %r2, 8; shl.b32 %r3, "
                     "%r3, 4; or.b32 %r2, %r2, %r3;"
                     "mul.lo.u32 %r2, %r2, 0x10001; add.u32 %r4, %r2, 0x10000; add.u32 %r5, %r2, 0x30002; add.u32 %r6, "
                     "%r2, 0x50004; add.u32 %r7, %r2, 0x70006;"
                     "mov.b64 %d1, dyn; mul.wide.u32 %d2, %lane, 16; add.u64 %d2, %d1, %d2; st.shared.v4.u32 [%d2], "
                     "{%r4, %r5, %r6, %r7};";
  Ran plain = runKernel(kernelOf(fill + "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10, %r11, %r12, %r13}, [%d2]; "
                                        "mov.b64 %d3, {%r10, %r13}; st.global.u64 [%here], %d3;"));
  Ran trans = runKernel(kernelOf(fill + "ldmatrix.sync.aligned.m8n8.x2.trans.shared::cta.b16 {%r10, %r13}, [%d2]; "
                                        "mov.b64 %d3, {%r10, %r13}; st.global.u64 [%here], %d3;"));
  Ran moved =
      runKernel(kernelOf(fill + "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r10}, [%d2]; "
                                "movmatrix.sync.aligned.m8n8.trans.b16 %r11, %r10; st.global.u32 [%here], %r11;"));
  Ran back = runKernel(kernelOf(
      fill + "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10, %r11, %r12, %r13}, [%d2];"
             "stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%d2+512], {%r10, %r11, %r12, %r13};"
             "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%r20, %r21, %r22, %r23}, [%d2+512];"
             "sub.u32 %r1, %r10, %r20; sub.u32 %r2, %r13, %r23; or.b32 %r1, %r1, %r2; st.global.u32 [%here], %r1;"));
  for (Ran *r : {&plain, &trans, &moved, &back})
    EXPECT_TRUE(r->report.ok()) << r->report.text();
  for (uint32_t l = 0; l < 32; ++l) {
    uint32_t row = l / 4, column = 2 * (l % 4);
    EXPECT_EQ(uint32_t(plain[l]), (row << 4 | column) | (row << 4 | (column + 1)) << 16) << l;
    EXPECT_EQ(plain[l] >> 32, (0x300 | row << 4 | column) | (0x300 | row << 4 | (column + 1)) << 16) << l;
    EXPECT_EQ(uint32_t(trans[l]), (column << 4 | row) | ((column + 1) << 4 | row) << 16) << l;
    EXPECT_EQ(uint32_t(moved[l]), uint32_t(trans[l])) << l;
    EXPECT_EQ(back[l], 0u) << l;
  }
  Ran off = runKernel(kernelOf(fill + "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r10}, [%d2+8];"));
  EXPECT_TRUE(off.report.has(Finding::Kind::Memory));
}

} // namespace
