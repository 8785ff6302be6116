#include "passes/MaskPiece.h"

using namespace attn;
using namespace attn::mask;
using namespace mlir;
using namespace mlir::presburger;

/// The bounds that do not depend on the member.
KeyInterval Piece::plain() const {
  KeyInterval result;
  result.exact = exact;
  for (const Constraint &c : system.constraints) {
    if (family && c.coefficients[firstLocal])
      continue;
    if (c.coefficients[0]) {
      addBounds(c, 0, result.lo, result.hi);
      continue;
    }
    result.guards.push_back(symbols(c));
    if (c.equality)
      result.guards.push_back(-symbols(c));
  }
  return result;
}

/// Members that touch: the interval from the first to the last.
void Piece::cover(KeyInterval &result) const {
  if (lower)
    for (AffineExpr p : first.empty() ? from : first)
      result.lo.push_back(p * stride - symbols(*lower));
  if (upper)
    for (AffineExpr p : last.empty() ? to : last)
      result.hi.push_back(p * stride + symbols(*upper));
  // Members that just touch leave nothing where there is none.
  bool justTouch =
      lower && upper && (symbols(*lower) + symbols(*upper) + 1 == stride);
  if (!justTouch)
    llvm::append_range(result.guards, someMember);
}

void Piece::attach(KeyInterval &result) const {
  KeyFamily f;
  f.stride = getAffineConstantExpr(stride, mlir);
  f.lo = -symbols(*lower);
  f.hi = symbols(*upper);
  f.from = from;
  f.to = to;
  // Only where these hold is every member between `from` and `to` met.
  for (AffineExpr guard : someColumn)
    if (!llvm::is_contained(result.guards, guard))
      result.guards.push_back(guard);
  result.family = std::move(f);
}

void Piece::intervals(std::vector<KeyInterval> &out) {
  eliminateRows();
  eliminateLocals();
  system.dropImplied(context);
  System all = context.widened(system.variables());
  llvm::append_range(all.constraints, system.constraints);
  if (all.isEmpty())
    return;
  KeyInterval result = plain();
  if (!family) {
    out.push_back(std::move(result));
    return;
  }
  if (!lower || !upper) { // nested: the extreme member has all the others
    cover(result);
    out.push_back(std::move(result));
    return;
  }
  AffineExpr length = symbols(*lower) + symbols(*upper) + 1;
  if (auto constant = dyn_cast<AffineConstantExpr>(length)) {
    constant.getValue() >= stride ? cover(result) : attach(result);
    out.push_back(std::move(result));
    return;
  }
  // Whether they touch is known at run time.
  KeyInterval apart = result;
  result.guards.push_back(length - stride);
  cover(result);
  apart.guards.push_back(stride - 1 - length);
  attach(apart);
  out.push_back(std::move(result));
  out.push_back(std::move(apart));
}

/// Whether every key of `b` is one of `a`, seen without arithmetic.
static bool covers(const KeyInterval &a, const KeyInterval &b) {
  auto among = [](ArrayRef<AffineExpr> x, ArrayRef<AffineExpr> y) {
    return llvm::all_of(x,
                        [&](AffineExpr e) { return llvm::is_contained(y, e); });
  };
  return !a.family && among(a.lo, b.lo) && among(a.hi, b.hi) &&
         among(a.guards, b.guards);
}

std::vector<KeyInterval> attn::mask::columnIntervals(const Model &model,
                                                     const Sets &sets,
                                                     const PresburgerSet &set,
                                                     MLIRContext *mlir) {
  System context(1 + model.symbols.size());
  for (const Linear &fact : model.facts) {
    std::vector<int64_t> row(context.variables() + 1, 0);
    for (auto [v, c] : fact.terms)
      row[1 + model.variables[v].symbol] += c;
    row.back() = fact.constant;
    context.constraints.push_back({false, row});
  }
  context.simplify();
  std::vector<KeyInterval> all, kept;
  for (const IntegerRelation &piece : set.getAllDisjuncts())
    Piece(model, sets, piece, context, mlir).intervals(all);
  auto certain = [](AffineExpr guard) {
    auto constant = dyn_cast<AffineConstantExpr>(guard);
    return constant && constant.getValue() >= 0;
  };
  for (KeyInterval &x : all)
    llvm::erase_if(x.guards, certain);
  llvm::erase_if(all, [](const KeyInterval &x) {
    return llvm::any_of(x.guards, [](AffineExpr guard) {
      auto constant = dyn_cast<AffineConstantExpr>(guard);
      return constant && constant.getValue() < 0;
    });
  });
  for (size_t k = 0; k < all.size(); ++k) {
    all[k].exact &= sets.complete;
    bool needed = true;
    for (size_t o = 0; o < all.size(); ++o)
      needed &= o == k || !covers(all[o], all[k]) ||
                (covers(all[k], all[o]) && k < o);
    if (needed)
      kept.push_back(all[k]);
  }
  return kept;
}
