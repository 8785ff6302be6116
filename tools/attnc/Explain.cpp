// attnc explain: what the compiler will do with a call, and why.
#include "codegen/nvidia/Ptxas.h"
#include "frontend/CorePrinter.h"
#include "runtime/SessionGpu.h"
#include "tools/attnc/Analysis.h"
#include "tools/attnc/CompileOptions.h"
#include "tools/attnc/Json.h"
#include "tools/attnc/Measure.h"
#include "tools/attnc/Walk.h"
#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

using namespace attn;
using namespace attnc;

namespace {

/// What this machine can do at best, by its own description.
struct Machine {
  double gigahertz = 0;
  int lanes = 8; ///< of f32 in a vector
  int threads = 1;
  /// Two fused multiply-adds of whole vectors each cycle, on every thread.
  double peak() const { return gigahertz * 1e9 * lanes * 4 * threads; }
};

Machine thisMachine(int64_t threads) {
  Machine machine;
  machine.threads = threads ? int(threads) : int(std::max(1u, std::thread::hardware_concurrency()));
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    size_t colon = line.find(':');
    if (colon == std::string::npos)
      continue;
    if (line.rfind("cpu MHz", 0) == 0)
      machine.gigahertz = std::max(machine.gigahertz, std::atof(line.c_str() + colon + 1) / 1000);
    if (line.rfind("flags", 0) == 0 && line.find(" avx512f") != std::string::npos)
      machine.lanes = 16;
  }
  if (machine.gigahertz == 0)
    machine.gigahertz = 2; // where the system does not say
  return machine;
}

/// The numbers of one call.
struct Cost {
  Visible visible;
  Analysis::Tiles tiles;
  int64_t allTiles = 0;
  bool tilesFromForms = false, tilesKnown = false;
  double useful = 0, executed = 0, inputBytes = 0, outputBytes = 0, seconds = 0;
};

double bytesOf(const TensorView &view) { return double(view.elements()) * double(core::byteSize(view.dtype)); }

Cost costOf(const Loaded &loaded, const Problem &problem, const Analysis &analysis, Oracle &oracle,
            const Machine &machine) {
  const core::Program &program = loaded.program;
  auto length = [&](int axis) { return problem.length(program, axis); };
  Cost cost;
  cost.visible = countVisible(loaded, problem, oracle);
  if (analysis.cols) {
    cost.allTiles = length(core::AxisB) * length(core::AxisH) *
                    ((length(core::AxisN) + analysis.rows - 1) / analysis.rows) *
                    ((length(core::AxisM) + analysis.cols - 1) / analysis.cols);
    cost.tiles = analysis.tiles;
    cost.tilesFromForms = cost.tilesKnown = analysis.tiles.known;
    if (!cost.tilesKnown && cost.visible.all <= double(1 << 24)) {
      TileCounts counts = countTiles(oracle, analysis.rows, analysis.cols);
      cost.tilesKnown = true;
      cost.tiles = {true, counts.all - counts.visited, counts.visited - counts.mixed, counts.mixed};
    }
  }
  const core::Branch *main = mainBranch(program);
  double perPair = main ? double(flopsPerPair(program, *main)) : 0;
  cost.useful = cost.visible.pairs * perPair;
  cost.executed = cost.useful;
  if (cost.tilesKnown)
    cost.executed = double(cost.tiles.full + cost.tiles.mixed) * double(analysis.rows * analysis.cols) * perPair;
  for (auto &[name, view] : problem.views)
    cost.inputBytes += bytesOf(view);
  std::map<std::string, std::vector<int64_t>> shapes = outputShapes(loaded, problem);
  for (const core::Output &output : program.outputs) {
    double elements = 1;
    for (int64_t n : shapes[output.name])
      elements *= double(n);
    cost.outputBytes += elements * double(core::byteSize(output.dtype));
  }
  cost.seconds = cost.executed / (0.75 * machine.peak());
  return cost;
}

void indented(const std::string &lines) {
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);)
    std::cout << (line.rfind("  ", 0) == 0 ? "" : "  ") << line << '\n';
}

