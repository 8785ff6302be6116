// Branches and their joining: [D7] and [D11] of docs/language.md.
// Names, kinds and types are checked here; what they compute is not yet there.
#include "frontend/Checker.h"

namespace attn::sema {

using ast::ClauseKind;

void Checker::branch(const ast::Clause &clause) {
  later(clause.span, "`branch`");
  if (clause.entries.empty())
    return;
  ast::Entry entry = clause.entries[0];
  bool free = mayDefine(patternScope, entry.name);
  auto finish = [&](Symbol symbol) {
    if (free)
      define(patternScope, entry.name, symbol);
  };
  if (!clause.hasBody) { // another pattern's main output [D14]
    bool found = false;
    for (const ast::Pattern &pattern : file.patterns)
      found |= pattern.name.text == clause.pattern.text;
    if (!found)
      error(clause.pattern.span, "unknown pattern `" + clause.pattern.text + "`");
    return finish(Symbol());
  }
  ast::Name row, key = clause.over;
  row.text = "i";
  row.span = entry.span;
  if (!entry.bracketed)
    entry.indices = {row};
  if (!key)
    key.text = "j", key.span = entry.span;
  std::vector<int> variables;
  bool listed = false;
  std::shared_ptr<Env> env = leftSide(entry, variables, listed);
  if (!env)
    return finish(Symbol());
  std::optional<int> axis = indexAxis(*env, key.text);
  if (const Symbol *symbol = lookup(*env, key.text); symbol && symbol->kind == Symbol::Broken)
    return finish(Symbol());
  if (!axis || env->bound.count(key.text)) {
    Diagnostic &d = error(key.span, axis ? "`" + key.text + "` is already bound" : "unknown index `" + key.text + "`");
    if (axis)
      d.mark("write `" + key.text + "'`, or other rows: `" + entry.name.text + "[...] over " + key.text + "`");
    return finish(Symbol());
  }
  auto scope = std::make_unique<Scope>();
  scope->parent = &patternScope;
  Rules rules;
  rules.scope = scope.get();
  branchScopes.push_back(std::move(scope));
  rules.branch = program.branches.size();
  core::Branch made;
  made.name = entry.name.text;
  made.variables = variables;
  made.key = addVariable(key.text, *axis);
  made.span = made.maskSpan = made.scoreSpan = made.weightsSpan = made.valueSpan = entry.name.span;
  env->bound[key.text] = made.key;
  rules.base = env;
  program.branches.push_back(made);
  for (const ast::Clause &part : clause.body) {
    if (part.kind == ClauseKind::Def)
      defineFormula(*rules.scope, part);
    else
      element(rules, part);
  }
  closeRules(rules, clause.span);
  Symbol symbol;
  if (!rules.failed) {
    core::Branch &branch = branchOf(rules);
    auto all = std::make_shared<core::Expr>();
    all->op = Op::And;
    all->args = {branch.mask, branch.score};
    if (branch.value)
      all->args.push_back(branch.value);
    for (const core::Stage &stage : branch.weights)
      all->args.push_back(stage.body);
    ExprPtr body = all;
    if (closeOver(entry, entry.name.text, variables, listed, body)) {
      symbol.kind = Symbol::Branch;
      symbol.id = rules.branch;
      branch.variables = variables;
    }
  }
  finish(symbol);
}

/// `merge(a, b, ..)` and `merge(r[t] for t)`: of one sort of weights.
Value Checker::merge(const EnvPtr &env, const ast::Expr &expr) {
  auto inner = std::make_shared<Env>(*env);
  core::Expr range;
  for (const ast::Binder &b : expr.binders)
    if (!binder(inner, b, range))
      return {};
  if (expr.condition) {
    Value condition = expression(inner, *expr.condition);
    if (!condition || !needBool(inner, condition))
      return {};
  }
  if (expr.operands.size() < (expr.binders.empty() ? 2 : 1)) {
    error(*env, expr.span, "`merge` joins results").mark(std::to_string(expr.operands.size()) + " given")
        .suggest("`merge(a[i], b[i])`, or `merge(r[t, i] for t)`");
    return {};
  }
  std::vector<Value> parts;
  bool ok = true;
  for (const ast::ExprPtr &operand : expr.operands) {
    Value v = expression(inner, *operand);
    ok &= bool(v);
    if (v && v.result == Value::NoResult) {
      error(*env, v, "`merge` joins results").mark("this is " + typeName(v));
      ok = false;
    }
    parts.push_back(v);
  }
  if (!ok)
    return {};
  for (Value &part : parts) {
    if (part.result != parts[0].result) {
      std::string sum;
      for (const ast::ExprPtr &operand : expr.operands)
        sum += (sum.empty() ? "" : " + ") + text(*operand);
      error(*env, expr.span, "`merge` of different kinds of weights")
          .note("one result is divided by a row sum, another is not")
          .suggest("add them: `" + sum + "`");
      return {};
    }
    if (!unify(env, expr.span, "`merge`", parts[0], part))
      return {};
  }
  later(*env, expr.span, "`merge`");
  Value v = valueOf(*env, expr, parts[0].expr);
  v.result = parts[0].result;
  return v;
}

} // namespace attn::sema
