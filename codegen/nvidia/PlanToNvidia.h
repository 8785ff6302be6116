// From patterns to plans for a GPU, and from plans to code for it.
#pragma once
#include "codegen/nvidia/Target.h"
#include "codegen/Manifest.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

namespace attn::nvidia {

/// How a kernel is computed.
struct Decision {
  std::string kernel;
  bool tensorCores = false;
  std::string reason; ///< why not; empty where nobody would expect them
  bool last = false;  ///< there are no smaller tiles to try
  bool judges = false; ///< looks at tiles for the kernel that follows (Judge.h)
};

/// Takes a module of simplified patterns (level 1) to scheduled programs
/// (level 2). Tile sides are those of tensor cores; kernels that refuse them
/// are planned once more with one row to a tile. `refused` are kernels whose
/// code was not good enough on tensor cores, with the reason: a kernel gets
/// smaller tiles each time it is named, and when there are none, one row to a
/// tile. `schedule` are choices of the user (docs/plan.md).
mlir::FailureOr<std::vector<Decision>> planForNvidia(mlir::OwningOpRef<mlir::ModuleOp> &module, const Target &target,
                                                     llvm::ArrayRef<std::string> schedule,
                                                     llvm::ArrayRef<Decision> refused = {});

/// Replaces the plan in `module` by functions and kernels, by `decisions`, and
/// describes it in `manifest`, sizes included.
mlir::LogicalResult lowerPlanToNvidia(mlir::ModuleOp module, const Target &target, llvm::ArrayRef<Decision> decisions,
                                      Manifest &manifest);

/// What follows, down to the LLVM dialect.
void buildNvidiaToLlvm(mlir::OpPassManager &passes);
/// After it: entries are marked as such, and device functions become part of
/// the kernels that call them.
void markEntries(mlir::ModuleOp module);

} // namespace attn::nvidia
