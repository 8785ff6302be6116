#include "frontend/Source.h"
#include <gtest/gtest.h>

using namespace attn;

TEST(Source, CountsLinesAndCharactersFromOne) {
  SourceMap sources;
  uint32_t file = sources.add("a.attn", "ab\nc\xc3\xa9x\n");
  LineColumn start = sources.at(file, 0);
  EXPECT_EQ(start.line, 1u);
  EXPECT_EQ(start.column, 1u);
  // `x` stands behind a character of two bytes.
  LineColumn x = sources.at(file, 6);
  EXPECT_EQ(x.line, 2u);
  EXPECT_EQ(x.column, 3u);
}

TEST(Source, LinesComeWithoutTheirEnds) {
  SourceMap sources;
  uint32_t file = sources.add("a.attn", "first\r\nsecond");
  EXPECT_EQ(sources.line(file, 1), "first");
  EXPECT_EQ(sources.line(file, 2), "second");
}

TEST(Source, FilesKeepTheirNumbers) {
  SourceMap sources;
  uint32_t a = sources.add("a", "1");
  uint32_t b = sources.add("b", "2");
  EXPECT_EQ(sources.name(a), "a");
  EXPECT_EQ(sources.text(b), "2");
  EXPECT_EQ(sources.text(Span{b, 0, 1}), "2");
}
