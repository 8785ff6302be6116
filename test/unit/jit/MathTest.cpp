// The expanded functions against libm in double, over ranges and corners.
#include "codegen/Pipelines.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/Jit.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace attn;

namespace {

/// `f(in, in2, out)` on one vector of `lanes` numbers, or on a scalar for 1.
struct Compiled {
  std::unique_ptr<Jit> jit;
  void (*run)(const float *, const float *, float *) = nullptr;
  int lanes = 1;
};

Compiled compile(const std::string &op, int lanes, bool scalef) {
  std::string error, type = lanes == 1 ? "f32" : "vector<" + std::to_string(lanes) + "xf32>";
  auto machine = Machine::get("native", error);
  if (!machine)
    return {};
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<mlir::func::FuncDialect, mlir::math::MathDialect, mlir::arith::ArithDialect, mlir::LLVM::LLVMDialect,
                      mlir::vector::VectorDialect, mlir::scf::SCFDialect, mlir::cf::ControlFlowDialect>();
  std::string operands = op == "powf" ? "%x, %y" : "%x";
  std::string text = "func.func @f(%a: !llvm.ptr, %b: !llvm.ptr, %c: !llvm.ptr) {\n"
                     "%x = llvm.load %a {alignment = 4 : i64} : !llvm.ptr -> " + type + "\n%y = llvm.load %b {alignment = 4 : i64} : !llvm.ptr -> " + type +
                     "\n%z = math." + op + " " + operands + " : " + type + "\nllvm.store %z, %c {alignment = 4 : i64} : " + type + ", !llvm.ptr\nreturn }";
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return {};
  cpu::Target target = machine->shape();
  target.scalef = scalef;
  mlir::PassManager passes(&context, mlir::ModuleOp::getOperationName(), mlir::PassManager::Nesting::Implicit);
  buildCpuToLlvm(passes, target);
  if (mlir::failed(passes.run(*module)))
    return {};
  Compiled result{Jit::compile(*module, *machine, error), nullptr, lanes};
  if (result.jit)
    result.run = reinterpret_cast<decltype(result.run)>(result.jit->lookup("f"));
  return result;
}

double ulp(float x) {
  x = std::fabs(x);
  if (!(x < INFINITY))
    return INFINITY;
  return double(std::nextafter(x, INFINITY)) - double(x);
}

using Truth = double (*)(double, double);

void check(const Compiled &f, Truth truth, const std::vector<std::pair<float, float>> &points, double limit) {
  ASSERT_TRUE(f.run);
  for (size_t n = 0; n < points.size(); n += size_t(f.lanes)) {
    float x[16], y[16], z[16];
    for (int k = 0; k < f.lanes; ++k)
      std::tie(x[k], y[k]) = points[std::min(n + size_t(k), points.size() - 1)];
    f.run(x, y, z);
    for (int k = 0; k < f.lanes; ++k) {
      double exact = truth(x[k], y[k]);
      float rounded = float(exact);
      if (std::isnan(rounded) || std::isinf(rounded) || std::isinf(z[k]) || std::isnan(z[k])) {
        // Where rounding to f32 overflows, either side of the border will do.
        bool border = std::fabs(exact) > 3.4e38 && std::fabs(exact) < 3.41e38;
        EXPECT_TRUE(border || (std::isnan(rounded) ? std::isnan(z[k]) : z[k] == rounded)) << x[k] << ", " << y[k] << ": " << z[k] << " for " << rounded;
        continue;
      }
      double error = std::fabs(double(z[k]) - exact) / ulp(rounded);
      EXPECT_LE(error, limit) << x[k] << ", " << y[k] << ": " << z[k] << " for " << exact;
      if (error > limit)
        return;
    }
  }
}

std::vector<std::pair<float, float>> range(double from, double to, int count = 20000) {
  std::vector<std::pair<float, float>> points;
  for (int n = 0; n <= count; ++n)
    points.push_back({float(from + (to - from) * n / count), 0});
  return points;
}
/// Magnitudes of all sizes, both signs.
std::vector<std::pair<float, float>> sizes(double from, double to, bool negative = true) {
  std::vector<std::pair<float, float>> points;
  for (int n = 0; n <= 8000; ++n) {
    float x = float(from * std::pow(to / from, n / 8000.0));
    points.push_back({x, 0});
    if (negative)
      points.push_back({-x, 0});
  }
  return points;
}
std::vector<std::pair<float, float>> corners(std::initializer_list<float> values) {
  std::vector<std::pair<float, float>> points;
  for (float x : values)
    for (float y : values)
      points.push_back({x, y});
  return points;
}

void everywhere(const std::string &op, Truth truth, double limit, std::initializer_list<std::vector<std::pair<float, float>>> sets) {
  std::string error;
  bool wide = Machine::get("native", error)->shape().scalef;
  for (int lanes : {1, 4, 8, 16})
    for (bool scalef : {false, true}) {
      if (scalef && !wide)
        continue;
      SCOPED_TRACE(op + " on " + std::to_string(lanes) + (scalef ? " lanes, scalef" : " lanes"));
      Compiled f = compile(op, lanes, scalef);
      for (const auto &points : sets)
        check(f, truth, points, limit);
    }
}

const float Inf = INFINITY, NaN = NAN;
} // namespace

