#include "Check.h"
#include "Poison.h"
#include "frontend/Parser.h"
#include "runtime/OracleJudge.h"
#include "runtime/Paths.h"
#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>

using namespace attn;
using namespace differential;

std::unique_ptr<Compiled> differential::compile(const std::string &text, const Instance &instance,
                                                const CompileOptions &options) {
  auto result = std::make_unique<Compiled>();
  uint32_t file = result->sources.add("program.attn", text);
  Diagnostics diagnostics;
  ast::File tree = parse(result->sources, file, diagnostics);
  if (!diagnostics.hasErrors())
    result->program = analyze(tree, result->sources, instance, diagnostics);
  if (diagnostics.hasErrors() || !result->program) {
    std::ostringstream messages;
    print(messages, result->sources, diagnostics);
    result->error = messages.str();
    return result;
  }
  result->callable = load(*result->program, result->sources, options, diagnostics, result->error);
  if (!result->callable && result->error.empty()) {
    std::ostringstream messages;
    print(messages, result->sources, diagnostics);
    result->error = messages.str().empty() ? "no reason given" : messages.str();
  }
  return result;
}

std::unique_ptr<Compiled> differential::compile(const std::string &text, const Instance &instance, Totals &totals,
                                                const CompileOptions &options) {
  using namespace std::chrono;
  auto start = steady_clock::now();
  auto compiled = compile(text, instance, options);
  totals.compileMicros += duration_cast<microseconds>(steady_clock::now() - start).count();
  ++totals.programs;
  return compiled;
}

/// Whether the kernels visited the tiles that some row needs and evaluated the
/// mask in those that some row does not need whole, once for every sweep. Kernels
/// for tensor cores go by intervals, or by ranges of what the mask reads, and may
/// do so in more; by ranges they visit twice as many at the most. Those over lists
/// have tiles of their own.
static std::string checkTiles(const Manifest &manifest, Oracle &oracle, const int64_t *stats) {
  const Manifest::Kernel *sweep = nullptr;
  bool maySplit = false;
  for (const Manifest::Kernel &kernel : manifest.kernels)
    if (const std::string &name = kernel.name; name.size() > 5 && name.compare(name.size() - 5, 5, ".list") == 0)
      return "";
  for (const Manifest::Kernel &kernel : manifest.kernels)
    if (sweep && kernel.name == sweep->name + " parts") {
      maySplit = true; // two forms of one sweep
    } else if (kernel.cols > 0) {
      if (sweep)
        return ""; // of several branches: their counts are added up
      sweep = &kernel;
    }
  // Packed rows have tiles of their own.
  if (!sweep || sweep->name.find(" parts") != std::string::npos)
    return "";
  TileCounts tiles = countTiles(oracle, sweep->rows, sweep->cols);
  for (int64_t sweeps = 1; sweeps <= 4; ++sweeps)
    if (stats[Manifest::Visited] == sweeps * tiles.visited && stats[Manifest::Mixed] == sweeps * tiles.mixed)
      return "";
  bool judged = std::any_of(manifest.kernels.begin(), manifest.kernels.end(), [](const Manifest::Kernel &k) { return k.launch.path == "tiles"; });
  bool few = stats[Manifest::Visited] <= 2 * tiles.visited + 8;
  if (!sweep->launch.entry.empty() && (few || !judged) && stats[Manifest::Visited] >= tiles.visited && stats[Manifest::Mixed] >= tiles.mixed)
    return "";
  if (maySplit && stats[Manifest::Visited] < tiles.visited)
    return ""; // tiles of other sides
  std::ostringstream text;
  text << stats[Manifest::Visited] << " tiles of " << sweep->rows << " x " << sweep->cols << " visited, "
       << stats[Manifest::Mixed] << " as mixed; by brute force " << tiles.visited << " and " << tiles.mixed;
  return text.str();
}

std::string differential::check(const Compiled &compiled, const Shape &given) {
  const core::Program &program = *compiled.program;
  // On sm_90a a visible NaN may reach all components of its row (docs/gpu.md).
  const Manifest &manifest = compiled.callable->manifest();
  Shape shape = given;
  shape.poison = shape.poison && !(usesTensorCores(manifest) && manifest.target.rfind("sm_90", 0) == 0);
  Arguments arguments = makeArguments(program, shape);
  std::string error;
  auto exact = Oracle::create(program, arguments.bindings, Arithmetic::Exact, error);
  auto plain = Oracle::create(program, arguments.bindings, Arithmetic::Plain, error);
  if (!exact || !plain)
    return "the oracle refuses: " + error;

  poisonHidden(program, arguments.bindings, *exact);
  Call call;
  call.inputs = arguments.bindings.inputs;
  call.reals = arguments.bindings.reals;
  call.ints = arguments.bindings.ints;
  call.threads = 1;
  int64_t stats[Manifest::StatCount] = {};
  call.stats = stats;
  std::vector<attn::Tensor> outputs;
  outputs.reserve(program.outputs.size());
  for (size_t n = 0; n < program.outputs.size(); ++n) {
    outputs.emplace_back(program.outputs[n].dtype, exact->outputShape(int(n)));
    std::fill_n(outputs.back().data<char>(), outputs.back().bytes(), char(0x7f)); // what is not written shows
    call.outputs[program.outputs[n].name] = outputs.back().view();
  }
  if (error = compiled.callable->run(call); !error.empty())
    return "the call is refused: " + error;
  for (size_t n = 0; n < program.outputs.size(); ++n) {
    attn::Tensor truth = exact->evaluate(int(n)), same = plain->evaluate(int(n));
    Verdict verdict = judge(outputs[n].view(), truth.view(), same.view(), usesTensorCores(manifest));
    if (!verdict.ok)
      return program.outputs[n].name + ": " + verdict.text();
  }
  return checkTiles(manifest, *exact, stats);
}

std::string differential::describe(const Instance &instance) {
  std::string text = std::string("dtype ") + core::spelling(instance.dtype);
  for (const auto &[name, value] : instance.lengths)
    text += ", " + name + " = " + std::to_string(value);
  for (const auto &[name, value] : instance.constants)
    text += ", " + name + " = " + std::to_string(int64_t(value));
  return text;
}

void differential::inParallel(int64_t threads, int64_t count, const std::function<void(int64_t)> &work) {
  std::atomic<int64_t> next{0};
  std::vector<std::thread> workers;
  for (int64_t t = 0; t < threads; ++t)
    workers.emplace_back([&] {
      for (int64_t n = next++; n < count; n = next++)
        work(n);
    });
  for (std::thread &worker : workers)
    worker.join();
}
