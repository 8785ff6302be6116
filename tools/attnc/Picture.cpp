#include "tools/attnc/Picture.h"
#include <algorithm>

using namespace attnc;

/// Up to `count` numbers of [begin, end), evenly spread, `begin` among them.
static std::vector<int64_t> spread(int64_t begin, int64_t end, int64_t count) {
  std::vector<int64_t> numbers;
  int64_t length = end - begin;
  count = std::min(count, length);
  for (int64_t n = 0; n < count; ++n)
    numbers.push_back(begin + n * length / count);
  return numbers;
}

Picture attnc::takePicture(attn::Oracle &oracle, int64_t b, int64_t h, int64_t rows, int64_t keys, int64_t height,
                           int64_t width) {
  Picture picture;
  picture.rows = rows;
  picture.keys = keys;
  picture.offset = oracle.offset();
  picture.height = std::min(rows, height);
  picture.width = std::min(keys, width);
  picture.cells.resize(picture.height * picture.width);
  for (int64_t y = 0; y < picture.height; ++y)
    for (int64_t x = 0; x < picture.width; ++x) {
      int64_t top = y * rows / picture.height, bottom = (y + 1) * rows / picture.height;
      int64_t left = x * keys / picture.width, right = (x + 1) * keys / picture.width;
      bool all = (bottom - top) * (right - left) <= 64;
      picture.exact &= all;
      int64_t seen = 0, looked = 0;
      for (int64_t row : spread(top, bottom, all ? bottom - top : 8))
        for (int64_t key : spread(left, right, all ? right - left : 8)) {
          seen += oracle.visible(b, h, row, key);
          ++looked;
        }
      picture.cells[y * picture.width + x] = float(seen) / float(looked);
    }
  return picture;
}

Density attnc::measureDensity(attn::Oracle &oracle, int64_t b, int64_t h, int64_t rows, int64_t keys, int64_t budget) {
  Density density;
  int64_t affordable = std::max<int64_t>(budget / std::max<int64_t>(keys, 1), 16);
  density.exact = rows <= affordable;
  std::vector<int64_t> numbers = spread(0, rows, density.exact ? rows : affordable);
  if (!density.exact)
    // The middle of each stretch stands for it; the ends are where masks are odd.
    for (size_t n = 1; n + 1 < numbers.size(); ++n)
      numbers[n] = std::min(numbers[n] + rows / affordable / 2, rows - 1);
  if (!density.exact && !numbers.empty())
    numbers.back() = rows - 1;
  double seen = 0;
  for (int64_t row : numbers) {
    int64_t count = oracle.visibleKeys(b, h, row);
    seen += double(count);
    if (count)
      continue;
    ++density.emptyRows;
    density.lastEmpty = row;
    if (density.firstEmpty < 0)
      density.firstEmpty = row;
  }
  density.rowsLookedAt = int64_t(numbers.size());
  density.pairs = numbers.empty() ? 0 : seen * (double(rows) / double(numbers.size()));
  return density;
}

std::string attnc::drawText(const Picture &picture) {
  std::string text;
  auto line = [&](const char *left, const char *fill, const char *right) {
    text += left;
    for (int64_t x = 0; x < picture.width; ++x)
      text += fill;
    text += std::string(right) + "\n";
  };
  line("┌", "─", "┐");
  for (int64_t y = 0; y < picture.height; y += 2) {
    text += "│";
    for (int64_t x = 0; x < picture.width; ++x) {
      float top = picture.at(y, x), bottom = y + 1 < picture.height ? picture.at(y + 1, x) : 0;
      bool whole = (top == 0 || top == 1) && (bottom == 0 || bottom == 1);
      if (whole) {
        text += top == 1 ? (bottom == 1 ? "█" : "▀") : (bottom == 1 ? "▄" : " ");
        continue;
      }
      float mean = (top + bottom) / 2;
      text += mean < 0.34f ? "░" : mean < 0.67f ? "▒" : "▓";
    }
    text += "│\n";
  }
  line("└", "─", "┘");
  return text;
}
