// Functions of math as arithmetic on f32 scalars and vectors. Errors are given
// in units in the last place of the f32 result, measured against libm in double.
#include "codegen/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

namespace attn {
#define GEN_PASS_DEF_EXPANDMATH
#include "codegen/Passes.h.inc"
} // namespace attn

using namespace mlir;
using arith::CmpFPredicate;

namespace {

/// Arithmetic on values of one shape: f32, f64, i32 and i64 lanes.
struct Expander : ImplicitLocOpBuilder {
  Expander(Operation *op, bool scalef) : ImplicitLocOpBuilder(op->getLoc(), op), shape(op->getResult(0).getType()), useScalef(scalef) {}
  Type shape;
  bool useScalef;

  Type like(Type element) { return isa<VectorType>(shape) ? Type(cast<VectorType>(shape).clone(element)) : element; }
  Type f64() { return like(getF64Type()); }
  Type f32() { return like(getF32Type()); }
  Type i32() { return like(getI32Type()); }
  Value number(Type type, Attribute value) {
    return isa<VectorType>(type) ? arith::ConstantOp::create(*this, DenseElementsAttr::get(cast<VectorType>(type), value)).getResult()
                                 : arith::ConstantOp::create(*this, cast<TypedAttr>(value)).getResult();
  }
  Value c(double x, Type type) { return number(type, FloatAttr::get(getElementTypeOrSelf(type), x)); }
  Value c(double x) { return c(x, f32()); }
  Value ci(int64_t x, Type type) { return number(type, IntegerAttr::get(getElementTypeOrSelf(type), x)); }

