// What stands before brackets, fields, components: [D2], [D8] and [I9] of
// docs/language.md.
#include "frontend/Checker.h"
#include <algorithm>

namespace attn::sema {

using ast::ExprKind;

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
    return field == "row" ? setNode(env, at, SetFamily{{}, {key}}, {}) : valueOf(*env, at, realPlaceholder(*env, at.span));
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
