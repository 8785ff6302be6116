// Faults that somebody could make, one at a time, in the two kernels: each is
// reported or gives a wrong result. What may stay is listed, with the reason.
#include "Kernels.h"
#include "runtime/emulator/Mutate.h"
#include <gtest/gtest.h>
#include <set>

using namespace attn::emu;

namespace {

struct Tally {
  std::set<std::string> kinds;
  std::map<std::string, std::vector<uint32_t>> missed;
};

template <class Kernel> Tally tally(const Kernel &kernel, const std::string &file) {
  auto run = [&](const Module &module, const Options &options, Report &report) {
    Outcome outcome = kernel.run(module, options);
    report = outcome.report;
    return outcome.right();
  };
  Options options;
  options.maxInstructions = 400000;
  Tally result;
  for (const Verdict &v : judge(mutationsOf(textOf(file)), run, 4, options)) {
    result.kinds.insert(v.mutation.kind);
    if (!v.caught)
      result.missed[v.mutation.kind].push_back(v.mutation.line);
    if (std::getenv("ATTN_SHOW_MUTATIONS"))
      printf("%-26s line %u: %s [%s]\n", v.mutation.kind.c_str(), v.mutation.line, v.by.c_str(), nameOf(v.schedule));
  }
  return result;
}

TEST(Mutations, Ring) {
  Tally t = tally(Ring(5), "ring.ptx");
  EXPECT_GE(t.kinds.size(), 20u);
  // 256 threads leave every warp 256 registers anyway.
  t.missed.erase("drop-register-release");
  // The second product of a step: what it uses was written before the first
  // one's fence. Without any fence it is caught.
  EXPECT_LE(t.missed["drop-wgmma-fence"].size(), 1u);
  EXPECT_EQ(t.missed.count("drop-all-wgmma-fences"), 0u);
  t.missed.erase("drop-wgmma-fence");
  for (auto &[kind, lines] : t.missed)
    for (uint32_t line : lines)
      ADD_FAILURE() << kind << " at line " << line;
}

TEST(Mutations, Slices) {
  Tally t = tally(Slices(160), "slices.ptx");
  EXPECT_GE(t.kinds.size(), 7u);
  for (auto &[kind, lines] : t.missed)
    for (uint32_t line : lines)
      ADD_FAILURE() << kind << " at line " << line;
}

} // namespace
