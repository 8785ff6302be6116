// Random programs through the whole compiler, on random shapes, against the
// oracle.
//
//   attn-differential [--count N] [--seed S] [--shapes K] [--threads T]
//                     [--only PROGRAM] [--print]
//
// N counts calls; every program is called on K shapes. A failure is made
// smaller and printed with the seed and program number that reproduce it. The
// exit status says whether there was one.
#include "Arguments.h"
#include "frontend/Parser.h"
#include "frontend/Sema.h"
#include "runtime/OracleJudge.h"
#include "runtime/Session.h"
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <sstream>
#include <thread>

using namespace attn;
using namespace differential;

namespace {
struct Options {
  int64_t count = 2000, seed = 1, shapes = 8, threads = 2, only = -1;
  bool print = false;
};

struct Compiled {
  SourceMap sources;
  std::optional<core::Program> program;
  std::unique_ptr<Callable> callable;
  std::string error;
};

std::unique_ptr<Compiled> compile(const Source &source, const Instance &instance) {
  auto result = std::make_unique<Compiled>();
  uint32_t file = result->sources.add("random.attn", source.print());
  Diagnostics diagnostics;
  ast::File tree = parse(result->sources, file, diagnostics);
  if (!diagnostics.hasErrors())
    result->program = analyze(tree, result->sources, instance, diagnostics);
  if (diagnostics.hasErrors() || !result->program) {
    std::ostringstream text;
    print(text, result->sources, diagnostics);
    result->error = text.str();
    return result;
  }
  result->callable = load(*result->program, result->sources, {}, result->error);
  return result;
}

/// Runs one call. Returns what is wrong, or an empty string.
std::string check(const Compiled &compiled, const Shape &shape) {
  const core::Program &program = *compiled.program;
  Arguments arguments = makeArguments(program, shape);
  std::string error;
  auto exact = Oracle::create(program, arguments.bindings, Arithmetic::Exact, error);
  auto plain = Oracle::create(program, arguments.bindings, Arithmetic::Plain, error);
  if (!exact || !plain)
    return "the oracle refuses: " + error;

  Call call;
  call.inputs = arguments.bindings.inputs;
  call.reals = arguments.bindings.reals;
  call.ints = arguments.bindings.ints;
  call.threads = 1;
  std::vector<Tensor> outputs;
  outputs.reserve(program.outputs.size());
  for (size_t n = 0; n < program.outputs.size(); ++n) {
    outputs.emplace_back(program.outputs[n].dtype, exact->outputShape(int(n)));
    std::fill_n(outputs.back().data<char>(), outputs.back().bytes(), char(0x7f)); // what is not written shows
    call.outputs[program.outputs[n].name] = outputs.back().view();
  }
  if (error = compiled.callable->run(call); !error.empty())
    return "the call is refused: " + error;
  for (size_t n = 0; n < program.outputs.size(); ++n) {
    Tensor truth = exact->evaluate(int(n)), same = plain->evaluate(int(n));
    Verdict verdict = judge(outputs[n].view(), truth.view(), same.view());
    if (!verdict.ok)
      return program.outputs[n].name + ": " + verdict.text();
  }
  return "";
}

std::string attempt(const Source &source, const Instance &instance, const Shape &shape) {
  auto compiled = compile(source, instance);
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
    auto compiled = compile(source, instance);
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

std::string describe(const Instance &instance) {
  return std::string("dtype ") + core::spelling(instance.dtype) + ", D = " + std::to_string(instance.lengths.at("D")) +
         ", E = " + std::to_string(instance.lengths.at("E"));
}

struct Totals {
  std::atomic<int64_t> calls{0}, failures{0};
  std::atomic<int64_t> compileMicros{0}, programs{0};
  std::mutex mutex;
};

void runProgram(const Options &options, int64_t number, Totals &totals) {
  Random r(randomBits(uint64_t(options.seed), uint64_t(number)));
  Source source = generate(r);
  Instance instance = randomInstance(r);
  if (source.value == "k[j]")
    instance.lengths["E"] = instance.lengths["D"];
  std::vector<Shape> shapes;
  for (int64_t n = 0; n < options.shapes; ++n)
    shapes.push_back(randomShape(r));
  if (options.print) {
    std::lock_guard<std::mutex> lock(totals.mutex);
    std::cout << "# program " << number << ", " << describe(instance) << '\n' << source.print() << std::endl;
  }
  auto start = std::chrono::steady_clock::now();
  auto compiled = compile(source, instance);
  totals.compileMicros += std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
  ++totals.programs;
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
  std::lock_guard<std::mutex> lock(totals.mutex);
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
    else if (value && n + 1 < argc)
      *value = std::strtoll(argv[++n], nullptr, 10);
    else
      return std::cerr << "attn-differential: see the head of test/differential/attn-differential.cpp\n", 2;
  }
  Totals totals;
  if (options.only >= 0) {
    options.print = true;
    runProgram(options, options.only, totals);
  } else {
    int64_t programs = (options.count + options.shapes - 1) / options.shapes;
    std::atomic<int64_t> next{0};
    std::vector<std::thread> workers;
    for (int64_t t = 0; t < options.threads; ++t)
      workers.emplace_back([&] {
        for (int64_t n = next++; n < programs && totals.failures < 20; n = next++)
          runProgram(options, n, totals);
      });
    for (std::thread &worker : workers)
      worker.join();
  }
  std::cout << totals.programs << " programs, " << totals.calls << " calls, " << totals.failures << " failures, "
            << totals.compileMicros / 1000 / std::max<int64_t>(1, totals.programs) << " ms to compile one\n";
  return totals.failures ? 1 : 0;
}
