// Where the arguments of a call lie in its frame.
#pragma once
#include "codegen/Manifest.h"
#include "dialect/PlanOps.h"
#include "llvm/ADT/StringMap.h"

namespace attn::cpu {

/// A tensor or a workspace buffer as compiled code reaches it.
struct Memory {
  int slot = 0;               ///< address; strides in elements behind it
  mlir::Type element;         ///< of the scalar in memory
  unsigned labels = 0;
  llvm::SmallVector<int64_t> shape; ///< components behind the labels
  /// The length of every label: a frame slot for tensors, a size for workspace.
  llvm::SmallVector<int> extentSlots;
  llvm::SmallVector<mlir::Value> sizes;
  int64_t columns = 0; ///< the length of the last label where that counts components; else 0

  int strideSlot(unsigned dim) const { return slot + 1 + int(dim); }
};

/// The frame of a program and the manifest that describes it to the host.
struct Frame {
  explicit Frame(plan::ProgramOp program);

  Manifest manifest;
  llvm::DenseMap<mlir::Value, Memory> memory;  ///< of plan.tensor, plan.alloc, plan.columns
  llvm::DenseMap<mlir::Value, int> scalars;    ///< of plan.scalar, plan.extent, plan.size, plan.workers
  llvm::StringMap<int> extents;

  int extent(llvm::StringRef label);

private:
  int take(int n) { int at = manifest.slots; manifest.slots += n; return at; }
  void fill(Manifest::Tensor &t, Memory &m, llvm::StringRef name, plan::BufferType type);
};

} // namespace attn::cpu
