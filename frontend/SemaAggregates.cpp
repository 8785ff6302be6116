// Aggregates: [D5] and their price, [P2], of docs/language.md.
#include "frontend/Checker.h"

namespace attn::sema {

using core::AggregateKind;

static const std::map<std::string, AggregateKind> aggregates = {
    {"sum", AggregateKind::Sum}, {"mean", AggregateKind::Mean},   {"max", AggregateKind::Max},
    {"min", AggregateKind::Min}, {"any", AggregateKind::Any},     {"all", AggregateKind::All},
    {"count", AggregateKind::Count}, {"argmax", AggregateKind::ArgMax},
};

bool Checker::isAggregate(const std::string &name) const { return aggregates.count(name) != 0; }

Value Checker::aggregate(const EnvPtr &env, const ast::Expr &expr) {
  const std::string &name = expr.name.text;
  if (expr.binders.empty()) {
    Diagnostic &d = error(*env, expr.span, "`" + name + "` has nothing to range over").mark("add `for` and an index");
    if (!expr.operands.empty())
      d.suggest("`" + name + "(" + text(*expr.operands[0]) + " for j in ...)`");
    return {};
  }
  auto result = std::make_shared<core::Expr>();
  result->op = Op::Aggregate;
  result->aggregate = aggregates.at(name);
  result->span = place(*env, expr.span);
  if (env->use)
    result->inner = expr.span;
  bool counts = result->aggregate == AggregateKind::Count;
  if (expr.operands.size() > 1 || (expr.operands.empty() && !counts)) {
    error(*env, expr.span, "`" + name + "` takes one expression")
        .mark(std::to_string(expr.operands.size()) + " given")
        .suggest("`" + name + "(e for x in ... where ...)`");
    return {};
  }
  auto inner = std::make_shared<Env>(*env);
  bool ok = true;
  for (const ast::Binder &b : expr.binders)
    ok &= binder(inner, b, *result);
  if (!ok)
    return {};
  if (expr.condition) {
    Value condition = expression(inner, *expr.condition);
    ok &= condition && needBool(inner, condition);
    result->condition = condition.expr;
  }
  Value body;
  if (!expr.operands.empty()) {
    body = expression(inner, *expr.operands[0]);
    ok &= bool(body);
  }
  return ok ? finishAggregate(env, inner, expr, result, body) : Value();
}

/// Binds one variable and says what it ranges over.
bool Checker::binder(std::shared_ptr<Env> &inner, const ast::Binder &binder, core::Expr &result) {
  const std::string &name = binder.name.text;
  std::optional<int> axis = indexAxis(*inner, name);
  if (const Symbol *symbol = lookup(*inner, name); symbol && symbol->kind == Symbol::Broken)
    return false;
  if (inner->bound.count(name) || inner->locals.count(name)) { // [I5]
    error(*inner, binder.name.span, "`" + name + "` is already bound")
        .mark(axis ? "write `" + name + "'` to range over it" : "choose another name");
    return false;
  }
  if (axis == core::AxisB) {
    error(*inner, binder.name.span, "batch entries never mix").mark("`b` is always the current one");
    return false;
  }
  core::Range range;
  bool row = binder.set && !binder.rangeEnd && binder.set->kind == ast::ExprKind::Name && binder.set->name.text == "row";
  if (!axis && !binder.rangeEnd) {
    Diagnostic &d = error(*inner, binder.name.span, "unknown index `" + name + "`");
    if (row)
      d.mark("write `j'`: `row` holds keys");
    else
      d.mark("a new name needs a range: `" + name + " in lo .. hi`");
    return false;
  }
  if (!axis) {
    const Symbol *other = lookup(*inner, name);
    bool own = other && patternScope.names.count(name);
    if (name.find('\'') != std::string::npos) {
      error(*inner, binder.name.span, "unknown index `" + name + "`").mark("a new name has no `'`");
      return false;
    }
    if (own || inner->actuals.count(name)) {
      error(*inner, binder.name.span, "`" + name + "` would hide another name").mark("choose another name");
      return false;
    }
  }
  if (row) {
    int keys = inner->branch < 0 ? int(core::AxisM) : program.variables[program.branches[inner->branch].key].axis;
    if (*axis != keys) {
      error(*inner, binder.name.span, "`row` holds keys")
          .mark("`" + name + "` is " + kindName(*axis) + "; write `" + indexName(keys) + "'`");
      return false;
    }
    if (inner->rule == Rule::None || inner->rule == Rule::Mask) {
      error(*inner, binder.set->span, "`row` is the set of keys that a row sees")
          .mark(inner->rule == Rule::Mask ? "the mask decides that: it cannot ask for it"
                                          : "it is known in `score`, `weights` and `value` only");
      return false;
    }
    range.kind = core::Range::Row;
  } else if (binder.rangeEnd) {
    range.kind = core::Range::Interval;
    Value lo = expression(inner, *binder.set), hi = expression(inner, *binder.rangeEnd);
    if (!lo || !hi || !needInt(inner, lo, binder.set.get()) || !needInt(inner, hi, binder.rangeEnd.get()))
      return false;
    for (const Value *end : {&lo, &hi})
      if (axis && !meets(end->kind, *axis)) { // [I8]
        error(*inner, *end, "`" + name + "` ranges over another kind of index")
            .mark("this is " + kindName(end->kind))
            .note("`" + name + "` is " + kindName(*axis));
        return false;
      }
    range.lo = lo.expr, range.hi = hi.expr;
  } else if (binder.set) {
    if (!rangesOver(inner, binder, *axis))
      return false;
    later(*inner, binder.span, "a range over a class or a set");
  } else if (axis && classes.count(*axis)) {
    later(*inner, binder.span, "a range over classes");
  }
  if (axis && (*axis == core::AxisH || *axis == core::AxisG))
    later(*inner, binder.span, "a range over heads");
  int variable = addVariable(name, axis.value_or(-1));
  if (binder.set && !binder.rangeEnd && !row)
    members.insert(variable);
  result.variables.push_back(variable);
  result.ranges.push_back(range);
  (axis ? inner->bound : inner->locals)[name] = variable;
  inner->swept |= axis == core::AxisN || axis == core::AxisM;
  return true;
}

Value Checker::finishAggregate(const EnvPtr &env, const EnvPtr &inner, const ast::Expr &expr,
                               std::shared_ptr<core::Expr> result, Value body) {
  int kind = plain;
  switch (result->aggregate) {
  case AggregateKind::Sum:
  case AggregateKind::Mean:
  case AggregateKind::Max:
  case AggregateKind::Min:
    if (!needNumeric(inner, body, expr.name.text))
      return {};
    if (result->aggregate == AggregateKind::Mean)
      body = toReal(body);
    if (result->aggregate == AggregateKind::Max || result->aggregate == AggregateKind::Min)
      kind = body.kind;
    result->type = body.type();
    break;
  case AggregateKind::Any:
  case AggregateKind::All:
    if (!needBool(inner, body))
      return {};
    result->type = {Base::Bool, {}};
    break;
  case AggregateKind::Count:
    result->type = {Base::Int, {}};
    if (!body)
      break;
    if (!needBool(inner, body))
      return {};
    result->condition =
        result->condition
            ? node(*env, expr.span, Op::And, {Base::Bool, {}}, {result->condition, body.expr})
            : body.expr;
    break;
  case AggregateKind::ArgMax:
    if (!needNumber(inner, body))
      return {};
    if (result->variables.size() != 1) {
      error(*env, expr.span, "`argmax` ranges over one index").mark(std::to_string(result->variables.size()) + " given");
      return {};
    }
    body = toReal(body);
    result->type = {Base::Int, {}};
    kind = program.variables[result->variables[0]].axis;
    break;
  }
  if (result->aggregate != AggregateKind::Count)
    result->args = {body.expr};
  return affordable(env, expr, *result) ? valueOf(*env, expr, result, kind) : Value();
}

/// The ends of a range that every call can bound by itself: parameters and
/// constants, not tokens.
static bool boundedByCall(const core::Expr &end) {
  bool ok = true;
  core::walk(end, [&](const core::Expr &e) {
    bool leaf = e.args.empty();
    bool tokens = e.op == Op::Extent && (e.id == core::AxisN || e.id == core::AxisM);
    ok &= !leaf || (!tokens && (e.op == Op::Int || e.op == Op::Real || e.op == Op::Bool || e.op == Op::Param ||
                                e.op == Op::Extent));
    return ok;
  });
  return ok;
}

static const char *ruleName(Rule rule) {
  switch (rule) {
  case Rule::Mask: return "this mask costs";
  case Rule::Score: return "this score costs";
  case Rule::Weights: return "these weights cost";
  case Rule::Value: return "this value costs";
  case Rule::None: break;
  }
  return "";
}

/// Element rules run once per row and key, so what they range over is small
/// [P2]; anything over rows or keys outside them is a sweep of its own.
bool Checker::affordable(const EnvPtr &env, const ast::Expr &expr, const core::Expr &result) {
  bool tokens = false, overRow = false;
  for (size_t k = 0; k < result.variables.size(); ++k) {
    int axis = program.variables[result.variables[k]].axis;
    const core::Range &range = result.ranges[k];
    if (range.kind == core::Range::Row)
      overRow = true;
    else if (members.count(result.variables[k]))
      continue;
    else if (axis == core::AxisN || axis == core::AxisM)
      tokens = true;
    else if (range.kind == core::Range::Interval && env->rule != Rule::None && axis < 0)
      tokens |= !boundedByCall(*range.lo) || !boundedByCall(*range.hi);
  }
  if (env->rule == Rule::None) {
    if (tokens)
      later(*env, expr.span, "an aggregate over rows or keys outside the rules of a result");
    return true;
  }
  const core::Branch &branch = program.branches[env->branch];
  int row = branch.variables.empty() ? -1 : branch.variables.back();
  if (tokens) {
    Diagnostic &d = error(*env, expr.span, std::string(ruleName(env->rule)) + " N x M x M")
                        .note("an aggregate inside an element rule may range over a class, a set, `row`, or a range "
                              "known at compile time");
    bool words = false;
    core::walk(result, [&](const core::Expr &e) { return !(words |= e.op == Op::Score || e.op == Op::Stage); });
    if (words) {
      d.suggest("the keys that the row sees are `row`: `for j' in row`");
      return false;
    }
    bool byRow = core::mentions(result, row), byKey = core::mentions(result, branch.key);
    if (!env->use && !(byRow && byKey))
      d.suggest(byKey   ? "it does not depend on i; name it: `let t[j] = " + text(expr) + "`"
                : byRow ? "it does not depend on j; name it: `let t[i] = " + text(expr) + "`"
                        : "it depends on neither i nor j; name it: `let t = " + text(expr) + "`");
    return false;
  }
  if (!overRow)
    return true;
  if (env->rule != Rule::Weights) {
    later(*env, expr.span, "a range over `row` outside `weights`");
    return true;
  }
  if (result.condition && core::mentions(*result.condition, branch.key)) {
    later(*env, expr.span, "a row sum by groups of keys");
    return true;
  }
  if (core::mentions(result, branch.key)) {
    error(*env, expr.span, "this row sum would be taken anew for every key")
        .mark("it depends on j")
        .suggest("`s[j']` and `a[j']` read the key that it ranges over");
    return false;
  }
  return true;
}

} // namespace attn::sema
