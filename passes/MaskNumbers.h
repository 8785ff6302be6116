// The closed forms of a mask at given numbers.
#pragma once
#include "passes/MaskAnalysis.h"

namespace attn {

/// Floored; division by 0 gives 0 and the remainder by 0 is the dividend [S3].
int64_t evaluate(mlir::AffineExpr e, llvm::ArrayRef<int64_t> symbols);

/// Closed key ranges [first, last]; none of them is empty.
using KeyRanges = llvm::SmallVector<std::pair<int64_t, int64_t>>;

/// What the intervals are at these values of the symbols, sorted and with
/// overlaps joined.
KeyRanges evaluate(llvm::ArrayRef<KeyInterval> intervals,
                   llvm::ArrayRef<int64_t> symbols);

/// How many tiles of rows x cols of a mask are dead, full and mixed.
struct TileClasses {
  int64_t dead = 0, full = 0, mixed = 0;
  /// Otherwise the counts are those of the hulls: fewer may be live, and some
  /// of the mixed ones may be full or dead.
  bool exact = false;

  int64_t visited() const { return full + mixed; }
};

/// Counts from the closed forms, without looking at the mask, for the given
/// lengths; `value` gives the symbols other than r0, r1 and the two lengths.
/// One head of one batch entry.
TileClasses
classifyTiles(const MaskAnalysis &masks, int64_t rowCount, int64_t keyCount,
              int64_t tileRows, int64_t tileCols,
              llvm::function_ref<int64_t(const MaskSymbol &, int64_t firstRow,
                                         int64_t lastRow)>
                  value);

} // namespace attn
