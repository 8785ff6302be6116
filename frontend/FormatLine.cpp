#include "frontend/FormatLine.h"
#include <algorithm>
#include <tuple>

namespace attn {
namespace {

bool endsOperand(Tok kind) {
  switch (kind) {
  case Tok::Name: case Tok::Integer: case Tok::Real: case Tok::True: case Tok::False:
  case Tok::RightParen: case Tok::RightBracket:
    return true;
  default:
    return false;
  }
}

bool opens(Tok kind) { return kind == Tok::LeftParen || kind == Tok::LeftBracket || kind == Tok::LeftBrace; }
bool closes(Tok kind) { return kind == Tok::RightParen || kind == Tok::RightBracket || kind == Tok::RightBrace; }

unsigned spaceBetween(Tok before, Tok next, bool unary) {
  if (unary || before == Tok::Dot || next == Tok::Dot || before == Tok::LeftParen || before == Tok::LeftBracket)
    return 0;
  switch (next) {
  case Tok::RightParen: case Tok::RightBracket: case Tok::Comma: case Tok::Colon:
    return 0;
  case Tok::LeftParen:
    return before != Tok::Name;
  case Tok::LeftBracket:
    return !(endsOperand(before) || before == Tok::Out);
  default:
    return 1;
  }
}

/// How well a line breaks before `next`.
unsigned rankOf(Tok before, Tok next) {
  if (before == Tok::Comma)
    return 5;
  switch (next) {
  case Tok::By: case Tok::Where: case Tok::Always: case Tok::Plus: return 1;
  case Tok::For: case Tok::Then: case Tok::Else: return 2;
  case Tok::Or: return 3;
  case Tok::And: return 4;
  case Tok::Add: case Tok::Minus: return endsOperand(before) ? 6 : 0;
  case Tok::Star: case Tok::Slash: case Tok::SlashSlash: case Tok::Mod: case Tok::At: return 7;
  default: return 0;
  }
}

} // namespace

void setSpaces(std::vector<Piece> &pieces, const std::vector<size_t> &budgets) {
  unsigned depth = 0;
  bool afterSign = false; // the token before is a sign, not an operator
  for (size_t k = 0; k < pieces.size(); ++k) {
    Piece &piece = pieces[k];
    if (closes(piece.kind) && depth > 0)
      --depth;
    piece.depth = depth;
    if (opens(piece.kind))
      ++depth;
    bool isBudget = std::find(budgets.begin(), budgets.end(), k) != budgets.end();
    if (k > 0) {
      Tok before = pieces[k - 1].kind;
      piece.space = isBudget ? 1 : spaceBetween(before, piece.kind, afterSign);
      piece.rank = isBudget ? 0 : rankOf(before, piece.kind);
    }
    afterSign = piece.kind == Tok::Minus && (k == 0 || isBudget || !endsOperand(pieces[k - 1].kind));
  }
}

unsigned widthOf(const std::vector<Piece> &pieces) {
  unsigned width = 0;
  for (const Piece &piece : pieces)
    width += piece.space + piece.text.size();
  return width;
}

std::vector<std::string> layOut(const std::vector<Piece> &pieces, unsigned indent, size_t hang) {
  std::vector<std::string> lines;
  std::vector<unsigned> columns(pieces.size()); // where each piece was put
  // The column under which a line goes on that is broken before piece k.
  auto continuation = [&](size_t k) -> unsigned {
    for (size_t open = k; open-- > 0;)
      if (opens(pieces[open].kind) && pieces[open].depth < pieces[k].depth) {
        unsigned column = columns[open] + pieces[open].text.size();
        return column <= 60 ? column : indent + 4;
      }
    return hang < k ? columns[hang] : indent + 4;
  };

  size_t begin = 0;
  unsigned start = indent;
  while (begin < pieces.size()) {
    // As many pieces as fit; a comment ends its line.
    unsigned column = start;
    size_t end = begin;
    size_t best = 0;
    bool comment = false, full = false;
    for (; end < pieces.size(); ++end) {
      const Piece &piece = pieces[end];
      if (end > begin && (!piece.beside.empty() || !piece.ownLine.empty())) {
        comment = true;
        break;
      }
      unsigned width = (end > begin ? piece.space : 0) + piece.text.size();
      if (end > begin && piece.rank && (column <= maxColumns || best == 0)) {
        auto quality = [&](size_t k) { return std::make_pair(pieces[k].depth, pieces[k].rank); };
        if (best == 0 || quality(end) <= quality(best))
          best = end;
      }
      if (column + width > maxColumns && best != 0) {
        full = true;
        break;
      }
      columns[end] = column + width - piece.text.size();
      column += width;
    }
    if (full)
      end = best;
    std::string line(start, ' ');
    for (size_t k = begin; k < end; ++k)
      line += std::string(k > begin ? pieces[k].space : 0, ' ') + pieces[k].text;
    if (comment && !full && !pieces[end].beside.empty())
      line += "  " + pieces[end].beside;
    lines.push_back(line);
    if (end == pieces.size())
      break;
    start = continuation(end);
    if (comment && !full)
      for (const std::string &text : pieces[end].ownLine)
        lines.push_back(std::string(start, ' ') + text);
    begin = end;
  }
  return lines;
}

} // namespace attn
