#include "frontend/Format.h"
#include "frontend/FormatLine.h"
#include "frontend/Parser.h"
#include <algorithm>

namespace attn {
namespace {

using ast::Clause;
using ast::ClauseKind;

/// What stands on lines of its own: a clause, the head of a body, a `}`.
struct Unit {
  enum Role { Item, Head, Closer } role = Item;
  const Clause *clause = nullptr; ///< null for patterns and `use`
  size_t begin = 0, end = 0;      ///< tokens
  unsigned indent = 0;
  size_t hang = 1;
  std::vector<Piece> pieces;
  std::vector<const Comment *> above;
  const Comment *beside = nullptr;
  bool blankBefore = false; ///< an empty line stands before it, or before its first comment above

  bool isElement() const {
    return role == Item && clause && ClauseKind::Mask <= clause->kind && clause->kind <= ClauseKind::Value;
  }
  /// Neighbours of one group have their `=` below each other; 0 for none.
  int group() const {
    if (role != Item || !clause)
      return 0;
    switch (clause->kind) {
    case ClauseKind::Def: return 1;
    case ClauseKind::Let: case ClauseKind::Select: return 2;
    default: return 0;
    }
  }
};

class Formatter {
public:
  Formatter(const SourceMap &sources, TokenList list, const ast::File &file)
      : sources(sources), list(std::move(list)), tokens(this->list.tokens), file(file) {}

  std::string run() {
    addFile();
    placeComments();
    alignElements();
    alignEquals();
    return print();
  }

private:
  void addFile();
  void addPattern(const ast::Pattern &pattern);
  void addClause(const Clause &clause, unsigned indent);
  Unit &add(Unit::Role role, const Clause *clause, size_t begin, size_t end, unsigned indent);
  void noteStarts(const Clause &clause);
  bool staysInline(size_t brace, size_t begin, size_t end, unsigned indent);
  std::vector<Piece> pieces(size_t begin, size_t end) const;
  void placeComments();
  void alignElements();
  void alignEquals();
  std::string print() const;
  void alignComments(std::vector<std::string> &lines, const std::vector<size_t> &lastLines) const;

  size_t tokenAt(uint32_t offset) const {
    return std::lower_bound(tokens.begin(), tokens.end(), offset,
                            [](const Token &token, uint32_t o) { return token.span.begin < o; }) -
           tokens.begin();
  }
  size_t braceAfter(size_t at) const {
    while (tokens[at].kind != Tok::LeftBrace)
      ++at;
    return at;
  }
  std::string text(Span span) const {
    std::string result(sources.text(span));
    result.erase(result.find_last_not_of(" \t\v\f") + 1);
    return result;
  }

