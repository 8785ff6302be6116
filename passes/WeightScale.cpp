#include "passes/WeightScale.h"

using namespace mlir;
using namespace attn;
using namespace attn::weights;

const Expr *Scaler::lead(const Expr *e) const {
  while (const Expr *next = leader.lookup(e))
    e = next;
  return e;
}

void Scaler::restart() {
  memo.clear();
  sums.clear();
  given.clear();
  references.clear();
  met = false;
}

SmallVector<const Expr *> Scaler::exponentials(int reference) const {
  SmallVector<const Expr *> result;
  for (auto [e, r] : given)
    if (r == reference)
      result.push_back(e);
  llvm::sort(result,
             [](const Expr *a, const Expr *b) { return a->id < b->id; });
  return result;
}

// Whether `a` and `b` are one reference. If they could be they will be, after a
// restart.
bool Scaler::meet(int a, int b) {
  if (a == b)
    return true;
  if (references[a].pass != references[b].pass)
    return false;
  const Expr *x = lead(exponentials(a).front());
  const Expr *y = lead(exponentials(b).front());
  if (x != y) {
    leader[y->id < x->id ? x : y] = y->id < x->id ? y : x;
    met = true;
  }
  return true;
}

Scaled Scaler::element(const Expr *e, unsigned inPass) {
  pass = inPass;
  open = facts(e).exponential;
  // What an earlier, closed look left unscaled may have a scale now.
  memo.clear();
  Scaled result = scale(e);
  open = false;
  memo.clear();
  return result;
}

Scaled Scaler::scale(const Expr *e) {
  if (auto it = memo.find(e); it != memo.end())
    return it->second;
  Scaled result = fresh(e);
  memo[e] = result;
  return result;
}

const Expr *Scaler::unscaled(Scaled x) {
  if (x.power == 0)
    return x.mantissa;
  const Expr *exponent = base(x.reference);
  if (x.power != 1)
    exponent = pool.make(Kind::Mul, {pool.number(x.power), exponent});
  return pool.make(Kind::Mul, {x.mantissa, pool.make(Kind::Exp, {exponent})});
}

Scaled Scaler::exponential(const Expr *e) {
  // What stands in an exponent is taken as it is.
  bool outer = std::exchange(open, false);
  const Expr *t = unscaled(scale(e->kid(0)));
  open = outer;
  bool scaled = e->element && !plain.contains(e) &&
                (given.count(e) || (open && facts(e).exponential));
  if (!scaled)
    return {pool.make(Kind::Exp, {t})};
  auto [it, isNew] = given.try_emplace(e, -1);
  if (isNew) {
    for (auto [other, r] : given)
      if (other != e && lead(other) == lead(e) && references[r].pass == pass)
        it->second = r;
    if (it->second < 0) {
      it->second = references.size();
      references.push_back({pass, {}, {}});
    }
    references[it->second].exponents.push_back(t);
  }
  int r = it->second;
  return {pool.make(Kind::Exp, {pool.make(Kind::Sub, {t, base(r)})}), r, 1};
}

// Multiplication and division.
Scaled Scaler::scaledProduct(Kind kind, Scaled a, Scaled b) {
  if (a.power && b.power && !meet(a.reference, b.reference))
    return {pool.make(kind, {unscaled(a), unscaled(b)})};
  int power = kind == Kind::Mul ? a.power + b.power : a.power - b.power;
  int r = a.power ? a.reference : b.reference;
  return {pool.make(kind, {a.mantissa, b.mantissa}), power ? r : -1, power};
}

// `x`, a value of power 0, in units of exp(base). Exponentials of row values
// become differences; the reference then starts at them.
const Expr *Scaler::align(const Expr *source, Scaled x, int r) {
  if (x.mantissa->is(0))
    return x.mantissa;
  if (source && !source->element && !source->depth) {
    if (source->kind == Kind::Exp) {
      const Expr *z = source->kid(0);
      if (!llvm::is_contained(references[r].start, z))
        references[r].start.push_back(z);
      return pool.make(Kind::Exp, {pool.make(Kind::Sub, {z, base(r)})});
    }
    if (source->kind == Kind::Mul)
      for (unsigned k : {0, 1})
        if (source->kid(k)->kind == Kind::Exp)
          return pool.make(
              Kind::Mul,
              {source->kid(1 - k), align(source->kid(k), {source->kid(k)}, r)});
    if (source->kind == Kind::Add || source->kind == Kind::Sub ||
        source->kind == Kind::Max || source->kind == Kind::Min)
      return pool.make(source->kind,
                       {align(source->kid(0), {source->kid(0)}, r),
                        align(source->kid(1), {source->kid(1)}, r)});
  }
  references[r].constant = true;
  const Expr *down = pool.make(Kind::Exp, {pool.negate(base(r))});
  return pool.make(Kind::Mul, {x.mantissa, down});
}

