// Characters to tokens. White space and comments end here.
#include "frontend/Tokens.h"
#include <boost/spirit/home/x3.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>

namespace attn {
namespace {
namespace x3 = boost::spirit::x3;
using Iterator = const char *;

/// What the grammar of words fills.
struct Lexer {
  const SourceMap &sources;
  const std::string &text;
  uint32_t file;
  Diagnostics &diagnostics;
  TokenList list;
  uint32_t line = 1;

  Span span(Iterator begin, Iterator end) const {
    return {file, uint32_t(begin - text.data()), uint32_t(end - text.data())};
  }
  bool lineIsEmpty() const { return list.tokens.empty() || list.tokens.back().line != line; }

  Token &add(Tok kind, Iterator begin, Iterator end) {
    Token token;
    token.kind = kind;
    token.span = span(begin, end);
    token.line = line;
    list.tokens.push_back(token);
    return list.tokens.back();
  }
  void addInteger(Iterator begin, Iterator end);
  void addReal(Iterator begin, Iterator end);
  void addBad(Iterator begin, Iterator end, std::string message, std::string label, std::string help = "");
  void addOdd(Iterator begin, Iterator end);
};

std::string withoutUnderscores(Iterator begin, Iterator end) {
  std::string digits(begin, end);
  digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  return digits;
}

void Lexer::addInteger(Iterator begin, Iterator end) {
  std::string digits = withoutUnderscores(begin, end);
  int64_t value = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc())
    diagnostics.error(span(begin, end), "this integer does not fit").mark("integers have 64 bits");
  add(Tok::Integer, begin, end).integer = value;
}

void Lexer::addReal(Iterator begin, Iterator end) {
  std::string digits = withoutUnderscores(begin, end);
  double value = 0;
  auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  // Out of range is also said of numbers too close to 0, which are 0.
  bool tooLarge = result.ec == std::errc::result_out_of_range && std::strtod(digits.c_str(), nullptr) > 1;
  if (tooLarge)
    diagnostics.error(span(begin, end), "this number is too large").mark("the largest is 1.7e308");
  add(Tok::Real, begin, end).real = value;
}

void Lexer::addBad(Iterator begin, Iterator end, std::string message, std::string label, std::string help) {
  add(Tok::Bad, begin, end).message = list.bad.size();
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  diagnostic.where = span(begin, end);
  diagnostic.label = std::move(label);
  diagnostic.help = std::move(help);
  list.bad.push_back(std::move(diagnostic));
}

/// A character that begins no token, with what it probably was meant to be.
void Lexer::addOdd(Iterator begin, Iterator end) {
  unsigned char c = *begin;
  std::string shown(begin, end);
  if (c >= 0x80)
    return addBad(begin, end, "only comments may hold characters outside ASCII", "", "");
  if (c < 0x20 || c == 0x7F) {
    static const char *hex = "0123456789abcdef";
    return addBad(begin, end, std::string("stray control character 0x") + hex[c >> 4] + hex[c & 15], "", "");
  }
  const char *cure = c == '&'    ? shown == "&&" ? "write `and`" : "write `and`, or `bitand(a, b)` for bits"
                     : c == '|'  ? shown == "||" ? "write `or`" : "write `or`, or `bitor(a, b)` for bits"
                     : c == '!'  ? "write `not`"
                     : c == '%'  ? "write `mod`"
                     : c == '~'  ? "write `not`"
                     : c == '?'  ? "write `if .. then .. else ..`"
                     : c == ';'  ? "nothing separates clauses; leave it out"
                     : c == '\'' ? "a prime follows the name of an index"
                                 : "";
  addBad(begin, end, "`" + shown + "` is not a symbol of the language", cure);
}

struct LexerTag;

/// An action that hands the matched text to a member of the lexer.
template <typename Function> auto with(Function function) {
  return [function](auto &ctx) {
    auto &range = x3::_attr(ctx);
    function(x3::get<LexerTag>(ctx).get(), range.begin(), range.end());
  };
}

/// One byte, as a class of characters that does not depend on signedness.
struct Byte : x3::parser<Byte> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;
  bool (*accepts)(unsigned char);
  explicit Byte(bool (*accepts)(unsigned char)) : accepts(accepts) {}
  template <typename Context, typename RContext, typename Attribute>
  bool parse(Iterator &first, const Iterator &last, const Context &, RContext &, Attribute &) const {
    if (first == last || !accepts(*first))
      return false;
    ++first;
    return true;
  }
};

bool isDigit(unsigned char c) { return '0' <= c && c <= '9'; }
bool isLetter(unsigned char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || c == '_'; }

void addLineEnd(Lexer &lexer, Iterator, Iterator) { ++lexer.line; }

