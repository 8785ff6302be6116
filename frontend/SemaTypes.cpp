// Operators and conversions: section "Types" of docs/language.md.
#include "frontend/Checker.h"

namespace attn::sema {

using ast::Operator;

std::string Checker::lengthName(int64_t length) const {
  for (const core::Constant &constant : program.constants)
    if (constant.isLength && static_cast<int64_t>(constant.value) == length)
      return constant.name;
  return std::to_string(length);
}

/// What messages call a type, without an article for lengths: "a vector of D".
std::string Checker::typeName(const core::Type &type) const {
  if (type.shape.size() == 1)
    return "a vector of " + lengthName(type.shape[0]);
  if (type.shape.size() == 2)
    return "a matrix of " + lengthName(type.shape[0]) + " x " + lengthName(type.shape[1]);
  switch (type.base) {
  case Base::Bool: return "true or false";
  case Base::Int: return "an integer";
  case Base::Real: return "a number";
  }
  return "";
}

std::string Checker::typeName(const Value &v) const { return v.isSet() ? setName(v.setOf) : typeName(v.type()); }

Value Checker::toReal(const Value &v) {
  if (v.type().base == Base::Real)
    return v;
  auto expr = std::make_shared<core::Expr>();
  expr->op = Op::ToReal;
  expr->type = {Base::Real, v.type().shape};
  expr->span = v.expr->span;
  expr->inner = v.expr->inner;
  expr->args = {v.expr};
  Value result = v;
  result.expr = fold(std::move(expr));
  result.kind = plain;
  result.literal = false;
  return result;
}

Value Checker::splat(const Value &v, const core::Type &type) {
  if (!v.type().isScalar() || type.isScalar())
    return v;
  auto expr = std::make_shared<core::Expr>();
  expr->op = Op::Splat;
  expr->type = {v.type().base, type.shape};
  expr->span = v.expr->span;
  expr->inner = v.expr->inner;
  expr->args = {v.expr};
  Value result = v;
  result.expr = expr;
  return result;
}

//===----------------------------------------------------------------------===//
// What an operand must be
//===----------------------------------------------------------------------===//

/// Numbers, vectors and matrices of numbers.
bool Checker::needNumeric(const EnvPtr &env, const Value &v, const std::string &who) {
  if (v.type().base != Base::Bool)
    return true;
  error(*env, v, "`" + who + "` needs numbers")
      .mark("this is " + typeName(v))
      .suggest("write `if ... then ... else ...`");
  return false;
}

bool Checker::needNumber(const EnvPtr &env, const Value &v) {
  if (v.isNumber())
    return true;
  Diagnostic &d = error(*env, v, "expected a number").mark("this is " + typeName(v));
  if (v.type().shape.size() == 1)
    d.suggest("`dot(a, b)` makes a number of two vectors");
  else if (v.isBool())
    d.suggest("write `if ... then ... else ...`");
  return false;
}

bool Checker::needInt(const EnvPtr &env, const Value &v, const ast::Expr *source) {
  if (v.isInt())
    return true;
  Diagnostic &d = error(*env, v, "expected an integer").mark("this is " + typeName(v));
  if (source && source->kind == ast::ExprKind::Binary && source->op == Operator::Divide)
    d.suggest("`/` divides numbers; `//` divides integers");
  else if (v.isReal())
    d.suggest("`floor(x)` is the largest integer below a number");
  return false;
}

bool Checker::needBool(const EnvPtr &env, const Value &v) {
  if (v.isBool())
    return true;
  Diagnostic &d = error(*env, v, "expected true or false").mark("this is " + typeName(v));
  if (v.isNumber())
    d.suggest("compare it: `... > 0`");
  return false;
}

bool Checker::needVector(const EnvPtr &env, const Value &v) {
  if (v.type().shape.size() == 1 && v.type().base != Base::Bool)
    return true;
  error(*env, v, "expected a vector").mark("this is " + typeName(v));
  return false;
}

bool Checker::unify(const EnvPtr &env, Span where, const std::string &who, Value &a, Value &b) {
  if (a.setOf != b.setOf) {
    error(*env, where, who + " of different types").mark("one is " + typeName(a) + ", the other " + typeName(b));
    return false;
  }
  if (a.type().base != b.type().base) {
    if (a.type().base == Base::Bool || b.type().base == Base::Bool) {
      const Value &truth = a.type().base == Base::Bool ? a : b;
      const Value &other = a.type().base == Base::Bool ? b : a;
      error(*env, where, who + " of different types")
          .mark("one is " + typeName(truth) + ", the other " + typeName(other));
      return false;
    }
    a = toReal(a);
    b = toReal(b);
  }
  if (a.type().isScalar())
    a = splat(a, b.type());
  else if (b.type().isScalar())
    b = splat(b, a.type());
  if (a.type().shape == b.type().shape)
    return true;
  error(*env, where, who + " of different lengths")
      .mark("one is " + typeName(a) + ", the other " + typeName(b));
  return false;
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

Value Checker::arithmetic(const EnvPtr &env, const ast::Expr &at, Operator op, Value a, Value b) {
  if (!a || !b)
    return {};
  std::string sign = ast::spelling(op);
  if (!needNumeric(env, a, sign) || !needNumeric(env, b, sign))
    return {};
  int kind = plain;
  if (op == Operator::FloorDivide || op == Operator::Modulo) {
    if (!needInt(env, a, at.operands[0].get()) || !needInt(env, b, at.operands[1].get()))
      return {};
  } else if ((op == Operator::Add || op == Operator::Subtract) && a.isInt() && b.isInt()) {
    if (!meets(a.kind, b.kind)) { // [I8]
      error(*env, at.span, std::string(op == Operator::Add ? "sum" : "difference") + " of two kinds of indices")
          .note("`" + text(*at.operands[0]) + "` is " + kindName(a.kind) + "; `" + text(*at.operands[1]) + "` is " +
                kindName(b.kind));
      return {};
    }
    if (b.literal)
      kind = a.kind;
    else if (a.literal && op == Operator::Add)
      kind = b.kind;
  }
  if (op == Operator::Divide || !a.type().isScalar() || !b.type().isScalar())
    a = toReal(a), b = toReal(b);
  if (!unify(env, at.span, "`" + sign + "`", a, b))
    return {};
  Op code = Op::Add;
  switch (op) {
  case Operator::Subtract: code = Op::Sub; break;
  case Operator::Multiply: code = Op::Mul; break;
  case Operator::Divide: code = Op::Div; break;
  case Operator::FloorDivide: code = Op::FloorDiv; break;
  case Operator::Modulo: code = Op::Mod; break;
  default: break;
  }
  return valueOf(*env, at, node(*env, at.span, code, a.type(), {a.expr, b.expr}), kind);
}

Value Checker::power(const EnvPtr &env, const ast::Expr &at, Value a, Value b) {
  if (!a || !b || !needNumeric(env, a, "^") || !needNumeric(env, b, "^"))
    return {};
  // An integer to a literal power is an integer, any other power a number [S5].
  if (a.isInt() && b.isInt() && b.literal && b.expr->integer >= 0)
    return valueOf(*env, at, node(*env, at.span, Op::IntPow, a.type(), {a.expr, b.expr}));
  a = toReal(a), b = toReal(b);
  if (!unify(env, at.span, "`^`", a, b))
    return {};
  return valueOf(*env, at, node(*env, at.span, Op::Pow, a.type(), {a.expr, b.expr}));
}

Value Checker::apply(const EnvPtr &env, const ast::Expr &at, Value a, Value b) {
  if (!a || !b)
    return {};
  if (a.type().shape.size() != 2 || a.type().base == Base::Bool) {
    error(*env, a, "expected a matrix").mark("this is " + typeName(a));
    return {};
  }
  if (!needVector(env, b))
    return {};
  if (a.type().shape[1] != b.type().shape[0]) {
    error(*env, at.span, "`@` of different lengths")
        .mark("the matrix has " + lengthName(a.type().shape[1]) + " columns, the vector " +
              lengthName(b.type().shape[0]) + " components");
    return {};
  }
  a = toReal(a), b = toReal(b);
  return valueOf(*env, at, node(*env, at.span, Op::MatVec, {Base::Real, {a.type().shape[0]}}, {a.expr, b.expr}));
}

Value Checker::compare(const EnvPtr &env, const ast::Expr &at, Operator op, Value a, Value b) {
  if (!a || !b)
    return {};
  bool equality = op == Operator::Equal || op == Operator::NotEqual;
  for (const Value *v : {&a, &b})
    if (!v->type().isScalar()) {
      error(*env, *v, "`" + std::string(ast::spelling(op)) + "` compares numbers")
          .mark("this is " + typeName(*v));
      return {};
    }
  if (equality && a.isBool() != b.isBool() && !a.isSet() && !b.isSet()) {
    const Value &truth = a.isBool() ? a : b;
    error(*env, truth, "`" + std::string(ast::spelling(op)) + "` compares values of one type")
        .mark("this is true or false")
        .suggest("it is a condition by itself");
    return {};
  }
  if (!(equality && a.isBool()))
    if (!needNumeric(env, a, ast::spelling(op)) || !needNumeric(env, b, ast::spelling(op)))
      return {};
  if (!meets(a.kind, b.kind)) { // [I8]
    Diagnostic &d = error(*env, bare(at), "comparison of two kinds of indices")
                        .note("`" + text(a.inner.value_or(a.span)) + "` is " + kindName(a.kind) + "; `" +
                              text(b.inner.value_or(b.span)) + "` is " + kindName(b.kind));
    const Value &whole = isClass(a.kind) && classOfValue(a.kind, b) ? a : b, &part = &whole == &a ? b : a;
    if (isClass(whole.kind) && classOfValue(whole.kind, part))
      d.suggest("write `" + indexName(whole.kind) + "(" + text(part.inner.value_or(part.span)) + ")`");
    return {};
  }
  if (!unify(env, at.span, "`" + std::string(ast::spelling(op)) + "`", a, b))
    return {};
  if (op == Operator::Greater || op == Operator::GreaterEqual)
    std::swap(a, b);
  Op code = op == Operator::Equal      ? Op::Eq
            : op == Operator::NotEqual ? Op::Ne
            : op == Operator::Less || op == Operator::Greater ? Op::Lt
                                                              : Op::Le;
  return valueOf(*env, at, node(*env, at.span, code, {Base::Bool, {}}, {a.expr, b.expr}));
}

/// An integer that must be known when the pattern is built: lengths, slices.
std::optional<int64_t> Checker::constantInt(const EnvPtr &env, const ast::Expr &expr) {
  Value v = expression(env, expr);
  if (!v || !needInt(env, v, &expr))
    return std::nullopt;
  if (v.expr->op == Op::Int)
    return v.expr->integer;
  const core::Expr *culprit = nullptr;
  core::walk(*v.expr, [&](const core::Expr &e) {
    bool data = e.op == Op::Tensor || e.op == Op::Member || e.op == Op::Let || e.op == Op::Branch || e.op == Op::Stage || e.op == Op::Score;
    if (!culprit && (data || (e.args.empty() && e.op != Op::Int)))
      culprit = &e;
    return !culprit;
  });
  if (!culprit)
    culprit = v.expr.get();
  if (culprit->op == Op::Param && !notConstant.insert(culprit->id).second)
    return std::nullopt; // said once
  Diagnostic &d = error(*env, culprit->inner.value_or(culprit->span), "a vector length must be known at compile time");
  if (culprit->op == Op::Param) {
    const std::string &name = program.params[culprit->id].name;
    d.mark("`" + name + "` is chosen at run time").suggest("declare it `const " + name + ": int`");
  } else if (culprit->op == Op::Extent) {
    d.mark("`" + program.axes[culprit->id].name + "` is a matter of each call");
  } else if (culprit->op == Op::Var) {
    d.mark("`" + program.variables[culprit->id].name + "` is an index");
  } else {
    d.mark("this depends on data");
  }
  return std::nullopt;
}

} // namespace attn::sema
