// Functions of the regions of a kernel by instructions of the GPU. Errors are
// those of the instructions: 2^x and division 2 ulp; denormals count as 0.
#include "codegen/Passes.h"
#include "codegen/nvidia/WgLowering.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

namespace attn {
#define GEN_PASS_DEF_EXPANDGPUMATH
#include "codegen/Passes.h.inc"
} // namespace attn

using namespace mlir;

namespace {
struct Expander : ImplicitLocOpBuilder {
  explicit Expander(Operation *op) : ImplicitLocOpBuilder(op->getLoc(), op) {}

  Value c(double x) { return arith::ConstantOp::create(*this, getF32FloatAttr(x)); }
  Value whole(int64_t x) { return arith::ConstantIndexOp::create(*this, x); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
  Value fma(Value a, Value b, Value x) { return math::FmaOp::create(*this, a, b, x); }
  Value is(arith::CmpIPredicate p, Value a, Value b) { return arith::CmpIOp::create(*this, p, a, b); }
  Value select(Value p, Value a, Value b) { return arith::SelectOp::create(*this, p, a, b); }
  Value assembly(StringRef text, StringRef constraints, ValueRange operands) {
    return LLVM::InlineAsmOp::create(*this, TypeRange(getF32Type()), operands, text, constraints, false, false,
                                     LLVM::tailcallkind::TailCallKind::None,
                                     LLVM::AsmDialectAttr::get(getContext(), LLVM::AsmDialect::AD_ATT), ArrayAttr())
        .getResult(0);
  }

  Value exp2(Value x) { return assembly("ex2.approx.ftz.f32 $0, $1;", "=f,f", x); }
  Value exp(Value x) { return exp2(mul(x, c(1.44269504088896340736))); }
  Value divide(Value a, Value b);
  Value integer(int64_t x, Type type) { return arith::ConstantOp::create(*this, getIntegerAttr(type, x)); }
  Value tanh(Value x);
  Value divide(Value a, Value b, bool down);
  Value floorDiv(Value a, Value b);
  Value shift(Value a, Value n, bool left);
};
} // namespace

// By the reciprocal: of what is the same for a row or a column there is one. It
// must not become a denormal.
Value Expander::divide(Value a, Value b) {
  Value large = arith::CmpFOp::create(*this, arith::CmpFPredicate::OGT, math::AbsFOp::create(*this, b), c(0x1p124));
  Value scale = select(large, c(0x1p-32), c(1));
  Value inverse = assembly("rcp.approx.ftz.f32 $0, $1;", "=f,f", mul(b, scale));
  return mul(mul(a, scale), inverse);
}

// A polynomial near 0; 1 - 2 / (e^(2x) + 1) above.
Value Expander::tanh(Value x) {
  Value a = math::AbsFOp::create(*this, x), z = mul(x, x), near = c(-5.70498872745e-3);
  for (double k : {2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1})
    near = fma(near, z, c(k));
  near = fma(mul(near, z), x, x);
  Value e = exp2(mul(a, c(2 * 1.44269504088896340736)));
  Value part = assembly("rcp.approx.ftz.f32 $0, $1;", "=f,f", arith::AddFOp::create(*this, e, c(1)).getResult());
  Value far = math::CopySignOp::create(*this, fma(part, c(-2), c(1)), x);
  return select(arith::CmpFOp::create(*this, arith::CmpFPredicate::OLT, a, c(0.625)), near, far);
}

// Towards minus infinity (`down`) or infinity, b not 0.
Value Expander::divide(Value a, Value b, bool down) {
  Value zero = integer(0, a.getType()), one = integer(1, a.getType());
  Value quotient = arith::DivSIOp::create(*this, a, b);
  Value rest = arith::SubIOp::create(*this, a, arith::MulIOp::create(*this, quotient, b));
  Value opposed = is(arith::CmpIPredicate::slt, arith::XOrIOp::create(*this, rest, b), zero);
  if (!down)
    opposed = arith::XOrIOp::create(*this, opposed, integer(1, getI1Type()));
  Value moves = arith::AndIOp::create(*this, is(arith::CmpIPredicate::ne, rest, zero), opposed);
  Value moved = down ? arith::SubIOp::create(*this, quotient, one).getResult() : arith::AddIOp::create(*this, quotient, one).getResult();
  return select(moves, moved, quotient);
}

// 0 where b is 0.
Value Expander::floorDiv(Value a, Value b) {
  Value none = is(arith::CmpIPredicate::eq, b, whole(0));
  return select(none, whole(0), divide(a, select(none, whole(1), b), true));
}

// By less than 0 or 64 and more: 0 (to the right of a negative number too).
Value Expander::shift(Value a, Value n, bool left) {
  Value inside = is(arith::CmpIPredicate::ult, n, whole(64));
  Value by = select(inside, n, whole(0));
  Value moved = left ? arith::ShLIOp::create(*this, a, by).getResult() : arith::ShRSIOp::create(*this, a, by).getResult();
  return select(inside, moved, whole(0));
}

static Value expand(Operation *op) {
  if (op->getNumResults() != 1)
    return {};
  Expander e(op);
  auto x = [&](unsigned n = 0) { return op->getOperand(n); };
  bool single = op->getResult(0).getType().isF32();
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<math::ExpOp>([&](auto) { return single ? e.exp(x()) : Value(); })
      .Case<math::Exp2Op>([&](auto) { return single ? e.exp2(x()) : Value(); })
      .Case<math::TanhOp>([&](auto) { return single ? e.tanh(x()) : Value(); })
      // Instructions of their own; `arith-expand` would compare and select.
      .Case<arith::MaxNumFOp>([&](auto) -> Value { return LLVM::MaxNumOp::create(e, x(), x(1)); })
      .Case<arith::MinNumFOp>([&](auto) -> Value { return LLVM::MinNumOp::create(e, x(), x(1)); })
      .Case<arith::MaximumFOp>([&](auto) -> Value { return LLVM::MaximumOp::create(e, x(), x(1)); })
      .Case<arith::MinimumFOp>([&](auto) -> Value { return LLVM::MinimumOp::create(e, x(), x(1)); })
      .Case<arith::DivFOp>([&](auto) { return single ? e.divide(x(), x(1)) : Value(); })
      .Case<attn::DivOp>([&](auto) -> Value {
        if (!single)
          return {};
        Value none = arith::CmpFOp::create(e, arith::CmpFPredicate::OEQ, x(1), e.c(0));
        return e.select(none, e.c(0), e.divide(x(), x(1)));
      })
      .Case<arith::FloorDivSIOp>([&](auto) { return e.divide(x(), x(1), true); })
      .Case<arith::CeilDivSIOp>([&](auto) { return e.divide(x(), x(1), false); })
      .Case<attn::FloorDivOp>([&](auto) { return e.floorDiv(x(), x(1)); })
      .Case<attn::ModOp>([&](auto) -> Value {
        Value quotient = e.floorDiv(x(), x(1));
        return arith::SubIOp::create(e, x(), arith::MulIOp::create(e, quotient, x(1)));
      })
      .Case<attn::ShlOp>([&](auto) { return e.shift(x(), x(1), true); })
      .Case<attn::ShrOp>([&](auto) { return e.shift(x(), x(1), false); })
      .Case<attn::ILog2Op>([&](auto) -> Value {
        Value bits = arith::IndexCastOp::create(e, e.getI64Type(), x());
        Value zeros = arith::IndexCastOp::create(e, e.getIndexType(), math::CountLeadingZerosOp::create(e, bits));
        Value log = arith::SubIOp::create(e, e.whole(63), zeros);
        return e.select(e.is(arith::CmpIPredicate::sle, x(), e.whole(0)), e.whole(-1), log);
      })
      .Case<arith::FPToSIOp>([&](arith::FPToSIOp convert) -> Value { // saturates: nothing is undefined
        if (!convert.getType().isSignlessInteger())
          return {};
        return LLVM::CallIntrinsicOp::create(e, convert.getType(), e.getStringAttr("llvm.fptosi.sat"), ValueRange(x())).getResult(0);
      })
      .Default([](Operation *) { return Value(); });
}

void attn::nvidia::expandGpuMath(Operation *root) {
  SmallVector<Operation *> ops;
  root->walk([&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops)
    if (Value value = expand(op)) {
      op->getResult(0).replaceAllUsesWith(value);
      op->erase();
    }
}

namespace {
struct ExpandGpuMath : attn::impl::ExpandGpuMathBase<ExpandGpuMath> {
  void runOnOperation() override { attn::nvidia::expandGpuMath(getOperation()); }
};
} // namespace
