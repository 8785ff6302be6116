// Executes a plan in double precision by walking its operations. It shares
// nothing with codegen: what it computes is what docs/plan.md says.
#pragma once
#include "dialect/PlanOps.h"
#include "runtime/Tensor.h"
#include <map>

namespace attn::interpreter {

/// A tile or a scalar, dense, in the order of `dims`. Integers and truth values
/// are numbers, too.
struct Value {
  std::vector<int64_t> dims, shape;
  std::vector<double> data{0};

  Value() = default;
  explicit Value(double x) : data{x} {}
  Value(std::vector<int64_t> dims, std::vector<int64_t> shape, double x = 0);
  double scalar() const { return data[0]; }
};

/// What a call gives a program, by name; and what it takes back.
struct Arguments {
  std::map<std::string, TensorView> tensors;
  std::map<std::string, double> scalars;
  std::map<std::string, int64_t> lengths;
  int64_t visited = 0, mixed = 0;
};

/// Returns an empty string, or which rule of the plan was broken.
std::string run(plan::ProgramOp program, Arguments &arguments);

/// The value of an operation on elements; NaN and `known` false for others.
double element(mlir::Operation *op, const double *operands, int64_t headsPerGroup, bool &known);

} // namespace attn::interpreter
