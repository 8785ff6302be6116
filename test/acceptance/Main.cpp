// attn-acceptance: every program on many shapes, judged by the oracle.
//
//   attn-acceptance results --dtype=bf16 [--shard=0/4] [--seed=1] FILE.attn ...
//     the result of compiled code is right on every shape
//   attn-acceptance tiles [--shard=0/4] [--calls=8] [--seed=1] FILE.attn ...
//     the tiles that the kernel visits, and those in which it looks at the mask,
//     are exactly those that brute force says, for random shapes and tile sizes
#include "test/acceptance/Cases.h"
#include "tools/attnc/Measure.h"
#include "tools/attnc/Walk.h"
#include "runtime/Sample.h"
#include <iostream>
#include <set>

using namespace attn;
using namespace acceptance;

namespace {

/// The static part of a call.
struct Build {
  int64_t d, e;
};

class Runner {
public:
  Runner(const attnc::Arguments &arguments) : arguments(arguments) {
    seed = uint64_t(arguments.integer("--seed", 1, 0, error));
    calls = arguments.integer("--calls", 8, 1, error);
  }

  /// Reads a program at one choice of D and E; null (and a message) on failure.
  std::unique_ptr<attnc::Loaded> read(const std::string &path, Build build) {
    attnc::Status status = attnc::Ok;
    std::unique_ptr<attnc::Source> source = attnc::readSource(path, status);
    attnc::Hints hints;
    hints.lengths = {{"D", build.d}, {"E", build.e}};
    return source ? attnc::instantiate(std::move(source), arguments, hints, status) : nullptr;
  }

  void results(const std::string &path) {
    // One width for whole vectors everywhere, one with tails, one with D != E.
    const Build builds[] = {{64, 64}, {24, 40}, {80, 80}};
    for (size_t n = 0; n < 3; ++n) {
      std::unique_ptr<attnc::Loaded> loaded = read(path, builds[n]);
      if (!loaded) {
        // A program may need D = E; it must not need more.
        if (builds[n].d == builds[n].e)
          fail(path, "does not compile at D = " + std::to_string(builds[n].d));
        continue;
      }
      std::string message;
      std::unique_ptr<Callable> callable = attn::load(loaded->program, loaded->sources(), {}, message);
      if (!callable) {
        fail(path, message);
        return;
      }
      ++programs;
      for (size_t s = 0; s < shapes().size(); ++s)
        if (n == 0 || s % 3 == n) // all shapes at the usual width, a third at the others
          compare(path, *loaded, *callable, builds[n], shapes()[s], seed + s * 31 + n);
    }
  }

  void tiles(const std::string &path) {
    std::unique_ptr<attnc::Loaded> loaded = read(path, {16, 16});
    if (!loaded) {
      fail(path, "does not compile at D = 16");
      return;
    }
    const core::Branch *main = attnc::mainBranch(loaded->program);
    if (!main || readsData(loaded->program, *main))
      return;
    ++programs;
    std::mt19937 random(unsigned(seed * 7919 + std::hash<std::string>()(loaded->program.name)));
    for (int64_t n = 0; n < calls; ++n)
      countTiles(path, *loaded, random);
  }

  int finish() const {
    std::cout << programs << " programs, " << done << " calls, " << failures << " wrong\n";
    return failures || !done;
  }

  std::string error;

private:
  static bool readsData(const core::Program &program, const core::Branch &main) {
    for (bool used : attnc::tensorsOf(program, main.mask))
      if (used)
        return true;
    return false;
  }

  void fail(const std::string &path, const std::string &what) {
    ++failures;
    std::cout << path << ": " << what << '\n';
  }

  static void setLengths(attnc::Loaded &loaded, const Shape &shape) {
    loaded.lengths = {{"B", shape.batch}, {"H", shape.heads}, {"G", shape.groups}, {"N", shape.rows}, {"M", shape.keys}};
    loaded.reals.clear();
    loaded.ints.clear();
  }