TEST(Math, Exp) {
  everywhere("exp", [](double x, double) { return std::exp(x); }, 4,
             {range(-110, 90), range(-1, 1), sizes(1e-30, 80), corners({0.0f, -0.0f, Inf, -Inf, NaN, -1e30f, 1e30f})});
}
TEST(Math, ExpOfZeroIsOne) { // the factor of a row whose reference stays
  Compiled f = compile("exp", 16, true);
  float x[16] = {}, z[16];
  if (f.run)
    f.run(x, x, z);
  for (float v : z)
    EXPECT_EQ(v, 1.0f);
}
TEST(Math, Exp2) { everywhere("exp2", [](double x, double) { return std::exp2(x); }, 4, {range(-155, 130), corners({0.0f, Inf, -Inf, NaN})}); }
TEST(Math, Log) {
  everywhere("log", [](double x, double) { return std::log(x); }, 2,
             {sizes(1e-44, 3e38, false), range(0.5, 2), corners({0.0f, -0.0f, 1.0f, -1.0f, Inf, -Inf, NaN})});
}
TEST(Math, Log1p) {
  everywhere("log1p", [](double x, double) { return std::log1p(x); }, 3,
             {sizes(1e-30, 3e38, false), range(-0.999, 2), corners({0.0f, -1.0f, -2.0f, Inf, -Inf, NaN})});
}
TEST(Math, Sin) {
  everywhere("sin", [](double x, double) { return std::sin(x); }, 2, {range(-20, 20), sizes(1e-20, 1e9), corners({0.0f, Inf, -Inf, NaN})});
}
TEST(Math, Cos) {
  everywhere("cos", [](double x, double) { return std::cos(x); }, 2, {range(-20, 20), sizes(1e-20, 1e9), corners({0.0f, Inf, -Inf, NaN})});
}
TEST(Math, Tanh) {
  everywhere("tanh", [](double x, double) { return std::tanh(x); }, 4, {range(-12, 12), sizes(1e-30, 1e30), corners({0.0f, Inf, -Inf, NaN})});
}
TEST(Math, Erf) {
  everywhere("erf", [](double x, double) { return std::erf(x); }, 4, {range(-5, 5), sizes(1e-30, 1e30), corners({0.0f, Inf, -Inf, NaN})});
}
TEST(Math, Pow) {
  std::vector<std::pair<float, float>> points;
  for (int n = 0; n < 20000; ++n)
    points.push_back({float(std::pow(10.0, (n % 141) / 10.0 - 7)), float((n / 141) / 8.0 - 8)});
  everywhere("powf", [](double x, double y) { return std::pow(x, y); }, 2,
             {points, corners({0.0f, -0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 3.0f, 0.5f, -0.5f, -3.0f, Inf, -Inf, NaN})});
}
