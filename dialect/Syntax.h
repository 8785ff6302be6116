// Pieces of syntax that the operations and types of both dialects share.
#pragma once
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"

namespace attn::syntax {

using Operand = mlir::OpAsmParser::UnresolvedOperand;
using Argument = mlir::OpAsmParser::Argument;

/// `[B, H, N]`
mlir::ParseResult parseLabels(mlir::AsmParser &parser,
                              llvm::SmallVector<mlir::StringAttr> &labels);
void printLabels(mlir::AsmPrinter &printer,
                 llvm::ArrayRef<mlir::StringAttr> labels);

/// `(%b < %B, %h < %H)`: appends one `index` argument and one bound for each.
mlir::ParseResult parseBinders(mlir::OpAsmParser &parser,
                               llvm::SmallVectorImpl<Argument> &arguments,
                               llvm::SmallVectorImpl<Operand> &bounds);
void printBinders(mlir::OpAsmPrinter &printer, mlir::ValueRange arguments,
                  mlir::ValueRange bounds);

/// Stores the written names of `arguments` as the array attribute `key`,
/// unless the attribute dictionary said them.
void addNames(mlir::OpAsmParser &parser, mlir::OperationState &state,
              llvm::StringRef key, llvm::ArrayRef<Argument> arguments);

/// Suggests `names` for the first arguments of `region`.
void suggestNames(mlir::ArrayAttr names, mlir::Region &region,
                  mlir::OpAsmSetValueNameFn suggest);

/// Prints the attributes of `op` but those in `elided`. The names under `key`
/// are elided too when the printed `arguments` tell them already.
void printAttributes(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                     llvm::StringRef key, mlir::ValueRange arguments,
                     llvm::ArrayRef<llvm::StringRef> elided);

/// The optional attributes, a colon and the one result type.
mlir::ParseResult parseResultType(mlir::OpAsmParser &parser,
                                  mlir::OperationState &state);

} // namespace attn::syntax
