#include "codegen/cpu/Emit.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace attn::cpu;
using llvm::APFloat;

Type Emit::held(Type element) {
  if (element.isIndex())
    return i64();
  if (element.isBF16() || element.isF16())
    return getF32Type();
  if (auto integer = dyn_cast<IntegerType>(element); integer && !integer.isSignless())
    return getIntegerType(integer.getWidth());
  return element;
}

Type Emit::stored(Type held) {
  if (held.isInteger(1))
    return getI8Type();
  return held;
}

int64_t Emit::bytes(Type element) {
  if (element.isIndex())
    return 8;
  return (element.getIntOrFloatBitWidth() + 7) / 8;
}

static Value constant(Emit &e, Type type, Attribute scalar) {
  if (auto vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(e, DenseElementsAttr::get(vector, scalar));
  return arith::ConstantOp::create(e, cast<TypedAttr>(scalar));
}

Value Emit::zero(Type type) {
  return constant(*this, type, getZeroAttr(getElementTypeOrSelf(type)));
}

Value Emit::extreme(Type type, bool greatest) {
  Type element = getElementTypeOrSelf(type);
  if (auto real = dyn_cast<FloatType>(element))
    return constant(*this, type, FloatAttr::get(real, APFloat::getInf(real.getFloatSemantics(), !greatest)));
  unsigned width = element.getIntOrFloatBitWidth();
  return constant(*this, type, IntegerAttr::get(element, greatest ? APInt::getSignedMaxValue(width) : APInt::getSignedMinValue(width)));
}

void Emit::meet(Value &a, Value &b) {
  if (isVector(a) || isVector(b)) {
    a = splat(a);
    b = splat(b);
  }
}

static bool isReal(Value v) { return isa<FloatType>(getElementTypeOrSelf(v.getType())); }

Value Emit::add(Value a, Value b) {
  meet(a, b);
  return isReal(a) ? createOrFold<arith::AddFOp>(a, b) : createOrFold<arith::AddIOp>(a, b);
}
Value Emit::sub(Value a, Value b) {
  meet(a, b);
  return isReal(a) ? createOrFold<arith::SubFOp>(a, b) : createOrFold<arith::SubIOp>(a, b);
}
Value Emit::mul(Value a, Value b) {
  meet(a, b);
  return isReal(a) ? createOrFold<arith::MulFOp>(a, b) : createOrFold<arith::MulIOp>(a, b);
}
// A NaN in `a` is ignored; one compare and select is one instruction on x86.
Value Emit::min(Value a, Value b) {
  meet(a, b);
  if (isReal(a))
    return select(cmp(arith::CmpFPredicate::OLT, a, b), a, b);
  return createOrFold<arith::MinSIOp>(a, b);
}
Value Emit::max(Value a, Value b) {
  meet(a, b);
  if (isReal(a))
    return select(cmp(arith::CmpFPredicate::OGT, a, b), a, b);
  return createOrFold<arith::MaxSIOp>(a, b);
}
Value Emit::band(Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  meet(a, b);
  return createOrFold<arith::AndIOp>(a, b);
}
Value Emit::cmp(arith::CmpIPredicate p, Value a, Value b) {
  meet(a, b);
  return createOrFold<arith::CmpIOp>(p, a, b);
}
Value Emit::cmp(arith::CmpFPredicate p, Value a, Value b) {
  meet(a, b);
  return createOrFold<arith::CmpFOp>(p, a, b);
}
Value Emit::select(Value c, Value a, Value b) {
  meet(a, b);
  if (isVector(c) && !isVector(a)) {
    a = splat(a);
    b = splat(b);
  }
  return createOrFold<arith::SelectOp>(c, a, b);
}

Value Emit::floorDiv(Value a, Value b) {
  APInt divisor;
  if (matchPattern(b, m_ConstantInt(&divisor)) && divisor.isStrictlyPositive() && divisor.isPowerOf2()) {
    if (divisor.isOne())
      return a;
    Value shift = constant(*this, b.getType(), IntegerAttr::get(getElementTypeOrSelf(b.getType()), divisor.logBase2()));
    meet(a, shift);
    return createOrFold<arith::ShRSIOp>(a, shift);
  }
  meet(a, b);
  Value q = arith::DivSIOp::create(*this, a, b);
  Value r = sub(a, mul(q, b));
  Value none = zero(a.getType());
  Value lower = cmp(arith::CmpIPredicate::slt, arith::XOrIOp::create(*this, r, b), none);
  Value inexact = cmp(arith::CmpIPredicate::ne, r, none);
  Value one = constant(*this, a.getType(), IntegerAttr::get(getElementTypeOrSelf(a.getType()), 1));
  return select(band(lower, inexact), sub(q, one), q);
}

Value Emit::ceilDiv(Value a, Value b) {
  Value none = zero(a.getType());
  Value q = floorDiv(sub(none, a), b);
  return sub(none, q);
}

Value Emit::lanesIota() {
  if (lanes == 1)
    return integer(0);
  SmallVector<int64_t> values;
  for (unsigned k = 0; k < lanes; ++k)
    values.push_back(k);
  return arith::ConstantOp::create(*this, DenseElementsAttr::get(cast<VectorType>(vec(i64())), ArrayRef<int64_t>(values)));
}

Value Emit::fma(Value a, Value b, Value c) {
  return isVector(c) ? vector::FMAOp::create(*this, a, b, c).getResult() : math::FmaOp::create(*this, a, b, c).getResult();
}

Value Emit::at(Value p, Value bytes) {
  return LLVM::GEPOp::create(*this, ptr(), getI8Type(), p, ArrayRef<LLVM::GEPArg>{bytes});
}
Value Emit::load(Type type, Value p, unsigned align) {
  return LLVM::LoadOp::create(*this, type, p, align ? align : unsigned(bytes(getElementTypeOrSelf(type))));
}
void Emit::store(Value v, Value p, unsigned align) {
  LLVM::StoreOp::create(*this, v, p, align ? align : unsigned(bytes(getElementTypeOrSelf(v.getType()))));
}
Value Emit::loadSlot(Value frame, int64_t slot, Type type) {
  Value p = at(frame, slot * 8);
  if (type.isInteger(1))
    return cmp(arith::CmpIPredicate::ne, load(i64(), p), integer(0));
  auto op = LLVM::LoadOp::create(*this, type, p, 8);
  op.setInvariant(true);
  return op;
}

void Emit::loop(Value from, Value to, int64_t step, Body body) {
  auto op = scf::ForOp::create(*this, from, to, integer(step));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

SmallVector<Value> Emit::loop(Value from, Value to, int64_t step, ValueRange init, CarryBody body) {
  if (init.empty()) { // the builder closes such a loop itself
    loop(from, to, step, [&](Value at) { body(at, {}); });
    return {};
  }
  auto op = scf::ForOp::create(*this, from, to, integer(step), init);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToEnd(op.getBody());
  SmallVector<Value> next = body(op.getInductionVar(), op.getRegionIterArgs());
  scf::YieldOp::create(*this, next);
  return llvm::to_vector_of<Value>(op.getResults());
}

void Emit::when(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(*this, condition, bool(otherwise));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  then();
  if (otherwise) {
    setInsertionPointToStart(op.elseBlock());
    otherwise();
  }
}

Value Emit::choose(Value condition, llvm::function_ref<Value()> then, llvm::function_ref<Value()> otherwise) {
  OpBuilder::InsertionGuard guard(*this);
  auto branch = [&](llvm::function_ref<Value()> make, Block *block) {
    setInsertionPointToStart(block);
    Value x = make();
    scf::YieldOp::create(*this, ValueRange(x));
    return x.getType();
  };
  // The type is known once one side has been written.
  auto op = scf::IfOp::create(*this, TypeRange{getI1Type()}, condition, true);
  Type type = branch(then, op.thenBlock());
  branch(otherwise, op.elseBlock());
  op.getResult(0).setType(type);
  return op.getResult(0);
}
