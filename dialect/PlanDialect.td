#ifndef PLAN_DIALECT_TD
#define PLAN_DIALECT_TD

include "mlir/IR/OpBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let summary = "How a pattern is computed: kernels, sweeps over spans of keys, tiles";
  let description = [{
    Level 2: a program of kernels and the buffers between them. A kernel keeps
    a tile of rows and sweeps over tiles of keys. Tiles have *named*
    dimensions: `r` (stationary rows), `c` (streamed columns) and letters with
    a static size (`d = 64`) or a run-time size (`x = ?`). Dimensions meet by
    name. There are no lanes, threads, addresses or layouts here.
  }];
  let cppNamespace = "::plan";
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::affine::AffineDialect", "::attn::AttnDialect"];
}

#endif // PLAN_DIALECT_TD
