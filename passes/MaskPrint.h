// Closed forms as people write them.
#pragma once
#include "passes/MaskAnalysis.h"

namespace attn::mask {

/// `r1 + offset - window + 1`, `64*floordiv(r0, 64)`.
std::string text(mlir::AffineExpr e, llvm::ArrayRef<MaskSymbol> symbols);

/// `[max(0, r0 - 3), min(M - 1, r1)] if w - 1 >= 0`.
std::string text(const KeyInterval &interval,
                 llvm::ArrayRef<MaskSymbol> symbols);

} // namespace attn::mask
