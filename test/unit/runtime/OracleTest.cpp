#include "CoreBuild.h"
#include "runtime/Oracle.h"
#include "runtime/OracleInts.h"
#include "runtime/OracleJudge.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace attn;
using namespace attn::test;
using Array = attn::Tensor;

namespace {
struct Sizes {
  int64_t b = 2, h = 4, g = 2, n = 5, m = 7, d = 3;
};
struct Arrays {
  Array q, k, v;
  explicit Arrays(Sizes s)
      : q(DType::F32, {s.b, s.h, s.n, s.d}), k(DType::F32, {s.b, s.g, s.m, s.d}), v(DType::F32, {s.b, s.g, s.m, s.d}) {
    fillNormal(q.view(), 1), fillNormal(k.view(), 2), fillNormal(v.view(), 3);
  }
  Bindings bindings() const {
    Bindings all;
    all.inputs = {{"q", q.view()}, {"k", k.view()}, {"v", v.view()}};
    return all;
  }
};
std::unique_ptr<Oracle> make(const Program &p, const Bindings &all, Arithmetic arithmetic = Arithmetic::Exact) {
  std::string error;
  auto oracle = Oracle::create(p, all, arithmetic, error);
  EXPECT_TRUE(oracle) << error;
  return oracle;
}

/// One number computed by an expression over b, h and i; everything else is 1.
double evaluate(Attention &a, ExprPtr body) {
  int output = a.output("x", body);
  Arrays arrays({1, 1, 1, 1, 4, 3});
  double value = make(a.p, arrays.bindings())->evaluate(output).real(0);
  a.p.outputs.pop_back();
  return value;
}
} // namespace

// Against the formula, written out: grouped heads, N != M, last row at last key.
TEST(Oracle, CausalSoftmax) {
  Sizes s;
  Attention a(s.d);
  a.p.branches[0].mask = binary(Op::Le, var(a.J), var(a.I));
  Arrays arrays(s);
  auto oracle = make(a.p, arrays.bindings());
  EXPECT_EQ(oracle->offset(), s.m - s.n);
  EXPECT_EQ(oracle->outputShape(0), (std::vector<int64_t>{2, 4, 5, 3}));
  Array out = oracle->evaluate(0), lse = oracle->evaluate(1), max = oracle->evaluate(2);
  for (int64_t b = 0; b < s.b; ++b)
    for (int64_t h = 0; h < s.h; ++h)
      for (int64_t i = 0; i < s.n; ++i) {
        double sum = 0, largest = -1e300, o[3] = {};
        for (int64_t j = 0; j <= i + 2; ++j) {
          double score = 0;
          int64_t key = ((b * 2 + h / 2) * s.m + j) * 3;
          for (int64_t d = 0; d < 3; ++d)
            score += arrays.q.real(((b * 4 + h) * s.n + i) * 3 + d) * arrays.k.real(key + d);
          sum += std::exp(score);
          largest = std::max(largest, score);
          for (int64_t d = 0; d < 3; ++d)
            o[d] += std::exp(score) * arrays.v.real(key + d);
        }
        int64_t row = (b * 4 + h) * s.n + i;
        for (int64_t d = 0; d < 3; ++d)
          EXPECT_NEAR(out.real(row * 3 + d), o[d] / sum, 1e-12);
        EXPECT_NEAR(lse.real(row), std::log(sum), 1e-12);
        EXPECT_NEAR(max.real(row), largest, 1e-12);
        EXPECT_EQ(oracle->visibleKeys(b, h, i), i + 3);
      }
  EXPECT_TRUE(oracle->visible(0, 0, 0, 2));
  EXPECT_FALSE(oracle->visible(0, 0, 0, 3));
  EXPECT_FALSE(oracle->visible(0, 0, 0, -1));
  EXPECT_FALSE(oracle->visible(0, 4, 0, 0));
  Array some = oracle->evaluate(0, {{1, 3, 4}, {0, 1, 2}});
  EXPECT_EQ(some.real(0), out.real(((1 * 4 + 3) * 5 + 4) * 3));
  EXPECT_EQ(some.real(5), out.real(((0 * 4 + 1) * 5 + 2) * 3 + 2));
}

