#ifndef ATTN_MASK_PASSES_TD
#define ATTN_MASK_PASSES_TD

include "mlir/Pass/PassBase.td"

def FoldMasksPass : Pass<"attn-fold-masks", "::attn::PatternOp"> {
  let summary = "Remove the clauses of masks that change nothing";
  let description = [{
    A clause that can be replaced by a constant without changing the mask for
    any 0 <= r < N and 0 <= j < M is replaced by it. Afterwards every clause of
    an affine mask makes a difference somewhere. Other operations keep their
    places and locations.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ExpandCountsPass : Pass<"attn-expand-counts", "::attn::PatternOp"> {
  let summary = "Replace the number of keys that a row sees by a formula";
  let description = [{
    Where the live keys of a single row are at most three intervals in closed
    form, `attn.count` becomes integer arithmetic on their ends: the sum of
    their lengths, less what two of them share. Other counts stay.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def PrintMasksPass : Pass<"attn-print-masks"> {
  let summary = "Print which keys a range of rows sees, in closed form";
  let description = [{
    For every attend the live keys and the holes of the rows r0..r1 (see
    docs/masks.md). With `check` the closed forms, and the tile verdicts of the
    spans that would be emitted from them, are compared with the mask itself at
    random lengths, offsets, parameters, tables and tile sizes.
  }];
  let options = [
    Option<"check", "check", "bool", "false", "Compare with the mask, element by element">,
    Option<"keys", "keys", "bool", "false", "Also with keys as rows, as dK and dV need it">,
    Option<"findings", "findings", "bool", "false", "Warn of clauses without effect and rows without keys">,
    Option<"trials", "trials", "unsigned", "100", "How many random assignments to compare at">,
    Option<"seed", "seed", "unsigned", "1", "Where the random assignments begin">,
  ];
}

#endif // ATTN_MASK_PASSES_TD