// Addition, maximum, minimum, select: both sides in one scale.
Scaled Scaler::combine(Kind kind, const Expr *condition, Scaled a, Scaled b,
                       const Expr *sourceA, const Expr *sourceB) {
  auto make = [&](const Expr *x, const Expr *y) {
    if (condition)
      return pool.make(kind, {condition, x, y});
    return pool.make(kind, {x, y});
  };
  if (a.power == 0 && b.power == 0)
    return {make(a.mantissa, b.mantissa)};
  // 0 is 0 in every scale.
  if (a.mantissa->is(0) || b.mantissa->is(0)) {
    Scaled other = a.mantissa->is(0) ? b : a;
    return {make(a.mantissa, b.mantissa), other.reference, other.power};
  }
  if (a.power && b.power && meet(a.reference, b.reference) &&
      a.power == b.power)
    return {make(a.mantissa, b.mantissa), a.reference, a.power};
  if (a.power == 1 && b.power == 0)
    return {make(a.mantissa, align(sourceB, b, a.reference)), a.reference, 1};
  if (b.power == 1 && a.power == 0)
    return {make(align(sourceA, a, b.reference), b.mantissa), b.reference, 1};
  return {make(unscaled(a), unscaled(b))};
}

Scaled Scaler::fresh(const Expr *e) {
  switch (e->kind) {
  case Kind::Number:
  case Kind::Value:
  case Kind::Count:
  case Kind::SumOf:
  case Kind::Base:
    return {e};
  case Kind::Sum: {
    auto it = sums.find(e);
    assert(it != sums.end() && "row sums are defined in order");
    return it->second;
  }
  case Kind::Exp:
    return exponential(e);
  case Kind::Log: {
    Scaled x = scale(e->kid(0));
    const Expr *log = pool.make(Kind::Log, {x.mantissa});
    if (x.power == 0)
      return {log};
    const Expr *b = base(x.reference);
    if (x.power != 1)
      b = pool.make(Kind::Mul, {pool.number(x.power), b});
    return {pool.make(Kind::Add, {log, b})};
  }
  case Kind::Mul:
  case Kind::Div:
    return scaledProduct(e->kind, scale(e->kid(0)), scale(e->kid(1)));
  case Kind::Abs: {
    Scaled x = scale(e->kid(0));
    return {pool.make(Kind::Abs, {x.mantissa}), x.reference, x.power};
  }
  case Kind::Add:
  case Kind::Sub:
  case Kind::Max:
  case Kind::Min:
    return combine(e->kind, nullptr, scale(e->kid(0)), scale(e->kid(1)),
                   e->kid(0), e->kid(1));
  case Kind::Select: {
    const Expr *condition = unscaled(scale(e->kid(0)));
    if (!e->type(pool.context).isF32())
      break;
    return combine(e->kind, condition, scale(e->kid(1)), scale(e->kid(2)),
                   e->kid(1), e->kid(2));
  }
  case Kind::Other:
    // Scales are positive: what is compared may be compared in any scale.
    if (isa<arith::CmpFOp>(e->op)) {
      Scaled a = scale(e->kid(0)), b = scale(e->kid(1));
      if (a.power == 1 && b.power == 0)
        b.mantissa = align(e->kid(1), b, a.reference);
      else if (b.power == 1 && a.power == 0)
        a.mantissa = align(e->kid(0), a, b.reference);
      else if (a.power != b.power || a.reference != b.reference)
        a.mantissa = unscaled(a), b.mantissa = unscaled(b);
      return {pool.other(e->op, {a.mantissa, b.mantissa})};
    }
    break;
  default:
    break;
  }
  SmallVector<const Expr *> kids;
  for (const Expr *kid : e->kids)
    kids.push_back(unscaled(scale(kid)));
  if (e->kind == Kind::Other)
    return {pool.other(e->op, kids)};
  return {pool.make(e->kind, kids)};
}
