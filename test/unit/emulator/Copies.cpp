// Asynchronous copies, and the rules about them.
#include "Ptx.h"

using namespace attn::emu;

namespace {

/// Loads one box of a tensor of u16 numbered from 0 into shared memory, stores
/// the box into a second tensor, and returns the box as it lies in memory.
struct Box {
  std::vector<uint16_t> shared, stored;
  Report report;
};
Box throughTma(TensorMap map, std::vector<int32_t> at, std::vector<uint16_t> &source,
               Schedule schedule = Schedule::Lazy) {
  Box box;
  size_t elements = 1;
  for (int d = 0; d < map.rank; ++d)
    elements *= map.box[d];
  box.shared.assign(elements, 0xdead);
  box.stored.assign(source.size(), 0xbeef);
  std::string coordinates, loads;
  for (int d = 0; d < map.rank; ++d)
    coordinates += (d ? ", " : "") + std::to_string(at[size_t(d)]);
  std::string rank = std::to_string(map.rank), bytes = std::to_string(2 * elements);
  std::string text = R"(.version 8.6
.target sm_90a
.address_size 64
.extern .shared .align 1024 .b8 dyn[];
.visible .entry k(.param .align 64 .b8 from[128], .param .align 64 .b8 to[128], .param .u64 out)
{ .reg .pred %p<4>; .reg .b32 %r<8>; .reg .b64 %d<8>; .reg .b16 %h;
  mov.b64 %d0, from; cvta.param.u64 %d1, %d0; mov.b64 %d0, to; cvta.param.u64 %d2, %d0; mov.u32 %r0, %tid.x; setp.ne.u32 %p0, %r0, 0;
  @%p0 bra WAIT;
  mbarrier.init.shared::cta.b64 [dyn+32768], 1; fence.mbarrier_init.release.cluster;
  mbarrier.arrive.expect_tx.shared::cta.b64 _, [dyn+32768], )" +
                     bytes + ";\n" + "cp.async.bulk.tensor." + rank +
                     "d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [dyn], [%d1, {" + coordinates +
                     R"(}], [dyn+32768];
  WAIT: bar.sync 0;
  AGAIN: mbarrier.try_wait.parity.shared::cta.b64 %p1, [dyn+32768], 0, 1000; @!%p1 bra AGAIN;
  @%p0 bra COPY;
  cp.async.bulk.tensor.)" +
                     rank + "d.global.shared::cta.tile.bulk_group [%d2, {" + coordinates + R"(}], [dyn];
  cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;
  COPY: ld.param.u64 %d3, [out]; mov.b64 %d4, dyn; mul.wide.u32 %d5, %r0, 2; add.u64 %d3, %d3, %d5; add.u64 %d4, %d4, %d5;
  NEXT: setp.ge.u32 %p2, %r0, )" +
                     std::to_string(elements) + R"(; @%p2 bra END; ld.shared.u16 %h, [%d4]; st.global.u16 [%d3], %h;
  add.u32 %r0, %r0, 32; add.u64 %d3, %d3, 64; add.u64 %d4, %d4, 64; bra NEXT;
  END: ret; })";
  Module module = parse(text);
  if (!module.ok()) {
    ADD_FAILURE() << module.errors()[0];
    return box;
  }
  map.base = source.data();
  TensorMap target = map;
  target.base = box.stored.data();
  Memory memory;
  memory.add(source.data(), 2 * source.size(), false, "source");
  memory.add(box.stored.data(), 2 * box.stored.size(), true, "stored");
  memory.add(box.shared.data(), 2 * box.shared.size(), true, "out");
  Launch call;
  call.block = {32};
  call.dynamicShared = 32768 + 8;
  call.pass(map).pass(target).pass(box.shared.data());
  Options options;
  options.schedule = schedule;
  box.report = launch(module, call, memory, options);
  return box;
}

