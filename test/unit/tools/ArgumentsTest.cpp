#include "tools/attnc/Arguments.h"
#include <gtest/gtest.h>

using namespace attnc;

namespace {
const Options table = {{"--shape", "N=..", ""}, {"--check", "", ""}, {"-o", "FILE", ""}, {"--threads", "NUMBER", ""}};

std::string errorOf(const std::vector<std::string> &words) {
  std::string error;
  EXPECT_FALSE(Arguments::parse(words, table, error));
  return error;
}
} // namespace

TEST(Arguments, OptionsAndOperandsInAnyOrder) {
  std::string error;
  auto arguments = Arguments::parse({"--check", "a.attn", "--shape=N=4", "-o", "x.npy", "--", "--b"}, table, error);
  ASSERT_TRUE(arguments) << error;
  EXPECT_EQ(arguments->operands(), (std::vector<std::string>{"a.attn", "--b"}));
  EXPECT_TRUE(arguments->has("--check"));
  EXPECT_EQ(arguments->get("--shape"), "N=4");
  EXPECT_EQ(arguments->get("-o"), "x.npy");
}

TEST(Arguments, SaysWhatIsWrong) {
  EXPECT_EQ(errorOf({"--shap", "N=4"}), "unknown option `--shap`; did you mean `--shape`?");
  EXPECT_EQ(errorOf({"--check=yes"}), "`--check` takes no value");
  EXPECT_EQ(errorOf({"-o"}), "`-o` needs a value: `-o FILE`");
}

TEST(Arguments, PairsAddUp) {
  std::string error;
  auto arguments = Arguments::parse({"--shape", "B=1,N=1_000", "--shape", "D=64"}, table, error);
  auto pairs = arguments->pairs("--shape", error);
  ASSERT_EQ(pairs.size(), 3u);
  EXPECT_EQ(pairs[1], (std::pair<std::string, std::string>("N", "1_000")));
  EXPECT_EQ(error, "");
  arguments = Arguments::parse({"--shape", "N"}, table, error);
  arguments->pairs("--shape", error);
  EXPECT_EQ(error, "`--shape` needs parts like `name=value`, not `N`");
}

TEST(Arguments, Numbers) {
  EXPECT_EQ(parseInt("1_000"), 1000);
  EXPECT_EQ(parseInt("-5"), -5);
  EXPECT_FALSE(parseInt(""));
  EXPECT_FALSE(parseInt("4k"));
  EXPECT_FALSE(parseInt("99999999999999999999"));
  EXPECT_EQ(parseReal("0.5"), 0.5);
  EXPECT_FALSE(parseReal("half"));
  std::string error;
  auto arguments = Arguments::parse({"--threads", "-1"}, table, error);
  arguments->integer("--threads", 0, 0, error);
  EXPECT_EQ(error, "`--threads` needs a whole number of at least 0, not `-1`");
}
