#include "frontend/SyntaxErrors.h"
#include <algorithm>

namespace attn {
namespace {

std::string listed(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool isComparison(Tok kind) {
  return kind == Tok::EqualEqual || kind == Tok::NotEqual || kind == Tok::Less || kind == Tok::LessEqual ||
         kind == Tok::Greater || kind == Tok::GreaterEqual;
}

} // namespace

std::string SyntaxErrors::shown(size_t at) const {
  const Token &token = tokens[at];
  if (token.kind == Tok::End)
    return "the end of the file";
  if (token.kind == Tok::String)
    return "a string";
  return "`" + std::string(text(at)) + "`";
}

/// Where something is missing: right after the token before, if the token that
/// was found instead stands on a later line.
Span SyntaxErrors::place(size_t at) const {
  if (at == 0 || (tokens[at].kind != Tok::End && tokens[at].line == tokens[at - 1].line))
    return tokens[at].span;
  Span before = tokens[at - 1].span;
  return {before.file, before.end, before.end};
}

/// Whether an expression can end with token `at`.
bool SyntaxErrors::endsOperand(size_t at) const {
  switch (tokens[at].kind) {
  case Tok::Name: case Tok::Integer: case Tok::Real: case Tok::True: case Tok::False:
  case Tok::RightParen: case Tok::RightBracket:
    return true;
  default:
    return false;
  }
}

/// `in x[..], y: ` at token `at`: a declaration, no membership.
bool SyntaxErrors::looksLikeInput(size_t at) const {
  size_t k = at;
  do {
    ++k; // `in` or `,`
    if (tokens[k].kind != Tok::Name)
      return false;
    if (tokens[++k].kind != Tok::LeftBracket)
      continue;
    do {
      if (tokens[++k].kind != Tok::Name)
        return false;
      ++k;
    } while (tokens[k].kind == Tok::Comma);
    if (tokens[k++].kind != Tok::RightBracket)
      return false;
  } while (tokens[k].kind == Tok::Comma);
  return tokens[k].kind == Tok::Colon;
}

/// After `mask a` the clause `in x[b]: i32` reads as `a in x[b]`; the colon
/// gives it away.
bool SyntaxErrors::inputAfterClause(size_t at) {
  if (tokens[at].kind != Tok::Colon && tokens[at].kind != Tok::Comma)
    return false;
  for (size_t k = at; k-- > 0 && !beginsClause(tokens[k + 1].kind);)
    if (tokens[k].kind == Tok::In && looksLikeInput(k)) {
      diagnostics.error(tokens[k].span, "`in` after another clause")
          .mark("inputs come first")
          .suggest("move it above the first `def`, `let`, `mask`, ...");
      return true;
    }
  return false;
}

/// A comment begun with `//` ends as soon as its words are no expression.
bool SyntaxErrors::slashesAsComment(size_t at) {
  size_t k = at;
  while (tokens[k].kind != Tok::SlashSlash)
    if (k == 0 || tokens[k - 1].line != tokens[at].line)
      // The error may be that the next line does not continue the comment.
      return false;
    else
      --k;
  bool atStart = k == 0 || !endsOperand(k - 1);
  if (k == at && !atStart)
    return false;
  Diagnostic &diagnostic = diagnostics.error(tokens[k].span, "`//` divides").mark("a comment starts with `#`");
  if (!atStart && tokens[at].kind != Tok::Bad)
    diagnostic.note("after the division, " + shown(at) + " begins nothing");
  return true;
}

/// Whether an expression may stand before token `at`: not in the head of a
/// definition.
bool SyntaxErrors::inExpression(size_t at) const {
  for (size_t k = at; k-- > 0;)
    switch (tokens[k].kind) {
    case Tok::Equal: case Tok::Mask: case Tok::Score: case Tok::Weights: case Tok::Value: case Tok::In:
      return true;
    case Tok::Def: case Tok::Let: case Tok::Select: case Tok::Branch: case Tok::Out: case Tok::Index:
    case Tok::State: case Tok::Pattern: case Tok::Colon:
      return false;
    default:
      break;
    }
  return false;
}

bool SyntaxErrors::assignment(size_t at, const std::string &expected) {
  if (tokens[at].kind == Tok::Equal && at > 0 && endsOperand(at - 1) && inExpression(at)) {
    diagnostics.error(tokens[at].span, "`=` names a value; `==` compares").mark("write `==`");
    return true;
  }
  if (expected == "`=`" && isComparison(tokens[at].kind)) {
    diagnostics.error(tokens[at].span, shown(at) + " compares; `=` names a value").mark("write `=`");
    return true;
  }
  return false;
}

bool SyntaxErrors::known(size_t at) {
  if (slashesAsComment(at) || inputAfterClause(at))
    return true;
  if (tokens[at].kind == Tok::Bad) {
    const Diagnostic &bad = list.bad[tokens[at].message];
    diagnostics.error(bad.where, bad.message).mark(bad.label).suggest(bad.help);
    return true;
  }
  if (tokens[at].kind == Tok::Star && at > 0 && tokens[at - 1].kind == Tok::Star) {
    diagnostics.error(tokens[at - 1].span.to(tokens[at].span), "`**` is not a symbol of the language")
        .mark("write `^`");
    return true;
  }
  return false;
}

/// Points at the bracket that the missing `closer` would close.
void SyntaxErrors::noteOpener(size_t at, Tok closer, Diagnostic &diagnostic) const {
  Tok opener = closer == Tok::RightParen ? Tok::LeftParen : closer == Tok::RightBracket ? Tok::LeftBracket : Tok::LeftBrace;
  unsigned closed = 0;
  for (size_t k = at; k-- > 0;) {
    if (tokens[k].kind == closer)
      ++closed;
    else if (tokens[k].kind == opener && closed-- == 0) {
      diagnostic.note(std::string("for this `") + spelling(opener) + "`", tokens[k].span);
      return;
    }
  }
}

size_t SyntaxErrors::afterName(size_t at) const {
  if (!isKeyword(tokens[at].kind))
    return at;
  switch (tokens[at + 1].kind) {
  case Tok::Equal: case Tok::LeftBracket: case Tok::RightBracket: case Tok::RightParen: case Tok::Comma: case Tok::Colon:
    return at + 1;
  default:
    return at;
  }
}

void SyntaxErrors::unexpected(size_t at, const std::string &expected) {
  if (assignment(at, expected) || known(at))
    return;
  Tok found = tokens[at].kind;
  if (expected == "a name" && afterName(at) != at) {
    diagnostics.error(tokens[at].span, shown(at) + " is a word of the language").mark("choose another name");
    return;
  }
  Diagnostic &diagnostic = diagnostics.error(place(at), "expected " + expected + ", found " + shown(at));
  if (expected == "an expression" && found == Tok::If)
    diagnostic.suggest("write the `if` in parentheses");
  for (Tok closer : {Tok::RightParen, Tok::RightBracket, Tok::RightBrace})
    if (expected.find(std::string("`") + spelling(closer) + "`") != std::string::npos)
      noteOpener(at, closer, diagnostic);
}

void SyntaxErrors::tooDeep(size_t at) {
  diagnostics.error(tokens[at].span, "this expression is nested too deeply")
      .mark("more than 200 levels")
      .suggest("name a part of it with `def` or `let`");
}

void SyntaxErrors::strayInFile(size_t at) {
  if (known(at))
    return;
  Tok found = tokens[at].kind;
  if (found == Tok::RightBrace) {
    diagnostics.error(tokens[at].span, "this `}` closes nothing");
    return;
  }
  Diagnostic &diagnostic = diagnostics.error(tokens[at].span, "expected `pattern` or `def`, found " + shown(at));
  if (beginsClause(found))
    diagnostic.suggest("clauses stand inside a pattern: `pattern name { ... }`");
  else if (found == Tok::Name)
    if (std::string near = nearest(std::string(text(at)), {"pattern", "def", "use"}); !near.empty())
      diagnostic.mark("did you mean `" + near + "`?");
}

void SyntaxErrors::strayInBody(size_t at) {
  if (assignment(at, "a clause") || known(at))
    return;
  Token token = tokens[at];
  if (token.kind == Tok::Name) {
    std::string word(text(at));
    std::string near = nearest(word, clauseWords());
    if (!near.empty()) {
      diagnostics.error(token.span, "unknown clause word `" + word + "`").mark("did you mean `" + near + "`?");
      return;
    }
  }
  if (token.kind == Tok::Use) {
    diagnostics.error(token.span, "`use` inside a pattern").mark("files to use come first");
    return;
  }
  if (token.kind == Tok::By || token.kind == Tok::Where || token.kind == Tok::Always || token.kind == Tok::Plus)
    for (size_t k = at; k-- > 0 && !beginsClause(tokens[k + 1].kind);)
      if (tokens[k].kind == Tok::Select) {
        diagnostics.error(token.span, shown(at) + " is out of order").suggest("the order is `by`, `where`, `always`, `plus`");
        return;
      }
  Tok closer = token.kind;
  if (closer == Tok::RightParen || closer == Tok::RightBracket) {
    diagnostics.error(token.span, "this " + shown(at) + " closes nothing");
    return;
  }
  Diagnostic &diagnostic = diagnostics.error(token.span, "expected a clause, found " + shown(at));
  if (isComparison(closer) && at > 0 && endsOperand(at - 1))
    diagnostic.suggest("put the comparison on its left in parentheses");
  else if (token.kind == Tok::If)
    diagnostic.suggest("inside a larger expression `if` stands in parentheses");
  else
    diagnostic.suggest("a clause begins with one of " + listed(clauseWords()));
}

bool SyntaxErrors::strayInBranch(size_t at) {
  auto columnOf = [&](size_t k) { return sources.at(tokens[k].span.file, tokens[k].span.begin).column; };
  size_t branch = at;
  while (branch > 0 && tokens[branch - 1].kind != Tok::Branch)
    --branch;
  if (branch == 0)
    return false;
  --branch;
  // The layout tells whether the clause or a missing `}` is the mistake.
  if (tokens[branch].line != tokens[at].line && columnOf(at) <= columnOf(branch))
    return false;
  diagnostics.error(tokens[at].span, shown(at) + " inside a branch")
      .mark("a branch holds `mask`, `score`, `weights`, `value` and `def`");
  return true;
}

size_t SyntaxErrors::nextClause(size_t at) const {
  for (unsigned depth = 0;; ++at) {
    const Token &token = tokens[at];
    switch (token.kind) {
    case Tok::End: case Tok::Pattern:
      return at;
    case Tok::LeftBrace:
      ++depth;
      continue;
    case Tok::RightBrace:
      if (depth == 0)
        return at;
      --depth;
      continue;
    case Tok::In:
      // A membership, unless it is written like a declaration.
      if (depth == 0 && looksLikeInput(at))
        return at;
      continue;
    default:
      if (depth == 0 && beginsClause(token.kind))
        return at;
    }
  }
}

size_t SyntaxErrors::nextItem(size_t at) const {
  auto begins = [&](size_t k) {
    Tok kind = tokens[k].kind;
    return kind == Tok::End || kind == Tok::Pattern || kind == Tok::Use ||
           (kind == Tok::Def && sources.at(tokens[k].span.file, tokens[k].span.begin).column == 1);
  };
  while (!begins(at))
    ++at;
  return at;
}

} // namespace attn