TensorMap mapOf(std::vector<uint64_t> dims, std::vector<uint16_t> box, Swizzle swizzle) {
  TensorMap map;
  map.rank = uint8_t(dims.size());
  uint64_t stride = 2;
  for (size_t d = 0; d < dims.size(); ++d) {
    map.dims[d] = dims[d];
    map.box[d] = box[d];
    stride *= dims[d];
    if (d + 1 < dims.size())
      map.strides[d] = stride;
  }
  map.swizzle = swizzle;
  return map;
}

TEST(Tma, BoxesOfEveryRankRoundTrip) {
  struct Case {
    std::vector<uint64_t> dims;
    std::vector<uint16_t> box;
    std::vector<int32_t> at;
    Swizzle swizzle;
  };
  const Case cases[] = {
      {{256}, {64}, {72}, Swizzle::None},
      {{256}, {64}, {-8}, Swizzle::None},          // begins outside
      {{64, 20}, {64, 16}, {0, 8}, Swizzle::B128}, // ends outside
      {{128, 20}, {32, 8}, {64, -3}, Swizzle::B64},
      {{40, 9, 3}, {16, 4, 2}, {32, 7, 1}, Swizzle::B32}, // outside in two directions
      {{64, 8, 3, 2}, {64, 4, 1, 2}, {0, 2, 1, 0}, Swizzle::B128},
      {{16, 3, 4, 2, 3}, {16, 2, 3, 1, 2}, {0, 1, 2, 1, 1}, Swizzle::None},
  };
  for (const Case &c : cases)
    for (Schedule schedule : AllSchedules) {
      TensorMap map = mapOf(c.dims, c.box, c.swizzle);
      size_t size = 1;
      for (uint64_t d : c.dims)
        size *= d;
      std::vector<uint16_t> source(size);
      for (size_t i = 0; i < size; ++i)
        source[i] = uint16_t(i + 1);
      Box box = throughTma(map, c.at, source, schedule);
      ASSERT_TRUE(box.report.ok()) << box.report.text();
      std::vector<bool> inBox(size);
      for (size_t e = 0; e < box.shared.size(); ++e) {
        size_t rest = e, where = 0, scale = 1;
        bool inside = true;
        for (size_t d = 0; d < c.dims.size(); ++d) {
          int64_t x = c.at[d] + int64_t(rest % c.box[d]);
          rest /= c.box[d];
          inside &= x >= 0 && x < int64_t(c.dims[d]);
          where += size_t(x) * scale;
          scale *= c.dims[d];
        }
        size_t span = c.swizzle == Swizzle::None   ? 0
                      : c.swizzle == Swizzle::B128 ? 7
                      : c.swizzle == Swizzle::B64  ? 3
                                                   : 1;
        size_t byte = 2 * e, place = byte ^ ((byte / 128 & span) * 16);
        EXPECT_EQ(box.shared[place / 2], inside ? source[where] : 0) << e;
        if (inside)
          inBox[where] = true;
      }
      for (size_t i = 0; i < size; ++i)
        EXPECT_EQ(box.stored[i], inBox[i] ? source[i] : 0xbeef) << i;
    }
}
TEST(Tma, RefusesWhatTheDriverWould) {
  std::vector<uint16_t> source(4096);
  TensorMap map = mapOf({64, 16}, {64, 16}, Swizzle::B128);
  map.strides[0] = 120;
  EXPECT_TRUE(throughTma(map, {0, 0}, source).report.has(Finding::Kind::Memory));
  map = mapOf({64, 128}, {64, 16}, Swizzle::B128); // the tensor is larger than its memory
  EXPECT_TRUE(throughTma(map, {0, 64}, source).report.has(Finding::Kind::Memory));
}

