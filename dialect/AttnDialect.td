#ifndef ATTN_DIALECT_TD
#define ATTN_DIALECT_TD

include "mlir/IR/OpBase.td"

def Attn_Dialect : Dialect {
  let name = "attn";
  let summary = "What an attention pattern computes";
  let description = [{
    Level 1: comprehensions over index spaces, with a region for every rule of
    the language (mask, score, weights, value). There are no tiles, threads or
    loops here. Element bodies use `arith`, `math` and `vector` on scalars and
    rows, and the total operations of this dialect where the language defines
    what upstream operations leave undefined.
  }];
  let cppNamespace = "::attn";
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // ATTN_DIALECT_TD
