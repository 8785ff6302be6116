#ifndef ATTN_CODEGEN_TD
#define ATTN_CODEGEN_TD

include "mlir/Pass/PassBase.td"

def PlanToCpu : Pass<"attn-plan-to-cpu", "::mlir::ModuleOp"> {
  let summary = "Kernels of a plan as functions over vectors of one native width";
  let description = [{
    Queries lie in lanes. Every `plan.program` becomes functions with one frame
    of 8-byte slots as argument (codegen/Manifest.h): `@NAME.sizes(frame)` and
    per kernel `@NAME.KERNEL.n(frame, item, scratch, stats)`.
  }];
  let options = [
    Option<"lanes", "lanes", "unsigned", "16", "f32 lanes of a native vector: 16, 8 or 4">,
    Option<"vectors", "vectors", "unsigned", "4", "vectors of rows in a register tile">,
    Option<"keys", "keys", "unsigned", "4", "keys in a register tile">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def ExpandMath : Pass<"attn-expand-math"> {
  let summary = "Mathematical functions as arithmetic";
  let description = [{
    Scalars and vectors of f32. Nothing of `math` is left that would become a
    call of the C library. docs/codegen.md lists the errors.
  }];
  let options = [
    Option<"scalef", "scalef", "bool", "false", "use the AVX-512 instruction that multiplies by a power of two">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect"];
}

def PlanPrintShape : Pass<"attn-plan-print-shape", "::mlir::ModuleOp"> {
  let summary = "Prints what tensor cores would see of every kernel, or why they refuse it";
}

#endif // ATTN_CODEGEN_TD
