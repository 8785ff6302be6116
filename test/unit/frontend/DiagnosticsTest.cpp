#include "frontend/Diagnostics.h"
#include <gtest/gtest.h>
#include <sstream>

using namespace attn;

namespace {

std::string printed(const SourceMap &sources, const Diagnostics &diagnostics, bool colors = false) {
  std::ostringstream os;
  print(os, sources, diagnostics, colors);
  return os.str();
}

TEST(Diagnostics, HaveALabelNotesWithPlacesAndHelp) {
  SourceMap sources;
  uint32_t file = sources.add("shared.attn", "pattern shared {\n  select S[g] = q[i]\n}\n");
  Diagnostics diagnostics;
  diagnostics.error({file, 26, 27}, "`S` depends on the query head h")
      .mark("its index is g")
      .note("through this", Span{file, 33, 34})
      .note("a rule")
      .suggest("write h on the left");
  EXPECT_EQ(printed(sources, diagnostics), "error: `S` depends on the query head h\n"
                                           " --> shared.attn:2:10\n"
                                           "  |\n"
                                           "2 |   select S[g] = q[i]\n"
                                           "  |          ^ its index is g\n"
                                           "note: through this\n"
                                           " --> shared.attn:2:17\n"
                                           "  |\n"
                                           "2 |   select S[g] = q[i]\n"
                                           "  |                 -\n"
                                           "note: a rule\n"
                                           "help: write h on the left\n");
}

TEST(Diagnostics, AreSeparatedByBlankLinesAndWarningsAreNoErrors) {
  SourceMap sources;
  uint32_t file = sources.add("a", "x y");
  Diagnostics diagnostics;
  diagnostics.warning({file, 2, 3}, "second");
  EXPECT_FALSE(diagnostics.hasErrors());
  diagnostics.error({file, 0, 1}, "first");
  EXPECT_TRUE(diagnostics.hasErrors());
  diagnostics.sort();
  EXPECT_EQ(printed(sources, diagnostics), "error: first\n --> a:1:1\n  |\n1 | x y\n  | ^\n\n"
                                           "warning: second\n --> a:1:3\n  |\n1 | x y\n  |   ^\n");
}

TEST(Diagnostics, SortByPlaceAndDropRepetitions) {
  SourceMap sources;
  uint32_t a = sources.add("a", "xyz"), b = sources.add("b", "xyz");
  Diagnostics diagnostics;
  diagnostics.error({b, 0, 1}, "4");
  diagnostics.error({a, 2, 3}, "3");
  diagnostics.error({a, 0, 2}, "2");
  diagnostics.error({a, 0, 1}, "1");
  diagnostics.error({a, 2, 3}, "3");
  diagnostics.sort();
  std::string order;
  for (const Diagnostic &diagnostic : diagnostics.all())
    order += diagnostic.message;
  EXPECT_EQ(order, "1234");
  EXPECT_EQ(diagnostics.errorCount(), 4u);
}

TEST(Diagnostics, MarksFollowTabsAndWideCharacters) {
  SourceMap sources;
  uint32_t file = sources.add("a", "\tx # \xc3\xa9\xc3\xa9 y");
  Diagnostics diagnostics;
  diagnostics.error({file, 1, 2}, "tab");
  diagnostics.error({file, 5, 9}, "wide");
  diagnostics.error({file, 0, 2}, "both");
  EXPECT_EQ(printed(sources, diagnostics), "error: tab\n --> a:1:2\n  |\n1 |     x # \xc3\xa9\xc3\xa9 y\n  |     ^\n\n"
                                           "error: wide\n --> a:1:6\n  |\n1 |     x # \xc3\xa9\xc3\xa9 y\n  |         ^^\n\n"
                                           "error: both\n --> a:1:1\n  |\n1 |     x # \xc3\xa9\xc3\xa9 y\n  | ^^^^^\n");
}

TEST(Diagnostics, SpansOfSeveralLinesAreMarkedOnTheFirst) {
  SourceMap sources;
  uint32_t file = sources.add("a", "ab\r\ncd\n");
  Diagnostics diagnostics;
  diagnostics.error({file, 1, 6}, "long");
  diagnostics.error({file, 6, 6}, "end of the line");
  EXPECT_EQ(printed(sources, diagnostics), "error: long\n --> a:1:2\n  |\n1 | ab\n  |  ^\n\n"
                                           "error: end of the line\n --> a:2:3\n  |\n2 | cd\n  |   ^\n");
}

TEST(Diagnostics, TheGutterIsAsWideAsTheLineNumber) {
  SourceMap sources;
  uint32_t file = sources.add("a", std::string(99, '\n') + "x");
  Diagnostics diagnostics;
  diagnostics.error({file, 99, 100}, "far");
  EXPECT_EQ(printed(sources, diagnostics), "error: far\n   --> a:100:1\n    |\n100 | x\n    | ^\n");
}

TEST(Diagnostics, ControlCharactersAreNotSentToTheTerminal) {
  SourceMap sources;
  uint32_t file = sources.add("a", "\x1b[31m");
  Diagnostics diagnostics;
  diagnostics.error({file, 0, 1}, "stray");
  EXPECT_EQ(printed(sources, diagnostics).find('\x1b'), std::string::npos);
  EXPECT_NE(printed(sources, diagnostics, true).find("\x1b[1;31merror"), std::string::npos);
}

TEST(Nearest, FindsWhatWasMeant) {
  std::vector<std::string> names = {"causal", "recent", "mask", "score", "qk"};
  EXPECT_EQ(nearest("casual", names), "causal");  // neighbours swapped
  EXPECT_EQ(nearest("recnt", names), "recent");   // a letter left out
  EXPECT_EQ(nearest("masks", names), "mask");     // one too many
  EXPECT_EQ(nearest("scare", names), "score");    // a wrong one
  EXPECT_EQ(nearest("qq", names), "");            // too short to guess
  EXPECT_EQ(nearest("window", names), "");
  EXPECT_EQ(nearest("causal", names), "");        // it is there
}

} // namespace
