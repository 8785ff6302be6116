#ifndef PLAN_OPS_TD
#define PLAN_OPS_TD

include "dialect/AttnEnums.td"
include "dialect/PlanDialect.td"
include "dialect/PlanTypes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

// An operation whose result prints under the operation's `name`.
class Plan_Named<string mnemonic, list<Trait> traits = []>
    : Plan_Op<mnemonic, traits # [DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]>;

//===----------------------------------------------------------------------===//
// The program: arguments, sizes, workspace, kernels
//===----------------------------------------------------------------------===//

def Plan_ProgramOp : Plan_Op<"program", [IsolatedFromAbove, Symbol, NoTerminator, SingleBlock]> {
  let summary = "A pattern as kernels and the buffers between them";
  let description = [{
    Operations outside kernels are host arithmetic on lengths. Program order of
    the kernels is a valid order.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}

def Plan_TensorOp : Plan_Named<"tensor"> {
  let summary = "A tensor argument; `output` marks a result";
  let arguments = (ins StrAttr:$name, UnitAttr:$output);
  let results = (outs Plan_Buffer:$result);
  let assemblyFormat = "$name (`output` $output^)? attr-dict `:` type($result)";
}

def Plan_ScalarOp : Plan_Named<"scalar", [Pure]> {
  let summary = "A run-time scalar argument";
  let arguments = (ins StrAttr:$name);
  let results = (outs AnyTypeOf<[Index, F32, I1]>:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def Plan_ExtentOp : Plan_Named<"extent", [Pure]> {
  let summary = "The length of a label";
  let arguments = (ins StrAttr:$name);
  let results = (outs Index:$result);
  let assemblyFormat = "$name attr-dict";
}

def Plan_AllocOp : Plan_Op<"alloc"> {
  let summary = "Workspace: a dense buffer with one size per label";
  let arguments = (ins StrAttr:$name, Variadic<Index>:$sizes);
  let results = (outs Plan_Buffer:$result);
  let assemblyFormat = "$name `(` $sizes `)` attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Plan_ColumnsOp : Plan_Op<"columns", [Pure]> {
  let summary = "The same memory with the components of a row as a label of their own";
  let description = [{
    For kernels whose rows are components: all of them may be worked on at a
    time.

    ```mlir
    %x = plan.columns %out : !plan.buffer<[H, N], vector<64xf32>> -> !plan.buffer<[H, N, E], f32>
    ```
  }];
  let arguments = (ins Plan_Buffer:$buffer);
  let results = (outs Plan_Buffer:$result);
  let assemblyFormat = "$buffer attr-dict `:` type($buffer) `->` type($result)";
  let hasVerifier = 1;
}

def Plan_SizeOp : Plan_Named<"size", [Pure]> {
  let summary = "A number that is computed once for a call, before any kernel runs";
  let arguments = (ins StrAttr:$name, Index:$value);
  let results = (outs Index:$result);
  let assemblyFormat = "$name $value attr-dict";
}

def Plan_WorkersOp : Plan_Op<"workers", [Pure]> {
  let summary = "How many instances run at a time: threads of a host, multiprocessors of a device";
  let description = [{
    Results do not depend on it beyond rounding.
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

def Plan_KernelOp : Plan_Op<"kernel", [AffineScope, NoTerminator, SingleBlock,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "A grid of independent instances";
  let description = [{
    The last grid index counts row tiles: `rows` rows each, the side that the
    schedule names. Instances read nothing that another one writes.

    ```mlir
    plan.kernel "o" (%b < %B, %h < %H, %t < %T) schedule {rows = 64, cols = 64} { ... }
    ```
  }];
  let arguments = (ins StrAttr:$name, StrArrayAttr:$indices, Variadic<Index>:$grid, OptionalAttr<DictionaryAttr>:$schedule);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1; // [plan-2]
}

//===----------------------------------------------------------------------===//
// Rows and spans
//===----------------------------------------------------------------------===//

def Plan_RowsOp : Plan_Op<"rows", [Pure]> {
  let summary = "The index tile of the rows `from`, `from + 1`, .. below `limit`; the rest is absent";
  let description = [{
    Loads at an absent entry give zero, stores there do nothing. `from` may be
    below 0: rows below 0 are absent, too.
  }];
  let arguments = (ins Index:$from, Index:$limit);
  let results = (outs Plan_Tile:$result);
  let assemblyFormat = "$from `to` $limit attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Plan_RangeOp : Plan_Op<"range", [Pure]> {
  let summary = "The index tile 0, 1, .. below a length, over a named dimension";
  let arguments = (ins Index:$extent);
  let results = (outs Plan_Tile:$result);
  let assemblyFormat = "$extent attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Plan_TilesOp : Plan_Op<"tiles", [Pure, AttrSizedOperandSegments]> {
  let summary = "The aligned key tiles that meet a live interval";
  let description = [{
    Intervals are half-open; one that ends before it begins is empty. A tile
    clear of every hole is *full*: `plan.mask` is true on it. Other visited
    tiles are *mixed*. Whoever builds a span makes what lies behind the last key
    a hole.
    An interval may be a family: `live(%lo to %hi by %s times %n)` stands for
    the `n` intervals shifted by 0, s, 2s, ... Families stand last: strides and
    counts belong to the last intervals of their list. A span that is not `exact`
    covers more tiles than some row sees; whoever lowers it may find out by the
    mask which of them are empty or full.
  }];
  let arguments = (ins Variadic<Index>:$liveLo, Variadic<Index>:$liveHi, Variadic<Index>:$liveStride, Variadic<Index>:$liveCount,
                       Variadic<Index>:$holeLo, Variadic<Index>:$holeHi, Variadic<Index>:$holeStride, Variadic<Index>:$holeCount,
                       UnitAttr:$exact);
  let results = (outs Plan_Span:$result);
  let assemblyFormat = [{
    `live` custom<Intervals>($liveLo, $liveHi, $liveStride, $liveCount)
    `holes` custom<Intervals>($holeLo, $holeHi, $holeStride, $holeCount)
    (`exact` $exact^)? attr-dict `:` type($result)
  }];
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::plan::Interval> live() {
      return intervals(getLiveLo(), getLiveHi(), getLiveStride(), getLiveCount());
    }
    ::llvm::SmallVector<::plan::Interval> holes() {
      return intervals(getHoleLo(), getHoleHi(), getHoleStride(), getHoleCount());
    }
    static ::llvm::SmallVector<::plan::Interval> intervals(::mlir::OperandRange lo, ::mlir::OperandRange hi,
                                                           ::mlir::OperandRange stride, ::mlir::OperandRange count);
  }];
  let hasVerifier = 1; // [plan-3]
}

def Plan_PartOp : Plan_Op<"part", [Pure, TypesMatchWith<"same", "span", "result", "$_self">]> {
  let summary = "Share `number` of `count` of a span's tiles: neighbours, about as many in each share";
  let description = [{
    The tiles from the first visited one to the last are cut into `count`
    stretches of equal length; a share may well be empty. What is visited, and
    which visited tiles are full, is as in the whole span. `number` lies below
    `count`.
  }];
  let arguments = (ins Plan_Span:$span, Index:$number, Index:$count);
  let results = (outs Plan_Span:$result);
  let assemblyFormat = "$span `,` $number `of` $count attr-dict `:` type($span)";
}

//===----------------------------------------------------------------------===//
// Lists
//===----------------------------------------------------------------------===//

def Plan_CollectOp : Plan_Op<"collect", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Makes a list of what the caller gave as a set [S12]";
  let description = [{
    A set that the caller gives is a buffer of integers, its last label the
    slots. A *list* is workspace with the same labels and one slot more, of i32:
    at uniform indices the first slot is the number of items, the items follow,
    ascending, each once, each in `from` .. `to`; what lies behind them is
    undefined. So readers of lists meet neither repeated items nor ones out of
    range.

    Stands alone in a kernel whose instances have one list each.

    ```mlir
    plan.collect %raw into %S[%b, %h, %t] from %zero to %C : !plan.buffer<[B, H, r, S], i32>, !plan.buffer<[B, H, r, S], i32>
    ```
  }];
  let arguments = (ins Plan_Buffer:$raw, Plan_Buffer:$list, Variadic<Index>:$indices, Index:$from, Index:$to);
  let assemblyFormat = "$raw `into` $list `[` $indices `]` `from` $from `to` $to attr-dict `:` type($raw) `,` type($list)";
  let hasVerifier = 1; // [plan-10]
}

def Plan_MarkOp : Plan_Op<"mark", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Makes a table of truth values of what the caller gave as a set [S12]";
  let description = [{
    Entry x of the table at these indices says whether `from + x` is in the set;
    entries are those below `to - from`. For sets that differ within a tile of
    rows, or whose members are not all visible: a mask reads the table.
  }];
  let arguments = (ins Plan_Buffer:$raw, Plan_Buffer:$table, Variadic<Index>:$indices, Index:$from, Index:$to);
  let assemblyFormat = "$raw `into` $table `[` $indices `]` `from` $from `to` $to attr-dict `:` type($raw) `,` type($table)";
  let hasVerifier = 1; // [plan-10]
}

class Plan_ListSpan<string mnemonic> : Plan_Op<mnemonic, [AttrSizedOperandSegments]> {
  let arguments = (ins Plan_Buffer:$list, Variadic<Index>:$indices, I64Attr:$run, Index:$below,
                       Variadic<Index>:$liveLo, Variadic<Index>:$liveHi, Variadic<Index>:$liveStride, Variadic<Index>:$liveCount,
                       Variadic<Index>:$holeLo, Variadic<Index>:$holeHi, Variadic<Index>:$holeStride, Variadic<Index>:$holeCount,
                       UnitAttr:$exact);
  let results = (outs Plan_Span:$result);
  let assemblyFormat = [{
    $list `[` $indices `]` `of` $run `below` $below
    `live` custom<Intervals>($liveLo, $liveHi, $liveStride, $liveCount)
    `holes` custom<Intervals>($holeLo, $holeHi, $holeStride, $holeCount)
    (`exact` $exact^)? attr-dict `:` type($list) `->` type($result)
  }];
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::plan::Interval> live();
    ::llvm::SmallVector<::plan::Interval> holes();
  }];
  let hasVerifier = 1; // [plan-3]
}

def Plan_BlocksOp : Plan_ListSpan<"blocks"> {
  let summary = "The aligned key tiles inside listed blocks that meet a live interval";
  let description = [{
    Item x of the list is the block of the keys `x * run`, .., `x * run + run - 1`;
    the step of the span divides `run`. So the tiles are those of `plan.tiles`,
    aligned and of consecutive keys, less the ones outside listed blocks. Keys
    from `below` on are absent (only the last block can have some).

    Live intervals, holes and `exact` mean what they mean for `plan.tiles`: of
    the tiles inside listed blocks those that meet a live interval are visited;
    a visited tile clear of every hole is *full*, every other one *mixed*. The
    list stands for a condition of the mask that is always true on visited
    tiles, so the region of `plan.mask` does not hold it any more. What lies
    behind the last key is a hole here, too. Tiles come in the order of the
    list or any other.

    ```mlir
    %keys = plan.blocks %S[%b, %h, %u] of 128 below %M live(%zero to %end) holes(%first to %M) exact : !plan.buffer<[B, H, r, S], i32> -> !plan.span<64>
    ```
  }];
}

def Plan_TokensOp : Plan_ListSpan<"tokens"> {
  let summary = "The keys of a list, gathered into tiles";
  let description = [{
    The runs of the items, `x * run`, .., `x * run + run - 1`, laid end to end and
    cut off at `below`, make one ascending sequence of keys; with `of 1` it is the
    list itself. Tile T holds entries `T * step` .. of it: the index tile of the
    sweep has arbitrary ascending keys. All but the last tile are whole; in the
    last one the entries behind the end of the sequence are absent.

    Intervals are met by the keys of a tile, `exact` or not: a tile none of
    whose keys lies in a live interval may be skipped, one with no key in a hole
    and no absent entry is *full*. (Comparing the interval from its first to its
    last key is sound.) As for `plan.blocks`, the mask does not repeat what the
    list says.
  }];
}

def Plan_SweepOp : Plan_Op<"sweep", [DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "A loop over a span, carrying the row state";
  let description = [{
    ```mlir
    %l = plan.sweep (%j in %keys : !plan.span<64>) carry (%sum = %zero : !plan.tile<r, f32>) { ... plan.yield %next : !plan.tile<r, f32> }
    ```
    The order of the tiles is the schedule's.
  }];
  let arguments = (ins Plan_Span:$span, StrArrayAttr:$indices, Variadic<AnyType>:$init);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<AnyType>:$finals);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1; // [plan-4]
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

def Plan_LoadOp : Plan_Op<"load", [MemoryEffects<[MemRead]>]> {
  let summary = "Elements of a buffer at uniform indices and index tiles; zero where absent or outside";
  let description = [{
    The operands are the indices in the order of the labels: `index` values are
    uniform, index tiles contribute their dimensions. A row element adds its
    component dimensions last. With no tile among them the result is a scalar
    or a tile over the component dimensions.

    ```mlir
    %kt = plan.load %k[%b, %g, %j] : !plan.buffer<[B, G, M], vector<64xbf16>>, index, index, !plan.tile<c, index> -> !plan.tile<c, d = 64, bf16>
    ```
  }];
  let arguments = (ins Plan_Buffer:$buffer, Variadic<AnyTypeOf<[Index, Plan_Tile]>>:$indices);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$buffer `[` $indices `]` attr-dict `:` type($buffer) (`,` type($indices)^)? `->` type($result)";
  let hasVerifier = 1; // [plan-5]
}

def Plan_StoreOp : Plan_Op<"store", [MemoryEffects<[MemWrite]>]> {
  let summary = "Writes a tile into a buffer; absent entries are dropped";
  let arguments = (ins AnyType:$value, Plan_Buffer:$buffer, Variadic<AnyTypeOf<[Index, Plan_Tile]>>:$indices);
  let assemblyFormat = "$value `,` $buffer `[` $indices `]` attr-dict `:` type($value) `,` type($buffer) (`,` type($indices)^)?";
  let hasVerifier = 1; // [plan-5]
}

def Plan_FillOp : Plan_Op<"fill", [Pure]> {
  let summary = "A tile of one value";
  let arguments = (ins AnyType:$value);
  let results = (outs Plan_Tile:$result);
  let assemblyFormat = "$value attr-dict `:` type($value) `->` type($result)";
  let hasVerifier = 1;
}

def Plan_ContractOp : Plan_Op<"contract", [Pure]> {
  let summary = "Sums products over the one dimension that both operands have and the result lacks, in f32";
  let arguments = (ins Plan_Tile:$lhs, Plan_Tile:$rhs, Optional<Plan_Tile>:$acc);
  let results = (outs Plan_Tile:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1; // [plan-7]
}

class Plan_Elementwise<string mnemonic> : Plan_Op<mnemonic, [Pure,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let arguments = (ins StrArrayAttr:$names, Variadic<AnyType>:$tiles);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Plan_Tile:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1; // [plan-6]
}

def Plan_MapOp : Plan_Elementwise<"map"> {
  let summary = "Elementwise with broadcast by name";
  let description = [{
    The region sees one element of every operand. It holds scalar `arith`,
    `math`, `affine` and total `attn` operations on its arguments and on uniform
    values of the enclosing kernel.

    ```mlir
    %y = plan.map (%x = %s : !plan.tile<r, c, f32>, %m = %base : !plan.tile<r, f32>) -> !plan.tile<r, c, f32> { ... plan.yield %e : f32 }
    ```
  }];
}

def Plan_MaskOp : Plan_Elementwise<"mask"> {
  let summary = "A map to i1 that is true on full tiles and false at absent indices";
  let description = [{
    The only place where a mask region lives. Lowerings make a copy of the step
    for full tiles in which it is constant.
  }];
}

def Plan_FoldOp : Plan_Op<"fold", [Pure]> {
  let summary = "Reduces the dimensions that the result lacks";
  let arguments = (ins Attn_Fold:$kind, Plan_Tile:$tile);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$kind $tile attr-dict `:` type($tile) `->` type($result)";
  let hasVerifier = 1; // [plan-8]
}

def Plan_SliceOp : Plan_Op<"slice", [Pure]> {
  let summary = "Components `from` .. of the last dimension, under a new letter";
  let arguments = (ins Plan_Tile:$tile, I64Attr:$from);
  let results = (outs Plan_Tile:$result);
  let assemblyFormat = "$tile `from` $from attr-dict `:` type($tile) `->` type($result)";
  let hasVerifier = 1;
}

def Plan_ConcatOp : Plan_Op<"concat", [Pure]> {
  let summary = "Tiles laid end to end along their last dimension, under a new letter";
  let arguments = (ins Variadic<Plan_Tile>:$parts);
  let results = (outs Plan_Tile:$result);
  let assemblyFormat = "$parts attr-dict `:` type($parts) `->` type($result)";
  let hasVerifier = 1;
}

def Plan_PickOp : Plan_Op<"pick", [Pure]> {
  let summary = "The component of the last dimension at an index tile or index; zero outside";
  let arguments = (ins Plan_Tile:$tile, AnyTypeOf<[Index, Plan_Tile]>:$position);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$tile `at` $position attr-dict `:` type($tile) `,` type($position) `->` type($result)";
  let hasVerifier = 1;
}

def Plan_AdvanceOp : Plan_Op<"advance", [Pure, TypesMatchWith<"same", "reference", "candidate", "$_self">,
    TypesMatchWith<"same", "reference", "next", "$_self">, TypesMatchWith<"same", "reference", "base", "$_self">,
    TypesMatchWith<"same", "reference", "factor", "$_self">]> {
  let summary = "Moves the running reference of a rescaled state";
  let description = [{
    Per row any `next` with `reference <= next` and `next >= candidate - slack`;
    the slack is the schedule's, 0 with `exact`. `base` is `next`, or 0 while
    next is -inf; `factor` is `exp(reference - base)`. Results do not depend on
    the choice beyond rounding.
  }];
  let arguments = (ins Plan_Tile:$reference, Plan_Tile:$candidate, UnitAttr:$exact);
  let results = (outs Plan_Tile:$next, Plan_Tile:$base, Plan_Tile:$factor);
  let assemblyFormat = "$reference `,` $candidate (`exact` $exact^)? attr-dict `:` type($reference)";
}

def Plan_ScaleOp : Plan_Op<"scale", [Pure, TypesMatchWith<"same", "tile", "result", "$_self">]> {
  let summary = "Multiplies a state by the factor of its rows";
  let arguments = (ins Plan_Tile:$tile, Plan_Tile:$factor);
  let results = (outs Plan_Tile:$result);
  let assemblyFormat = "$tile `by` $factor attr-dict `:` type($tile) `,` type($factor)";
  let hasVerifier = 1;
}

def Plan_YieldOp : Plan_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "The value of a region";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // PLAN_OPS_TD
