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

def ExpandGpuMath : Pass<"attn-expand-gpu-math"> {
  let summary = "Functions by instructions of NVIDIA's GPUs where those are accurate enough; total operations";
  let description = [{
    Scalars. Before `attn-expand-math`, which makes arithmetic of the rest.
    docs/codegen.md lists the errors.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect"];
}

def WgToLlvm : Pass<"wg-to-llvm"> {
  let summary = "Kernels of the wg dialect as functions in the LLVM and NVVM dialects";
  let description = [{
    Every `wg.kernel` becomes an entry point. Fragments become their registers;
    `scf`, scalar `arith` and simple `math` stay; functions are instructions or
    arithmetic (attn-expand-gpu-math, attn-expand-math). Needs shared memory of the kernel's size at the launch: one array of the
    module, `attn_shared`, aligned to 1024 bytes.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect"];
}

def PlanToWg : Pass<"attn-plan-to-wg", "::mlir::ModuleOp"> {
  let summary = "Kernels of a plan as groups of warps with tensor cores";
  let description = [{
    The program is erased; kernels that tensor cores refuse are left out with a
    remark that says why.
  }];
  let options = [Option<"target", "target", "std::string", "\"sm_90a\"", "sm_90a or sm_80">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::wg::WgDialect"];
}

#endif // ATTN_CODEGEN_TD