  const SourceMap &sources;
  TokenList list;
  const std::vector<Token> &tokens;
  const ast::File &file;
  std::vector<Unit> units;
  std::vector<uint32_t> starts;  ///< offsets of clause keywords, for bodies on one line
  std::vector<uint32_t> budgets; ///< offsets after the rule of a `select`
};

//===-- Units -----------------------------------------------------------------===//

void Formatter::noteStarts(const Clause &clause) {
  starts.push_back(clause.span.begin);
  if (clause.budget)
    budgets.push_back(tokens[tokenAt(clause.rule.span.begin) + 1].span.begin);
  for (const Clause &inner : clause.body)
    noteStarts(inner);
}

void Formatter::addFile() {
  for (const Clause &def : file.defs)
    noteStarts(def);
  for (const ast::Pattern &pattern : file.patterns)
    for (const Clause &clause : pattern.clauses)
      noteStarts(clause);
  std::sort(starts.begin(), starts.end());
  std::sort(budgets.begin(), budgets.end());

  for (const ast::Use &use : file.uses) {
    size_t at = tokenAt(use.span.begin);
    add(Unit::Item, nullptr, at - 1, at + 1, 0);
  }
  for (const ast::File::Item &item : file.items)
    if (item.isPattern)
      addPattern(file.patterns[item.position]);
    else
      addClause(file.defs[item.position], 0);
}

Unit &Formatter::add(Unit::Role role, const Clause *clause, size_t begin, size_t end, unsigned indent) {
  Unit unit;
  unit.role = role;
  unit.clause = clause;
  unit.begin = begin;
  unit.end = end;
  unit.indent = indent;
  unit.pieces = pieces(begin, end);
  // Text goes on under what follows the `=`, or the keyword.
  for (size_t k = 0; k + 1 < unit.pieces.size(); ++k)
    if (unit.pieces[k].kind == Tok::Equal && unit.pieces[k].depth == 0) {
      unit.hang = k + 1;
      break;
    }
  units.push_back(std::move(unit));
  return units.back();
}

std::vector<Piece> Formatter::pieces(size_t begin, size_t end) const {
  std::vector<Piece> result;
  std::vector<size_t> budgetPieces;
  for (size_t k = begin; k < end; ++k) {
    Piece piece;
    piece.text = std::string(sources.text(tokens[k].span));
    piece.kind = tokens[k].kind;
    if (std::binary_search(budgets.begin(), budgets.end(), tokens[k].span.begin))
      budgetPieces.push_back(k - begin);
    result.push_back(std::move(piece));
  }
  setSpaces(result, budgetPieces);
  for (size_t k = begin + 1; k < end; ++k)
    if (std::binary_search(starts.begin(), starts.end(), tokens[k].span.begin)) {
      Piece &piece = result[k - begin];
      piece.space = tokens[k - 1].kind == Tok::LeftBrace ? 1 : 2;
      piece.rank = 0;
    }
  return result;
}

/// A body stays on one line if it was written so, fits and holds no comment.
bool Formatter::staysInline(size_t brace, size_t begin, size_t end, unsigned indent) {
  if (tokens[brace].line != tokens[end - 1].line)
    return false;
  for (const Comment &comment : list.comments)
    if (tokens[begin].span.begin < comment.span.begin && comment.span.begin < tokens[end - 1].span.begin)
      return false;
  return indent + widthOf(pieces(begin, end)) <= maxColumns;
}

void Formatter::addPattern(const ast::Pattern &pattern) {
  size_t begin = tokenAt(pattern.span.begin), end = tokenAt(pattern.span.end);
  size_t brace = braceAfter(begin);
  if (staysInline(brace, begin, end, 0)) {
    add(Unit::Item, nullptr, begin, end, 0);
    return;
  }
  add(Unit::Head, nullptr, begin, brace + 1, 0);
  for (const Clause &clause : pattern.clauses)
    addClause(clause, 2);
  add(Unit::Closer, nullptr, end - 1, end, 0);
}

void Formatter::addClause(const Clause &clause, unsigned indent) {
  size_t begin = tokenAt(clause.span.begin), end = tokenAt(clause.span.end);
  if (!clause.hasBody || staysInline(braceAfter(begin), begin, end, indent)) {
    add(Unit::Item, &clause, begin, end, indent);
    return;
  }
  add(Unit::Head, &clause, begin, braceAfter(begin) + 1, indent);
  for (const Clause &inner : clause.body)
    addClause(inner, indent + 2);
  add(Unit::Closer, nullptr, end - 1, end, indent);
}

//===-- Comments ----------------------------------------------------------------===//

void Formatter::placeComments() {
  auto next = list.comments.begin(), last = list.comments.end();
  uint32_t line = 0; // the last line of the source that has been placed
  for (size_t u = 0; u < units.size(); ++u) {
    Unit &unit = units[u];
    uint32_t first = tokens[unit.begin].line;
    for (; next != last && next->span.begin < tokens[unit.begin].span.begin; ++next) {
      if (u > 0 && !next->ownLine && !units[u - 1].beside && unit.above.empty())
        units[u - 1].beside = &*next;
      else {
        if (unit.above.empty())
          first = next->line;
        unit.above.push_back(&*next);
      }
    }
    unit.blankBefore = u > 0 && first > line + 1 && units[u - 1].role != Unit::Head &&
                       (unit.role != Unit::Closer || !unit.above.empty());
    for (size_t k = unit.begin + 1; k < unit.end; ++k)
      for (; next != last && next->span.begin < tokens[k].span.begin; ++next) {
        Piece &piece = unit.pieces[k - unit.begin];
        if (!next->ownLine && piece.beside.empty() && piece.ownLine.empty())
          piece.beside = text(next->span);
        else
          piece.ownLine.push_back(text(next->span));
      }
    line = tokens[unit.end - 1].line;
  }
  // What follows the last unit is kept by an empty one.
  if (next == last)
    return;
  if (!units.empty() && !next->ownLine)
    units.back().beside = &*next++;
  if (next == last)
    return;
  Unit rest;
  rest.role = Unit::Head; // takes part in no alignment
  rest.begin = rest.end = tokens.size() - 1;
  rest.blankBefore = !units.empty() && next->line > line + 1;
  for (; next != last; ++next)
    rest.above.push_back(&*next);
  units.push_back(std::move(rest));
}

//===-- Alignment ---------------------------------------------------------------===//

void Formatter::alignElements() {
  for (size_t begin = 0; begin < units.size();) {
    size_t end = begin;
    size_t width = 0;
    while (end < units.size() && units[end].isElement() && (end == begin || !units[end].blankBefore))
      width = std::max(width, units[end++].pieces[0].text.size());
    for (size_t u = begin; u < end; ++u)
      if (units[u].pieces.size() > 1)
        units[u].pieces[1].space += width - units[u].pieces[0].text.size();
    begin = std::max(end, begin + 1);
  }
}

void Formatter::alignEquals() {
  // Wider gaps would tear a name and its value apart.
  auto spread = [](const Unit &unit) { return unit.clause->kind == ClauseKind::Def ? 12u : 4u; };
  auto onOneLine = [](const Unit &unit) {
    for (const Piece &piece : unit.pieces)
      if (!piece.beside.empty() || !piece.ownLine.empty())
        return false;
    return true;
  };
  auto leftWidth = [](const Unit &unit) {
    unsigned width = 0;
    for (size_t k = 0; k + 1 < unit.hang; ++k)
      width += unit.pieces[k].space + unit.pieces[k].text.size();
    return width;
  };
  for (size_t begin = 0; begin < units.size();) {
    size_t end = begin;
    unsigned least = ~0u, most = 0;
    for (; end < units.size() && units[end].group() && units[end].group() == units[begin].group() &&
           onOneLine(units[end]) && (end == begin || (!units[end].blankBefore && units[end].above.empty()));
         ++end) {
      least = std::min(least, leftWidth(units[end]));
      most = std::max(most, leftWidth(units[end]));
    }
    bool fits = end - begin > 1 && most - least <= spread(units[begin]);
    for (size_t u = begin; u < end; ++u)
      fits &= units[u].indent + widthOf(units[u].pieces) + most - leftWidth(units[u]) <= maxColumns;
    if (fits)
      for (size_t u = begin; u < end; ++u)
        units[u].pieces[units[u].hang - 1].space += most - leftWidth(units[u]);
    begin = std::max(end, begin + 1);
  }
}

/// Comments beside neighbouring lines begin at one column.
void Formatter::alignComments(std::vector<std::string> &lines, const std::vector<size_t> &lastLines) const {
  for (size_t begin = 0; begin < units.size();) {
    size_t end = begin;
    size_t column = 0;
    while (end < units.size() && units[end].beside &&
           (end == begin || (lastLines[end] == lastLines[end - 1] + 1 && units[end].role == Unit::Item &&
                             units[begin].role == Unit::Item)))
      column = std::max(column, lines[lastLines[end++]].size());
    for (size_t u = begin; u < end; ++u) {
      std::string &line = lines[lastLines[u]];
      line += std::string(column - line.size() + 2, ' ') + text(units[u].beside->span);
    }
    begin = std::max(end, begin + 1);
  }
}

std::string Formatter::print() const {
  std::vector<std::string> lines;
  std::vector<size_t> lastLines(units.size());
  for (size_t u = 0; u < units.size(); ++u) {
    const Unit &unit = units[u];
    if (unit.blankBefore)
      lines.push_back("");
    uint32_t line = 0;
    for (const Comment *comment : unit.above) {
      if (line && comment->line > line + 1)
        lines.push_back("");
      line = comment->line;
      lines.push_back(std::string(unit.indent + (unit.role == Unit::Closer ? 2 : 0), ' ') + text(comment->span));
    }
    if (line && unit.role != Unit::Closer && unit.begin < unit.end && tokens[unit.begin].line > line + 1)
      lines.push_back("");
    for (std::string &text : layOut(unit.pieces, unit.indent, unit.hang))
      lines.push_back(std::move(text));
    lastLines[u] = lines.size() - 1;
  }
  alignComments(lines, lastLines);
  std::string result;
  for (const std::string &line : lines)
    result += line + "\n";
  return result;
}

} // namespace

std::optional<std::string> format(const SourceMap &sources, uint32_t source, Diagnostics &diagnostics) {
  size_t before = diagnostics.errorCount();
  ast::File file = parse(sources, source, diagnostics);
  if (diagnostics.errorCount() != before)
    return std::nullopt;
  Diagnostics repeated; // what the parser has reported already
  return Formatter(sources, tokenize(sources, source, repeated), file).run();
}

} // namespace attn
