#include "passes/Elimination.h"
#include "llvm/ADT/STLExtras.h"
#include <cstdlib>
#include <numeric>

using namespace attn::mask;
using namespace mlir::presburger;

/// Beyond this many constraints no proof is tried, and beyond `maxRows` the
/// most complicated ones are given up, which enlarges the set.
static constexpr size_t proofRows = 40, maxRows = 120;
static constexpr int64_t maxCoefficient = int64_t(1) << 40;

System::System(const IntegerRelation &set) : count(set.getNumVars()) {
  for (unsigned k = 0; k < set.getNumEqualities(); ++k) {
    auto row = set.getEquality64(k);
    constraints.push_back({true, {row.begin(), row.end()}});
  }
  for (unsigned k = 0; k < set.getNumInequalities(); ++k) {
    auto row = set.getInequality64(k);
    constraints.push_back({false, {row.begin(), row.end()}});
  }
  simplify();
}

void System::simplify() {
  std::vector<Constraint> kept;
  for (Constraint c : constraints) {
    int64_t divisor = 0;
    for (unsigned k = 0; k < count; ++k)
      divisor = std::gcd(divisor, std::llabs(c.coefficients[k]));
    if (!divisor) {
      if (c.equality ? c.constant() != 0 : c.constant() < 0)
        kept.push_back(c); // a contradiction
      continue;
    }
    if (divisor > 1 && (!c.equality || c.constant() % divisor == 0)) {
      for (unsigned k = 0; k < count; ++k)
        c.coefficients[k] /= divisor;
      int64_t k = c.constant();
      c.constant() = k >= 0 ? k / divisor : -((-k + divisor - 1) / divisor);
    }
    // Of two parallel inequalities the tighter one is enough.
    auto parallel = llvm::find_if(kept, [&](const Constraint &o) {
      return o.equality == c.equality &&
             std::equal(o.coefficients.begin(), o.coefficients.end() - 1,
                        c.coefficients.begin()) &&
             (!c.equality || o.constant() == c.constant());
    });
    if (parallel == kept.end())
      kept.push_back(c);
    else
      parallel->constant() = std::min(parallel->constant(), c.constant());
  }
  constraints = std::move(kept);
}

/// a * x + b * y, unless a number grows too large.
static bool combine(const std::vector<int64_t> &x, int64_t a,
                    const std::vector<int64_t> &y, int64_t b,
                    std::vector<int64_t> &out) {
  out.resize(x.size());
  for (size_t k = 0; k < x.size(); ++k) {
    __int128 value = __int128(a) * x[k] + __int128(b) * y[k];
    if (value > maxCoefficient || value < -maxCoefficient)
      return false;
    out[k] = int64_t(value);
  }
  return true;
}

static std::vector<int64_t> negated(std::vector<int64_t> row) {
  for (int64_t &x : row)
    x = -x;
  return row;
}

bool System::eliminate(unsigned v) {
  auto drop = [&](System &system) {
    for (Constraint &c : system.constraints)
      c.coefficients.erase(c.coefficients.begin() + v);
    --system.count;
    system.simplify();
    *this = std::move(system);
  };

  bool exact = true;
  for (const Constraint &pivot : constraints) {
    int64_t sign = pivot.coefficients[v];
    if (!pivot.equality || !sign)
      continue;
    if (std::llabs(sign) != 1) {
      exact = false;
      continue;
    }
    System result(count);
    bool fits = true;
    for (const Constraint &c : constraints) {
      if (&c == &pivot)
        continue;
      Constraint r = c;
      fits &= combine(c.coefficients, 1, pivot.coefficients,
                      -c.coefficients[v] * sign, r.coefficients);
      result.constraints.push_back(std::move(r));
    }
    if (!fits)
      continue;
    drop(result);
    return true;
  }

  std::vector<std::vector<int64_t>> lower, upper, dark;
  System shadow(count);
  for (const Constraint &c : constraints) {
    int64_t at = c.coefficients[v];
    if (!at) {
      shadow.constraints.push_back(c);
      continue;
    }
    (at > 0 ? lower : upper).push_back(c.coefficients);
    if (c.equality)
      (at > 0 ? upper : lower).push_back(negated(c.coefficients));
  }
  for (const auto &l : lower)
    for (const auto &u : upper) {
      int64_t a = l[v], b = -u[v];
      std::vector<int64_t> row;
      if (!combine(l, b, u, a, row)) {
        exact = false; // one constraint less
        continue;
      }
      shadow.constraints.push_back({false, row});
      if (a > 1 && b > 1) {
        exact &= std::max(a, b) < (int64_t(1) << 20);
        if (!exact)
          continue;
        row.back() -= (a - 1) * (b - 1);
        dark.push_back(row);
      }
    }
  shadow.simplify();
  if (shadow.constraints.size() > proofRows)
    exact &= dark.empty();
  for (const auto &d : dark) {
    std::vector<int64_t> outside = negated(d);
    outside.back() -= 1;
    exact = exact && shadow.excludes(outside);
  }
  if (shadow.constraints.size() > maxRows) {
    exact = false;
    llvm::sort(shadow.constraints, [](const Constraint &a,
                                      const Constraint &b) {
      auto weight = [](const Constraint &c) {
        return llvm::count_if(c.coefficients, [](int64_t x) { return x != 0; });
      };
      return std::pair(weight(a), a.coefficients) <
             std::pair(weight(b), b.coefficients);
    });
    shadow.constraints.resize(maxRows);
  }
  drop(shadow);
  return exact;
}

System System::widened(unsigned variables) const {
  System result(variables);
  result.constraints = constraints;
  for (Constraint &c : result.constraints) {
    int64_t constant = c.constant();
    c.coefficients.pop_back();
    c.coefficients.resize(variables, 0);
    c.coefficients.push_back(constant);
  }
  return result;
}

void System::dropImplied(const System &context) {
  if (constraints.size() > proofRows)
    return;
  System base = context.widened(count);
  for (size_t k = 0; k < constraints.size();) {
    if (constraints[k].equality) {
      ++k;
      continue;
    }
    System rest = base;
    for (size_t o = 0; o < constraints.size(); ++o)
      if (o != k)
        rest.constraints.push_back(constraints[o]);
    std::vector<int64_t> outside = negated(constraints[k].coefficients);
    outside.back() -= 1;
    if (rest.excludes(outside))
      constraints.erase(constraints.begin() + k);
    else
      ++k;
  }
}

IntegerPolyhedron System::polyhedron() const {
  IntegerPolyhedron p(PresburgerSpace::getSetSpace(count, 0));
  for (const Constraint &c : constraints) {
    if (c.equality)
      p.addEquality(llvm::ArrayRef<int64_t>(c.coefficients));
    else
      p.addInequality(llvm::ArrayRef<int64_t>(c.coefficients));
  }
  return p;
}

bool System::isEmpty() const { return polyhedron().isIntegerEmpty(); }

bool System::excludes(const std::vector<int64_t> &extra) const {
  IntegerPolyhedron p = polyhedron();
  p.addInequality(llvm::ArrayRef<int64_t>(extra));
  return p.isIntegerEmpty();
}
