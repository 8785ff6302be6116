// The region of a plan's map as the region of a fragment's map.
//
// Three things happen on the way. Integers become 32 bits wide where that is
// known to be enough. A position along the keys is kept apart as a constant
// step plus what does not depend on the register, so that comparing it with
// something of the row takes one instruction per register. And `exp` becomes a
// power of two with the conversion in the factor of its argument.
#pragma once
#include "codegen/cpu/Emit.h"
#include "codegen/nvidia/Bounds.h"

namespace attn::nvidia {

/// A value of one element.
struct Element {
  mlir::Value v;        ///< without the steps, without the factor
  Bounds range;          ///< of the whole, if an integer
  int64_t step = 0;     ///< how many times the register's column step is added
  bool absolute = false;///< the absolute value of all that
  mlir::Value factor;   ///< of reals: uniform, multiplies
  bool varies = false;  ///< differs between the columns of a row
};

class ElementRegion {
public:
  /// `uniform` gives what the region uses from outside; `steps` is the element
  /// of `wg.steps` (i32), null where there are no keys.
  ElementRegion(cpu::Emit &e, llvm::function_ref<Element(mlir::Value)> uniform, mlir::Value steps, mlir::Value headsPerGroup)
      : e(e), uniform(uniform), steps(steps), headsPerGroup(headsPerGroup) {}

  void bind(mlir::Value argument, Element element) { known[argument] = element; }
  /// What the region yields. Null value: an error has been reported.
  Element run(mlir::Region &body);
  /// As one value: integers 32 bits wide if that is enough, else 64.
  mlir::Value whole(Element x);

private:
  Element get(mlir::Value v);
  mlir::Value at(Element x, unsigned width);
  mlir::Value part(Element x, unsigned width);
  Element clone(mlir::Operation *op);
  Element integer(mlir::Operation *op);
  Element linear(Element a, Element b, bool minus);
  Element compare(mlir::arith::CmpIOp op);
  Element toReal(mlir::Operation *op, Element x);
  Element power(mlir::Operation *op);
  Element generic(mlir::Operation *op);
  Element wide(mlir::Operation *op, Bounds range);
  Element floorDiv(mlir::Operation *op, Element a, Element b);
  mlir::Value floorDivUniform(mlir::Value a, mlir::Value b);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value i32(int64_t x) { return mlir::arith::ConstantIntOp::create(e, x, 32); }

  cpu::Emit &e;
  llvm::function_ref<Element(mlir::Value)> uniform;
  mlir::Value steps, headsPerGroup;
  llvm::DenseMap<mlir::Value, Element> known;
};

} // namespace attn::nvidia
