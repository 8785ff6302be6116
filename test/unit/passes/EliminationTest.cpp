#include "passes/Elimination.h"
#include <gtest/gtest.h>
#include <random>

using namespace attn::mask;

namespace {

bool holds(const System &s, const std::vector<int64_t> &point) {
  for (const Constraint &c : s.constraints) {
    int64_t sum = c.constant();
    for (unsigned k = 0; k < s.variables(); ++k)
      sum += c.coefficients[k] * point[k];
    if (c.equality ? sum != 0 : sum < 0)
      return false;
  }
  return true;
}

TEST(Elimination, GaussTakesAUnitCoefficient) {
  System s(2); // x == y + 3, 0 <= x <= 9
  s.constraints = {
      {true, {1, -1, -3}}, {false, {1, 0, 0}}, {false, {-1, 0, 9}}};
  EXPECT_TRUE(s.eliminate(0));
  ASSERT_EQ(s.variables(), 1u);
  for (int64_t y = -6; y <= 10; ++y)
    EXPECT_EQ(holds(s, {y}), y >= -3 && y <= 6) << y;
}

TEST(Elimination, SaysWhenTheShadowHasMorePoints) {
  System s(2); // 2 * x == y
  s.constraints = {{true, {2, -1, 0}}};
  EXPECT_FALSE(s.eliminate(0));
  EXPECT_TRUE(holds(s, {3}));
}

TEST(Elimination, KnowsThatAWideGapHoldsAnInteger) {
  System s(2); // y <= 8 * x <= y + 7
  s.constraints = {{false, {8, -1, 0}}, {false, {-8, 1, 7}}};
  EXPECT_TRUE(s.eliminate(0));
}

TEST(Elimination, DropsWhatTheContextImplies) {
  System context(1), s(1);
  context.constraints = {{false, {1, -4}}}; // x >= 4
  s.constraints = {{false, {1, 0}}, {false, {-1, 9}}};
  s.dropImplied(context);
  ASSERT_EQ(s.constraints.size(), 1u);
  EXPECT_EQ(s.constraints[0].coefficients[0], -1);
}

TEST(Elimination, RoundsInequalitiesToIntegers) {
  System s(1); // 3 * x >= 4
  s.constraints = {{false, {3, -4}}};
  s.simplify();
  EXPECT_EQ(s.constraints[0].coefficients, (std::vector<int64_t>{1, -2}));
}

// Never fewer points than the projection, and exactly those where it says so.
TEST(Elimination, AgreesWithEnumeration) {
  std::mt19937 random(11);
  int exact = 0;
  for (int trial = 0; trial < 400; ++trial) {
    const int64_t size = 7;
    System s(3);
    for (int k = 0; k < 3; ++k) { // a box, so that enumeration is complete
      std::vector<int64_t> lower(4, 0), upper(4, 0);
      lower[k] = 1;
      upper[k] = -1;
      upper[3] = size;
      s.constraints.push_back({false, lower});
      s.constraints.push_back({false, upper});
    }
    for (unsigned k = 0; k < 1 + random() % 3; ++k) {
      Constraint c;
      c.equality = random() % 5 == 0;
      for (int v = 0; v < 3; ++v)
        c.coefficients.push_back(int64_t(random() % 9) - 4);
      c.coefficients.push_back(int64_t(random() % 15) - 5);
      s.constraints.push_back(c);
    }
    System projected = s;
    bool claim = projected.eliminate(0);
    exact += claim;
    for (int64_t y = 0; y <= size; ++y)
      for (int64_t z = 0; z <= size; ++z) {
        bool any = false;
        for (int64_t x = 0; x <= size; ++x)
          any |= holds(s, {x, y, z});
        bool says = holds(projected, {y, z});
        ASSERT_TRUE(says || !any) << trial;
        if (claim)
          ASSERT_EQ(says, any) << trial;
      }
  }
  EXPECT_GT(exact, 100); // else the claim is never made
}

} // namespace
