// Which keys a range of rows sees, in closed form.
//
// For the rows r0..r1 (two symbols) a mask has *live* keys, which some of these
// rows sees, and *holes*, which some does not. Both are unions of a few
// intervals whose ends are closed forms of r0, r1, the lengths and the
// parameters. The answer does not know tile sizes: a tile of keys is dead if it
// meets no live interval and full if it meets no hole (docs/masks.md).
#pragma once
#include "dialect/AttnOps.h"
#include "mlir/IR/AffineExpr.h"
#include <optional>
#include <string>
#include <vector>

namespace attn {

/// An integer that the closed forms are over.
struct MaskSymbol {
  enum Kind {
    FirstRow, ///< r0, the number of the first row
    LastRow,  ///< r1, the number of the last row, itself included
    Uniform,  ///< `value`, the same for all these rows and for all keys; an i1
              ///< counts as 0 or 1
    RowMin,   ///< the least `value` over the rows r0..r1; of an i1: whether all
              ///< hold
    RowMax,   ///< the greatest `value` over the rows r0..r1; of an i1: whether
              ///< any holds
  };
  Kind kind = Uniform;
  /// In the mask's region or above it; null for r0 and r1.
  mlir::Value value;
  std::string name; ///< for printing
};

/// `count` intervals, `stride` apart: the keys `lo + stride * p` .. `hi +
/// stride * p` for every p that is at least each of `from` and at most each of
/// `to`. Members do not overlap. `stride` is positive.
struct KeyFamily {
  mlir::AffineExpr stride, lo, hi;
  llvm::SmallVector<mlir::AffineExpr> from, to;
};

/// The keys that are at least each of `lo` and at most each of `hi`, if every
/// guard is >= 0. All expressions are over the symbols of the analysis; with a
/// family, only the keys that its members have, too. May well be empty.
struct KeyInterval {
  llvm::SmallVector<mlir::AffineExpr> lo, hi, guards;
  std::optional<KeyFamily> family;
  /// Whether every key in here is live (or a hole). Otherwise some are.
  bool exact = true;
};

/// What is asked: which columns satisfy `condition` for a range of rows. The
/// row and the column are block arguments; they run over 0 .. rowBound, 0 ..
/// colBound.
struct MaskQuestion {
  mlir::Value condition, row, column, rowBound, colBound;
  /// Whether r0 = r1: then what a table says about the row is exact, too.
  bool singleRow = false;

  /// The mask of an attend; `keysAsRows` exchanges the axes, as dK and dV need
  /// it.
  static MaskQuestion of(AttendOp attend, bool keysAsRows = false);
};

/// The closed forms of one mask. A value: it never changes the IR.
class MaskAnalysis {
public:
  explicit MaskAnalysis(const MaskQuestion &question);
  explicit MaskAnalysis(AttendOp attend)
      : MaskAnalysis(MaskQuestion::of(attend)) {}

  llvm::ArrayRef<KeyInterval> live() const { return liveKeys; }
  llvm::ArrayRef<KeyInterval> holes() const { return holeKeys; }
  /// Whether the union of live() is exactly the keys that some row sees, and
  /// the same for the holes. Then tile verdicts need no look at the mask,
  /// whatever the size of the tiles.
  bool exact() const;
  /// The integers behind the expressions, by symbol position.
  llvm::ArrayRef<MaskSymbol> symbols() const { return table; }
  /// Positions of the symbols that every analysis has.
  enum : unsigned { FirstRow = 0, LastRow = 1, Rows = 2, Keys = 3 };
  /// What could not be expressed, for `attnc explain`: the parts of the mask
  /// that are treated as unknown.
  llvm::ArrayRef<mlir::Value> opaque() const { return unknown; }

  void print(llvm::raw_ostream &os) const;

private:
  std::vector<KeyInterval> liveKeys, holeKeys;
  llvm::SmallVector<MaskSymbol> table;
  llvm::SmallVector<mlir::Value> unknown;
};

/// The operands of a `plan.tiles`: half-open intervals, families last.
struct SpanOperands {
  llvm::SmallVector<mlir::Value> liveLo, liveHi, liveStride, liveCount;
  llvm::SmallVector<mlir::Value> holeLo, holeHi, holeStride, holeCount;
  /// Whether visited and mixed tiles follow from the intervals alone.
  bool exact = false;
};

/// Emits the closed forms at the builder (inside a plan.kernel: row and last
/// row may be any index values). `lower` gives the value of a symbol: an
/// `index`, or an `i1` where MaskSymbol::value is one. It may return null for a
/// symbol that is not worth computing (RowMin and RowMax ask for a fold over
/// the row tile): the intervals are then wider and the span is not exact. It is
/// called at most once per symbol, and only for those that occur.
///
/// The holes include everything from the last key on, so that a tile clear of
/// holes lies inside the keys.
SpanOperands
emitIntervals(mlir::OpBuilder &builder, mlir::Location loc,
              const MaskAnalysis &masks,
              llvm::function_ref<mlir::Value(const MaskSymbol &)> lower);

} // namespace attn
