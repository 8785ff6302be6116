#include "codegen/cpu/Elements.h"
#include "dialect/AttnOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace attn::cpu;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Total operations
//===----------------------------------------------------------------------===//

// a // b with a // 0 = 0 [S3]; -1 apart, because the least integer / -1 traps.
static Value totalFloorDiv(Emit &e, Value a, Value b) {
  e.meet(a, b);
  APInt constant;
  if (matchPattern(b, m_ConstantInt(&constant)) && !constant.isZero() && !constant.isAllOnes())
    return e.floorDiv(a, b);
  Value none = e.zero(b.getType()), minus = e.isVector(b) ? e.splat(e.integer(-1)) : e.integer(-1);
  Value one = e.sub(none, minus);
  Value isZero = e.cmp(CmpIPredicate::eq, b, none), isMinus = e.cmp(CmpIPredicate::eq, b, minus);
  Value safe = e.select(isZero, one, e.select(isMinus, one, b));
  Value q = e.floorDiv(a, safe);
  return e.select(isZero, none, e.select(isMinus, e.sub(none, a), q));
}

static Value totalCeilDiv(Emit &e, Value a, Value b) {
  Value none = e.zero(a.getType());
  return e.sub(none, totalFloorDiv(e, e.sub(none, a), b));
}

static Value totalShift(Emit &e, Value a, Value b, bool left) {
  e.meet(a, b);
  Value width = e.isVector(b) ? e.splat(e.integer(64)) : e.integer(64);
  Value ok = e.cmp(CmpIPredicate::ult, b, width);
  Value none = e.zero(a.getType()), amount = e.select(ok, b, none);
  Value x = left ? arith::ShLIOp::create(e, a, amount).getResult() : arith::ShRSIOp::create(e, a, amount).getResult();
  return e.select(ok, x, none);
}

static Value ilog2(Emit &e, Value x) {
  Value zeros = math::CountLeadingZerosOp::create(e, x);
  Value log = e.sub(e.integer(63), zeros);
  return e.select(e.cmp(CmpIPredicate::sgt, x, e.zero(x.getType())), log, e.integer(-1));
}

static Value intPower(Emit &e, Operation *op, Value x, Value power) {
  APInt n;
  if (!matchPattern(power, m_ConstantInt(&n)) || n.isNegative()) {
    op->emitError("a power of integers takes a constant exponent of 0 or more");
    return {};
  }
  Value result;
  for (uint64_t k = n.getZExtValue(); k; k >>= 1, x = e.mul(x, x))
    if (k & 1)
      result = result ? e.mul(result, x) : x;
  return result ? result : e.integer(1);
}

//===----------------------------------------------------------------------===//
// Affine maps
//===----------------------------------------------------------------------===//