TEST(Oracle, Tiles) {
  Sizes s{1, 1, 1, 6, 6, 2};
  Attention a(s.d);
  a.p.branches[0].mask = binary(Op::Le, var(a.J), var(a.I));
  Arrays arrays(s);
  auto oracle = make(a.p, arrays.bindings());
  TileCounts counts = countTiles(*oracle, 2, 2);
  EXPECT_EQ(counts.all, 9);
  EXPECT_EQ(counts.visited, 6);
  EXPECT_EQ(counts.mixed, 3); // those on the diagonal
  EXPECT_EQ(counts.pairs, 21);
  counts = countTiles(*oracle, 4, 4);
  EXPECT_EQ(counts.visited, 3);
  EXPECT_EQ(counts.mixed, 2); // rows 4 and 5 see keys 0 to 3
  counts = countTiles(*oracle, 6, 4);
  EXPECT_EQ(counts.visited, 2);
  EXPECT_EQ(counts.mixed, 2);
}

// Rows that see nothing; bytes that nobody may look at.
TEST(Oracle, HiddenElementsAreNotEvaluated) {
  Sizes s{1, 1, 1, 3, 3, 2};
  Attention a(s.d);
  a.p.branches[0].mask = binary(Op::Lt, var(a.J), var(a.I)); // row 0 sees nothing, nobody sees key 2
  Arrays arrays(s);
  for (int64_t d = 0; d < 2; ++d)
    arrays.k.set(4 + d, NAN), arrays.v.set(4 + d, INFINITY), arrays.q.set(d, NAN);
  for (Arithmetic arithmetic : {Arithmetic::Exact, Arithmetic::Plain}) {
    auto oracle = make(a.p, arrays.bindings(), arithmetic);
    Array out = oracle->evaluate(0), lse = oracle->evaluate(1), max = oracle->evaluate(2);
    EXPECT_EQ(out.real(0), 0);
    EXPECT_EQ(lse.real(0), -INFINITY);
    EXPECT_EQ(max.real(0), -INFINITY);
    for (int64_t n = 2; n < 6; ++n)
      EXPECT_TRUE(std::isfinite(out.real(n)));
    EXPECT_FLOAT_EQ(float(out.real(2)), float(arrays.v.real(0))); // row 1 sees key 0 only
  }
}

// Scores of a thousand overflow exp, in float long before; the quotient does not.
TEST(Oracle, LargeScores) {
  Sizes s{1, 1, 1, 1, 2, 1};
  Attention a(s.d);
  Arrays arrays(s);
  arrays.q.set(0, 1);
  arrays.k.set(0, 5000), arrays.k.set(1, 5001);
  arrays.v.set(0, 0), arrays.v.set(1, 1);
  for (Arithmetic arithmetic : {Arithmetic::Exact, Arithmetic::Plain}) {
    auto oracle = make(a.p, arrays.bindings(), arithmetic);
    EXPECT_NEAR(oracle->evaluate(0).real(0), 1 / (1 + std::exp(-1.0)), 1e-6);
    EXPECT_NEAR(oracle->evaluate(1).real(0), 5001 + std::log(1 + std::exp(-1.0)), 1e-3);
  }
}

