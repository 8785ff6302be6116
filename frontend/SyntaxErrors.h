// What is said about tokens that do not fit, and where reading goes on.
#pragma once
#include "frontend/Tokens.h"

namespace attn {

/// Explains the errors of one file. Positions are indices into the tokens.
class SyntaxErrors {
public:
  SyntaxErrors(const SourceMap &sources, const TokenList &list, Diagnostics &diagnostics)
      : sources(sources), list(list), tokens(list.tokens), diagnostics(diagnostics) {}

  /// `expected` stands where token `at` was read.
  void unexpected(size_t at, const std::string &expected);
  /// The expression around token `at` has too many levels.
  void tooDeep(size_t at);
  /// Token `at` begins nothing at the outer level, in a body.
  void strayInFile(size_t at);
  void strayInBody(size_t at);
  /// The same for a clause inside a branch; false if it rather looks as if the
  /// branch was not closed.
  bool strayInBranch(size_t at);

  /// The first place from `at` where a clause, or what follows a body, begins.
  /// Whole `{ .. }` are skipped.
  size_t nextClause(size_t at) const;
  /// After token `at`, if it is a keyword in the place of a name; else `at`.
  size_t afterName(size_t at) const;
  /// The first place from `at` where an item of a file begins.
  size_t nextItem(size_t at) const;

private:
  bool known(size_t at);
  bool inputAfterClause(size_t at);
  bool slashesAsComment(size_t at);
  bool assignment(size_t at, const std::string &expected);
  std::string shown(size_t at) const;
  std::string_view text(size_t at) const { return sources.text(tokens[at].span); }
  Span place(size_t at) const;
  bool endsOperand(size_t at) const;
  bool inExpression(size_t at) const;
  bool looksLikeInput(size_t at) const;
  void noteOpener(size_t at, Tok closer, Diagnostic &diagnostic) const;

  const SourceMap &sources;
  const TokenList &list;
  const std::vector<Token> &tokens;
  Diagnostics &diagnostics;
};

} // namespace attn
