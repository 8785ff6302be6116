// Names where they are used: [D1] and [D2] of docs/language.md.
#include "frontend/Checker.h"

namespace attn::sema {

using ast::ExprKind;

std::string withoutPrimes(const std::string &name) {
  return name.substr(0, name.find('\''));
}

//===----------------------------------------------------------------------===//
// Looking up
//===----------------------------------------------------------------------===//

const Symbol *Checker::lookup(const Env &env, const std::string &name) const {
  for (const Scope *s = env.scope; s; s = s->parent)
    if (auto it = s->names.find(name); it != s->names.end() && it->second.order <= env.order)
      return &it->second;
  return nullptr;
}

std::vector<std::string> Checker::visibleNames(const Env &env) const {
  std::vector<std::string> names;
  for (const Scope *s = env.scope; s; s = s->parent)
    for (const auto &[name, symbol] : s->names)
      if (symbol.order <= env.order)
        names.push_back(name);
  for (const auto &[name, actual] : env.actuals)
    names.push_back(name);
  for (const auto &[name, variable] : env.locals)
    names.push_back(name);
  for (const std::string &name : functionNames())
    names.push_back(name);
  return names;
}

void Checker::unknownName(const Env &env, const ast::Name &name) {
  if (!unknownNames.insert(name.text).second)
    return; // said once
  Diagnostic &d = error(env, name.span, "unknown name `" + name.text + "`");
  if (auto below = definedBelow.find(name.text); below != definedBelow.end() && below->second.begin > name.span.begin) {
    d.mark("a name is defined before it is used").note("it is defined further down", below->second); // [D1]
    return;
  }
  std::string other = nearest(name.text, visibleNames(env));
  if (!other.empty())
    d.mark("did you mean `" + other + "`?");
}

//===----------------------------------------------------------------------===//
// Formulas
//===----------------------------------------------------------------------===//

std::string Checker::formulaHead(const ast::Clause &clause) const {
  std::string head = clause.name.text;
  for (size_t k = 0; k < clause.parameters.size(); ++k)
    head += (k ? ", " : "(") + clause.parameters[k].text;
  return clause.parameters.empty() ? head : head + ")";
}

std::string Checker::formulaText(const Symbol &formula) const {
  std::string body = text(formula.def->value->span);
  if (body.size() > 100)
    body = body.substr(0, 97) + "...";
  return "def " + formulaHead(*formula.def) + " = " + body;
}

/// Puts the formula in for its name [D2].
Value Checker::expand(const EnvPtr &env, const Symbol &formula, const ast::Expr &use) {
  const ast::Clause &clause = *formula.def;
  if (!use.binders.empty() || use.condition) {
    error(*env, use.span, "`" + clause.name.text + "` does not range over an index")
        .mark("`for` belongs to `sum`, `mean`, `max`, ...");
    return {};
  }
  size_t wanted = clause.parameters.size(), given = use.operands.size();
  if (wanted != given || (wanted == 0 && use.kind == ExprKind::Call)) {
    std::string takes = wanted == 0 ? "no arguments" : std::to_string(wanted) + (wanted == 1 ? " argument" : " arguments");
    std::string list;
    for (const ast::Name &parameter : clause.parameters)
      list += (list.empty() ? "" : ", ") + parameter.text;
    if (!list.empty())
      takes += " (" + list + ")";
    error(*env, use.span,
          "`" + clause.name.text + "` takes " + takes + (given || wanted ? ", " + std::to_string(given) + " given" : ""))
        .suggest("write `" + formulaHead(clause) + "`");
    return {};
  }
  auto inner = std::make_shared<Env>(*env);
  inner->scope = formula.home;
  inner->order = formula.order;
  inner->actuals.clear();
  inner->locals.clear();
  for (size_t k = 0; k < wanted; ++k)
    inner->actuals[clause.parameters[k].text] = {use.operands[k].get(), env};
  if (!env->use)
    inner->use = use.span;
  inner->formula = &formula;
  return expression(inner, *clause.value);
}

//===----------------------------------------------------------------------===//
// Names in expressions
//===----------------------------------------------------------------------===//

std::optional<int> Checker::indexAxis(const Env &env, const std::string &name) const {
  std::string base = withoutPrimes(name);
  const Symbol *symbol = lookup(env, base);
  if (!symbol) { // an index of the pattern, in a formula from outside it [D2]
    Env pattern;
    pattern.scope = &patternScope;
    symbol = lookup(pattern, base);
  }
  if (symbol && symbol->kind == Symbol::Index)
    return symbol->id;
  return std::nullopt;
}

Value Checker::name(const EnvPtr &env, const ast::Expr &expr) {
  const std::string &text = expr.name.text;
  if (auto actual = env->actuals.find(text); actual != env->actuals.end())
    return expression(actual->second.env, *actual->second.expr);
  if (auto local = env->locals.find(text); local != env->locals.end())
    return valueOf(*env, expr, varNode(local->second, place(*env, expr.span)));
  if (std::optional<int> axis = indexAxis(*env, text))
    return variable(env, expr, text, *axis);
  const Symbol *symbol = lookup(*env, text);
  if (!symbol)
    return word(env, expr);
  switch (symbol->kind) {
  case Symbol::Broken: return {};
  case Symbol::Constant: {
    auto copy = std::make_shared<core::Expr>(*symbol->constant);
    copy->span = place(*env, expr.span);
    if (env->use)
      copy->inner = expr.span;
    return valueOf(*env, expr, copy);
  }
  case Symbol::Param:
  case Symbol::Extent: {
    bool param = symbol->kind == Symbol::Param;
    auto leaf = std::make_shared<core::Expr>();
    leaf->op = param ? Op::Param : Op::Extent;
    leaf->type = {param ? program.params[symbol->id].type : Base::Int, {}};
    leaf->id = symbol->id;
    leaf->span = place(*env, expr.span);
    if (env->use)
      leaf->inner = expr.span;
    return valueOf(*env, expr, leaf);
  }
  case Symbol::Def: return expand(env, *symbol, expr);
  case Symbol::Index: return {};
  case Symbol::Set:
  case Symbol::Tensor:
  case Symbol::Let:
  case Symbol::Branch:
  case Symbol::Stage: return subscriptSymbol(env, expr, expr.name, *symbol, core::Field::Out, nullptr, env);
  }
  return {};
}

/// The words of a branch [D9].
Value Checker::word(const EnvPtr &env, const ast::Expr &expr) {
  const std::string &text = expr.name.text;
  if (text == "s")
    return rowWord(env, expr, nullptr, nullptr, env);
  if (text == "sum")
    return rowSum(env, expr);
  if (text == "row") {
    error(*env, expr.span, "`row` is a set of keys").mark("range over it: `for j' in row`");
    return {};
  }
  if (text == "count") {
    if (env->rule == Rule::None || env->rule == Rule::Mask) {
      error(*env, expr.span, "`count` is the number of keys that a row sees")
          .mark(env->rule == Rule::Mask ? "the mask decides that: it cannot ask for it"
                                        : "it is known in `score`, `weights` and `value` only");
      return {};
    }
    return valueOf(*env, expr, node(*env, expr.span, Op::Count, {Base::Int, {}}));
  }
  if (isFunction(text) || isAggregate(text)) {
    error(*env, expr.span, "`" + text + "` is a function").mark("write `" + text + "(...)`");
    return {};
  }
  unknownName(*env, expr.name);
  return {};
}

Value Checker::call(const EnvPtr &env, const ast::Expr &expr) {
  const std::string &text = expr.name.text;
  if (env->actuals.count(text) || env->locals.count(text)) {
    error(*env, expr.name.span, "`" + text + "` is not a function").mark("it is a value here");
    return {};
  }
  const Symbol *symbol = lookup(*env, text);
  if (symbol && symbol->kind == Symbol::Def)
    return expand(env, *symbol, expr);
  if (symbol && symbol->kind == Symbol::Broken)
    return {};
  if (symbol) {
    if (symbol->kind == Symbol::Index && isClass(symbol->id))
      return classCall(env, expr, *symbol);
    Diagnostic &d = error(*env, expr.name.span, "`" + text + "` is not a function");
    if (symbol->kind == Symbol::Index)
      d.mark("it is an index, and not a class of another");
    else if (symbol->kind == Symbol::Tensor || symbol->kind == Symbol::Let || symbol->kind == Symbol::Branch ||
             symbol->kind == Symbol::Set)
      d.mark("indices stand in brackets: `" + text + "[...]`");
    else
      d.mark("it is a value");
    return {};
  }
  if (text == "merge")
    return merge(env, expr);
  if (isAggregate(text) && !((text == "max" || text == "min") && expr.binders.empty()))
    return aggregate(env, expr);
  if (isFunction(text))
    return function(env, expr);
  if (text == "s" || text == "row") {
    error(*env, expr.name.span, "`" + text + "` is not a function").mark(std::string("it is ") + (text == "s" ? "the score" : "the set of seen keys"));
    return {};
  }
  unknownName(*env, expr.name);
  return {};
}

} // namespace attn::sema
