// attnc run: compiles a pattern, calls it, and judges the result.
#include "runtime/Npy.h"
#include "runtime/Paths.h"
#include "runtime/SessionDevice.h"
#include "tools/attnc/Analysis.h"
#include "tools/attnc/CompileOptions.h"
#include "tools/attnc/Measure.h"
#include "tools/attnc/Walk.h"
#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

using namespace attn;
using namespace attnc;

namespace {

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// What the options say beyond the program and its arrays.
struct Plan {
  std::map<std::string, std::string> files; ///< by output name
  CompileOptions compile;
  int64_t threads = 0, repeat = 1, samples = 0, seed = 1;
  bool check = false, oracle = false, json = false;
};

Plan readPlan(const Arguments &arguments, std::string &error) {
  Plan plan;
  for (auto &pair : arguments.pairs("--out", error))
    plan.files[pair.first] = pair.second;
  if (arguments.has("-o"))
    plan.files["out"] = arguments.get("-o");
  if (arguments.has("--lse"))
    plan.files["lse"] = arguments.get("--lse");
  readCompileOptions(arguments, plan.compile, error, true);
  if (arguments.has("--emulate") || arguments.has("--emulate-schedule"))
    plan.compile.emulate = arguments.get("--emulate-schedule", "eager");
  if (!plan.compile.emulate.empty() && plan.compile.target != "sm_90a" && plan.compile.target != "sm_80")
    error = "`--emulate` runs code for GPUs: say `--target sm_90a` or `--target sm_80`";
  plan.threads = arguments.integer("--threads", 0, 0, error);
  plan.repeat = arguments.integer("--repeat", 1, 1, error);
  plan.samples = arguments.integer("--samples", 0, 1, error);
  plan.seed = arguments.integer("--seed", 1, 0, error);
  plan.check = arguments.has("--check");
  plan.oracle = arguments.has("--oracle");
  plan.json = arguments.has("--json");
  if (plan.check && plan.oracle)
    error = "`--check` compares with the oracle; `--oracle` is the oracle";
  return plan;
}

/// `--lse` without `out lse[..]` in the program: the field of the main result.
std::string addLse(core::Program &program) {
  for (const core::Output &output : program.outputs)
    if (output.name == "lse")
      return "";
  const core::Branch *main = mainBranch(program);
  if (!main || !main->denominator)
    return "`" + program.name + "` has no `.lse`: its weights have no denominator";
  core::Output output;
  output.name = "lse";
  output.dtype = core::DType::F32;
  output.span = main->span;
  auto body = std::make_shared<core::Expr>();
  body->op = core::Op::Branch;
  body->id = int(main - program.branches.data());
  body->field = core::Field::Lse;
  body->span = main->span;
  for (int variable : main->variables) {
    output.variables.push_back(int(program.variables.size()));
    auto index = std::make_shared<core::Expr>();
    index->op = core::Op::Var;
    index->type.base = core::Base::Int;
    index->id = output.variables.back();
    index->span = main->span;
    body->args.push_back(index);
    program.variables.push_back(core::Variable(program.variables[variable]));
  }
  output.body = body;
  program.outputs.push_back(output);
  return "";
}

/// One pattern, its arrays and its results.
class Job {
public:
  Job(const Loaded &loaded, const Problem &problem, const Plan &plan) : loaded(loaded), problem(problem), plan(plan) {
    for (auto &[name, shape] : outputShapes(loaded, problem))
      for (const core::Output &output : loaded.program.outputs)
        if (output.name == name)
          results.emplace(name, Tensor(output.dtype, shape));
  }

