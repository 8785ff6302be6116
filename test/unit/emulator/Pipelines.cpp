// Whole kernels: right under every schedule, and nothing to report.
#include "Kernels.h"
#include <gtest/gtest.h>

using namespace attn::emu;

namespace {

template <class Kernel> void expectRight(const Kernel &kernel, const Module &module) {
  for (Schedule schedule : AllSchedules)
    for (uint64_t seed = 1; seed <= (schedule == Schedule::Random ? 8 : 1); ++seed) {
      Options options;
      options.schedule = schedule;
      options.seed = seed;
      Outcome outcome = kernel.run(module, options);
      EXPECT_TRUE(outcome.report.ok()) << nameOf(schedule) << " " << seed << "\n" << outcome.report.text();
      EXPECT_LT(outcome.error, 0.02) << nameOf(schedule) << " " << seed;
    }
}

TEST(Pipelines, RingOfTmaAndWgmma) {
  Module module = parse(textOf("ring.ptx"));
  ASSERT_TRUE(module.ok()) << module.errors()[0];
  for (uint32_t tiles : {1u, 2u, 5u})
    expectRight(Ring(tiles), module);
  Report report = Ring(3).run(module, Options()).report;
  EXPECT_EQ(report.statistics.wgmma, 4u * 3 * 8); // warps x tiles x steps
  EXPECT_EQ(report.statistics.tmaLoadBytes, 8192u * (1 + 2 * 3));
  EXPECT_EQ(report.statistics.tmaStoreBytes, 8192u);
}

TEST(Pipelines, SlicesOfCpAsyncAndMma) {
  Module module = parse(textOf("slices.ptx"));
  ASSERT_TRUE(module.ok()) << module.errors()[0];
  for (uint32_t depth : {32u, 64u, 160u})
    expectRight(Slices(depth), module);
  Report report = Slices(64).run(module, Options()).report;
  EXPECT_EQ(report.statistics.mma, 4u * 2 * 16);
  EXPECT_EQ(report.statistics.cpAsyncBytes, 8192u * 2);
}

} // namespace
