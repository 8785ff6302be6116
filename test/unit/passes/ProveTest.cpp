#include "passes/Prove.h"
#include "mlir/Parser/Parser.h"
#include "passes/MaskFindings.h"
#include "passes/MaskNumbers.h"
#include <gtest/gtest.h>

using namespace attn;
using namespace mlir;

namespace {

/// A pattern with one mask: the text of its region up to `attn.yield %x`.
struct Mask {
  Mask(MLIRContext &context, const std::string &body) {
    context.loadDialect<AttnDialect, arith::ArithDialect, math::MathDialect>();
    std::string text = R"(
      attn.pattern @p {
        %q = attn.input "q" : !attn.field<[B, H, N], vector<8xf32>>
        %doc = attn.input "doc" : !attn.field<[B, M], i32>
        %offset = attn.param "offset" : index
        %w = attn.param "w" : index
        %z = attn.param "z" : index
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c8 = arith.constant 8 : index
        %one = arith.constant 1.0 : f32
        %value = arith.constant dense<1.0> : vector<8xf32>
        %B = attn.extent "B"
        %H = attn.extent "H"
        %N = attn.extent "N"
        %M = attn.extent "M"
        %o = attn.attend "o" (%b < %B, %h < %H, %r < %N) over (%j < %M)
        mask {
          %i = arith.addi %r, %offset : index
    )" + body + R"(
          attn.yield %x : i1
        } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 }
        value { attn.yield %value : vector<8xf32> } : !attn.attention<[B, H, N], vector<8xf32>>
        %out = attn.result out %o : !attn.attention<[B, H, N], vector<8xf32>>
        attn.output "out" %out : !attn.field<[B, H, N], vector<8xf32>>
      })";
    module = parseSourceString<ModuleOp>(text, &context);
    module->walk([&](AttendOp attend) { question = MaskQuestion::of(attend); });
  }
  OwningOpRef<ModuleOp> module;
  MaskQuestion question;
};

const char *causal = "%x = arith.cmpi sle, %j, %i : index\n";
const char *window = "%d = arith.subi %i, %j : index\n"
                     "%p = arith.cmpi sge, %d, %c0 : index\n"
                     "%n = arith.cmpi slt, %d, %w : index\n"
                     "%x = arith.andi %p, %n : i1\n";
// The same in other words: not (j > i or j + w <= i).
const char *sameWindow = "%p = arith.cmpi sgt, %j, %i : index\n"
                         "%s = arith.addi %j, %w : index\n"
                         "%n = arith.cmpi sle, %s, %i : index\n"
                         "%o = arith.ori %p, %n : i1\n"
                         "%t = arith.constant true\n"
                         "%x = arith.xori %o, %t : i1\n";
const char *documents = "%a = attn.at %doc[%b, %i] : !attn.field<[B, M], i32>\n"
                        "%e = attn.at %doc[%b, %j] : !attn.field<[B, M], i32>\n"
                        "%x = arith.cmpi eq, %a, %e : i32\n";

TEST(Prove, TwoSpellingsOfAWindow) {
  MLIRContext context;
  Mask a(context, window), b(context, sameWindow);
  EXPECT_EQ(equal(a.question, b.question).answer, Proof::Yes);
}

TEST(Prove, AWindowIsCausalAndNotTheReverse) {
  MLIRContext context;
  Mask a(context, window), b(context, causal);
  EXPECT_EQ(implies(a.question, b.question).answer, Proof::Yes);
  Proof reverse = implies(b.question, a.question);
  ASSERT_EQ(reverse.answer, Proof::No);
  std::map<std::string, int64_t> at(reverse.example.begin(),
                                    reverse.example.end());
  EXPECT_LE(at["j"], at["i"]);
  EXPECT_GE(at["i"] - at["j"], at["w"]);
  EXPECT_LT(at["j"], at["M"]);
}

TEST(Prove, PastAndFutureAreDisjoint) {
  MLIRContext context;
  Mask a(context, causal), b(context, "%x = arith.cmpi sgt, %j, %i : index\n");
  EXPECT_EQ(disjoint(a.question, b.question).answer, Proof::Yes);
  EXPECT_EQ(disjoint(a.question, a.question).answer, Proof::No);
  EXPECT_EQ(empty(a.question).answer, Proof::No);
}

TEST(Prove, BlocksOfEight) {
  MLIRContext context;
  Mask a(context, "%p = arith.floordivsi %i, %c8 : index\n"
                  "%q2 = arith.floordivsi %j, %c8 : index\n"
                  "%x = arith.cmpi eq, %p, %q2 : index\n");
  Mask b(context, "%d = arith.subi %i, %j : index\n"
                  "%e = math.absi %d : index\n"
                  "%x = arith.cmpi slt, %e, %c8 : index\n");
  EXPECT_EQ(implies(a.question, b.question).answer, Proof::Yes);
  EXPECT_EQ(implies(b.question, a.question).answer, Proof::No);
}

TEST(Prove, WhatDependsOnDataIsUnknownUnlessItIsTheSame) {
  MLIRContext context;
  Mask a(context, documents), b(context, documents), c(context, causal);
  EXPECT_EQ(equal(a.question, b.question).answer, Proof::Yes);
  EXPECT_EQ(implies(a.question, c.question).answer, Proof::Unknown);
}

TEST(Findings, RowsWithoutKeysDependOnParameters) {
  MLIRContext context;
  Mask gap(context, "%d = arith.subi %i, %j : index\n"
                    "%x = arith.cmpi sge, %d, %w : index\n");
  auto found = findInMask(gap.question, {{"w", 8}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, MaskFinding::RowsWithoutKeys);
  EXPECT_EQ(found[0].text, "i < w");
  EXPECT_TRUE(findInMask(gap.question, {{"w", 0}}).empty());
  EXPECT_TRUE(findInMask(Mask(context, causal).question).empty());
}

TEST(TileClasses, OfAWindow) {
  MLIRContext context;
  Mask mask(context, window);
  MaskAnalysis masks(mask.question);
  ASSERT_TRUE(masks.exact());
  const int64_t rows = 200, keys = 333, offset = 133, w = 70;
  for (auto [tileRows, tileCols] :
       {std::pair(64, 64), std::pair(1, 16), std::pair(128, 7)}) {
    auto value = [&](const MaskSymbol &s, int64_t, int64_t) {
      return s.name == "w" ? w : offset;
    };
    TileClasses counts =
        classifyTiles(masks, rows, keys, tileRows, tileCols, value);
    TileClasses truth;
    for (int64_t r = 0; r < rows; r += tileRows)
      for (int64_t j = 0; j < keys; j += tileCols) {
        bool live = false, hole = j + tileCols > keys;
        for (int64_t y = r; y < std::min<int64_t>(rows, r + tileRows); ++y)
          for (int64_t x = j; x < std::min<int64_t>(keys, j + tileCols); ++x) {
            int64_t age = y + offset - x;
            (age >= 0 && age < w ? live : hole) = true;
          }
        ++(!live ? truth.dead : hole ? truth.mixed : truth.full);
      }
    EXPECT_EQ(counts.dead, truth.dead);
    EXPECT_EQ(counts.full, truth.full);
    EXPECT_EQ(counts.mixed, truth.mixed);
  }
}

} // namespace
