#ifndef ATTN_OPS_TD
#define ATTN_OPS_TD

include "dialect/AttnDialect.td"
include "dialect/AttnEnums.td"
include "dialect/AttnTypes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Attn_Op<string mnemonic, list<Trait> traits = []> : Op<Attn_Dialect, mnemonic, traits>;

// An operation whose result prints under the operation's `name`.
class Attn_Named<string mnemonic, list<Trait> traits = []>
    : Attn_Op<mnemonic, traits # [DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]>;

//===----------------------------------------------------------------------===//
// The pattern and its arguments
//===----------------------------------------------------------------------===//

def Attn_PatternOp : Attn_Op<"pattern", [IsolatedFromAbove, Symbol, NoTerminator, SingleBlock]> {
  let summary = "One pattern: definitions in SSA form, closed by its outputs";
  let description = [{
    Use-def chains are the dependency graph. A module is a pattern *at* one
    element type, one D, one E and one choice of `const` parameters.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1; // [attn-1] [attn-2]
}

def Attn_InputOp : Attn_Named<"input"> {
  let summary = "A tensor argument";
  let arguments = (ins StrAttr:$name);
  let results = (outs Attn_Field:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def Attn_ParamOp : Attn_Named<"param"> {
  let summary = "A run-time scalar: `index`, `f32` or `i1`";
  let description = [{
    The host evaluates defaults and passes the value. `min` and `max`
    (optional integer attributes) are facts the analyses may use.
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs AnyTypeOf<[Index, F32, I1]>:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def Attn_ExtentOp : Attn_Named<"extent", [Pure]> {
  let summary = "The length of a label";
  let arguments = (ins StrAttr:$name);
  let results = (outs Index:$result);
  let assemblyFormat = "$name attr-dict";
}

def Attn_OutputOp : Attn_Op<"output"> {
  let summary = "A result, stored in the given element type";
  let arguments = (ins StrAttr:$name, Attn_Field:$value, OptionalAttr<TypeAttr>:$storage);
  let assemblyFormat = "$name $value (`as` $storage^)? attr-dict `:` type($value)";
  let hasVerifier = 1; // [attn-12]
}

//===----------------------------------------------------------------------===//
// Comprehensions
//===----------------------------------------------------------------------===//

class Attn_Comprehension<string mnemonic, list<Trait> traits = []>
    : Attn_Op<mnemonic, traits # [Pure, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let hasCustomAssemblyFormat = 1;
}

def Attn_DefineOp : Attn_Comprehension<"define"> {
  let summary = "A field by comprehension: the body gives one element";
  let description = [{
    ```mlir
    %u = attn.define "u" (%b < %B, %j < %M) { ... attn.yield %x : f32 } : !attn.field<[B, M], f32>
    ```
  }];
  let arguments = (ins StrAttr:$name, StrArrayAttr:$indices, Variadic<Index>:$bounds);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Attn_Field:$result);
  let hasVerifier = 1;       // [attn-4]
  let hasRegionVerifier = 1; // [attn-9]
}

def Attn_ReduceOp : Attn_Comprehension<"reduce"> {
  let summary = "A reduction over index ranges, of the values whose condition holds";
  let description = [{
    Empty reductions are total: sum, mean and count 0; max -inf and min +inf
    (as `index`: -1); any false; all true. `count` yields nothing but its
    condition.

    ```mlir
    %s = attn.reduce sum (%t < %T) { ... attn.yield %x : f32 if %p } : f32
    ```
  }];
  let arguments = (ins Attn_Fold:$kind, StrArrayAttr:$indices, Variadic<Index>:$bounds);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs AnyType:$result);
  let hasVerifier = 1;       // [attn-5]
  let hasRegionVerifier = 1; // [attn-9]
}

def Attn_AttendOp : Attn_Comprehension<"attend", [AttrSizedOperandSegments]> {
  let summary = "A weighted sum over the keys that each row sees";
  let description = [{
    For every outer index the keys with `mask` true are visible. `score` gives
    one f32 per visible key, `weights` maps it to a weight (`attn.rowsum` sums
    over the visible keys of the row), `value` gives the row to be added. The
    result is the sum of weight times value, 0 where no key is visible. The
    last outer index is the row, the swept index the key; both count from 0.

    ```mlir
    %a = attn.attend "o" (%b < %B, %h < %H, %i < %N) over (%j < %M)
      mask {...} score {...} weights (%s: f32) {...} value {...} : !attn.attention<[B, H, N], vector<64xf32>>
    ```
  }];
  let arguments = (ins StrAttr:$name, StrArrayAttr:$indices, Variadic<Index>:$bounds, Variadic<Index>:$swept);
  let regions = (region SizedRegion<1>:$mask, SizedRegion<1>:$score, SizedRegion<1>:$weights, SizedRegion<1>:$value);
  let results = (outs Attn_Attention:$result);
  let hasVerifier = 1;       // [attn-7]
  let hasRegionVerifier = 1; // [attn-9]
}

def Attn_ResultOp : Attn_Op<"result", [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "A field of an attention: its output, log-denominator or row maximum";
  let arguments = (ins Attn_Stat:$stat, Attn_Attention:$attention);
  let results = (outs Attn_Field:$result);
  let assemblyFormat = "$stat $attention attr-dict `:` type($attention)";
}

//===----------------------------------------------------------------------===//
// Element operations
//===----------------------------------------------------------------------===//

def Attn_AtOp : Attn_Op<"at", [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "An element of a field; zero outside its extents";
  let arguments = (ins Attn_Field:$field, Variadic<Index>:$indices);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$field `[` $indices `]` attr-dict `:` type($field)";
  let hasVerifier = 1; // [attn-3]
}

def Attn_MemberOp : Attn_Op<"member", [Pure]> {
  let summary = "Whether a value is in a set that the caller gives [S12]"
                "; sets outside their extents are empty";
  let description = [{
    A set is a field of integers whose last label is the slots of its list. Its
    members are those in `from` .. `to`; other entries are skipped.

    ```mlir
    %p = attn.member %c in %S[%b, %h, %r] from %zero to %C : !attn.field<[B, H, r, S.items], i32>
    ```
  }];
  let arguments = (ins Index:$value, Attn_Field:$set, Variadic<Index>:$indices, Index:$from, Index:$to);
  let results = (outs I1:$result);
  let assemblyFormat = "$value `in` $set `[` $indices `]` `from` $from `to` $to attr-dict `:` type($set)";
  let hasVerifier = 1; // [attn-3]
}

def Attn_DotOp : Attn_Op<"dot", [Pure]> {
  let summary = "The dot product of two rows, accumulated in f32";
  let arguments = (ins AnyVectorOfNonZeroRank:$lhs, AnyVectorOfNonZeroRank:$rhs);
  let results = (outs F32:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs)";
  let hasVerifier = 1; // [attn-12]
}

def Attn_MatVecOp : Attn_Op<"matvec", [Pure]> {
  let summary = "A matrix times a row, accumulated in f32";
  let arguments = (ins AnyVectorOfNonZeroRank:$matrix, AnyVectorOfNonZeroRank:$vector);
  let results = (outs AnyVectorOfNonZeroRank:$result);
  let assemblyFormat = "$matrix `,` $vector attr-dict `:` type($matrix) `,` type($vector) `->` type($result)";
  let hasVerifier = 1;
}

def Attn_CatOp : Attn_Op<"cat", [Pure]> {
  let summary = "Rows laid end to end";
  let arguments = (ins Variadic<AnyVectorOfNonZeroRank>:$parts);
  let results = (outs AnyVectorOfNonZeroRank:$result);
  let assemblyFormat = "$parts attr-dict `:` type($parts) `->` type($result)";
  let hasVerifier = 1;
}

def Attn_RampOp : Attn_Op<"ramp", [Pure]> {
  let summary = "The row 0, 1, 2, ... as numbers";
  let results = (outs AnyVectorOfNonZeroRank:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Attn_ComponentOp : Attn_Op<"component", [Pure]> {
  let summary = "A component of a row or matrix; zero outside it";
  let arguments = (ins AnyVectorOfNonZeroRank:$vector, Variadic<Index>:$position);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$vector `[` $position `]` attr-dict `:` type($vector) `->` type($result)";
  let hasVerifier = 1;
}

def Attn_KvHeadOp : Attn_Op<"kv_head", [Pure]> {
  let summary = "The key head that a query head reads: h floordiv (H / G)";
  let arguments = (ins Index:$head);
  let results = (outs Index:$result);
  let assemblyFormat = "$head attr-dict";
}

// `count` and `rowsum` mean something only in their region: they have no
// memory effect, but must never be hoisted out of it.
def Attn_CountOp : Attn_Op<"count", [NoMemoryEffect]> {
  let summary = "How many keys the row sees";
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
  let hasVerifier = 1; // [attn-8]
}

def Attn_RowSumOp : Attn_Op<"rowsum", [NoMemoryEffect, SameOperandsAndResultType]> {
  let summary = "The sum of an element expression over the keys that the row sees";
  let arguments = (ins F32:$value);
  let results = (outs F32:$result);
  let assemblyFormat = "$value attr-dict";
  let hasVerifier = 1; // [attn-8]
}

class Attn_TotalFloat<string mnemonic> : Attn_Op<mnemonic, [Pure, SameOperandsAndResultType, Elementwise]> {
  let arguments = (ins AnyTypeOf<[F32, VectorOfAnyRankOf<[F32]>]>:$lhs, AnyTypeOf<[F32, VectorOfAnyRankOf<[F32]>]>:$rhs);
  let results = (outs AnyTypeOf<[F32, VectorOfAnyRankOf<[F32]>]>:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
  let hasFolder = 1;
}
def Attn_DivOp : Attn_TotalFloat<"div"> {
  let summary = "Division of numbers; a / 0 is 0 [S3]";
  let hasCanonicalizeMethod = 1;
}

class Attn_TotalInt<string mnemonic> : Attn_Op<mnemonic, [Pure]> {
  let arguments = (ins Index:$lhs, Index:$rhs);
  let results = (outs Index:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict";
  let hasFolder = 1;
}
def Attn_FloorDivOp : Attn_TotalInt<"floordiv"> {
  let summary = "Integer division towards minus infinity; a // 0 is 0 [S3]";
  let hasCanonicalizeMethod = 1;
}
def Attn_ModOp : Attn_TotalInt<"mod"> {
  let summary = "The remainder of `floordiv`; a mod 0 is a [S3]";
  let hasCanonicalizeMethod = 1;
}
def Attn_ShlOp : Attn_TotalInt<"shl"> {
  let summary = "Left shift of a 64-bit integer; by 64 or more, or by less than 0, gives 0 [S5]";
}
def Attn_ShrOp : Attn_TotalInt<"shr"> {
  let summary = "Arithmetic right shift of a 64-bit integer; by 64 or more, or by less than 0, gives 0 [S5]";
}
def Attn_ILog2Op : Attn_Op<"ilog2", [Pure]> {
  let summary = "The position of the highest set bit; -1 for 0 and below";
  let arguments = (ins Index:$value);
  let results = (outs Index:$result);
  let assemblyFormat = "$value attr-dict";
  let hasFolder = 1;
}

def Attn_YieldOp : Attn_Op<"yield", [Pure, Terminator, ReturnLike, AttrSizedOperandSegments]> {
  let summary = "The value of a region, and the condition under which it counts";
  let arguments = (ins Variadic<AnyType>:$values, Optional<I1>:$condition);
  let assemblyFormat = "($values^ `:` type($values))? (`if` $condition^)? attr-dict";
}

#endif // ATTN_OPS_TD
