#include "frontend/AstPrinter.h"
#include "frontend/Format.h"
#include "frontend/Parser.h"
#include "frontend/Tokens.h"
#include <gtest/gtest.h>

using namespace attn;

namespace {

struct Parsed {
  SourceMap sources;
  Diagnostics diagnostics;
  ast::File file;
  explicit Parsed(const std::string &text) {
    uint32_t source = sources.add("test.attn", text);
    file = parse(sources, source, diagnostics);
  }
  std::string text(Span span) const { return std::string(sources.text(span)); }
  std::string firstError() const {
    return diagnostics.hasErrors() ? diagnostics.all().front().message : "";
  }
};

Parsed expression(const std::string &text) { return Parsed("pattern p { score " + text + " }"); }

std::string repeat(const std::string &text, unsigned times) {
  std::string result;
  for (unsigned k = 0; k < times; ++k)
    result += text;
  return result;
}

TEST(Parser, SpansAreExact) {
  Parsed p("# One.\n#Two.\npattern p {\n  mask (i - j < w) and x in S[i] .. 4 # beside\n"
           "  out y[b, i] = if a then f(j for j in 0 .. 3) else o.lse[i]\n}\n");
  ASSERT_FALSE(p.diagnostics.hasErrors());
  const ast::Pattern &pattern = p.file.patterns[0];
  EXPECT_EQ(pattern.comment, (std::vector<std::string>{"One.", "Two."}));
  EXPECT_EQ(p.text(pattern.span).substr(0, 11), "pattern p {");
  EXPECT_EQ(p.text(pattern.span).back(), '}');
  const ast::Clause &mask = pattern.clauses[0];
  EXPECT_EQ(p.text(mask.span), "mask (i - j < w) and x in S[i] .. 4");
  EXPECT_EQ(p.text(mask.keyword), "mask");
  const ast::Expr &both = *mask.value;
  EXPECT_EQ(p.text(both.span), "(i - j < w) and x in S[i] .. 4");
  EXPECT_EQ(p.text(both.opSpan), "and");
  EXPECT_TRUE(both.operands[0]->parenthesized);
  EXPECT_EQ(p.text(both.operands[0]->span), "(i - j < w)");
  EXPECT_EQ(p.text(both.operands[0]->opSpans[0]), "<");
  EXPECT_EQ(p.text(both.operands[1]->span), "x in S[i] .. 4");
  const ast::Clause &out = pattern.clauses[1];
  EXPECT_EQ(p.text(out.entries[0].span), "y[b, i]");
  EXPECT_EQ(p.text(out.value->span), "if a then f(j for j in 0 .. 3) else o.lse[i]");
  const ast::Expr &call = *out.value->operands[1];
  EXPECT_EQ(p.text(call.span), "f(j for j in 0 .. 3)");
  EXPECT_EQ(p.text(call.binders[0].span), "j in 0 .. 3");
  const ast::Expr &subscript = *out.value->operands[2];
  EXPECT_EQ(p.text(subscript.span), "o.lse[i]");
  EXPECT_EQ(p.text(subscript.operands[0]->field.span), "lse");
}

TEST(Parser, OneRunReportsEveryClause) {
  Parsed p("pattern a { mask ( score ) weights ] value v[j] }\npattern b { mask causal let x = }");
  EXPECT_EQ(p.diagnostics.errorCount(), 4u);
  ASSERT_EQ(p.file.patterns.size(), 2u);
  EXPECT_EQ(p.file.patterns[0].clauses.size(), 1u);
  EXPECT_EQ(p.file.patterns[1].clauses.size(), 1u);
}

TEST(Parser, NestingIsLimitedWhateverItsForm) {
  struct Form { const char *open, *middle, *close; };
  for (Form form : {Form{"(", "1", ")"}, {"not ", "a", ""}, {"-", "a", ""}, {"2 ^ ", "a", ""}, {"a + ", "a", ""},
                    {"a or ", "a", ""}, {"", "a", "[0]"}, {"f(", "a", ")"}, {"a[", "0", "]"},
                    {"if a then b else ", "c", ""}, {"sum(a for x in ", "y", ")"}, {"(a, ", "b", ")"}}) {
    auto text = [&](unsigned n) { return repeat(form.open, n) + form.middle + repeat(form.close, n); };
    EXPECT_EQ(expression(text(90)).firstError(), "") << form.open;
    EXPECT_EQ(expression(text(250)).firstError(), "this expression is nested too deeply") << form.open;
    EXPECT_EQ(expression(text(100000)).firstError(), "this expression is nested too deeply") << form.open;
  }
  // Lists are not nested.
  EXPECT_EQ(expression("f(" + repeat("a, ", 5000) + "a)").firstError(), "");
  EXPECT_EQ(expression(repeat("a < ", 5000) + "a").firstError(), "");
}

TEST(Parser, NumbersAreReadExactly) {
  auto value = [](const std::string &text) {
    Parsed p = expression(text);
    EXPECT_EQ(p.firstError(), "") << text;
    return *p.file.patterns[0].clauses[0].value;
  };
  EXPECT_EQ(value("1_000_000").integer, 1000000);
  EXPECT_EQ(value("9223372036854775807").integer, INT64_MAX);
  EXPECT_EQ(value("0.1").real, 0.1);
  EXPECT_EQ(value("1e-6").real, 1e-6);
  EXPECT_EQ(value("1_0.2_5E+2").real, 1025);
  EXPECT_EQ(value("4.9e-324").real, 4.9e-324);
  EXPECT_EQ(value("1e-999").real, 0);
  EXPECT_EQ(value("1.7976931348623157e308").real, 1.7976931348623157e308);
  EXPECT_EQ(expression("9223372036854775808").firstError(), "this integer does not fit");
  EXPECT_EQ(expression("1e309").firstError(), "this number is too large");
}

TEST(Tokens, RangesAndRealsDoNotMix) {
  SourceMap sources;
  Diagnostics diagnostics;
  TokenList list = tokenize(sources, sources.add("a", "0..64 x.y 1.5 j'' //"), diagnostics);
  std::vector<Tok> kinds;
  for (const Token &token : list.tokens)
    kinds.push_back(token.kind);
  EXPECT_EQ(kinds, (std::vector<Tok>{Tok::Integer, Tok::DotDot, Tok::Integer, Tok::Name, Tok::Dot, Tok::Name,
                                     Tok::Real, Tok::Name, Tok::SlashSlash, Tok::End}));
}

TEST(Tokens, EveryPairOfBytesIsRead) {
  for (unsigned a = 0; a < 256; ++a)
    for (unsigned b = 0; b < 256; ++b) {
      Parsed p(std::string{char(a), char(b)});
      std::string inside = std::string("pattern p { mask (") + char(a) + char(b);
      Parsed q(inside);
      EXPECT_TRUE(q.diagnostics.hasErrors());
    }
}

TEST(Format, LineEndsOfOtherSystemsAreRead) {
  SourceMap sources;
  Diagnostics diagnostics;
  uint32_t source = sources.add("a", "\xEF\xBB\xBFpattern p {\r\n  # c\r\n  mask causal # d \r\n\r\n\r\n  score qk\r\n}\r\n");
  EXPECT_EQ(format(sources, source, diagnostics), "pattern p {\n  # c\n  mask causal  # d\n\n  score qk\n}\n");
}

TEST(Format, AnEmptyTextStaysEmpty) {
  SourceMap sources;
  Diagnostics diagnostics;
  EXPECT_EQ(format(sources, sources.add("a", " \n\n"), diagnostics), "");
  EXPECT_EQ(format(sources, sources.add("b", "\n# only a comment"), diagnostics), "# only a comment\n");
}

} // namespace
