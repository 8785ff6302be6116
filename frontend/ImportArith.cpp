// Arithmetic, comparison and functions of scalars, by component for vectors.
#include "frontend/ImportBody.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attn {

static Type like(Type type, Type element) {
  auto row = dyn_cast<VectorType>(type);
  return row ? Type(row.clone(element)) : element;
}

Value BodyImporter::constant(Location loc, Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr attribute =
      isa<FloatType>(element)
          ? TypedAttr(builder.getFloatAttr(element, value))
          : TypedAttr(builder.getIntegerAttr(element, int64_t(value)));
  if (auto row = dyn_cast<VectorType>(type))
    attribute = DenseElementsAttr::get(row, attribute);
  return arith::ConstantOp::create(builder, loc, type, attribute);
}

Value BodyImporter::toReal(Location loc, Value value) {
  Type wide = like(value.getType(), builder.getI64Type());
  Type real = like(value.getType(), builder.getF32Type());
  APInt known;
  if (!isa<VectorType>(value.getType()) &&
      matchPattern(value, m_ConstantInt(&known)))
    return constant(loc, real, double(known.getSExtValue()));
  value = arith::IndexCastOp::create(builder, loc, wide, value);
  return arith::SIToFPOp::create(builder, loc, real, value);
}

// Total: NaN gives 0, and what is too large the last integers that f32 has.
Value BodyImporter::floorToInt(Location loc, Value value) {
  Type type = value.getType();
  Value low = constant(loc, type, -0x1p63),
        high = constant(loc, type, 0x1.fffffep62);
  Value isNumber = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::ORD, value, value);
  value = arith::SelectOp::create(builder, loc, isNumber, value,
                                  constant(loc, type, 0));
  value = math::FloorOp::create(builder, loc, value);
  value = arith::MaximumFOp::create(builder, loc, value, low);
  value = arith::MinimumFOp::create(builder, loc, value, high);
  value = arith::FPToSIOp::create(builder, loc,
                                  like(type, builder.getI64Type()), value);
  return arith::IndexCastOp::create(builder, loc,
                                    like(type, builder.getIndexType()), value);
}

Value BodyImporter::repeatedProduct(Location loc, Value base, uint64_t exponent,
                                    bool isInt) {
  auto times = [&](Value a, Value b) -> Value {
    return isInt ? builder.createOrFold<arith::MulIOp>(loc, a, b)
                 : builder.createOrFold<arith::MulFOp>(loc, a, b);
  };
  Value product;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1)
      product = product ? times(product, base) : base;
    if (exponent > 1)
      base = times(base, base);
  }
  return product ? product : constant(loc, base.getType(), 1);
}

Value BodyImporter::power(const Expr &expr) {
  Location loc = program.location(expr);
  Value base = emit(*expr.args[0]);
  if (expr.op == core::Op::IntPow)
    return repeatedProduct(loc, base, uint64_t(expr.args[1]->integer), true);
  Value exponent = emit(*expr.args[1]);
  // Squares and cubes are products; their error is below that of `pow`.
  APFloat known(0.0f);
  if (matchPattern(exponent, m_ConstantFloat(&known)))
    for (unsigned small : {1, 2, 3, 4})
      if (known.isExactlyValue(small))
        return repeatedProduct(loc, base, small, false);
  return math::PowFOp::create(builder, loc, base, exponent);
}

Value BodyImporter::compare(const Expr &expr) {
  using core::Op;
  Location loc = program.location(expr);
  Value lhs = emit(*expr.args[0]), rhs = emit(*expr.args[1]);
  if (expr.args[0]->type.base == core::Base::Real) {
    // [S4] With NaN every comparison is false.
    auto predicate = expr.op == Op::Eq   ? arith::CmpFPredicate::OEQ
                     : expr.op == Op::Ne ? arith::CmpFPredicate::ONE
                     : expr.op == Op::Lt ? arith::CmpFPredicate::OLT
                                         : arith::CmpFPredicate::OLE;
    return builder.createOrFold<arith::CmpFOp>(loc, predicate, lhs, rhs);
  }
  auto predicate = expr.op == Op::Eq   ? arith::CmpIPredicate::eq
                   : expr.op == Op::Ne ? arith::CmpIPredicate::ne
                   : expr.op == Op::Lt ? arith::CmpIPredicate::slt
                                       : arith::CmpIPredicate::sle;
  return builder.createOrFold<arith::CmpIOp>(loc, predicate, lhs, rhs);
}