static Value evalAffine(Emit &e, AffineExpr expr, ArrayRef<Value> operands, unsigned dims) {
  if (auto c = dyn_cast<AffineConstantExpr>(expr))
    return e.integer(c.getValue());
  if (auto d = dyn_cast<AffineDimExpr>(expr))
    return operands[d.getPosition()];
  if (auto s = dyn_cast<AffineSymbolExpr>(expr))
    return operands[dims + s.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value a = evalAffine(e, binary.getLHS(), operands, dims), b = evalAffine(e, binary.getRHS(), operands, dims);
  switch (binary.getKind()) {
  case AffineExprKind::Add: return e.add(a, b);
  case AffineExprKind::Mul: return e.mul(a, b);
  case AffineExprKind::FloorDiv: return totalFloorDiv(e, a, b);
  case AffineExprKind::CeilDiv: return totalCeilDiv(e, a, b);
  case AffineExprKind::Mod: return e.sub(a, e.mul(totalFloorDiv(e, a, b), b));
  default: llvm_unreachable("not a binary affine expression");
  }
}

static Value evalAffine(Emit &e, AffineMap map, ArrayRef<Value> operands, bool least) {
  Value result;
  for (AffineExpr expr : map.getResults()) {
    Value x = evalAffine(e, expr, operands, map.getNumDims());
    result = !result ? x : least ? e.min(result, x) : e.max(result, x);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

static Type likeShape(Emit &e, Type element, Value v) { return e.isVector(v) ? Type(e.vec(element)) : element; }

static Value convertInt(Emit &e, Value x, Type to, bool isUnsigned) {
  unsigned from = getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth(), width = to.getIntOrFloatBitWidth();
  Type type = likeShape(e, to, x);
  if (from == width)
    return x;
  if (from > width)
    return e.createOrFold<arith::TruncIOp>(type, x);
  return isUnsigned ? e.createOrFold<arith::ExtUIOp>(type, x) : e.createOrFold<arith::ExtSIOp>(type, x);
}

static Value convertReal(Emit &e, Value x, Type to) {
  unsigned from = getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth(), width = to.getIntOrFloatBitWidth();
  if (width == 16 && from == 32) // rounds, and stays an f32
    return arith::ExtFOp::create(e, x.getType(), arith::TruncFOp::create(e, likeShape(e, to, x), x).getResult());
  if (width == 16)
    return convertReal(e, arith::TruncFOp::create(e, likeShape(e, e.getF32Type(), x), x), to);
  if (from == width)
    return x;
  Type type = likeShape(e, to, x);
  return from > width ? arith::TruncFOp::create(e, type, x).getResult() : arith::ExtFOp::create(e, type, x).getResult();
}

//===----------------------------------------------------------------------===//
// The rest: the same operation on held types
//===----------------------------------------------------------------------===//

static Value same(Emit &e, Operation *op, ArrayRef<Value> operands) {
  SmallVector<Value> in(operands);
  bool anyVector = llvm::any_of(in, [&](Value v) { return e.isVector(v); });
  if (anyVector)
    for (Value &v : in)
      v = e.splat(v);
  Type element = e.held(op->getResult(0).getType());
  OperationState state(e.getLoc(), op->getName());
  state.addOperands(in);
  state.addTypes(anyVector ? Type(e.vec(element)) : element);
  state.addAttributes(op->getAttrs());
  return e.create(state)->getResult(0);
}

Value attn::cpu::emitElement(Emit &e, Operation *op, ArrayRef<Value> in, Value headsPerGroup) {
  if (op->getNumResults() != 1 || op->getNumRegions()) {
    op->emitError("the CPU back end has no code for this operation");
    return {};
  }
  Type to = op->getResult(0).getType();
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<arith::ConstantOp>([&](arith::ConstantOp c) -> Value {
        // A row of equal components counts by component.
        Attribute value = c.getValue();
        if (auto splat = dyn_cast<SplatElementsAttr>(value))
          value = splat.getSplatValue<Attribute>();
        Type held = e.held(getElementTypeOrSelf(to));
        if (auto real = dyn_cast<FloatAttr>(value))
          return arith::ConstantOp::create(e, cast<TypedAttr>(Attribute(FloatAttr::get(held, real.getValueAsDouble()))));
        return arith::ConstantOp::create(e, cast<TypedAttr>(Attribute(IntegerAttr::get(held, cast<IntegerAttr>(value).getValue().sextOrTrunc(held.getIntOrFloatBitWidth())))));
      })
      .Case<affine::AffineApplyOp>([&](auto a) { return evalAffine(e, a.getAffineMap(), in, true); })
      .Case<affine::AffineMinOp>([&](auto a) { return evalAffine(e, a.getAffineMap(), in, true); })
      .Case<affine::AffineMaxOp>([&](auto a) { return evalAffine(e, a.getAffineMap(), in, false); })
      .Case<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>([&](auto) { return convertInt(e, in[0], e.held(to), false); })
      .Case<arith::IndexCastUIOp, arith::ExtUIOp>([&](auto) { return convertInt(e, in[0], e.held(to), true); })
      .Case<arith::ExtFOp, arith::TruncFOp>([&](auto) { return convertReal(e, in[0], to); })
      .Case<arith::SelectOp>([&](auto) { return e.select(in[0], in[1], in[2]); })
      .Case<arith::CmpIOp>([&](arith::CmpIOp c) { return e.cmp(c.getPredicate(), in[0], in[1]); })
      .Case<arith::FPToSIOp>([&](auto) -> Value { // saturates: nothing is undefined
        return LLVM::CallIntrinsicOp::create(e, likeShape(e, e.held(to), in[0]), e.getStringAttr("llvm.fptosi.sat"), ValueRange(in[0])).getResult(0);
      })
      .Case<arith::FloorDivSIOp>([&](auto) { return totalFloorDiv(e, in[0], in[1]); })
      .Case<arith::CeilDivSIOp>([&](auto) { return totalCeilDiv(e, in[0], in[1]); })
      .Case<math::IPowIOp>([&](auto) { return intPower(e, op, in[0], in[1]); })
      .Case<attn::DivOp>([&](auto) {
        Value b = in[1], none = e.zero(b.getType()), a = in[0];
        e.meet(a, b);
        return e.select(e.cmp(CmpFPredicate::OEQ, in[1], none), e.zero(a.getType()), arith::DivFOp::create(e, a, b));
      })
      .Case<attn::FloorDivOp>([&](auto) { return totalFloorDiv(e, in[0], in[1]); })
      .Case<attn::ModOp>([&](auto) { return e.sub(in[0], e.mul(totalFloorDiv(e, in[0], in[1]), in[1])); })
      .Case<attn::ShlOp>([&](auto) { return totalShift(e, in[0], in[1], true); })
      .Case<attn::ShrOp>([&](auto) { return totalShift(e, in[0], in[1], false); })
      .Case<attn::ILog2Op>([&](auto) { return ilog2(e, in[0]); })
      .Case<attn::KvHeadOp>([&](auto) { return e.floorDiv(in[0], headsPerGroup); })
      .Default([&](Operation *) -> Value {
        if (isa<arith::ArithDialect, math::MathDialect>(op->getDialect()))
          return same(e, op, in);
        op->emitError("the CPU back end has no code for this operation");
        return {};
      });
}
