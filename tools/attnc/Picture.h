// The mask as a picture: sampled by the oracle, drawn as text, SVG or PNG.
#pragma once
#include "runtime/Oracle.h"
#include <string>
#include <vector>

namespace attnc {

/// What a mask lets through, cut into cells. A cell stands for a rectangle of
/// (row, key) pairs; where it holds at most 64 pairs all were looked at, else 64
/// of them spread over it, its first row and key among them.
struct Picture {
  int64_t rows = 0, keys = 0;     ///< the lengths N and M
  int64_t offset = 0;             ///< position of row 0
  int64_t height = 0, width = 0;  ///< in cells
  bool exact = true;              ///< every pair was looked at
  std::vector<float> cells;       ///< fraction that is visible, row by row

  float at(int64_t y, int64_t x) const { return cells[y * width + x]; }
};

/// At most `height` x `width` cells; fewer where there are fewer rows or keys.
Picture takePicture(attn::Oracle &oracle, int64_t b, int64_t h, int64_t rows, int64_t keys, int64_t height,
                    int64_t width);

/// How much a mask lets through.
struct Density {
  int64_t rowsLookedAt = 0;
  bool exact = true;      ///< all rows were looked at
  double pairs = 0;       ///< visible (row, key) pairs of one head, estimated if not exact
  int64_t emptyRows = 0;  ///< among the rows looked at
  int64_t firstEmpty = -1, lastEmpty = -1; ///< row numbers
};

/// Looks at all rows if that takes at most `budget` evaluations of the mask,
/// else at rows spread evenly, the first and the last among them.
Density measureDensity(attn::Oracle &oracle, int64_t b, int64_t h, int64_t rows, int64_t keys, int64_t budget);

/// Half blocks and shades, one line of text for two rows of cells.
std::string drawText(const Picture &picture);
/// `title` and `footer` are lines of text around it.
std::string drawSvg(const Picture &picture, const std::string &title, const std::string &footer);
/// The bytes of a PNG file: the cells enlarged to whole pixels, about `side`
/// pixels along the longer side.
std::string drawPng(const Picture &picture, int64_t side);

} // namespace attnc
