// Subscripts, kinds and inferred indices: [I5]-[I9] of docs/language.md.
#include "frontend/Checker.h"
#include <algorithm>

namespace attn::sema {

using ast::ExprKind;

//===----------------------------------------------------------------------===//
// Kinds [I8]
//===----------------------------------------------------------------------===//

std::string Checker::indexName(int axis) const {
  const char *names[] = {"b", "h", "g", "i", "j"};
  return axis < 5 ? names[axis] : program.axes[axis].name;
}

std::string Checker::kindName(int kind) const {
  switch (kind) {
  case plain: return "a plain integer";
  case core::AxisB: return "a batch entry";
  case core::AxisH: return "a query head";
  case core::AxisG: return "a key head";
  case core::AxisN: return "a row";
  case core::AxisM: return "a key";
  default: break;
  }
  if (auto it = classes.find(kind); it != classes.end()) {
    int of = it->second.of;
    std::string members = of == core::AxisN ? "rows" : of == core::AxisM ? "keys" : of == core::AxisH ? "query heads"
                          : of == core::AxisG ? "key heads" : "`" + indexName(of) + "`";
    return "a class of " + members + ", `" + it->second.text + "`";
  }
  return "a position on axis `" + program.axes[kind].name + "`";
}

/// Whether a value may subscript an axis: a row may stand where a key is
/// expected, a key not where a row is.
bool Checker::fits(int kind, int axis) const {
  return kind == plain || kind == axis || (kind == core::AxisN && axis == core::AxisM) || sameClass(kind, axis);
}

/// Whether two values may be compared, added or subtracted.
bool Checker::meets(int a, int b) const { return fits(a, b) || fits(b, a); }

//===----------------------------------------------------------------------===//
// Index names
//===----------------------------------------------------------------------===//

Value Checker::variable(const EnvPtr &env, const ast::Expr &at, const std::string &name, int axis) {
  auto bound = env->bound.find(name);
  if (bound == env->bound.end()) {
    unbound(env, at, name);
    return {};
  }
  auto var = std::make_shared<core::Expr>(*varNode(bound->second, place(*env, at.span)));
  if (env->use)
    var->inner = at.span;
  return valueOf(*env, at, var, rangeAxes.count(axis) ? plain : axis);
}

void Checker::unbound(const EnvPtr &env, const ast::Expr &at, const std::string &name) {
  Diagnostic &d = error(*env, at.span, "`" + name + "` is not bound here");
  if (env->rule != Rule::None) {
    const core::Branch &branch = program.branches[env->branch];
    std::string ranges = branch.variables.empty() ? "" : program.variables[branch.variables.back()].name + " and ";
    d.mark((branch.name == "o" ? "the result ranges over " : "this branch ranges over ") + ranges +
           program.variables[branch.key].name);
    if (!env->use)
      d.suggest("range over it with `for " + name + "`");
  } else if (env->bound.empty()) {
    d.mark("a default has no indices");
  } else if (name.find('\'') == std::string::npos) {
    d.suggest("write it on the left, `name[" + name + "] = ...`, or range over it with `for " + name + "`");
  } else {
    d.suggest("range over it with `for " + name + "`");
  }
}

//===----------------------------------------------------------------------===//
// Reads
//===----------------------------------------------------------------------===//

std::vector<int> Checker::axesOf(const Symbol &symbol) const {
  std::vector<int> axes;
  if (symbol.kind == Symbol::Tensor)
    return program.tensors[symbol.id].axes;
  if (symbol.kind == Symbol::Let)
    for (int variable : program.lets[symbol.id].variables)
      axes.push_back(program.variables[variable].axis);
  if (symbol.kind == Symbol::Set)
    return sets[symbol.id].axes;
  if (symbol.kind == Symbol::Branch)
    for (int variable : program.branches[symbol.id < 0 ? mainRules.branch : symbol.id].variables)
      axes.push_back(program.variables[variable].axis);
  return axes;
}

/// "b, h, i", and the shortest way to write them: leading b, h and g left out.
static std::pair<size_t, bool> shortest(const std::vector<int> &axes) {
  size_t from = 0;
  while (from + 1 < axes.size() && axes[from] <= core::AxisG)
    ++from;
  return {from, axes.empty()};
}

std::string Checker::axisList(const std::vector<int> &axes, size_t from) const {
  std::string list;
  for (size_t k = from; k < axes.size(); ++k)
    list += (list.empty() ? "" : ", ") + indexName(axes[k]);
  return list;
}

/// Matches subscripts from the right; leading b, h and g may be left out and
/// are then the current ones [I6].
std::optional<std::vector<ExprPtr>> Checker::indices(const EnvPtr &env, const ast::Expr &at, const std::string &name,
                                                     const std::vector<int> &axes,
                                                     const std::vector<ast::Item> *items, const EnvPtr &itemEnv,
                                                     bool bare) {
  size_t given = items ? items->size() : 0;
  std::string cure = "write `" + name + "[" + axisList(axes, shortest(axes).first) + "]`";
  if (given == 0 && !axes.empty() && !bare) {
    error(*env, at.span, "`" + name + "` is indexed by `" + axisList(axes, 0) + "`").mark(cure);
    return std::nullopt;
  }
  if (given > axes.size()) {
    error(*env, at.span, "`" + name + "` has " + std::to_string(axes.size()) + (axes.size() == 1 ? " index" : " indices") +
                             ": `" + axisList(axes, 0) + "`")
        .mark(std::to_string(given) + " given")
        .suggest("components stand in brackets of their own: `" + name + "[" +
                 axisList(axes, shortest(axes).first) + "][...]`");
    return std::nullopt;
  }
  size_t missing = axes.size() - given;
  for (size_t k = 0; k < missing; ++k)
    if (axes[k] > core::AxisG) {
      error(*env, at.span, "`" + name + "` is indexed by `" + axisList(axes, 0) + "`").mark(cure);
      return std::nullopt;
    }
  std::vector<ExprPtr> args;
  for (size_t k = 0; k < missing; ++k) {
    auto var = std::make_shared<core::Expr>(*varNode(axes[k], place(*env, at.span))); // variables 0..2 are b, h, g
    args.push_back(var);
  }
  bool ok = true;
  for (size_t k = 0; k < given; ++k) {
    const ast::Item &item = (*items)[k];
    int axis = axes[missing + k];
    if (item.hi) {
      error(*itemEnv, item.lo->span.to(item.hi->span), "a range is no index")
          .mark("`" + name + "` is indexed by `" + indexName(axis) + "` here")
          .suggest("slices stand behind the indices: `" + name + "[" + axisList(axes, shortest(axes).first) +
                   "][lo .. hi]`");
      ok = false;
      continue;
    }
    Value v = expression(itemEnv, *item.lo);
    if (!v || !needInt(itemEnv, v, item.lo.get())) {
      ok = false;
      continue;
    }
    if (!fits(v.kind, axis)) {
      error(*itemEnv, item.lo->span, "`" + name + "` is indexed by `" + indexName(axis) + "` here")
          .mark("this is " + kindName(v.kind))
          .note("`" + indexName(axis) + "` is " + kindName(axis));
      ok = false;
      continue;
    }
    args.push_back(v.expr);
  }
  if (!ok)
    return std::nullopt;
  return args;
}

/// Reads a tensor, a let, a branch or a stage; `items` is null for a bare name.
Value Checker::subscriptSymbol(const EnvPtr &env, const ast::Expr &at, const ast::Name &name, const Symbol &symbol,
                               core::Field field, const std::vector<ast::Item> *items, const EnvPtr &itemEnv) {
  if (symbol.kind == Symbol::Stage)
    return rowWord(env, at, &symbol, items, itemEnv);
  if (symbol.kind == Symbol::Branch && !requireBranch(env, symbol, at.span))
    return {};
  std::vector<int> axes = axesOf(symbol);
  std::string shown = name.text;
  if (field != core::Field::Out)
    shown += std::string(".") + core::spelling(field);
  bool direct = (axes.empty() || symbol.bare) && items; // components of a value without indices [I9]
  auto args = indices(env, at, shown, axes, direct ? nullptr : items, itemEnv, symbol.bare);
  if (!args)
    return {};
  auto result = std::make_shared<core::Expr>();
  result->span = place(*env, at.span);
  if (env->use)
    result->inner = at.span;
  result->args = std::move(*args);
  result->id = symbol.id;
  if (symbol.kind == Symbol::Tensor) {
    const core::Tensor &tensor = program.tensors[symbol.id];
    result->op = Op::Tensor;
    Base base = tensor.dtype == core::DType::Bool                                   ? Base::Bool
                : tensor.dtype >= core::DType::I8 && tensor.dtype <= core::DType::U32 ? Base::Int
                                                                                    : Base::Real;
    result->type = {base, tensor.shape};
  } else if (symbol.kind == Symbol::Let) {
    result->op = Op::Let;
    if (!program.lets[symbol.id].body)
      return {};
    result->type = program.lets[symbol.id].body->type;
    if (tokenMaps.count(symbol.id))
      return inlineTokenMap(env, at, symbol, result->args);
  } else if (symbol.kind == Symbol::Set) {
    return setNode(env, at, sets[symbol.id].elements);
  } else {
    result->op = Op::Branch;
    result->id = symbol.id < 0 ? mainRules.branch : symbol.id;
    const core::Branch &branch = program.branches[result->id];
    if (field == core::Field::Out && !branch.value) {
      error(*env, at.span, "`" + name.text + "` has no `value`")
          .mark("there is no sum of values")
          .note("only rows `i` over keys `j` have the default `v[j]`", branch.span);
      return {};
    }
    result->field = field;
    result->type = {Base::Real, field == core::Field::Out ? branch.value->type.shape : std::vector<int64_t>()};
    if (field == core::Field::Lse && !branch.denominator) {
      error(*env, at.span, "`" + name.text + "` has no `.lse`")
          .mark("its weights are not divided by a row sum")
          .note("`.lse` is the logarithm of the denominator", branch.weightsSpan);
      return {};
    }
  }
  Value v = valueOf(*env, at, result);
  if (symbol.kind == Symbol::Branch && field == core::Field::Out)
    v.result = program.branches[result->id].denominator ? Value::Divided : Value::Undivided;
  return direct ? components(itemEnv, at, v, *items) : v;
}

static bool readsData(const core::Expr &expr) {
  bool found = false;
  core::walk(expr, [&](const core::Expr &e) { return !(found |= e.op == Op::Tensor || e.op == Op::Let); });
  return found;
}

/// The text of a let with the subscripts of a use in place of its indices.
std::string Checker::textAt(const Symbol &symbol, const ast::Expr &at, size_t indices) const {
  const core::Let &let = program.lets[symbol.id];
  std::map<std::string, std::string> written;
  for (size_t k = 0; k < at.items.size(); ++k)
    written[program.variables[let.variables[indices - at.items.size() + k]].name] = text(*at.items[k].lo);
  std::string from = text(*symbol.value), to, word;
  auto isWord = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '\''; };
  for (size_t k = 0; k <= from.size(); ++k) {
    if (k < from.size() && isWord(from[k])) {
      word += from[k];
      continue;
    }
    auto it = written.find(word);
    to += it == written.end() ? word : it->second;
    word.clear();
    if (k < from.size())
      to += from[k];
  }
  return to;
}

