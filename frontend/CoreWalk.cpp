#include "frontend/CoreWalk.h"

namespace attn::core {

void walk(const Expr &expr, const std::function<bool(const Expr &)> &visit) {
  if (!visit(expr))
    return;
  for (const ExprPtr &arg : expr.args)
    walk(*arg, visit);
  for (const Range &range : expr.ranges)
    if (range.kind == Range::Interval) {
      walk(*range.lo, visit);
      walk(*range.hi, visit);
    }
  if (expr.condition)
    walk(*expr.condition, visit);
}

bool mentions(const Expr &expr, int variable) {
  bool found = false;
  walk(expr, [&](const Expr &e) {
    found |= e.op == Op::Var && e.id == variable;
    return !found;
  });
  return found;
}

ExprPtr rewrite(const ExprPtr &expr, const std::function<ExprPtr(Expr)> &change) {
  Expr copy = *expr;
  for (ExprPtr &arg : copy.args)
    arg = rewrite(arg, change);
  for (Range &range : copy.ranges)
    if (range.kind == Range::Interval) {
      range.lo = rewrite(range.lo, change);
      range.hi = rewrite(range.hi, change);
    }
  if (copy.condition)
    copy.condition = rewrite(copy.condition, change);
  return change(std::move(copy));
}

ExprPtr substitute(const ExprPtr &expr, const std::map<int, ExprPtr> &replacements) {
  return rewrite(expr, [&](Expr e) -> ExprPtr {
    if (e.op == Op::Var)
      if (auto it = replacements.find(e.id); it != replacements.end())
        return it->second;
    return std::make_shared<Expr>(std::move(e));
  });
}

const char *spelling(Op op) {
  switch (op) {
  case Op::Int: return "int";
  case Op::Real: return "real";
  case Op::Bool: return "bool";
  case Op::Var: return "var";
  case Op::Extent: return "extent";
  case Op::Param: return "param";
  case Op::GroupOf: return "groupof";
  case Op::Tensor: return "tensor";
  case Op::Let: return "let";
  case Op::Branch: return "branch";
  case Op::Member: return "member";
  case Op::Score: return "score";
  case Op::Stage: return "stage";
  case Op::Count: return "count";
  case Op::Add: return "add";
  case Op::Sub: return "sub";
  case Op::Mul: return "mul";
  case Op::Div: return "div";
  case Op::FloorDiv: return "floordiv";
  case Op::Mod: return "mod";
  case Op::Neg: return "neg";
  case Op::Min: return "min";
  case Op::Max: return "max";
  case Op::Abs: return "abs";
  case Op::Pow: return "pow";
  case Op::IntPow: return "intpow";
  case Op::Eq: return "eq";
  case Op::Ne: return "ne";
  case Op::Lt: return "lt";
  case Op::Le: return "le";
  case Op::And: return "and";
  case Op::Or: return "or";
  case Op::Not: return "not";
  case Op::If: return "if";
  case Op::ToReal: return "toreal";
  case Op::Splat: return "splat";
  case Op::Exp: return "exp";
  case Op::Log: return "log";
  case Op::Log1p: return "log1p";
  case Op::Sqrt: return "sqrt";
  case Op::Sin: return "sin";
  case Op::Cos: return "cos";
  case Op::Tanh: return "tanh";
  case Op::Erf: return "erf";
  case Op::Floor: return "floor";
  case Op::Shl: return "shl";
  case Op::Shr: return "shr";
  case Op::BitAnd: return "bitand";
  case Op::BitOr: return "bitor";
  case Op::BitXor: return "bitxor";
  case Op::ILog2: return "ilog2";
  case Op::Dot: return "dot";
  case Op::MatVec: return "matvec";
  case Op::Outer: return "outer";
  case Op::Cat: return "cat";
  case Op::Ramp: return "ramp";
  case Op::Slice: return "slice";
  case Op::Component: return "component";
  case Op::Aggregate: return "aggregate";
  }
  return "";
}

const char *spelling(AggregateKind kind) {
  switch (kind) {
  case AggregateKind::Sum: return "sum";
  case AggregateKind::Mean: return "mean";
  case AggregateKind::Max: return "max";
  case AggregateKind::Min: return "min";
  case AggregateKind::Any: return "any";
  case AggregateKind::All: return "all";
  case AggregateKind::Count: return "count";
  case AggregateKind::ArgMax: return "argmax";
  }
  return "";
}

const char *spelling(Field field) {
  return field == Field::Lse ? "lse" : field == Field::Max ? "max" : "out";
}

static const struct {
  DType type;
  const char *word;
} dtypes[] = {
    {DType::Bool, "bool"}, {DType::I8, "i8"},   {DType::I16, "i16"}, {DType::I32, "i32"},
    {DType::I64, "i64"},   {DType::U8, "u8"},   {DType::U16, "u16"}, {DType::U32, "u32"},
    {DType::F16, "f16"},   {DType::BF16, "bf16"}, {DType::F32, "f32"}, {DType::F64, "f64"},
};

const char *spelling(DType type) {
  for (const auto &entry : dtypes)
    if (entry.type == type)
      return entry.word;
  return "";
}

std::optional<DType> parseDType(const std::string &word) {
  for (const auto &entry : dtypes)
    if (word == entry.word)
      return entry.type;
  return std::nullopt;
}

} // namespace attn::core
