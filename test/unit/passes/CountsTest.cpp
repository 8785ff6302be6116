// attn-expand-counts against counting.
#include "dialect/AttnOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/MaskInterpreter.h"
#include "passes/Passes.h"
#include <gtest/gtest.h>
#include <random>

using namespace attn;
using namespace mlir;

namespace {

const char *before = R"(
  attn.pattern @p {
    %q = attn.input "q" : !attn.field<[B, H, N], vector<8xf32>>
    %lo = attn.input "lo" : !attn.field<[B, N], i32>
    %hi = attn.input "hi" : !attn.field<[B, N], i32>
    %full = attn.input "full" : !attn.field<[H], i1>
    %doc = attn.input "doc" : !attn.field<[B, M], i32>
    %offset = attn.param "offset" : index
    %w = attn.param "w" : index
    %z = attn.param "z" : index
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
      %causal = arith.cmpi sle, %j, %i : index
)";
const char *after = R"(
      attn.yield %x : i1
    } score {
      %n = attn.count
      %m = arith.index_cast %n : index to i64
      %s = arith.sitofp %m : i64 to f32
      attn.yield %s : f32
    } weights (%s: f32) { attn.yield %s : f32 }
    value { attn.yield %value : vector<8xf32> } : !attn.attention<[B, H, N], vector<8xf32>>
    %out = attn.result out %o : !attn.attention<[B, H, N], vector<8xf32>>
    attn.output "out" %out : !attn.field<[B, H, N], vector<8xf32>>
  })";

/// Whether the count became arithmetic; checks it at random numbers then.
bool expands(const std::string &body) {
  MLIRContext context;
  context.loadDialect<AttnDialect, arith::ArithDialect>();
  auto module = parseSourceString<ModuleOp>(before + body + after, &context);
  EXPECT_TRUE(module);
  PassManager passes(&context);
  passes.addNestedPass<PatternOp>(createExpandCountsPass());
  EXPECT_TRUE(succeeded(passes.run(*module)));
  AttendOp attend;
  Value count;
  module->walk([&](AttendOp op) { attend = op; });
  attend.getScore().walk([&](arith::IndexCastOp cast) {
    if (cast.getType().isInteger(64))
      count = cast.getIn();
  });
  if (count.getDefiningOp<CountOp>())
    return false;

  std::mt19937 random(5);
  Block &mask = attend.getMask().front(), &score = attend.getScore().front();
  Value sees = cast<YieldOp>(mask.getTerminator()).getValues().front();
  for (int trial = 0; trial < 60; ++trial) {
    int64_t rows = 1 + random() % 20, keys = random() % 30, salt = random();
    MaskInterpreter interpreter(
        [&](Value v, ArrayRef<int64_t> operands) -> int64_t {
          Operation *op = v.getDefiningOp();
          if (isa<InputOp>(op))
            return cast<InputOp>(op).getName().size() * 13 +
                   cast<InputOp>(op).getName()[0];
          int64_t x = salt;
          for (int64_t operand : operands)
            x = (x * 31 + operand) % 1000003;
          if (v.getType().isInteger(1))
            return x % 2;
          return x % 40 - 6;
        });
    module->walk([&](Operation *op) {
      if (auto extent = dyn_cast<ExtentOp>(op))
        interpreter.fixed[extent] = extent.getName() == "N"   ? rows
                                    : extent.getName() == "M" ? keys
                                                              : 3;
      if (auto param = dyn_cast<ParamOp>(op))
        interpreter.fixed[param] = int64_t(random() % 20) - 3;
    });
    for (int64_t row = 0; row < rows; ++row) {
      for (Block *block : {&mask, &score}) {
        interpreter.fixed[block->getArgument(0)] = 1;
        interpreter.fixed[block->getArgument(1)] = 2;
        interpreter.fixed[block->getArgument(2)] = row;
      }
      int64_t truth = 0;
      for (int64_t key = 0; key < keys; ++key) {
        interpreter.fixed[mask.getArgument(3)] = key;
        truth += interpreter(sees);
      }
      EXPECT_EQ(interpreter(count), truth)
          << "row " << row << " of " << rows << ", " << keys << " keys";
    }
  }
  return true;
}

TEST(ExpandCounts, Causal) {
  EXPECT_TRUE(expands("%x = arith.andi %causal, %causal : i1"));
}

TEST(ExpandCounts, OverlappingIntervalsCountOnce) {
  EXPECT_TRUE(expands(R"(
      %d = arith.subi %i, %j : index
      %n = arith.cmpi slt, %d, %w : index
      %f = arith.cmpi slt, %j, %z : index
      %k = arith.ori %n, %f : i1
      %x = arith.andi %causal, %k : i1)"));
}

TEST(ExpandCounts, BoundsFromTablesAreExactForOneRow) {
  EXPECT_TRUE(expands(R"(
      %a = attn.at %lo[%b, %r] : !attn.field<[B, N], i32>
      %a1 = arith.index_cast %a : i32 to index
      %e = attn.at %hi[%b, %r] : !attn.field<[B, N], i32>
      %e1 = arith.index_cast %e : i32 to index
      %p = arith.cmpi sle, %a1, %j : index
      %n = arith.cmpi slt, %j, %e1 : index
      %x = arith.andi %p, %n : i1)"));
}

TEST(ExpandCounts, AFlagOfTheHead) {
  EXPECT_TRUE(expands(R"(
      %f = attn.at %full[%h] : !attn.field<[H], i1>
      %d = arith.subi %i, %j : index
      %n = arith.cmpi slt, %d, %w : index
      %k = arith.ori %n, %f : i1
      %x = arith.andi %causal, %k : i1)"));
}

TEST(ExpandCounts, Blocks) {
  EXPECT_TRUE(expands(R"(
      %a = arith.floordivsi %i, %c8 : index
      %e = arith.floordivsi %j, %c8 : index
      %n = arith.cmpi eq, %a, %e : index
      %x = arith.andi %causal, %n : i1)"));
}

TEST(ExpandCounts, DocumentsAreCountedAtRunTime) {
  EXPECT_FALSE(expands(R"(
      %a = attn.at %doc[%b, %i] : !attn.field<[B, M], i32>
      %e = attn.at %doc[%b, %j] : !attn.field<[B, M], i32>
      %x = arith.cmpi eq, %a, %e : i32)"));
}

} // namespace