/// A value over rows and keys is never stored [P1]: it is put in where it is
/// used, at its own element or at another key of the same row.
Value Checker::inlineTokenMap(const EnvPtr &env, const ast::Expr &at, const Symbol &symbol,
                              const std::vector<ExprPtr> &args) {
  const core::Let &let = program.lets[symbol.id];
  bool own = env->rule != Rule::None && !program.branches[env->branch].variables.empty();
  bool swept = env->rule == Rule::None && env->swept; // each value is used where it is made
  const char *why = own || swept ? nullptr : "it is used outside the rules of a result";
  std::map<int, ExprPtr> replacements;
  for (size_t k = 0; k < args.size(); ++k) {
    int axis = program.variables[let.variables[k]].axis;
    bool variable = args[k]->op == Op::Var;
    if (!why && own && axis == core::AxisN && !(variable && args[k]->id == program.branches[env->branch].variables.back()))
      why = "it is used at another row";
    if (!why && own && axis == core::AxisM && !variable)
      why = readsData(*args[k]) ? "it is used at a key that depends on data" : "it is used at a key that is computed";
    replacements[let.variables[k]] = args[k];
  }
  if (why) {
    Diagnostic &d = error(*env, at.span, "`" + symbol.name + "` would have to be stored, N x M numbers per head").note(why);
    if (own)
      d.suggest("write the formula at that key: `" + textAt(symbol, at, args.size()) + "`");
    return {};
  }
  if (!copies(*env, at.span, *let.body))
    return {};
  return valueOf(*env, at, core::substitute(let.body, replacements));
}

