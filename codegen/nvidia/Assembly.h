// Instructions that LLVM does not look into.
#pragma once
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace attn::nvidia {

/// The result of `text`, an instruction that writes $0. With `stays` it is
/// executed where it stands, and no other result serves in its place; else it is
/// a function of its operands.
inline mlir::Value assembly(mlir::ImplicitLocOpBuilder &b, mlir::Type type, llvm::StringRef text, llvm::StringRef constraints,
                            mlir::ValueRange operands, bool stays = true) {
  return mlir::LLVM::InlineAsmOp::create(b, mlir::TypeRange(type), operands, text, constraints, /*hasSideEffects=*/stays, /*isAlignStack=*/false,
                                         mlir::LLVM::TailCallKind::None, mlir::LLVM::AsmDialectAttr(), mlir::ArrayAttr())
      .getResult(0);
}

} // namespace attn::nvidia
