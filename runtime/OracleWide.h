// Floating-point numbers whose exponent does not end.
//
// `exp(s) / sum` overflows where a score is large, although the quotient is an
// ordinary number. Kernels subtract a running maximum; the oracle must not know
// that trick. So it computes weights in numbers m * 2^(K e) with an ordinary m
// and a whole e: the same rounding as T, no overflow, no underflow.
#pragma once
#include <cmath>
#include <limits>

namespace attn::oracle {

template <class T> class Wide {
public:
  Wide(T x = 0) : m(x) { normalize(); }
  /// m * 2^(K e).
  static Wide make(T m, double e) {
    Wide w;
    w.m = m;
    w.e = e;
    w.normalize();
    return w;
  }

  /// Overflows to an infinity and underflows to 0, as T does.
  T value() const {
    if (e == 0)
      return m;
    double shift = e > 64 ? 64 : e < -64 ? -64 : e;
    return std::ldexp(m, int(shift) * K);
  }
  /// The logarithm; -inf of 0, NaN of a negative number.
  T log() const { return m == 0 ? -infinity() : T(std::log(m) + T(e) * T(K * ln2)); }

  static Wide exp(T x) {
    if (!std::isfinite(x))
      return x > 0 ? Wide(infinity()) : x < 0 ? Wide(0) : Wide(x);
    // Here the next number of type T lies more than a step of e away: m means
    // nothing any more.
    if (std::fabs(x) >= T(power(60)))
      return make(1, std::nearbyint(double(x) / double(K * ln2)));
    if (std::fabs(x) < T(K / 2 * ln2))
      return Wide(std::exp(x));
    // The reduction in more bits than T has: the error of exp(x) is then that of x.
    using More = long double;
    More n = std::floor(More(x) / (K * ln2) + More(0.5));
    return make(T(std::exp(More(x) - n * (K * ln2))), double(n));
  }
  static Wide sqrt(Wide x) {
    return std::fmod(x.e, 2) != 0 ? make(std::sqrt(x.m * scale(1)), (x.e - 1) / 2) : make(std::sqrt(x.m), x.e / 2);
  }
  static Wide pow(Wide x, T y) {
    if (x.e == 0) {
      T p = std::pow(x.m, y);
      if (std::isnormal(p) || x.m == 0 || !std::isfinite(x.m) || y == 0)
        return Wide(p);
    }
    Wide p = exp(y * Wide(std::fabs(x.m)).shifted(x.e).log());
    bool negative = x.m < 0;
    if (negative && y != std::floor(y))
      return Wide(std::numeric_limits<T>::quiet_NaN());
    return negative && std::fmod(y, T(2)) != 0 ? -p : p;
  }

  friend Wide operator*(Wide a, Wide b) { return make(a.m * b.m, a.e + b.e); }
  friend Wide operator/(Wide a, Wide b) { return make(a.m / b.m, a.e - b.e); }
  friend Wide operator+(Wide a, Wide b) {
    if (a.e == b.e)
      return make(a.m + b.m, a.e);
    if (a.m == 0 || b.m == 0 || !std::isfinite(a.m) || !std::isfinite(b.m))
      return !std::isfinite(a.m) ? (std::isfinite(b.m) ? a : Wide(a.m + b.m)) : a.m == 0 || !std::isfinite(b.m) ? b : a;
    if (a.e < b.e)
      return b + a;
    // One step apart the smaller one is still an ordinary number; further
    // apart it is below half a unit in the last place of the larger one.
    return a.e - b.e > 1 ? a : make(a.m + b.m * scale(-1), a.e);
  }
  friend Wide operator-(Wide a) { return make(-a.m, a.e); }
  friend Wide operator-(Wide a, Wide b) { return a + -b; }
  friend bool operator<(Wide a, Wide b) { return (a - b).m < 0; }
  friend bool operator<=(Wide a, Wide b) { return (a - b).m <= 0 || sameInfinity(a, b); }
  friend bool operator==(Wide a, Wide b) { return (a - b).m == 0 || sameInfinity(a, b); }

private:
  static constexpr int K = std::numeric_limits<T>::max_exponent > 512 ? 512 : 64;
  static constexpr long double ln2 = 0.693147180559945309417232121458176568L;

  T m = 0;       ///< 0, not finite, or of a magnitude in [2^(-K/2), 2^(K/2))
  double e = 0;  ///< whole; 0 where m is 0 or not finite

  static T infinity() { return std::numeric_limits<T>::infinity(); }
  static constexpr T power(int n) { return n == 0 ? T(1) : n > 0 ? 2 * power(n - 1) : power(n + 1) / 2; }
  static T scale(int steps) { return steps > 0 ? T(power(K)) : T(power(-K)); }
  static bool sameInfinity(Wide a, Wide b) { return std::isinf(a.m) && a.m == b.m; }
  Wide shifted(double steps) const { return make(m, e + steps); }
  void normalize() {
    constexpr T high = power(K / 2), low = power(-K / 2);
    T a = std::fabs(m);
    if (a >= low && a < high)
      return;
    if (a == 0 || !(a <= std::numeric_limits<T>::max())) {
      e = 0;
      return;
    }
    while (std::fabs(m) >= high)
      m *= power(-K), ++e;
    while (std::fabs(m) < low)
      m *= power(K), --e;
  }
};

} // namespace attn::oracle
