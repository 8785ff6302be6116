// One clause of the canonical layout: the space between tokens, and where a
// long line is broken.
#pragma once
#include "frontend/Tokens.h"
#include <string>
#include <vector>

namespace attn {

constexpr unsigned maxColumns = 100;

/// A token with what stands in front of it.
struct Piece {
  std::string text;
  Tok kind = Tok::Name;
  unsigned space = 0;               ///< blanks before it, unless it begins a line
  unsigned depth = 0;               ///< open brackets around it
  unsigned rank = 0;                ///< how well a line breaks before it: 1 best, 0 never
  std::vector<std::string> ownLine; ///< comments on lines of their own before it
  std::string beside;               ///< comment that ends the line of the token before
};

/// Sets `space`, `depth` and `rank` from the kinds. `budgets` holds the indices
/// of pieces that begin the budget of a `select`.
void setSpaces(std::vector<Piece> &pieces, const std::vector<size_t> &budgets);

/// The columns that the pieces take on one line.
unsigned widthOf(const std::vector<Piece> &pieces);

/// Lines without their line ends. The first begins at column `indent`.
/// `hang` is the piece under which lines go on that are broken outside brackets.
std::vector<std::string> layOut(const std::vector<Piece> &pieces, unsigned indent, size_t hang);

} // namespace attn