void addComment(Lexer &lexer, Iterator begin, Iterator end) {
  lexer.list.comments.push_back({lexer.span(begin, end), lexer.line, lexer.lineIsEmpty()});
}

void addWord(Lexer &lexer, Iterator begin, Iterator end) {
  std::string_view word(begin, end - begin);
  Tok kind = Tok::Name;
  for (Tok k = firstKeyword; k <= lastKeyword; k = Tok(uint8_t(k) + 1))
    if (word == spelling(k))
      kind = k;
  lexer.add(kind, begin, end);
}

void addSymbol(Lexer &lexer, Iterator begin, Iterator end) {
  std::string_view word(begin, end - begin);
  for (Tok k = firstSymbol; k <= lastSymbol; k = Tok(uint8_t(k) + 1))
    if (word == spelling(k))
      lexer.add(k, begin, end);
}

void addBadNumber(Lexer &lexer, Iterator begin, Iterator end) {
  Iterator digits = begin;
  while (digits != end && (isDigit(*digits) || *digits == '_'))
    ++digits;
  if (digits != end && *digits == '.' && (digits + 1 == end || !isDigit(digits[1])))
    return lexer.addBad(begin, end, "a number needs a digit on both sides of the point",
                        "write `" + std::string(begin, digits) + ".0`");
  lexer.addBad(begin, end, "`" + std::string(begin, end) + "` is neither a number nor a name",
               "names begin with a letter");
}

void addOpenString(Lexer &lexer, Iterator begin, Iterator end) {
  lexer.addBad(begin, end, "this string does not end on its line", "add `\"`");
}

auto tokenGrammar() {
  auto digit = Byte(isDigit);
  auto letter = Byte(isLetter);
  auto other = Byte([](unsigned char c) { return isLetter(c) || isDigit(c); });
  auto inLine = Byte([](unsigned char c) { return c != '\n' && c != '\r'; });
  auto inString = Byte([](unsigned char c) { return c != '\n' && c != '\r' && c != '"'; });
  auto high = Byte([](unsigned char c) { return c >= 0x80; });
  auto any = Byte([](unsigned char) { return true; });

  auto blank = x3::omit[+Byte([](unsigned char c) { return c == ' ' || c == '\t' || c == '\r'; })];
  auto lineEnd = x3::raw[x3::lit('\n')][with(addLineEnd)];
  auto comment = x3::raw['#' >> *inLine][with(addComment)];
  auto word = x3::raw[letter >> *other >> *x3::lit('\'')][with(addWord)];

  auto digits = +digit >> *('_' >> +digit);
  auto exponent = (x3::lit('e') | 'E') >> -(x3::lit('+') | '-') >> +digit;
  auto real = x3::raw[digits >> (('.' >> digits >> -exponent) | exponent) >> !other]
                     [with([](Lexer &l, Iterator a, Iterator b) { l.addReal(a, b); })];
  auto integer = x3::raw[digits >> !other >> !('.' >> !x3::lit('.'))]
                        [with([](Lexer &l, Iterator a, Iterator b) { l.addInteger(a, b); })];
  auto badNumber = x3::raw[digits >> ((+other >> -('.' >> +digit)) | '.') >> *other][with(addBadNumber)];

  auto string = x3::raw['"' >> *inString >> '"']
                       [with([](Lexer &l, Iterator a, Iterator b) { l.add(Tok::String, a, b); })];
  auto openString = x3::raw['"' >> *inString][with(addOpenString)];
  auto symbol = x3::raw[x3::lit("..") | "//" | "==" | "!=" | "<=" | ">=" | "(" | ")" | "[" | "]" | "{" | "}" |
                        "," | ":" | "=" | "<" | ">" | "+" | "-" | "*" | "/" | "^" | "@" | "."][with(addSymbol)];
  auto odd = x3::raw[+high | "&&" | "||" | any]
                    [with([](Lexer &l, Iterator a, Iterator b) { l.addOdd(a, b); })];
  return *(blank | lineEnd | comment | word | real | integer | badNumber | string | openString | symbol | odd);
}

} // namespace

TokenList tokenize(const SourceMap &sources, uint32_t file, Diagnostics &diagnostics) {
  const std::string &text = sources.text(file);
  Lexer lexer{sources, text, file, diagnostics, {}, 1};
  Iterator first = text.data(), last = first + text.size();
  // Editors of some systems begin a file with this mark.
  if (text.compare(0, 3, "\xEF\xBB\xBF") == 0)
    first += 3;
  x3::parse(first, last, x3::with<LexerTag>(std::ref(lexer))[tokenGrammar()]);
  lexer.add(Tok::End, last, last);
  return std::move(lexer.list);
}

} // namespace attn
