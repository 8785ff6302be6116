// Kinds of integers and names of indices: [I5] and [I8] of docs/language.md.
#include "frontend/Checker.h"

namespace attn::sema {

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

} // namespace attn::sema
