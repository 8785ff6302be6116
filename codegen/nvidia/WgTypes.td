#ifndef WG_TYPES_TD
#define WG_TYPES_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Wg_Dialect : Dialect {
  let name = "wg";
  let summary = "Groups of four warps: register fragments, shared-memory stages, tensor cores";
  let description = [{
    What a kernel of an NVIDIA GPU does, one operation for each group of
    instructions that must stay together. Four warps (128 threads) are a
    *group*; a group owns 64 rows of a tile, each warp 16 of them. A *fragment*
    is spread over the threads of a group as the tensor cores want it, the same
    for sm_80 and sm_90a: thread `l` of warp `w` holds of an (r, c) tile the
    registers i = 0, 1, ..

        row 16 w + l / 4 + 8 ((i / 2) % 2),  column 8 (i / 4) + 2 (l % 4) + i % 2

    Row values take two registers per thread (`l / 4` and `l / 4 + 8`), the
    same in the four lanes of a quad; column values take two for eight columns.

    Control flow is `scf`, scalar arithmetic `arith`; both may carry fragments.
    Values outside fragments are uniform in a group unless said otherwise. The
    pass `wg-to-llvm` replaces each operation by the instructions it names.
  }];
  let cppNamespace = "::wg";
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::mlir::LLVM::LLVMDialect"];
}

class Wg_Type<string typeName, string typeMnemonic> : TypeDef<Wg_Dialect, typeName> {
  let mnemonic = typeMnemonic;
  let genVerifyDecl = 1; // [wg-1]
}

def Wg_Along : I32EnumAttr<"Along", "the side of a tile that a product sums over", [
  I32EnumAttrCase<"Cols", 0, "cols">, I32EnumAttrCase<"Rows", 1, "rows">]> {
  let cppNamespace = "::wg";
}

def Wg_Turn : I32EnumAttr<"Turn", "what a group does about its turn", [
  I32EnumAttrCase<"Start", 0, "start">, I32EnumAttrCase<"Take", 1, "take">,
  I32EnumAttrCase<"Pass", 2, "pass">]> {
  let cppNamespace = "::wg";
}

def Wg_Frag : Wg_Type<"Frag", "frag"> {
  let summary = "Row values, column values or a tile, in the registers of a group";
  let description = [{
    `!wg.frag<r x f32>`, `!wg.frag<c128 x i32>`, `!wg.frag<r x c128 x f32>`.
    The number of columns is a multiple of 8.
  }];
  let parameters = (ins "bool":$rows, "int64_t":$cols, "::mlir::Type":$element);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    /// Registers of a thread: 2 for rows, N / 4 for N columns, N / 2 for both.
    int64_t registers() const { return getCols() == 0 ? 2 : getCols() / (getRows() ? 2 : 4); }
    /// The register of this fragment that meets register `i` of `whole`, a
    /// fragment with at least the same sides.
    int64_t meets(FragType whole, int64_t i) const;
    FragType with(::mlir::Type element) const { return get(getContext(), getRows(), getCols(), element); }
  }];
}

def Wg_Packed : Wg_Type<"Packed", "packed"> {
  let summary = "A left operand in registers: 64 rows (16 of each warp) by so many columns of a 16-bit type";
  let description = [{
    `!wg.packed<128 x bf16>`: columns / 4 registers of two elements each. The
    number of columns is a multiple of 16.
  }];
  let parameters = (ins "int64_t":$cols, "::mlir::Type":$element);
  let assemblyFormat = "`<` $cols `x` $element `>`";
}

class Wg_Stages<string typeName, string typeMnemonic> : Wg_Type<typeName, typeMnemonic> {
  let parameters = (ins "int64_t":$stages, "int64_t":$rows, "int64_t":$cols, "::mlir::Type":$element);
  let assemblyFormat = "`<` $stages `x` $rows `x` $cols `x` $element `>`";
}

def Wg_Ring : Wg_Stages<"Ring", "ring"> {
  let summary = "Tiles in shared memory, filled by the copy engine and guarded by barriers";
  let description = [{
    `!wg.ring<2 x 128 x 96 x bf16>`: 2 stages of 128 rows and 96 columns of a
    16-bit type. A stage holds one chunk `[rows][64]` for every 64 columns (the
    last is padded), 16-byte pieces exchanged by the 128-byte swizzle.
  }];
  let extraClassDeclaration = [{
    int64_t chunks() const { return (getCols() + 63) / 64; }
    int64_t chunkBytes() const { return getRows() * 128; }
    int64_t stageBytes() const { return chunks() * chunkBytes(); }
    int64_t bytes() const { return getStages() * stageBytes(); }
    /// One barrier for full and one for empty of every stage.
    int64_t barrierBytes() const { return 16 * getStages(); }
  }];
}

def Wg_Tile : Wg_Stages<"Tile", "tile"> {
  let summary = "Tiles in shared memory, filled by the threads";
  let description = [{
    `!wg.tile<2 x 64 x 96 x bf16>`: 2 stages of 64 rows and 96 columns of a
    16-bit type. A stage is `[rows][columns, padded to a multiple of 64]`; piece
    p (16 bytes) of row y lies at piece p xor (y mod 8).
  }];
  let extraClassDeclaration = [{
    int64_t rowBytes() const { return (getCols() + 63) / 64 * 128; }
    int64_t stageBytes() const { return getRows() * rowBytes(); }
    int64_t bytes() const { return getStages() * stageBytes(); }
  }];
}

def Wg_Desc : Wg_Type<"Desc", "desc"> {
  let summary = "A stage of a ring as operand of a product";
  let description = [{
    `!wg.desc<128 x 64 x bf16 along cols>`: 128 rows of 64 columns; the product
    sums over the columns (queries, keys) or over the rows (values).
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$cols, "::mlir::Type":$element, EnumParameter<Wg_Along>:$along);
  let assemblyFormat = "`<` $rows `x` $cols `x` $element `along` $along `>`";
}

#endif // WG_TYPES_TD
