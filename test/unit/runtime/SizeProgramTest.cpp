#include "runtime/SizeProgram.h"
#include <gtest/gtest.h>
#include <limits>

using namespace attn;
using Step = Manifest::SizeStep;

static int64_t eval(Step::Op op, int64_t a, int64_t b) {
  int64_t frame[3] = {a, b, 0};
  EXPECT_TRUE(runSizes({{Step::Slot, 0}, {Step::Slot, 1}, {op, 0}, {Step::Store, 2}}, frame, 3));
  return frame[2];
}

TEST(SizeProgram, DividesTowardsMinusInfinityAndByAnything) {
  const int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(eval(Step::FloorDiv, -7, 2), -4);
  EXPECT_EQ(eval(Step::FloorDiv, 7, -2), -4);
  EXPECT_EQ(eval(Step::CeilDiv, 7, 2), 4);
  EXPECT_EQ(eval(Step::CeilDiv, -7, 2), -3);
  EXPECT_EQ(eval(Step::Mod, -7, 4), 1);
  EXPECT_EQ(eval(Step::FloorDiv, 7, 0), 0);
  EXPECT_EQ(eval(Step::Mod, 7, 0), 7);
  EXPECT_EQ(eval(Step::FloorDiv, least, -1), least);
  EXPECT_EQ(eval(Step::Add, std::numeric_limits<int64_t>::max(), 1), least);
}

TEST(SizeProgram, ComparesAndSelects) {
  EXPECT_EQ(eval(Step::Less, 1, 2), 1);
  EXPECT_EQ(eval(Step::LessEqual, 3, 2), 0);
  EXPECT_EQ(eval(Step::And, 5, 2), 1);
  int64_t frame[1] = {0};
  EXPECT_TRUE(runSizes({{Step::Push, 0}, {Step::Push, 10}, {Step::Push, 20}, {Step::Select, 0}, {Step::Store, 0}}, frame, 1));
  EXPECT_EQ(frame[0], 20);
}

TEST(SizeProgram, RefusesWhatIsMalformed) {
  int64_t frame[1] = {0};
  EXPECT_FALSE(runSizes({{Step::Add, 0}}, frame, 1));
  EXPECT_FALSE(runSizes({{Step::Push, 1}}, frame, 1));
  EXPECT_FALSE(runSizes({{Step::Slot, 1}, {Step::Store, 0}}, frame, 1));
  EXPECT_FALSE(runSizes({{Step::Push, 1}, {Step::Store, -1}}, frame, 1));
  EXPECT_TRUE(runSizes({}, frame, 1));
}