TEST(Oracle, TotalSemantics) {
  Attention a(3);
  auto log = [](ExprPtr x) { return test::make(Op::Log, realType, {x}); };
  EXPECT_EQ(evaluate(a, binary(Op::Div, real(3), real(0))), 0);
  EXPECT_EQ(evaluate(a, log(real(0))), -INFINITY);
  EXPECT_TRUE(std::isnan(evaluate(a, log(real(-1)))));
  // Outside: a table before and behind its ends, a component.
  EXPECT_EQ(evaluate(a, a.doc(integer(-1))), 0);
  EXPECT_EQ(evaluate(a, a.doc(integer(INT64_MAX))), 0);
  Type row{Base::Real, {3}};
  ExprPtr q = test::make(Op::Tensor, row, {var(a.B), var(a.H), var(a.I)}, 0);
  EXPECT_EQ(evaluate(a, test::make(Op::Component, realType, {q, integer(3)})), 0);
  EXPECT_NE(evaluate(a, test::make(Op::Component, realType, {q, integer(2)})), 0);
  // Row 0 stands at the last key: the axis N begins at 3.
  ExprPtr early = test::make(Op::Tensor, row, {var(a.B), var(a.H), integer(2)}, 0);
  EXPECT_EQ(evaluate(a, test::make(Op::Component, realType, {early, integer(2)})), 0);
  // Empty aggregates.
  auto empty = [&](AggregateKind kind, ExprPtr body) {
    return aggregate(kind, body, a.J, Range::Interval, integer(2), integer(2));
  };
  EXPECT_EQ(evaluate(a, empty(AggregateKind::Sum, real(1))), 0);
  EXPECT_EQ(evaluate(a, empty(AggregateKind::Mean, real(1))), 0);
  EXPECT_EQ(evaluate(a, empty(AggregateKind::Max, real(1))), -INFINITY);
  EXPECT_EQ(evaluate(a, empty(AggregateKind::Min, real(1))), INFINITY);
  EXPECT_EQ(evaluate(a, empty(AggregateKind::Max, integer(1))), -1);
  EXPECT_EQ(evaluate(a, empty(AggregateKind::ArgMax, real(1))), -1);
  // Not empty: cut to the axis, ties to the lower index.
  EXPECT_EQ(evaluate(a, aggregate(AggregateKind::Sum, var(a.J), a.J, Range::Interval, integer(-5), integer(99))), 6);
  EXPECT_EQ(evaluate(a, aggregate(AggregateKind::ArgMax, real(1), a.J, Range::Axis)), 0);
  // Comparisons with NaN.
  ExprPtr nan = log(real(-1));
  for (Op op : {Op::Eq, Op::Ne, Op::Lt, Op::Le})
    EXPECT_EQ(evaluate(a, binary(op, nan, real(1))), 0);
  EXPECT_EQ(evaluate(a, binary(Op::Ne, real(2), real(1))), 1);
  // `and`, `or` and `if` leave out what they can: an endless sum here.
  ExprPtr endless = binary(Op::Lt, aggregate(AggregateKind::Sum, var(a.J), a.J, Range::Axis), integer(0));
  EXPECT_EQ(evaluate(a, binary(Op::And, binary(Op::Lt, integer(1), integer(0)), endless)), 0);
}

TEST(Oracle, Integers) {
  using namespace attn::oracle;
  EXPECT_EQ(floorDiv(-7, 2), -4);
  EXPECT_EQ(floorDiv(7, -2), -4);
  EXPECT_EQ(floorDiv(7, 0), 0);
  EXPECT_EQ(floorDiv(INT64_MIN, -1), INT64_MIN);
  EXPECT_EQ(floorMod(-7, 3), 2);
  EXPECT_EQ(floorMod(7, -3), -2);
  EXPECT_EQ(floorMod(7, 0), 7);
  EXPECT_EQ(floorMod(INT64_MIN, -1), 0);
  EXPECT_EQ(shl(1, 63), INT64_MIN);
  EXPECT_EQ(shl(1, 64), 0);
  EXPECT_EQ(shr(-8, 1), -4);
  EXPECT_EQ(shr(-8, -1), 0);
  EXPECT_EQ(ilog2(0), -1);
  EXPECT_EQ(ilog2(1023), 9);
  EXPECT_EQ(power(3, 4), 81);
  EXPECT_EQ(power(7, 0), 1);
  EXPECT_EQ(floorToInt(-1.5), -2);
  EXPECT_EQ(floorToInt(double(NAN)), 0);
}

