#include "Ptx.h"

using namespace attn::emu;

namespace {

TEST(Move, PacksAndUnpacks) {
  EXPECT_EQ(
      resultOf("mov.b64 %d1, {1, 2}; mov.b64 {%r1, %r2}, %d1; sub.u32 %r1, %r2, %r1; st.global.u32 [%here], %r1;"), 1u);
  EXPECT_EQ(
      resultOf("mov.b16 %h1, 1; mov.b16 %h2, 2; mov.b32 %r1, {%h1, %h2}; mov.b32 {_, %h3}, %r1; cvt.u32.u16 %r2, %h3;"
               "shl.b32 %r2, %r2, 24; or.b32 %r1, %r1, %r2; st.global.u32 [%here], %r1;"),
      0x02020001u);
}
TEST(Move, SpecialRegisters) {
  Ran run = runKernel(
      kernelOf("mov.u32 %r1, %laneid; mov.u32 %r2, %warpid; mad.lo.u32 %r1, %r2, 100, %r1; mov.u32 %r3, %lanemask_lt;"
               "popc.b32 %r3, %r3; mad.lo.u32 %r1, %r3, 10000, %r1; mov.u32 %r4, %ntid.x; mov.b64 %d1, {%r1, %r4}; "
               "st.global.u64 [%here], %d1;"),
      64);
  EXPECT_EQ(run[33], 10101u + (uint64_t(64) << 32));
}
TEST(Move, GenericAddresses) {
  EXPECT_EQ(resultOf("st.shared.u32 [dyn+16], 5; mov.b64 %d1, dyn; cvta.shared.u64 %d2, %d1; ld.u32 %r1, [%d2+16]; "
                     "isspacep.shared %p1, %d2;"
                     "isspacep.global %p2, %out; cvta.to.shared.u64 %d3, %d2; setp.eq.and.u64 %p1, %d1, %d3, %p1; "
                     "and.pred %p1, %p1, %p2;"
                     "selp.u32 %r2, 100, 0, %p1; add.u32 %r1, %r1, %r2; st.global.u32 [%here], %r1;"),
            105u);
}
TEST(Memory, WidthsAndSigns) {
  EXPECT_EQ(resultOf("st.shared.u8 [dyn], 0x80; st.shared.b8 [dyn+1], 0xff; bar.warp.sync -1; ld.shared.s8 %r1, [dyn]; "
                     "ld.shared.u16 %r2, [dyn];"
                     "shl.b32 %r2, %r2, 8; xor.b32 %r1, %r1, %r2; st.global.u32 [%here], %r1;"),
            0xffffff80u ^ 0x00ff8000u);
  EXPECT_EQ(resultOf("st.shared.v4.u32 [dyn], {1, 2, 3, 4}; ld.shared.v2.u64 {%d1, %d2}, [dyn]; add.u64 %d1, %d1, %d2; "
                     "st.global.u64 [%here], %d1;"),
            4u + (uint64_t(6) << 32));
  EXPECT_EQ(resultOf("st.shared.v2.b16 [dyn], {%h0, %h0}; mov.b16 %h1, 7; st.shared.v2.b16 [dyn], {%h1, %h1}; "
                     "ld.shared.b32 %r1, [dyn]; st.global.u32 [%here], %r1;"),
            0x00070007u);
}
TEST(Memory, LocalDepot) {
  std::string text = kernelOf(R"(
    .local .align 8 .b8 __local_depot0[16];
    mov.b64 %d1, __local_depot0; cvta.local.u64 %d2, %d1; st.local.u32 [%d1+4], %lane; ld.u32 %r1, [%d2+4]; st.global.u32 [%here], %r1;)");
  Ran run = runKernel(text);
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  EXPECT_EQ(run[31], 31u);
}
TEST(Memory, ConstantsAndGlobals) {
  std::string text = kernelOf(
      "ld.const.u32 %r1, [table+4]; ld.global.f32 %r2, [scale]; cvt.rzi.u32.f32 %r2, %r2; add.u32 %r1, %r1, %r2;"
      "mov.b64 %d1, counter; atom.global.add.u32 %r3, [%d1], 1; add.u32 %r1, %r1, %r3; st.global.u32 [%here], %r1;");
  text.insert(
      text.find(".extern"),
      ".const .align 4 .u32 table[3] = {5, 6, 7};\n.global .f32 scale = 0f41200000;\n.global .align 4 .u32 counter;\n");
  Ran run = runKernel(text);
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  EXPECT_EQ(run[0], 16u);
  EXPECT_EQ(run[31], 16u + 31u);
}
TEST(Memory, Atomics) {
  EXPECT_EQ(resultOf("st.shared.u32 [dyn], 5; atom.shared.max.s32 %r1, [dyn], 9; atom.shared.cas.b32 %r2, [dyn], 9, "
                     "11; ld.shared.u32 %r3, [dyn];"
                     "mad.lo.u32 %r1, %r1, 100, %r2; mad.lo.u32 %r1, %r1, 100, %r3; st.global.u32 [%here], %r1;"),
            50911u);
  Ran run = runKernel(kernelOf("setp.eq.u32 %p1, %lane, 0; @%p1 st.shared.f32 [dyn], 0f00000000; bar.sync 0; "
                               "red.shared.add.f32 [dyn], 0f3F800000;"
                               "bar.sync 0; ld.shared.f32 %r1, [dyn]; st.global.u32 [%here], %r1;"),
                      96);
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  EXPECT_EQ(run[0], 0x42c00000u); // 96
}

TEST(Control, Divergence) {
  // A loop of different lengths, then a branch with two sides.
  Ran run = runKernel(kernelOf(R"(
    mov.u32 %r1, 0; mov.u32 %r2, 0;
    LOOP: add.u32 %r2, %r2, %r1; add.u32 %r1, %r1, 1; setp.le.u32 %p1, %r1, %lane; @%p1 bra LOOP;
    and.b32 %r3, %lane, 1; setp.eq.u32 %p2, %r3, 0; @%p2 bra EVEN;
    add.u32 %r2, %r2, 1000; bra.uni JOIN;
    EVEN: activemask.b32 %r4; setp.eq.u32 %p3, %r4, 0x55555555; @%p3 add.u32 %r2, %r2, 2000;
    JOIN: activemask.b32 %r5; setp.ne.u32 %p4, %r5, -1; @%p4 mov.u32 %r2, 0; st.global.u32 [%here], %r2;)"));
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  for (uint32_t l = 0; l < 32; ++l)
    EXPECT_EQ(run[l], l * (l + 1) / 2 + (l % 2 ? 1000 : 2000)) << l;
}
TEST(Control, IndexedBranches) {
  Ran run = runKernel(kernelOf(R"(
    and.b32 %r1, %lane, 3; mov.u32 %r2, 9;
    TABLE: .branchtargets A, B, C, A;
    brx.idx %r1, TABLE;
    A: mov.u32 %r2, 1; bra END;
    B: mov.u32 %r2, 2; bra END;
    C: mov.u32 %r2, 3;
    END: st.global.u32 [%here], %r2;)"));
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  for (uint32_t l = 0; l < 32; ++l)
    EXPECT_EQ(run[l], std::vector<uint32_t>({1, 2, 3, 1})[l % 4]);
}
TEST(Control, Functions) {
  std::string text = kernelOf(R"(
    { .param .b32 param0; .param .align 4 .b8 param1[8]; .param .b32 retval0;
      st.param.b32 [param0], %lane; st.param.b32 [param1], 3; st.param.b32 [param1+4], 4;
      call.uni (retval0), twice, (param0, param1); ld.param.b32 %r1, [retval0]; }
    { .param .b32 param0; .param .align 4 .b8 param1[8]; .param .b32 retval0;
      st.param.b32 [param0], %r1; st.param.b32 [param1], 0; st.param.b32 [param1+4], 0;
      call.uni (retval0), twice, (param0, param1); ld.param.b32 %r1, [retval0]; }
    st.global.u32 [%here], %r1;)");
  text.insert(text.find(".visible"), R"(
    .func (.param .b32 result) twice(.param .b32 x, .param .align 4 .b8 pair[8])
    { .reg .b32 %r<4>; .reg .pred %p; ld.param.b32 %r0, [x]; ld.param.b32 %r1, [pair]; ld.param.b32 %r2, [pair+4];
      setp.lt.u32 %p, %r0, 16; @%p bra LOW; st.param.b32 [result], 1; ret;
      LOW: mad.lo.u32 %r0, %r0, 2, %r1; add.u32 %r0, %r0, %r2; st.param.b32 [result], %r0; ret; })");
  Ran run = runKernel(text);
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  EXPECT_EQ(run[2], 22u); // 2 * (4 + 7)
  EXPECT_EQ(run[10], 1u); // 27 is not below 16
  EXPECT_EQ(run[20], 2u);
}
TEST(Control, GridAndParameters) {
  std::string text = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry k(.param .u8 a, .param .align 8 .b8 pair[16], .param .f64 c, .param .u64 out)
.reqntid 32
{ .reg .b16 %h; .reg .b32 %r<8>; .reg .b64 %d<8>;
  ld.param.u8 %h, [a]; cvt.u32.u16 %r0, %h; mov.b64 %d0, pair; cvta.param.u64 %d1, %d0; ld.u64 %d2, [%d1+8]; ld.param.u64 %d3, [out];
  mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ctaid.y; mov.u32 %r3, %nctaid.x; mad.lo.u32 %r1, %r2, %r3, %r1; mul.wide.u32 %d4, %r1, 8; add.u64 %d3, %d3, %d4;
  cvt.u64.u32 %d5, %r0; add.u64 %d2, %d2, %d5; st.global.u64 [%d3], %d2; ret; })";
  Module module = parse(text);
  ASSERT_TRUE(module.ok()) << module.errors()[0];
  const Entry &entry = module.entries()[0];
  ASSERT_EQ(entry.parameters.size(), 4u);
  EXPECT_EQ(entry.maxThreads, 32u);
  EXPECT_EQ(entry.parameters[1].offset, 8u);
  EXPECT_EQ(entry.parameters[1].size, 16u);
  EXPECT_EQ(entry.parameters[2].type, "f64");
  std::vector<uint64_t> out(6);
  Memory memory;
  memory.add(out.data(), 48, true);
  for (uint32_t resident : {1u, 4u}) {
    Launch call;
    call.grid = {3, 2};
    call.block = {32};
    call.pass(uint8_t(200)).pass(std::array<uint64_t, 2>{1, 1000}).pass(0.5).pass(out.data());
    Options options;
    options.residentCtas = resident;
    Report report = launch(module, call, memory, options);
    EXPECT_TRUE(report.ok()) << report.text();
    for (uint64_t v : out)
      EXPECT_EQ(v, 1200u);
    std::fill(out.begin(), out.end(), 0);
  }
}

} // namespace