  /// The call as somebody would repeat it.
  static std::string describe(const attnc::Loaded &loaded, Build build, const Shape &shape) {
    std::string text = "--dtype " + std::string(core::spelling(loaded.program.dtype)) + " --shape ";
    for (auto &[name, length] : loaded.lengths)
      text += name + "=" + std::to_string(length) + ",";
    text += "D=" + std::to_string(build.d) + ",E=" + std::to_string(build.e);
    for (auto &[name, value] : loaded.ints)
      text += " --set " + name + "=" + std::to_string(value);
    for (auto &[name, value] : loaded.reals)
      text += " --set " + name + "=" + std::to_string(value);
    return text + " (layout " + std::to_string(shape.layout) + ")";
  }

  void compare(const std::string &path, attnc::Loaded &loaded, const Callable &callable, Build build,
               const Shape &shape, uint64_t number) {
    std::mt19937 random{unsigned(number)};
    setLengths(loaded, shape);
    chooseParameters(loaded, random, shape);
    std::string call = describe(loaded, build, shape), message;
    std::optional<attnc::Problem> problem = attnc::makeProblem(loaded, {}, number, message);
    std::unique_ptr<Oracle> exact, plain;
    if (problem)
      exact = Oracle::create(loaded.program, problem->bindings(loaded), Arithmetic::Exact, message);
    if (!exact) {
      fail(path, call + ": " + message);
      return;
    }
    poisonHidden(loaded.program, *problem, *exact);
    exact = Oracle::create(loaded.program, problem->bindings(loaded), Arithmetic::Exact, message);
    plain = Oracle::create(loaded.program, problem->bindings(loaded), Arithmetic::Plain, message);

    std::map<std::string, Tensor> storage, results;
    Call arguments;
    for (auto &[name, view] : problem->views)
      arguments.inputs[name] = laidOut(view, shape.layout, storage[name]);
    auto outputs = attnc::outputShapes(loaded, *problem);
    for (const core::Output &output : loaded.program.outputs) {
      results[output.name] = Tensor(output.dtype, outputs[output.name]);
      arguments.outputs[output.name] = results[output.name].view();
    }
    arguments.reals = loaded.reals;
    arguments.ints = loaded.ints;
    arguments.threads = 1 + int(number % 2);
    message = callable.run(arguments);
    ++done;
    if (!message.empty()) {
      fail(path, call + ": " + message);
      return;
    }
    for (size_t n = 0; n < loaded.program.outputs.size(); ++n) {
      const core::Output &output = loaded.program.outputs[n];
      const TensorView &view = results[output.name].view();
      std::vector<int64_t> axes(view.shape.begin(), view.shape.begin() + output.variables.size());
      std::vector<std::vector<int64_t>> places =
          samplePlaces(axes, std::max<int64_t>(16, 8000 / std::max<int64_t>(shape.keys, 1)), number);
      if (places.empty())
        continue;
      Verdict verdict = judgePlaces(int(n), view, *exact, *plain, places);
      if (!verdict.ok)
        fail(path, call + ": `" + output.name + "`: " + verdict.text());
    }
  }