/// `s` and named stages: at the own element or at another key of the row [D9].
Value Checker::rowWord(const EnvPtr &env, const ast::Expr &at, const Symbol *stage,
                       const std::vector<ast::Item> *items, const EnvPtr &itemEnv) {
  std::string name = stage ? stage->name : "s";
  bool ofScore = stage && stage->id < 0;
  if (env->rule != Rule::Weights && !(ofScore && env->rule == Rule::Score)) {
    error(*env, at.span, "`" + name + "` is known in `weights` only")
        .mark(stage ? "it is a stage of the weights" : "it is the score of one element");
    return {};
  }
  ExprPtr key = varNode(program.branches[env->branch].key, place(*env, at.span));
  if (items) {
    if (items->size() > 1) {
      for (const ast::Item &item : *items)
        if (!expression(itemEnv, *item.lo))
          return {};
      later(*env, at.span, "`" + name + "` at another row or head");
      return valueOf(*env, at, realPlaceholder(*env, at.span));
    }
    const ast::Item &item = items->front();
    if (item.hi) {
      error(*itemEnv, item.lo->span.to(item.hi->span), "a range is no index").mark("a key is expected");
      return {};
    }
    Value v = expression(itemEnv, *item.lo);
    if (!v || !needInt(itemEnv, v, item.lo.get()))
      return {};
    int keys = program.variables[program.branches[env->branch].key].axis;
    if (!fits(v.kind, keys)) {
      error(*itemEnv, item.lo->span, "`" + name + "` is indexed by `" + indexName(keys) + "` here")
          .mark("this is " + kindName(v.kind))
          .note("`" + indexName(keys) + "` is " + kindName(keys));
      return {};
    }
    if (v.expr->op != Op::Var || program.variables[v.expr->id].axis != keys)
      later(*env, at.span, "`" + name + "` at a key that is computed");
    key = v.expr;
  }
  auto result = std::make_shared<core::Expr>();
  if (ofScore)
    return valueOf(*env, at, realPlaceholder(*env, at.span));
  result->op = stage ? Op::Stage : Op::Score;
  result->type = {Base::Real, {}};
  result->span = place(*env, at.span);
  if (env->use)
    result->inner = at.span;
  result->id = stage ? stage->id : -1;
  result->args = {key};
  return valueOf(*env, at, result);
}

