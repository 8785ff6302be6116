#include "passes/Formula.h"
#include <cstdlib>

using namespace attn::mask;

//===----------------------------------------------------------------------===//
// Affine forms
//===----------------------------------------------------------------------===//

Linear Linear::of(int64_t constant) {
  Linear r;
  r.constant = constant;
  return r;
}

Linear Linear::variable(unsigned v) {
  Linear r;
  r.terms[v] = 1;
  return r;
}

Linear Linear::operator+(const Linear &o) const {
  Linear r = *this;
  r.constant += o.constant;
  for (auto [v, c] : o.terms)
    if (!(r.terms[v] += c))
      r.terms.erase(v);
  return r;
}

Linear Linear::operator-(const Linear &o) const { return *this + o * -1; }

Linear Linear::operator*(int64_t factor) const {
  Linear r;
  if (!factor)
    return r;
  r.constant = constant * factor;
  for (auto [v, c] : terms)
    r.terms[v] = c * factor;
  return r;
}

bool Linear::isSmall() const {
  auto small = [](int64_t x) { return std::llabs(x) < (int64_t(1) << 31); };
  for (auto [v, c] : terms)
    if (!small(c))
      return false;
  return small(constant);
}

//===----------------------------------------------------------------------===//
// Formulas
//===----------------------------------------------------------------------===//

size_t Formula::size() const {
  size_t total = kids.empty();
  for (const Formula &kid : kids)
    total += kid.size();
  return total;
}

Formula Formula::constant(bool value) {
  Formula f;
  f.op = value ? True : False;
  return f;
}

Formula Formula::notNegative(Linear linear) {
  if (linear.isConstant())
    return constant(linear.constant >= 0);
  Formula f;
  f.op = NotNegative;
  f.linear = std::move(linear);
  return f;
}

Formula Formula::zero(Linear linear) {
  if (linear.isConstant())
    return constant(linear.constant == 0);
  Formula f;
  f.op = Zero;
  f.linear = std::move(linear);
  return f;
}

Formula Formula::node(Op op, std::vector<Formula> kids) {
  Formula f;
  f.op = op;
  f.kids = std::move(kids);
  return f;
}

Formula Formula::both(Formula a, Formula b) {
  if (a.op == False || b.op == True)
    return a;
  if (b.op == False || a.op == True)
    return b;
  return node(And, {std::move(a), std::move(b)});
}

Formula Formula::either(Formula a, Formula b) {
  if (a.op == True || b.op == False)
    return a;
  if (b.op == True || a.op == False)
    return b;
  return node(Or, {std::move(a), std::move(b)});
}

Formula attn::mask::negate(const Formula &f) {
  Linear one = Linear::of(1);
  switch (f.op) {
  case Formula::True:
  case Formula::False:
    return Formula::constant(f.op == Formula::False);
  case Formula::NotNegative:
    return Formula::notNegative(f.linear * -1 - one);
  case Formula::Zero:
    return Formula::either(Formula::notNegative(f.linear - one),
                           Formula::notNegative(f.linear * -1 - one));
  case Formula::And:
  case Formula::Or: {
    std::vector<Formula> kids;
    for (const Formula &kid : f.kids)
      kids.push_back(negate(kid));
    return Formula::node(f.op == Formula::And ? Formula::Or : Formula::And,
                         std::move(kids));
  }
  case Formula::Cases: {
    // Exactly one case holds, so only what follows it is negated.
    Formula r = f;
    for (size_t k = 1; k < r.kids.size(); k += 2)
      r.kids[k] = negate(r.kids[k]);
    return r;
  }
  }
  return f;
}