/// One lane, an initialised mbarrier at dyn + 1024 and a bulk copy of 64 bytes.
std::string bulk(const std::string &before, const std::string &between, const std::string &after) {
  return kernelOf("setp.ne.u32 %p1, %lane, 0; @%p1 bra END; st.global.v2.u64 [%out], {7, 8};" + before + R"(
    mbarrier.init.shared::cta.b64 [dyn+1024], 1; )" +
                  between + R"(
    mbarrier.arrive.expect_tx.shared::cta.b64 _, [dyn+1024], 64;
    cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [dyn], [%out], 64, [dyn+1024];)" +
                  after + "END:");
}
const std::string InitFence = "fence.mbarrier_init.release.cluster;";
const std::string Wait = "W: mbarrier.try_wait.parity.shared::cta.b64 %p2, [dyn+1024], 0; @!%p2 bra W;";

Finding::Kind only(const Ran &run) {
  EXPECT_EQ(run.report.findings.size(), 1u) << run.report.text();
  return run.report.findings.empty() ? Finding::Kind::Limit : run.report.findings[0].kind;
}

TEST(Bulk, CopiesAndItsRules) {
  Ran good = runKernel(bulk("", InitFence, Wait + "ld.shared.u64 %d1, [dyn+8]; st.global.u64 [%here], %d1;"));
  EXPECT_TRUE(good.report.ok()) << good.report.text();
  EXPECT_EQ(good[0], 8u);
  EXPECT_EQ(good.report.statistics.tmaLoadBytes, 64u);
  EXPECT_EQ(only(runKernel(bulk("", "", Wait))), Finding::Kind::Proxy);
  EXPECT_EQ(only(runKernel(bulk("", InitFence, "ld.shared.u64 %d1, [dyn+8];" + Wait))), Finding::Kind::Race);
  // A store before the copy is a write through the other proxy.
  EXPECT_EQ(only(runKernel(bulk("st.shared.u32 [dyn], 3;", InitFence, Wait))), Finding::Kind::Proxy);
  EXPECT_TRUE(
      runKernel(bulk("st.shared.u32 [dyn], 3;", InitFence + "fence.proxy.async.shared::cta;", Wait)).report.ok());
  // One that loads over the barrier.
  EXPECT_TRUE(runKernel(bulk("", InitFence,
                             Wait + "mbarrier.arrive.expect_tx.shared::cta.b64 _, [dyn+1024], 64;"
                                    "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [dyn+976], "
                                    "[%out], 64, [dyn+1024];"))
                  .report.has(Finding::Kind::Barrier));
}
TEST(Bulk, StoresNeedFenceAndWait) {
  auto store = [](const std::string &fence, const std::string &wait) {
    return runKernel(kernelOf(
        "setp.ne.u32 %p1, %lane, 0; @%p1 bra END; st.shared.v2.u64 [dyn], {5, 6};" + fence +
        "cp.async.bulk.global.shared::cta.bulk_group [%out], [dyn], 16; cp.async.bulk.commit_group;" + wait + "END:"));
  };
  Ran good = store("fence.proxy.async.shared::cta;", "cp.async.bulk.wait_group.read 0; st.shared.u64 [dyn], 9;");
  EXPECT_TRUE(good.report.ok()) << good.report.text();
  EXPECT_EQ(good[1], 6u);
  EXPECT_EQ(only(store("", "cp.async.bulk.wait_group.read 0;")), Finding::Kind::Proxy);
  EXPECT_EQ(only(store("fence.proxy.async.shared::cta;", "")), Finding::Kind::Memory);
  EXPECT_EQ(only(store("fence.proxy.async.shared::cta;", "st.shared.u64 [dyn], 9; cp.async.bulk.wait_group.read 0;")),
            Finding::Kind::Race);
}

