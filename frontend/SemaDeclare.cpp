// Parameters, axes and tensors: [I2] and section "Types" of docs/language.md.
#include "frontend/Checker.h"
#include "frontend/Scalar.h"
#include <cmath>
#include <cstdio>

namespace attn::sema {

/// Whether a call can compute the expression before it runs the pattern.
static const core::Expr *notOfHost(const core::Expr &expr) {
  const core::Expr *culprit = nullptr;
  core::walk(expr, [&](const core::Expr &e) {
    bool leaf = e.args.empty() || e.op == Op::Tensor || e.op == Op::Member || e.op == Op::Aggregate;
    bool host = e.op == Op::Int || e.op == Op::Real || e.op == Op::Bool || e.op == Op::Extent || e.op == Op::Param;
    if (!culprit && ((leaf && !host) || !e.type.isScalar()))
      culprit = &e;
    return !culprit;
  });
  return culprit;
}

static std::string shortest(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", v);
  return text;
}

static const char *baseName(Base base) {
  return base == Base::Int ? "int" : base == Base::Real ? "real" : "bool";
}

EnvPtr Checker::hostEnv() {
  auto env = std::make_shared<Env>();
  env->scope = &patternScope;
  return env;
}

/// A default: a scalar of the given type over lengths and parameters.
ExprPtr Checker::hostDefault(const ast::Expr &expr, Base base) {
  EnvPtr env = hostEnv();
  Value v = expression(env, expr);
  if (!v)
    return nullptr;
  if (const core::Expr *culprit = notOfHost(*v.expr)) {
    error(culprit->span, "a default is made of lengths and parameters").mark("this is known in a pattern only");
    return nullptr;
  }
  if (base == Base::Real && v.isNumber())
    v = toReal(v);
  if (v.type().base != base) {
    error(v.span, "this default has another type").mark("`" + std::string(baseName(base)) + "` expected; this is " + typeName(v));
    return nullptr;
  }
  return v.expr;
}

void Checker::parameter(const ast::Parameter &parameter) {
  const std::string &name = parameter.name.text;
  Symbol symbol;
  Base base = Base::Int;
  const std::string &type = parameter.type.text;
  bool ok = true;
  if (type == "real")
    base = Base::Real;
  else if (type == "bool")
    base = Base::Bool;
  else if (type != "int") {
    Diagnostic &d = error(parameter.type.span, "unknown type `" + type + "`").mark("a parameter is `int`, `real` or `bool`");
    if (type == "float" || type == "f32" || type == "double")
      d.label = "write `real`";
    ok = false;
  }
  if (name == "offset" && ok && (base != Base::Int || parameter.isConst)) {
    error(parameter.span, "`offset` is an `int` of each call").mark("write `offset: int = ...`");
    ok = false;
  }
  ExprPtr value = parameter.value && ok ? hostDefault(*parameter.value, base) : nullptr;
  if (parameter.value && !value)
    ok = false;
  if (!mayDefine(patternScope, parameter.name)) {
    if (!patternScope.names.count(name))
      return;
    return; // the first definition stays
  }
  if (!ok) {
    define(patternScope, parameter.name, symbol);
    return;
  }
  if (parameter.isConst) {
    symbol.kind = Symbol::Constant;
    symbol.constant = constantParameter(parameter, base, value);
    if (!symbol.constant)
      symbol.kind = Symbol::Broken;
  } else {
    symbol.kind = Symbol::Param;
    symbol.id = program.params.size();
    program.params.push_back({name, base, value, "", parameter.span});
  }
  define(patternScope, parameter.name, symbol);
}

ExprPtr Checker::constantParameter(const ast::Parameter &parameter, Base base, const ExprPtr &declared) {
  const std::string &name = parameter.name.text;
  double number = 0;
  if (auto given = instance.constants.find(name); given != instance.constants.end()) {
    number = given->second;
    if (base != Base::Real && number != std::floor(number)) {
      error(parameter.span, "`" + name + "` is an integer").mark("it was set to " + shortest(number));
      return nullptr;
    }
  } else if (declared) {
    if (declared->op != Op::Int && declared->op != Op::Real && declared->op != Op::Bool) {
      error(parameter.value->span, "a `const` parameter must be known at compile time")
          .mark("this is a matter of each call");
      return nullptr;
    }
    number = declared->op == Op::Real ? declared->real : static_cast<double>(declared->integer);
  } else if (!lenient) {
    error(parameter.span, "`" + name + "` has no value").mark("give a default, or set it when the pattern is built");
    return nullptr;
  } else {
    number = 1;
  }
  program.constants.push_back({name, base, number, false});
  if (base == Base::Real)
    return realNode(number, parameter.span);
  // An integer default is exact, whatever its size.
  int64_t integer = declared && !instance.constants.count(name) ? declared->integer : floorToInt(number);
  return base == Base::Int ? intNode(integer, parameter.span) : boolNode(integer != 0, parameter.span);
}

//===----------------------------------------------------------------------===//
// Axes and tensors
//===----------------------------------------------------------------------===//

int Checker::addTensor(core::Tensor tensor) {
  program.tensors.push_back(std::move(tensor));
  return program.tensors.size() - 1;
}

/// The axes of an input; an unknown name declares a new one [I2].
std::optional<std::vector<int>> Checker::entryAxes(const ast::Entry &entry) {
  static const std::map<std::string, std::string> lengthOf = {{"B", "b"}, {"H", "h"}, {"G", "g"}, {"N", "i"}, {"M", "j"}};
  std::vector<int> axes;
  std::set<std::string> seen;
  for (const ast::Name &name : entry.indices) {
    Env env;
    env.scope = &patternScope;
    if (!seen.insert(name.text).second) {
      error(name.span, "`" + name.text + "` stands here twice").mark("write `" + name.text + "'`");
      return std::nullopt;
    }
    if (auto length = lengthOf.find(name.text); length != lengthOf.end()) {
      error(name.span, "`" + name.text + "` is a length").mark("its index is `" + length->second + "`");
      return std::nullopt;
    }
    if (std::optional<int> axis = indexAxis(env, name.text)) {
      axes.push_back(*axis);
      continue;
    }
    if (auto own = patternScope.names.find(name.text);
        own != patternScope.names.end() && own->second.kind == Symbol::Broken)
      return std::nullopt;
    if (name.text.find('\'') != std::string::npos) {
      error(name.span, "unknown index `" + name.text + "`").mark("write it without `'` first");
      return std::nullopt;
    }
    if (!mayDefine(patternScope, name))
      return std::nullopt;
    Symbol symbol;
    symbol.kind = Symbol::Index;
    symbol.id = program.axes.size();
    program.axes.push_back({name.text, name.span, nullptr});
    define(patternScope, name, symbol);
    axes.push_back(symbol.id);
  }
  return axes;
}

std::optional<core::DType> Checker::elementType(const ast::Name &name) {
  if (name.text == "dtype")
    return instance.dtype;
  if (auto type = core::parseDType(name.text))
    return type;
  Diagnostic &d = error(name.span, "unknown type `" + name.text + "`");
  if (name.text == "real" || name.text == "float" || name.text == "double")
    d.mark(name.text == "double" ? "write `f64`" : "write `f32`");
  else if (name.text == "int" || name.text == "long")
    d.mark(name.text == "int" ? "write `i32`" : "write `i64`");
  else {
    std::string other = nearest(name.text, {"bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "f16", "bf16", "f32", "f64", "dtype"});
    if (!other.empty())
      d.mark("did you mean `" + other + "`?");
    d.suggest("element types: bool i8 i16 i32 i64 u8 u16 u32 f16 bf16 f32 f64 dtype");
  }
  return std::nullopt;
}

/// The lengths of a vector or matrix. A name that means nothing yet is a new
/// length, chosen when the pattern is built.
std::optional<std::vector<int64_t>> Checker::lengths(const ast::Type &type, bool newNames) {
  std::vector<int64_t> shape;
  if (type.lengths.size() > 2) {
    error(type.lengths[2]->span, "an element is a number, a vector or a matrix")
        .mark("two lengths at most")
        .suggest("further axes are indices: `in x[b, t]: f32`");
    return std::nullopt;
  }
  for (const ast::ExprPtr &expr : type.lengths) {
    EnvPtr env = hostEnv();
    if (newNames && expr->kind == ast::ExprKind::Name && !lookup(*env, expr->name.text)) {
      const std::string &name = expr->name.text;
      if (!mayDefine(patternScope, expr->name))
        return std::nullopt;
      auto given = instance.lengths.find(name);
      int64_t length = given == instance.lengths.end() ? 32 : given->second;
      program.constants.push_back({name, Base::Int, static_cast<double>(length), true});
      Symbol symbol;
      symbol.kind = Symbol::Constant;
      symbol.constant = intNode(length, expr->span);
      define(patternScope, expr->name, symbol);
    }
    std::optional<int64_t> length = constantInt(env, *expr);
    if (!length)
      return std::nullopt;
    if (*length < 1 || *length > maxLength) {
      error(expr->span, "a vector has 1 to " + std::to_string(maxLength) + " components")
          .mark("this is " + std::to_string(*length));
      return std::nullopt;
    }
    shape.push_back(*length);
  }
  return shape;
}

static std::string joined(const std::vector<std::string> &lines) {
  std::string out;
  for (const std::string &line : lines)
    out += (out.empty() ? "" : "\n") + line;
  return out;
}

void Checker::inputs(const ast::Clause &clause) {
  bool isState = clause.kind == ast::ClauseKind::State;
  bool typed = clause.type.has_value();
  std::optional<core::DType> dtype;
  std::optional<std::vector<int64_t>> shape;
  std::optional<int> element; // of sets
  if (typed && clause.type->isSet) {
    Env env;
    env.scope = &patternScope;
    if (!indexAxis(env, clause.type->name.text) && !lookup(env, clause.type->name.text))
      error(clause.type->name.span, "unknown index `" + clause.type->name.text + "`")
          .suggest("declare it: `index " + clause.type->name.text + " = ...` or `index " + clause.type->name.text + " in lo .. hi`");
    else if (std::optional<int> of = indexAxis(env, clause.type->name.text)) {
      element = of;
    }
  } else if (typed) {
    dtype = elementType(clause.type->name);
    shape = lengths(*clause.type, true);
  }
  ExprPtr defaultValue;
  bool ok = dtype && shape;
  if (clause.value && ok) {
    Base base = *dtype == core::DType::Bool ? Base::Bool : *dtype <= core::DType::U32 ? Base::Int : Base::Real;
    defaultValue = hostDefault(*clause.value, base);
    ok = defaultValue != nullptr;
  }
  for (const ast::Entry &entry : clause.entries) {
    if (!entry.name)
      continue;
    std::optional<std::vector<int>> axes = entryAxes(entry);
    if (isState && !updated.count(entry.name.text)) {
      error(entry.name.span, "state `" + entry.name.text + "` is never updated") // [D13]
          .mark("add `out " + entry.name.text + "[...] = ...`, or declare it with `in`");
    } else if (isState) {
      later(entry.name.span, "`state`");
    }
    if (isState)
      states.insert(entry.name.text);
    if (!mayDefine(patternScope, entry.name))
      continue;
    Symbol symbol;
    if (element && axes) {
      symbol.kind = Symbol::Set;
      symbol.id = sets.size();
      sets.push_back({*axes, {*element}, isState ? -1 : setInput(clause, entry, *axes, *element)});
    } else if (ok && axes) {
      core::Tensor tensor;
      tensor.name = entry.name.text;
      tensor.axes = *axes;
      tensor.shape = *shape;
      tensor.dtype = *dtype;
      tensor.defaultValue = defaultValue;
      tensor.doc = joined(clause.comment);
      tensor.span = entry.span;
      symbol.kind = Symbol::Tensor;
      symbol.id = addTensor(std::move(tensor));
    }
    define(patternScope, entry.name, symbol);
  }
}

} // namespace attn::sema
