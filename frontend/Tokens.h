// The words of a source text, and the comments between them.
#pragma once
#include "frontend/Diagnostics.h"
#include "frontend/Source.h"
#include <string>
#include <vector>

namespace attn {

/// What a token is. The order of keywords and symbols is that of `spelling`.
enum class Tok : uint8_t {
  Name, Integer, Real, String,
  // Keywords.
  Pattern, Use, Def, In, State, Index, Let, Select, Branch, Over, Mask, Score,
  Weights, Value, Out, Const, If, Then, Else, And, Or, Not, For, Where, By, Of,
  Always, Plus, Mod, Set, True, False,
  // Symbols.
  DotDot, SlashSlash, EqualEqual, NotEqual, LessEqual, GreaterEqual, LeftParen,
  RightParen, LeftBracket, RightBracket, LeftBrace, RightBrace, Comma, Colon,
  Equal, Less, Greater, Add, Minus, Star, Slash, Caret, At, Dot,
  Bad, ///< text that is no token; `message` says why
  End,
};

constexpr Tok firstKeyword = Tok::Pattern, lastKeyword = Tok::False;
constexpr Tok firstSymbol = Tok::DotDot, lastSymbol = Tok::Dot;

/// "mask", "..", ...; for the other kinds what they are: "a name".
const char *spelling(Tok kind);
inline bool isKeyword(Tok kind) { return firstKeyword <= kind && kind <= lastKeyword; }
/// Whether a clause of a pattern begins with this keyword.
bool beginsClause(Tok kind);
/// The words that begin a clause.
const std::vector<std::string> &clauseWords();

struct Token {
  Tok kind = Tok::End;
  Span span;
  uint32_t line = 1;
  int64_t integer = 0;  ///< of an Integer
  double real = 0;      ///< of a Real
  uint32_t message = 0; ///< of a Bad: into TokenList::bad
};

/// A comment, from `#` to the end of its line (without the line end).
struct Comment {
  Span span;
  uint32_t line = 1;
  bool ownLine = false; ///< no token stands before it on its line
};

struct TokenList {
  std::vector<Token> tokens; ///< ends with an End
  std::vector<Comment> comments;
  std::vector<Diagnostic> bad;
};

/// Splits a text into tokens. Numbers that do not fit are reported at once; a
/// Bad token is reported by whoever stumbles over it.
TokenList tokenize(const SourceMap &sources, uint32_t file, Diagnostics &diagnostics);

} // namespace attn
