// Expressions: what each form of the grammar means.
#include "frontend/Checker.h"

namespace attn::sema {

using ast::ExprKind;
using ast::Operator;

// Formulas are put in as text, so a short program can mean a huge one; and an
// operator chain is as deep as it is long. Both are bounded, so that no input
// exhausts memory or the stack.
constexpr unsigned maxDepth = 1000;
constexpr unsigned maxParts = 200000;

Value Checker::expression(const EnvPtr &env, const ast::Expr &expr) {
  ++parts;
  if (tooLarge(*env, expr.span))
    return {};
  if (depth >= maxDepth) {
    if (!tooDeep)
      error(*env, expr.span, "this expression is nested too deeply").mark("give a part of it a name with `def` or `let`");
    tooDeep = true;
    return {};
  }
  ++depth;
  Value result = dispatch(env, expr);
  --depth;
  return result;
}

/// Counts the parts of what is copied.
bool Checker::copies(const Env &env, Span written, const core::Expr &expr) {
  core::walk(expr, [&](const core::Expr &) { return ++parts <= maxParts; });
  return !tooLarge(env, written);
}

bool Checker::tooLarge(const Env &env, Span written) {
  if (parts <= maxParts)
    return false;
  if (!saidTooLarge)
    error(env, written, "this pattern is too large")
        .mark("with all formulas put in, it has more than " + std::to_string(maxParts) + " parts");
  saidTooLarge = true;
  return true;
}

Value Checker::dispatch(const EnvPtr &env, const ast::Expr &expr) {
  switch (expr.kind) {
  case ExprKind::Integer: {
    Value v = valueOf(*env, expr, intNode(expr.integer, place(*env, expr.span)));
    v.literal = true;
    return v;
  }
  case ExprKind::Real: return valueOf(*env, expr, realNode(expr.real, place(*env, expr.span)));
  case ExprKind::Truth: return valueOf(*env, expr, boolNode(expr.truth, place(*env, expr.span)));
  case ExprKind::Name: return name(env, expr);
  case ExprKind::Field:
  case ExprKind::Subscript: return subscript(env, expr);
  case ExprKind::Call: return call(env, expr);
  case ExprKind::Tuple:
    error(*env, expr.span, "a tuple is no value").mark("it may stand before `in` only"); // [I4]
    return {};
  case ExprKind::Negate: {
    Value v = expression(env, *expr.operands[0]);
    if (!v || !needNumeric(env, v, "-"))
      return {};
    Value result = valueOf(*env, expr, node(*env, expr.span, Op::Neg, v.type(), {v.expr}));
    result.literal = v.literal;
    return result;
  }
  case ExprKind::Not:
  case ExprKind::Binary: return expr.kind == ExprKind::Not ? logical(env, expr) : binary(env, expr);
  case ExprKind::Chain: return chain(env, expr);
  case ExprKind::Member: return member(env, expr);
  case ExprKind::If: return conditional(env, expr);
  }
  return {};
}

Value Checker::logical(const EnvPtr &env, const ast::Expr &expr) {
  std::vector<ExprPtr> args;
  bool ok = true;
  for (const ast::ExprPtr &operand : expr.operands) {
    Value v = expression(env, *operand);
    ok &= v && needBool(env, v);
    args.push_back(v.expr);
  }
  if (!ok)
    return {};
  Op op = expr.kind == ExprKind::Not ? Op::Not : expr.op == Operator::And ? Op::And : Op::Or;
  return valueOf(*env, expr, node(*env, expr.span, op, {Base::Bool, {}}, args));
}

Value Checker::binary(const EnvPtr &env, const ast::Expr &expr) {
  if (expr.op == Operator::And || expr.op == Operator::Or)
    return logical(env, expr);
  if (expr.op == Operator::Divide)
    return divide(env, expr);
  Value a = expression(env, *expr.operands[0]);
  Value b = expression(env, *expr.operands[1]);
  if (expr.op == Operator::Power)
    return power(env, expr, a, b);
  if (expr.op == Operator::Apply)
    return apply(env, expr, a, b);
  return arithmetic(env, expr, expr.op, a, b);
}

// [D10]: in the right operand a bare `sum` is the row sum of the left one.
Value Checker::divide(const EnvPtr &env, const ast::Expr &expr) {
  Value a = expression(env, *expr.operands[0]);
  auto below = std::make_shared<Env>(*env);
  below->belowLine = true;
  below->numerator = a ? a.expr : nullptr;
  Value b = expression(below, *expr.operands[1]);
  return arithmetic(env, expr, Operator::Divide, a, b);
}

Value Checker::rowSum(const EnvPtr &env, const ast::Expr &expr) {
  if (!env->belowLine) {
    error(*env, expr.span, "`sum` alone is the row sum of a numerator")
        .mark("write it below the line: `weights NUM / sum`");
    return {};
  }
  if (env->rule != Rule::Weights) {
    error(*env, expr.span, "`sum` alone means something in `weights` only")
        .mark("there it is the row sum of a numerator")
        .suggest("`sum(... for x in ...)` is a sum over an index");
    return {};
  }
  if (!env->numerator)
    return {};
  if (!env->numerator->type.isScalar() || env->numerator->type.base == Base::Bool) {
    error(*env, expr.span, "`sum` of " + typeName(env->numerator->type)).mark("a numerator must be a number");
    return {};
  }
  if (!copies(*env, expr.span, *env->numerator))
    return {};
  int key = program.branches[env->branch].key;
  int other = addVariable(program.variables[key].name + "'", program.variables[key].axis);
  auto result = std::make_shared<core::Expr>();
  result->op = Op::Aggregate;
  result->aggregate = core::AggregateKind::Sum;
  result->span = place(*env, expr.span);
  if (env->use)
    result->inner = expr.span;
  Value numerator = toReal(value(env->numerator, env->numerator->span));
  result->type = {Base::Real, {}};
  result->args = {core::substitute(numerator.expr, {{key, varNode(other, result->span)}})};
  result->variables = {other};
  result->ranges = {{core::Range::Row, nullptr, nullptr}};
  return valueOf(*env, expr, result);
}

Value Checker::chain(const EnvPtr &env, const ast::Expr &expr) {
  std::vector<Value> operands;
  for (const ast::ExprPtr &operand : expr.operands)
    operands.push_back(expression(env, *operand));
  Value result;
  bool ok = true;
  for (size_t k = 0; k < expr.ops.size(); ++k) {
    Value link = compare(env, expr, expr.ops[k], operands[k], operands[k + 1]);
    ok &= bool(link);
    if (!ok)
      continue;
    result = k == 0 ? link
                    : valueOf(*env, expr,
                              node(*env, expr.span, Op::And, {Base::Bool, {}}, {result.expr, link.expr}));
  }
  return ok ? result : Value();
}

// `x in lo .. hi`; all other sets belong to later stages.
Value Checker::member(const EnvPtr &env, const ast::Expr &expr) {
  if (expr.operands.size() < 3) {
    const ast::Expr &set = *expr.operands[1];
    const ast::Expr *field = set.kind == ExprKind::Subscript ? set.operands[0].get() : nullptr;
    if (field && field->kind == ExprKind::Field && field->field.text == "row") {
      const Symbol *symbol = lookup(*env, field->name.text);
      if (symbol && symbol->kind == Symbol::Branch && symbol->id < 0)
        return rowMember(env, expr, *field, set.items);
    }
    return memberOfSet(env, expr);
  }
  Value x = expression(env, *expr.operands[0]);
  Value lo = expression(env, *expr.operands[1]);
  Value hi = expression(env, *expr.operands[2]);
  if (!x || !lo || !hi || !needInt(env, x, expr.operands[0].get()) || !needInt(env, lo, expr.operands[1].get()) ||
      !needInt(env, hi, expr.operands[2].get()))
    return {};
  for (const Value *end : {&lo, &hi})
    if (!meets(x.kind, end->kind)) { // [I8]
      error(*env, bare(expr), "comparison of two kinds of indices")
          .note("`" + text(*expr.operands[0]) + "` is " + kindName(x.kind) + "; `" +
                text(*expr.operands[end == &lo ? 1 : 2]) + "` is " + kindName(end->kind));
      return {};
    }
  core::Type truth{Base::Bool, {}};
  ExprPtr above = node(*env, expr.span, Op::Le, truth, {lo.expr, x.expr});
  ExprPtr below = node(*env, expr.span, Op::Lt, truth, {x.expr, hi.expr});
  return valueOf(*env, expr, node(*env, expr.span, Op::And, truth, {above, below}));
}

/// `x in o.row[i]`: the mask of the result at that row and key [D8]. Outside
/// the rows and keys there are no members [S6].
Value Checker::rowMember(const EnvPtr &env, const ast::Expr &expr, const ast::Expr &field,
                         const std::vector<ast::Item> &items) {
  Value x = expression(env, *expr.operands[0]);
  if (!requireBranch(env, *lookup(*env, field.name.text), expr.operands[1]->span))
    return {};
  auto args = indices(env, *expr.operands[1], field.name.text + ".row",
                      {core::AxisB, core::AxisH, core::AxisN}, &items, env);
  if (!x || !args || !needInt(env, x, expr.operands[0].get()))
    return {};
  if (!fits(x.kind, core::AxisM)) {
    error(*env, x, "`" + field.name.text + ".row` holds keys").mark("this is " + kindName(x.kind));
    return {};
  }
  const core::Branch &branch = program.branches[mainRules.branch];
  if (!copies(*env, expr.span, *branch.mask))
    return {};
  ExprPtr row = (*args)[2];
  ExprPtr seen = core::substitute(branch.mask, {{branch.variables[0], (*args)[0]},
                                                {branch.variables[1], (*args)[1]},
                                                {branch.variables[2], row},
                                                {branch.key, x.expr}});
  core::Type truth{Base::Bool, {}}, integer{Base::Int, {}};
  auto leaf = [&](Op op, int id) {
    auto e = std::make_shared<core::Expr>();
    e->op = op;
    e->type = integer;
    e->id = id;
    e->span = place(*env, expr.span);
    return ExprPtr(e);
  };
  ExprPtr offset = leaf(Op::Param, predeclaredOffset());
  ExprPtr end = node(*env, expr.span, Op::Add, integer, {offset, leaf(Op::Extent, core::AxisN)});
  auto both = [&](ExprPtr a, ExprPtr b) { return node(*env, expr.span, Op::And, truth, {a, b}); };
  auto within = [&](ExprPtr lo, ExprPtr v, ExprPtr hi) {
    return both(node(*env, expr.span, Op::Le, truth, {lo, v}), node(*env, expr.span, Op::Lt, truth, {v, hi}));
  };
  ExprPtr keys = within(intNode(0, place(*env, expr.span)), x.expr, leaf(Op::Extent, core::AxisM));
  return valueOf(*env, expr, both(both(within(offset, row, end), keys), seen));
}

Value Checker::conditional(const EnvPtr &env, const ast::Expr &expr) {
  Value condition = expression(env, *expr.operands[0]);
  Value a = expression(env, *expr.operands[1]);
  Value b = expression(env, *expr.operands[2]);
  if (!condition || !needBool(env, condition) || !a || !b)
    return {};
  int kind = a.kind == b.kind ? a.kind : plain;
  if (!unify(env, bare(expr), "`if`", a, b))
    return {};
  Value result = valueOf(*env, expr, node(*env, expr.span, Op::If, a.type(), {condition.expr, a.expr, b.expr}), kind);
  result.setOf = a.setOf;
  return result;
}

} // namespace attn::sema
