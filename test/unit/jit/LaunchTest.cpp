// Calls with wrong arguments: each names the tensor and what is wrong with it,
// and nothing is written. Calls with odd but right ones.
#include "frontend/Parser.h"
#include "frontend/Sema.h"
#include "runtime/Session.h"
#include "runtime/Threads.h"
#include <atomic>
#include <gtest/gtest.h>

using namespace attn;

namespace {

struct Fixture {
  SourceMap sources;
  std::unique_ptr<Callable> code;
  Tensor q{core::DType::F32, {2, 4, 70, 8}}, k{core::DType::F32, {2, 2, 90, 8}}, v{core::DType::F32, {2, 2, 90, 8}}, out{core::DType::F32, {2, 4, 70, 8}};
  Call call;

  explicit Fixture(const std::string &text = "pattern p(window: int = 20) {\n  in gain[h]: f32 = 1\n  mask causal and recent(window)\n  score gain[h] * qk\n}\n") {
    uint32_t file = sources.add("p.attn", text);
    Diagnostics diagnostics;
    ast::File tree = parse(sources, file, diagnostics);
    Instance instance;
    instance.lengths = {{"D", 8}, {"E", 8}};
    auto program = analyze(tree, sources, instance, diagnostics);
    std::string error;
    if (program)
      code = load(*program, sources, {}, diagnostics, error);
    EXPECT_TRUE(code) << error << (diagnostics.all().empty() ? "" : diagnostics.all().front().message);
    fillNormal(q.view(), 1);
    fillNormal(k.view(), 2);
    fillNormal(v.view(), 3);
    call.inputs = {{"q", q.view()}, {"k", k.view()}, {"v", v.view()}};
    call.outputs = {{"out", out.view()}};
  }
  /// Runs and expects a refusal that holds all of `words`.
  void refuses(std::initializer_list<const char *> words) {
    ASSERT_TRUE(code);
    std::string error = code->run(call);
    for (const char *word : words)
      EXPECT_NE(error.find(word), error.npos) << "`" << word << "` in: " << error;
    for (int64_t n = 0; n < out.elements(); ++n)
      ASSERT_EQ(out.real(n), 0);
  }
};

} // namespace

TEST(Launch, Missing) {
  Fixture f;
  f.call.inputs.erase("k");
  f.refuses({"input `k` is missing"});
}
TEST(Launch, MissingOutput) {
  Fixture f;
  f.call.outputs.clear();
  f.refuses({"output `out` is missing"});
}
TEST(Launch, Unknown) {
  Fixture f;
  f.call.inputs["kk"] = f.k.view();
  f.refuses({"no input `kk`"});
}
TEST(Launch, UnknownParameter) {
  Fixture f;
  f.call.ints["windw"] = 3;
  f.refuses({"no parameter `windw`"});
}
TEST(Launch, RealForInt) {
  Fixture f;
  f.call.reals["window"] = 2.5;
  f.refuses({"`window` is not"});
}
TEST(Launch, DType) {
  Fixture f;
  f.call.inputs["k"].dtype = core::DType::BF16;
  f.refuses({"`k`", "bf16", "f32"});
}
TEST(Launch, Rank) {
  Fixture f;
  f.call.inputs["k"].shape.pop_back();
  f.call.inputs["k"].strides.pop_back();
  f.refuses({"`k` has 3 dimensions, not 4"});
}
TEST(Launch, Lengths) {
  Fixture f;
  f.call.inputs["v"].shape[2] = 89;
  f.refuses({"`v`", "along M", "`k`", "89", "90"});
}
TEST(Launch, Components) {
  Fixture f;
  f.call.inputs["q"].shape[3] = 7;
  f.refuses({"`q` has 7 components, not 8"});
}
TEST(Launch, Heads) {
  Fixture f;
  for (const char *name : {"q"})
    f.call.inputs[name].shape[1] = 3;
  f.call.outputs["out"].shape[1] = 3;
  f.refuses({"H = 3 is not a multiple of G = 2"});
}
TEST(Launch, Negative) {
  Fixture f;
  f.call.inputs["q"].shape[2] = -1;
  f.refuses({"`q`", "negative"});
}
TEST(Launch, NoData) {
  Fixture f;
  f.call.inputs["q"].data = nullptr;
  f.refuses({"`q` has no data"});
}
TEST(Launch, Overlap) {
  Fixture f;
  f.call.outputs["out"].strides[0] = 0;
  f.refuses({"`out`", "share a place"});
}
TEST(Launch, Absurd) {
  Fixture f;
  f.call.inputs["q"].shape = {int64_t(1) << 40, int64_t(1) << 40, 70, 8};
  f.refuses({"`q`", "larger than memory"});
}

