// Quantifier-free formulas over integers: comparisons of affine forms, joined
// by `and`, `or` and case distinctions. Negations never stay: they are pushed
// into the comparisons, where they are exact.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

namespace attn::mask {

/// A sum of multiples of variables, plus a constant.
struct Linear {
  std::map<unsigned, int64_t> terms; ///< by variable; never zero
  int64_t constant = 0;

  static Linear of(int64_t constant);
  static Linear variable(unsigned v);
  Linear operator+(const Linear &o) const;
  Linear operator-(const Linear &o) const;
  Linear operator*(int64_t factor) const;
  bool operator==(const Linear &o) const {
    return constant == o.constant && terms == o.terms;
  }
  bool isConstant() const { return terms.empty(); }
  /// Whether every number in it is below 2^31, so that sums and products of
  /// two of them are computed without overflow.
  bool isSmall() const;
};

struct Formula {
  enum Op : uint8_t {
    True,
    False,
    NotNegative, ///< linear >= 0
    Zero,        ///< linear == 0
    And,
    Or,
    Cases, ///< kids are pairs (case, then); exactly one case holds
  };
  Op op = True;
  Linear linear;
  std::vector<Formula> kids;

  /// How many comparisons and constants it has.
  size_t size() const;

  static Formula constant(bool value);
  static Formula notNegative(Linear linear);
  static Formula zero(Linear linear);
  static Formula both(Formula a, Formula b);
  static Formula either(Formula a, Formula b);
  static Formula node(Op op, std::vector<Formula> kids);
};

Formula negate(const Formula &f);

} // namespace attn::mask
