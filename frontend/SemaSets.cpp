// Classes, sets and branches: [I2], [I4], [D6], [D7], [D11] of docs/language.md.
// Names, kinds and types are checked here; what they compute is not yet there.
#include "frontend/Checker.h"

namespace attn::sema {

using ast::ClauseKind;
using ast::ExprKind;

//===----------------------------------------------------------------------===//
// Indices [I2, I4]
//===----------------------------------------------------------------------===//

void Checker::indexClause(const ast::Clause &clause) {
  if (clause.entries.empty() || !clause.value)
    return;
  const ast::Name &name = clause.entries[0].name;
  bool free = mayDefine(patternScope, name);
  int axis = program.axes.size();
  program.axes.push_back({name.text, name.span});
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
  } else {
    ok = classIndex(clause, axis);
  }
  later(clause.span, "`index`");
  if (!free)
    return;
  Symbol symbol;
  if (ok) {
    symbol.kind = Symbol::Index;
    symbol.id = axis;
  }
  define(patternScope, name, symbol);
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
  Span where = index->span, whole = bare(*clause.value);
  entry.shape = text(Span{whole.file, whole.begin, where.begin}) + "_" + text(Span{whole.file, where.end, whole.end});
  classes[axis] = entry;
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

//===----------------------------------------------------------------------===//
// Sets [D6]
//===----------------------------------------------------------------------===//

std::string Checker::setName(const std::vector<int> &elements) const { return "a set of " + axisList(elements, 0); }

Value Checker::setNode(const EnvPtr &env, const ast::Expr &at, std::vector<int> elements) {
  Value v = valueOf(*env, at, boolNode(false, place(*env, at.span)));
  v.setOf = std::move(elements);
  return v;
}

/// `x in S` and `x in c`: kinds must be those of the set [I8].
Value Checker::memberOfSet(const EnvPtr &env, const ast::Expr &expr) {
  const ast::Expr &left = *expr.operands[0];
  std::vector<Value> xs;
  bool tuple = left.kind == ExprKind::Tuple, ok = true;
  for (const ast::ExprPtr &operand : tuple ? left.operands : std::vector<ast::ExprPtr>{expr.operands[0]}) {
    xs.push_back(expression(env, *operand));
    ok &= xs.back() && needInt(env, xs.back(), operand.get());
  }
  Value set = expression(env, *expr.operands[1]);
  if (!ok || !set)
    return {};
  later(*env, expr.span, "`in` with a class or a set");
  core::Type truth{Base::Bool, {}};
  if (!set.isSet() && isClass(set.kind) && !tuple) {
    ExprPtr of = classOfValue(set.kind, xs[0]);
    if (!of) {
      error(*env, bare(expr), "`" + text(*expr.operands[1]) + "` is " + kindName(set.kind))
          .mark("`" + text(left) + "` is " + kindName(xs[0].kind));
      return {};
    }
    return valueOf(*env, expr, node(*env, expr.span, Op::Eq, truth, {of, set.expr}));
  }
  if (!set.isSet()) {
    error(*env, set, "expected a set").mark("this is " + typeName(set));
    return {};
  }
  std::string shown = text(*expr.operands[1]);
  if (xs.size() != set.setOf.size()) {
    error(*env, bare(expr), "`" + shown + "` is " + setName(set.setOf))
        .mark(std::to_string(set.setOf.size()) + " expected, " + std::to_string(xs.size()) + " given");
    return {};
  }
  for (size_t k = 0; k < xs.size(); ++k) {
    int element = set.setOf[k];
    if (fits(xs[k].kind, element))
      continue;
    std::string name = indexName(element), x = text(tuple ? *left.operands[k] : left);
    Diagnostic &d = error(*env, bare(expr), "`" + shown + "` holds values of `" + name + "`, not of `" + x + "`");
    if (isClass(element) && classOfValue(element, xs[k]))
      d.mark("write `" + name + "(" + x + ") in " + shown + "`");
    else
      d.mark("`" + x + "` is " + kindName(xs[k].kind));
    d.note("`" + name + "` is " + kindName(element));
    return {};
  }
  return valueOf(*env, expr, node(*env, expr.span, Op::And, truth, {set.expr, node(*env, expr.span, Op::Eq, truth, {xs[0].expr, xs[0].expr})}));
}

/// `for x in c` and `for x in S`: members have the kind of x.
bool Checker::rangesOver(const EnvPtr &env, const ast::Binder &binder, int axis) {
  Value set = expression(env, *binder.set);
  if (!set)
    return false;
  std::string shown = text(*binder.set);
  if (set.isSet()) {
    if (set.setOf.size() == 1 && meets(axis, set.setOf[0]))
      return true;
    error(*env, binder.name.span, "`" + shown + "` holds values of `" + axisList(set.setOf, 0) + "`")
        .mark("`" + binder.name.text + "` is " + kindName(axis));
    return false;
  }
  if (!isClass(set.kind)) {
    error(*env, set, "expected a class or a set").mark("this is " + (set.isInt() ? kindName(set.kind) : typeName(set)));
    return false;
  }
  for (int of = set.kind; isClass(of);)
    if (meets(of = classOf(of), axis))
      return true;
  error(*env, binder.name.span, "`" + shown + "` is " + kindName(set.kind))
      .mark("`" + binder.name.text + "` is " + kindName(axis));
  return false;
}

void Checker::select(const ast::Clause &clause) {
  later(clause.span, "`select`");
  if (clause.entries.empty())
    return;
  const ast::Entry &entry = clause.entries[0];
  bool free = mayDefine(patternScope, entry.name);
  std::vector<int> variables;
  bool listed = false;
  std::shared_ptr<Env> env = leftSide(entry, variables, listed);
  const std::string &rule = clause.rule.text;
  bool ok = env != nullptr;
  SetFamily family;
  for (const ast::Name &element : clause.elements) {
    if (!env)
      break;
    const Symbol *symbol = lookup(*env, element.text);
    std::optional<int> axis = indexAxis(*env, element.text);
    if (symbol && symbol->kind == Symbol::Broken) {
      ok = false;
    } else if (!axis) {
      error(element.span, "unknown index `" + element.text + "`")
          .suggest("declare it: `index " + element.text + " = ...` or `index " + element.text + " in lo .. hi`");
      ok = false;
    } else if (env->bound.count(element.text)) {
      error(element.span, "`" + element.text + "` is already bound").mark("write `" + element.text + "'`");
      ok = false;
    } else {
      env->bound[element.text] = addVariable(element.text, *axis);
      family.elements.push_back(*axis);
    }
  }
  for (int variable : variables)
    family.axes.push_back(program.variables[variable].axis);
  int id = sets.size();
  sets.push_back(family);
  Symbol symbol;
  if (ok) {
    symbol.kind = Symbol::Set;
    symbol.id = id;
    symbol.bare = !entry.bracketed;
    if (free)
      define(patternScope, entry.name, symbol); // it may refer to itself [D4]
  }
  std::vector<ExprPtr> parts;
  auto part = [&](const ast::ExprPtr &expr, bool number) {
    if (!expr || !ok)
      return;
    Value v = expression(env, *expr);
    if (v && (number ? needNumber(env, v) : needBool(env, v)))
      parts.push_back(v.expr);
    else
      ok = false;
  };
  if (rule != "all" && !clause.by) {
    error(clause.span, "`" + rule + "` needs a score")
        .suggest("add `by` and an expression of " + (clause.elements.empty() ? "the index" : clause.elements[0].text));
    ok = false;
  }
  if (clause.budget && rule == "all") {
    error(clause.budget->span, "`all` takes no number").mark("`top` takes one");
    ok = false;
  } else if (!clause.budget && rule != "all") {
    error(clause.rule.span, "`" + rule + "` needs a number").mark(rule == "top" ? "how many" : "which share");
    ok = false;
  }
  part(clause.budget, true);
  part(clause.by, true);
  part(clause.where, false);
  part(clause.always, false);
  part(clause.plus, false);
  if (ok) {
    auto all = std::make_shared<core::Expr>();
    all->op = Op::And;
    all->args = parts;
    ExprPtr body = all;
    ok = closeOver(entry, entry.name.text, variables, listed, body);
    sets[id].axes.clear();
    for (int variable : variables)
      sets[id].axes.push_back(program.variables[variable].axis);
  }
  if (!ok && free)
    define(patternScope, entry.name, Symbol());
}

//===----------------------------------------------------------------------===//
// Branches [D7, D11]
//===----------------------------------------------------------------------===//

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
