// From expressions to closures. T is the arithmetic of vectors and memory; R
// that of numbers: T itself, or Wide<T> inside `weights`.
#pragma once
#include "runtime/OracleInts.h"
#include "runtime/OracleMachine.h"
#include <set>

namespace attn::oracle {

template <class T> T narrow(T x) { return x; }
template <class T> T narrow(Wide<T> x) { return x.value(); }

/// Variables that an expression reads and does not bind. `usesRow` is set where
/// it depends on the current row in another way.
inline void freeVariables(const core::Expr &e, std::set<int> &ids, bool &usesRow) {
  if (e.op == core::Op::Var)
    ids.insert(e.id);
  usesRow |= e.op == core::Op::Score || e.op == core::Op::Stage || e.op == core::Op::Count;
  std::set<int> inside;
  for (const auto &arg : e.args)
    freeVariables(*arg, inside, usesRow);
  for (const core::Range &range : e.ranges) {
    usesRow |= range.kind == core::Range::Row;
    for (const auto &bound : {range.lo, range.hi})
      if (bound)
        freeVariables(*bound, inside, usesRow);
  }
  if (e.condition)
    freeVariables(*e.condition, inside, usesRow);
  for (int id : e.variables)
    inside.erase(id);
  ids.insert(inside.begin(), inside.end());
}

/// Whether to remember values pays: some function of reals is in there.
inline bool isHeavy(const core::Expr &e) {
  switch (e.op) {
  case core::Op::Exp: case core::Op::Log: case core::Op::Log1p: case core::Op::Sin: case core::Op::Cos:
  case core::Op::Tanh: case core::Op::Erf: case core::Op::Pow: case core::Op::MatVec: case core::Op::Aggregate:
    return true;
  default:
    return std::any_of(e.args.begin(), e.args.end(), [](const auto &arg) { return isHeavy(*arg); });
  }
}

template <class T, class R = T> class Compiler {
public:
  explicit Compiler(Machine<T> &machine) : machine(machine) {}

  IntFn integer(const core::Expr &e);
  RealFn<R> real(const core::Expr &e);
  VectorFn<T> reals(const core::Expr &e);
  VectorFn<int64_t> ints(const core::Expr &e);

private:
  using Op = core::Op;
  Machine<T> &machine;

  static const core::Expr &arg(const core::Expr &e, size_t n) { return *e.args[n]; }
  static bool isReal(const core::Expr &e) { return e.type.base == core::Base::Real; }

  std::vector<IntFn> integers(const std::vector<core::ExprPtr> &args) {
    std::vector<IntFn> list;
    for (const auto &e : args)
      list.push_back(integer(*e));
    return list;
  }
  /// Evaluates subscripts into one buffer.
  std::function<const std::vector<int64_t> &()> indices(const core::Expr &e) {
    return [list = integers(e.args), values = std::vector<int64_t>(e.args.size())]() mutable
           -> const std::vector<int64_t> & {
      for (size_t n = 0; n < list.size(); ++n)
        values[n] = list[n]();
      return values;
    };
  }
  template <class E> VectorFn<E> vector(const core::Expr &e) {
    if constexpr (std::is_same_v<E, int64_t>)
      return ints(e);
    else
      return reals(e);
  }

  IntFn compare(const core::Expr &e);
  RealFn<R> unary(const core::Expr &e);
  RealFn<R> binary(const core::Expr &e);
  IntFn integerBinary(const core::Expr &e);
  /// Offset of a tensor's element in its view; -1 outside or where not given.
  std::function<int64_t()> place(const core::Expr &e, bool inView);
  IntFn componentPlace(const core::Expr &e);

  template <class E> VectorFn<E> vectorOf(const core::Expr &e);
  template <class E> VectorFn<E> vectorLeaf(const core::Expr &e);
  template <class E> VectorFn<E> componentwise(const core::Expr &e);
  VectorFn<T> realVectorOnly(const core::Expr &e);
  VectorFn<T> remember(const core::Expr &e, VectorFn<T> compute);

  /// Calls a visitor for all bindings that satisfy the condition. The visitor
  /// returns false to stop.
  using Loop = std::function<void(const std::function<bool()> &)>;
  Loop loop(const core::Expr &e);
  template <class V> std::function<V()> rememberLast(const core::Expr &e, std::function<V()> compute);
  IntFn aggregateInt(const core::Expr &e);
  RealFn<R> aggregateReal(const core::Expr &e);
  template <class E> VectorFn<E> aggregateVector(const core::Expr &e);
};

} // namespace attn::oracle

#include "runtime/OracleScalars.inc"
#include "runtime/OracleVectors.inc"
#include "runtime/OracleAggregates.inc"
