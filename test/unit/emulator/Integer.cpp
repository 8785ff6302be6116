#include "Ptx.h"

using namespace attn::emu;

namespace {

TEST(Integer, WrapsAround) {
  EXPECT_EQ(eval32("add.s32", "2147483647, 1"), 0x80000000u);
  EXPECT_EQ(eval32("sub.u32", "0, 1"), 0xffffffffu);
  EXPECT_EQ(eval32("mul.lo.s32", "65537, 65537"), 131073u);
  EXPECT_EQ(eval64("mul.lo.s64", "4294967297, 4294967297"), 8589934593u);
  EXPECT_EQ(eval32("add.sat.s32", "2147483647, 1"), 0x7fffffffu);
}
TEST(Integer, HighAndWideProducts) {
  EXPECT_EQ(eval32("mul.hi.u32", "0xffffffff, 0xffffffff"), 0xfffffffeu);
  EXPECT_EQ(eval32("mul.hi.s32", "-1, -1"), 0u);
  EXPECT_EQ(eval64("mul.hi.u64", "0xffffffffffffffff, 2"), 1u);
  EXPECT_EQ(eval64("mul.hi.s64", "-1, 2"), ~uint64_t(0));
  EXPECT_EQ(eval64("mul.wide.s32", "-3, 5"), uint64_t(-15));
  EXPECT_EQ(eval64("mul.wide.u32", "0xffffffff, 2"), 0x1fffffffeu);
  EXPECT_EQ(eval64("mad.wide.s32", "-3, 5, 100"), 85u);
  EXPECT_EQ(eval32("mad.lo.s32", "-3, 5, 100"), 85u);
  EXPECT_EQ(eval32("mad.hi.u32", "0x80000000, 4, 1"), 3u);
}
TEST(Integer, Division) {
  EXPECT_EQ(eval32("div.s32", "-7, 2"), uint32_t(-3));
  EXPECT_EQ(eval32("rem.s32", "-7, 2"), uint32_t(-1));
  EXPECT_EQ(eval32("div.u32", "7, 0"), 0xffffffffu);
  EXPECT_EQ(eval64("div.s64", "-9223372036854775808, -1"), uint64_t(1) << 63);
  EXPECT_EQ(eval64("rem.u64", "1000000000007, 10"), 7u);
}
TEST(Integer, MinimumMaximumSign) {
  EXPECT_EQ(eval32("min.s32", "-1, 1"), uint32_t(-1));
  EXPECT_EQ(eval32("min.u32", "-1, 1"), 1u);
  EXPECT_EQ(eval64("max.s64", "-1, 1"), 1u);
  EXPECT_EQ(eval32("min.relu.s32", "-1, 1"), 0u);
  EXPECT_EQ(eval32("max.relu.s32", "-2, -1"), 0u);
  EXPECT_EQ(eval32("min.relu.s32", "7, 3"), 3u);
  EXPECT_EQ(eval32("max.relu.s16x2", "0xffff0005, 0xfffe0001"), 0x00000005u);
  EXPECT_EQ(eval32("abs.s32", "-5"), 5u);
  EXPECT_EQ(eval64("neg.s64", "5"), uint64_t(-5));
  EXPECT_EQ(eval32("sad.u32", "3, 10, 1"), 8u);
  EXPECT_EQ(eval32("add.s16x2", "0xffff0001, 0x00010001"), 2u);
  EXPECT_EQ(eval32("min.s16x2", "0xffff0005, 0x00010001"), 0xffff0001u);
  EXPECT_EQ(eval32("max.u16x2", "0xffff0005, 0x00010001"), 0xffff0005u);
}
TEST(Integer, CarriesAcrossWords) {
  EXPECT_EQ(resultOf("add.cc.u32 %r1, 0xffffffff, 1; addc.u32 %r2, 5, 0; mov.b64 %d1, {%r1, %r2};"
                     "st.global.u64 [%here], %d1;"),
            uint64_t(6) << 32);
  EXPECT_EQ(resultOf("sub.cc.u32 %r1, 0, 1; subc.u32 %r2, 5, 0; mov.b64 %d1, {%r1, %r2}; st.global.u64 [%here], %d1;"),
            (uint64_t(4) << 32) | 0xffffffffu);
}
TEST(Integer, Sixteen) {
  EXPECT_EQ(
      resultOf(
          "mov.b16 %h1, -3; mov.b16 %h2, 2; min.s16 %h3, %h1, %h2; cvt.s32.s16 %r1, %h3; st.global.u32 [%here], %r1;"),
      0xfffffffdu);
  EXPECT_EQ(resultOf("mov.b16 %h1, 300; mul.wide.u16 %r1, %h1, 300; st.global.u32 [%here], %r1;"), 90000u);
}

TEST(Bits, LogicAndShifts) {
  EXPECT_EQ(eval32("and.b32", "0xff00, 0x0ff0"), 0x0f00u);
  EXPECT_EQ(eval64("xor.b64", "-1, 1"), ~uint64_t(1));
  EXPECT_EQ(eval32("not.b32", "0"), ~0u);
  EXPECT_EQ(eval32("shl.b32", "1, 40"), 0u);
  EXPECT_EQ(eval32("shr.s32", "-8, 1"), uint32_t(-4));
  EXPECT_EQ(eval32("shr.s32", "-8, 99"), ~0u);
  EXPECT_EQ(eval64("shr.u64", "0x8000000000000000, 63"), 1u);
  EXPECT_EQ(eval32("shf.l.wrap.b32", "0x80000000, 1, 1"), 3u);
  EXPECT_EQ(eval32("shf.r.clamp.b32", "0, 1, 32"), 1u);
}
TEST(Bits, Fields) {
  EXPECT_EQ(eval32("bfe.u32", "0xabcd, 4, 8"), 0xbcu);
  EXPECT_EQ(eval32("bfe.s32", "0xf0, 4, 4"), ~0u);
  EXPECT_EQ(eval64("bfe.u64", "0xff00000000, 32, 8"), 0xffu);
  EXPECT_EQ(eval32("bfi.b32", "0xf, 0, 8, 4"), 0xf00u);
  EXPECT_EQ(eval32("prmt.b32", "0x33221100, 0x77665544, 0x7210"), 0x77221100u);
  EXPECT_EQ(eval32("prmt.b32", "0x00800000, 0, 0xa"), 0xffu);
  EXPECT_EQ(eval32("lop3.b32", "0xf0, 0xcc, 0xaa, 0xca"), 0xcau);
}
TEST(Bits, Counts) {
  EXPECT_EQ(eval32("popc.b32", "0xff"), 8u);
  EXPECT_EQ(eval32("clz.b32", "1"), 31u);
  EXPECT_EQ(eval32("clz.b32", "0"), 32u);
  EXPECT_EQ(eval32("bfind.u32", "0x100"), 8u);
  EXPECT_EQ(eval32("bfind.shiftamt.u32", "0x100"), 23u);
  EXPECT_EQ(eval32("bfind.s32", "-1"), ~0u);
  EXPECT_EQ(eval32("brev.b32", "1"), 0x80000000u);
}
TEST(Bits, Predicates) {
  EXPECT_EQ(
      resultOf(
          "setp.eq.s32 %p1, %lane, 0; not.pred %p2, %p1; or.pred %p3, %p1, %p2; xor.pred %p4, %p3, %p1;"
          "selp.b32 %r1, 1, 2, %p1; selp.b32 %r2, 10, 20, %p4; add.s32 %r1, %r1, %r2; st.global.u32 [%here], %r1;"),
      21u);
}

} // namespace
