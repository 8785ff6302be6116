// What is worth saying about a mask: clauses without effect, rows without keys.
#pragma once
#include "mlir/IR/Location.h"
#include "passes/MaskAnalysis.h"
#include "llvm/ADT/SmallPtrSet.h"
#include <map>

namespace attn {

struct MaskFinding {
  enum Kind {
    Never,           ///< a clause that is false wherever it is asked
    Always,          ///< a clause that is true wherever it is asked
    NoEffect,        ///< the mask is the same whatever the clause says
    RowsWithoutKeys, ///< some rows see no key; `text` says which: `i < w`
    NoKeys,          ///< no row sees any key
  };
  Kind kind;
  mlir::Location location; ///< of the clause, or of the mask
  std::string text;
  mlir::Value clause; ///< null for rows
};

/// Values of parameters to assume, by name: the defaults of the pattern.
/// Parameters without one are taken to be at least 1.
using ParamValues = std::map<std::string, int64_t>;

/// All findings of one mask, in the order of the text. They are proofs: none
/// depends on data. RowsWithoutKeys is reported where such rows exist at the
/// given parameters with 0 <= i < M.
std::vector<MaskFinding> findInMask(const MaskQuestion &question,
                                    const ParamValues &params = {});

/// Clauses of a mask and what they may be replaced by.
struct ClauseFolds {
  /// The `and`, `or`, `xor` and `select` that do nothing but make the mask; a
  /// clause is replaced where these, or the end of the region, use it.
  llvm::SmallPtrSet<mlir::Operation *, 8> joints;
  std::vector<std::pair<mlir::Value, bool>> folds;
};

/// The clauses that can be replaced by a constant, one after the other, without
/// changing the mask for any 0 <= r < N and 0 <= j < M. Long masks have none.
ClauseFolds foldableClauses(const MaskQuestion &question);

} // namespace attn
