// The kernels of one attend.
#pragma once
#include "passes/AttnPlan.h"
#include "passes/PlanSweep.h"

namespace attn {

/// What the kernels of an attend have in common.
struct AttendPlan {
  Planner &planner;
  AttendOp attend;
  llvm::ArrayRef<DefineOp> tail;
  WeightPlan weights;
  int64_t component = 0;    ///< the dimension of a value's components
  mlir::Value out{}, lse{}, max{}; ///< the fields that are asked for; null: not

  /// One kernel; where `runs` (i1, null: always) is false, it does nothing.
  mlir::LogicalResult whole(mlir::Value runs);
  /// Whether rows can be merged from parts of their keys.
  bool canSplit();
  /// Kernels for parts of the keys and for their merge; `parts` of them, or, if
  /// that is 0, as many as a call needs, with the one kernel as the plan of
  /// calls that need none.
  mlir::LogicalResult split(int64_t parts);

private:
  /// Where the plan is decided: values of the program.
  struct Split {
    mlir::Value parts, whole, merges; ///< index; i1: one kernel, parts
    std::optional<Packing> packing;
    int64_t rows = 0; ///< side of the tiles of parts
    llvm::SmallVector<mlir::Value> buffers; ///< one for each remnant
  };
  Split decide(int64_t parts);
  mlir::LogicalResult parts(Split &split);
  /// Vectors of rows as packed tiles read them: neighbours in memory, laid there
  /// by a kernel in front of `kernel`. Null if `field` is read in another way.
  Node *packed(const Split &split, KernelBuilder &kernel, mlir::Value field,
               llvm::ArrayRef<Node *> indices, llvm::ArrayRef<int64_t> letters);
  mlir::LogicalResult merge(const Split &split, bool withOut, bool withRows);

  void bind(KernelBuilder &kernel);
  /// The tail of a kernel: results of the rows, without the vectors or alone.
  mlir::LogicalResult finish(KernelBuilder &kernel, SweepPlanner &sweeps,
                             bool withOut, bool withRows);
};

/// The keys that the rows of a tile see, in closed form.
mlir::Value spanOf(Planner &planner, AttendOp attend, KernelBuilder &kernel);

} // namespace attn
