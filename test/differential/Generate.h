// Random programs of stage A, as text.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace differential {

/// A stream of random choices; equal seeds, equal choices on every machine.
class Random {
public:
  explicit Random(uint64_t seed) : seed(seed) {}
  uint64_t bits();
  /// Uniform in [lo, hi].
  int64_t in(int64_t lo, int64_t hi);
  bool chance(int percent) { return in(1, 100) <= percent; }
  template <class T> const T &of(const std::vector<T> &list) { return list[size_t(in(0, int64_t(list.size()) - 1))]; }

private:
  uint64_t seed, counter = 0;
};

/// An expression as a tree, so that a failure can be made smaller: `text` with
/// `$` for each part.
struct Node {
  std::string text;
  std::vector<Node> parts;
  std::string print() const;
  size_t size() const;
};

/// A program: clauses by name. Inputs and parameters are declared where some
/// clause mentions them.
struct Source {
  Node mask;
  std::string score, value;
  std::vector<std::string> lets, weights, outs; ///< `weights` and `outs` in order, complete clauses

  std::string print() const;
};

Source generate(Random &random);
/// Programs that are a little smaller, the smallest first.
std::vector<Source> smaller(const Source &source);

/// What an input holds, by its name.
struct Content {
  /// Halves ascend, with some infinities and NaN among them; Far holds integers
  /// round 0 and round the ends of 64 bits.
  enum Kind { Normal, Integers, Sorted, Halves, Far } kind;
  double low, high; ///< of integers, halves: [low, high); of numbers: mean and deviation
};
const Content &contentOf(const std::string &input, bool isFloat);

} // namespace differential