void printBranch(const Loaded &loaded, const Analysis::Branch &branch) {
  std::cout << "\nwhich keys the rows r0 .. r1 see" << (branch.name == "o" ? "" : " in `" + branch.name + "`") << '\n';
  for (const core::Branch &written : loaded.program.branches)
    if (written.name == branch.name)
      std::cout << "  mask " << core::toString(loaded.program, *written.mask) << '\n';
  indented(branch.keys);
  if (branch.exact)
    std::cout << "  so a tile that meets no live key is skipped, and one that meets no hole needs no mask\n";
  else
    std::cout << "  these are bounds: the kernel judges each tile within them before it computes anything there,\n"
                 "  first by the least and greatest values on its rows and on its keys, then, where these leave\n"
                 "  it open, by the mask itself, and skips the tile if nothing is visible\n";
  for (const std::string &place : branch.opaque)
    std::cout << "  taken as it comes, element by element: " << place << '\n';
  std::cout << '\n';
  indented(branch.weights);
}

void printCost(const Analysis &analysis, const Cost &cost, const Machine &machine) {
  const char *about = cost.visible.exact ? "" : "about ";
  auto row = [](const char *name, const std::string &value) { std::cout << text("  %-12s", name) << value << '\n'; };
  std::cout << "\ntiles of " << analysis.rows << " rows x " << analysis.cols << " keys, " << cost.allTiles << " in all";
  if (cost.tilesKnown) {
    std::cout << (cost.tilesFromForms ? "" : " (by looking at every pair)") << '\n';
    row("empty", text("%lld, skipped", (long long)cost.tiles.empty));
    row("full", text("%lld, the mask is not looked at", (long long)cost.tiles.full));
    row("mixed", text("%lld, the mask is evaluated", (long long)cost.tiles.mixed));
  } else {
    std::cout << "\n  which of them are visited depends on the arrays: `attnc run` counts them\n";
  }
  std::cout << "\nthis call\n";
  row("visible", about + count(cost.visible.pairs) + " of " + count(cost.visible.all) +
                     text(" pairs (%.2f %%)", percent(cost.visible.pairs, cost.visible.all)));
  row("useful", about + count(cost.useful) + " FLOP");
  row("executed", (cost.tilesKnown ? "" : std::string(about)) + count(cost.executed) + " FLOP" +
                      (cost.tilesKnown ? ", whole tiles" : ", at least"));
  row("inputs", bytes(cost.inputBytes));
  row("outputs", bytes(cost.outputBytes));
  if (analysis.buffers.empty())
    row("workspace", "none");
  for (const Analysis::Buffer &buffer : analysis.buffers)
    row("workspace", buffer.name + ": " + buffer.type);
  for (const Analysis::Kernel &kernel : analysis.kernels) {
    row("kernel", kernel.name + (kernel.text.empty() ? "" : ": " + kernel.text));
    if (!kernel.path.empty())
      row("", kernel.path == "simt" ? "a row to a thread" + (kernel.reason.empty() ? "" : ", no tensor cores: " + kernel.reason) : "on " + kernel.path);
  }
  if (!analysis.kernels.empty() && !analysis.kernels[0].path.empty())
    return; // the estimate is of processors
  row("estimate", duration(cost.seconds) +
                      text(": 75 %% of %.0f GFLOP/s (%d thread%s x %.2f GHz x 4 x %d lanes)", machine.peak() / 1e9,
                           machine.threads, machine.threads == 1 ? "" : "s", machine.gigahertz, machine.lanes));
}

