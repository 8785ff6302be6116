// A mask as a formula: the variables that it is over and the translation of
// its region.
//
// What is affine in rows, keys and values that are the same for the whole tile
// is taken exactly. Every other value becomes a variable of its own, about
// which only little is known: a function of the row lies between its least and
// its greatest value over the tile, anything else is free. A formula with such
// variables, asked whether it *can* hold, gives a superset of what holds; so
// does its negation.
#pragma once
#include "mlir/IR/Value.h"
#include "passes/Formula.h"
#include "passes/MaskAnalysis.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallPtrSet.h"
#include <string>

namespace attn::mask {

struct Variable {
  enum Kind : uint8_t {
    Row,
    Column,
    RowFunction, ///< unknown function of the row, between symbols `lo` and `hi`
    Free,        ///< unknown function of row and key
    Symbol,      ///< fixed for a tile; `symbol` is its position in the table
    Quotient,    ///< numerator floordiv denominator
  };
  Kind kind = Free;
  std::string name;
  mlir::Value value;
  bool isBool = false;
  unsigned lo = 0, hi = 0; ///< variables of kind Symbol
  unsigned symbol = 0;
  Linear numerator;
  int64_t denominator = 0;
};

/// The variables of one or several conditions over the same rows and keys, and
/// what is known about the symbols among them.
struct Model {
  explicit Model(const MaskQuestion &question);

  /// The condition as a formula; adds the variables it needs.
  Formula condition(mlir::Value v);
  /// An integer as affine cases; adds the variables it needs.
  struct Case {
    Formula when;
    Linear is;
  };
  using Cases = std::vector<Case>;
  Cases integer(mlir::Value v);

  /// Another region whose rows and columns mean the same (see Prove.h).
  void alias(const MaskQuestion &other);

  /// What these conditions are taken to be where an operation of `joints` uses
  /// them, whatever they compute.
  llvm::DenseMap<mlir::Value, bool> assumed;
  llvm::SmallPtrSet<mlir::Operation *, 8> joints;
  /// Whether a condition became unknown because its formula is too long.
  bool tooLong = false;

  std::vector<Variable> variables;
  std::vector<MaskSymbol> symbols;
  /// Each is >= 0 in every launch, for every tile; over symbols only.
  std::vector<Linear> facts;
  /// The parts that became unknown (RowFunction or Free).
  std::vector<mlir::Value> unknown;
  bool singleRow = false;
  unsigned row = 0, column = 0, firstRow = 0, lastRow = 0, rows = 0,
           columns = 0;

private:
  enum Dependence : uint8_t { None = 0, OnRow = 1, OnColumn = 2 };
  uint8_t dependence(mlir::Value v);
  /// A text that is equal for values that are equal, also across patterns.
  std::string key(mlir::Value v);
  std::string name(mlir::Value v, unsigned depth = 0);
  Formula translate(mlir::Value v);
  Cases cases(mlir::Value v);
  unsigned atom(mlir::Value v);
  unsigned addSymbol(MaskSymbol::Kind kind, mlir::Value value,
                     std::string name);
  unsigned quotient(const Linear &numerator, int64_t denominator);
  void assume(Linear linear) { facts.push_back(std::move(linear)); }
  void learn(unsigned symbol, mlir::Value v);

  Cases combine(
      const Cases &a, const Cases &b, mlir::Value whole,
      llvm::function_ref<std::optional<Linear>(const Linear &, const Linear &)>
          op);
  Cases divide(const Cases &a, int64_t divisor, mlir::Value whole,
               bool remainder);
  Cases choose(const Cases &a, const Cases &b, Formula takeFirst);
  Cases atomCase(mlir::Value v) {
    return {{Formula::constant(true), Linear::variable(atom(v))}};
  }
  Formula compare(const Cases &left, const Cases &right,
                  llvm::function_ref<Formula(const Linear &)> test);
  Formula atMost(mlir::Value lhs, mlir::Value rhs, int64_t gap);
  bool usesUnknown(const Cases &cases) const;

  std::map<std::string, unsigned> byKey;
  llvm::DenseMap<mlir::Value, Cases> integers;
  llvm::DenseMap<mlir::Value, Formula> conditions;
  llvm::DenseMap<mlir::Value, uint8_t> dependenceOf;
  llvm::DenseMap<mlir::Value, std::string> keys;
  llvm::DenseMap<mlir::Value, uint8_t> arguments; ///< the row and the column
};

} // namespace attn::mask
