// Random programs through the whole compiler, on random shapes, against the
// oracle.
//
//   attn-differential [--count N] [--seed S] [--shapes K] [--threads T]
//                     [--only PROGRAM] [--print]
//
//   attn-differential --examples FOLDER [--dtype TYPE] [--tiles] [--shapes K]
//                     [--seed S] [--threads T] [--only-example NAME] [--table]
//                     [--target sm_90a|sm_80 [--emulate-schedule ORDER]]
//                     [--schedule KEY=NUMBER]..
//
// tries every file of a folder on some fixed shapes and K random ones; with
// --tiles on random ones alone, with random sides of tiles. With --target the
// code is a GPU's, run by the emulator (on smaller shapes).
//
// N counts calls; every program is called on K shapes. A failure is made
// smaller and printed with the seed and program number that reproduce it. The
// exit status says whether there was one.
#include "Check.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>

using namespace attn;
using namespace differential;

namespace {
struct Options {
  int64_t count = 2000, seed = 1, shapes = 8, threads = 2, only = -1;
  bool print = false, tiles = false, table = false;
  std::string examples, onlyExample;
  CompileOptions compile;
  std::optional<core::DType> dtype;
};

std::string attempt(const Source &source, const Instance &instance, const Shape &shape) {
  auto compiled = compile(source.print(), instance);
  return compiled->callable ? check(*compiled, shape) : "";
}

/// Greedily smaller while it still fails.
void minimize(Source &source, const Instance &instance, Shape &shape, std::string &complaint) {
  int budget = 60;
  for (bool progress = true; progress && budget > 0;) {
    progress = false;
    for (const Source &candidate : smaller(source))
      if (--budget > 0)
        if (std::string again = attempt(candidate, instance, shape); !again.empty()) {
          source = candidate, complaint = again, progress = true;
          break;
        }
    auto compiled = compile(source.print(), instance);
    for (bool less = compiled->callable != nullptr; less;) {
      less = false;
      for (const Shape &candidate : smaller(shape))
        if (std::string again = check(*compiled, candidate); !again.empty()) {
          shape = candidate, complaint = again, less = true;
          break;
        }
    }
  }
}

Instance randomInstance(Random &r) {
  using core::DType;
  Instance instance;
  instance.pattern = "random";
  instance.dtype = r.of<DType>({DType::F32, DType::F32, DType::BF16, DType::F16});
  int64_t d = r.of<int64_t>({8, 8, 16, 24, 32, 40, 64}), e = r.chance(60) ? d : r.of<int64_t>({8, 16, 32, 48});
  if (r.chance(5))
    d = r.in(5, 20), e = d;
  instance.lengths = {{"D", d}, {"E", e}};
  return instance;
}

void runProgram(const Options &options, int64_t number, Totals &totals) {
  Random r(randomBits(uint64_t(options.seed), uint64_t(number)));
  Source source = generate(r);
  Instance instance = randomInstance(r);
  if (source.score.find("rope") != std::string::npos) // rotates pairs
    instance.lengths["D"] += instance.lengths["D"] % 2;
  if (source.value == "k[j]")
    instance.lengths["E"] = instance.lengths["D"];
  std::vector<Shape> shapes;
  for (int64_t n = 0; n < options.shapes; ++n)
    shapes.push_back(randomShape(r));
  if (options.print) {
    std::lock_guard<std::mutex> lock(totals.printing);
    std::cout << "# program " << number << ", " << describe(instance) << '\n' << source.print() << std::endl;
  }
  auto compiled = compile(source.print(), instance, totals, options.compile);
  std::string complaint = compiled->error;
  Shape shape;
  for (size_t n = 0; complaint.empty() && n < shapes.size(); ++n) {
    complaint = check(*compiled, shape = shapes[n]);
    ++totals.calls;
  }
  if (complaint.empty())
    return;
  ++totals.failures;
  std::string where;
  if (compiled->callable) {
    minimize(source, instance, shape, complaint);
    where = ", " + shape.print();
  }
  std::lock_guard<std::mutex> lock(totals.printing);
  std::cout << "FAILED: --seed " << options.seed << " --only " << number << " (" << describe(instance) << where << ")\n"
            << source.print() << complaint << '\n'
            << std::endl;
}
} // namespace

int main(int argc, char **argv) {
  Options options;
  for (int n = 1; n < argc; ++n) {
    std::string word = argv[n];
    int64_t *value = word == "--count" ? &options.count : word == "--seed" ? &options.seed
                     : word == "--shapes" ? &options.shapes : word == "--threads" ? &options.threads
                     : word == "--only" ? &options.only : nullptr;
    if (word == "--print")
      options.print = true;
    else if (word == "--tiles")
      options.tiles = true;
    else if (word == "--table")
      options.table = true;
    else if (word == "--examples" && n + 1 < argc)
      options.examples = argv[++n];
    else if (word == "--only-example" && n + 1 < argc)
      options.onlyExample = argv[++n];
    else if (word == "--target" && n + 1 < argc)
      options.compile.target = argv[++n];
    else if (word == "--schedule" && n + 1 < argc && std::strchr(argv[n + 1], '=')) {
      std::string choice = argv[++n];
      size_t at = choice.find('=');
      options.compile.schedule[choice.substr(0, at)] = std::strtoll(choice.c_str() + at + 1, nullptr, 10);
    } else if (word == "--emulate-schedule" && n + 1 < argc)
      options.compile.emulate = argv[++n];
    else if (word == "--dtype" && n + 1 < argc && (options.dtype = core::parseDType(argv[n + 1])))
      ++n;
    else if (value && n + 1 < argc)
      *value = std::strtoll(argv[++n], nullptr, 10);
    else
      return std::cerr << "attn-differential: see the head of test/differential/attn-differential.cpp\n", 2;
  }
  Totals totals;
  if (options.compile.target != "cpu" && options.compile.emulate.empty())
    options.compile.emulate = "eager";
  if (!options.examples.empty()) {
    runExamples({options.examples, options.dtype, options.shapes, options.seed, options.threads, options.tiles, options.compile, options.onlyExample,
                 options.table ? &std::cout : nullptr},
                totals);
  } else if (options.only >= 0) {
    options.print = true;
    runProgram(options, options.only, totals);
  } else {
    int64_t programs = (options.count + options.shapes - 1) / options.shapes;
    inParallel(options.threads, programs, [&](int64_t n) {
      if (totals.failures < 20)
        runProgram(options, n, totals);
    });
  }
  std::cout << totals.programs << " programs, " << totals.calls << " calls, " << totals.failures << " failures, "
            << totals.compileMicros / 1000 / std::max<int64_t>(1, totals.programs) << " ms to compile one\n";
  return totals.failures ? 1 : 0;
}
