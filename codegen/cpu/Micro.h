// The two inner loops of attention, as functions of the module.
#pragma once
#include "codegen/cpu/Emit.h"

namespace attn::cpu {

/// `void(S, Q, K, keyStride, componentStride, components, keys)`, strides in
/// bytes: S[c][r] = sum over d of Q[d][r] * K[c][d] in f32, rows in lanes.
/// Writes S for keys rounded up to the register tile; reads no key beyond `keys`.
/// `element` is what K consists of, here and below: f32 or a 16-bit float.
mlir::func::FuncOp scoresFunction(mlir::ModuleOp module, const Target &target, int64_t rows, mlir::Type element);

/// `void(O, P, V, keyStride, componentStride, components, keys)`:
/// O[e][r] += sum over c of V[c][e] * P[c][r]. O has room for components
/// rounded up to the register tile.
mlir::func::FuncOp accumulateFunction(mlir::ModuleOp module, const Target &target, int64_t rows, mlir::Type element);

/// The same, but what has weight exactly 0 is not read into the sum, even if V
/// is not finite there.
mlir::func::FuncOp accumulateExactFunction(mlir::ModuleOp module, const Target &target, int64_t rows, mlir::Type element);

/// `i1(V, keyStride, componentStride, components, keys)`: all of V is finite.
mlir::func::FuncOp finiteFunction(mlir::ModuleOp module, const Target &target, mlir::Type element);

/// Starts a private function at the end of `module`, which is never inlined.
/// `name` is made unique by the caller.
mlir::func::FuncOp makeFunction(mlir::ModuleOp module, llvm::StringRef name, llvm::ArrayRef<mlir::Type> inputs,
                                llvm::ArrayRef<mlir::Type> results = {}, bool isPublic = false);

/// The function `name` of the module, or, where there is none yet, of the
/// functions in `source`, all of which are then added.
mlir::func::FuncOp parsedFunction(mlir::ModuleOp module, llvm::StringRef name, llvm::StringRef source);

} // namespace attn::cpu
