// The stages of one compilation, for the sessions.
#pragma once
#include "codegen/nvidia/PlanToNvidia.h"
#include "frontend/ImportPlaces.h"
#include "runtime/Session.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"

namespace attn {

/// One compilation: its context, and what is said meanwhile.
class Compilation {
public:
  /// What is wrong goes to `diagnostics` or `error`.
  Compilation(const SourceMap &sources, Diagnostics &diagnostics, std::string &error);

  /// Takes `program` to `stage`, at most to Schedule, for `options.target`.
  bool advance(const core::Program &program, const CompileOptions &options, Stage stage);

  /// False; somebody has said why, or it is said now.
  bool fail();

  const SourceMap &sources;
  Diagnostics &diagnostics;
  std::string &error;
  mlir::MLIRContext context;
  Collector collector;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<nvidia::Decision> decisions; ///< one for each kernel; GPUs only
  std::vector<nvidia::Decision> refused;   ///< kernels that tensor cores failed at before
};

/// A module as text.
std::string textOf(mlir::ModuleOp module);

} // namespace attn
