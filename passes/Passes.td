#ifndef ATTN_PASSES_TD
#define ATTN_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Level 1
//===----------------------------------------------------------------------===//

def PullScalesPass : Pass<"attn-pull-scales", "::attn::PatternOp"> {
  let summary = "Take scalar factors out of dot products";
  let description = [{
    `dot(x * c, y)` becomes `c * dot(x, y)`, `dot(x / c, y)` becomes
    `dot(x, y) / c` (both are 0 for c = 0 [S3]), likewise for `matvec`. So
    unit rows cost one number per row, and the product reads the rows as they
    are stored: afterwards no product has two converted operands of one type.
  }];
}

def HoistKeysPass : Pass<"attn-hoist-keys", "::attn::PatternOp"> {
  let summary = "Compute once per key what depends on nothing but the key";
  let description = [{
    A row that an attend makes from a key alone (and batch entry and head), or a
    number that costs vector arithmetic, becomes an `attn.define` in front of
    it. The attend reads the field. Plain reads, conversions and parts of them
    stay: they cost no arithmetic.
  }];
}

#endif // ATTN_PASSES_TD
