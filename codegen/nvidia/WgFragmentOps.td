#ifndef WG_FRAGMENT_OPS_TD
#define WG_FRAGMENT_OPS_TD

// Operations on fragments: the same for all architectures. Part of Wg.td, which
// has the classes.

def Wg_RowsOp : Wg_Op<"rows", [Pure]> {
  let summary = "`base` plus the row of each register in the 64 rows of a group";
  let arguments = (ins AnyTypeOf<[I32, I64, Index]>:$base);
  let results = (outs Wg_Frag:$result);
  let assemblyFormat = "$base attr-dict `:` type($base) `->` type($result)";
  let hasVerifier = 1; // [wg-11]
}

def Wg_ColsOp : Wg_Op<"cols", [Pure]> {
  let summary = "`base` plus the column of each register";
  let arguments = (ins AnyTypeOf<[I32, I64, Index]>:$base);
  let results = (outs Wg_Frag:$result);
  let assemblyFormat = "$base attr-dict `:` type($base) `->` type($result)";
  let hasVerifier = 1; // [wg-11]
}

def Wg_FirstOp : Wg_Op<"first", [Pure]> {
  let summary = "The column of the thread's first register: 2 (lane mod 4) (not uniform)";
  let results = (outs I32:$result);
  let assemblyFormat = "attr-dict";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, $_builder.getI32Type()); }]>];
}

def Wg_StepsOp : Wg_Op<"steps", [Pure]> {
  let summary = "How far the column of each register is from the thread's first: constants";
  let description = [{
    Column = `wg.first` + step. A comparison of a row value with a step needs no
    arithmetic per register, so masks subtract base and `wg.first` from a bound
    per row once.
  }];
  let results = (outs Wg_Frag:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1; // [wg-11]
}

def Wg_FillOp : Wg_Op<"fill", [Pure]> {
  let summary = "A fragment of one value";
  let arguments = (ins AnyType:$value);
  let results = (outs Wg_Frag:$result);
  let assemblyFormat = "$value attr-dict `:` type($value) `->` type($result)";
  let hasVerifier = 1; // [wg-11]
}

def Wg_MapOp : Wg_Op<"map", [RecursiveMemoryEffects,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "Elementwise; rows and columns are repeated";
  let description = [{
    The region sees one element of every operand. It holds scalar `arith`,
    `math` and total `attn` operations on its arguments and on values of the
    kernel. All results have the same sides; operands have them or one of them.

    ```mlir
    %p = wg.map (%x = %s : !wg.frag<r x c128 x f32>, %m = %base : !wg.frag<r x f32>) -> !wg.frag<r x c128 x f32> { ... wg.yield %e : f32 }
    ```
  }];
  let arguments = (ins StrArrayAttr:$names, Variadic<Wg_Frag>:$frags);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<Wg_Frag>:$results);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1; // [wg-12]
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::ValueRange":$frags,
      "::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location, ::mlir::ValueRange)>":$body)>];
}

def Wg_FoldOp : Wg_Op<"fold", [Pure]> {
  let summary = "Reduces the registers of a thread that lie in one row: sum, max, min, any, all";
  let description = [{
    Only one lane's share of the row: `wg.reduce` brings the four lanes of a
    quad together. Sums may be kept apart until the end.
  }];
  let arguments = (ins Attn_Fold:$kind, Wg_Frag:$frag);
  let results = (outs Wg_Frag:$result);
  let assemblyFormat = "$kind $frag attr-dict `:` type($frag) `->` type($result)";
  let hasVerifier = 1; // [wg-13]
}

def Wg_ReduceOp : Wg_Op<"reduce", [TypesMatchWith<"same", "frag", "result", "$_self">]> {
  let summary = "Row values from their shares in the four lanes of a quad; the whole warp comes here";
  let arguments = (ins Attn_Fold:$kind, Wg_Frag:$frag);
  let results = (outs Wg_Frag:$result);
  let assemblyFormat = "$kind $frag attr-dict `:` type($frag)";
  let hasVerifier = 1; // [wg-13]
}

def Wg_AnyOp : Wg_Op<"any"> {
  let summary = "Whether any element that the warp holds is true; the same in all its lanes";
  let description = [{
    Warps of a group may disagree, so no product may depend on it.
  }];
  let arguments = (ins Wg_Frag:$frag);
  let results = (outs I1:$result);
  let assemblyFormat = "$frag attr-dict `:` type($frag)";
  let hasVerifier = 1; // [wg-11]
}

def Wg_PackOp : Wg_Op<"pack", [Pure]> {
  let summary = "Rounds a fragment to 16 bits, as left operand of a product";
  let arguments = (ins Wg_Frag:$frag);
  let results = (outs Wg_Packed:$result);
  let assemblyFormat = "$frag attr-dict `:` type($frag) `->` type($result)";
  let hasVerifier = 1; // [wg-14]
}

def Wg_LoadOp : Wg_Op<"load", [AttrSizedOperandSegments, MemoryEffects<[MemRead]>]> {
  let summary = "Elements of global memory at the positions of a fragment, zero where not `valid`";
  let description = [{
    `index` counts elements from `base` (i32 or i64); it and `valid` have the
    sides of the result or one of them. With `stride`, column c lies c times so
    many elements behind `index`, which then has no columns.

    ```mlir
    %x = wg.load %base[%index] if %valid : !wg.frag<r x c64 x i64>, !wg.frag<r x i1> -> !wg.frag<r x c64 x f32>
    %y = wg.load %base[%row] by %stride if %valid : !wg.frag<r x i64>, !wg.frag<r x i1> -> !wg.frag<r x c64 x f32>
    ```
  }];
  let arguments = (ins Wg_Global:$base, Wg_Frag:$index, Optional<Wg_Frag>:$valid, Optional<I64>:$stride);
  let results = (outs Wg_Frag:$result);
  let assemblyFormat = [{
    $base `[` $index `]` (`by` $stride^)? (`if` $valid^)? attr-dict `:` type($index) (`,` type($valid)^)? `->` type($result)
  }];
  let hasVerifier = 1; // [wg-15]
}

def Wg_StoreOp : Wg_Op<"store", [AttrSizedOperandSegments, MemoryEffects<[MemWrite]>]> {
  let summary = "Rows of a fragment to global memory, where `valid`";
  let description = [{
    Row r begins `index` elements behind `base` (row values, i32 or i64); its
    columns lie `stride` elements apart, 1 if not said. `cols` is how many of
    the columns exist. `align` promises a multiple of so many bytes for the
    address of every row and allows wider stores. Row values are stored by one
    lane of a quad.

    ```mlir
    wg.store %o, %base[%index] if %valid align 16 cols 64 : !wg.frag<r x c64 x bf16>, !wg.frag<r x i64>, !wg.frag<r x i1>
    ```
  }];
  let arguments = (ins Wg_Frag:$value, Wg_Global:$base, Wg_Frag:$index, Optional<Wg_Frag>:$valid, Optional<I64>:$stride,
                       OptionalAttr<I64Attr>:$align, OptionalAttr<I64Attr>:$cols);
  let assemblyFormat = [{
    $value `,` $base `[` $index `]` (`by` $stride^)? (`if` $valid^)? (`align` $align^)? (`cols` $cols^)? attr-dict
    `:` type($value) `,` type($index) (`,` type($valid)^)?
  }];
  let hasVerifier = 1; // [wg-15]
}

#endif // WG_FRAGMENT_OPS_TD
