// Scalar expressions over named dimensions, turned into few tile operations.
//
// A node stands for one element of a tile (or for a uniform scalar). Nodes that
// only compute are not emitted: they become part of the region of the map in
// which their value is first asked for. Three rules keep the maps small:
// uniform parts are scalar operations of the kernel, costly parts that vary
// over fewer dimensions are maps of their own, and what depends neither on the
// keys nor on the running state is emitted outside the sweep.
#pragma once
#include "dialect/PlanOps.h"
#include <deque>

namespace attn {

using Dims = llvm::SmallVector<int64_t, 4>;

struct Node {
  Dims dims;           ///< r, c, then letters
  mlir::Type type;     ///< of one element
  mlir::Value value;   ///< the tile or scalar, once there is one
  mlir::StringAttr op; ///< the scalar operation to apply otherwise
  mlir::DictionaryAttr attributes;
  llvm::SmallVector<Node *, 3> kids;
  bool inner = false; ///< only known inside the sweep

  bool uniform() const { return dims.empty(); }
  bool has(int64_t dim) const { return llvm::is_contained(dims, dim); }
};

/// `a` and what `b` has besides, rows and columns first.
Dims unite(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

class Tiles {
public:
  /// Emits at the end of `block`, a kernel's.
  Tiles(mlir::Block *block, mlir::Location loc);

  //===--------------------------------------------------------------------===//
  // Nodes
  //===--------------------------------------------------------------------===//

  Node *leaf(mlir::Value value);
  Node *constant(mlir::TypedAttr value);
  Node *number(double value);
  Node *integer(int64_t value);
  Node *truth(bool value);
  Node *apply(llvm::StringRef op, mlir::Type type, llvm::ArrayRef<Node *> kids,
              llvm::ArrayRef<mlir::NamedAttribute> attributes = {});
  template <class Op>
  Node *apply(mlir::Type type, llvm::ArrayRef<Node *> kids,
              llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return apply(Op::getOperationName(), type, kids, attributes);
  }
  /// `op` on elements.
  Node *like(mlir::Operation *op, llvm::ArrayRef<Node *> kids);
  Node *select(Node *condition, Node *a, Node *b);

  //===--------------------------------------------------------------------===//
  // Values
  //===--------------------------------------------------------------------===//

  /// The tile with exactly these dimensions in this order; it may have more
  /// than the node. An empty list gives a scalar.
  mlir::Value tile(Node *node, llvm::ArrayRef<int64_t> dims);
  mlir::Value value(Node *node) { return tile(node, node->dims); }
  /// The condition as the sweep's mask, over r and c, taking `rows` and
  /// `columns` first.
  mlir::Value mask(Node *condition, mlir::Value rows, mlir::Value columns);

  /// Where operations go: those on inner values to the end of the sweep's body.
  mlir::OpBuilder at(bool inner);
  mlir::OpBuilder outside() { return at(false); }
  /// From here on, what is not inner goes before the sweep; null: to the end of
  /// the kernel.
  void enter(plan::SweepOp sweep) { this->sweep = sweep; }

  /// A letter for `size` components that none of `avoid` uses; the same one
  /// each time if possible. 0 stands for a run-time size: always a new one, or
  /// 0 if there is none left.
  int64_t letter(int64_t size, llvm::ArrayRef<int64_t> avoid = {});
  /// Makes `dim` the first choice for its size.
  void prefer(int64_t dim);

  plan::TileType type(llvm::ArrayRef<int64_t> dims, mlir::Type element) const;
  mlir::Location loc;
  mlir::MLIRContext *const context;

private:
  mlir::Value uniform(Node *node);
  void operands(Node *node, Node *root, llvm::ArrayRef<int64_t> dims,
                bool keepIndices, llvm::SetVector<Node *> &found);
  template <class Op>
  mlir::Value elementwise(Node *node, llvm::ArrayRef<int64_t> dims,
                          llvm::SetVector<Node *> &operands);
  mlir::Value create(mlir::OpBuilder &builder, Node *node,
                     mlir::ValueRange operands);

  mlir::Block *block;
  plan::SweepOp sweep;
  std::deque<Node> nodes;
  llvm::DenseMap<mlir::Attribute, Node *> constants;
  llvm::DenseMap<int64_t, char> letters; ///< of static sizes
  std::string used;
};

} // namespace attn
