// What the machine at hand can do at most, for estimates: the facts of the target
// model, filled in from the system and overridden by the user.
#pragma once
#include "passes/Estimate.h"
#include "tools/attnc/Arguments.h"

namespace attnc {

struct Machine {
  int threads = 1;          ///< that work at one time; multiprocessors of a GPU
  bool tensorCores = false; ///< that kernels use; of a GPU
  std::map<std::string, double> facts; ///< by name, in the units of the target model

  /// FLOP per second, all of it together.
  double peak() const;
  /// What `peak` is made of: "2 threads x 3.70 GHz x 16 lanes x 2 multiply-adds".
  std::string text() const;
  /// The part of it that is attained, and the rest in bytes and seconds.
  attn::PlanLimits limits() const;

  bool isGpu() const { return facts.count("sms"); }
};

/// --threads, --machine.
Options machineOptions();
/// The machine of a target of `TargetModel::get`. Sets `error` where an option is
/// wrong.
Machine readMachine(const Arguments &arguments, const std::string &target, std::string &error);

} // namespace attnc
