#include "tools/attnc/Picture.h"
#include <gtest/gtest.h>
#include <zlib.h>

using namespace attnc;

namespace {
Picture small() {
  Picture picture;
  picture.rows = picture.keys = 2;
  picture.height = picture.width = 2;
  picture.cells = {1, 0, 1, 1};
  return picture;
}

uint32_t number(const std::string &bytes, size_t at) {
  uint32_t value = 0;
  for (size_t n = 0; n < 4; ++n)
    value = value << 8 | (unsigned char)bytes[at + n];
  return value;
}
} // namespace

TEST(Picture, TextUsesHalfBlocks) { EXPECT_EQ(drawText(small()), "┌──┐\n│█▄│\n└──┘\n"); }

TEST(Picture, PartlyVisibleCellsAreShaded) {
  Picture picture = small();
  picture.cells = {0.2f, 0.5f, 0.2f, 1};
  EXPECT_EQ(drawText(picture), "┌──┐\n│░▓│\n└──┘\n");
}

TEST(Picture, PngUnpacksToThePixels) {
  std::string png = drawPng(small(), 8);
  ASSERT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  size_t at = 8;
  std::string packed;
  uint32_t width = 0, height = 0;
  while (at < png.size()) {
    uint32_t length = number(png, at);
    std::string type = png.substr(at + 4, 4), body = png.substr(at + 4, length + 4);
    EXPECT_EQ(number(png, at + 8 + length), crc32(0, (const Bytef *)body.data(), uInt(body.size())));
    if (type == "IHDR") {
      width = number(png, at + 8);
      height = number(png, at + 12);
    } else if (type == "IDAT") {
      packed = body.substr(4);
    }
    at += length + 12;
  }
  EXPECT_EQ(width, 12u); // two cells of 4 pixels and a frame of 2
  EXPECT_EQ(height, 12u);
  std::string pixels((width * 3 + 1) * height, '\0');
  uLongf size = uLongf(pixels.size());
  ASSERT_EQ(uncompress((Bytef *)pixels.data(), &size, (const Bytef *)packed.data(), uLong(packed.size())), Z_OK);
  EXPECT_EQ(size, pixels.size());
  auto red = [&](size_t x, size_t y) { return (unsigned char)pixels[y * (width * 3 + 1) + 1 + 3 * x]; };
  EXPECT_EQ(red(0, 0), 150);
  EXPECT_EQ(red(3, 3), 24);  // seen
  EXPECT_EQ(red(8, 3), 238); // hidden
}

TEST(Picture, SvgEscapesItsTitle) {
  std::string svg = drawSvg(small(), "a < b & c", "");
  EXPECT_NE(svg.find("a &lt; b &amp; c"), std::string::npos);
}