  void countTiles(const std::string &path, attnc::Loaded &loaded, std::mt19937 &random) {
    Shape shape{1, 2, int64_t(1 + random() % 2), int64_t(1 + random() % 300), int64_t(1 + random() % 300), {}, 0};
    if (random() % 3 == 0)
      shape.offset = int64_t(random() % 200) - 60;
    setLengths(loaded, shape);
    chooseParameters(loaded, random, shape);
    CompileOptions options;
    const int64_t sides[] = {16, 32, 48, 64, 96, 128};
    options.schedule["rows"] = sides[random() % 6];
    options.schedule["cols"] = sides[random() % 6];
    std::string call = describe(loaded, {16, 16}, shape), message;
    call += " --schedule rows=" + std::to_string(options.schedule["rows"]) +
            ",cols=" + std::to_string(options.schedule["cols"]);
    std::unique_ptr<Callable> callable = attn::load(loaded.program, loaded.sources(), options, message);
    std::optional<attnc::Problem> problem;
    if (callable)
      problem = attnc::makeProblem(loaded, {}, seed, message);
    std::unique_ptr<Oracle> oracle;
    if (problem)
      oracle = Oracle::create(loaded.program, problem->bindings(loaded), Arithmetic::Exact, message);
    if (!oracle) {
      fail(path, call + ": " + message);
      return;
    }
    Call arguments;
    std::map<std::string, Tensor> results;
    for (auto &[name, dims] : attnc::outputShapes(loaded, *problem))
      for (const core::Output &output : loaded.program.outputs)
        if (output.name == name) {
          results[name] = Tensor(output.dtype, dims);
          arguments.outputs[name] = results[name].view();
        }
    int64_t stats[Manifest::StatCount] = {};
    arguments.inputs = problem->views;
    arguments.reals = loaded.reals;
    arguments.ints = loaded.ints;
    arguments.stats = stats;
    message = callable->run(arguments);
    ++done;
    int64_t visited = 0, mixed = 0;
    for (const Manifest::Kernel &kernel : callable->manifest().kernels)
      if (kernel.rows && kernel.cols)
        bruteForce(*oracle, shape, kernel.rows, kernel.cols, visited, mixed);
    if (!message.empty())
      fail(path, call + ": " + message);
    else if (stats[Manifest::Visited] != visited || stats[Manifest::Mixed] != mixed)
      fail(path, call + ": visited " + std::to_string(stats[Manifest::Visited]) + ", should be " +
                     std::to_string(visited) + "; mask evaluated in " + std::to_string(stats[Manifest::Mixed]) +
                     ", should be " + std::to_string(mixed));
  }

  /// A tile is visited if a row of it sees a key of it, and mixed if besides a
  /// row of it does not see a key of it; keys from M on are seen by no row.
  static void bruteForce(Oracle &oracle, const Shape &shape, int64_t rows, int64_t cols, int64_t &visited,
                         int64_t &mixed) {
    for (int64_t b = 0; b < shape.batch; ++b)
      for (int64_t h = 0; h < shape.heads; ++h)
        for (int64_t r = 0; r < shape.rows; r += rows)
          for (int64_t c = 0; c < shape.keys; c += cols) {
            bool any = false, all = c + cols <= shape.keys;
            for (int64_t i = r; i < std::min(r + rows, shape.rows); ++i)
              for (int64_t j = c; j < std::min(c + cols, shape.keys); ++j) {
                bool visible = oracle.visible(b, h, i, j);
                any |= visible;
                all &= visible;
              }
            visited += any;
            mixed += any && !all;
          }
  }

  const attnc::Arguments &arguments;
  uint64_t seed = 1;
  int64_t calls = 8, programs = 0, done = 0, failures = 0;
};

} // namespace

int main(int argc, char **argv) {
  std::string error;
  attnc::Options options = {{"--dtype", "TYPE", ""}, {"--shard", "I/N", ""}, {"--seed", "N", ""}, {"--calls", "N", ""}};
  std::optional<attnc::Arguments> arguments =
      attnc::Arguments::parse(std::vector<std::string>(argv + 1, argv + argc), options, error);
  if (!arguments)
    return attnc::usageError(error);
  std::vector<std::string> words = arguments->operands();
  std::string mode = words.empty() ? "" : words[0];
  if (mode != "results" && mode != "tiles")
    return attnc::usageError("`results` or `tiles`?");
  std::string shard = arguments->get("--shard", "0/1");
  size_t part = std::stoul(shard), parts = std::stoul(shard.substr(shard.find('/') + 1));
  Runner runner(*arguments);
  if (!runner.error.empty())
    return attnc::usageError(runner.error);
  for (size_t n = 1; n < words.size(); ++n)
    if (n % parts == part)
      mode == "results" ? runner.results(words[n]) : runner.tiles(words[n]);
  return runner.finish();
}
