// Scopes and formulas: [D1] and [D2] of docs/language.md.
#include "frontend/Checker.h"
#include <algorithm>

namespace attn::sema {

using ast::ExprKind;

// Names that cannot be taken [D1]; D and E would change what a vector is.
static const std::map<std::string, std::string> reserved = {
    {"b", "the batch entry"},      {"h", "the query head"},        {"g", "the key head"},
    {"i", "the row"},              {"j", "the key"},               {"s", "the score"},
    {"o", "the main result"},      {"row", "the set of seen keys"}, {"B", "the number of batch entries"},
    {"H", "the number of query heads"}, {"G", "the number of key heads"}, {"N", "the number of rows"},
    {"M", "the number of keys"},   {"D", "the length of queries and keys"}, {"E", "the length of values"},
};

static const std::set<std::string> redeclarable = {"q", "k", "v", "scale", "offset"};

static std::string withoutPrimes(const std::string &name) {
  return name.substr(0, name.find('\''));
}

//===----------------------------------------------------------------------===//
// Defining
//===----------------------------------------------------------------------===//

void Checker::enterPredeclared() {
  const char *lengths[] = {"B", "H", "G", "N", "M"};
  const char *names[] = {"b", "h", "g", "i", "j"};
  for (int axis = 0; axis < 5; ++axis) {
    program.axes.push_back({lengths[axis], {}});
    Symbol extent;
    extent.kind = Symbol::Extent;
    extent.name = lengths[axis];
    extent.id = axis;
    predeclared.names[extent.name] = extent;
    Symbol index;
    index.kind = Symbol::Index;
    index.name = names[axis];
    index.id = axis;
    predeclared.names[index.name] = index;
  }
  for (int axis = 0; axis < 3; ++axis)
    addVariable(names[axis], axis); // b, h and g are always bound [I5]
  auto constant = [&](const std::string &name, ExprPtr value) {
    Symbol symbol;
    symbol.kind = Symbol::Constant;
    symbol.name = name;
    symbol.constant = std::move(value);
    predeclared.names[name] = symbol;
  };
  constant("pi", realNode(3.14159265358979323846, {}));
  std::map<std::string, int64_t> length;
  for (const char *name : {"D", "E"}) {
    auto given = instance.lengths.find(name);
    length[name] = given == instance.lengths.end() ? 64 : given->second;
    program.constants.push_back({name, Base::Int, static_cast<double>(length[name]), true});
    constant(name, intNode(length[name], {}));
  }
  auto tensor = [&](const char *name, std::vector<int> axes, int64_t components) {
    Symbol symbol;
    symbol.kind = Symbol::Tensor;
    symbol.name = name;
    core::Tensor t;
    t.name = name;
    t.axes = std::move(axes);
    t.shape = {components};
    t.dtype = instance.dtype;
    symbol.id = addTensor(std::move(t));
    predeclared.names[name] = symbol;
  };
  tensor("q", {core::AxisB, core::AxisH, core::AxisN}, length["D"]);
  tensor("k", {core::AxisB, core::AxisG, core::AxisM}, length["D"]);
  tensor("v", {core::AxisB, core::AxisG, core::AxisM}, length["E"]);
  auto param = [&](const char *name, Base type, ExprPtr value) {
    Symbol symbol;
    symbol.kind = Symbol::Param;
    symbol.name = name;
    symbol.id = program.params.size();
    program.params.push_back({name, type, std::move(value), "", {}});
    predeclared.names[name] = symbol;
  };
  Env nowhere;
  auto one = realNode(1, {}), d = realNode(static_cast<double>(length["D"]), {});
  core::Type real{Base::Real, {}}, integer{Base::Int, {}};
  param("scale", Base::Real, node(nowhere, {}, Op::Div, real, {one, node(nowhere, {}, Op::Sqrt, real, {d})}));
  auto extent = [&](int axis) {
    auto e = std::make_shared<core::Expr>();
    e->op = Op::Extent;
    e->type = integer;
    e->id = axis;
    return e;
  };
  param("offset", Base::Int, node(nowhere, {}, Op::Sub, integer, {extent(core::AxisM), extent(core::AxisN)}));
  Symbol main;
  main.kind = Symbol::Branch;
  main.name = "o";
  predeclared.names["o"] = main;
}

bool Checker::mayDefine(const Scope &scope, const ast::Name &name) {
  std::string base = withoutPrimes(name.text);
  if (base != name.text) {
    error(name.span, "primes are for indices only").mark("a name without `'`");
    return false;
  }
  if (auto taken = reserved.find(base); taken != reserved.end()) {
    error(name.span, "`" + base + "` is " + taken->second).mark("choose another name");
    patternScope.names[base] = Symbol(); // from here on it fits everywhere
    return false;
  }
  for (const Scope *s = &scope; s && s != &preludeScope; s = s->parent)
    if (auto earlier = s->names.find(base); earlier != s->names.end()) {
      if (s == &fileScope && &scope != &fileScope)
        continue; // a pattern's own name wins
      error(name.span, "`" + base + "` is defined twice").note("first defined here", earlier->second.span);
      return false;
    }
  return true;
}

Symbol &Checker::define(Scope &scope, const ast::Name &name, Symbol symbol) {
  symbol.name = name.text;
  symbol.span = name.span;
  symbol.order = ++order;
  // Formulas of the prelude read what the pattern declares.
  if (&scope == &patternScope && redeclarable.count(name.text)) {
    Symbol outer = symbol;
    outer.order = 0;
    predeclared.names[name.text] = outer;
  }
  return scope.names[name.text] = std::move(symbol);
}

void Checker::defineFormula(Scope &scope, const ast::Clause &clause) {
  bool ok = true;
  if (&scope != &preludeScope)
    ok = mayDefine(scope, clause.name);
  if (&scope != &preludeScope)
    ok &= checkFormula(clause, scope);
  if (&scope != &preludeScope && !ok && scope.names.count(clause.name.text))
    return; // the first definition stays
  Symbol symbol;
  symbol.kind = ok && clause.value ? Symbol::Def : Symbol::Broken;
  symbol.def = &clause;
  symbol.home = &scope;
  define(scope, clause.name, symbol);
}

/// Names are checked where the formula is written, types where it is used.
bool Checker::checkFormula(const ast::Clause &clause, const Scope &scope) {
  std::set<std::string> known;
  bool ok = true;
  for (const ast::Name &parameter : clause.parameters) {
    if (auto taken = reserved.find(parameter.text); taken != reserved.end()) {
      error(parameter.span, "`" + parameter.text + "` is " + taken->second).mark("choose another name");
      ok = false;
    } else if (parameter.text.find('\'') != std::string::npos) {
      error(parameter.span, "primes are for indices only").mark("a name without `'`");
      ok = false;
    } else if (auto own = scope.names.find(parameter.text); own != scope.names.end() && &scope == &patternScope) {
      error(parameter.span, "`" + parameter.text + "` would hide another name") // [D1]
          .mark("choose another name")
          .note("it is defined here", own->second.span);
      ok = false;
    } else if (!known.insert(parameter.text).second) {
      error(parameter.span, "`" + parameter.text + "` is defined twice").mark("each parameter has its own name");
      ok = false;
    }
    known.insert(parameter.text);
  }
  if (!clause.value)
    return false;
  recursive = &clause.name;
  ok &= checkFormulaNames(*clause.value, scope, std::move(known));
  recursive = nullptr;
  return ok;
}

bool Checker::checkFormulaNames(const ast::Expr &expr, const Scope &scope, std::set<std::string> known) {
  bool ok = true;
  for (const ast::Binder &binder : expr.binders) {
    for (const ast::ExprPtr &end : {binder.set, binder.rangeEnd})
      if (end && !(end->kind == ExprKind::Name && end->name.text == "row"))
        ok &= checkFormulaNames(*end, scope, known);
    known.insert(binder.name.text);
  }
  if (expr.kind == ExprKind::Name || expr.kind == ExprKind::Field || expr.kind == ExprKind::Call) {
    Env env;
    env.scope = &scope;
    const std::string &name = expr.name.text;
    const Symbol *symbol = lookup(env, withoutPrimes(name));
    bool found = known.count(name) || (symbol && (symbol->kind == Symbol::Index || symbol->name == name)) ||
                 isFunction(name) || isAggregate(name) || name == "row" || name == "s";
    if (!found && recursive && recursive->text == name) {
      error(expr.name.span, "`" + name + "` is defined by itself").mark("a formula is not recursive"); // [D2]
      ok = false;
    } else if (!found) {
      unknownName(env, expr.name);
      ok = false;
    }
  }
  for (const ast::ExprPtr &operand : expr.operands)
    ok &= checkFormulaNames(*operand, scope, known);
  for (const ast::Item &item : expr.items)
    for (const ast::ExprPtr &end : {item.lo, item.hi})
      if (end)
        ok &= checkFormulaNames(*end, scope, known);
  if (expr.condition)
    ok &= checkFormulaNames(*expr.condition, scope, known);
  return ok;
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
    error(*env, expr.name.span, "`" + text + "` is not a function").mark("it is " + reserved.at(text));
    return {};
  }
  unknownName(*env, expr.name);
  return {};
}

} // namespace attn::sema
