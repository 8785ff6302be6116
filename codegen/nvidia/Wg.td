#ifndef WG_TD
#define WG_TD

include "codegen/nvidia/WgTypes.td"
include "dialect/AttnEnums.td"
include "mlir/Dialect/LLVMIR/LLVMTypes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Wg_Op<string mnemonic, list<Trait> traits = []> : Op<Wg_Dialect, mnemonic, traits>;

def Wg_Operand : AnyTypeOf<[Wg_Frag, Wg_Packed]>;
def Wg_Global : LLVM_PointerInAddressSpace<1>;
def Wg_Parameter : LLVM_PointerInAddressSpace<0>;

//===----------------------------------------------------------------------===//
// The kernel and its threads
//===----------------------------------------------------------------------===//

def Wg_KernelOp : Wg_Op<"kernel", [IsolatedFromAbove, Symbol, SingleBlockImplicitTerminator<"YieldOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "An entry point: threads of a block, bytes of shared memory, bytes of the frame";
  let description = [{
    The block arguments are the frame, `!llvm.ptr` to a parameter passed by
    value; scratch and statistics, `!llvm.ptr<1>`, perhaps null; and one tensor
    map each, `!llvm.ptr` to 128 bytes passed by value.

    ```mlir
    wg.kernel @dense threads 384 shared 163920 frame 320 (%frame, %scratch, %stats, %q, %k, %v) { ... }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$threads, I64Attr:$shared, I64Attr:$frame);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1; // [wg-2]
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "int64_t":$threads, "int64_t":$shared, "int64_t":$frame,
      "unsigned":$maps, "::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location, ::mlir::Block &)>":$body)>];
  let extraClassDeclaration = [{
    ::mlir::Block &entry() { return getBody().front(); }
    ::mlir::Value frameArgument() { return entry().getArgument(0); }
    ::mlir::Value scratchArgument() { return entry().getArgument(1); }
    ::mlir::Value statsArgument() { return entry().getArgument(2); }
    ::mlir::Value mapArgument(unsigned n) { return entry().getArgument(3 + n); }
  }];
}

def Wg_SlotOp : Wg_Op<"slot", [Pure]> {
  let summary = "A slot of the frame";
  let description = [{
    i64 and index take all of it, i32 and f32 the low half, i1 whether it is not
    0; `!llvm.ptr<1>` is an address of the device.

    ```mlir
    %n = wg.slot %frame[12] : i64
    ```
  }];
  let arguments = (ins Wg_Parameter:$frame, I64Attr:$slot);
  let results = (outs AnyTypeOf<[I64, I32, F32, I1, Index, Wg_Global]>:$result);
  let assemblyFormat = "$frame `[` $slot `]` attr-dict `:` type($result)";
}

class Wg_Id<string mnemonic, string text> : Wg_Op<mnemonic, [Pure]> {
  let summary = text;
  let results = (outs I32:$result);
  let assemblyFormat = "attr-dict";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, $_builder.getI32Type()); }]>];
}
def Wg_BlockOp : Wg_Id<"block", "The number of the block in the grid">;
def Wg_BlocksOp : Wg_Id<"blocks", "How many blocks there are">;
def Wg_ThreadOp : Wg_Id<"thread", "The number of the thread in its block (not uniform)">;
def Wg_LaneOp : Wg_Id<"lane", "The number of the thread in its warp (not uniform)">;
def Wg_WarpOp : Wg_Id<"warp", "The number of the warp in its block (uniform in a warp)">;
def Wg_GroupOp : Wg_Id<"group", "The number of the group of four warps in its block">;

def Wg_CountOp : Wg_Op<"count"> {
  let summary = "Adds to a counter unless there are no statistics; every thread that comes here adds";
  let description = [{
    ```mlir
    wg.count %stats[0] by %n
    ```
  }];
  let arguments = (ins Wg_Global:$stats, I64Attr:$counter, I64:$amount);
  let assemblyFormat = "$stats `[` $counter `]` `by` $amount attr-dict";
}

def Wg_RolesOp : Wg_Op<"roles", [RecursiveMemoryEffects, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "One group that fetches, and groups that compute";
  let description = [{
    The first group runs `producer` on one elected thread, on all its threads
    with `whole`. The other groups run `consumers` with their number 0, 1, .. .
    Each side first takes its share of the registers: a multiple of 8 from 24 to
    256.

    ```mlir
    wg.roles producer registers 24 { ... } consumers 2 registers 240 (%w) { ... }
    ```
  }];
  let arguments = (ins I64Attr:$producerRegisters, UnitAttr:$whole, I64Attr:$consumers, I64Attr:$consumerRegisters);
  let regions = (region SizedRegion<1>:$producer, SizedRegion<1>:$consumer);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1; // [wg-3]
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "int64_t":$producerRegisters, "int64_t":$consumers, "int64_t":$consumerRegisters, "bool":$whole,
      "::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location)>":$producer,
      "::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location, ::mlir::Value)>":$consumer)>];
}

def Wg_SyncOp : Wg_Op<"sync"> {
  let summary = "All threads of the block wait for each other";
  let assemblyFormat = "attr-dict";
}

def Wg_TurnOp : Wg_Op<"turn"> {
  let summary = "Groups 0 to n - 1 of the consumers take turns";
  let description = [{
    `take` waits until it is the group's turn, `pass` hands the turn on, `start`
    (once, before the first `take`) gives it to group 0. While one group feeds
    the tensor cores the others do arithmetic.

    ```mlir
    wg.turn take %w of 2
    ```
  }];
  let arguments = (ins Wg_Turn:$kind, I32:$group, I64Attr:$of);
  let assemblyFormat = "$kind $group `of` $of attr-dict";
  let hasVerifier = 1; // [wg-4]
}

def Wg_UniformOp : Wg_Op<"uniform"> {
  let summary = "A number that is the same in all lanes of a warp, made so that the assembler knows";
  let description = [{
    Once per iteration on the counter that stages are derived from: otherwise
    addresses of operands may be computed in each lane and moved to uniform
    registers.
  }];
  let arguments = (ins I32:$value);
  let results = (outs I32:$result);
  let assemblyFormat = "$value attr-dict";
}

//===----------------------------------------------------------------------===//
// Stages in shared memory, filled by the copy engine (sm_90a)
//===----------------------------------------------------------------------===//

def Wg_RingOp : Wg_Op<"ring", [Pure]> {
  let summary = "A ring of tiles at fixed places of shared memory";
  let description = [{
    `at` is a multiple of 1024 and holds `bytes()` of the type; `barriers` is a
    multiple of 8 and holds 16 bytes for every stage. A `gathered` ring is filled
    by all threads of the producer with `wg.gather`, any other one by `wg.copy`.

    ```mlir
    %k = wg.ring at 32768 barriers 163840 : !wg.ring<2 x 128 x 128 x bf16>
    %v = wg.ring at 32768 barriers 163840 gathered : !wg.ring<2 x 128 x 128 x bf16>
    ```
  }];
  let arguments = (ins I64Attr:$at, I64Attr:$barriers, UnitAttr:$gathered);
  let results = (outs Wg_Ring:$result);
  let assemblyFormat = "`at` $at `barriers` $barriers (`gathered` $gathered^)? attr-dict `:` type($result)";
  let hasVerifier = 1; // [wg-5]
}

def Wg_RingInitOp : Wg_Op<"ring_init"> {
  let summary = "Prepares the barriers of rings; all threads of the block, once, before any role";
  let description = [{
    `warps` is how many warps release a stage: 4 for each consuming group.

    ```mlir
    wg.ring_init %q, %k, %v warps 8 : !wg.ring<..>, ...
    ```
  }];
  let arguments = (ins Variadic<Wg_Ring>:$rings, I64Attr:$warps);
  let assemblyFormat = "$rings `warps` $warps attr-dict `:` type($rings)";
}

class Wg_Staged<string mnemonic, string text> : Wg_Op<mnemonic> {
  let summary = text;
  let description = [{
    The n-th use of a ring (n = 0, 1, ..) is at stage n mod stages, lap
    n / stages.
  }];
  let arguments = (ins Wg_Ring:$ring, I32:$use);
  let assemblyFormat = "$ring `[` $use `]` attr-dict `:` type($ring)";
}
def Wg_AcquireOp : Wg_Staged<"acquire", "The producer waits until the stage was released in the lap before">;
def Wg_ExpectOp : Wg_Staged<"expect", "The producer announces the bytes of a whole stage; copies follow">;
def Wg_WaitOp : Wg_Staged<"wait", "A consumer waits until the stage is full">;
def Wg_ReleaseOp : Wg_Staged<"release", "A consumer gives the stage back; each warp of it counts once">;

def Wg_CopyOp : Wg_Op<"copy"> {
  let summary = "Fetches rows of a tensor into a stage: one box of 64 columns after the other";
  let description = [{
    The coordinates are the first row and then the other labels of the map,
    i32; what lies outside the tensor is zero. A box has the rows of the ring,
    or `rows` many, which go to the stage's rows `from`, ... (multiples of 8).
    One thread runs it.

    ```mlir
    wg.copy %map[%row, %h, %b] -> %k[%n] : !wg.ring<2 x 128 x 128 x bf16>
    wg.copy %map[%row, %h, %b] -> %k[%n] from 32 rows 16 : !wg.ring<2 x 128 x 128 x bf16>
    ```
  }];
  let arguments = (ins Wg_Parameter:$map, Variadic<I32>:$coordinates, Wg_Ring:$ring, I32:$use,
                       DefaultValuedAttr<I64Attr, "0">:$from, OptionalAttr<I64Attr>:$rows);
  let assemblyFormat = [{
    $map `[` $coordinates `]` `->` $ring `[` $use `]` (`from` $from^)? (`rows` $rows^)? attr-dict `:` type($ring)
  }];
  let hasVerifier = 1; // [wg-6]
}

def Wg_GatherOp : Wg_Op<"gather"> {
  let summary = "Threads begin to fetch listed rows of a tensor into a stage; rows behind the end are zero";
  let description = [{
    `items` are i32 in memory that does not change. Row y of the stage is that of
    position p = `first` + y: row items[p] of the tensor, and with `of` N, row
    N items[p / N] + p mod N. Positions from `end` on (greater than 0) do not
    exist. Row x of the tensor begins `stride` * x elements behind `base`; both
    are multiples of 16 bytes. Columns behind the last one are zero, up to a
    multiple of 64.

    Into a ring, which is `gathered`: all threads of the producer, 16 rows at a
    time. Each arrives at the stage's barrier once its copies are done, and
    `wg.wait` orders them with products. Into a tile: all threads of the block,
    as `wg.fetch`, and with `components` nothing needs to be aligned.

    ```mlir
    wg.gather %base by %stride rows %items[%first] below %end -> %k[%n] : !wg.ring<2 x 128 x 128 x bf16>
    wg.gather %base by %stride rows %items[%first] of 64 below %end -> %k[%stage] : !wg.tile<2 x 64 x 128 x bf16>
    ```
  }];
  let arguments = (ins Wg_Global:$base, I64:$stride, Optional<I64>:$components, Wg_Global:$items, I32:$first,
                       DefaultValuedAttr<I64Attr, "1">:$of, I32:$end, AnyTypeOf<[Wg_Ring, Wg_Tile]>:$stages, I32:$use);
  let assemblyFormat = [{
    $base `by` $stride (`components` $components^)? `rows` $items `[` $first `]` (`of` $of^)? `below` $end
    `->` $stages `[` $use `]` attr-dict `:` type($stages)
  }];
  let hasVerifier = 1; // [wg-18]
}

def Wg_OperandOp : Wg_Op<"operand", [Pure]> {
  let summary = "A stage as operand of a product, from row `rows` on (a multiple of 8; 0 if not said)";
  let description = [{
    ```mlir
    %a = wg.operand %q[%n] rows %r0 : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<128 x 64 x bf16 along cols>
    ```
  }];
  let arguments = (ins Wg_Ring:$ring, I32:$use, Optional<I32>:$first);
  let results = (outs Wg_Desc:$result);
  let assemblyFormat = "$ring `[` $use `]` (`rows` $first^)? attr-dict `:` type($ring) `->` type($result)";
  let hasVerifier = 1; // [wg-7]
}

//===----------------------------------------------------------------------===//
// Products (sm_90a)
//===----------------------------------------------------------------------===//

def Wg_GemmOp : Wg_Op<"gemm", [OptionalTypesMatchWith<"acc has the type of the result", "result", "acc", "$_self">]> {
  let summary = "Starts a product of 64 rows on the tensor cores: one group of instructions";
  let description = [{
    The left operand is a stage along columns, of which the 64 rows from the
    operand's first are taken, or packed registers. The right one gives as many
    columns of the result as the result has: rows of a stage along columns, or
    columns of a stage along rows. Sums run over whole steps of 16; padding is
    zero. Without `acc` sums begin at 0.

    The result, `acc` and packed registers must not be touched before a
    `wg.await` that covers the group.

    ```mlir
    %s = wg.gemm %a, %b : !wg.desc<128 x 64 x bf16 along cols>, !wg.desc<128 x 64 x bf16 along cols> -> !wg.frag<r x c128 x f32>
    %o = wg.gemm %p, %v acc %o0 : !wg.packed<128 x bf16>, !wg.desc<128 x 64 x bf16 along rows> -> !wg.frag<r x c64 x f32>
    ```
  }];
  let arguments = (ins AnyTypeOf<[Wg_Desc, Wg_Packed]>:$lhs, Wg_Desc:$rhs, Optional<Wg_Frag>:$acc);
  let results = (outs Wg_Frag:$result);
  let assemblyFormat = "$lhs `,` $rhs (`acc` $acc^)? attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
  let hasVerifier = 1; // [wg-8]
}

def Wg_AwaitOp : Wg_Op<"await", [TypesMatchWith<"same", "values", "results", "$_self">]> {
  let summary = "Waits until at most `pending` products are under way; the values may be used behind it";
  let description = [{
    Name every result (and packed operand used again) of the products that are
    complete then: whatever uses the results of `await` cannot move before it.

    ```mlir
    %s2 = wg.await 1 (%s) : !wg.frag<r x c128 x f32>
    ```
  }];
  let arguments = (ins I64Attr:$pending, Variadic<Wg_Operand>:$values);
  let results = (outs Variadic<Wg_Operand>:$results);
  let assemblyFormat = "$pending ` ` `(` $values `)` attr-dict `:` type($values)";
  let hasVerifier = 1; // [wg-9]
  let builders = [OpBuilder<(ins "int64_t":$pending, "::mlir::ValueRange":$values), [{
    build($_builder, $_state, ::mlir::TypeRange(values), pending, values); }]>];
}

def Wg_GuardOp : Wg_Op<"guard", [TypesMatchWith<"same", "weights", "result", "$_self">]> {
  let summary = "Weights whose product with a stage ignores rows of weight 0, whatever these hold";
  let description = [{
    Where a hidden key has weight 0 its values may be no numbers, but 0 times
    NaN is NaN. Every infinity and NaN in the stage becomes 0; weights of such
    rows that are not 0 become NaN. Costs a look at the whole stage, so it
    belongs where keys are hidden. Packed weights take half the registers.

    All consumers (all threads of the block for a `wg.tile`) come here, no
    turn is held, no product is under way. `flags` is a place of shared memory
    with a byte for every row of the stage, nobody else's.

    ```mlir
    %w = wg.guard %p, %v[%n] flags 163920 : !wg.packed<128 x bf16>, !wg.ring<2 x 128 x 64 x bf16>
    ```
  }];
  let arguments = (ins Wg_Operand:$weights, AnyTypeOf<[Wg_Ring, Wg_Tile]>:$stages, I32:$use, I64Attr:$flags);
  let results = (outs Wg_Operand:$result);
  let assemblyFormat = "$weights `,` $stages `[` $use `]` `flags` $flags attr-dict `:` type($weights) `,` type($stages)";
  let hasVerifier = 1; // [wg-16]
}

def Wg_PinOp : Wg_Op<"pin"> {
  let summary = "Keeps what follows behind the computation of these row values, which are never negative";
  let description = [{
    The assembler moves `await` upwards, before arithmetic that could run
    beside the products. A branch that is never taken and depends on the values
    stops it. Pin the row sums before the last `await` of an iteration.
  }];
  let arguments = (ins Wg_Frag:$rows);
  let assemblyFormat = "$rows attr-dict `:` type($rows)";
  let hasVerifier = 1; // [wg-10]
}

include "codegen/nvidia/WgFragmentOps.td"

//===----------------------------------------------------------------------===//
// Stages in shared memory, filled by the threads (sm_80)
//===----------------------------------------------------------------------===//

def Wg_TileOp : Wg_Op<"tile", [Pure]> {
  let summary = "Tiles at a fixed place of shared memory, a multiple of 128";
  let arguments = (ins I64Attr:$at);
  let results = (outs Wg_Tile:$result);
  let assemblyFormat = "`at` $at attr-dict `:` type($result)";
  let hasVerifier = 1; // [wg-5]
}

def Wg_FetchOp : Wg_Op<"fetch", [AttrSizedOperandSegments]> {
  let summary = "All threads begin to fetch rows `first`, `first` + 1, .. below `limit` into a stage; the rest is zero";
  let description = [{
    Row y begins `stride` * y elements behind `base`; both are multiples of 16
    bytes. Rows below 0 are zero, too; without `limit` all rows exist. Columns behind the last one are zero,
    up to a multiple of 64. The block has a multiple of 64 threads, and the rows
    of a stage are a multiple of an eighth of them.

    With `components` the elements of a row lie so far apart, nothing needs to be
    aligned, and they are copied one by one.

    ```mlir
    wg.fetch %base rows %first to %limit by %stride -> %k[%stage] : !wg.tile<2 x 64 x 128 x bf16>
    ```
  }];
  let arguments = (ins Wg_Global:$base, I64:$first, Optional<I64>:$limit, I64:$stride, Optional<I64>:$components, Wg_Tile:$tile,
                       I32:$stage);
  let assemblyFormat = "$base `rows` $first (`to` $limit^)? `by` $stride (`components` $components^)? `->` $tile `[` $stage `]` attr-dict `:` type($tile)";
  let hasVerifier = 1; // [wg-17]
}

def Wg_FetchCommitOp : Wg_Op<"fetch_commit"> {
  let summary = "The fetches of this thread since the last commit become one group";
  let assemblyFormat = "attr-dict";
}

def Wg_FetchWaitOp : Wg_Op<"fetch_wait"> {
  let summary = "Waits until at most `pending` groups of fetches of this thread are under way";
  let arguments = (ins I64Attr:$pending);
  let assemblyFormat = "$pending attr-dict";
}

def Wg_FiniteOp : Wg_Op<"finite"> {
  let summary = "Whether what this thread fetched of a stage holds no infinity and no NaN (not uniform)";
  let description = [{
    Behind the `wg.fetch_wait` of its group. All threads together look at the
    whole stage: `wg.sync_any` brings their answers together.
  }];
  let arguments = (ins Wg_Tile:$tile, I32:$stage);
  let results = (outs I1:$result);
  let assemblyFormat = "$tile `[` $stage `]` attr-dict `:` type($tile)";
  let builders = [OpBuilder<(ins "::mlir::Value":$tile, "::mlir::Value":$stage), [{
    build($_builder, $_state, $_builder.getI1Type(), tile, stage); }]>];
}

def Wg_SyncAnyOp : Wg_Op<"sync_any"> {
  let summary = "All threads of the block wait for each other; whether `value` is true in one of them";
  let arguments = (ins I1:$value);
  let results = (outs I1:$result);
  let assemblyFormat = "$value attr-dict";
  let builders = [OpBuilder<(ins "::mlir::Value":$value), [{
    build($_builder, $_state, $_builder.getI1Type(), value); }]>];
}

def Wg_LoadPackedOp : Wg_Op<"load_packed"> {
  let summary = "The 64 rows of a group, from row `rows` of a stage on, as left operand of products";
  let description = [{
    In front of the one product that uses it, the registers are loaded step by
    step as the product needs them.

    ```mlir
    %a = wg.load_packed %q[%stage] rows %r0 : !wg.tile<1 x 64 x 128 x bf16> -> !wg.packed<128 x bf16>
    ```
  }];
  let arguments = (ins Wg_Tile:$tile, I32:$stage, Optional<I32>:$first);
  let results = (outs Wg_Packed:$result);
  let assemblyFormat = "$tile `[` $stage `]` (`rows` $first^)? attr-dict `:` type($tile) `->` type($result)";
  let hasVerifier = 1; // [wg-7]
}

def Wg_MmaOp : Wg_Op<"mma", [OptionalTypesMatchWith<"acc has the type of the result", "result", "acc", "$_self">]> {
  let summary = "A product with a stage, by the threads' own instructions; complete when it returns";
  let description = [{
    As `wg.gemm` with packed registers on the left; `along` says what the sum
    runs over. With `exact`, along rows, what is 0 on the left adds nothing even
    to infinity or NaN on the right; this is a loop without tensor cores.

    ```mlir
    %s = wg.mma %a, %k[%stage] along cols : !wg.packed<128 x bf16>, !wg.tile<2 x 64 x 128 x bf16> -> !wg.frag<r x c64 x f32>
    %o = wg.mma %p, %v[%stage] along rows acc %o0 : !wg.packed<64 x bf16>, !wg.tile<2 x 64 x 128 x bf16> -> !wg.frag<r x c128 x f32>
    ```
  }];
  let arguments = (ins Wg_Packed:$lhs, Wg_Tile:$tile, I32:$stage, Wg_Along:$along, Optional<Wg_Frag>:$acc, UnitAttr:$exact);
  let results = (outs Wg_Frag:$result);
  let assemblyFormat = [{
    $lhs `,` $tile `[` $stage `]` `along` $along (`exact` $exact^)? (`acc` $acc^)? attr-dict
    `:` type($lhs) `,` type($tile) `->` type($result)
  }];
  let hasVerifier = 1; // [wg-8]
}

def Wg_YieldOp : Wg_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "The values of a region";
  let arguments = (ins Variadic<AnyType>:$values);
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // WG_TD