TEST(CpAsync, GroupsSizesAndZeroes) {
  std::string copy =
      "mov.b64 %d1, dyn; mul.wide.u32 %d2, %lane, 16; add.u64 %d1, %d1, %d2; st.global.u64 [%here], 0x1111111122222222;"
      "st.shared.v2.u64 [%d1], {-1, -1}; bar.sync 0;";
  Ran run = runKernel(kernelOf(copy + R"(
    cp.async.ca.shared.global [%d1], [%here], 8, 4; cp.async.commit_group;
    cp.async.ca.shared.global [%d1+8], [%here], 4; cp.async.commit_group;
    cp.async.wait_group 0; ld.shared.u64 %d3, [%d1]; ld.shared.u32 %r1, [%d1+8]; cvt.u64.u32 %d4, %r1; add.u64 %d3, %d3, %d4; st.global.u64 [%here], %d3;)"));
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  EXPECT_EQ(run[5], 0x44444444u); // 4 bytes, zeroes, and again
  std::string two = copy + "cp.async.ca.shared.global [%d1], [%here], 8; cp.async.commit_group; "
                           "cp.async.ca.shared.global [%d1+8], [%here], 8; cp.async.commit_group;";
  EXPECT_TRUE(runKernel(kernelOf(two + "cp.async.wait_group 1; ld.shared.u64 %d3, [%d1];")).report.ok());
  EXPECT_EQ(only(runKernel(kernelOf(two + "cp.async.wait_group 1; ld.shared.u64 %d3, [%d1+8];"))), Finding::Kind::Race);
  EXPECT_TRUE(runKernel(kernelOf(two + "cp.async.wait_all; ld.shared.u64 %d3, [%d1+8];")).report.ok());
}
TEST(CpAsync, ArrivesAtAnMbarrier) {
  auto kernel = [](const std::string &wait) {
    return kernelOf(R"(
    setp.eq.u32 %p1, %lane, 0; @%p1 mbarrier.init.shared.b64 [dyn+2048], 32; bar.sync 0; st.global.u64 [%here], %here;
    mov.b64 %d1, dyn; and.b32 %r1, %lane, 31; mul.wide.u32 %d2, %r1, 8; add.u64 %d1, %d1, %d2; setp.ge.u32 %p2, %lane, 32; @%p2 bra READ;
    cp.async.ca.shared.global [%d1], [%here], 8; cp.async.mbarrier.arrive.noinc.shared.b64 [dyn+2048]; bra END;
    READ: )" + wait +
                    "ld.shared.u64 %d3, [%d1]; sub.u64 %d4, %here, %d3; st.global.u64 [%here], %d4; END:");
  };
  std::string wait = "W: mbarrier.try_wait.parity.shared.b64 %p3, [dyn+2048], 0; @!%p3 bra W;";
  for (Schedule schedule : AllSchedules) {
    Options options;
    options.schedule = schedule;
    Ran good = runKernel(kernel(wait), 64, options);
    EXPECT_TRUE(good.report.ok()) << good.report.text();
    EXPECT_EQ(good[40], 256u);
    Ran bad = runKernel(kernel(""), 64, options);
    EXPECT_FALSE(bad.report.ok());
  }
}

// Copies by threads are writes through the generic proxy, also where an mbarrier
// says that they are done: products read them behind a fence of their own.
TEST(CpAsync, ProductsNeedAFence) {
  auto kernel = [](const std::string &arrive, const std::string &fence) {
    return kernelOf(R"(
    .reg .b32 %a<4>; setp.eq.u32 %p1, %lane, 0; @%p1 mbarrier.init.shared.b64 [dyn+2048], 128; bar.sync 0; st.global.u64 [%here], 0;
    mov.b64 %d1, dyn; setp.ge.u32 %p2, %lane, 128; @%p2 bra READ; mul.wide.u32 %d2, %lane, 16; add.u64 %d2, %d1, %d2;
    cp.async.ca.shared.global [%d2], [%here], 8; cp.async.ca.shared.global [%d2+8], [%here], 8;)" +
                    arrive + R"(bra END;
    READ: mov.b32 %a0, 0; mov.b32 %a1, 0; mov.b32 %a2, 0; mov.b32 %a3, 0; mov.b32 %r0, 0; mov.b32 %r1, 0; mov.b32 %r2, 0; mov.b32 %r3, 0;
    W: mbarrier.try_wait.parity.shared.b64 %p3, [dyn+2048], 0; @!%p3 bra W;)" +
                    fence + R"(shr.u64 %d1, %d1, 4; or.b64 %d1, %d1, 0x0000000800080000; setp.eq.u32 %p1, 0, 0; wgmma.fence.sync.aligned;
    wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%r0, %r1, %r2, %r3}, {%a0, %a1, %a2, %a3}, %d1, %p1, 1, 1, 0;
    wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0; END:)");
  };
  std::string arrive = "cp.async.mbarrier.arrive.noinc.shared.b64 [dyn+2048];", fence = "fence.proxy.async.shared::cta;";
  for (Schedule schedule : AllSchedules) {
    Options options;
    options.schedule = schedule;
    Ran good = runKernel(kernel(arrive, fence), 256, options);
    EXPECT_TRUE(good.report.ok()) << good.report.text();
    EXPECT_EQ(only(runKernel(kernel(arrive, ""), 256, options)), Finding::Kind::Proxy);
    // A fence by the writer, before the copies have landed, is none.
    EXPECT_EQ(only(runKernel(kernel(fence + arrive, ""), 256, options)), Finding::Kind::Proxy);
    // An arrival that does not wait for the copies.
    EXPECT_FALSE(runKernel(kernel("mbarrier.arrive.shared.b64 _, [dyn+2048];", fence), 256, options).report.ok());
  }
}