TEST(Oracle, CallsThatDoNotFit) {
  Attention a(3);
  Arrays arrays({});
  auto complaint = [&](const Bindings &all) {
    std::string error;
    EXPECT_FALSE(Oracle::create(a.p, all, Arithmetic::Exact, error));
    return error;
  };
  Bindings all = arrays.bindings();
  all.inputs.erase("k");
  EXPECT_EQ(complaint(all), "the input `k` is missing");
  all = arrays.bindings();
  all.inputs["k"].shape[2] = 6;
  EXPECT_EQ(complaint(all), "`v` has 7 places along M, other inputs 6");
  all = arrays.bindings();
  all.inputs["q"].shape[1] = 3;
  EXPECT_EQ(complaint(all), "H = 3 is not a multiple of G = 2");
  all = arrays.bindings();
  all.inputs["z"] = all.inputs["q"];
  EXPECT_EQ(complaint(all), "the pattern has no input `z`");
  all = arrays.bindings();
  all.inputs["v"].dtype = DType::BF16;
  EXPECT_EQ(complaint(all), "`v` has elements of type bf16, not f32");
}

// The judge accepts roundings and nothing else.
TEST(Judge, Rule) {
  const int64_t n = 16384;
  Array truth(DType::F64, {n}), good(DType::BF16, {n}), plain(DType::F64, {n});
  fillNormal(truth.view(), 5);
  for (int64_t i = 0; i < n; ++i)
    good.set(i, truth.real(i)), plain.set(i, good.real(i));
  EXPECT_TRUE(judge(good.view(), truth.view(), plain.view()).ok);
  // One wrong element, in its place.
  Array wrong(DType::BF16, {n});
  for (int64_t i = 0; i < n; ++i)
    wrong.set(i, truth.real(i));
  wrong.set(77, truth.real(77) + 0.1);
  Verdict verdict = judge(wrong.view(), truth.view(), plain.view());
  EXPECT_FALSE(verdict.ok);
  EXPECT_EQ(verdict.index, std::vector<int64_t>{77});
  // Everything 1.5 times as wrong as the plain computation.
  for (int64_t i = 0; i < n; ++i)
    wrong.set(i, truth.real(i)), plain.set(i, truth.real(i) + (wrong.real(i) - truth.real(i)) / 1.8);
  verdict = judge(wrong.view(), truth.view(), plain.view());
  EXPECT_FALSE(verdict.ok);
  EXPECT_FALSE(verdict.index.empty());
}

// Weights in 16 bits: one more rounding, and not two.
TEST(Judge, RoundedWeights) {
  const int64_t n = 1024;
  Array truth(DType::F64, {n}), plain(DType::F64, {n}), result(DType::BF16, {n}), wide(DType::F32, {n});
  // The truth is off a number that every type holds.
  auto judged = [&](double error, Array &of, bool rounded) {
    for (int64_t i = 0; i < n; ++i)
      truth.set(i, 1 + error), plain.set(i, 1 + error), of.set(i, 1);
    return judge(of.view(), truth.view(), plain.view(), rounded).ok;
  };
  EXPECT_FALSE(judged(0x1p-9, result, false));
  EXPECT_TRUE(judged(0x1p-9, result, true));
  EXPECT_FALSE(judged(0x1p-8, result, true));
  EXPECT_FALSE(judged(0x1p-9, wide, true));
}

TEST(Judge, NotFinite) {
  Array truth(DType::F64, {4}), result(DType::F32, {4}), plain(DType::F64, {4});
  auto ok = [&](double t, double r, double p) {
    truth.set(1, t), result.set(1, r), plain.set(1, p);
    return judge(result.view(), truth.view(), plain.view()).ok;
  };
  EXPECT_TRUE(ok(-INFINITY, -INFINITY, -INFINITY));
  EXPECT_FALSE(ok(-INFINITY, 0, -INFINITY));
  EXPECT_FALSE(ok(-INFINITY, INFINITY, -INFINITY));
  EXPECT_TRUE(ok(NAN, NAN, NAN));
  EXPECT_FALSE(ok(NAN, 1, NAN));
  EXPECT_FALSE(ok(1, NAN, 1));
  EXPECT_FALSE(ok(1, INFINITY, 1));
  EXPECT_TRUE(ok(1e39, INFINITY, INFINITY)); // beyond the type
  EXPECT_TRUE(ok(0, 0, 0));
  EXPECT_FALSE(ok(0, 1e-3, 0));
}