  int run() {
    std::string error;
    exact = Oracle::create(loaded.program, problem.bindings(loaded), Arithmetic::Exact, error);
    if (!exact)
      return usageError(error);
    if (int status = plan.oracle ? interpret() : compileAndCall())
      return status;
    progress.show("counting visible pairs");
    report.visible = countVisible(loaded, problem, *exact);
    if (const core::Branch *main = mainBranch(loaded.program))
      report.flops = report.visible.pairs * double(flopsPerPair(loaded.program, *main));
    if (plan.check)
      if (int status = check())
        return status;
    progress.clear();
    (plan.json ? printJson : printReport)(loaded, problem, report, !plan.oracle);
    for (auto &[name, path] : plan.files)
      if (!writeNpy(path, results.at(name).view(), error))
        return failure("`" + path + "`: " + error);
    return report.agrees ? Ok : Failed;
  }

private:
  int interpret() {
    for (size_t n = 0; n < loaded.program.outputs.size(); ++n) {
      const core::Output &output = loaded.program.outputs[n];
      progress.show("evaluating `" + output.name + "`");
      Tensor values = exact->evaluate(int(n));
      Tensor &result = results.at(output.name);
      for (int64_t e = 0; e < values.elements(); ++e)
        if (isFloat(values.dtype()))
          result.set(e, values.real(e));
        else
          storeInt(result.view(), e, values.integer(e));
    }
    return Ok;
  }

  int compileAndCall() {
    std::string error;
    progress.show("compiling");
    auto start = std::chrono::steady_clock::now();
    Diagnostics diagnostics;
    std::unique_ptr<Callable> callable = plan.compile.target == "gpu"
                                             ? loadOnGpu(loaded.program, loaded.sources(), plan.compile, 0, "", diagnostics, error)
                                             : attn::load(loaded.program, loaded.sources(), plan.compile, diagnostics, error);
    report.compileSeconds = secondsSince(start);
    if (!callable) {
      progress.clear();
      attnc::report(loaded.sources(), diagnostics);
      return error.empty() ? Failed : failure(error);
    }
    Call call;
    call.inputs = problem.views;
    for (auto &[name, tensor] : results)
      call.outputs[name] = tensor.view();
    call.reals = loaded.reals;
    call.ints = loaded.ints;
    call.threads = int(plan.threads);
    report.threads = plan.threads ? int(plan.threads) : int(std::max(1u, std::thread::hardware_concurrency()));
    if (plan.repeat > 1 && !(error = callable->run(call)).empty()) // touches the pages of the results
      return usageError(error);
    for (int64_t n = 0; n < plan.repeat; ++n) {
      progress.show("call " + std::to_string(n + 1) + " of " + std::to_string(plan.repeat));
      std::fill(std::begin(report.stats), std::end(report.stats), 0);
      call.stats = report.stats;
      double onDevice = 0;
      call.seconds = &onDevice;
      start = std::chrono::steady_clock::now();
      error = callable->run(call);
      report.seconds.push_back(onDevice > 0 ? onDevice : secondsSince(start));
      if (!error.empty())
        return usageError(error);
    }
    std::sort(report.seconds.begin(), report.seconds.end());
    countTiles(callable->manifest());
    if (plan.compile.target == "gpu")
      report.threads = 0;
    roundedWeights = usesTensorCores(callable->manifest());
    return Ok;
  }

  // Of an attend that may be split the plain kernel counts.
  static bool isOtherForm(const Manifest &manifest, const Manifest::Kernel &kernel) {
    return std::any_of(manifest.kernels.begin(), manifest.kernels.end(),
                       [&](const Manifest::Kernel &plain) { return plain.name + " parts" == kernel.name; });
  }

  void countTiles(const Manifest &manifest) {
    report.target = manifest.target;
    auto length = [&](int axis) { return problem.length(loaded.program, axis); };
    std::map<std::string, int64_t> sweepsOf = countSweeps(loaded);
    for (const Manifest::Kernel &kernel : manifest.kernels) {
      if (!kernel.cols || !kernel.rows || isOtherForm(manifest, kernel))
        continue;
      report.rows = kernel.rows;
      report.cols = kernel.cols;
      int64_t sweeps = std::max<int64_t>(sweepsOf[kernel.name], 1);
      report.sweeps += sweeps;
      report.listed |= std::any_of(manifest.kernels.begin(), manifest.kernels.end(), [](const Manifest::Kernel &other) {
        return other.name.size() > 5 && other.name.compare(other.name.size() - 5, 5, ".list") == 0;
      });
      report.tiles += sweeps * length(core::AxisB) * length(core::AxisH) *
                      ((length(core::AxisN) + kernel.rows - 1) / kernel.rows) *
                      ((length(core::AxisM) + kernel.cols - 1) / kernel.cols);
    }
  }

