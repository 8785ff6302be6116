#include "tools/attnc/Machine.h"
#include "passes/TargetModel.h"
#include "tools/attnc/Program.h"
#include "tools/attnc/Text.h"
#include <algorithm>
#include <fstream>
#include <thread>

using namespace attn;
using namespace attnc;

double Machine::peak() const {
  if (isGpu())
    return facts.at(tensorCores ? "tensor" : "simt") * 1e12;
  return facts.at("ghz") * 1e9 * facts.at("lanes") * facts.at("fma") * 2 * threads;
}

std::string Machine::text() const {
  if (isGpu())
    return tensorCores ? "tensor cores" : "no tensor cores";
  return attnc::text("%d thread%s x %.2f GHz x %g lanes x %g multiply-adds", threads, threads == 1 ? "" : "s",
                     facts.at("ghz"), facts.at("lanes"), facts.at("fma"));
}

PlanLimits Machine::limits() const {
  PlanLimits limits;
  limits.flops = peak() * facts.at("attained") / 100;
  limits.bandwidth = facts.at("bandwidth") * 1e9;
  limits.cache = facts.at("cache") * 1024 * 1024;
  limits.threads = threads;
  return limits;
}

/// The clock and the vectors by the system's own description.
static void askSystem(Machine &machine) {
  double gigahertz = 0, lanes = 8;
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    size_t colon = line.find(':');
    if (colon == std::string::npos)
      continue;
    if (line.rfind("cpu MHz", 0) == 0)
      gigahertz = std::max(gigahertz, std::atof(line.c_str() + colon + 1) / 1000);
    if (line.rfind("flags", 0) == 0 && line.find(" avx512f") != std::string::npos)
      lanes = 16;
  }
  if (machine.facts["ghz"] == 0)
    machine.facts["ghz"] = gigahertz > 0 ? gigahertz : 2; // where the system does not say
  if (machine.facts["lanes"] == 0)
    machine.facts["lanes"] = lanes;
}

Options attnc::machineOptions() {
  return {{"--threads", "NUMBER", "of a CPU, for the estimate (default: all cores)"},
          {"--machine", "ghz=3.7,..", "for the estimate: ghz, lanes, fma, attained (%), bandwidth (GB/s), cache (MiB)"}};
}

Machine attnc::readMachine(const Arguments &arguments, const std::string &target, std::string &error) {
  Machine machine;
  int64_t threads = arguments.integer("--threads", 0, 0, error);
  machine.threads = threads ? int(threads) : int(std::max(1u, std::thread::hardware_concurrency()));
  const TargetModel *model = TargetModel::get(target);
  std::vector<std::string> names;
  for (const TargetModel::Fact &fact : model->facts) {
    machine.facts[fact.name] = fact.value;
    names.push_back(fact.name);
  }
  for (auto &[name, value] : arguments.pairs("--machine", error)) {
    const TargetModel::Fact *fact = model->findFact(name);
    std::optional<double> number = parseReal(value);
    std::string option = "`--machine " + name + "=" + value + "`: ";
    if (!fact)
      error = option + "there is no `" + name + "`" + didYouMean(name, names);
    else if (!number || *number < fact->least || *number > fact->most)
      error = option + attnc::text("needs a number from %g to %g", fact->least, fact->most);
    else
      machine.facts[name] = *number;
  }
  if (machine.isGpu())
    machine.threads = int(machine.facts["sms"]);
  else
    askSystem(machine);
  return machine;
}
