// The planner: definitions of a pattern become kernels of a program.
#pragma once
#include "passes/Elements.h"
#include "passes/PlanLists.h"
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
  Node *rows = nullptr;              ///< the tile r: entries of the kernel's rows
  int64_t cols = 0;                  ///< keys of a tile, where it sweeps
  mlir::Value lastEntry;             ///< of these, included
  mlir::Value part, groupHead;       ///< grid indices of split and packed kernels
  bool columns = false;              ///< rows are components, all indices uniform
};

/// Rows of a tile are pairs of a row and a head of one group: entry x of group g
/// is row x / share and head g * share + x mod share.
struct Packing {
  unsigned heads = 0;          ///< the index of heads
  mlir::Value groups, share;   ///< how many groups, and heads of each
  mlir::Value entries;         ///< rows * share
};

/// How a kernel differs from the plain one over its indices.
struct Opening {
  int64_t rows = 0;                  ///< side of a tile; 0: the schedule's
  mlir::Value runs;                  ///< i1: otherwise the grid is empty; null: true
  mlir::Value parts;                 ///< one more index in front counts these
  std::optional<Packing> packing;
  const ListIterator *iterator = nullptr; ///< all rows of a tile share its set
  int64_t columns = 0;               ///< rows are so many components
  bool split = false;                ///< of the split form: the kernel says so
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
  /// How the attend may be split, as TargetModel says or the user.
  int64_t choice(llvm::StringRef attend, llvm::StringRef key) const {
    return choose(target, choices, attend, key);
  }
  /// The side of the tiles of a kernel that works on few rows.
  int64_t fewRows(llvm::StringRef kernel) const;
  /// A scalar of the pattern in the program.
  mlir::Value host(mlir::Value value) { return map.lookupOrNull(value); }

  /// Opens a kernel over `bounds`, the last of them in tiles of rows.
  std::unique_ptr<KernelBuilder> open(mlir::Operation *op, llvm::StringRef name,
                                      mlir::ArrayAttr indices,
                                      mlir::ValueRange bounds, bool sweeps,
                                      const Opening &how = {});
  /// What an attend ranges over instead of all keys, and its list; or null.
  const ListIterator *iteratorOf(AttendOp attend) const {
    auto it = iterators.find(attend);
    return it == iterators.end() ? nullptr : &it->second;
  }
  mlir::Value listOf(MemberOp member) { return lists.lookup(member.getSet()); }
  /// Writes `field`, which is `node` at the kernel's indices, to the outputs
  /// and to the buffer that others read.
  void store(KernelBuilder &kernel, mlir::Value field, Node *node,
             llvm::ArrayRef<int64_t> letters);
  /// Where operations of the program go, in front of the next kernel.
  mlir::OpBuilder &host() { return builder; }
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
  void sets();
  mlir::Value fromSet(MemberOp member, bool table);
  mlir::Value hosted(mlir::Value value);
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
  llvm::MapVector<mlir::Operation *, ListIterator> iterators;
  llvm::DenseMap<mlir::Value, mlir::Value> lists, tables; ///< by set
};

/// A buffer of rows as one of components, for a kernel whose rows they are.
mlir::Value columnsOf(KernelBuilder &kernel, mlir::Value buffer);

/// An attend and the defines of its tail: one kernel, or, where keys may be
/// split, kernels for parts of the keys and for their merge, too
/// (docs/plan.md). The fields that it computes are stored.
mlir::LogicalResult planAttend(Planner &planner, AttendOp attend,
                               llvm::ArrayRef<DefineOp> tail);

} // namespace attn
