// Builtin functions: [D15] of docs/language.md. All others are prelude.
#include "frontend/Checker.h"

namespace attn::sema {

// Real functions of one number or vector.
static const std::map<std::string, Op> realFunctions = {
    {"exp", Op::Exp}, {"log", Op::Log}, {"log1p", Op::Log1p}, {"sqrt", Op::Sqrt},
    {"sin", Op::Sin}, {"cos", Op::Cos}, {"tanh", Op::Tanh},   {"erf", Op::Erf},
};
static const std::map<std::string, Op> intFunctions = {
    {"shl", Op::Shl},       {"shr", Op::Shr},       {"bitand", Op::BitAnd},
    {"bitor", Op::BitOr},   {"bitxor", Op::BitXor}, {"ilog2", Op::ILog2},
};
static const std::set<std::string> otherFunctions = {
    "abs", "min", "max", "floor", "dot", "outer", "cat", "ramp", "len", "detach", "size", "merge", "uniform",
};

bool Checker::isFunction(const std::string &name) const {
  return realFunctions.count(name) || intFunctions.count(name) || otherFunctions.count(name);
}

std::vector<std::string> Checker::functionNames() const {
  std::vector<std::string> names = {"sum", "mean", "any", "all", "count", "argmax", "s", "row"};
  for (const auto &[name, op] : realFunctions)
    names.push_back(name);
  for (const auto &[name, op] : intFunctions)
    names.push_back(name);
  names.insert(names.end(), otherFunctions.begin(), otherFunctions.end());
  return names;
}

bool Checker::arity(const EnvPtr &env, const ast::Expr &expr, size_t least, size_t most, const char *form) {
  const std::string &name = expr.name.text;
  if (!expr.binders.empty() || expr.condition) {
    error(*env, expr.span, "`" + name + "` does not range over an index")
        .mark("`for` belongs to `sum`, `mean`, `max`, ...");
    return false;
  }
  size_t given = expr.operands.size();
  if (given >= least && given <= most)
    return true;
  std::string wanted = std::to_string(least);
  if (most != least)
    wanted += " or more";
  error(*env, expr.span,
        "`" + name + "` takes " + wanted + (wanted == "1" ? " argument, " : " arguments, ") + std::to_string(given) + " given")
      .suggest(std::string("write `") + form + "`");
  return false;
}

Value Checker::function(const EnvPtr &env, const ast::Expr &expr) {
  const std::string &name = expr.name.text;
  if (auto it = realFunctions.find(name); it != realFunctions.end()) {
    if (!arity(env, expr, 1, 1, (name + "(x)").c_str()))
      return {};
    Value v = expression(env, *expr.operands[0]);
    if (!v || !needNumeric(env, v, name))
      return {};
    v = toReal(v);
    return valueOf(*env, expr, node(*env, expr.span, it->second, v.type(), {v.expr}));
  }
  if (auto it = intFunctions.find(name); it != intFunctions.end())
    return integers(env, expr, it->second);
  if (name == "min" || name == "max")
    return extreme(env, expr);
  if (name == "abs" || name == "floor" || name == "detach") {
    if (!arity(env, expr, 1, 1, (name + "(x)").c_str()))
      return {};
    Value v = expression(env, *expr.operands[0]);
    if (!v || !needNumeric(env, v, name))
      return {};
    if (name == "detach") // only the derivative differs [S15]
      return v;
    if (name == "abs")
      return valueOf(*env, expr, node(*env, expr.span, Op::Abs, v.type(), {v.expr}));
    if (!needNumber(env, v))
      return {};
    if (v.isInt())
      return valueOf(*env, expr, v.expr);
    return valueOf(*env, expr, node(*env, expr.span, Op::Floor, {Base::Int, {}}, {v.expr}));
  }
  if (name == "uniform" || name == "size")
    return random(env, expr);
  return vectors(env, expr);
}

/// `uniform(seed, ints..)` and `size(set)`.
Value Checker::random(const EnvPtr &env, const ast::Expr &expr) {
  bool size = expr.name.text == "size";
  if (!arity(env, expr, 1, size ? 1 : 1000, size ? "size(S[i])" : "uniform(seed, i, j)"))
    return {};
  bool ok = true;
  for (const ast::ExprPtr &operand : expr.operands) {
    Value v = expression(env, *operand);
    if (!v)
      ok = false;
    else if (size && !v.isSet() && !isClass(v.kind)) {
      error(*env, v, "expected a set").mark("this is " + typeName(v));
      ok = false;
    } else if (!size)
      ok &= needInt(env, v, operand.get());
  }
  if (!ok)
    return {};
  later(*env, expr.span, "`" + expr.name.text + "`");
  return valueOf(*env, expr, size ? node(*env, expr.span, Op::Count, {Base::Int, {}}) : realPlaceholder(*env, expr.span));
}

/// `min(a, b, ..)` and `max(a, b, ..)`: of one kind they keep it [I8].
Value Checker::extreme(const EnvPtr &env, const ast::Expr &expr) {
  const std::string &name = expr.name.text;
  if (expr.operands.size() == 1 && expr.binders.empty()) {
    error(*env, expr.span, "`" + name + "` has nothing to range over")
        .mark("add `for` and an index, or a second argument")
        .suggest("`" + name + "(" + text(*expr.operands[0]) + " for j in ...)`");
    return {};
  }
  if (!arity(env, expr, 2, 1000, (name + "(a, b)").c_str()))
    return {};
  Value result;
  bool ok = true;
  for (size_t k = 0; k < expr.operands.size(); ++k) {
    Value v = expression(env, *expr.operands[k]);
    ok &= v && needNumeric(env, v, name);
    if (!ok)
      continue;
    if (k == 0) {
      result = v;
      continue;
    }
    if (!meets(result.kind, v.kind)) {
      error(*env, expr.span, "`" + name + "` of two kinds of indices")
          .note("one is " + kindName(result.kind) + ", another " + kindName(v.kind));
      return {};
    }
    int kind = result.kind == v.kind ? v.kind : plain;
    if (!unify(env, expr.span, "`" + name + "`", result, v))
      return {};
    result = valueOf(*env, expr,
                     node(*env, expr.span, name == "min" ? Op::Min : Op::Max, v.type(), {result.expr, v.expr}), kind);
  }
  return ok ? result : Value();
}

Value Checker::integers(const EnvPtr &env, const ast::Expr &expr, Op op) {
  const std::string &name = expr.name.text;
  size_t count = op == Op::ILog2 ? 1 : 2;
  if (!arity(env, expr, count, count, (name + (count == 1 ? "(n)" : "(a, b)")).c_str()))
    return {};
  std::vector<ExprPtr> args;
  bool ok = true;
  for (const ast::ExprPtr &operand : expr.operands) {
    Value v = expression(env, *operand);
    ok &= v && needInt(env, v, operand.get());
    args.push_back(v.expr);
  }
  if (!ok)
    return {};
  return valueOf(*env, expr, node(*env, expr.span, op, {Base::Int, {}}, args));
}

Value Checker::vectors(const EnvPtr &env, const ast::Expr &expr) {
  const std::string &name = expr.name.text;
  if (name == "ramp") {
    if (!arity(env, expr, 1, 1, "ramp(n)"))
      return {};
    std::optional<int64_t> length = constantInt(env, *expr.operands[0]);
    if (!length)
      return {};
    if (*length < 1 || *length > maxLength) {
      error(*env, expr.operands[0]->span, "a vector has 1 to " + std::to_string(maxLength) + " components")
          .mark("this is " + std::to_string(*length));
      return {};
    }
    return valueOf(*env, expr, node(*env, expr.span, Op::Ramp, {Base::Real, {*length}}));
  }
  size_t least = name == "len" ? 1 : 2;
  if (!arity(env, expr, least, name == "cat" ? 1000 : least, name == "len" ? "len(x)" : (name + "(x, y)").c_str()))
    return {};
  std::vector<ExprPtr> args;
  std::vector<Value> values;
  bool ok = true;
  for (const ast::ExprPtr &operand : expr.operands) {
    Value v = expression(env, *operand);
    ok &= v && needVector(env, v);
    values.push_back(v);
  }
  if (!ok)
    return {};
  if (name == "len")
    return valueOf(*env, expr, intNode(values[0].type().shape[0], place(*env, expr.span)));
  int64_t total = 0;
  for (Value &v : values) {
    v = toReal(v);
    args.push_back(v.expr);
    total += v.type().shape[0];
  }
  if (name == "cat") {
    if (total > maxLength) {
      error(*env, expr.span, "a vector has 1 to " + std::to_string(maxLength) + " components")
          .mark("this has " + std::to_string(total));
      return {};
    }
    return valueOf(*env, expr, node(*env, expr.span, Op::Cat, {Base::Real, {total}}, args));
  }
  int64_t n = values[0].type().shape[0], m = values[1].type().shape[0];
  if (name == "outer")
    return valueOf(*env, expr, node(*env, expr.span, Op::Outer, {Base::Real, {n, m}}, args));
  if (n != m) {
    error(*env, expr.span, "`dot` of different lengths")
        .mark("one is " + typeName(values[0]) + ", the other " + typeName(values[1]));
    return {};
  }
  return valueOf(*env, expr, node(*env, expr.span, Op::Dot, {Base::Real, {}}, args));
}

} // namespace attn::sema