  int check() {
    std::string error;
    std::unique_ptr<Oracle> plain =
        Oracle::create(loaded.program, problem.bindings(loaded), Arithmetic::Plain, error);
    if (!plain)
      return usageError(error);
    int64_t keys = std::max<int64_t>(problem.length(loaded.program, core::AxisM), 1);
    int64_t samples = plan.samples ? plan.samples : std::clamp<int64_t>((int64_t(1) << 21) / keys, 32, 1 << 16);
    for (size_t n = 0; n < loaded.program.outputs.size(); ++n) {
      const core::Output &output = loaded.program.outputs[n];
      progress.show("checking `" + output.name + "`");
      const TensorView &view = results.at(output.name).view();
      std::vector<int64_t> axes(view.shape.begin(), view.shape.begin() + output.variables.size());
      std::vector<std::vector<int64_t>> places = samplePlaces(axes, samples, uint64_t(plan.seed));
      Report::Check check{output.name, int64_t(places.size()), {}};
      if (!places.empty())
        check.verdict = judgePlaces(int(n), view, *exact, *plain, places, roundedWeights);
      report.agrees &= check.verdict.ok;
      report.checks.push_back(check);
    }
    return Ok;
  }

  const Loaded &loaded;
  const Problem &problem;
  const Plan &plan;
  std::map<std::string, Tensor> results;
  bool roundedWeights = false;
  std::unique_ptr<Oracle> exact;
  Report report;
  Progress progress;
};

/// Every `--out NAME=..` must name a result.
std::string unknownOutput(const core::Program &program, const Plan &plan) {
  std::vector<std::string> names;
  for (const core::Output &output : program.outputs)
    names.push_back(output.name);
  for (auto &file : plan.files)
    if (std::find(names.begin(), names.end(), file.first) == names.end())
      return "`" + program.name + "` has no result `" + file.first + "`" + didYouMean(file.first, names);
  return "";
}

int run(const Arguments &arguments) {
  std::string error;
  Plan plan = readPlan(arguments, error);
  ArraySpecs specs = error.empty() ? readArrays(arguments, error) : ArraySpecs();
  if (!error.empty())
    return usageError(error);
  Status status = Ok;
  std::unique_ptr<Loaded> loaded = load(arguments, specs, status);
  if (!loaded)
    return status;
  if (arguments.has("--lse"))
    error = addLse(loaded->program);
  if (error.empty())
    error = unknownOutput(loaded->program, plan);
  if (!error.empty())
    return usageError(error);
  std::optional<Problem> problem = makeProblem(*loaded, std::move(specs), uint64_t(plan.seed), error);
  if (!problem)
    return usageError(error);
  return Job(*loaded, *problem, plan).run();
}

} // namespace

Command attnc::runCommand() {
  return {"run", "FILE.attn", "run on arrays and report time, speed and tiles",
          "Compiles a pattern for this machine, calls it on arrays from files or random ones, and\n"
          "reports time, speed, visible pairs and visited tiles. Exit status 1 if `--check` finds\n"
          "that the result is wrong.\n\n"
          "Lengths that nothing gives: B=1, H=4, G=H, N=1024, M=N, other axes 32. Arrays that nothing\n"
          "gives are random: vectors nearly normal; tables of numbers the same with variance 1/4;\n"
          "tables of integers over rows or keys ascending 0 .. 8, others random 0 .. 8; half of the\n"
          "truth values true. Inputs with a default keep it.",
          programOptions() + arrayOptions() +
              Options{{"-o", "FILE.npy", "the result"},
                      {"--lse", "FILE.npy", "the logarithm of the denominator of every row"},
                      {"--out", "NAME=FILE.npy", "another result, by name"},
                      {"--threads", "NUMBER", "threads (default: all cores)"},
                      {"--repeat", "NUMBER", "calls; the best and the median time are reported"},
                      {"--check", "", "compare with the oracle (some rows of large arrays)"},
                      {"--samples", "NUMBER", "how many rows `--check` looks at"},
                      {"--oracle", "", "the oracle's result instead of compiled code's"},
                      {"--emulate", "", "with `--target`: run the GPU's code in the emulator"},
                      {"--emulate-schedule", "ORDER", "of asynchronous work: eager (default), lazy, random:SEED, producer-first, all"},
                      {"--json", "", "the report as JSON"}} +
              compileOptions(true),
          run};
}
