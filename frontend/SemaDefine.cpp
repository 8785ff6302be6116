// What may be defined, and formulas where they are written: [D1] and [D2] of
// docs/language.md.
#include "frontend/Checker.h"

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

void Checker::enterPredeclared() {
  const char *lengths[] = {"B", "H", "G", "N", "M"};
  const char *names[] = {"b", "h", "g", "i", "j"};
  for (int axis = 0; axis < 5; ++axis) {
    program.axes.push_back({lengths[axis], {}, nullptr});
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

} // namespace attn::sema
