// Element bodies of the attn dialect as nodes over tiles.
//
// A body computes one element from indices. Here its indices are bound to tiles
// of indices (the rows r, the keys c, a letter for an index that a reduction
// binds) or to uniform values, and its result becomes a node over them. Rows
// and matrices get a letter for each of their dimensions: whoever asks for one
// says which letters it wants.
#pragma once
#include "mlir/IR/IRMapping.h"
#include "passes/Tiles.h"
#include <map>

namespace attn {

class Elements {
public:
  /// How a field is read: at `indices`, with `letters` for its components.
  /// Null: from its buffer.
  using Reader =
      std::function<Node *(mlir::Value field, llvm::ArrayRef<Node *> indices,
                           llvm::ArrayRef<int64_t> letters)>;

  /// `program` maps values of the pattern (scalars, lengths, and fields to
  /// their buffers, memberships to their tables) to those of the program.
  Elements(Tiles &tiles, const mlir::IRMapping &program)
      : tiles(tiles), program(program) {}

  void bind(mlir::Value value, Node *node) { memo[{value, {}}] = node; }
  void setReader(Reader reader) { this->reader = std::move(reader); }

  /// The node of `value`, with one letter per dimension of its vector type.
  Node *get(mlir::Value value, llvm::ArrayRef<int64_t> letters = {});
  /// `op` where its operands and the values that its body uses, `values`, are
  /// `nodes`. Scalars only.
  Node *apply(mlir::Operation *op, llvm::ArrayRef<mlir::Value> values,
              llvm::ArrayRef<Node *> nodes);

  /// Forgets what is only known inside a sweep.
  void leaveSweep();
  /// Whether an error has been reported.
  bool failed() const { return error; }

private:
  Node *fresh(mlir::Value value, llvm::ArrayRef<int64_t> letters);
  Node *read(AtOp at, llvm::ArrayRef<int64_t> letters);
  Node *member(MemberOp member);
  Node *load(mlir::Value buffer, llvm::ArrayRef<Node *> indices,
             llvm::ArrayRef<int64_t> letters);
  Node *reduce(ReduceOp reduce, llvm::ArrayRef<int64_t> letters);
  Node *dot(mlir::Value lhs, mlir::Value rhs);
  Node *matvec(MatVecOp op, llvm::ArrayRef<int64_t> letters);
  Node *cat(mlir::OperandRange parts, llvm::ArrayRef<int64_t> letters);
  Node *component(mlir::Value vector, llvm::ArrayRef<Node *> position,
                  llvm::ArrayRef<int64_t> letters);
  Node *vectorOp(mlir::Operation *op, llvm::ArrayRef<int64_t> letters);
  Node *refuse(mlir::Operation *op, const llvm::Twine &why);

  /// sum over `letter` of a * b.
  Node *inner(Node *a, Node *b, int64_t letter);
  Node *fold(Fold kind, Node *node, llvm::ArrayRef<int64_t> over);
  Node *rename(Node *node, int64_t from, int64_t to, int64_t first = 0);
  Node *toReal(Node *node);

  Tiles &tiles;
  const mlir::IRMapping &program;
  Reader reader;
  using Key = std::pair<mlir::Value, std::vector<int64_t>>;
  struct Less {
    bool operator()(const Key &a, const Key &b) const {
      return std::pair(a.first.getAsOpaquePointer(), a.second) <
             std::pair(b.first.getAsOpaquePointer(), b.second);
    }
  };
  std::map<Key, Node *, Less> memo;
  bool error = false;
};

} // namespace attn
