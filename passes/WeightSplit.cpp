// Weights as sums of (row factor) x (element): how many passes over the keys
// they need, and what is accumulated in them.
#include "passes/WeightExpr.h"

using namespace mlir;
using namespace attn;
using namespace attn::weights;

using Products = SmallVector<Product>;

namespace {
struct Splitter {
  Pool &pool;

  // Equal elements share one accumulator.
  void add(Products &sum, Product term) {
    if (term.element->is(0) || term.coefficient->is(0))
      return;
    for (Product &known : sum)
      if (known.element == term.element) {
        known.coefficient =
            pool.make(Kind::Add, {known.coefficient, term.coefficient});
        return;
      }
    sum.push_back(term);
  }

  template <class Change> Products each(const Products &terms, Change change) {
    Products result;
    for (const Product &term : terms)
      add(result, change(term));
    return result;
  }

  Products scaled(const Products &terms, const Expr *factor) {
    return each(terms, [&](Product t) -> Product {
      return {pool.make(Kind::Mul, {factor, t.coefficient}), t.element};
    });
  }

  // A row value as (what no row sum is part of) x (the rest).
  std::pair<const Expr *, const Expr *> strip(const Expr *e) {
    if (!e->depth)
      return {e, pool.number(1)};
    if (e->kind != Kind::Mul && e->kind != Kind::Div)
      return {pool.number(1), e};
    auto [p, x] = strip(e->kid(0));
    auto [q, y] = strip(e->kid(1));
    return {pool.make(e->kind, {p, q}), pool.make(e->kind, {x, y})};
  }

  Products factor(const Expr *e) {
    const Expr *one = pool.number(1), *zero = pool.number(0);
    if (!e->element)
      return {{e, one}};
    Products whole = {{one, e}};
    switch (e->kind) {
    case Kind::Mul: {
      if (!e->kid(0)->element)
        return scaled(factor(e->kid(1)), e->kid(0));
      if (!e->kid(1)->element)
        return scaled(factor(e->kid(0)), e->kid(1));
      Products a = factor(e->kid(0)), b = factor(e->kid(1)), result;
      if (a.size() > 1 && b.size() > 1)
        return whole;
      for (Product x : a)
        for (Product y : b)
          add(result, {pool.make(Kind::Mul, {x.coefficient, y.coefficient}),
                       pool.make(Kind::Mul, {x.element, y.element})});
      return result;
    }
    case Kind::Div:
      if (e->kid(1)->element)
        return whole;
      return each(factor(e->kid(0)), [&](Product t) -> Product {
        return {pool.make(Kind::Div, {t.coefficient, e->kid(1)}), t.element};
      });
    case Kind::Add:
    case Kind::Sub: {
      Products a = factor(e->kid(0)), b = factor(e->kid(1));
      auto plain = [](const Product &t) { return !t.coefficient->depth; };
      if (llvm::all_of(a, plain) && llvm::all_of(b, plain))
        return whole;
      if (e->kind == Kind::Sub)
        b = scaled(b, pool.number(-1));
      for (Product t : b)
        add(a, t);
      return a;
    }
    case Kind::Select: {
      const Expr *c = e->kid(0), *x = e->kid(1), *y = e->kid(2);
      if (!c->depth && !x->depth && !y->depth)
        return whole;
      auto choose = [&](const Expr *c, const Expr *a, const Expr *b) {
        return pool.make(Kind::Select, {c, a, b});
      };
      // A row condition chooses between coefficients.
      if (!c->element) {
        Products result = each(factor(x), [&](Product t) -> Product {
          return {choose(c, t.coefficient, zero), t.element};
        });
        for (Product t : factor(y))
          add(result, {choose(c, zero, t.coefficient), t.element});
        return result;
      }
      if (!c->depth) {
        // What both sides have in common stays outside.
        Products a = factor(x), b = factor(y);
        if (a.size() == 1 && b.size() == 1 && !x->is(0) && !y->is(0)) {
          auto [p, common] = strip(a[0].coefficient);
          auto [q, other] = strip(b[0].coefficient);
          if (common == other)
            return {{common, choose(c, pool.make(Kind::Mul, {p, a[0].element}),
                                    pool.make(Kind::Mul, {q, b[0].element}))}};
        }
        Products result = each(factor(x), [&](Product t) -> Product {
          return {t.coefficient, choose(c, t.element, zero)};
        });
        for (Product t : factor(y))
          add(result, {t.coefficient, choose(c, zero, t.element)});
        return result;
      }
      // A mixed one is taken apart until its parts are one or the other.
      if (c->kind == Kind::Or)
        return factor(choose(c->kid(0), x, choose(c->kid(1), x, y)));
      if (c->kind == Kind::And)
        return factor(choose(c->kid(0), choose(c->kid(1), x, y), y));
      if (c->kind == Kind::Not)
        return factor(choose(c->kid(0), y, x));
      return whole;
    }
    default:
      return whole;
    }
  }

  const Expr *pull(const Expr *e,
                   llvm::DenseMap<const Expr *, const Expr *> &memo) {
    if (e->kids.empty() || !e->depth)
      return e;
    if (const Expr *known = memo.lookup(e))
      return known;
    SmallVector<const Expr *> kids;
    for (const Expr *kid : e->kids)
      kids.push_back(pull(kid, memo));
    const Expr *result = nullptr;
    if (e->kind == Kind::Other) {
      result = pool.other(e->op, kids);
    } else if (e->kind != Kind::Sum) {
      result = pool.make(e->kind, kids);
    } else {
      result = pool.number(0);
      for (Product t : split(pool, kids[0]))
        result = pool.make(
            Kind::Add,
            {result,
             pool.make(Kind::Mul,
                       {t.coefficient, pool.make(Kind::Sum, {t.element})})});
    }
    memo[e] = result;
    return result;
  }
};
} // namespace

SmallVector<Product> weights::split(Pool &pool, const Expr *e) {
  Products terms = Splitter{pool}.factor(e);
  unsigned depth = 0;
  for (Product t : terms)
    depth = std::max(depth, t.element->depth);
  // The coefficient of a row value is the value itself; an element expression
  // that would need as many passes in parts stays whole.
  if (terms.empty())
    return {{pool.number(0), pool.number(0)}};
  if (e->element && terms.size() > 1 && depth == e->depth)
    return {{pool.number(1), e}};
  return terms;
}

const Expr *weights::pullSums(Pool &pool, const Expr *e) {
  llvm::DenseMap<const Expr *, const Expr *> memo;
  return Splitter{pool}.pull(e, memo);
}
