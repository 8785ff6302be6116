// Tokens to the syntax tree: the grammar of docs/language.md, rule by rule.
#include "frontend/Parser.h"
#include "frontend/SyntaxErrors.h"
#include "frontend/Tokens.h"
#include <algorithm>
#include <boost/spirit/home/x3.hpp>

namespace attn {
namespace {
namespace x3 = boost::spirit::x3;
using namespace ast;
using Iterator = const Token *;
using Failure = x3::expectation_failure<Iterator>;
using ExprBox = std::shared_ptr<Expr>;

const char *const tooDeep = "#depth";

//===-- What the grammar works on -------------------------------------------===//

struct State {
  const SourceMap &sources;
  const TokenList &list;
  Diagnostics &diagnostics;
  SyntaxErrors errors;
  unsigned depth = 0;
  bool failed = false; ///< the clause just read had an error

  Iterator begin() const { return list.tokens.data(); }
  size_t position(Iterator token) const { return token - begin(); }
  Name name(const Token &token) const { return {std::string(sources.text(token.span)), token.span}; }
  bool takeFailure() {
    bool result = failed;
    failed = false;
    return result;
  }
  void report(const Failure &failure) {
    size_t at = position(failure.where());
    failed = true;
    if (failure.which() == tooDeep)
      errors.tooDeep(at);
    else
      errors.unexpected(at, failure.which());
  }
  std::vector<std::string> commentAbove(Iterator token) const;
};

struct StateTag;
template <typename Context> State &state(const Context &context) { return x3::get<StateTag>(context).get(); }

/// The run of comment lines that ends on the line above.
std::vector<std::string> State::commentAbove(Iterator token) const {
  std::vector<std::string> lines;
  auto after = std::lower_bound(list.comments.begin(), list.comments.end(), token->span.begin,
                                [](const Comment &c, uint32_t offset) { return c.span.begin < offset; });
  if (token != begin() && token[-1].line == token->line)
    return lines;
  uint32_t line = token->line;
  while (after != list.comments.begin() && (--after)->ownLine && after->line + 1 == line) {
    std::string_view text = sources.text(after->span).substr(1);
    if (!text.empty() && text[0] == ' ')
      text.remove_prefix(1);
    lines.push_back(std::string(text));
    line = after->line;
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

//===-- Parsers of single tokens ----------------------------------------------===//

/// One token of the given kinds; its attribute is the token.
template <Tok... kinds> struct Word : x3::parser<Word<kinds...>> {
  using attribute_type = Token;
  static constexpr bool has_attribute = true;
  template <typename Context, typename RContext, typename Attribute>
  bool parse(Iterator &first, const Iterator &last, const Context &, RContext &, Attribute &attribute) const {
    if (first == last || !((first->kind == kinds) || ...))
      return false;
    x3::traits::move_to(Token(*first), attribute);
    ++first;
    return true;
  }
};

/// The same without an attribute.
template <Tok kind> struct Mark : x3::parser<Mark<kind>> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;
  template <typename Context, typename RContext, typename Attribute>
  bool parse(Iterator &first, const Iterator &last, const Context &, RContext &, Attribute &) const {
    if (first == last || first->kind != kind)
      return false;
    ++first;
    return true;
  }
};

template <Tok... kinds> constexpr Word<kinds...> word{};
template <Tok kind> constexpr Mark<kind> mark{};

/// Counts levels, so that no text overflows the stack.
template <typename Subject> struct Nested : x3::unary_parser<Subject, Nested<Subject>> {
  using base_type = x3::unary_parser<Subject, Nested<Subject>>;
  static constexpr bool is_pass_through_unary = true;
  constexpr Nested(const Subject &subject) : base_type(subject) {}
  template <typename Context, typename RContext, typename Attribute>
  bool parse(Iterator &first, const Iterator &last, const Context &context, RContext &rcontext,
             Attribute &attribute) const {
    struct Level {
      unsigned &depth;
      ~Level() { --depth; }
    } level{++state(context).depth > maxNesting ? throw Failure((--state(context).depth, first), tooDeep)
                                                : state(context).depth};
    return this->subject.parse(first, last, context, rcontext, attribute);
  }
};
template <typename Subject> auto nested(const Subject &subject) {
  return Nested<typename x3::extension::as_parser<Subject>::value_type>(x3::as_parser(subject));
}

/// Hands a node, once read, to `finish` with its first token and the one after
/// its last. (A rule's own on_success sees no attribute beside actions.)
template <typename Subject> struct Finished : x3::unary_parser<Subject, Finished<Subject>> {
  using base_type = x3::unary_parser<Subject, Finished<Subject>>;
  static constexpr bool is_pass_through_unary = true;
  constexpr Finished(const Subject &subject) : base_type(subject) {}
  template <typename Context, typename RContext, typename Attribute>
  bool parse(Iterator &first, const Iterator &last, const Context &context, RContext &node,
             Attribute &attribute) const {
    Iterator begin = first;
    if (!this->subject.parse(first, last, context, node, attribute))
      return false;
    finish(node, state(context), begin, first);
    return true;
  }
};
template <typename Subject> auto finished(const Subject &subject) {
  return Finished<typename x3::extension::as_parser<Subject>::value_type>(x3::as_parser(subject));
}

template <typename Node> void finish(Node &node, State &, Iterator begin, Iterator end) {
  node.span = begin->span.to(end[-1].span);
}
template <typename Node> void finishDocumented(Node &node, State &state, Iterator begin, Iterator end) {
  node.span = begin->span.to(end[-1].span);
  node.comment = state.commentAbove(begin);
}
void finish(Clause &node, State &state, Iterator begin, Iterator end) { finishDocumented(node, state, begin, end); }
void finish(Pattern &node, State &state, Iterator begin, Iterator end) { finishDocumented(node, state, begin, end); }

/// What messages call a parser that is not one token.
template <typename Subject> struct Called : x3::unary_parser<Subject, Called<Subject>> {
  using base_type = x3::unary_parser<Subject, Called<Subject>>;
  static constexpr bool is_pass_through_unary = true;
  const char *text;
  constexpr Called(const char *text, const Subject &subject) : base_type(subject), text(text) {}
  template <typename Context, typename RContext, typename Attribute>
  bool parse(Iterator &first, const Iterator &last, const Context &context, RContext &rcontext,
             Attribute &attribute) const {
    return this->subject.parse(first, last, context, rcontext, attribute);
  }
};
template <typename Subject> auto called(const char *text, const Subject &subject) {
  return Called<typename x3::extension::as_parser<Subject>::value_type>(text, x3::as_parser(subject));
}

std::string quoted(Tok kind) {
  return kind < firstKeyword ? spelling(kind) : std::string("`") + spelling(kind) + "`";
}

} // namespace
} // namespace attn

// The words of messages.
namespace boost::spirit::x3 {
template <attn::Tok kind> struct get_info<attn::Mark<kind>> {
  using result_type = std::string;
  std::string operator()(const attn::Mark<kind> &) const { return attn::quoted(kind); }
};
template <attn::Tok kind, attn::Tok... others> struct get_info<attn::Word<kind, others...>> {
  using result_type = std::string;
  std::string operator()(const attn::Word<kind, others...> &) const { return attn::quoted(kind); }
};
template <typename Subject, typename Function> struct get_info<action<Subject, Function>> {
  using result_type = std::string;
  std::string operator()(const action<Subject, Function> &parser) const { return what(parser.subject); }
};
template <typename Subject> struct get_info<attn::Nested<Subject>> {
  using result_type = std::string;
  std::string operator()(const attn::Nested<Subject> &parser) const { return what(parser.subject); }
};
template <typename Subject> struct get_info<attn::Called<Subject>> {
  using result_type = std::string;
  std::string operator()(const attn::Called<Subject> &parser) const { return parser.text; }
};
} // namespace boost::spirit::x3

namespace attn {
namespace {

//===-- Building expressions ------------------------------------------------===//

ExprBox make(ExprKind kind, Span span) {
  auto result = std::make_shared<Expr>();
  result->kind = kind;
  result->span = span;
  return result;
}

/// Keeps `height`, and with it the promise that trees are not high.
void checkHeight(Expr &expr, Iterator at) {
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

Operator operatorOf(Tok kind) {
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
auto same = [](auto &ctx) { x3::_val(ctx) = x3::_attr(ctx); };

auto literal = [](auto &ctx) {
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

auto named = [](auto &ctx) {
  const Token &token = x3::_attr(ctx);
  auto expr = make(ExprKind::Name, token.span);
  expr->name = state(ctx).name(token);
  put(ctx, expr);
};

auto field = [](auto &ctx) {
  auto expr = x3::_val(ctx);
  expr->kind = ExprKind::Field;
  expr->field = state(ctx).name(x3::_attr(ctx));
  expr->span = expr->span.to(expr->field.span);
};

auto opened = [](auto &ctx) { x3::_val(ctx) = make(ExprKind::Tuple, x3::_attr(ctx).span); };
auto operand = [](auto &ctx) { x3::_val(ctx)->operands.push_back(x3::_attr(ctx)); };
auto condition = [](auto &ctx) { x3::_val(ctx)->condition = x3::_attr(ctx); };
auto binderOf = [](auto &ctx) { x3::_val(ctx)->binders.push_back(x3::_attr(ctx)); };
auto isCall = [](auto &ctx) { x3::_val(ctx)->kind = ExprKind::Call; };

/// The closing parenthesis of a call, a tuple or plain parentheses.
auto closed = [](auto &ctx) {
  auto expr = x3::_val(ctx);
  Span span = expr->span.to(x3::_attr(ctx).span);
  if (expr->kind == ExprKind::Tuple && expr->operands.size() == 1) {
    expr = std::const_pointer_cast<Expr>(expr->operands[0]);
    expr->parenthesized = true;
  }
  expr->span = span;
  put(ctx, expr);
};

auto subscript = [](auto &ctx) {
  auto expr = make(ExprKind::Subscript, x3::_val(ctx)->span);
  expr->operands.push_back(x3::_val(ctx));
  x3::_val(ctx) = expr;
};
auto itemOf = [](auto &ctx) { x3::_val(ctx)->items.push_back(x3::_attr(ctx)); };

/// `op operand` after what has been read so far.
auto binary = [](auto &ctx) {
  const Token &op = boost::fusion::at_c<0>(x3::_attr(ctx));
  ExprPtr left = x3::_val(ctx), right = boost::fusion::at_c<1>(x3::_attr(ctx));
  auto expr = make(ExprKind::Binary, left->span.to(right->span));
  expr->op = operatorOf(op.kind);
  expr->opSpan = op.span;
  expr->operands = {left, right};
  put(ctx, expr);
};

auto prefix = [](auto &ctx) {
  const Token &op = boost::fusion::at_c<0>(x3::_attr(ctx));
  ExprPtr inner = boost::fusion::at_c<1>(x3::_attr(ctx));
  auto expr = make(op.kind == Tok::Not ? ExprKind::Not : ExprKind::Negate, op.span.to(inner->span));
  expr->opSpan = op.span;
  expr->operands = {inner};
  put(ctx, expr);
};

auto member = [](auto &ctx) {
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

int directionOf(Operator op) {
  switch (op) {
  case Operator::Less: case Operator::LessEqual: return 1;
  case Operator::Greater: case Operator::GreaterEqual: return -1;
  default: return 0;
  }
}

/// A comparison, or one more of a chain.
auto compared = [](auto &ctx) {
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

auto chosen = [](auto &ctx) {
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

//===-- Clauses -----------------------------------------------------------------===//

/// Reports, and goes on at the next clause.
struct Recovering {
  template <typename Context>
  x3::error_handler_result on_error(Iterator &first, const Iterator &, const Failure &failure,
                                    const Context &context) {
    State &s = state(context);
    s.report(failure);
    size_t from = s.position(failure.where());
    if (failure.which() == "a name")
      from = s.errors.afterName(from);
    first = s.begin() + s.errors.nextClause(from);
    return x3::error_handler_result::accept;
  }
};

struct ClauseId : Recovering {};
struct ElementId : Recovering {};

const x3::rule<struct EntryId, Entry> entry = "a name";
const x3::rule<struct ResultId, Entry> result = "a name or `[`";
const x3::rule<struct TypeId, Type> type = "a type";
const x3::rule<struct ArgumentId, Argument> argument = "a name";
const x3::rule<ElementId, Clause> element = "a clause";
const x3::rule<ClauseId, Clause> clause = "a clause";

auto begins = [](auto &ctx) {
  static const std::pair<Tok, ClauseKind> kinds[] = {
      {Tok::In, ClauseKind::In},         {Tok::State, ClauseKind::State},     {Tok::Index, ClauseKind::Index},
      {Tok::Def, ClauseKind::Def},       {Tok::Let, ClauseKind::Let},         {Tok::Select, ClauseKind::Select},
      {Tok::Branch, ClauseKind::Branch}, {Tok::Mask, ClauseKind::Mask},       {Tok::Score, ClauseKind::Score},
      {Tok::Weights, ClauseKind::Weights}, {Tok::Value, ClauseKind::Value},   {Tok::Out, ClauseKind::Out}};
  const Token &token = x3::_attr(ctx);
  Clause &clause = x3::_val(ctx);
  clause.keyword = token.span;
  for (auto [kind, clauseKind] : kinds)
    if (kind == token.kind)
      clause.kind = clauseKind;
};

auto hasParameters = [](auto &ctx) { x3::_val(ctx).hasParameters = true; };
auto bracketed = [](auto &ctx) { x3::_val(ctx).bracketed = true; };
auto isSet = [](auto &ctx) { x3::_val(ctx).isSet = true; };
auto hasBody = [](auto &ctx) { x3::_val(ctx).hasBody = true; };
auto bodyClause = [](auto &ctx) {
  if (!state(ctx).takeFailure())
    x3::_val(ctx).body.push_back(std::move(x3::_attr(ctx)));
};
auto indexName = [](auto &ctx) {
  const Token &token = x3::_attr(ctx);
  x3::_val(ctx).entries.push_back({state(ctx).name(token), {}, false, token.span});
};
auto selectRule = [](auto &ctx) {
  const Token &token = x3::_attr(ctx);
  Name rule = state(ctx).name(token);
  const std::vector<std::string> rules = {"top", "mass", "under", "all"};
  if (std::find(rules.begin(), rules.end(), rule.text) == rules.end()) {
    std::string near = nearest(rule.text, rules);
    state(ctx).diagnostics.error(token.span, "`" + rule.text + "` is no way to select")
        .mark(near.empty() ? "one of `top`, `mass`, `under`, `all`" : "did you mean `" + near + "`?");
  }
  x3::_val(ctx).rule = rule;
};

/// What does not begin a clause: reported and skipped.
struct StrayInBody : x3::parser<StrayInBody> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;
  template <typename Context, typename RContext, typename Attribute>
  bool parse(Iterator &first, const Iterator &, const Context &context, RContext &, Attribute &) const {
    State &s = state(context);
    if (first->kind == Tok::RightBrace || first->kind == Tok::Pattern || first->kind == Tok::End ||
        beginsClause(first->kind))
      return false;
    s.errors.strayInBody(s.position(first));
    first = s.begin() + s.errors.nextClause(s.position(first));
    return true;
  }
};

/// A clause that belongs outside the branch it stands in.
struct StrayInBranch : x3::parser<StrayInBranch> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;
  template <typename Context, typename RContext, typename Attribute>
  bool parse(Iterator &first, const Iterator &, const Context &context, RContext &, Attribute &) const {
    State &s = state(context);
    if (!beginsClause(first->kind) || !s.errors.strayInBranch(s.position(first)))
      return false;
    first = s.begin() + s.errors.nextClause(s.position(first) + 1);
    return true;
  }
};

const auto indices = mark<Tok::LeftBracket>[bracketed] > name[addName(&Entry::indices)] >
                     *(comma > name[addName(&Entry::indices)]) > mark<Tok::RightBracket>;
const auto entry_def = finished(name[setName(&Entry::name)] >> -indices);
const auto result_def = finished((indices) | (name[setName(&Entry::name)] >> -indices));
const auto type_def = finished(
    (mark<Tok::Set>[isSet] > mark<Tok::Of> > name[setName(&Type::name)]) |
    (name[setName(&Type::name)] >> -(mark<Tok::LeftBracket> > sum[add(&Type::lengths)] >
                                     *(comma > sum[add(&Type::lengths)]) > mark<Tok::RightBracket>)));
const auto argument_def = name[setName(&Argument::name)] > mark<Tok::Equal> > expr[set(&Argument::value)];

const auto entries = entry[add(&Clause::entries)];
const auto value = expr[set(&Clause::value)];
const auto input = word<Tok::In, Tok::State>[begins] > entries > *(comma > entries) > mark<Tok::Colon> >
                   type[set(&Clause::type)] > -(mark<Tok::Equal> > sum[set(&Clause::value)]);
const auto index =
    word<Tok::Index>[begins] > name[indexName] >
    called("`=` or `in`", (mark<Tok::Equal> > sum[set(&Clause::value)]) |
                              (mark<Tok::In> > sum[set(&Clause::value)] > mark<Tok::DotDot> >
                               sum[set(&Clause::rangeEnd)]));
const auto def = word<Tok::Def>[begins] > name[setName(&Clause::name)] >
                 -(mark<Tok::LeftParen>[hasParameters] > name[addName(&Clause::parameters)] >
                   *(comma > name[addName(&Clause::parameters)]) > mark<Tok::RightParen>) >
                 mark<Tok::Equal> > value;
const auto let = word<Tok::Let>[begins] > entries > -(mark<Tok::Colon> > type[set(&Clause::type)]) >
                 mark<Tok::Equal> > value;
const auto select = word<Tok::Select>[begins] > entries > mark<Tok::Equal> > name[selectRule] >
                    -sum[set(&Clause::budget)] > mark<Tok::Of> > name[addName(&Clause::elements)] >
                    *(comma > name[addName(&Clause::elements)]) > -(mark<Tok::By> > expr[set(&Clause::by)]) >
                    -(mark<Tok::Where> > expr[set(&Clause::where)]) >
                    -(mark<Tok::Always> > expr[set(&Clause::always)]) >
                    -(mark<Tok::Plus> > expr[set(&Clause::plus)]);
const auto branch =
    word<Tok::Branch>[begins] > entries >
    called("`=` or `{`",
           (mark<Tok::Equal> > name[setName(&Clause::pattern)] > mark<Tok::LeftParen> >
            -(argument[add(&Clause::arguments)] > *(comma > argument[add(&Clause::arguments)])) >
            mark<Tok::RightParen>) |
               ((-(mark<Tok::Over> > name[setName(&Clause::over)]) >> mark<Tok::LeftBrace>[hasBody]) >
                *(element[bodyClause] | StrayInBody() | StrayInBranch()) > mark<Tok::RightBrace>));
const auto stage = -(name >> mark<Tok::Equal>)[setName(&Clause::name)] >> value;
const auto rules = (word<Tok::Mask, Tok::Value>[begins] > value) |
                   (word<Tok::Score, Tok::Weights>[begins] > called("an expression", stage));
const auto out = word<Tok::Out>[begins] > result[add(&Clause::entries)] > mark<Tok::Equal> > value;

const auto element_def = finished(rules | def);
const auto clause_def = finished(input | index | def | let | select | branch | rules | out);

BOOST_SPIRIT_DEFINE(entry, result, type, argument, element, clause)

//===-- Patterns and files ------------------------------------------------------===//

/// An error in a pattern's head does not hide its body.
struct HeadId {
  template <typename Context>
  x3::error_handler_result on_error(Iterator &first, const Iterator &, const Failure &failure,
                                    const Context &context) {
    State &s = state(context);
    s.report(failure);
    Iterator at = failure.where();
    while (at->kind != Tok::LeftBrace && at->kind != Tok::Pattern && at->kind != Tok::Use && at->kind != Tok::End)
      ++at;
    first = at;
    return x3::error_handler_result::accept;
  }
};

struct PatternId {
  template <typename Context>
  x3::error_handler_result on_error(Iterator &first, const Iterator &, const Failure &failure,
                                    const Context &context) {
    State &s = state(context);
    s.report(failure);
    first = s.begin() + s.errors.nextItem(s.position(failure.where()));
    return x3::error_handler_result::accept;
  }
};

const x3::rule<struct ParameterId, Parameter> parameter = "a parameter";
const x3::rule<HeadId, Pattern> head = "a pattern";
const x3::rule<PatternId, Pattern> pattern = "a pattern";
const x3::rule<struct UseId, Use> use = "`use`";
const x3::rule<struct FileId, File> file = "a file";

auto isConst = [](auto &ctx) { x3::_val(ctx).isConst = true; };

/// Inputs come first; an index may stand anywhere.
auto patternClause = [](auto &ctx) {
  State &s = state(ctx);
  Clause &clause = x3::_attr(ctx);
  Pattern &pattern = x3::_val(ctx);
  bool isInput = clause.kind == ClauseKind::In || clause.kind == ClauseKind::State;
  if (isInput && !pattern.clauses.empty()) {
    ClauseKind before = pattern.clauses.back().kind;
    for (const Clause &other : pattern.clauses)
      if (other.kind != ClauseKind::Index)
        before = other.kind;
    if (before != ClauseKind::In && before != ClauseKind::State && before != ClauseKind::Index)
      s.diagnostics.error(clause.keyword, "`" + std::string(s.sources.text(clause.keyword)) + "` after another clause")
          .mark("inputs come first")
          .suggest("move it above the first `def`, `let`, `mask`, ...");
  }
  if (!s.takeFailure())
    pattern.clauses.push_back(std::move(clause));
};
auto patternHead = [](auto &ctx) { x3::_val(ctx) = std::move(x3::_attr(ctx)); };

struct StrayInFile : x3::parser<StrayInFile> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;
  template <typename Context, typename RContext, typename Attribute>
  bool parse(Iterator &first, const Iterator &, const Context &context, RContext &, Attribute &) const {
    if (first->kind == Tok::End)
      return false;
    State &s = state(context);
    s.errors.strayInFile(s.position(first));
    first = s.begin() + s.errors.nextItem(s.position(first) + 1);
    return true;
  }
};

auto fileDef = [](auto &ctx) {
  File &file = x3::_val(ctx);
  if (state(ctx).takeFailure())
    return;
  file.items.push_back({false, unsigned(file.defs.size())});
  file.defs.push_back(std::move(x3::_attr(ctx)));
};
auto filePattern = [](auto &ctx) {
  File &file = x3::_val(ctx);
  state(ctx).takeFailure();
  file.items.push_back({true, unsigned(file.patterns.size())});
  file.patterns.push_back(std::move(x3::_attr(ctx)));
};
auto fileUse = [](auto &ctx) {
  File &file = x3::_val(ctx);
  if (state(ctx).takeFailure())
    return;
  Use &use = x3::_attr(ctx);
  if (!file.items.empty())
    state(ctx).diagnostics.error(use.span, "`use` after a definition").mark("files to use come first");
  file.uses.push_back(std::move(use));
};
auto usePath = [](auto &ctx) {
  const Token &token = x3::_attr(ctx);
  std::string_view text = state(ctx).sources.text(token.span);
  x3::_val(ctx).path = std::string(text.substr(1, text.size() - 2));
  x3::_val(ctx).span = token.span;
};

const auto parameter_def =
    finished(-mark<Tok::Const>[isConst] > name[setName(&Parameter::name)] > mark<Tok::Colon> >
             name[setName(&Parameter::type)] > -(mark<Tok::Equal> > expr[set(&Parameter::value)]));
const auto head_def =
    finished(mark<Tok::Pattern> > name[setName(&Pattern::name)] >
             -(mark<Tok::LeftParen> > parameter[add(&Pattern::parameters)] >
               *(comma > parameter[add(&Pattern::parameters)]) > mark<Tok::RightParen>));
const auto pattern_def = finished(head[patternHead] > mark<Tok::LeftBrace> >
                                  *(clause[patternClause] | StrayInBody()) > mark<Tok::RightBrace>);
const auto use_def = mark<Tok::Use> > word<Tok::String>[usePath];
const auto file_def = *(use[fileUse] | pattern[filePattern] | (&mark<Tok::Def> >> clause)[fileDef] | StrayInFile());

struct UseId : Recovering {};

BOOST_SPIRIT_DEFINE(parameter, head, pattern, use, file)

} // namespace

ast::File parse(const SourceMap &sources, uint32_t source, Diagnostics &diagnostics) {
  TokenList list = tokenize(sources, source, diagnostics);
  State state{sources, list, diagnostics, SyntaxErrors(sources, list, diagnostics)};
  ast::File result;
  result.source = source;
  Iterator first = list.tokens.data(), last = first + list.tokens.size();
  x3::parse(first, last, x3::with<StateTag>(std::ref(state))[file], result);
  return result;
}

} // namespace attn
