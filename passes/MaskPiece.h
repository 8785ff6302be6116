// One convex piece of a mask on its way to intervals of columns.
#pragma once
#include "passes/Elimination.h"
#include "passes/MaskBounds.h"

namespace attn::mask {

/// One convex piece while its rows and locals are eliminated. Variable 0 is the
/// column once the rows are gone, then come the symbols, then locals.
class Piece {
public:
  Piece(const Model &model, const Sets &sets, const mlir::presburger::IntegerRelation &set,
        const System &context, mlir::MLIRContext *mlir)
      : model(model), sets(sets), system(set), context(context), mlir(mlir),
        firstLocal(1 + model.symbols.size()) {
    for (unsigned k = 0; k < model.symbols.size(); ++k)
      expressions.push_back(mlir::getAffineSymbolExpr(k, mlir));
  }

  /// Adds what this piece contributes.
  void intervals(std::vector<KeyInterval> &result);

private:
  bool dataIsExact() const;
  void eliminateRows();
  void divideSymbols();
  void eliminateLocals();
  bool findFamily();
  void findMembers();
  void requireMember(const System &range);

  KeyInterval plain() const;
  void attach(KeyInterval &result) const;
  void cover(KeyInterval &result) const;

  mlir::AffineExpr symbols(const Constraint &c) const;
  void addBounds(const Constraint &c, unsigned variable,
                 llvm::SmallVectorImpl<mlir::AffineExpr> &lo,
                 llvm::SmallVectorImpl<mlir::AffineExpr> &hi) const;

  const Model &model;
  const Sets &sets;
  System system;
  System context; ///< what is known about symbols, over those and the column
  mlir::MLIRContext *mlir;
  unsigned firstLocal;
  llvm::SmallVector<mlir::AffineExpr> expressions; ///< what the symbols stand for
  bool exact = true;

  /// The one local p that is left counts the members of a family. `lower` and
  /// `upper` tie the column to it, with the column's coefficient 1 and -1.
  bool family = false;
  int64_t stride = 0;
  std::optional<Constraint> lower, upper;
  llvm::SmallVector<mlir::AffineExpr> from, to;    ///< the members that exist
  llvm::SmallVector<mlir::AffineExpr> first, last; ///< the same, whatever the column
  llvm::SmallVector<mlir::AffineExpr> someColumn;  ///< >= 0 where a member has a column
  llvm::SmallVector<mlir::AffineExpr> someMember;  ///< >= 0 where there is one
};

} // namespace attn::mask