//===----------------------------------------------------------------------===//
// Subscript expressions
//===----------------------------------------------------------------------===//

Value Checker::subscript(const EnvPtr &env, const ast::Expr &expr) {
  const ast::Expr *head = expr.kind == ExprKind::Subscript ? expr.operands[0].get() : &expr;
  const std::vector<ast::Item> *items = expr.kind == ExprKind::Subscript ? &expr.items : nullptr;
  // An argument that is a bare name stands for that name [D2].
  EnvPtr headEnv = env;
  while (head->kind == ExprKind::Name) {
    auto actual = headEnv->actuals.find(head->name.text);
    if (actual == headEnv->actuals.end())
      break;
    head = actual->second.expr;
    headEnv = actual->second.env;
  }
  if (head->kind == ExprKind::Name && !headEnv->locals.count(head->name.text)) {
    const Symbol *symbol = lookup(*headEnv, head->name.text);
    if (symbol && symbol->kind == Symbol::Broken)
      return {};
    if (symbol && (symbol->kind == Symbol::Tensor || symbol->kind == Symbol::Let || symbol->kind == Symbol::Set ||
                   symbol->kind == Symbol::Branch || symbol->kind == Symbol::Stage))
      return subscriptSymbol(env, expr, head->name, *symbol, core::Field::Out, items, env);
    if (!symbol && head->name.text == "s")
      return rowWord(env, expr, nullptr, items, env);
  }
  if (head->kind == ExprKind::Field)
    return fieldOf(env, expr, *head, headEnv, items);
  Value v = expression(headEnv, *head);
  if (!v)
    return {};
  return components(env, expr, v, *items);
}

