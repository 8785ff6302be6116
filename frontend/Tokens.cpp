#include "frontend/Tokens.h"

namespace attn {

static const char *const spellings[] = {
    "a name", "an integer", "a number", "a string",
    "pattern", "use", "def", "in", "state", "index", "let", "select", "branch", "over", "mask", "score",
    "weights", "value", "out", "const", "if", "then", "else", "and", "or", "not", "for", "where", "by", "of",
    "always", "plus", "mod", "set", "true", "false",
    "..", "//", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ":",
    "=", "<", ">", "+", "-", "*", "/", "^", "@", ".",
    "a stray character", "the end of the file"};
static_assert(sizeof(spellings) / sizeof(*spellings) == size_t(Tok::End) + 1, "one spelling per kind");

const char *spelling(Tok kind) { return spellings[size_t(kind)]; }

bool beginsClause(Tok kind) {
  return (Tok::Def <= kind && kind <= Tok::Out) && kind != Tok::Over;
}

const std::vector<std::string> &clauseWords() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> result;
    for (Tok kind = firstKeyword; kind <= lastKeyword; kind = Tok(uint8_t(kind) + 1))
      if (beginsClause(kind))
        result.push_back(spelling(kind));
    return result;
  }();
  return words;
}

} // namespace attn
