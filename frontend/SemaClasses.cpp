// Classes and ranges: [I2] and [I4] of docs/language.md.
// Of ranges names, kinds and types are checked; what they compute is not yet
// there.
#include "frontend/Checker.h"

namespace attn::sema {

using ast::ExprKind;

void Checker::indexClause(const ast::Clause &clause) {
  if (clause.entries.empty() || !clause.value)
    return;
  const ast::Name &name = clause.entries[0].name;
  bool free = mayDefine(patternScope, name);
  int axis = program.axes.size();
  program.axes.push_back({name.text, name.span, nullptr});
  bool ok = true;
  if (clause.rangeEnd) {
    auto env = std::make_shared<Env>();
    env->scope = &patternScope;
    env->bound = {{"b", core::AxisB}, {"h", core::AxisH}, {"g", core::AxisG}};
    for (const ast::ExprPtr &end : {clause.value, clause.rangeEnd}) {
      Value v = expression(env, *end);
      ok &= v && needInt(env, v, end.get());
    }
    rangeAxes.insert(axis);
    later(clause.span, "`index` with a range");
  } else {
    ok = classIndex(clause, axis);
  }
  if (!free)
    return;
  Symbol symbol;
  if (ok) {
    symbol.kind = Symbol::Index;
    symbol.id = axis;
  }
  define(patternScope, name, symbol);
}

/// Whether the classes of neighbours are the same or neighbours, so that those
/// of an interval are one: sums and differences with what is fixed, and `//`.
static bool isSteady(const core::Expr &map, int variable) {
  if (map.op == Op::Var)
    return map.id == variable;
  if (map.op != Op::Add && map.op != Op::Sub && map.op != Op::FloorDiv)
    return false;
  const core::Expr &a = *map.args[0], &b = *map.args[1];
  if (!core::mentions(b, variable))
    return isSteady(a, variable);
  return map.op == Op::Add && !core::mentions(a, variable) && isSteady(b, variable);
}

std::pair<ExprPtr, ExprPtr> Checker::valuesOf(int axis, Span where) {
  core::Type integer{Base::Int, {}};
  Env env;
  auto leaf = [&](Op op, int id) {
    auto e = std::make_shared<core::Expr>();
    e->op = op;
    e->type = integer;
    e->id = id;
    e->span = where;
    return ExprPtr(e);
  };
  auto make = [&](Op op, ExprPtr a, ExprPtr b) { return node(env, where, op, integer, {a, b}); };
  auto known = classes.find(axis);
  if (known == classes.end()) {
    ExprPtr first = axis == core::AxisN ? leaf(Op::Param, predeclaredOffset()) : intNode(0, where);
    return {first, axis == core::AxisN ? make(Op::Add, first, leaf(Op::Extent, axis)) : leaf(Op::Extent, axis)};
  }
  const ClassIndex &entry = known->second;
  auto [lo, hi] = valuesOf(entry.of, where);
  auto at = [&](ExprPtr x) { return core::substitute(entry.map, {{entry.variable, x}}); };
  ExprPtr a = at(lo), z = at(make(Op::Sub, hi, intNode(1, where)));
  a = core::rewrite(a, [&](core::Expr e) { return fold(std::make_shared<core::Expr>(std::move(e))); });
  bool rises = true; // a divisor that is known at run time may be below 0
  core::walk(*entry.map, [&](const core::Expr &e) {
    if (e.op == Op::FloorDiv)
      rises &= e.args[1]->op == Op::Int && e.args[1]->integer > 0;
    return true;
  });
  ExprPtr first = rises ? a : make(Op::Min, a, z), last = rises ? z : make(Op::Max, a, z);
  return {first, make(Op::Add, last, intNode(1, where))};
}

/// A class: integer arithmetic on exactly one index, parameters and lengths.
bool Checker::classIndex(const ast::Clause &clause, int axis) {
  const ast::Name &name = clause.entries[0].name;
  Env scope;
  scope.scope = &patternScope;
  const ast::Expr *table = nullptr, *index = nullptr, *second = nullptr;
  std::function<void(const ast::Expr &)> find = [&](const ast::Expr &e) {
    if (e.kind == ExprKind::Subscript && !table)
      table = &e;
    if (e.kind == ExprKind::Name && indexAxis(scope, e.name.text)) {
      if (index && index->name.text != e.name.text)
        second = &e;
      index = index ? index : &e;
    }
    for (const ast::ExprPtr &operand : e.operands)
      find(*operand);
  };
  find(*clause.value);
  if (table) {
    error(table->span, "the range of `" + name.text + "` would depend on data")
        .mark("a table")
        .suggest("give the range, `index " + name.text + " in 0 .. count`, and use `where " + text(*table) + " == " +
                 name.text + "`");
    return false;
  }
  if (!index || second) {
    error(second ? second->span : clause.value->span, "a class is a map of exactly one index")
        .mark(second ? "`" + index->name.text + "` is one already" : "`index " + name.text + " in lo .. hi` is a range");
    return false;
  }
  ClassIndex entry;
  entry.of = *indexAxis(scope, index->name.text);
  entry.variable = addVariable(index->name.text, entry.of);
  entry.text = text(*clause.value);
  auto env = std::make_shared<Env>();
  env->scope = &patternScope;
  env->bound = {{index->name.text, entry.variable}};
  Value map = expression(env, *clause.value);
  if (!map || !needInt(env, map, clause.value.get()))
    return false;
  entry.map = map.expr;
  if (!isSteady(*entry.map, entry.variable))
    later(clause.span, "`index` with a map other than `//`, `+` and `-`");
  Span where = index->span, whole = bare(*clause.value);
  entry.shape = text(Span{whole.file, whole.begin, where.begin}) + "_" + text(Span{whole.file, where.end, whole.end});
  classes[axis] = entry;
  auto [first, end] = valuesOf(axis, clause.span);
  Env none;
  program.axes[axis].length = node(none, clause.span, Op::Sub, {Base::Int, {}}, {end, first});
  return true;
}

/// Classes with the same map follow the rule of what they are classes of [I8].
bool Checker::sameClass(int a, int b) const {
  auto first = classes.find(a), second = classes.find(b);
  return first != classes.end() && second != classes.end() && first->second.shape == second->second.shape &&
         fits(first->second.of, second->second.of);
}

ExprPtr Checker::classOfValue(int axis, const Value &v) {
  if (axis == core::AxisG) {
    if (v.kind != plain && v.kind != core::AxisH)
      return nullptr;
    auto group = std::make_shared<core::Expr>(*v.expr);
    group->op = Op::GroupOf;
    group->args = {v.expr};
    return group;
  }
  const ClassIndex &entry = classes.at(axis);
  if (v.kind == plain || meets(v.kind, entry.of))
    return core::substitute(entry.map, {{entry.variable, v.expr}});
  if (!isClass(entry.of))
    return nullptr;
  Value inner = v; // classes of classes compose
  inner.expr = classOfValue(entry.of, v);
  inner.kind = entry.of;
  return inner.expr ? core::substitute(entry.map, {{entry.variable, inner.expr}}) : nullptr;
}

/// `c(x)`: the class of x.
Value Checker::classCall(const EnvPtr &env, const ast::Expr &expr, const Symbol &index) {
  const std::string &name = expr.name.text;
  if (!arity(env, expr, 1, 1, (name + "(x)").c_str()))
    return {};
  Value v = expression(env, *expr.operands[0]);
  if (!v || !needInt(env, v, expr.operands[0].get()))
    return {};
  ExprPtr result = classOfValue(index.id, v);
  if (!result) {
    error(*env, v, "`" + name + "` is " + kindName(index.id)).mark("this is " + kindName(v.kind));
    return {};
  }
  return valueOf(*env, expr, result, index.id);
}

} // namespace attn::sema