TEST(Launch, EmptyAxes) {
  Fixture f;
  f.call.inputs["q"].shape[0] = f.call.inputs["k"].shape[0] = f.call.inputs["v"].shape[0] = f.call.outputs["out"].shape[0] = 0;
  f.call.inputs["q"].data = nullptr;
  EXPECT_EQ(f.code->run(f.call), "");
}
TEST(Launch, NoKeys) { // rows that see nothing give 0
  Fixture f;
  for (const char *name : {"k", "v"}) {
    f.call.inputs[name].shape[2] = 0;
    f.call.inputs[name].data = nullptr;
  }
  for (int64_t n = 0; n < f.out.elements(); ++n)
    f.out.set(n, 7);
  EXPECT_EQ(f.code->run(f.call), "");
  for (int64_t n = 0; n < f.out.elements(); ++n)
    ASSERT_EQ(f.out.real(n), 0);
}
// The same bits, whatever the threads and the layout in memory.
TEST(Launch, ThreadsAndLayout) {
  Fixture f;
  f.call.threads = 1;
  EXPECT_EQ(f.code->run(f.call), "");
  Tensor other(core::DType::F32, {2, 4, 70, 8}), turned(core::DType::F32, {2, 8, 90, 2});
  TensorView k = turned.view(), from = f.k.view();
  k.shape = from.shape;
  k.strides = {8 * 90 * 2, 1, 2, 180}; // heads innermost, then keys
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t g = 0; g < 2; ++g)
      for (int64_t j = 0; j < 90; ++j)
        for (int64_t d = 0; d < 8; ++d)
          storeReal(k, k.at({b, g, j, d}), loadReal(from, from.at({b, g, j, d})));
  f.call.inputs["k"] = k;
  f.call.outputs["out"] = other.view();
  f.call.threads = 7;
  EXPECT_EQ(f.code->run(f.call), "");
  for (int64_t n = 0; n < other.elements(); ++n)
    ASSERT_EQ(other.real(n), f.out.real(n));
}
TEST(Launch, DefaultsOfTensors) {
  Fixture f;
  EXPECT_EQ(f.code->run(f.call), "");
  Tensor ones(core::DType::F32, {4}), other(core::DType::F32, {2, 4, 70, 8});
  for (int64_t n = 0; n < 4; ++n)
    ones.set(n, 1);
  f.call.inputs["gain"] = ones.view();
  f.call.outputs["out"] = other.view();
  EXPECT_EQ(f.code->run(f.call), "");
  for (int64_t n = 0; n < other.elements(); ++n)
    ASSERT_EQ(other.real(n), f.out.real(n));
}

TEST(Threads, EveryItemOnce) {
  std::vector<std::atomic<int>> hits(1000);
  for (int threads : {1, 2, 5})
    parallelFor(1000, threads, [&](int64_t n) { ++hits[size_t(n)]; });
  for (auto &hit : hits)
    ASSERT_EQ(hit, 3);
  parallelFor(0, 4, [&](int64_t) { FAIL(); });
}
TEST(Threads, LoopsInLoops) {
  std::atomic<int> sum{0};
  parallelFor(8, 4, [&](int64_t) { parallelFor(8, 4, [&](int64_t) { ++sum; }); });
  EXPECT_EQ(sum, 64);
}
