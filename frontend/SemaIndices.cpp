// Reads of what has indices: [I6] and [I9] of docs/language.md.
#include "frontend/Checker.h"

namespace attn::sema {

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
    if (classes.count(axis)) { // in memory they begin with the first one [I10]
      ExprPtr first = valuesOf(axis, v.span).first;
      args.push_back(node(*itemEnv, item.lo->span, Op::Sub, v.expr->type, {v.expr, first}));
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
    return setNode(env, at, sets[symbol.id], result->args);
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

} // namespace attn::sema
