#include "passes/MaskInterpreter.h"
#include "dialect/AttnOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace attn;
using namespace mlir;

static int64_t floorDivide(int64_t a, int64_t b) {
  if (!b)
    return 0;
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t compare(arith::CmpIPredicate predicate, int64_t a, int64_t b) {
  using P = arith::CmpIPredicate;
  switch (predicate) {
  case P::eq:
    return a == b;
  case P::ne:
    return a != b;
  case P::slt:
    return a < b;
  case P::sle:
    return a <= b;
  case P::sgt:
    return a > b;
  case P::sge:
    return a >= b;
  case P::ult:
    return uint64_t(a) < uint64_t(b);
  case P::ule:
    return uint64_t(a) <= uint64_t(b);
  case P::ugt:
    return uint64_t(a) > uint64_t(b);
  case P::uge:
    return uint64_t(a) >= uint64_t(b);
  }
  llvm_unreachable("a predicate");
}

static SmallVector<int64_t> results(AffineMap map, ArrayRef<int64_t> operands) {
  SmallVector<Attribute> in, out;
  auto type = IndexType::get(map.getContext());
  for (int64_t x : operands)
    in.push_back(IntegerAttr::get(type, x));
  SmallVector<int64_t> numbers;
  if (succeeded(map.constantFold(in, out)))
    for (Attribute a : out)
      numbers.push_back(cast<IntegerAttr>(a).getInt());
  return numbers;
}

int64_t MaskInterpreter::operator()(Value v) const {
  if (auto it = fixed.find(v); it != fixed.end())
    return it->second;
  Operation *op = v.getDefiningOp();
  if (!op)
    return leaf(v, {});
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    if (auto value = dyn_cast<IntegerAttr>(constant.getValue()))
      return v.getType().isInteger(1) ? !value.getValue().isZero()
                                      : value.getInt();
  SmallVector<int64_t> x;
  for (Value operand : op->getOperands())
    x.push_back((*this)(operand));
  auto shift = [&](bool left) -> int64_t {
    if (x[1] < 0 || x[1] >= 64)
      return 0;
    return left ? int64_t(uint64_t(x[0]) << x[1]) : x[0] >> x[1];
  };
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case([&](arith::AddIOp) { return x[0] + x[1]; })
      .Case([&](arith::SubIOp) { return x[0] - x[1]; })
      .Case([&](arith::MulIOp) { return x[0] * x[1]; })
      .Case<arith::FloorDivSIOp, FloorDivOp>(
          [&](auto) { return floorDivide(x[0], x[1]); })
      .Case([&](arith::CeilDivSIOp) { return -floorDivide(-x[0], x[1]); })
      .Case([&](ModOp) {
        return x[1] ? x[0] - x[1] * floorDivide(x[0], x[1]) : x[0];
      })
      .Case([&](arith::AndIOp) { return x[0] & x[1]; })
      .Case([&](arith::OrIOp) { return x[0] | x[1]; })
      .Case([&](arith::XOrIOp) { return x[0] ^ x[1]; })
      .Case([&](arith::SelectOp) { return x[0] ? x[1] : x[2]; })
      .Case([&](arith::MinSIOp) { return std::min(x[0], x[1]); })
      .Case([&](arith::MaxSIOp) { return std::max(x[0], x[1]); })
      .Case([&](math::AbsIOp) { return x[0] < 0 ? -x[0] : x[0]; })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtUIOp>(
          [&](auto) { return x[0]; })
      .Case([&](ShlOp) { return shift(true); })
      .Case([&](ShrOp) { return shift(false); })
      .Case([&](ILog2Op) {
        return x[0] <= 0 ? -1 : int64_t(63 - __builtin_clzll(x[0]));
      })
      .Case([&](arith::CmpIOp c) {
        return compare(c.getPredicate(), x[0], x[1]);
      })
      .Case([&](affine::AffineApplyOp a) {
        return results(a.getAffineMap(), x)[0];
      })
      .Case([&](affine::AffineMinOp a) {
        auto r = results(a.getMap(), x);
        return *llvm::min_element(r);
      })
      .Case([&](affine::AffineMaxOp a) {
        auto r = results(a.getMap(), x);
        return *llvm::max_element(r);
      })
      .Default([&](Operation *) { return leaf(v, x); });
}
