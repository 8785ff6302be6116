// Shapes, layouts and contents for calls of a random program.
#pragma once
#include "Generate.h"
#include "runtime/Oracle.h"

namespace differential {

/// The lengths of a call, and what else is not an array.
struct Shape {
  int64_t b = 1, h = 1, g = 1, n = 1, m = 1;
  bool hasOffset = false;
  int64_t offset = 0;
  std::map<std::string, int64_t> others; ///< of further axes
  uint64_t content = 0;                  ///< seed of contents and layouts
  bool poison = false;                   ///< some values are NaN
  bool strided = false;                  ///< layouts other than dense

  std::string print() const;
};

Shape randomShape(Random &random);
/// Shapes that are a little smaller.
std::vector<Shape> smaller(const Shape &shape);

/// The arrays of a call, alive as long as this is.
struct Arguments {
  attn::Bindings bindings;
  std::vector<attn::Tensor> storage;
};
Arguments makeArguments(const attn::core::Program &program, const Shape &shape);

} // namespace differential
