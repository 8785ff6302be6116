// Nodes, constant folding and messages of the checker.
#include "frontend/Checker.h"
#include "frontend/Scalar.h"
#include <algorithm>

namespace attn::sema {

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

static bool isConstant(const core::Expr &e) {
  return e.type.isScalar() && (e.op == Op::Int || e.op == Op::Real || e.op == Op::Bool);
}

ExprPtr Checker::node(const Env &env, Span written, Op op, core::Type type, std::vector<ExprPtr> args) {
  auto expr = std::make_shared<core::Expr>();
  expr->op = op;
  expr->type = std::move(type);
  expr->span = place(env, written);
  if (env.use)
    expr->inner = written;
  expr->args = std::move(args);
  return fold(std::move(expr));
}

ExprPtr Checker::fold(std::shared_ptr<core::Expr> expr) {
  const std::vector<ExprPtr> &args = expr->args;
  if (args.empty() || !expr->type.isScalar())
    return expr;
  // A decided condition leaves one side: the other costs nothing and what only
  // it reads is not an argument.
  if (isConstant(*args[0]) && args[0]->op == Op::Bool) {
    bool truth = args[0]->integer != 0;
    if (expr->op == Op::If)
      return truth ? args[1] : args[2];
    if (expr->op == Op::And)
      return truth ? args[1] : args[0];
    if (expr->op == Op::Or)
      return truth ? args[0] : args[1];
  }
  std::vector<Scalar> values;
  for (const ExprPtr &arg : args) {
    if (!isConstant(*arg))
      return expr;
    values.push_back(*evaluateScalar(*arg, {}));
  }
  std::optional<Scalar> folded = applyScalar(expr->op, values);
  if (!folded)
    return expr;
  auto constant = std::make_shared<core::Expr>();
  constant->op = folded->base == Base::Int ? Op::Int : folded->base == Base::Real ? Op::Real : Op::Bool;
  constant->type = {folded->base, {}};
  constant->integer = folded->integer;
  constant->real = folded->real;
  constant->span = expr->span;
  constant->inner = expr->inner;
  return constant;
}

static std::shared_ptr<core::Expr> leaf(Op op, Base base, Span span) {
  auto expr = std::make_shared<core::Expr>();
  expr->op = op;
  expr->type = {base, {}};
  expr->span = span;
  return expr;
}

ExprPtr Checker::intNode(int64_t v, Span span) {
  auto expr = leaf(Op::Int, Base::Int, span);
  expr->integer = v;
  return expr;
}

ExprPtr Checker::realNode(double v, Span span) {
  auto expr = leaf(Op::Real, Base::Real, span);
  expr->real = v;
  return expr;
}

ExprPtr Checker::realPlaceholder(const Env &env, Span written) {
  return node(env, written, Op::Score, {Base::Real, {}}); // without a key: never leaves the checker
}

ExprPtr Checker::boolNode(bool v, Span span) {
  auto expr = leaf(Op::Bool, Base::Bool, span);
  expr->integer = v;
  return expr;
}

ExprPtr Checker::varNode(int variable, Span span) {
  auto expr = leaf(Op::Var, Base::Int, span);
  expr->id = variable;
  return expr;
}

Value Checker::value(ExprPtr expr, Span span, int kind) {
  Value v;
  v.expr = std::move(expr);
  v.span = span;
  v.kind = kind;
  return v;
}

Value Checker::valueOf(const Env &env, const ast::Expr &at, ExprPtr expr, int kind) {
  Value v = value(std::move(expr), env.use ? *env.use : bare(at), kind);
  if (env.use)
    v.inner = bare(at);
  return v;
}

int Checker::addVariable(const std::string &name, int axis) {
  program.variables.push_back({name, axis});
  return program.variables.size() - 1;
}

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

Diagnostic &Checker::error(Span where, std::string message) {
  failed = true;
  return diagnostics.error(where, std::move(message));
}

// An error inside a formula is shown where the user wrote its name; the note
// says which formula it is.
Diagnostic &Checker::error(const Env &env, Span written, std::string message) {
  return withFormula(env, error(place(env, written), std::move(message)), written);
}

/// An operand that came in as an argument is shown where it was written.
Diagnostic &Checker::error(const Env &env, const Value &v, std::string message) {
  return withFormula(env, error(v.span, std::move(message)), v.inner);
}

Diagnostic &Checker::withFormula(const Env &env, Diagnostic &d, std::optional<Span> inner) {
  if (!env.use || !env.formula)
    return d;
  // The prelude is quoted; of a formula of the user's the place is shown.
  Span body = env.formula->def->value->span;
  bool own = body.file != preludeFile && inner && inner->file == body.file && inner->begin >= body.begin &&
             inner->end <= body.end;
  return d.note("in `" + formulaText(*env.formula) + "`", own ? inner : std::nullopt);
}

void Checker::later(Span where, const std::string &what) {
  if (saidLater.insert(what).second)
    unsupported.emplace_back(where, "not yet supported: " + what);
}

Value Checker::later(const Env &env, Span written, const std::string &what) {
  later(place(env, written), what);
  return {};
}

std::string Checker::text(Span span) const {
  std::string out;
  bool space = false, comment = false;
  for (char c : sources.text(span)) {
    comment = c == '#' || (comment && c != '\n');
    if (comment || c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      space = true;
      continue;
    }
    if (space && !out.empty())
      out += ' ';
    space = false;
    out += c;
  }
  return out;
}

std::string Checker::text(const ast::Expr &expr) const { return text(bare(expr)); }

// The span without the parentheses around the expression.
Span Checker::bare(const ast::Expr &expr) const {
  Span span = expr.span;
  if (!expr.parenthesized || expr.kind == ast::ExprKind::Tuple)
    return span;
  switch (expr.kind) {
  case ast::ExprKind::Binary:
  case ast::ExprKind::Chain:
    if (!expr.operands.empty())
      return expr.operands.front()->span.to(expr.operands.back()->span);
    return span;
  case ast::ExprKind::Member:
    return expr.operands.front()->span.to(expr.operands.back()->span);
  default: break;
  }
  std::string_view s = sources.text(span);
  size_t begin = 0, end = s.size();
  while (begin < end && s[begin] == '(' && s[end - 1] == ')') {
    ++begin, --end;
    while (begin < end && std::isspace(static_cast<unsigned char>(s[begin])))
      ++begin;
    while (begin < end && std::isspace(static_cast<unsigned char>(s[end - 1])))
      --end;
    if (expr.kind == ast::ExprKind::Subscript)
      break; // a further parenthesis may belong to what is subscripted
  }
  return {span.file, static_cast<uint32_t>(span.begin + begin), static_cast<uint32_t>(span.begin + end)};
}

} // namespace attn::sema
