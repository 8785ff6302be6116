#include "Ptx.h"

using namespace attn::emu;

namespace {

TEST(Warp, Shuffles) {
  Ran run = runKernel(kernelOf("shfl.sync.bfly.b32 %r1, %lane, 3, 31, -1; shfl.sync.up.b32 %r2|%p1, %lane, 2, 0, -1; "
                               "shfl.sync.idx.b32 %r3, %lane, 5, 0x181f, -1;"
                               "shfl.sync.down.b32 %r4|%p2, %lane, 1, 31, -1; selp.u32 %r5, 1, 0, %p1; selp.u32 %r6, "
                               "2, 0, %p2; or.b32 %r5, %r5, %r6;"
                               "mad.lo.u32 %r1, %r1, 64, %r2; mad.lo.u32 %r1, %r1, 64, %r3; mad.lo.u32 %r1, %r1, 64, "
                               "%r4; mov.b64 %d1, {%r1, %r5}; st.global.u64 [%here], %d1;"));
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  for (uint32_t l = 0; l < 32; ++l) {
    uint32_t up = l < 2 ? l : l - 2, index = (l & 24) | 5, down = l == 31 ? 31 : l + 1;
    EXPECT_EQ(uint32_t(run[l]), (((l ^ 3) * 64 + up) * 64 + index) * 64 + down) << l;
    EXPECT_EQ(run[l] >> 32, (l >= 2 ? 1u : 0u) | (l < 31 ? 2u : 0u)) << l;
  }
}
TEST(Warp, Votes) {
  EXPECT_EQ(resultOf("setp.lt.u32 %p1, %lane, 4; vote.sync.ballot.b32 %r1, %p1, -1; vote.sync.any.pred %p2, %p1, -1; "
                     "vote.sync.all.pred %p3, %p1, -1;"
                     "vote.sync.all.pred %p4, !%p1, -1; selp.u32 %r2, 16, 0, %p2; selp.u32 %r3, 32, 0, %p3; or.b32 "
                     "%r1, %r1, %r2; or.b32 %r1, %r1, %r3; st.global.u32 [%here], %r1;"),
            0x1fu);
}
TEST(Warp, ReductionsMatchesElections) {
  EXPECT_EQ(resultOf("redux.sync.add.u32 %r1, %lane, -1; sub.u32 %r9, %lane, 5; redux.sync.min.s32 %r2, %r9, -1; "
                     "redux.sync.max.u32 %r3, %r9, -1;"
                     "sub.u32 %r1, %r1, %r2; st.global.u32 [%here], %r1;"),
            496u + 5u);
  EXPECT_EQ(resultOf("and.b32 %r1, %lane, 3; match.any.sync.b32 %r2, %r1, -1; match.all.sync.b32 %r3|%p1, 7, -1; "
                     "selp.u32 %r4, 1, 0, %p1; and.b32 %r3, %r3, 2;"
                     "add.u32 %r2, %r2, %r3; add.u32 %r2, %r2, %r4; st.global.u32 [%here], %r2;"),
            0x11111111u + 3u);
  Ran run = runKernel(kernelOf("elect.sync %r1|%p1, -1; @%p1 add.u32 %r1, %r1, 7; st.global.u32 [%here], %r1;"));
  EXPECT_EQ(run[0], 7u);
  EXPECT_EQ(run[1], 0u);
}
TEST(Warp, MissingLanesAreReported) {
  Ran run = runKernel(kernelOf(
      "setp.lt.u32 %p1, %lane, 16; @%p1 shfl.sync.idx.b32 %r1, %lane, 20, 31, -1; st.global.u32 [%here], %lane;"));
  EXPECT_TRUE(run.report.has(Finding::Kind::Divergence));
  Ran half = runKernel(kernelOf(
      "setp.lt.u32 %p1, %lane, 16; @%p1 shfl.sync.idx.b32 %r1, %lane, 2, 31, 0xffff; st.global.u32 [%here], %lane;"));
  EXPECT_TRUE(half.report.ok()) << half.report.text();
}

TEST(Barrier, OrdersSharedMemory) {
  std::string body = "shl.b32 %r1, %lane, 2; mov.b64 %d1, dyn; cvt.u64.u32 %d2, %r1; add.u64 %d1, %d1, %d2; "
                     "st.shared.u32 [%d1], %lane;";
  std::string rest = "xor.b32 %r1, %r1, 128; mov.b64 %d1, dyn; cvt.u64.u32 %d2, %r1; add.u64 %d1, %d1, %d2; "
                     "ld.shared.u32 %r2, [%d1]; st.global.u32 [%here], %r2;";
  Ran good = runKernel(kernelOf(body + "bar.sync 0;" + rest), 64);
  EXPECT_TRUE(good.report.ok()) << good.report.text();
  EXPECT_EQ(good[3], 35u);
  Ran bad = runKernel(kernelOf(body + rest), 64);
  EXPECT_TRUE(bad.report.has(Finding::Kind::Race) || bad.report.has(Finding::Kind::Memory));
}
TEST(Barrier, NamedAndReducing) {
  Ran run = runKernel(kernelOf("setp.lt.u32 %p1, %lane, 32; @%p1 bra A; st.shared.u32 [dyn], 9; bar.arrive 2, 64; bra "
                               "B; A: bar.sync 2, 64; ld.shared.u32 %r1, [dyn];"
                               "st.global.u32 [%here], %r1; B: setp.lt.u32 %p2, %lane, 40; bar.red.popc.u32 %r2, 0, "
                               "%p2; bar.red.and.pred %p3, 0, %p2; bar.red.or.pred %p4, 0, %p2;"
                               "selp.u32 %r3, 100, 0, %p3; selp.u32 %r4, 1000, 0, %p4; add.u32 %r2, %r2, %r3; add.u32 "
                               "%r2, %r2, %r4; @!%p1 st.global.u32 [%here], %r2;"),
                      64);
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  EXPECT_EQ(run[0], 9u);
  EXPECT_EQ(run[63], 1040u);
}
TEST(Barrier, Misuse) {
  EXPECT_TRUE(runKernel(kernelOf("bar.sync 16;")).report.has(Finding::Kind::Barrier));
  EXPECT_TRUE(runKernel(kernelOf("bar.sync 1, 40;"), 64).report.has(Finding::Kind::Barrier));
  EXPECT_TRUE(runKernel(kernelOf("bar.arrive 1, 64; bar.arrive 1, 64;"), 32).report.has(Finding::Kind::Barrier));
}

const char *const Init = "setp.eq.u32 %p1, %lane, 0; @%p1 mbarrier.init.shared.b64 [dyn], 2; bar.sync 0;";

TEST(Mbarrier, PhasesAndStates) {
  // Two arrivals of warp 1 complete a phase that warp 0 waits for, twice.
  Ran run = runKernel(kernelOf(std::string(Init) + R"(
    setp.ge.u32 %p2, %lane, 32; @%p2 bra ARRIVE;
    W0: mbarrier.try_wait.parity.shared.b64 %p3, [dyn], 0; @!%p3 bra W0;
    ld.shared.u32 %r1, [dyn+64]; bar.arrive 1, 64;
    W1: mbarrier.try_wait.parity.shared.b64 %p3, [dyn], 1; @!%p3 bra W1;
    ld.shared.u32 %r2, [dyn+64]; mad.lo.u32 %r1, %r1, 10, %r2; st.global.u32 [%here], %r1; ret;
    ARRIVE: setp.eq.u32 %p4, %lane, 32; st.shared.u32 [dyn+64], 4;
    @%p4 mbarrier.arrive.shared.b64 %d1, [dyn]; @%p4 mbarrier.arrive.shared.b64 _, [dyn]; bar.sync 1, 64;
    st.shared.u32 [dyn+64], 5; @%p4 mbarrier.arrive.shared.b64 %d1, [dyn], 2;
    @!%p4 bra END; W2: mbarrier.test_wait.shared.b64 %p5, [dyn], %d1; @!%p5 bra W2; END:)"),
                      64);
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  EXPECT_EQ(run[0], 45u);
}
TEST(Mbarrier, Misuse) {
  auto kind = [&](const std::string &body) {
    Ran run = runKernel(kernelOf(std::string(Init) + body));
    return run.report.findings.empty() ? Finding::Kind::Limit : run.report.findings[0].kind;
  };
  EXPECT_EQ(kind("@%p1 mbarrier.arrive.shared.b64 _, [dyn], 3;"), Finding::Kind::Barrier);
  EXPECT_EQ(kind("@%p1 mbarrier.arrive.shared.b64 _, [dyn+8];"), Finding::Kind::Barrier);
  EXPECT_EQ(kind("@%p1 st.shared.u32 [dyn+4], 3;"), Finding::Kind::Barrier);
  EXPECT_EQ(kind("@%p1 mbarrier.init.shared.b64 [dyn], 2;"), Finding::Kind::Barrier);
  EXPECT_EQ(kind("@%p1 mbarrier.expect_tx.relaxed.cta.shared.b64 [dyn], 16;"), Finding::Kind::Barrier);
  EXPECT_EQ(kind("W: mbarrier.try_wait.parity.shared.b64 %p3, [dyn], 0; @!%p3 bra W;"), Finding::Kind::Deadlock);
  EXPECT_EQ(kind("@%p1 mbarrier.inval.shared.b64 [dyn]; st.shared.u32 [dyn+4], 3;"), Finding::Kind::Limit); // none
}

} // namespace