  Value add(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }
  Value sub(Value a, Value b) { return arith::SubFOp::create(*this, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
  Value div(Value a, Value b) { return arith::DivFOp::create(*this, a, b); }
  Value fma(Value a, Value b, Value x) { return math::FmaOp::create(*this, a, b, x); }
  Value round(Value x) { return math::RoundEvenOp::create(*this, x); }
  Value abs(Value x) { return math::AbsFOp::create(*this, x); }
  Value is(CmpFPredicate p, Value a, Value b) { return arith::CmpFOp::create(*this, p, a, b); }
  Value select(Value p, Value a, Value b) { return arith::SelectOp::create(*this, p, a, b); }
  Value widen(Value x) { return arith::ExtFOp::create(*this, f64(), x); }
  Value narrow(Value x) { return arith::TruncFOp::create(*this, f32(), x); }
  Value bits(Value x) { return arith::BitcastOp::create(*this, i32(), x); }
  Value real(Value x) { return arith::BitcastOp::create(*this, f32(), x); }
  Value iadd(Value a, Value b) { return arith::AddIOp::create(*this, a, b); }
  Value isub(Value a, Value b) { return arith::SubIOp::create(*this, a, b); }
  /// From the highest coefficient on.
  Value poly(Value x, ArrayRef<double> coefficients) {
    Value sum = c(coefficients[0], x.getType());
    for (double k : coefficients.drop_front())
      sum = fma(sum, x, c(k, x.getType()));
    return sum;
  }
  double inf() { return std::numeric_limits<double>::infinity(); }
  double nan() { return std::numeric_limits<double>::quiet_NaN(); }
  /// NaN stays NaN.
  Value clamp(Value x, double lo, double hi) {
    Value l = c(lo, x.getType()), h = c(hi, x.getType());
    x = select(is(CmpFPredicate::OLT, x, l), l, x);
    return select(is(CmpFPredicate::OGT, x, h), h, x);
  }

  Value timesPowerOfTwo(Value x, Value n);
  Value exp2Tail(Value n, Value f);
  Value exp(Value x);
  Value exp2(Value x);
  Value log(Value x);
  Value log1p(Value x);
  Value sinOrCos(Value x, bool cosine);
  Value tanh(Value x);
  Value erf(Value x);
  Value pow(Value x, Value y);
  Value log2Wide(Value x);
  Value exp2Wide(Value t);
};

} // namespace

//===----------------------------------------------------------------------===//
// Exponentials: 3 ulp
//===----------------------------------------------------------------------===//

// n is whole, in [-160, 130]. The power is applied in two halves, so that
// results below the normal numbers come out right.
Value Expander::timesPowerOfTwo(Value x, Value n) {
  auto vector = dyn_cast<VectorType>(shape);
  if (useScalef && vector && vector.getNumElements() == 16) {
    Value all = arith::ConstantIntOp::create(*this, -1, 16), mode = arith::ConstantIntOp::create(*this, 4, 32);
    return LLVM::CallIntrinsicOp::create(*this, vector, getStringAttr("llvm.x86.avx512.mask.scalef.ps.512"), ValueRange{x, n, x, all, mode}).getResult(0);
  }
  Value whole = arith::FPToSIOp::create(*this, i32(), n);
  Value half = arith::ShRSIOp::create(*this, whole, ci(1, i32())), rest = isub(whole, half);
  auto power = [&](Value k) { return real(arith::ShLIOp::create(*this, iadd(k, ci(127, i32())), ci(23, i32()))); };
  return mul(mul(x, power(half)), power(rest));
}

// 2^(n + f), |f| <= 1/2: 2^f = 1 + f q(f), exactly 1 at 0.
Value Expander::exp2Tail(Value n, Value f) {
  Value p = poly(f, {0.0013381302537304018, 0.009666368515384533, 0.055503810137964744, 0.24022349038020385, 0.6931471805599453, 1.0});
  return timesPowerOfTwo(p, n);
}

Value Expander::exp(Value x) {
  x = clamp(x, -106.0, 89.5); // 0 below, inf above
  Value n = round(mul(x, c(1.44269504088896340736)));
  // x log2(e) - n with log2(e) in two pieces.
  Value f = fma(x, c(1.44269502162933349609375), sub(c(0), n));
  f = fma(x, c(1.92596299112661746887e-8), f);
  return exp2Tail(n, f);
}

Value Expander::exp2(Value x) {
  x = clamp(x, -152.0, 129.0);
  Value n = round(x);
  return exp2Tail(n, sub(x, n));
}

//===----------------------------------------------------------------------===//
// Logarithms: 1 ulp; fdlibm's e_logf reduction
//===----------------------------------------------------------------------===//

Value Expander::log(Value x) {
  Value tiny = is(CmpFPredicate::OLT, x, c(1.1754943508222875e-38));
  Value y = select(tiny, mul(x, c(8388608.0)), x);
  Value from = isub(bits(y), ci(0x3f3504f3, i32()));
  Value exponent = arith::ShRSIOp::create(*this, from, ci(23, i32()));
  Value mantissa = iadd(arith::AndIOp::create(*this, from, ci(0x7fffff, i32())), ci(0x3f3504f3, i32()));
  Value e = arith::SIToFPOp::create(*this, f32(), exponent);
  e = sub(e, select(tiny, c(23), c(0)));
  Value f = sub(real(mantissa), c(1)), s = div(f, add(c(2), f));
  Value z = mul(s, s);
  Value r = mul(z, poly(z, {0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693}));
  Value half = mul(mul(f, f), c(0.5));
  Value low = fma(e, c(9.0580006145e-06), mul(s, add(half, r)));
  Value result = fma(e, c(6.9313812256e-01), add(sub(low, half), f));
  result = select(is(CmpFPredicate::OLT, x, c(0)), c(nan()), result);
  result = select(is(CmpFPredicate::OEQ, x, c(0)), c(-inf()), result);
  return select(is(CmpFPredicate::OLT, x, c(inf())), result, x); // +inf and NaN
}

// log(u) with u = fl(1 + x), corrected by what the addition lost.
Value Expander::log1p(Value x) {
  Value u = add(c(1), x), lost = sub(x, sub(u, c(1)));
  Value plain = arith::AndIOp::create(*this, is(CmpFPredicate::OGT, u, c(0)), is(CmpFPredicate::OLT, u, c(inf())));
  return add(log(u), select(plain, div(lost, u), c(0)));
}

//===----------------------------------------------------------------------===//
// Sine and cosine: 1 ulp up to 2^40; beyond 2^50 the argument counts as 0
//===----------------------------------------------------------------------===//

Value Expander::sinOrCos(Value x, bool cosine) {
  Value small = is(CmpFPredicate::OLT, abs(x), c(1125899906842624.0));
  Value wide = widen(select(small, x, c(0)));
  auto d = [&](double k) { return c(k, f64()); };
  Value k = round(mul(wide, d(0.63661977236758134308)));
  Value r = fma(k, d(-1.57079632679489655800), wide);
  r = fma(k, d(-6.12323399573676603587e-17), r);
  if (cosine)
    k = add(k, d(1));
  Value quarter = sub(k, mul(d(4), Value(math::FloorOp::create(*this, mul(k, d(0.25))))));
  Value z = mul(r, r);
  Value s = fma(mul(r, z), poly(z, {2.718311493989822e-06, -0.00019839334836096632, 0.008333329385889463, -0.16666666641626524}), r);
  Value t = fma(z, poly(z, {2.439044879627741e-05, -0.001388676377460993, 0.04166662332373906, -0.499999997251031}), d(1));
  auto equals = [&](double q) { return is(CmpFPredicate::OEQ, quarter, d(q)); };
  Value swap = arith::OrIOp::create(*this, equals(1), equals(3));
  Value result = select(swap, t, s);
  Value negative = is(CmpFPredicate::OGE, quarter, d(2));
  result = narrow(select(negative, arith::NegFOp::create(*this, result), result));
  return add(result, sub(x, x)); // NaN for infinities
}

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

// Cephes tanhf below 5/8; 1 - 2 / (e^(2x) + 1) above. 2 ulp.
Value Expander::tanh(Value x) {
  Value a = abs(x), z = mul(x, x);
  Value near = poly(z, {-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1});
  near = fma(mul(near, z), x, x);
  Value far = sub(c(1), div(c(2), add(exp(add(a, a)), c(1))));
  far = math::CopySignOp::create(*this, far, x);
  return select(is(CmpFPredicate::OLT, a, c(0.625)), near, far);
}

// fdlibm's rational function below 0.84; 1 - 2^p(|x|) above, p = log2(erfc)
// interpolated at Chebyshev points of [0.8, 4.05]. 1 ulp.
Value Expander::erf(Value x) {
  Value z = mul(x, x);
  Value top = poly(z, {-2.3763017452e-05, -5.7702702470e-03, -2.8481749818e-02, -3.2504209876e-01, 1.2837916613e-01});
  Value bottom = poly(z, {-3.9602282413e-06, 1.3249473704e-04, 5.0813062117e-03, 6.5022252500e-02, 3.9791721106e-01, 1.0});
  Value near = fma(x, div(top, bottom), x);
  Value a = abs(x), u = sub(clamp(a, 0.8, 4.05), c(2.4));
  Value p = poly(u, {-2.3049003607834676e-08, 2.2760946978970264e-06, -2.088994631805506e-05, 0.00012596882829175564, -0.0006776995401797152,
                     0.003443893887708884, -0.016977584295704434, -1.356857252682928, -7.45041857867557, -10.504226626964803});
  Value far = math::CopySignOp::create(*this, sub(c(1), exp2(p)), x);
  return select(is(CmpFPredicate::OLT, a, c(0.84375)), near, far);
}

// log2 of a positive finite number, in f64.
Value Expander::log2Wide(Value x) {
  Value tiny = is(CmpFPredicate::OLT, x, c(1.1754943508222875e-38));
  Value from = isub(bits(select(tiny, mul(x, c(8388608.0)), x)), ci(0x3f3504f3, i32()));
  Value mantissa = iadd(arith::AndIOp::create(*this, from, ci(0x7fffff, i32())), ci(0x3f3504f3, i32()));
  Value e = widen(sub(Value(arith::SIToFPOp::create(*this, f32(), arith::ShRSIOp::create(*this, from, ci(23, i32())))), select(tiny, c(23), c(0))));
  Value m = widen(real(mantissa)), one = c(1, f64());
  Value s = div(sub(m, one), add(m, one)), z = mul(s, s);
  Value series = poly(z, {1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0});
  return fma(mul(s, series), c(2 * 1.44269504088896340736, f64()), e);
}

// 2^t, rounded to f32 once.
Value Expander::exp2Wide(Value t) {
  t = clamp(t, -200, 200);
  Value n = round(t), f = mul(sub(t, n), c(0.69314718055994530942, f64()));
  Value p = poly(f, {1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0});
  Type i64 = like(getI64Type());
  Value k = arith::ExtSIOp::create(*this, i64, arith::FPToSIOp::create(*this, i32(), n));
  Value power = arith::BitcastOp::create(*this, f64(), arith::ShLIOp::create(*this, iadd(k, ci(1023, i64)), ci(52, i64)));
  return narrow(mul(p, power));
}

// IEEE pow, 1 ulp.
Value Expander::pow(Value x, Value y) {
  Value a = abs(x), zero = c(0), one = c(1);
  Value whole = is(CmpFPredicate::OEQ, math::FloorOp::create(*this, y), y);
  Value half = mul(y, c(0.5));
  Value even = is(CmpFPredicate::OEQ, math::FloorOp::create(*this, half), half);
  Value odd = arith::AndIOp::create(*this, whole, arith::XOrIOp::create(*this, even, ci(1, even.getType())));
  Value regular = arith::AndIOp::create(*this, is(CmpFPredicate::OGT, a, zero), is(CmpFPredicate::OLT, a, c(inf())));
  Value r = exp2Wide(mul(log2Wide(select(regular, a, one)), widen(y)));
  // |x| is 0 or inf: 0 or inf by the sign of y.
  Value grows = arith::XOrIOp::create(*this, is(CmpFPredicate::OEQ, a, zero), is(CmpFPredicate::OGT, y, zero));
  r = select(regular, r, select(grows, c(inf()), zero));
  r = select(is(CmpFPredicate::OEQ, a, one), one, r); // also to infinite powers
  Value negative = arith::CmpIOp::create(*this, arith::CmpIPredicate::slt, bits(x), ci(0, i32()));
  Value flipped = select(arith::AndIOp::create(*this, negative, odd), arith::NegFOp::create(*this, r), r);
  Value bad = arith::AndIOp::create(*this, arith::AndIOp::create(*this, negative, is(CmpFPredicate::UNE, x, zero)),
                                    arith::XOrIOp::create(*this, whole, ci(1, whole.getType())));
  bad = arith::AndIOp::create(*this, bad, is(CmpFPredicate::OLT, a, c(inf())));
  r = select(bad, c(nan()), flipped);
  r = select(is(CmpFPredicate::UNO, x, y), add(x, y), r);
  Value isOne = arith::OrIOp::create(*this, is(CmpFPredicate::OEQ, x, one), is(CmpFPredicate::OEQ, y, zero));
  return select(isOne, one, r);
}

static Value expand(Operation *op, bool scalef) {
  if (op->getNumResults() != 1 || !getElementTypeOrSelf(op->getResult(0).getType()).isF32())
    return {};
  Expander e(op, scalef);
  auto x = [&] { return op->getOperand(0); };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<math::ExpOp>([&](auto) { return e.exp(x()); })
      .Case<math::Exp2Op>([&](auto) { return e.exp2(x()); })
      .Case<math::LogOp>([&](auto) { return e.log(x()); })
      .Case<math::Log2Op>([&](auto) { return e.narrow(e.mul(e.widen(e.log(x())), e.c(1.44269504088896340736, e.f64()))); })
      .Case<math::Log1pOp>([&](auto) { return e.log1p(x()); })
      .Case<math::SinOp>([&](auto) { return e.sinOrCos(x(), false); })
      .Case<math::CosOp>([&](auto) { return e.sinOrCos(x(), true); })
      .Case<math::TanhOp>([&](auto) { return e.tanh(x()); })
      .Case<math::ErfOp>([&](auto) { return e.erf(x()); })
      .Case<math::PowFOp>([&](auto) { return e.pow(x(), op->getOperand(1)); })
      .Case<math::RsqrtOp>([&](auto) { return e.div(e.c(1), math::SqrtOp::create(e, x())); })
      .Default([](Operation *) { return Value(); });
}

namespace {
struct ExpandMath : attn::impl::ExpandMathBase<ExpandMath> {
  using ExpandMathBase::ExpandMathBase;
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa_and_nonnull<math::MathDialect>(op->getDialect()))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (Value v = expand(op, scalef)) {
        op->getResult(0).replaceAllUsesWith(v);
        op->erase();
      }
  }
};
} // namespace
