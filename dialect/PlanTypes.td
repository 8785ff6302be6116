#ifndef PLAN_TYPES_TD
#define PLAN_TYPES_TD

include "mlir/IR/AttrTypeBase.td"
include "dialect/PlanDialect.td"

class Plan_Type<string typeName, string typeMnemonic> : TypeDef<Plan_Dialect, typeName> {
  let mnemonic = typeMnemonic;
}

def Plan_Buffer : Plan_Type<"Buffer", "buffer"> {
  let summary = "The memory behind a field: an argument or workspace";
  let description = [{
    `!plan.buffer<[B, G, M], vector<64xbf16>>`: one run-time stride per label
    and per component dimension. `i1` elements are bytes in memory.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$labels, "::mlir::Type":$element);
  let assemblyFormat = "`<` custom<Labels>($labels) `,` $element `>`";
}

def Plan_Tile : Plan_Type<"Tile", "tile"> {
  let summary = "A value with named dimensions";
  let description = [{
    `!plan.tile<r, c, f32>`, `!plan.tile<c, d = 64, bf16>`, `!plan.tile<r, index>`.
    `r` and `c` are sized by the schedule; a letter carries its static size, or
    `?` when a `plan.range` gives it at run time.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$dims, "::mlir::Type":$element);
  let assemblyFormat = "`<` custom<Dims>($dims) $element `>`";
  let genVerifyDecl = 1; // [plan-1]
  let extraClassDeclaration = [{
    /// Stationary rows and streamed columns.
    static constexpr int64_t R = -1, C = -2;
    /// A dimension with a letter ('a'..'z' except 'r', 'c') and a size; 0 is a run-time size.
    static int64_t dim(char letter, int64_t size) { return (int64_t(letter) << 32) | size; }
    static char letter(int64_t dim) { return dim == R ? 'r' : dim == C ? 'c' : char(dim >> 32); }
    /// The static size of a letter; 0 if it is known at run time only.
    static int64_t size(int64_t dim) { return dim & 0xffffffff; }
    bool has(int64_t dim) const { return ::llvm::is_contained(getDims(), dim); }
  }];
}

def Plan_Span : Plan_Type<"Span", "span"> {
  let summary = "What a sweep visits: a sequence of index tiles of so many keys";
  let parameters = (ins "int64_t":$step);
  let assemblyFormat = "`<` $step `>`";
  let genVerifyDecl = 1;
}

#endif // PLAN_TYPES_TD
