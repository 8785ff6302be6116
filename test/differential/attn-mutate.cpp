// Single faults in the code of an example for a GPU: which of them does the
// emulator, or the oracle, catch?
//
//   attn-mutate FILE --target sm_90a|sm_80 [--dtype bf16] [--set D=64]... [--constant W=5]...
//               [--rows N] [--keys M] [--heads H] [--per-kind K] [--least KINDS] [--kind NAME] [--show]
//
// Runs the code as it is, which must be right, then with one fault at a time (at
// most K of a kind, 3 if not given), in every order of asynchronous work. The
// last lines are a table; exit 1 if fewer than KINDS kinds are caught at all.
#include "Check.h"
#include "runtime/SessionEmulator.h"
#include "runtime/emulator/Mutate.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

using namespace attn;
using namespace differential;

namespace {

std::string firstLines(const std::string &text, size_t count) {
  size_t end = 0;
  while (count-- > 0 && end < text.size())
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  return text.substr(0, end);
}

} // namespace

int main(int argc, char **argv) {
  std::string file, only;
  Instance instance;
  instance.dtype = core::DType::BF16;
  instance.lengths = {{"D", 64}, {"E", 64}};
  CompileOptions options;
  options.emulate = "all";
  Shape shape;
  shape.n = 130, shape.m = 400;
  int64_t perKind = 3, least = 0;
  bool show = false;
  auto pair = [](const std::string &text) {
    return std::make_pair(text.substr(0, text.find('=')), std::strtoll(text.c_str() + text.find('=') + 1, nullptr, 10));
  };
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--show") {
      show = true;
      continue;
    }
    if (word.rfind("--", 0) != 0) {
      file = word;
      continue;
    }
    if (i + 1 >= argc)
      return std::cerr << "attn-mutate: " << word << " needs a value\n", 2;
    std::string value = argv[++i];
    int64_t *number = word == "--rows"       ? &shape.n
                      : word == "--keys"     ? &shape.m
                      : word == "--heads"    ? &shape.h
                      : word == "--per-kind" ? &perKind
                      : word == "--least"    ? &least
                                             : nullptr;
    if (number)
      *number = std::strtoll(value.c_str(), nullptr, 10);
    else if (word == "--target")
      options.target = value;
    else if (word == "--kind")
      only = value;
    else if (word == "--set")
      instance.lengths[pair(value).first] = pair(value).second;
    else if (word == "--constant")
      instance.constants[pair(value).first] = double(pair(value).second);
    else if (word == "--dtype" && core::parseDType(value))
      instance.dtype = *core::parseDType(value);
    else
      return std::cerr << "attn-mutate: see the head of test/differential/attn-mutate.cpp\n", 2;
  }
  std::ifstream stream(file);
  if (!stream)
    return std::cerr << "attn-mutate: cannot read '" << file << "'\n", 2;
  std::stringstream text;
  text << stream.rdbuf();
  instance.pattern = std::filesystem::path(file).stem().string();
  auto compiled = compile(text.str(), instance, options);
  if (!compiled->callable)
    return std::cerr << compiled->error << '\n', 2;
  std::unique_ptr<Callable> original = std::move(compiled->callable);
  std::string ptx = ptxOf(*original);
  compiled->callable = withPtx(*original, ptx, 2000000000, compiled->error);
  if (std::string complaint = check(*compiled, shape); !complaint.empty())
    return std::cout << "the code as it is: " << complaint << '\n', 1;
  std::map<uint32_t, uint64_t> executed = linesOf(*compiled->callable);
  uint64_t instructions = 0;
  for (auto &[line, count] : executed)
    instructions += count;

  std::vector<emu::Verdict> verdicts;
  size_t caught = 0;
  for (const emu::Mutation &mutation : emu::mutationsOf(ptx, size_t(perKind), &executed)) {
    if (!only.empty() && mutation.kind != only)
      continue;
    emu::Verdict verdict;
    verdict.mutation = mutation;
    std::string error;
    compiled->callable = withPtx(*original, mutation.text, instructions + 100000, error);
    verdict.by = compiled->callable ? check(*compiled, shape) : error;
    verdict.caught = !verdict.by.empty();
    caught += verdict.caught;
    if (show)
      std::cout << mutation.kind << ", line " << mutation.line << ": "
                << (verdict.caught ? firstLines(verdict.by, 2) : "not caught\n") << std::flush;
    verdicts.push_back(std::move(verdict));
  }
  std::set<std::string> kinds, seen;
  for (const emu::Verdict &v : verdicts) {
    kinds.insert(v.mutation.kind);
    if (v.caught)
      seen.insert(v.mutation.kind);
  }
  std::cout << emu::tableOf(verdicts) << caught << " of " << verdicts.size() << " faults caught, of " << seen.size() << " of "
            << kinds.size() << " kinds\n";
  return verdicts.empty() || int64_t(seen.size()) < least ? 1 : 0;
}
