#include "runtime/OracleWide.h"
#include <gtest/gtest.h>

using attn::oracle::Wide;

// Inside the ordinary range: T's own arithmetic, bit by bit.
TEST(Wide, OrdinaryNumbers) {
  for (float a : {0.0f, 1.0f, -3.25f, 1e-5f, 12345.678f})
    for (float b : {1.0f, -0.1f, 7e4f}) {
      EXPECT_EQ((Wide<float>(a) + Wide<float>(b)).value(), a + b);
      EXPECT_EQ((Wide<float>(a) * Wide<float>(b)).value(), a * b);
      EXPECT_EQ((Wide<float>(a) / Wide<float>(b)).value(), a / b);
      EXPECT_EQ(Wide<float>(a) < Wide<float>(b), a < b);
    }
  EXPECT_EQ(Wide<float>::exp(1.5f).value(), std::exp(1.5f));
}

template <class T> void beyond() {
  using W = Wide<T>;
  const T close = std::is_same_v<T, float> ? T(1e-6) : T(1e-14);
  // exp(5000) / (exp(5000) + exp(5001)) and its logarithms.
  W a = W::exp(5000), b = W::exp(5001);
  EXPECT_NEAR((a / (a + b)).value(), 1 / (1 + std::exp(T(1))), close);
  EXPECT_NEAR((a + b).log(), 5001 + std::log1p(std::exp(T(-1))), 5001 * close);
  EXPECT_TRUE(std::isinf(a.value()));
  EXPECT_EQ(W::exp(-5000).value(), 0);
  EXPECT_NEAR((W::exp(-5000) * a).value(), 1, close);
  EXPECT_EQ((a - a).value(), 0);
  EXPECT_TRUE(a < b);
  EXPECT_FALSE(b < a);
  EXPECT_EQ((a + W(1)).log(), a.log());
  EXPECT_NEAR(W::sqrt(a).log(), 2500, 2500 * close);
  EXPECT_NEAR(W::pow(a, 3).log(), 15000, 15000 * close);
}
TEST(Wide, BeyondTheExponent) {
  beyond<float>();
  beyond<double>();
}

// Exponents that no integer holds: a temperature that is a polynomial of high
// degree makes them.
template <class T> void farBeyond() {
  using W = Wide<T>;
  for (T x : {T(1e13), T(1e20), T(1e27), T(3e38)}) {
    W large = W::exp(x), less = W::exp(x * T(0.9999));
    EXPECT_EQ((large / large).value(), 1) << x;
    EXPECT_EQ((large / (large + less)).value(), 1) << x;
    EXPECT_EQ((less / (large + less)).value(), 0) << x;
    EXPECT_NEAR((W::exp(-x) * large).value(), 1, 1e-6) << x;
    EXPECT_NEAR(large.log() / x, 1, 1e-6) << x;
    EXPECT_TRUE(less < large) << x;
  }
}
TEST(Wide, FarBeyond) {
  farBeyond<float>();
  farBeyond<double>();
}

TEST(Wide, NotFinite) {
  using W = Wide<double>;
  EXPECT_EQ(W(0.0).log(), -INFINITY);
  EXPECT_TRUE(std::isnan(W(-1.0).log()));
  EXPECT_EQ((W(INFINITY) + W::exp(9999)).value(), INFINITY);
  EXPECT_TRUE(std::isnan((W(INFINITY) - W(INFINITY)).value()));
  EXPECT_TRUE(W(INFINITY) == W(INFINITY));
  EXPECT_FALSE(W(NAN) == W(NAN));
  EXPECT_FALSE(W(NAN) < W(1.0));
  EXPECT_TRUE(std::isnan(W::exp(NAN).value()));
}
