#include "passes/MaskSets.h"
#include <set>

using namespace attn::mask;
using namespace mlir::presburger;

/// More convex pieces than that and a clause is dropped.
static constexpr unsigned maxPieces = 32;
/// More quotients than that in one piece and a comparison is dropped.
static constexpr unsigned maxLocals = 8;
/// After so many steps all further clauses are dropped.
static constexpr unsigned maxWork = 2000;

Sets::Sets(const Model &model)
    : model(model), positions(model.variables.size()) {
  for (Variable::Kind kind :
       {Variable::Row, Variable::RowFunction, Variable::Free, Variable::Column,
        Variable::Symbol})
    for (unsigned v = 0; v < model.variables.size(); ++v)
      if (model.variables[v].kind == kind) {
        positions[v] = order.size();
        order.push_back(v);
        dims += kind != Variable::Symbol;
      }
}

PresburgerSet Sets::constraint(const Linear &linear, bool equality) {
  // Quotients are locals; an inner one comes before the one that divides it.
  llvm::SmallVector<unsigned> quotients;
  auto collect = [&](const Linear &l, auto &self) -> void {
    for (auto [v, c] : l.terms)
      if (model.variables[v].kind == Variable::Quotient &&
          !llvm::is_contained(quotients, v)) {
        self(model.variables[v].numerator, self);
        quotients.push_back(v);
      }
  };
  collect(linear, collect);

  IntegerPolyhedron p(PresburgerSpace::getSetSpace(dims, order.size() - dims));
  std::map<unsigned, unsigned> local;
  auto row = [&](const Linear &l) {
    llvm::SmallVector<int64_t> r(order.size() + local.size() + 1, 0);
    for (auto [v, c] : l.terms)
      r[model.variables[v].kind == Variable::Quotient ? local.at(v)
                                                      : positions[v]] += c;
    r.back() = l.constant;
    return r;
  };
  for (unsigned q : quotients) {
    auto numerator = row(model.variables[q].numerator);
    local[q] = p.addLocalFloorDiv(numerator, model.variables[q].denominator);
  }
  if (equality)
    p.addEquality(row(linear));
  else
    p.addInequality(row(linear));
  return PresburgerSet(p);
}

PresburgerSet Sets::domain(bool tile) {
  IntegerPolyhedron p(PresburgerSpace::getSetSpace(dims, order.size() - dims));
  auto assume = [&](const Linear &l) {
    llvm::SmallVector<int64_t> r(order.size() + 1, 0);
    for (auto [v, c] : l.terms)
      r[positions[v]] += c;
    r.back() = l.constant;
    p.addInequality(r);
  };
  auto V = Linear::variable;
  Linear one = Linear::of(1);
  assume(V(model.column));
  assume(V(model.columns) - V(model.column) - one);
  assume(V(model.row));
  assume(V(model.rows) - V(model.row) - one);
  for (const Linear &fact : model.facts)
    assume(fact);
  for (auto [x, v] : llvm::enumerate(model.variables)) {
    if (v.isBool && v.kind == Variable::Free) {
      assume(V(x));
      assume(one - V(x));
    }
    if (tile && v.kind == Variable::RowFunction) {
      assume(V(x) - V(v.lo));
      assume(V(v.hi) - V(x));
    } else if (v.isBool && v.kind == Variable::RowFunction) {
      assume(V(x));
      assume(one - V(x));
    }
  }
  if (tile) {
    assume(V(model.row) - V(model.firstRow));
    assume(V(model.lastRow) - V(model.row));
  }
  return PresburgerSet(p);
}

PresburgerSet Sets::build(const Formula &f, const PresburgerSet &within) {
  auto unite = [&](PresburgerSet &all, const PresburgerSet &more) {
    all.unionInPlace(more);
    if (all.getNumDisjuncts() <= maxPieces)
      return true;
    all = all.coalesce();
    return all.getNumDisjuncts() <= maxPieces;
  };
  switch (f.op) {
  case Formula::True:
    return within;
  case Formula::False:
    return PresburgerSet::getEmpty(within.getSpace());
  case Formula::NotNegative:
  case Formula::Zero: {
    work += within.getNumDisjuncts();
    if (work <= maxWork) {
      PresburgerSet result =
          within.intersect(constraint(f.linear, f.op == Formula::Zero));
      if (llvm::all_of(result.getAllDisjuncts(), [](const IntegerRelation &d) {
            return d.getNumLocalVars() <= maxLocals;
          }))
        return result;
    }
    complete = false;
    return within;
  }
  case Formula::And: {
    // Comparisons first: they make what follows smaller.
    PresburgerSet result = within;
    for (bool leaves : {true, false})
      for (const Formula &kid : f.kids)
        if (kid.kids.empty() == leaves)
          result = build(kid, result);
    return result;
  }
  case Formula::Or:
  case Formula::Cases: {
    PresburgerSet result = PresburgerSet::getEmpty(within.getSpace());
    unsigned step = f.op == Formula::Or ? 1 : 2;
    for (unsigned k = 0; k < f.kids.size(); k += step) {
      PresburgerSet part = build(f.kids[k], within);
      if (step == 2)
        part = build(f.kids[k + 1], part);
      if (!unite(result, part)) {
        complete = false;
        return within;
      }
    }
    return result;
  }
  }
  return within;
}

bool Sets::never(const Formula &f) {
  return build(f, domain(/*tile=*/false)).isIntegerEmpty();
}