Value BodyImporter::function(const Expr &expr) {
  Location loc = program.location(expr);
  Value x = emit(*expr.args[0]);
  switch (expr.op) {
  case core::Op::Exp:
    return math::ExpOp::create(builder, loc, x);
  case core::Op::Log:
    return math::LogOp::create(builder, loc, x);
  case core::Op::Log1p:
    return math::Log1pOp::create(builder, loc, x);
  case core::Op::Sqrt:
    return math::SqrtOp::create(builder, loc, x);
  case core::Op::Sin:
    return math::SinOp::create(builder, loc, x);
  case core::Op::Cos:
    return math::CosOp::create(builder, loc, x);
  case core::Op::Tanh:
    return math::TanhOp::create(builder, loc, x);
  case core::Op::Erf:
    return math::ErfOp::create(builder, loc, x);
  case core::Op::Floor:
    return floorToInt(loc, x);
  case core::Op::ILog2:
    return builder.createOrFold<ILog2Op>(loc, x);
  case core::Op::ToReal:
    return toReal(loc, x);
  default:
    return unsupported(expr, "this form is not supported yet");
  }
}

Value BodyImporter::arithmetic(const Expr &expr) {
  using core::Op;
  Location loc = program.location(expr);
  bool isReal = expr.type.base == core::Base::Real;
  auto arg = [&](unsigned k) { return emit(*expr.args[k]); };
  // The operation on numbers or on integers.
  auto either = [&](auto real, auto integer) -> Value {
    using Real = decltype(real);
    using Integer = decltype(integer);
    Value lhs = arg(0), rhs = arg(1);
    return isReal ? builder.createOrFold<Real>(loc, lhs, rhs)
                  : builder.createOrFold<Integer>(loc, lhs, rhs);
  };
  auto binary = [&](auto op) -> Value {
    Value lhs = arg(0), rhs = arg(1);
    return builder.createOrFold<decltype(op)>(loc, lhs, rhs);
  };
  switch (expr.op) {
  case Op::Add:
    return either(arith::AddFOp(), arith::AddIOp());
  case Op::Sub:
    return either(arith::SubFOp(), arith::SubIOp());
  case Op::Mul:
    return either(arith::MulFOp(), arith::MulIOp());
  case Op::Min:
    return either(arith::MinimumFOp(), arith::MinSIOp());
  case Op::Max:
    return either(arith::MaximumFOp(), arith::MaxSIOp());
  case Op::Div:
    return binary(DivOp());
  case Op::FloorDiv:
    return binary(FloorDivOp());
  case Op::Mod:
    return binary(ModOp());
  case Op::Shl:
    return binary(ShlOp());
  case Op::Shr:
    return binary(ShrOp());
  case Op::BitAnd:
  case Op::And:
    return binary(arith::AndIOp());
  case Op::BitOr:
  case Op::Or:
    return binary(arith::OrIOp());
  case Op::BitXor:
    return binary(arith::XOrIOp());
  case Op::Neg: {
    Value x = arg(0);
    if (isReal)
      return builder.createOrFold<arith::NegFOp>(loc, x);
    return builder.createOrFold<arith::SubIOp>(
        loc, constant(loc, x.getType(), 0), x);
  }
  case Op::Abs: {
    Value x = arg(0);
    return isReal ? builder.createOrFold<math::AbsFOp>(loc, x)
                  : builder.createOrFold<math::AbsIOp>(loc, x);
  }
  case Op::Not: {
    Value x = arg(0);
    return builder.createOrFold<arith::XOrIOp>(loc, x,
                                               constant(loc, x.getType(), 1));
  }
  case Op::If: {
    Value condition = arg(0), yes = arg(1), no = arg(2);
    return builder.createOrFold<arith::SelectOp>(loc, condition, yes, no);
  }
  case Op::Eq:
  case Op::Ne:
  case Op::Lt:
  case Op::Le:
    return compare(expr);
  case Op::Pow:
  case Op::IntPow:
    return power(expr);
  default:
    return function(expr);
  }
}

} // namespace attn
