// Lets and results: [D3], [D4], [D12], [I7] of docs/language.md.
#include "frontend/Checker.h"

namespace attn::sema {

using ast::ExprKind;

//===----------------------------------------------------------------------===//
// Left sides [I5, I7]
//===----------------------------------------------------------------------===//

/// Binds the indices on a left side. `listed`: b, h or g is among them.
std::shared_ptr<Env> Checker::leftSide(const ast::Entry &entry, std::vector<int> &variables, bool &listed) {
  auto env = std::make_shared<Env>();
  env->scope = &patternScope;
  env->bound = {{"b", core::AxisB}, {"h", core::AxisH}, {"g", core::AxisG}};
  std::set<std::string> seen;
  for (const ast::Name &name : entry.indices) {
    std::optional<int> axis = indexAxis(*env, name.text);
    const Symbol *symbol = lookup(*env, name.text);
    if (symbol && symbol->kind == Symbol::Broken)
      return nullptr;
    if (!axis) {
      error(name.span, "unknown index `" + name.text + "`")
          .suggest("declare it: `index " + name.text + " = ...` or `index " + name.text + " in lo .. hi`");
      return nullptr;
    }
    if (!seen.insert(name.text).second) {
      error(name.span, "`" + name.text + "` stands here twice").mark("write `" + name.text + "'`");
      return nullptr;
    }
    bool prime = name.text.find('\'') != std::string::npos;
    if (*axis == core::AxisB && prime) {
      error(name.span, "batch entries never mix").mark("`b` is always the current one");
      return nullptr;
    }
    if (*axis <= core::AxisG && !prime) {
      listed = true;
      variables.push_back(*axis); // variables 0, 1, 2 are b, h, g
      continue;
    }
    if (classes.count(*axis))
      later(name.span, "a value of a class");
    variables.push_back(addVariable(name.text, *axis));
    env->bound[name.text] = variables.back();
  }
  return env;
}

/// The key head of the current query head stands where both are read.
ExprPtr Checker::groupOfHead(const ExprPtr &body) {
  return core::rewrite(body, [&](core::Expr e) -> ExprPtr {
    if (e.op != Op::Var || e.id != core::AxisG)
      return std::make_shared<core::Expr>(std::move(e));
    auto group = std::make_shared<core::Expr>(e);
    group->op = Op::GroupOf;
    group->id = -1;
    group->args = {varNode(core::AxisH, e.span)};
    return group;
  });
}

/// The part of a body that depends on a variable: what a message points at.
static const core::Expr *reader(const core::Expr &body, int variable) {
  const core::Expr *found = nullptr;
  core::walk(body, [&](const core::Expr &e) {
    for (const ExprPtr &arg : e.args)
      if (!found && arg->op == Op::Var && arg->id == variable)
        found = &e;
    return !found;
  });
  return found;
}

/// Puts the indices b, h or g that the body depends on in front of those on the
/// left; where one of them is written, the list of heads is complete [I7].
bool Checker::closeOver(const ast::Entry &entry, const std::string &what, std::vector<int> &variables, bool listed,
                        ExprPtr &body) {
  auto has = [&](int variable) {
    for (int v : variables)
      if (v == variable)
        return true;
    return false;
  };
  bool onH = core::mentions(*body, core::AxisH), onG = core::mentions(*body, core::AxisG);
  if (listed) {
    std::string list;
    for (const ast::Name &name : entry.indices)
      list += (list.empty() ? "" : ", ") + name.text;
    int culprit = onH && !has(core::AxisH) ? core::AxisH
                  : onG && !has(core::AxisG) && !has(core::AxisH) ? core::AxisG
                                                                  : -1;
    if (culprit >= 0) {
      bool query = culprit == core::AxisH;
      Diagnostic &d = error(entry.name ? entry.name.span : entry.span,
                            "`" + what + "` depends on the " + (query ? "query head h" : "key head g"))
                          .mark("its indices are " + list);
      if (const core::Expr *part = reader(*body, culprit))
        d.note("through this", part->span);
      d.suggest(query ? "reduce over the heads (`for h' in g`), or write h on the left"
                      : "reduce over the heads (`for g'`), or write g on the left");
      return false;
    }
  } else if (onH || onG) {
    variables.insert(variables.begin(), onH ? core::AxisH : core::AxisG);
  }
  if (has(core::AxisH))
    body = groupOfHead(body);
  if (!has(core::AxisB) && core::mentions(*body, core::AxisB))
    variables.insert(variables.begin(), core::AxisB);
  return true;
}

/// Rows and keys at once: nothing of that size is ever stored [P1].
bool Checker::isTokenMap(const std::vector<int> &variables) const {
  int tokens = 0;
  for (int v : variables) {
    int axis = program.variables[v].axis;
    tokens += axis == core::AxisN || axis == core::AxisM;
  }
  return tokens > 1;
}

//===----------------------------------------------------------------------===//
// Lets [D3]
//===----------------------------------------------------------------------===//

/// Finds a use of the name; a recurrence must step by one [D4].
static const ast::Expr *findUse(const ast::Expr &expr, const std::string &name) {
  if (expr.kind == ExprKind::Subscript && expr.operands[0]->kind == ExprKind::Name &&
      expr.operands[0]->name.text == name)
    return &expr;
  if (expr.kind == ExprKind::Name && expr.name.text == name)
    return &expr;
  const ast::Expr *found = nullptr;
  auto look = [&](const ast::ExprPtr &part) {
    if (part && !found)
      found = findUse(*part, name);
  };
  for (const ast::ExprPtr &operand : expr.operands)
    look(operand);
  for (const ast::Item &item : expr.items)
    look(item.lo), look(item.hi);
  for (const ast::Binder &binder : expr.binders)
    look(binder.set), look(binder.rangeEnd);
  look(expr.condition);
  return found;
}

/// Whether `item` is `index`, or (second) `index - 1` or `index + 1`.
static std::pair<bool, bool> stepOf(const ast::Expr &item, const std::string &index) {
  if (item.kind == ExprKind::Name)
    return {item.name.text == index, false};
  bool step = item.kind == ExprKind::Binary && (item.op == ast::Operator::Add || item.op == ast::Operator::Subtract) &&
              item.operands[0]->kind == ExprKind::Name && item.operands[0]->name.text == index &&
              item.operands[1]->kind == ExprKind::Integer && item.operands[1]->integer == 1;
  return {false, step};
}

bool Checker::recurrence(const ast::Clause &clause) {
  const ast::Entry &entry = clause.entries[0];
  const ast::Expr *use = findUse(*clause.value, entry.name.text);
  if (!use)
    return true;
  const std::string &name = entry.name.text;
  if (use->kind == ExprKind::Name) {
    error(use->span, "`" + name + "` is defined by itself").mark("a recurrence reads it at another index: `" + name + "[j - 1]`");
    return false;
  }
  unsigned steps = 0;
  for (size_t k = 0; k < use->items.size(); ++k) {
    const ast::Item &item = use->items[k];
    size_t offset = entry.indices.size() >= use->items.size() ? entry.indices.size() - use->items.size() : 0;
    std::string index = offset + k < entry.indices.size() ? entry.indices[offset + k].text : "j";
    auto [same, step] = stepOf(*item.lo, index);
    steps += step;
    if (!same && !step) {
      error(item.lo->span, "`" + name + "` is defined by itself at `" + text(*item.lo) + "`")
          .mark("only `" + index + " - 1` (forward) or `" + index + " + 1` (backward)");
      return false;
    }
  }
  if (steps != 1) {
    error(use->span, "`" + name + "` is defined by itself at `" + text(*use) + "`")
        .mark("exactly one index steps, by 1");
    return false;
  }
  if (!clause.type) {
    error(entry.name.span, "a recursive `let` states its type").mark("write `let " + name + "[...]: f32 = ...`");
    return false;
  }
  later(use->span, "a `let` that refers to itself");
  return true;
}

void Checker::let(const ast::Clause &clause) {
  if (clause.entries.empty() || !clause.value)
    return;
  const ast::Entry &entry = clause.entries[0];
  std::vector<int> variables;
  bool listed = false;
  bool taken = !mayDefine(patternScope, entry.name);
  std::shared_ptr<Env> env = leftSide(entry, variables, listed);
  Value body;
  bool recursive = env && findUse(*clause.value, entry.name.text);
  if (env && recurrence(clause)) {
    if (recursive && !taken) { // its own values have the type that it states
      Symbol self;
      self.kind = Symbol::Let;
      self.id = program.lets.size();
      std::optional<core::DType> dtype = clause.type->isSet ? std::nullopt : elementType(clause.type->name);
      std::optional<std::vector<int64_t>> shape = lengths(*clause.type, false);
      if (!dtype || !shape)
        self.kind = Symbol::Broken;
      auto placeholder = std::make_shared<core::Expr>(*realPlaceholder(*env, entry.span));
      if (shape)
        placeholder->type.shape = *shape;
      program.lets.push_back({entry.name.text, variables, placeholder, clause.span});
      define(patternScope, entry.name, self);
    }
    body = expression(env, *clause.value);
    if (body && clause.type)
      body = declared(env, clause, body);
    if (body && !closeOver(entry, entry.name.text, variables, listed, body.expr))
      body = {};
  }
  if (taken)
    return;
  Symbol symbol;
  if (body && body.isSet()) {
    error(*env, body, "a `let` is no set").mark("sets are made by `select`");
  } else if (body) {
    symbol.kind = Symbol::Let;
    symbol.id = program.lets.size();
    symbol.value = clause.value.get();
    symbol.bare = !entry.bracketed;
    if (isTokenMap(variables))
      tokenMaps.insert(symbol.id);
    program.lets.push_back({entry.name.text, variables, body.expr, clause.span});
    core::Let &let = program.lets.back();
    std::optional<core::DType> stated = clause.type ? elementType(clause.type->name) : std::nullopt;
    if (stated == core::DType::F16 || stated == core::DType::BF16)
      let.dtype = *stated;
    if (let.isRounded() && isTokenMap(variables))
      error(clause.type->span, "`" + let.name + "` is never stored, so it is not rounded")
          .mark("leave the type away, or write `f32`")
          .note("a value for every row and key is put in where it is used [P1]");
  }
  define(patternScope, entry.name, symbol);
}

/// The type that a `let` states.
Value Checker::declared(const EnvPtr &env, const ast::Clause &clause, Value body) {
  if (clause.type->isSet) {
    error(clause.type->span, "a `let` is no set").mark("sets are made by `select`");
    return {};
  }
  std::optional<core::DType> dtype = elementType(clause.type->name);
  std::optional<std::vector<int64_t>> shape = lengths(*clause.type, false);
  if (!dtype || !shape)
    return {};
  Base base = *dtype == core::DType::Bool ? Base::Bool : *dtype <= core::DType::U32 ? Base::Int : Base::Real;
  core::Type wanted{base, *shape};
  if (base == Base::Real && body.type().base == Base::Int)
    body = toReal(body);
  body = splat(body, wanted);
  if (body.type() == wanted)
    return body;
  error(*env, body.span, "`" + clause.entries[0].name.text + "` has another type")
      .mark(typeName(wanted) + " expected; this is " + typeName(body));
  return {};
}

//===----------------------------------------------------------------------===//
// Results [D12]
//===----------------------------------------------------------------------===//

void Checker::out(const ast::Clause &clause) {
  anyOut = true;
  if (clause.entries.empty() || !clause.value)
    return;
  const ast::Entry &entry = clause.entries[0];
  bool isMain = !entry.name;
  std::string name = isMain ? "out" : entry.name.text;
  if (!outNames.insert(name).second) {
    error(isMain ? clause.keyword : entry.name.span, isMain ? "a second main output" : "`" + name + "` is given out twice")
        .mark(isMain ? "give it a name: `out name[...] = ...`" : "choose another name");
    return;
  }
  if (!isMain && !mayDefineOutput(entry.name))
    return;
  std::vector<int> variables;
  bool listed = false;
  std::shared_ptr<Env> env = leftSide(entry, variables, listed);
  if (!env) {
    return;
  }
  if (isTokenMap(variables)) { // [P1]
    std::string size;
    for (int v : variables)
      if (int axis = program.variables[v].axis; axis == core::AxisN || axis == core::AxisM)
        size += (size.empty() ? "" : " x ") + program.axes[axis].name;
    error(clause.keyword, "this output is a token-by-token map")
        .mark(size + " numbers per head")
        .note("nothing of that size is ever stored; reduce it over i or over j")
        .suggest("`sum(... for i)`, `max(... for j)`, or `attnc show` to look at it");
    return;
  }
  Value body = expression(env, *clause.value);
  if (!body)
    return;
  if (body.isSet()) {
    later(clause.span, "a set as an output");
    return;
  }
  if (isMain) {
    if (!needNumeric(env, body, "out"))
      return;
    body = toReal(body);
  }
  if (!closeOver(entry, name, variables, listed, body.expr))
    return;
  core::DType dtype = body.type().base == Base::Real  ? core::DType::F32
                      : body.type().base == Base::Int ? core::DType::I32
                                                      : core::DType::Bool;
  if (isMain) {
    const Symbol &v = predeclared.names.at("v");
    dtype = v.kind == Symbol::Tensor ? program.tensors[v.id].dtype : program.dtype;
  }
  program.outputs.push_back({name, variables, body.expr, dtype, clause.span});
}

/// Outputs have names of their own; that of a state updates it [D13].
bool Checker::mayDefineOutput(const ast::Name &name) {
  auto state = patternScope.names.find(name.text);
  if (state != patternScope.names.end() && states.count(name.text))
    return true;
  return mayDefine(patternScope, name);
}

} // namespace attn::sema
