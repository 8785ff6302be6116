// The speed of compiled attention beside the peak of the multipliers.
//
//   attn-bench-cpu [--threads N] [--cpu NAME] [--quick]
//
// One line for each case: milliseconds (the least of several runs), GFLOP/s of
// the visible pairs (2 (D + E) each), and these as a share of the peak that was
// measured on as many threads a moment before.
#include "bench/cpu/peak.h"
#include "frontend/Parser.h"
#include "frontend/Sema.h"
#include "runtime/Session.h"
#include "runtime/Threads.h"
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

using namespace attn;

namespace {

struct Case {
  const char *name, *mask;
  int64_t heads, length, dim;
  int64_t window;        ///< 0: none
  int64_t documents = 0; ///< the length of packed documents, 0: none
};

const Case cases[] = {
    {"dense", "true", 4, 1024, 64, 0},         {"dense", "true", 1, 4096, 64, 0},
    {"dense", "true", 4, 1024, 128, 0},        {"dense", "true", 1, 4096, 128, 0},
    {"causal", "causal", 2, 4096, 64, 0},      {"causal", "causal", 2, 4096, 128, 0},
    {"dense", "true", 1, 16384, 64, 0},        {"window 1024", "causal and recent(1024)", 1, 16384, 64, 1024},
    {"packed 512", "causal and doc[i] == doc[j]", 1, 16384, 64, 0, 512},
};

double pairs(const Case &c) {
  double n = double(c.documents ? c.documents : c.length);
  if (c.documents)
    return double(c.length / c.documents) * n * (n + 1) / 2;
  if (!strcmp(c.mask, "true"))
    return n * n;
  double all = n * (n + 1) / 2, w = double(c.window);
  return w ? all - (n - w) * (n - w + 1) / 2 : all;
}

std::optional<core::Program> program(const Case &c, SourceMap &sources) {
  uint32_t file = sources.add("bench.attn", std::string("pattern bench {\n") + (c.documents ? "  in doc[b, j]: i32\n" : "") + "  mask " + c.mask + "\n}\n");
  Diagnostics diagnostics;
  ast::File tree = parse(sources, file, diagnostics);
  Instance instance;
  instance.lengths = {{"D", c.dim}, {"E", c.dim}};
  return analyze(tree, sources, instance, diagnostics);
}

double milliseconds(const std::function<void()> &body) {
  auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

int main(int argc, char **argv) {
  int threads = 1;
  bool quick = false;
  CompileOptions options;
  for (int n = 1; n < argc; ++n) {
    if (!strcmp(argv[n], "--threads") && n + 1 < argc)
      threads = std::atoi(argv[++n]);
    else if (!strcmp(argv[n], "--cpu") && n + 1 < argc)
      options.cpu = argv[++n];
    else if (!strcmp(argv[n], "--quick"))
      quick = true;
    else
      return std::fprintf(stderr, "usage: attn-bench-cpu [--threads N] [--cpu NAME] [--quick]\n"), 2;
  }
  std::string error;
  auto machine = Machine::get(options.cpu, error);
  if (!machine)
    return std::fprintf(stderr, "%s\n", error.c_str()), 1;
  std::printf("processor %s, %d thread%s of %d, vectors of %u\n", machine->name().c_str(), threads, threads == 1 ? "" : "s", availableThreads(), machine->shape().lanes);
  std::printf("%-12s %3s %6s %4s %9s %9s %9s %6s %9s\n", "", "H", "N", "D", "compile", "ms", "GFLOP/s", "peak", "of peak");
  for (const Case &c : cases) {
    SourceMap sources;
    auto p = program(c, sources);
    std::unique_ptr<Callable> code;
    Diagnostics diagnostics;
    double compile = milliseconds([&] { code = p ? load(*p, sources, options, diagnostics, error) : nullptr; });
    print(std::cerr, sources, diagnostics);
    if (!code)
      return std::fprintf(stderr, "%s: %s\n", c.name, error.c_str()), 1;
    std::vector<int64_t> shape{1, c.heads, c.length, c.dim};
    Tensor q(core::DType::F32, shape), k(core::DType::F32, shape), v(core::DType::F32, shape), out(core::DType::F32, shape);
    fillNormal(q.view(), 1);
    fillNormal(k.view(), 2);
    fillNormal(v.view(), 3);
    Call call;
    call.inputs = {{"q", q.view()}, {"k", k.view()}, {"v", v.view()}};
    call.outputs = {{"out", out.view()}};
    Tensor doc(core::DType::I32, {1, c.length});
    if (c.documents) {
      for (int64_t n = 0; n < c.length; ++n)
        doc.data<int32_t>()[n] = int32_t(n / c.documents);
      call.inputs["doc"] = doc.view();
    }
    call.threads = threads;
    double peak = bench::measurePeak(*machine, threads) * 1e-9, best = 1e30, spent = 0;
    for (int attempt = 0; attempt < (quick ? 3 : 30) && (attempt < 3 || spent < 4000); ++attempt) {
      double ms = milliseconds([&] { error = code->run(call); });
      if (!error.empty())
        return std::fprintf(stderr, "%s: %s\n", c.name, error.c_str()), 1;
      best = std::min(best, ms);
      spent += ms;
    }
    double rate = pairs(c) * double(c.heads) * 4 * double(c.dim) / best * 1e-6;
    std::printf("%-12s %3lld %6lld %4lld %7.0fms %9.2f %9.1f %6.1f %8.1f%%\n", c.name, (long long)c.heads, (long long)c.length, (long long)c.dim, compile, best, rate,
                peak, 100 * rate / peak);
    std::fflush(stdout);
  }
  return 0;
}
