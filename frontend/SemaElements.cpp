// Values of single elements: `s`, stages, and lets over rows and keys, which are put
// in where they are used: [D9] and [P1] of docs/language.md.
#include "frontend/Checker.h"

namespace attn::sema {

static bool readsData(const core::Expr &expr) {
  bool found = false;
  core::walk(expr, [&](const core::Expr &e) { return !(found |= e.op == Op::Tensor || e.op == Op::Member || e.op == Op::Let); });
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

} // namespace attn::sema
