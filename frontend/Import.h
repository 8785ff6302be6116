// From the typed program to level-1 IR.
#pragma once
#include "frontend/Core.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace attn {

/// A module with one `attn.pattern` that computes what `program` says; null
/// after at least one error at the place of the form that is not supported.
///
/// Integers are `index`, numbers `f32`, truth values `i1`. Rows are counted
/// from 0: a row index of the language is the binder plus `offset`. Places are
/// FileLineColRange; what a formula of the prelude says is a CallSiteLoc from
/// the formula to its use; names of lets and branches are NameLoc.
mlir::OwningOpRef<mlir::ModuleOp> importProgram(const core::Program &program,
                                                const SourceMap &sources,
                                                mlir::MLIRContext &context);

} // namespace attn
