// Pictures as files: SVG, and PNG with zlib.
#include "tools/attnc/Picture.h"
#include <algorithm>
#include <cstdio>
#include <zlib.h>

using namespace attnc;

namespace {
struct Color {
  int red, green, blue;
};
constexpr Color hidden{238, 241, 245}, seen{24, 78, 140};

Color mix(float amount) {
  auto channel = [&](int from, int to) { return int(float(from) + amount * float(to - from) + 0.5f); };
  // Thin features must not fade away in a large picture.
  if (amount > 0)
    amount = 0.35f + 0.65f * amount;
  return {channel(hidden.red, seen.red), channel(hidden.green, seen.green), channel(hidden.blue, seen.blue)};
}
} // namespace

//===----------------------------------------------------------------------===//
// SVG
//===----------------------------------------------------------------------===//

static std::string escaped(const std::string &text) {
  std::string result;
  for (char c : text)
    result += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return result;
}

std::string attnc::drawSvg(const Picture &picture, const std::string &title, const std::string &footer) {
  constexpr int left = 64, top = 56, bottom = 40, right = 24;
  double cell = 560.0 / double(std::max<int64_t>({picture.width, picture.height, 1}));
  int width = int(cell * double(picture.width)), height = int(cell * double(picture.height));
  char line[320];
  std::string svg;
  auto add = [&](const char *format, auto... values) {
    std::snprintf(line, sizeof line, format, values...);
    svg += line;
  };
  add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
      "font-size=\"13\" fill=\"#333\">\n",
      std::max(left + width + right, 420), top + height + bottom);
  svg += "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  svg += "<text x=\"64\" y=\"20\" font-size=\"16\">" + escaped(title) + "</text>\n";
  add("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#eef1f5\" stroke=\"#999\"/>\n", left, top, width,
      height);
  svg += "<g shape-rendering=\"crispEdges\">\n";
  for (int64_t y = 0; y < picture.height; ++y)
    for (int64_t x = 0; x < picture.width;) {
      // Equal neighbours become one rectangle.
      int64_t end = x + 1;
      while (end < picture.width && picture.at(y, end) == picture.at(y, x))
        ++end;
      if (picture.at(y, x) > 0) {
        Color color = mix(picture.at(y, x));
        add("<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#%02x%02x%02x\"/>\n",
            left + cell * double(x), top + cell * double(y), cell * double(end - x), cell, color.red, color.green,
            color.blue);
      }
      x = end;
    }
  svg += "</g>\n";
  add("<text x=\"%d\" y=\"%d\">key 0</text>\n", left, top - 8);
  add("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%lld</text>\n", left + width, top - 8,
      (long long)picture.keys - 1);
  add("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%lld</text>\n", left - 6, top + 12, (long long)picture.offset);
  add("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%lld</text>\n", left - 6, top + height,
      (long long)(picture.offset + picture.rows - 1));
  svg += "<text x=\"64\" y=\"" + std::to_string(top + height + 24) + "\">" + escaped(footer) + "</text>\n</svg>\n";
  return svg;
}

//===----------------------------------------------------------------------===//
// PNG
//===----------------------------------------------------------------------===//

static void appendNumber(std::string &bytes, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += char(number >> shift & 255);
}

static void appendChunk(std::string &bytes, const char *type, const std::string &data) {
  appendNumber(bytes, uint32_t(data.size()));
  std::string body = type + data;
  bytes += body;
  appendNumber(bytes, uint32_t(crc32(0, reinterpret_cast<const Bytef *>(body.data()), uInt(body.size()))));
}

std::string attnc::drawPng(const Picture &picture, int64_t side) {
  constexpr int64_t margin = 2;
  int64_t scale = std::max<int64_t>(1, side / std::max<int64_t>({picture.width, picture.height, 1}));
  int64_t width = picture.width * scale + 2 * margin, height = picture.height * scale + 2 * margin;
  std::string pixels;
  for (int64_t y = 0; y < height; ++y) {
    pixels += '\0'; // each line says that it is not filtered
    for (int64_t x = 0; x < width; ++x) {
      bool frame = x < margin || y < margin || x >= width - margin || y >= height - margin;
      Color color = frame ? Color{150, 150, 150} : mix(picture.at((y - margin) / scale, (x - margin) / scale));
      pixels += char(color.red);
      pixels += char(color.green);
      pixels += char(color.blue);
    }
  }
  uLongf size = compressBound(uLong(pixels.size()));
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef *>(packed.data()), &size, reinterpret_cast<const Bytef *>(pixels.data()),
           uLong(pixels.size()));
  packed.resize(size);

  std::string header;
  appendNumber(header, uint32_t(width));
  appendNumber(header, uint32_t(height));
  header += std::string("\x08\x02\0\0\0", 5); // 8 bits, RGB, no interlacing
  std::string png = "\x89PNG\r\n\x1a\n";
  appendChunk(png, "IHDR", header);
  appendChunk(png, "IDAT", packed);
  appendChunk(png, "IEND", "");
  return png;
}
