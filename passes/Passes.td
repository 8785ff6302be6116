#ifndef ATTN_PASSES_TD
#define ATTN_PASSES_TD

include "mlir/Pass/PassBase.td"
include "passes/MaskPasses.td"

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

//===----------------------------------------------------------------------===//
// Weights and plans
//===----------------------------------------------------------------------===//

def PrintWeightsPass : Pass<"attn-print-weights", "::attn::PatternOp"> {
  let summary = "Print the passes over the keys and the row state that weights need";
  let description = [{
    For tests and `attnc explain`: one block of text per attend, on standard
    output, in the words of docs/weights.md. The IR stays as it is.
  }];
}

def PlanPass : Pass<"attn-plan", "::mlir::ModuleOp"> {
  let summary = "Turn patterns into programs of kernels and buffers";
  let description = [{
    Each `attn.attend` becomes a kernel with one sweep per pass of its weights;
    definitions over the same rows of its results are computed in its tail.
    Each other `attn.define` becomes a kernel that writes a buffer or an output.
    Afterwards no pattern is left (docs/plan.md). Refuses, at the operation,
    what has no plan.
  }];
  let options = [
    Option<"rows", "rows", "int64_t", "64", "Rows of a tile">,
    Option<"cols", "cols", "int64_t", "64", "Keys of a tile">];
  let dependentDialects = ["::plan::PlanDialect"];
}

#endif // ATTN_PASSES_TD
