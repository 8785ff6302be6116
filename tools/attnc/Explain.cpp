// attnc explain: what the compiler will do with a call, and why.
#include "codegen/nvidia/Ptxas.h"
#include "frontend/CorePrinter.h"
#include "runtime/SessionGpu.h"
#include "tools/attnc/CompileOptions.h"
#include "tools/attnc/Cost.h"
#include "tools/attnc/Json.h"
#include "tools/attnc/Text.h"
#include "tools/attnc/Walk.h"
#include <iostream>
#include <sstream>

using namespace attn;
using namespace attnc;

namespace {

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
  if (!branch.listed.empty())
    std::cout << "  only those of a list are looked at: " << branch.listed << "; of these\n";
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

void printCost(const Analysis &analysis, const Cost &cost) {
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
  row("executed", (cost.tilesKnown ? "" : std::string(about)) + count(cost.estimate.flops) + " FLOP" +
                      (cost.tilesKnown ? ", whole tiles" : ", at least") +
                      (analysis.sweeps > 1 ? text(", in %lld sweeps", (long long)analysis.sweeps) : ""));
  row("inputs", bytes(cost.inputBytes));
  row("outputs", bytes(cost.outputBytes));
  if (analysis.buffers.empty())
    row("workspace", "none");
  for (const Analysis::Buffer &buffer : analysis.buffers)
    row("workspace", buffer.name + ": " + buffer.type);
  for (const Analysis::Kernel &kernel : analysis.kernels) {
    row("kernel", kernel.name + (kernel.text.empty() ? "" : ": " + kernel.text));
    if (!kernel.path.empty())
      row("", kernel.path == "tiles" ? "looks which tiles are empty or full" : kernel.path == "simt" ? "a row to a thread" + (kernel.reason.empty() ? "" : ", no tensor cores: " + kernel.reason) : "on " + kernel.path);
  }
}

void printEstimate(const Analysis &analysis, const Cost &cost, const Machine &machine) {
  const PlanEstimate &estimate = cost.estimate;
  auto row = [](const char *name, const std::string &value) { std::cout << text("  %-12s", name) << value << '\n'; };
  auto fact = [&](const char *name) { return machine.facts.at(name); };
  std::cout << "\nestimate: " << duration(estimate.seconds()) << ", bound by "
            << (estimate.memoryBound() ? "memory" : "arithmetic") << '\n';
  row("arithmetic", duration(estimate.arithmetic) +
                        text(": %g %% of %.0f GFLOP/s (%s)", fact("attained"), machine.peak() / 1e9,
                             machine.text().c_str()));
  row("memory", duration(estimate.memory) + ": " + bytes(estimate.bytes) + text(" at %g GB/s", fact("bandwidth")));
  for (const PlanEstimate::Traffic &array : estimate.arrays)
    row("", array.name + ": " + bytes(array.bytes) +
                (array.loaded > array.bytes ? ", loaded " + bytes(array.loaded) : ""));
  if (analysis.cols)
    row("", text("key tiles are loaded once for %lld row tile%s and %s in %g MiB of cache",
                 (long long)analysis.together, analysis.together == 1 ? "" : "s",
                 estimate.cached ? "stay" : "do not stay", fact("cache")));
}

std::string estimateJson(const PlanEstimate &estimate) {
  json::Object loaded, moved;
  for (const PlanEstimate::Traffic &array : estimate.arrays) {
    loaded.add(array.name.c_str(), array.loaded);
    moved.add(array.name.c_str(), array.bytes);
  }
  return json::Object()
      .add("bound", json::quoted(estimate.memoryBound() ? "memory" : "arithmetic"))
      .add("arithmetic_seconds", estimate.arithmetic)
      .add("memory_seconds", estimate.memory)
      .add("bytes", estimate.bytes)
      .add("array_bytes", moved.done())
      .add("array_bytes_loaded", loaded.done())
      .add("cached", estimate.cached ? "true" : "false")
      .done();
}

void printJson(const Loaded &loaded, const Analysis &analysis, const Cost &cost, const Machine &machine) {
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
  json::Object facts;
  facts.add("threads", double(machine.threads));
  for (auto &[name, value] : machine.facts)
    facts.add(name.c_str(), value);
  std::cout << json::Object()
                   .add("pattern", json::quoted(loaded.program.name))
                   .add("branches", "[" + branches + "]")
                   .add("kernels", "[" + kernels + "]")
                   .add("workspace", "[" + buffers + "]")
                   .add("tiles", tiles.done())
                   .add("visible_pairs", cost.visible.pairs)
                   .add("all_pairs", cost.visible.all)
                   .add("useful_flops", cost.useful)
                   .add("executed_flops", cost.estimate.flops)
                   .add("input_bytes", cost.inputBytes)
                   .add("output_bytes", cost.outputBytes)
                   .add("estimated_seconds", cost.estimate.seconds())
                   .add("estimate", estimateJson(cost.estimate))
                   .add("machine", facts.done())
                   .done()
            << '\n';
}

int run(const Arguments &arguments) {
  std::string error;
  CompileOptions options;
  readCompileOptions(arguments, options, error);
  int64_t seed = arguments.integer("--seed", 1, 0, error);
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
  Machine machine = readMachine(arguments, options.target, error);
  if (!error.empty())
    return usageError(error);
  Diagnostics diagnostics;
  std::optional<Analysis> analysis = attnc::analyze(*loaded, *problem, options, machine.threads, diagnostics, error);
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
  for (const Analysis::Kernel &kernel : analysis->kernels)
    machine.tensorCores |= kernel.path == "tensor cores";
  Cost cost = costOf(*loaded, *problem, *analysis, *oracle, machine);
  if (arguments.has("--json")) {
    printJson(*loaded, *analysis, cost, machine);
    return Ok;
  }
  std::cout << loaded->program.name << "  " << core::spelling(loaded->program.dtype) << "  "
            << lengthsOf(*loaded, *problem) << '\n';
  for (const Analysis::Branch &branch : analysis->branches)
    printBranch(*loaded, branch);
  printCost(*analysis, cost);
  printEstimate(*analysis, cost, machine);
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
              machineOptions() + Options{{"--json", "", "the same as JSON"}} +
              compileOptions(),
          run};
}