Value Checker::fieldOf(const EnvPtr &env, const ast::Expr &at, const ast::Expr &head, const EnvPtr &headEnv,
                       const std::vector<ast::Item> *items) {
  const Symbol *symbol = lookup(*headEnv, head.name.text);
  if (symbol && symbol->kind == Symbol::Broken)
    return {};
  if (!symbol || symbol->kind != Symbol::Branch) {
    if (!symbol && !headEnv->actuals.count(head.name.text)) {
      unknownName(*headEnv, head.name);
      return {};
    }
    error(*headEnv, head.name.span, "`" + head.name.text + "` has no fields")
        .mark("`.lse`, `.max`, `.w` and `.row` belong to results");
    return {};
  }
  const std::string &field = head.field.text;
  if (field == "w" || field == "row") {
    if (!requireBranch(env, *symbol, at.span))
      return {};
    const core::Branch &branch = program.branches[symbol->id < 0 ? mainRules.branch : symbol->id];
    std::vector<int> axes = axesOf(*symbol);
    int key = program.variables[branch.key].axis;
    if (field == "w")
      axes.push_back(key);
    if (!indices(env, at, head.name.text + "." + field, axes, items, env))
      return {};
    later(*env, at.span, "`." + field + "`");
    return field == "row" ? setNode(env, at, {key}) : valueOf(*env, at, realPlaceholder(*env, at.span));
  }
  if (field != "lse" && field != "max") {
    Diagnostic &d = error(*headEnv, head.field.span, "a result has no field `" + field + "`");
    std::string other = nearest(field, {"lse", "max", "row", "w"});
    d.mark(other.empty() ? "its fields are `lse`, `max`, `row` and `w`" : "did you mean `" + other + "`?");
    return {};
  }
  return subscriptSymbol(env, at, head.name, *symbol, field == "lse" ? core::Field::Lse : core::Field::Max, items, env);
}

/// Components and slices of a vector [I9].
Value Checker::components(const EnvPtr &env, const ast::Expr &at, Value v, const std::vector<ast::Item> &items) {
  const core::Type &type = v.type();
  if (type.isScalar()) {
    error(*env, at.span, "this has no components").mark("it is " + typeName(type));
    return {};
  }
  auto result = std::make_shared<core::Expr>();
  result->span = place(*env, at.span);
  if (env->use)
    result->inner = at.span;
  result->args = {v.expr};
  bool sliced = std::any_of(items.begin(), items.end(), [](const ast::Item &item) { return item.hi != nullptr; });
  if (sliced) {
    if (items.size() != 1 || type.shape.size() != 1) {
      error(*env, at.span, "only a vector can be sliced").mark("this is " + typeName(type));
      return {};
    }
    auto lo = constantInt(env, *items[0].lo), hi = constantInt(env, *items[0].hi);
    if (!lo || !hi)
      return {};
    if (*lo < 0 || *hi > type.shape[0] || *lo >= *hi) {
      error(*env, items[0].lo->span.to(items[0].hi->span),
            *lo >= *hi ? "this slice is empty" : "this slice is outside its vector")
          .mark(std::to_string(*lo) + " .. " + std::to_string(*hi) + " of " + typeName(type) +
                (lengthName(type.shape[0]) == std::to_string(type.shape[0])
                     ? ""
                     : " = " + std::to_string(type.shape[0])));
      return {};
    }
    result->op = Op::Slice;
    result->integer = *lo;
    result->type = {type.base, {*hi - *lo}};
    return valueOf(*env, at, result);
  }
  if (items.size() != type.shape.size()) {
    error(*env, at.span, "wrong number of components")
        .mark("this is " + typeName(type) + ": " + std::to_string(type.shape.size()) + " expected, " +
              std::to_string(items.size()) + " given");
    return {};
  }
  for (const ast::Item &item : items) {
    Value index = expression(env, *item.lo);
    if (!index || !needInt(env, index, item.lo.get()))
      return {};
    result->args.push_back(index.expr);
  }
  result->op = Op::Component;
  result->type = {type.base, {}};
  return valueOf(*env, at, result);
}

} // namespace attn::sema
