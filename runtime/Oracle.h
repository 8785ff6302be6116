// The oracle: what a program means, evaluated directly from its definitions,
// one element after the other, quadratic in the length. It knows no tiles, no
// running maximum and no mask analysis, and shares no code with passes or
// codegen.
#pragma once
#include "frontend/Core.h"
#include "runtime/Tensor.h"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace attn {

/// What a program is evaluated on. Names are those of the program.
struct Bindings {
  std::map<std::string, TensorView> inputs; ///< tensors with a default may be missing
  std::map<std::string, double> reals;      ///< parameters; missing ones take their default
  std::map<std::string, int64_t> ints;      ///< int and bool parameters, and `offset`
  /// Lengths of axes that no input has. Missing ones: B = 1, G = H, N = M.
  std::map<std::string, int64_t> lengths;
};

enum class Arithmetic {
  /// Everything in float64: the result by which others are judged.
  Exact,
  /// The plain computation: float32, every sum in its natural order; weights
  /// rounded to the type of q, k and v, outputs to their own type. What is too
  /// large for the 16-bit type is not rounded.
  Plain,
};

class Oracle {
public:
  /// Returns null and sets `error` where the bindings do not fit the program.
  /// The program and the inputs must outlive the oracle.
  static std::unique_ptr<Oracle> create(const core::Program &program, const Bindings &bindings,
                                        Arithmetic arithmetic, std::string &error);
  virtual ~Oracle() = default;

  /// Length of an axis by its place in Program::axes; position of row 0.
  virtual int64_t length(int axis) const = 0;
  virtual int64_t offset() const = 0;
  /// Axis lengths of an output, then its component lengths.
  virtual std::vector<int64_t> outputShape(int output) const = 0;

  /// A whole output: f64 for numbers, i64 for integers, bool.
  virtual Tensor evaluate(int output) = 0;
  /// Some places of an output, each a complete index counted from 0 in memory
  /// (a row number, not a position). Shape: [places.size(), components...].
  virtual Tensor evaluate(int output, const std::vector<std::vector<int64_t>> &places) = 0;

  /// Whether row number `row` of the main result sees key `key`; false outside.
  virtual bool visible(int64_t b, int64_t h, int64_t row, int64_t key) = 0;
  /// The keys that a row sees, ascending, and how many they are.
  virtual std::vector<int64_t> seenKeys(int64_t b, int64_t h, int64_t row) = 0;
  int64_t visibleKeys(int64_t b, int64_t h, int64_t row) { return int64_t(seenKeys(b, h, row).size()); }
};

/// Tiles of `rows` rows and `cols` keys of the main result, over all batch
/// entries and heads, by asking about every pair.
struct TileCounts {
  int64_t all = 0;
  int64_t visited = 0; ///< some row sees some key
  int64_t mixed = 0;   ///< visited, but some row does not see some key, or the tile ends behind the last key
  int64_t pairs = 0;   ///< visible ones
};
TileCounts countTiles(Oracle &oracle, int64_t rows, int64_t cols);

} // namespace attn
