// Programs made of other programs.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace attn {

/// Numbers that depend on the seed alone, on every machine (SplitMix64).
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t next();
  /// 0 .. bound, without bound.
  size_t below(size_t bound) { return bound ? next() % bound : 0; }
  bool oneIn(unsigned n) { return below(n) == 0; }

private:
  uint64_t state;
};

/// Changes programs of a corpus: bytes, tokens, lines, expressions, with parts
/// of others. Most results still are programs to the parser.
class Mutator {
public:
  explicit Mutator(std::vector<std::string> corpus);
  bool empty() const { return programs.empty(); }
  size_t size() const { return programs.size(); }
  const std::string &program(size_t k) const { return programs[k]; }
  std::string mutated(Random &random) const;

private:
  void changeBytes(std::string &text, Random &random) const;
  void changeTokens(std::string &text, Random &random) const;
  void changeAlike(std::string &text, Random &random) const;
  void changeExpressions(std::string &text, Random &random) const;
  void changeLines(std::string &text, Random &random) const;

  std::vector<std::string> programs;
  std::vector<std::string> words; ///< every token of the corpus, and some at the limits
};

/// The programs below a path: `.attn` files, and blocks marked as such in `.md`.
std::vector<std::string> readCorpus(const std::string &path);

} // namespace attn
