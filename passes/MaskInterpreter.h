// Index arithmetic on numbers: what a mask really says, element by element.
// Serves the checks of the analysis, which must not share code with it.
#pragma once
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <cstdint>
#include <functional>

namespace attn {

class MaskInterpreter {
public:
  /// `leaf` gives the values that no arithmetic defines: tables, parameters,
  /// arguments. It sees the operands of their operations as numbers. An i1 is 0
  /// or 1.
  using Leaf =
      std::function<int64_t(mlir::Value, llvm::ArrayRef<int64_t> operands)>;
  explicit MaskInterpreter(Leaf leaf) : leaf(std::move(leaf)) {}

  /// Block arguments and other values with a number of their own.
  llvm::DenseMap<mlir::Value, int64_t> fixed;

  int64_t operator()(mlir::Value v) const;

private:
  Leaf leaf;
};

} // namespace attn
