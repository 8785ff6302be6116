// Typed programs by hand, for tests below the checker.
#pragma once
#include "frontend/Core.h"

namespace attn::test {
using namespace core;

inline Expr node(Op op, Type type, std::vector<ExprPtr> args = {}, int id = -1) {
  Expr e;
  e.op = op, e.type = std::move(type), e.args = std::move(args), e.id = id;
  return e;
}
inline ExprPtr made(Expr e) { return std::make_shared<Expr>(std::move(e)); }
inline ExprPtr make(Op op, Type type, std::vector<ExprPtr> args = {}, int id = -1) {
  return made(node(op, std::move(type), std::move(args), id));
}
inline const Type intType{Base::Int, {}}, realType{Base::Real, {}}, boolType{Base::Bool, {}};

inline ExprPtr integer(int64_t n) {
  Expr e = node(Op::Int, intType);
  e.integer = n;
  return made(e);
}
inline ExprPtr real(double x) {
  Expr e = node(Op::Real, realType);
  e.real = x;
  return made(e);
}
inline ExprPtr var(int id) { return make(Op::Var, intType, {}, id); }
inline ExprPtr binary(Op op, ExprPtr a, ExprPtr b) {
  bool compares = op == Op::Eq || op == Op::Ne || op == Op::Lt || op == Op::Le || op == Op::And || op == Op::Or;
  Type type = compares ? boolType : a->type;
  return make(op, type, {a, b});
}
inline ExprPtr aggregate(AggregateKind kind, ExprPtr body, int variable, Range::Kind range, ExprPtr lo = nullptr,
                         ExprPtr hi = nullptr) {
  Expr e = node(Op::Aggregate, body->type, {body});
  if (kind == AggregateKind::ArgMax)
    e.type = intType;
  e.aggregate = kind;
  e.variables = {variable};
  e.ranges = {Range{range, lo, hi}};
  return made(e);
}

/// Softmax attention over q, k and v of one length D = E, without a scale;
/// variables b, h, i, j and j', the last for sums over the row. The mask is
/// `true`; `doc[b, j]` is a table of numbers for tests.
struct Attention {
  enum { B, H, I, J, J2 };
  Program p;

  explicit Attention(int64_t d) {
    for (const char *name : {"B", "H", "G", "N", "M"})
      p.axes.push_back({name, {}, nullptr});
    p.variables = {{"b", AxisB}, {"h", AxisH}, {"i", AxisN}, {"j", AxisM}, {"j'", AxisM}};
    auto tensor = [&](const char *name, std::vector<int> axes, std::vector<int64_t> shape) {
      core::Tensor t;
      t.name = name, t.axes = axes, t.shape = shape;
      p.tensors.push_back(t);
    };
    tensor("q", {AxisB, AxisH, AxisN}, {d});
    tensor("k", {AxisB, AxisG, AxisM}, {d});
    tensor("v", {AxisB, AxisG, AxisM}, {d});
    tensor("doc", {AxisB, AxisM}, {});
    p.tensors.back().defaultValue = real(0);

    Type row{Base::Real, {d}};
    ExprPtr group = make(Op::GroupOf, intType, {var(H)});
    Branch o;
    o.name = "o";
    o.variables = {B, H, I};
    o.key = J;
    Expr yes = node(Op::Bool, boolType);
    yes.integer = 1;
    o.mask = made(yes);
    o.score = make(Op::Dot, realType, {make(Op::Tensor, row, {var(B), var(H), var(I)}, 0),
                                       make(Op::Tensor, row, {var(B), group, var(J)}, 1)});
    o.value = make(Op::Tensor, row, {var(B), group, var(J)}, 2);
    auto weight = [](int key) { return make(Op::Exp, realType, {make(Op::Score, realType, {var(key)})}); };
    o.denominator = aggregate(AggregateKind::Sum, weight(J2), J2, Range::Row);
    o.weights = {{"", binary(Op::Div, weight(J), o.denominator), {}}};
    p.branches = {o};
    output("out", make(Op::Branch, row, {var(B), var(H), var(I)}, 0));
    Expr lse = node(Op::Branch, realType, {var(B), var(H), var(I)}, 0);
    lse.field = Field::Lse;
    output("lse", made(lse));
    lse.field = Field::Max;
    output("max", made(lse));
  }
  int output(std::string name, ExprPtr body) {
    p.outputs.push_back({name, {B, H, I}, body, DType::F32, {}});
    return int(p.outputs.size()) - 1;
  }
  /// doc[b, x], `x` any integer.
  ExprPtr doc(ExprPtr x) { return make(Op::Tensor, realType, {var(B), x}, 3); }
};

} // namespace attn::test
