// Expressions: precedence, and the nodes they make. Only Parser.cpp includes this.
#pragma once
#include "frontend/GrammarTokens.h"

namespace attn::grammar {

//===-- Building expressions ------------------------------------------------===//

inline ExprBox make(ExprKind kind, Span span) {
  auto result = std::make_shared<Expr>();
  result->kind = kind;
  result->span = span;
  return result;
}

/// Keeps `height`, and with it the promise that trees are not high.
inline void checkHeight(Expr &expr, Iterator at) {
  auto look = [&](const ExprPtr &part) {
    if (part)
      expr.height = std::max(expr.height, part->height + 1);
  };
  // A chain grows by one operand at a time; the others have been looked at.
  bool grows = expr.kind == ExprKind::Chain && expr.operands.size() > 2;
  for (size_t k = grows ? expr.operands.size() - 1 : 0; k < expr.operands.size(); ++k)
    look(expr.operands[k]);
  for (const Item &item : expr.items)
    look(item.lo), look(item.hi);
  for (const Binder &binder : expr.binders)
    look(binder.set), look(binder.rangeEnd);
  look(expr.condition);
  if (expr.height > maxNesting)
    throw Failure(at, tooDeep);
}

template <typename Context> void put(Context &context, ExprBox expr) {
  auto where = x3::_where(context).begin();
  checkHeight(*expr, where == state(context).begin() ? where : where - 1);
  x3::_val(context) = std::move(expr);
}

inline Operator operatorOf(Tok kind) {
  switch (kind) {
  case Tok::Or: return Operator::Or;
  case Tok::And: return Operator::And;
  case Tok::EqualEqual: return Operator::Equal;
  case Tok::NotEqual: return Operator::NotEqual;
  case Tok::Less: return Operator::Less;
  case Tok::LessEqual: return Operator::LessEqual;
  case Tok::Greater: return Operator::Greater;
  case Tok::GreaterEqual: return Operator::GreaterEqual;
  case Tok::Add: return Operator::Add;
  case Tok::Minus: return Operator::Subtract;
  case Tok::Star: return Operator::Multiply;
  case Tok::Slash: return Operator::Divide;
  case Tok::SlashSlash: return Operator::FloorDivide;
  case Tok::Mod: return Operator::Modulo;
  case Tok::At: return Operator::Apply;
  default: return Operator::Power;
  }
}

// Actions. `_val` is the expression being built, `_attr` what was just read.
const auto same = [](auto &ctx) { x3::_val(ctx) = x3::_attr(ctx); };

const auto literal = [](auto &ctx) {
  const Token &token = x3::_attr(ctx);
  auto expr = make(token.kind == Tok::Integer ? ExprKind::Integer
                   : token.kind == Tok::Real  ? ExprKind::Real
                                              : ExprKind::Truth,
                   token.span);
  expr->integer = token.integer;
  expr->real = token.real;
  expr->truth = token.kind == Tok::True;
  put(ctx, expr);
};

const auto named = [](auto &ctx) {
  const Token &token = x3::_attr(ctx);
  auto expr = make(ExprKind::Name, token.span);
  expr->name = state(ctx).name(token);
  put(ctx, expr);
};

const auto field = [](auto &ctx) {
  auto expr = x3::_val(ctx);
  expr->kind = ExprKind::Field;
  expr->field = state(ctx).name(x3::_attr(ctx));
  expr->span = expr->span.to(expr->field.span);
};

const auto opened = [](auto &ctx) { x3::_val(ctx) = make(ExprKind::Tuple, x3::_attr(ctx).span); };
const auto operand = [](auto &ctx) { x3::_val(ctx)->operands.push_back(x3::_attr(ctx)); };
const auto condition = [](auto &ctx) { x3::_val(ctx)->condition = x3::_attr(ctx); };
const auto binderOf = [](auto &ctx) { x3::_val(ctx)->binders.push_back(x3::_attr(ctx)); };
const auto isCall = [](auto &ctx) { x3::_val(ctx)->kind = ExprKind::Call; };

/// The closing parenthesis of a call, a tuple or plain parentheses.
const auto closed = [](auto &ctx) {
  auto expr = x3::_val(ctx);
  Span span = expr->span.to(x3::_attr(ctx).span);
  if (expr->kind == ExprKind::Tuple && expr->operands.size() == 1) {
    expr = std::const_pointer_cast<Expr>(expr->operands[0]);
    expr->parenthesized = true;
  }
  expr->span = span;
  put(ctx, expr);
};

const auto subscript = [](auto &ctx) {
  auto expr = make(ExprKind::Subscript, x3::_val(ctx)->span);
  expr->operands.push_back(x3::_val(ctx));
  x3::_val(ctx) = expr;
};
const auto itemOf = [](auto &ctx) { x3::_val(ctx)->items.push_back(x3::_attr(ctx)); };

/// `op operand` after what has been read so far.
const auto binary = [](auto &ctx) {
  const Token &op = boost::fusion::at_c<0>(x3::_attr(ctx));
  ExprPtr left = x3::_val(ctx), right = boost::fusion::at_c<1>(x3::_attr(ctx));
  auto expr = make(ExprKind::Binary, left->span.to(right->span));
  expr->op = operatorOf(op.kind);
  expr->opSpan = op.span;
  expr->operands = {left, right};
  put(ctx, expr);
};

const auto prefix = [](auto &ctx) {
  const Token &op = boost::fusion::at_c<0>(x3::_attr(ctx));
  ExprPtr inner = boost::fusion::at_c<1>(x3::_attr(ctx));
  auto expr = make(op.kind == Tok::Not ? ExprKind::Not : ExprKind::Negate, op.span.to(inner->span));
  expr->opSpan = op.span;
  expr->operands = {inner};
  put(ctx, expr);
};

const auto member = [](auto &ctx) {
  const Token &op = boost::fusion::at_c<0>(x3::_attr(ctx));
  const Item &set = boost::fusion::at_c<1>(x3::_attr(ctx));
  ExprPtr left = x3::_val(ctx);
  auto expr = make(ExprKind::Member, left->span.to((set.hi ? set.hi : set.lo)->span));
  expr->opSpan = op.span;
  expr->operands = {left, set.lo};
  if (set.hi)
    expr->operands.push_back(set.hi);
  put(ctx, expr);
};

inline int directionOf(Operator op) {
  switch (op) {
  case Operator::Less: case Operator::LessEqual: return 1;
  case Operator::Greater: case Operator::GreaterEqual: return -1;
  default: return 0;
  }
}

/// A comparison, or one more of a chain.
const auto compared = [](auto &ctx) {
  const Token &op = boost::fusion::at_c<0>(x3::_attr(ctx));
  ExprPtr right = boost::fusion::at_c<1>(x3::_attr(ctx));
  ExprPtr left = x3::_val(ctx);
  ExprBox expr = x3::_val(ctx);
  Operator kind = operatorOf(op.kind);
  if (expr->kind != ExprKind::Chain || expr->parenthesized) {
    expr = make(ExprKind::Chain, left->span);
    expr->operands = {left};
  } else if (Operator before = expr->ops.back(); directionOf(before) != directionOf(kind) ||
                                                 kind == Operator::NotEqual || before == Operator::NotEqual) {
    state(ctx).diagnostics.error(op.span, "a chain of comparisons must run one way")
        .mark(std::string("after `") + spelling(before) + "`")
        .suggest("split it with `and`");
  }
  expr->ops.push_back(kind);
  expr->opSpans.push_back(op.span);
  expr->operands.push_back(right);
  expr->span = expr->span.to(right->span);
  put(ctx, expr);
};

const auto chosen = [](auto &ctx) {
  auto &parts = x3::_attr(ctx);
  ExprPtr otherwise = boost::fusion::at_c<3>(parts);
  auto expr = make(ExprKind::If, boost::fusion::at_c<0>(parts).span.to(otherwise->span));
  expr->operands = {boost::fusion::at_c<1>(parts), boost::fusion::at_c<2>(parts), otherwise};
  put(ctx, expr);
};

//===-- Expressions -----------------------------------------------------------===//

const x3::rule<struct ExprId, ExprBox> expr = "an expression";
const x3::rule<struct EitherId, ExprBox> either = "an expression";
const x3::rule<struct BothId, ExprBox> both = "an expression";
const x3::rule<struct NegationId, ExprBox> negation = "an expression";
const x3::rule<struct RelationId, ExprBox> relation = "an expression";
const x3::rule<struct SumId, ExprBox> sum = "an expression";
const x3::rule<struct ProductId, ExprBox> product = "an expression";
const x3::rule<struct UnaryId, ExprBox> unary = "an expression";
const x3::rule<struct PowerId, ExprBox> power = "an expression";
const x3::rule<struct PostfixId, ExprBox> postfix = "an expression";
const x3::rule<struct PrimaryId, ExprBox> primary = "an expression";
const x3::rule<struct ItemId, Item> item = "an expression";
const x3::rule<struct BinderId, Binder> binder = "a name";

template <typename Member> auto set(Member member) {
  return [member](auto &ctx) { x3::_val(ctx).*member = x3::_attr(ctx); };
}
template <typename Member> auto add(Member member) {
  return [member](auto &ctx) { (x3::_val(ctx).*member).push_back(x3::_attr(ctx)); };
}
template <typename Member> auto setName(Member member) {
  return [member](auto &ctx) { x3::_val(ctx).*member = state(ctx).name(x3::_attr(ctx)); };
}
template <typename Member> auto addName(Member member) {
  return [member](auto &ctx) { (x3::_val(ctx).*member).push_back(state(ctx).name(x3::_attr(ctx))); };
}

const auto name = word<Tok::Name>;
const auto comma = mark<Tok::Comma>;

const auto expr_def = (word<Tok::If> > nested(expr) > mark<Tok::Then> > nested(expr) > mark<Tok::Else> >
                       nested(expr))[chosen] |
                      either[same];
const auto either_def = both[same] >> *(word<Tok::Or> > both)[binary];
const auto both_def = negation[same] >> *(word<Tok::And> > negation)[binary];
const auto negation_def = (word<Tok::Not> > nested(negation))[prefix] | relation[same];
const auto relation_def =
    sum[same] >> -((word<Tok::In> > item)[member] |
                   +(word<Tok::EqualEqual, Tok::NotEqual, Tok::LessEqual, Tok::GreaterEqual, Tok::Less,
                          Tok::Greater> > sum)[compared]);
const auto item_def = sum[set(&Item::lo)] >> -(mark<Tok::DotDot> > sum[set(&Item::hi)]);
const auto sum_def = product[same] >> *(word<Tok::Add, Tok::Minus> > product)[binary];
const auto product_def =
    unary[same] >> *(word<Tok::Star, Tok::Slash, Tok::SlashSlash, Tok::Mod, Tok::At> > unary)[binary];
const auto unary_def = (word<Tok::Minus> > nested(unary))[prefix] | power[same];
const auto power_def = postfix[same] >> -(word<Tok::Caret> > nested(unary))[binary];
const auto postfix_def =
    primary[same] >> *(mark<Tok::LeftBracket>[subscript] > nested(item)[itemOf] > *(comma > nested(item)[itemOf]) >
                       word<Tok::RightBracket>[closed]);
const auto arguments = -(nested(expr)[operand] > *(comma > nested(expr)[operand])) >>
                       -(mark<Tok::For> > nested(binder)[binderOf] > *(comma > nested(binder)[binderOf]) >
                         -(mark<Tok::Where> > nested(expr)[condition]));
const auto primary_def =
    word<Tok::Integer, Tok::Real, Tok::True, Tok::False>[literal] |
    (word<Tok::LeftParen>[opened] > nested(expr)[operand] > *(comma > nested(expr)[operand]) > word<Tok::RightParen>[closed]) |
    (name[named] >> -((mark<Tok::Dot> > name[field]) |
                      (mark<Tok::LeftParen>[isCall] > arguments > word<Tok::RightParen>[closed])));
const auto binder_def = finished(name[setName(&Binder::name)] >>
                                 -(mark<Tok::In> > sum[set(&Binder::set)] >
                                   -(mark<Tok::DotDot> > sum[set(&Binder::rangeEnd)])));

BOOST_SPIRIT_DEFINE(expr, either, both, negation, relation, sum, product, unary, power, postfix, primary, item,
                    binder)

} // namespace attn::grammar
