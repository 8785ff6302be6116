// Translates expressions into one region. What does not depend on the indices
// of an inner reduction is emitted outside it.
#pragma once
#include "frontend/ImportProgram.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/PointerIntPair.h"

namespace attn {

class BodyImporter {
public:
  enum class Rule { Definition, Mask, Score, Weights, Value };

  /// Appends to `block`. `branch` is the one whose `rule` this is.
  BodyImporter(ProgramImporter &program, mlir::Block *block,
               Rule rule = Rule::Definition,
               const core::Branch *branch = nullptr);

  /// Binds the first arguments of the block.
  void bind(llvm::ArrayRef<int> variables, mlir::Location loc);
  /// The score of the element, which is an argument of the weights.
  void bindScore(mlir::Value value) { score = value; }

  /// The value as `f32`, `index`, `i1`, or a vector of them.
  mlir::Value emit(const core::Expr &expr);
  /// The same, but a row of floats that is only read keeps its storage type.
  mlir::Value emitStored(const core::Expr &expr);
  /// Rounds to `stored` if that is given and another type.
  void yield(mlir::Location loc, mlir::Value value, mlir::Type stored = {});

private:
  using Expr = core::Expr;

  /// The region itself (level 0) or the body of a reduction inside it.
  struct Level {
    explicit Level(mlir::Block *block) : block(block) {}
    mlir::Block *block;
    mlir::Operation *before =
        nullptr; ///< the reduction being filled; null: at the end
    /// By expression, and whether it keeps its storage type.
    llvm::DenseMap<llvm::PointerIntPair<const Expr *, 1, bool>, mlir::Value>
        done;
  };
  struct Binding {
    mlir::Value binder;   ///< counts from 0; null where only the value is known
    mlir::Value absolute; ///< made on first use
    unsigned level = 0;
  };

  // ImportBody.cpp
  const llvm::SmallVector<int> &freeVariables(const Expr &expr);
  unsigned levelOf(const Expr &expr);
  void insertAt(unsigned level);
  mlir::Value variable(int id);
  mlir::Value position(int axis, const Expr &expr);
  mlir::Value read(const Expr &expr, mlir::Value field,
                   llvm::ArrayRef<int> axes);
  mlir::Value emit(const Expr &expr, bool stored);
  mlir::Value translate(const Expr &expr);
  mlir::Value storedRow(const Expr &expr);
  mlir::Value leaf(const Expr &expr);
  mlir::Value readDefinition(const Expr &expr);
  mlir::Value word(const Expr &expr);
  mlir::Value vectorOp(const Expr &expr);
  mlir::Value slice(mlir::Location loc, mlir::Value row, const Expr &expr);
  bool isStored(const Expr &expr) const;
  std::pair<mlir::Value, mlir::Value> storedPair(const Expr &expr);
  mlir::Value fromStorage(mlir::Location loc, mlir::Value value,
                          core::DType dtype);
  mlir::Value unsupported(const Expr &expr, const std::string &message,
                          const std::string &note = "");
  bool isKey(const Expr &expr);

  // ImportArith.cpp
  mlir::Value arithmetic(const Expr &expr);
  mlir::Value compare(const Expr &expr);
  mlir::Value power(const Expr &expr);
  mlir::Value repeatedProduct(mlir::Location loc, mlir::Value base,
                              uint64_t exponent, bool isInt);
  mlir::Value floorToInt(mlir::Location loc, mlir::Value value);
  mlir::Value toReal(mlir::Location loc, mlir::Value value);
  mlir::Value function(const Expr &expr);
  mlir::Value constant(mlir::Location loc, mlir::Type type, double value);

  // ImportAggregate.cpp
  mlir::Value aggregate(const Expr &expr);
  mlir::Value rowAggregate(const Expr &expr);
  /// The reduction of `expr` over the variables at `places`, without the rest.
  mlir::Value reduce(const Expr &expr, Fold kind, mlir::Type type,
                     llvm::ArrayRef<unsigned> places);
  size_t independentPrefix(const Expr &expr, llvm::ArrayRef<unsigned> places);
  /// The number of steps of a range, and where it begins (null: at 0).
  std::pair<mlir::Value, mlir::Value> rangeOf(const Expr &expr, unsigned place);
  mlir::Value rowSum(const Expr &expr, mlir::Value value);

  ProgramImporter &program;
  mlir::OpBuilder builder;
  Rule rule;
  const core::Branch *branch;
  mlir::Value score;
  llvm::SmallVector<Level, 4> levels;
  llvm::DenseMap<int, Binding> bindings;
  std::map<const Expr *, llvm::SmallVector<int>> freeCache;
};

} // namespace attn
