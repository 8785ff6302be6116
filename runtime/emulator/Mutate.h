// Single faults for PTX text, to find out which faults the emulator finds.
//
// mutationsOf() finds the places itself, in kernels of both kinds. A driver runs
// each mutant under several schedules (`Runner`) and asks whether something was
// reported or a result was wrong.
#pragma once
#include "runtime/emulator/Emulator.h"
#include <functional>

namespace attn::emu {

struct Mutation {
  std::string kind;   ///< "drop-full-wait"
  uint32_t line;      ///< of the place, in the original text
  std::string detail; ///< the instruction that changed
  std::string text;   ///< the whole mutant
};

/// Every fault that can be made in this text, in the order of its lines. At most
/// `perKind` places of each kind, spread over the text; 0: all. With `executed`
/// (Statistics::lines) only at lines that are in it.
std::vector<Mutation> mutationsOf(std::string_view text, size_t perKind = 0,
                                  const std::map<uint32_t, uint64_t> *executed = nullptr);

/// Runs a mutant; false if the results are wrong.
using Runner = std::function<bool(const Module &, const Options &, Report &)>;

struct Verdict {
  Mutation mutation;
  bool caught = false;
  std::string by;                      ///< the first finding, "wrong result", or how many runs saw nothing
  Schedule schedule = Schedule::Eager; ///< under which it was caught first
};

/// Runs every mutation under all schedules, the random one `seeds` times, until
/// it is caught.
std::vector<Verdict> judge(const std::vector<Mutation> &mutations, const Runner &run, unsigned seeds, Options options);
/// A line for each kind: caught / places; then the places that were not caught.
std::string tableOf(const std::vector<Verdict> &verdicts);

} // namespace attn::emu
