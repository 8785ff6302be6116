// Callables from level-2 IR, for the session and for tests of plans.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "runtime/Jit.h"
#include "runtime/Session.h"

namespace attn {

/// Lowers the plan in `module` to the LLVM dialect, in place. On failure sets
/// `error` unless a diagnostic was emitted.
bool lowerPlan(mlir::ModuleOp module, const Machine &machine, Manifest &manifest, std::string &error);

/// Compiles the plan in `module`, which it consumes. `program` (may be null)
/// gives the defaults and must then outlive the callable's creation only.
std::unique_ptr<Callable> loadPlan(mlir::ModuleOp module, const Machine &machine, const core::Program *program, std::string &error);

} // namespace attn
