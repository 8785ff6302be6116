#include "frontend/Parser.h"
#include "frontend/Scalar.h"
#include "frontend/Sema.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace attn;
using core::Op;

namespace {

constexpr int64_t least = std::numeric_limits<int64_t>::min();
constexpr int64_t most = std::numeric_limits<int64_t>::max();

int64_t ofInts(Op op, int64_t a, int64_t b) { return applyScalar(op, {Scalar::ofInt(a), Scalar::ofInt(b)})->integer; }
double ofReals(Op op, double a, double b) { return applyScalar(op, {Scalar::ofReal(a), Scalar::ofReal(b)})->real; }
bool truth(Op op, double a, double b) { return applyScalar(op, {Scalar::ofReal(a), Scalar::ofReal(b)})->integer; }

// [S3]
TEST(Scalar, DivisionIsTotalAndFloors) {
  EXPECT_EQ(floorDivide(7, 2), 3);
  EXPECT_EQ(floorDivide(-7, 2), -4);
  EXPECT_EQ(floorDivide(7, -2), -4);
  EXPECT_EQ(floorDivide(-7, -2), 3);
  EXPECT_EQ(floorDivide(5, 0), 0);
  EXPECT_EQ(floorDivide(least, -1), least);
  EXPECT_EQ(floorModulo(-7, 2), 1);
  EXPECT_EQ(floorModulo(7, -2), -1);
  EXPECT_EQ(floorModulo(5, 0), 5);
  EXPECT_EQ(floorModulo(least, -1), 0);
  EXPECT_EQ(ofReals(Op::Div, 1, 0), 0);
  EXPECT_EQ(ofReals(Op::Div, 0, 0), 0);
}

// [S5]
TEST(Scalar, IntegersWrapAndShiftsOutOfRangeGiveZero) {
  EXPECT_EQ(ofInts(Op::Add, most, 1), least);
  EXPECT_EQ(ofInts(Op::Mul, most, 2), -2);
  EXPECT_EQ(applyScalar(Op::Neg, {Scalar::ofInt(least)})->integer, least);
  EXPECT_EQ(applyScalar(Op::Abs, {Scalar::ofInt(least)})->integer, least);
  EXPECT_EQ(shiftLeft(1, 64), 0);
  EXPECT_EQ(shiftLeft(1, -1), 0);
  EXPECT_EQ(shiftLeft(1, 63), least);
  EXPECT_EQ(shiftRight(-8, 1), -4);
  EXPECT_EQ(shiftRight(-8, 64), 0);
  EXPECT_EQ(intPower(3, 4), 81);
  EXPECT_EQ(intPower(2, 64), 0);
  EXPECT_EQ(intPower(-1, 1000001), -1);
  EXPECT_EQ(floorLog2(0), -1);
  EXPECT_EQ(floorLog2(1), 0);
  EXPECT_EQ(floorLog2(1023), 9);
}

// [S4]
TEST(Scalar, ComparisonsWithNaNAreFalse) {
  double nan = std::nan("");
  for (Op op : {Op::Eq, Op::Ne, Op::Lt, Op::Le}) {
    EXPECT_FALSE(truth(op, nan, 1));
    EXPECT_FALSE(truth(op, 1, nan));
  }
  EXPECT_TRUE(std::isnan(ofReals(Op::Max, nan, 1)));
  EXPECT_TRUE(std::isnan(ofReals(Op::Min, 1, nan)));
  EXPECT_EQ(floorToInt(nan), 0);
  EXPECT_EQ(floorToInt(1e300), most);
  EXPECT_EQ(floorToInt(-1e300), least);
  EXPECT_EQ(floorToInt(-0.5), -1);
}

// Defaults are evaluated when a call gives no value.
TEST(Scalar, EvaluatesDefaultsOverLengthsAndEarlierParameters) {
  SourceMap sources;
  Diagnostics diagnostics;
  uint32_t source = sources.add("test.attn", "pattern p(w: int = if M > 8 then M // 2 else 4, x: real = w / 8) {\n"
                                             "  mask recent(w)\n  score qk * x\n}\n");
  ast::File file = parse(sources, source, diagnostics);
  std::optional<core::Program> program = analyze(file, sources, {}, diagnostics);
  ASSERT_TRUE(program.has_value());
  ASSERT_EQ(program->params.size(), 4u);
  ScalarInputs inputs;
  inputs.extents = {1, 8, 2, 3, 20};
  for (const core::Param &param : program->params) {
    std::optional<Scalar> value = evaluateScalar(*param.defaultValue, inputs);
    ASSERT_TRUE(value.has_value()) << param.name;
    inputs.params.push_back(*value);
  }
  EXPECT_EQ(program->params[0].name, "scale");
  EXPECT_EQ(inputs.params[0].real, 0.125);
  EXPECT_EQ(inputs.params[1].integer, 17); // offset = M - N
  EXPECT_EQ(inputs.params[2].integer, 10);
  EXPECT_EQ(inputs.params[3].real, 1.25);
}

TEST(Scalar, RefusesWhatNoCallKnows) {
  core::Expr variable;
  variable.op = Op::Var;
  variable.id = 0;
  EXPECT_FALSE(evaluateScalar(variable, {}).has_value());
  core::Expr extent;
  extent.op = Op::Extent;
  extent.id = 3;
  EXPECT_FALSE(evaluateScalar(extent, {}).has_value());
}

} // namespace
