#include "Ptx.h"
#include "runtime/emulator/Numbers.h"

using namespace attn;
using namespace attn::emu;

namespace {

TEST(Float, Arithmetic) {
  EXPECT_EQ(evalFloat("add.f32", "0f3F800000, 0f40000000"), 3.0f);
  EXPECT_EQ(evalFloat("sub.rn.f32", "1.0, 0.25"), 0.75f);
  EXPECT_EQ(evalFloat("mul.f32", "0f40000000, 0f40400000"), 6.0f);
  EXPECT_EQ(evalFloat("div.rn.f32", "1.0, 3.0"), 1.0f / 3);
  EXPECT_EQ(evalFloat("neg.f32", "1.5"), -1.5f);
  EXPECT_EQ(evalFloat("abs.f32", "-1.5"), 1.5f);
  EXPECT_EQ(eval64("add.f64", "0d3FF0000000000000, 0d3FF0000000000000"), 0x4000000000000000u);
  // 2^-24 + 1 rounds once.
  EXPECT_EQ(eval32("fma.rn.f32", "0f3F800001, 0f3F800001, 0fBF800002"),
            bitsOf(std::fma(1.00000011920928955f, 1.00000011920928955f, -1.0000002384185791f)));
}
TEST(Float, DirectedRounding) {
  EXPECT_EQ(eval32("add.rm.f32", "0f3F800000, 0f33000000"), 0x3f800000u);
  EXPECT_EQ(eval32("add.rp.f32", "0f3F800000, 0f33000000"), 0x3f800001u);
  EXPECT_EQ(eval32("mul.rz.f32", "0f3F800001, 0f3F800001"), 0x3f800002u);
  EXPECT_EQ(eval32("mul.rp.f32", "0f3F800001, 0f3F800001"), 0x3f800003u);
  EXPECT_EQ(eval32("fma.rm.f32", "0f3F800000, 0fBF800000, 0f33000000"), 0xbf800000u);
  EXPECT_EQ(eval32("add.rm.f32", "0f3F800000, 0f4B400000"), 0x4b400001u); // 1.5 * 2^23
}
TEST(Float, FlushingAndSaturation) {
  EXPECT_EQ(eval32("add.ftz.f32", "0f00000001, 0f00000000"), 0u);
  EXPECT_EQ(eval32("add.f32", "0f00000001, 0f00000000"), 1u);
  EXPECT_EQ(evalFloat("add.sat.f32", "2.0, 3.0"), 1.0f);
  EXPECT_EQ(evalFloat("mul.sat.f32", "-2.0, 3.0"), 0.0f);
}
TEST(Float, MinimumMaximum) {
  EXPECT_EQ(evalFloat("max.f32", "0f7FC00000, 1.0"), 1.0f);
  EXPECT_TRUE(std::isnan(evalFloat("max.NaN.f32", "0f7FC00000, 1.0")));
  EXPECT_EQ(evalFloat("min.f32", "2.0, 0fFF800000"), -INFINITY);
  EXPECT_EQ(eval32("max.f32", "0f80000000, 0f00000000"), 0u);
  EXPECT_EQ(eval32("min.f32", "0f80000000, 0f00000000"), 0x80000000u);
}
TEST(Float, Functions) {
  EXPECT_NEAR(evalFloat("ex2.approx.ftz.f32", "0f3FC00000"), std::exp2(1.5f), 1e-6);
  EXPECT_EQ(evalFloat("ex2.approx.ftz.f32", "0fFF800000"), 0.0f);
  EXPECT_EQ(evalFloat("ex2.approx.ftz.f32", "-127.0"), 0.0f);
  EXPECT_EQ(evalFloat("ex2.approx.ftz.f32", "10.0"), 1024.0f);
  EXPECT_EQ(evalFloat("ex2.approx.ftz.f32", "127.0"), 0x1p127f);
  EXPECT_EQ(evalFloat("ex2.approx.ftz.f32", "128.0"), INFINITY);
  EXPECT_TRUE(std::isnan(evalFloat("ex2.approx.ftz.f32", "0f7FC00000")));
  EXPECT_EQ(evalFloat("lg2.approx.f32", "8.0"), 3.0f);
  EXPECT_EQ(evalFloat("rcp.approx.ftz.f32", "4.0"), 0.25f);
  EXPECT_EQ(evalFloat("rsqrt.approx.f32", "4.0"), 0.5f);
  EXPECT_EQ(evalFloat("sqrt.rn.f32", "9.0"), 3.0f);
  EXPECT_NEAR(evalFloat("tanh.approx.f32", "0.5"), std::tanh(0.5), 1e-6);
  EXPECT_NEAR(evalFloat("sin.approx.f32", "1.0"), std::sin(1.0), 1e-6);
  EXPECT_EQ(evalFloat("copysign.f32", "-1.0, 3.0"), -3.0f);
}
/// The polynomial next to the function, over its whole range.
TEST(Float, ExponentialIsGoodToAnUlp) {
  Ran run = runKernel(kernelOf(R"(
    cvt.rn.f32.u32 %r1, %lane; mul.f32 %r1, %r1, 0f3E7B0000; add.f32 %r1, %r1, 0fC2F80000;
    ex2.approx.ftz.f32 %r2, %r1; mov.b64 %d1, {%r1, %r2}; st.global.u64 [%here], %d1;)"),
                      1024);
  ASSERT_TRUE(run.report.ok()) << run.report.text();
  for (uint64_t both : run.out) {
    double x = floatOf(uint32_t(both)), y = floatOf(uint32_t(both >> 32)), e = std::exp2(x);
    EXPECT_LE(std::fabs(y - e), 2e-7 * e) << x;
  }
}
TEST(Float, Halves) {
  EXPECT_EQ(eval32("add.f16x2", "0x3c004000, 0x3c003c00"), 0x40004200u); // 1+1, 2+1
  EXPECT_EQ(eval32("fma.rn.bf16x2", "0x3f803f80, 0x40004000, 0x3f803f80"), 0x40404040u);
  EXPECT_EQ(eval32("max.bf16x2", "0x3f80bf80, 0xbf803f80"), 0x3f803f80u);
  EXPECT_EQ(resultOf("mov.b16 %h1, 0x3c00; mul.f16 %h2, %h1, %h1; neg.f16 %h2, %h2; cvt.u32.u16 %r1, %h2; "
                     "st.global.u32 [%here], %r1;"),
            0xbc00u);
}

TEST(Compare, IntegersAndReals) {
  auto holds = [](const std::string &compare) {
    return resultOf("setp." + compare + "; selp.u32 %r9, 1, 0, %p1; st.global.u32 [%here], %r9;") == 1;
  };
  EXPECT_TRUE(holds("lt.s32 %p1, -1, 1"));
  EXPECT_FALSE(holds("lt.u32 %p1, -1, 1"));
  EXPECT_TRUE(holds("hi.u32 %p1, -1, 1"));
  EXPECT_TRUE(holds("ge.s64 %p1, 5, -5"));
  EXPECT_TRUE(holds("eq.b32 %p1, 0, 0"));
  EXPECT_FALSE(holds("eq.f32 %p1, 0f7FC00000, 0f7FC00000"));
  EXPECT_FALSE(holds("ne.f32 %p1, 0f7FC00000, 1.0"));
  EXPECT_TRUE(holds("neu.f32 %p1, 0f7FC00000, 1.0"));
  EXPECT_TRUE(holds("ltu.f32 %p1, 0f7FC00000, 1.0"));
  EXPECT_TRUE(holds("nan.f32 %p1, 0f7FC00000, 1.0"));
  EXPECT_TRUE(holds("num.f64 %p1, 0d3FF0000000000000, 0d0000000000000000"));
  EXPECT_FALSE(holds("gt.ftz.f32 %p1, 0f00000001, 0f00000000"));
}
TEST(Compare, CombinationsAndSelections) {
  EXPECT_EQ(
      resultOf(
          "setp.eq.s32 %p2, 1, 2; setp.lt.and.s32 %p1|%p3, 1, 2, %p2; selp.u32 %r1, 1, 0, %p1; selp.u32 %r2, 2, 0, %p3;"
          "or.b32 %r1, %r1, %r2; st.global.u32 [%here], %r1;"),
      0u);
  EXPECT_EQ(
      resultOf(
          "setp.eq.s32 %p2, 1, 2; setp.lt.or.s32 %p1|%p3, 1, 2, !%p2; selp.u32 %r1, 1, 0, %p1; selp.u32 %r2, 2, 0, %p3;"
          "or.b32 %r1, %r1, %r2; st.global.u32 [%here], %r1;"),
      3u);
  EXPECT_EQ(eval32("set.lt.u32.s32", "1, 2"), ~0u);
  EXPECT_EQ(evalFloat("set.gt.f32.s32", "1, 2"), 0.0f);
  EXPECT_EQ(eval32("slct.u32.s32", "7, 8, -1"), 8u);
  EXPECT_EQ(resultOf("testp.finite.f32 %p1, 0f7F800000; selp.u32 %r1, 1, 0, %p1; st.global.u32 [%here], %r1;"), 0u);
}

TEST(Convert, Integers) {
  EXPECT_EQ(eval64("cvt.s64.s32", "-1"), ~uint64_t(0));
  EXPECT_EQ(eval64("cvt.u64.u32", "-1"), 0xffffffffu);
  EXPECT_EQ(eval32("cvt.u32.u64", "0x100000005"), 5u);
  EXPECT_EQ(eval32("cvt.s32.s8", "200"), uint32_t(200 - 256));
  EXPECT_EQ(eval32("cvt.sat.u8.s32", "300"), 255u);
  EXPECT_EQ(eval32("cvt.sat.s8.s32", "-300"), uint32_t(-128));
  EXPECT_EQ(resultOf("cvt.u16.u32 %h1, 0x12345; cvt.u32.u16 %r1, %h1; st.global.u32 [%here], %r1;"), 0x2345u);
  EXPECT_EQ(resultOf("mov.b32 %r1, -2; cvt.s8.s32 %h1, %r1; cvt.s32.s16 %r2, %h1; st.global.u32 [%here], %r2;"),
            uint32_t(-2));
}
TEST(Convert, RealsToIntegers) {
  EXPECT_EQ(eval32("cvt.rni.s32.f32", "2.5"), 2u);
  EXPECT_EQ(eval32("cvt.rzi.s32.f32", "-2.7"), uint32_t(-2));
  EXPECT_EQ(eval32("cvt.rmi.s32.f32", "-2.2"), uint32_t(-3));
  EXPECT_EQ(eval32("cvt.rpi.s32.f32", "2.2"), 3u);
  EXPECT_EQ(eval32("cvt.rzi.u32.f32", "-5.0"), 0u);
  EXPECT_EQ(eval32("cvt.rzi.s32.f32", "0f7F800000"), 0x7fffffffu);
  EXPECT_EQ(eval32("cvt.rzi.s32.f32", "0f7FC00000"), 0u);
  EXPECT_EQ(eval64("cvt.rzi.s64.f64", "0d41EFFFFFFFE00000"), 4294967295u);
}
TEST(Convert, IntegersToReals) {
  EXPECT_EQ(evalFloat("cvt.rn.f32.s32", "-7"), -7.0f);
  EXPECT_EQ(evalFloat("cvt.rn.f32.u32", "-1"), 4294967296.0f);
  EXPECT_EQ(evalFloat("cvt.rz.f32.u32", "-1"), 4294967040.0f);
  EXPECT_EQ(evalFloat("cvt.rn.f32.s64", "0x20000020000001"), float(0x20000020000001));
  EXPECT_EQ(evalFloat("cvt.rp.f32.u64", "0x20000000000001"), 9007200328482816.0f);
}
TEST(Convert, RealsToReals) {
  EXPECT_EQ(evalFloat("cvt.rn.f32.f64", "0d3FB999999999999A"), 0.1f);
  EXPECT_EQ(evalFloat("cvt.rni.f32.f32", "2.5"), 2.0f);
  EXPECT_EQ(evalFloat("cvt.rmi.f32.f32", "-2.5"), -3.0f);
  EXPECT_EQ(resultOf("cvt.rn.bf16.f32 %h1, 0f3F808000; cvt.f32.bf16 %r1, %h1; st.global.u32 [%here], %r1;"),
            0x3f800000u);
  EXPECT_EQ(resultOf("cvt.rz.f16.f32 %h1, 0f3F7FFFFF; cvt.f32.f16 %r1, %h1; st.global.u32 [%here], %r1;"), 0x3f7fe000u);
  EXPECT_EQ(eval32("cvt.rna.tf32.f32", "0f3F801000"), 0x3f802000u);
}
TEST(Convert, PacksTheFirstSourceHigh) {
  EXPECT_EQ(eval32("cvt.rn.bf16x2.f32", "1.0, 2.0"), 0x3f804000u);
  EXPECT_EQ(eval32("cvt.rn.f16x2.f32", "1.0, 2.0"), 0x3c004000u);
  EXPECT_EQ(eval32("cvt.rn.relu.bf16x2.f32", "-1.0, 2.0"), 0x00004000u);
  EXPECT_EQ(
      resultOf(
          "cvt.rn.satfinite.e4m3x2.f32 %h1, 0f43E00000, 0f47000000; cvt.u32.u16 %r1, %h1; st.global.u32 [%here], %r1;"),
      0x7e7eu); // 448 and what is beyond
  EXPECT_EQ(resultOf("cvt.rn.satfinite.e5m2x2.f32 %h1, 0f3F800000, 0fC0000000; cvt.rn.f16x2.e5m2x2 %r1, %h1; "
                     "st.global.u32 [%here], %r1;"),
            0x3c00c000u);
}
TEST(Numbers, EncodeAndDecodeAreInverse) {
  for (auto [format, count] : {std::pair(E4M3Format, 256u), std::pair(E5M2Format, 256u), std::pair(HalfFormat, 65536u),
                               std::pair(BrainFormat, 65536u)})
    for (uint32_t bits = 0; bits < count; ++bits) {
      double x = decode(bits, format);
      if (!std::isnan(x)) {
        EXPECT_EQ(encode(x, format, Rounding::Nearest, false), std::isinf(x) ? bits : bits) << bits;
      }
    }
  for (uint32_t bits = 0; bits < 65536; bits += 7) // against the conversions that the CPU uses
    for (uint32_t low : {0u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      float x = floatOf(bits << 16 | low);
      if (std::isnan(x))
        continue;
      EXPECT_EQ(encode(x, BrainFormat, Rounding::Nearest, false), toBF16(x));
      EXPECT_EQ(encode(x, HalfFormat, Rounding::Nearest, false), toF16(x));
    }
}

} // namespace
