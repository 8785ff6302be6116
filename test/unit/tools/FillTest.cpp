#include "tools/attnc/Problem.h"
#include <gtest/gtest.h>

using namespace attn;

TEST(Fill, AscendingValuesStayInRangeAndOrder) {
  Tensor tensor(core::DType::I32, {3, 50});
  EXPECT_EQ(attnc::fill(tensor, "ascending:2..7", 1), "");
  for (int64_t line = 0; line < 3; ++line)
    for (int64_t x = 0; x < 50; ++x) {
      int64_t value = tensor.integer(line * 50 + x);
      EXPECT_GE(value, 2);
      EXPECT_LT(value, 7);
      if (x) {
        EXPECT_GE(value, tensor.integer(line * 50 + x - 1));
      }
    }
  EXPECT_EQ(tensor.integer(0), 2);
}

TEST(Fill, RandomValuesStayInRange) {
  Tensor reals(core::DType::F32, {100}), integers(core::DType::I64, {100});
  EXPECT_EQ(attnc::fill(reals, "random:-1..0.5", 3), "");
  EXPECT_EQ(attnc::fill(integers, "random:-3..4", 3), "");
  bool differ = false;
  for (int64_t n = 0; n < 100; ++n) {
    EXPECT_GE(reals.real(n), -1);
    EXPECT_LE(reals.real(n), 0.5);
    EXPECT_GE(integers.integer(n), -3);
    EXPECT_LT(integers.integer(n), 4);
    differ |= integers.integer(n) != integers.integer(0);
  }
  EXPECT_TRUE(differ);
}

TEST(Fill, OtherRules) {
  Tensor tensor(core::DType::F32, {2, 3});
  EXPECT_EQ(attnc::fill(tensor, "iota:5", 1), "");
  EXPECT_EQ(tensor.real(4), 6);
  EXPECT_EQ(attnc::fill(tensor, "value:0.25", 1), "");
  EXPECT_EQ(tensor.real(5), 0.25);
  EXPECT_EQ(attnc::fill(tensor, "ones", 1), "");
  EXPECT_EQ(tensor.real(0), 1);
}

TEST(Fill, RefusesWhatIsNoRule) {
  Tensor tensor(core::DType::I32, {2});
  EXPECT_EQ(attnc::fill(tensor, "sorted", 1), "`sorted` is no rule for an array");
  EXPECT_EQ(attnc::fill(tensor, "random:4", 1), "`random:4` is no rule for an array");
  EXPECT_EQ(attnc::fill(tensor, "normal", 1), "`normal` fills arrays of numbers, not of i32");
}