void printJson(const Loaded &loaded, const Analysis &analysis, const Cost &cost) {
  std::string branches, kernels, buffers;
  auto append = [](std::string &list, const std::string &item) { list += (list.empty() ? "" : ", ") + item; };
  for (const Analysis::Branch &branch : analysis.branches) {
    std::string opaque;
    for (const std::string &place : branch.opaque)
      append(opaque, json::quoted(place));
    append(branches, json::Object()
                         .add("name", json::quoted(branch.name))
                         .add("keys", json::quoted(branch.keys))
                         .add("exact", branch.exact ? "true" : "false")
                         .add("opaque", "[" + opaque + "]")
                         .add("weights", json::quoted(branch.weights))
                         .done());
  }
  for (const Analysis::Kernel &kernel : analysis.kernels) {
    json::Object schedule;
    for (auto &[name, value] : kernel.schedule)
      schedule.add(name, double(value));
    append(kernels, json::Object()
                        .add("name", json::quoted(kernel.name))
                        .add("schedule", schedule.done())
                        .add("path", json::quoted(kernel.path))
                        .add("reason", json::quoted(kernel.reason))
                        .done());
  }
  for (const Analysis::Buffer &buffer : analysis.buffers)
    append(buffers,
           json::Object().add("name", json::quoted(buffer.name)).add("type", json::quoted(buffer.type)).done());
  json::Object tiles;
  tiles.add("rows", double(analysis.rows)).add("cols", double(analysis.cols)).add("all", double(cost.allTiles));
  if (cost.tilesKnown)
    tiles.add("empty", double(cost.tiles.empty))
        .add("full", double(cost.tiles.full))
        .add("mixed", double(cost.tiles.mixed));
  std::cout << json::Object()
                   .add("pattern", json::quoted(loaded.program.name))
                   .add("branches", "[" + branches + "]")
                   .add("kernels", "[" + kernels + "]")
                   .add("workspace", "[" + buffers + "]")
                   .add("tiles", tiles.done())
                   .add("visible_pairs", cost.visible.pairs)
                   .add("all_pairs", cost.visible.all)
                   .add("useful_flops", cost.useful)
                   .add("executed_flops", cost.executed)
                   .add("input_bytes", cost.inputBytes)
                   .add("output_bytes", cost.outputBytes)
                   .add("estimated_seconds", cost.seconds)
                   .done()
            << '\n';
}

int run(const Arguments &arguments) {
  std::string error;
  CompileOptions options;
  readCompileOptions(arguments, options, error);
  int64_t seed = arguments.integer("--seed", 1, 0, error);
  int64_t threads = arguments.integer("--threads", 0, 0, error);
  ArraySpecs specs = error.empty() ? readArrays(arguments, error) : ArraySpecs();
  if (!error.empty())
    return usageError(error);
  Status status = Ok;
  std::unique_ptr<Loaded> loaded = load(arguments, specs, status);
  if (!loaded)
    return status;
  const core::Branch *main = mainBranch(loaded->program);
  std::vector<bool> used = tensorsOf(loaded->program, main ? main->mask : nullptr);
  std::optional<Problem> problem = makeProblem(*loaded, std::move(specs), uint64_t(seed), error, &used);
  std::unique_ptr<Oracle> oracle;
  if (problem)
    oracle = Oracle::create(loaded->program, problem->bindings(*loaded), Arithmetic::Exact, error);
  if (!oracle)
    return usageError(error);
  Diagnostics diagnostics;
  std::optional<Analysis> analysis = attnc::analyze(*loaded, *problem, options, diagnostics, error);
  if (!analysis) {
    report(loaded->sources(), diagnostics);
    return diagnostics.hasErrors() ? Failed : failure(error);
  }
  if (options.target != "cpu") { // with an assembler, registers have a say
    bool assemble = !nvidia::findPtxas(options.ptxas).empty();
    std::optional<GpuCode> code = compileForGpu(loaded->program, loaded->sources(), options, assemble, diagnostics, error);
    for (size_t n = 0; code && n < analysis->kernels.size(); ++n) {
      analysis->kernels[n].path = code->manifest.kernels[n].launch.path;
      analysis->kernels[n].reason = code->manifest.kernels[n].launch.reason;
    }
  }
  Machine machine = thisMachine(threads);
  Cost cost = costOf(*loaded, *problem, *analysis, *oracle, machine);
  if (arguments.has("--json")) {
    printJson(*loaded, *analysis, cost);
    return Ok;
  }
  std::cout << loaded->program.name << "  " << core::spelling(loaded->program.dtype) << "  "
            << lengthsOf(*loaded, *problem) << '\n';
  for (const Analysis::Branch &branch : analysis->branches)
    printBranch(*loaded, branch);
  printCost(*analysis, cost, machine);
  return Ok;
}

} // namespace

Command attnc::explainCommand() {
  return {"explain", "FILE.attn", "say what the compiler will do, and why",
          "Says which keys a range of rows sees, in closed form; how many tiles are empty, full and\n"
          "mixed; the passes over the keys that the weights need and the state of a row; FLOPs, bytes,\n"
          "workspace, the schedule, and an estimate of the time (of GPUs: what runs on tensor cores, and\n"
          "what does not and why). Lengths and arrays are given or made\n"
          "as for `attnc run`.",
          programOptions() + arrayOptions() +
              Options{{"--threads", "NUMBER", "for the estimate (default: all cores)"},
                      {"--json", "", "the same as JSON"}} +
              compileOptions(),
          run};
}