TEST(Wgmma, RulesOfRegisters) {
  auto kernel = [](const std::string &before, const std::string &after) {
    return kernelOf(
        R"(
    .reg .b32 %a<4>; mov.b64 %d1, dyn; mul.wide.u32 %d2, %lane, 16; add.u64 %d2, %d1, %d2; st.shared.v2.u64 [%d2], {0, 0};
    fence.proxy.async.shared::cta; bar.sync 0; shr.u64 %d1, %d1, 4; or.b64 %d1, %d1, 0x0000000800080000; setp.eq.u32 %p1, 0, 0;
    mov.b32 %a0, 0; mov.b32 %a1, 0; mov.b32 %a2, 0; mov.b32 %a3, 0; mov.b32 %r0, 0; mov.b32 %r1, 0; mov.b32 %r2, 0; mov.b32 %r3, 0;)" +
        before +
        R"(wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%r0, %r1, %r2, %r3}, {%a0, %a1, %a2, %a3}, %d1, %p1, 1, 1, 0;)" +
        after);
  };
  auto run = [&](const std::string &before, const std::string &after) { return runKernel(kernel(before, after), 128); };
  std::string fence = "wgmma.fence.sync.aligned;", commit = "wgmma.commit_group.sync.aligned;",
              wait = "wgmma.wait_group.sync.aligned 0;";
  Ran good = run(fence, commit + wait + "st.global.u32 [%here], %r0;");
  EXPECT_TRUE(good.report.ok()) << good.report.text();
  EXPECT_EQ(only(run("", commit + wait)), Finding::Kind::Registers);
  EXPECT_EQ(only(run(fence + "mov.b32 %a1, 1;", commit + wait)), Finding::Kind::Registers);
  EXPECT_EQ(only(run(fence + "mov.b32 %r3, 1;", commit + wait)), Finding::Kind::Registers);
  EXPECT_EQ(only(run(fence, commit + "st.global.u32 [%here], %r2;" + wait)), Finding::Kind::Registers);
  EXPECT_EQ(only(run(fence, commit + "mov.b32 %a2, 1;" + wait)), Finding::Kind::Registers);
  EXPECT_TRUE(run(fence, commit + "st.global.u32 [%here], %a2;" + wait).report.ok()); // reading A does no harm
  EXPECT_EQ(only(run(fence, commit)), Finding::Kind::Registers);                      // exits in flight
  EXPECT_EQ(only(run(fence, wait + "st.global.u32 [%here], %r0;" + commit + wait)), Finding::Kind::Registers);
  EXPECT_EQ(only(run(fence + "and.b32 %r9, %lane, 1; cvt.u64.u32 %d3, %r9; add.u64 %d1, %d1, %d3;", commit + wait)),
            Finding::Kind::Divergence);
}

} // namespace
