// Tokens to the syntax tree: clauses, patterns, files. The grammar is that of
// docs/language.md, rule by rule.
#include "frontend/GrammarExpr.h"

namespace attn {
namespace grammar {

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

const auto begins = [](auto &ctx) {
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

const auto hasParameters = [](auto &ctx) { x3::_val(ctx).hasParameters = true; };
const auto bracketed = [](auto &ctx) { x3::_val(ctx).bracketed = true; };
const auto isSet = [](auto &ctx) { x3::_val(ctx).isSet = true; };
const auto hasBody = [](auto &ctx) { x3::_val(ctx).hasBody = true; };
const auto bodyClause = [](auto &ctx) {
  if (!state(ctx).takeFailure())
    x3::_val(ctx).body.push_back(std::move(x3::_attr(ctx)));
};
const auto indexName = [](auto &ctx) {
  const Token &token = x3::_attr(ctx);
  x3::_val(ctx).entries.push_back({state(ctx).name(token), {}, false, token.span});
};
const auto selectRule = [](auto &ctx) {
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

const auto isConst = [](auto &ctx) { x3::_val(ctx).isConst = true; };

/// Inputs come first; an index may stand anywhere.
const auto patternClause = [](auto &ctx) {
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
const auto patternHead = [](auto &ctx) { x3::_val(ctx) = std::move(x3::_attr(ctx)); };

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

const auto fileDef = [](auto &ctx) {
  File &file = x3::_val(ctx);
  if (state(ctx).takeFailure())
    return;
  file.items.push_back({false, unsigned(file.defs.size())});
  file.defs.push_back(std::move(x3::_attr(ctx)));
};
const auto filePattern = [](auto &ctx) {
  File &file = x3::_val(ctx);
  state(ctx).takeFailure();
  file.items.push_back({true, unsigned(file.patterns.size())});
  file.patterns.push_back(std::move(x3::_attr(ctx)));
};
const auto fileUse = [](auto &ctx) {
  File &file = x3::_val(ctx);
  if (state(ctx).takeFailure())
    return;
  Use &use = x3::_attr(ctx);
  if (!file.items.empty())
    state(ctx).diagnostics.error(use.span, "`use` after a definition").mark("files to use come first");
  file.uses.push_back(std::move(use));
};
const auto usePath = [](auto &ctx) {
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

} // namespace grammar

ast::File parse(const SourceMap &sources, uint32_t source, Diagnostics &diagnostics) {
  TokenList list = tokenize(sources, source, diagnostics);
  grammar::State state{sources, list, diagnostics, SyntaxErrors(sources, list, diagnostics)};
  ast::File result;
  result.source = source;
  const Token *first = list.tokens.data(), *last = first + list.tokens.size();
  namespace x3 = boost::spirit::x3;
  x3::parse(first, last, x3::with<grammar::StateTag>(std::ref(state))[grammar::file], result);
  return result;
}

} // namespace attn
