// Sets: [D6], [I8], [S12] of docs/language.md.
// Of `select` names, kinds and types are checked; what it computes is not yet
// there.
#include "frontend/Checker.h"

namespace attn::sema {

using ast::ExprKind;

std::string Checker::setName(const std::vector<int> &elements) const { return "a set of " + axisList(elements, 0); }

/// A set, as the membership of an element that is still missing. Of a selection
/// there is a placeholder.
Value Checker::setNode(const EnvPtr &env, const ast::Expr &at, const SetFamily &set, std::vector<ExprPtr> args) {
  Value v = valueOf(*env, at, boolNode(false, place(*env, at.span)));
  if (set.tensor >= 0) {
    auto member = std::make_shared<core::Expr>(*v.expr);
    member->op = Op::Member;
    member->id = set.tensor;
    member->args = std::move(args);
    v.expr = member;
  }
  v.setOf = set.elements;
  return v;
}

/// The tensor behind `in S[..]: set of c`: one more axis, of the slots of its
/// list.
int Checker::setInput(const ast::Clause &clause, const ast::Entry &entry, std::vector<int> axes, int element) {
  if (rangeAxes.count(element))
    later(clause.type->span, "a set of a range");
  if (clause.value)
    error(clause.value->span, "a set has no default").mark("the caller gives a list");
  core::Tensor tensor;
  tensor.name = entry.name.text;
  tensor.axes = std::move(axes);
  tensor.axes.push_back(program.axes.size());
  program.axes.push_back({entry.name.text + ".items", entry.span, nullptr});
  tensor.dtype = core::DType::I32;
  std::tie(tensor.from, tensor.to) = valuesOf(element, entry.span);
  for (const std::string &line : clause.comment)
    tensor.doc += (tensor.doc.empty() ? "" : "\n") + line;
  tensor.span = entry.span;
  return addTensor(std::move(tensor));
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
  if (set.expr->op != Op::Member) {
    later(*env, expr.span, "`in` with a set that is computed");
    return valueOf(*env, expr, node(*env, expr.span, Op::And, truth, {set.expr, node(*env, expr.span, Op::Eq, truth, {xs[0].expr, xs[0].expr})}));
  }
  auto member = std::make_shared<core::Expr>(*set.expr);
  member->args.push_back(xs[0].expr);
  member->span = place(*env, expr.span);
  if (env->use)
    member->inner = expr.span;
  return valueOf(*env, expr, member);
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

} // namespace attn::sema
