// The planner: definitions of a pattern become kernels of a program.
#pragma once
#include "passes/Elements.h"
#include "passes/TargetModel.h"
#include "passes/WeightPlan.h"

namespace attn {

/// A kernel under construction: its grid, its tile of rows, and the nodes of
/// the indices that it computes elements for.
struct KernelBuilder {
  KernelBuilder(plan::KernelOp kernel, const mlir::IRMapping &program)
      : kernel(kernel), tiles(&kernel.getBody().front(), kernel.getLoc()),
        elements(tiles, program) {}
  KernelBuilder(const KernelBuilder &) = delete; // parts refer to each other

  plan::KernelOp kernel;
  Tiles tiles;
  Elements elements;
  llvm::SmallVector<Node *> indices; ///< one per label; the last over r
  mlir::Value first, last;           ///< row numbers, `last` included
};

class Planner {
public:
  Planner(PatternOp pattern, const TargetModel &target,
          llvm::ArrayRef<ScheduleChoice> choices)
      : target(target), choices(choices), pattern(pattern),
        builder(pattern.getContext()) {}

  /// Replaces the pattern by a program; reports errors.
  mlir::LogicalResult run();

  /// The side of a kernel's tiles: `rows` or `cols`.
  int64_t side(llvm::StringRef kernel, llvm::StringRef key) const {
    return choose(target, choices, kernel, key, components);
  }
  /// A scalar of the pattern in the program.
  mlir::Value host(mlir::Value value) { return map.lookup(value); }

  /// Opens a kernel over `bounds`, the last of them in tiles of rows.
  std::unique_ptr<KernelBuilder> open(mlir::Operation *op, llvm::StringRef name,
                                      mlir::ArrayAttr indices,
                                      mlir::ValueRange bounds, bool sweeps);
  /// Writes `field`, which is `node` at the kernel's indices, to the outputs
  /// and to the buffer that others read.
  void store(KernelBuilder &kernel, mlir::Value field, Node *node,
             llvm::ArrayRef<int64_t> letters);
  /// Letters for the components of a field.
  Dims letters(KernelBuilder &kernel, mlir::Type element);
  /// Defines that this attend's kernel computes as well: over the same rows, of
  /// its results at their own row.
  llvm::SmallVector<DefineOp> tail(AttendOp attend);

private:
  void arguments();
  mlir::LogicalResult define(DefineOp op);
  mlir::LogicalResult attend(AttendOp op);
  void copy(mlir::Value field);
  bool isRead(mlir::Value field);

  const TargetModel &target;
  llvm::ArrayRef<ScheduleChoice> choices;
  PatternOp pattern;
  mlir::OpBuilder builder;
  mlir::IRMapping map;
  int64_t components = 0; ///< of the longest vector in an attend
  llvm::MapVector<mlir::Value,
                  llvm::SmallVector<std::pair<OutputOp, mlir::Value>>>
      outputs;
  llvm::DenseSet<mlir::Operation *> planned;
};

/// One kernel for an attend and the defines of its tail. The fields that it
/// computes are stored.
mlir::LogicalResult planAttend(Planner &planner, AttendOp attend,
                               llvm::ArrayRef<DefineOp> tail);

} // namespace attn
