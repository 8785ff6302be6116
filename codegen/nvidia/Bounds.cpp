#include "codegen/nvidia/Bounds.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace attn;
using namespace attn::nvidia;

static int64_t clamp(__int128 x) {
  return x < INT64_MIN ? INT64_MIN : x > INT64_MAX ? INT64_MAX : int64_t(x);
}

static int64_t less(int64_t a, int64_t b) { return clamp(__int128(a) - b); }
Bounds Bounds::operator+(Bounds o) const { return {clamp(__int128(lo) + o.lo), clamp(__int128(hi) + o.hi)}; }
Bounds Bounds::operator-(Bounds o) const { return {less(lo, o.hi), less(hi, o.lo)}; }

Bounds Bounds::ofType(Type type) {
  if (!type.isInteger() || type.getIntOrFloatBitWidth() >= 64)
    return {};
  unsigned width = type.getIntOrFloatBitWidth();
  if (width == 1)
    return {0, 1};
  if (type.isUnsignedInteger())
    return {0, (int64_t(1) << width) - 1};
  return {-(int64_t(1) << (width - 1)), (int64_t(1) << (width - 1)) - 1};
}

Bounds Bounds::operator*(Bounds o) const {
  __int128 corners[] = {__int128(lo) * o.lo, __int128(lo) * o.hi, __int128(hi) * o.lo, __int128(hi) * o.hi};
  return {clamp(*std::min_element(corners, corners + 4)), clamp(*std::max_element(corners, corners + 4))};
}

Bounds Bounds::abs() const {
  if (lo >= 0)
    return *this;
  int64_t a = less(0, lo);
  return {hi < 0 ? less(0, hi) : 0, std::max(a, hi)};
}

Bounds Bounds::floorDiv(Bounds o) const {
  if (o.constant() && o.lo > 0)
    return {llvm::divideFloorSigned(lo, o.lo), llvm::divideFloorSigned(hi, o.lo)};
  Bounds a = abs();
  return {std::max(less(0, a.hi), lo < 0 || o.lo < 0 ? INT64_MIN : 0), a.hi};
}

Bounds Bounds::mod(Bounds o) const {
  Bounds zero = o.lo <= 0 && o.hi >= 0 ? *this : Bounds::of(0); // x mod 0 = x
  return {std::min({int64_t(0), o.lo < 0 ? o.lo + 1 : 0, zero.lo}), std::max({int64_t(0), o.hi > 0 ? o.hi - 1 : 0, zero.hi})};
}

static Bounds ofAffine(AffineExpr e, ArrayRef<Bounds> dims, ArrayRef<Bounds> symbols) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return Bounds::of(c.getValue());
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return dims[d.getPosition()];
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return symbols[s.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(e);
  Bounds a = ofAffine(binary.getLHS(), dims, symbols), b = ofAffine(binary.getRHS(), dims, symbols);
  switch (e.getKind()) {
  case AffineExprKind::Add: return a + b;
  case AffineExprKind::Mul: return a * b;
  case AffineExprKind::Mod: return a.mod(b);
  default: return a.floorDiv(b).join(a.floorDiv(b) + Bounds::of(1));
  }
}

static Bounds ofAffine(AffineMap map, ValueRange operands, int sign) {
  SmallVector<Bounds> in;
  for (Value v : operands)
    in.push_back(boundsOf(v));
  ArrayRef<Bounds> all(in);
  std::optional<Bounds> result;
  for (AffineExpr e : map.getResults()) {
    Bounds x = ofAffine(e, all.take_front(map.getNumDims()), all.drop_front(map.getNumDims()));
    result = !result ? x : sign < 0 ? result->min(x) : result->max(x);
  }
  return result.value_or(Bounds());
}

Bounds attn::nvidia::boundsOf(Value v) {
  if (isa<BlockArgument>(v))
    return Bounds::positions(); // grid indices
  Operation *op = v.getDefiningOp();
  auto in = [&](unsigned n) { return boundsOf(op->getOperand(n)); };
  return llvm::TypeSwitch<Operation *, Bounds>(op)
      .Case<arith::ConstantOp>([&](arith::ConstantOp c) {
        auto number = dyn_cast<IntegerAttr>(c.getValue());
        return number ? Bounds::of(number.getValue().getSExtValue()) : Bounds();
      })
      .Case<plan::ExtentOp, plan::SizeOp>([&](auto) { return Bounds::positions(); })
      .Case<plan::ScalarOp>([&](auto) { return Bounds::parameters(); })
      .Case<affine::AffineApplyOp>([&](auto a) { return ofAffine(a.getAffineMap(), a->getOperands(), 1); })
      .Case<affine::AffineMinOp>([&](auto a) { return ofAffine(a.getAffineMap(), a->getOperands(), -1); })
      .Case<affine::AffineMaxOp>([&](auto a) { return ofAffine(a.getAffineMap(), a->getOperands(), 1); })
      .Case<arith::AddIOp>([&](auto) { return in(0) + in(1); })
      .Case<arith::SubIOp>([&](auto) { return in(0) - in(1); })
      .Case<arith::MulIOp>([&](auto) { return in(0) * in(1); })
      .Case<arith::MinSIOp>([&](auto) { return in(0).min(in(1)); })
      .Case<arith::MaxSIOp>([&](auto) { return in(0).max(in(1)); })
      .Case<arith::SelectOp>([&](auto) { return in(1).join(in(2)); })
      .Case<arith::FloorDivSIOp, attn::FloorDivOp>([&](auto) { return in(0).floorDiv(in(1)); })
      .Case<attn::ModOp>([&](auto) { return in(0).mod(in(1)); })
      .Case<attn::KvHeadOp>([&](auto) { return Bounds::positions(); })
      .Case<arith::IndexCastOp, arith::ExtSIOp>([&](auto) {
        Type from = op->getOperand(0).getType();
        return from.isIndex() || from.isInteger(64) ? in(0) : Bounds::ofType(from);
      })
      .Case<arith::IndexCastUIOp, arith::ExtUIOp>([&](auto) {
        Type from = op->getOperand(0).getType();
        unsigned width = from.isIndex() ? 64 : from.getIntOrFloatBitWidth();
        return width < 64 ? Bounds{0, (int64_t(1) << width) - 1} : in(0);
      })
      .Default([&](Operation *) { return Bounds::ofType(v.getType()); });
}
