// What the grammar is made of: its state, parsers of single tokens, and what
// is done around them. Only Parser.cpp includes this.
#pragma once
#include "frontend/Parser.h"
#include "frontend/SyntaxErrors.h"
#include "frontend/Tokens.h"
#include <algorithm>
#include <boost/spirit/home/x3.hpp>

namespace attn::grammar {
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
inline std::vector<std::string> State::commentAbove(Iterator token) const {
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
inline void finish(Clause &node, State &state, Iterator begin, Iterator end) { finishDocumented(node, state, begin, end); }
inline void finish(Pattern &node, State &state, Iterator begin, Iterator end) { finishDocumented(node, state, begin, end); }

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

inline std::string quoted(Tok kind) {
  return kind < firstKeyword ? spelling(kind) : std::string("`") + spelling(kind) + "`";
}

} // namespace attn::grammar

// The words of messages.
namespace boost::spirit::x3 {
template <attn::Tok kind> struct get_info<attn::grammar::Mark<kind>> {
  using result_type = std::string;
  std::string operator()(const attn::grammar::Mark<kind> &) const { return attn::grammar::quoted(kind); }
};
template <attn::Tok kind, attn::Tok... others> struct get_info<attn::grammar::Word<kind, others...>> {
  using result_type = std::string;
  std::string operator()(const attn::grammar::Word<kind, others...> &) const { return attn::grammar::quoted(kind); }
};
template <typename Subject, typename Function> struct get_info<action<Subject, Function>> {
  using result_type = std::string;
  std::string operator()(const action<Subject, Function> &parser) const { return what(parser.subject); }
};
template <typename Subject> struct get_info<attn::grammar::Nested<Subject>> {
  using result_type = std::string;
  std::string operator()(const attn::grammar::Nested<Subject> &parser) const { return what(parser.subject); }
};
template <typename Subject> struct get_info<attn::grammar::Called<Subject>> {
  using result_type = std::string;
  std::string operator()(const attn::grammar::Called<Subject> &parser) const { return parser.text; }
};
} // namespace boost::spirit::x3
