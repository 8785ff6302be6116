#include "codegen/nvidia/ElementRegion.h"
#include "codegen/cpu/Elements.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpIPredicate;

// Column steps are below this.
static constexpr int64_t mostColumns = 256;
static constexpr double log2e = 1.4426950408889634;

static bool isInteger(Type type) { return type.isIndex() || (type.isInteger() && !type.isInteger(1)); }

static Value resize(cpu::Emit &e, Value x, unsigned width) {
  unsigned from = x.getType().getIntOrFloatBitWidth();
  Type to = e.getIntegerType(width);
  return from == width ? x : from < width ? e.createOrFold<arith::ExtSIOp>(to, x) : e.createOrFold<arith::TruncIOp>(to, x);
}

// What does not depend on the column. Its range is wider than that of the whole.
static bool partFits32(const Element &x) {
  Bounds slack{-mostColumns * std::abs(x.step), mostColumns * std::abs(x.step)};
  return (x.range + slack).fits32() && (!x.absolute || (Bounds{-x.range.hi, x.range.hi} + slack).fits32());
}

Value ElementRegion::part(Element x, unsigned width) { return resize(e, x.v, width); }

Value ElementRegion::at(Element x, unsigned width) {
  Value v = part(x, width);
  if (x.step) {
    Value s = resize(e, steps, width);
    if (x.step != 1)
      s = e.mul(s, arith::ConstantIntOp::create(e, x.step, width));
    v = e.add(v, s);
  }
  return x.absolute ? e.createOrFold<math::AbsIOp>(v) : v;
}

Value ElementRegion::whole(Element x) {
  Type type = x.v.getType();
  if (x.factor)
    return e.mul(x.v, x.factor);
  if (!isInteger(type))
    return x.v;
  return at(x, x.range.fits32() && partFits32(x) ? 32 : 64);
}

Element ElementRegion::get(Value v) {
  if (auto found = known.find(v); found != known.end())
    return found->second;
  return known[v] = uniform(v);
}

Element ElementRegion::linear(Element a, Element b, bool minus) {
  Element r;
  r.range = minus ? a.range - b.range : a.range + b.range;
  r.step = minus ? a.step - b.step : a.step + b.step;
  r.varies = a.varies || b.varies;
  unsigned width = partFits32(r) && partFits32(a) && partFits32(b) ? 32 : 64;
  if (a.absolute || b.absolute) {
    r.step = 0;
    r.v = minus ? e.sub(at(a, width), at(b, width)) : e.add(at(a, width), at(b, width));
  } else {
    r.v = minus ? e.sub(part(a, width), part(b, width)) : e.add(part(a, width), part(b, width));
  }
  return r;
}

static CmpIPredicate swapped(CmpIPredicate p) {
  switch (p) {
  case CmpIPredicate::slt: return CmpIPredicate::sgt;
  case CmpIPredicate::sle: return CmpIPredicate::sge;
  case CmpIPredicate::sgt: return CmpIPredicate::slt;
  case CmpIPredicate::sge: return CmpIPredicate::sle;
  default: return p;
  }
}

Element ElementRegion::compare(arith::CmpIOp op) {
  Element a = get(op.getLhs()), b = get(op.getRhs());
  Element r;
  r.varies = a.varies || b.varies;
  if (!isInteger(op.getLhs().getType()))
    return generic(op);
  CmpIPredicate p = op.getPredicate();
  int64_t k = a.step - b.step;
  bool isSigned = p == CmpIPredicate::eq || p == CmpIPredicate::ne || swapped(p) != p;
  if (isSigned && !a.absolute && !b.absolute && (a.step || b.step) && std::abs(k) <= 1) {
    // k steps + a < b: the column's step against a number of the row.
    auto partOf = [](const Element &x) {
      Element part;
      part.v = x.v;
      part.range = x.range + Bounds{-mostColumns * std::abs(x.step), mostColumns * std::abs(x.step)};
      return part;
    };
    Element bound = k == 1 ? linear(partOf(b), partOf(a), true) : linear(partOf(a), partOf(b), true);
    unsigned width = bound.v.getType().getIntOrFloatBitWidth();
    if (k == 1)
      r.v = e.cmp(p, resize(e, steps, width), bound.v);
    else if (k == -1)
      r.v = e.cmp(swapped(p), resize(e, steps, width), bound.v);
    else
      r.v = e.cmp(p, bound.v, arith::ConstantIntOp::create(e, 0, width));
    return r;
  }
  unsigned width = partFits32(a) && partFits32(b) ? 32 : 64;
  r.v = e.cmp(p, at(a, width), at(b, width));
  return r;
}

// A position far beyond 2^24 loses its last bits either way.
Element ElementRegion::toReal(Operation *op, Element x) {
  Element r;
  r.varies = x.varies;
  Type type = e.getF32Type();
  if (!isInteger(op->getOperand(0).getType())) {
    r.v = arith::UIToFPOp::create(e, type, x.v);
    return r;
  }
  if (!op->getResult(0).getType().isF32())
    return generic(op);
  if (x.step) {
    Value s = e.mul(steps, i32(x.step));
    r.v = e.add(arith::SIToFPOp::create(e, type, part(x, partFits32(x) ? 32 : 64)), arith::SIToFPOp::create(e, type, s));
    if (x.absolute)
      r.v = math::AbsFOp::create(e, r.v);
    return r;
  }
  r.v = arith::SIToFPOp::create(e, type, whole(x));
  return r;
}

Value ElementRegion::fma(Value a, Value b, Value c) { return math::FmaOp::create(e, a, b, c); }

// exp(x - y) = 2^(x log2 e - y log2 e), where y belongs to the row; a factor of
// x is multiplied with log2 e.
Element ElementRegion::power(Operation *op) {
  Value argument = op->getOperand(0);
  Element r;
  auto exponent = [&](Element x) -> std::pair<Value, Value> {
    return {x.v, x.factor ? e.mul(x.factor, e.real(log2e)) : e.real(log2e)};
  };
  if (auto difference = argument.getDefiningOp<arith::SubFOp>(); difference && difference->getBlock() == op->getBlock()) {
    Element x = get(difference.getLhs()), y = get(difference.getRhs());
    if (x.varies && !y.varies) {
      auto [v, factor] = exponent(x);
      Value base = e.mul(whole(y), e.real(-log2e));
      r.v = math::Exp2Op::create(e, fma(v, factor, base));
      r.varies = true;
      return r;
    }
  }
  Element x = get(argument);
  auto [v, factor] = exponent(x);
  r.v = math::Exp2Op::create(e, e.mul(v, factor));
  r.varies = x.varies;
  return r;
}

// The same operation on whole values.
Element ElementRegion::generic(Operation *op) {
  Element r;
  SmallVector<Value> in;
  for (Value operand : op->getOperands()) {
    Element x = get(operand);
    r.varies |= x.varies;
    in.push_back(whole(x));
  }
  OperationState state(e.getLoc(), op->getName(), in, op->getResultTypes(), op->getAttrs());
  Operation *made = e.create(state);
  r.v = made->getResult(0);
  SmallVector<Value> folded;
  if (succeeded(e.tryFold(made, folded)) && !folded.empty()) {
    r.v = folded[0];
    made->erase();
  }
  return r;
}

// In 64 bits, as the CPU has it.
Element ElementRegion::wide(Operation *op, Bounds range) {
  Element r;
  SmallVector<Value> in;
  for (Value operand : op->getOperands()) {
    Element x = get(operand);
    r.varies |= x.varies;
    in.push_back(isInteger(operand.getType()) ? at(x, 64) : whole(x));
  }
  r.v = cpu::emitElement(e, op, in, headsPerGroup);
  r.range = range;
  return r;
}

// Division by a number that is the same for all elements: the multiplication
// with m = floor((2^32 - 1) / |b|) that gives a quotient at most 1 too small.
// What belongs to b alone is computed once and stays out of loops.
Value ElementRegion::floorDivUniform(Value a, Value b) {
  auto one = [&](auto make) { return make.getResult(); };
  Value zero = i32(0), none = e.cmp(CmpIPredicate::eq, b, zero);
  Value flip = one(arith::ShRSIOp::create(e, b, i32(31)));
  Value size = e.select(none, i32(1), math::AbsIOp::create(e, b));
  Value m = arith::DivUIOp::create(e, i32(-1), size);
  // floor(a / b) = floor(-a / -b), and floor(x / size) = ~floor(~x / size).
  Value x = e.sub(one(arith::XOrIOp::create(e, a, flip)), flip);
  Value sign = one(arith::ShRSIOp::create(e, x, i32(31)));
  Value y = one(arith::XOrIOp::create(e, x, sign));
  Value q = arith::MulUIExtendedOp::create(e, y, m).getHigh();
  Value rest = e.sub(y, e.mul(q, size));
  q = e.select(e.cmp(CmpIPredicate::uge, rest, size), e.add(q, i32(1)), q);
  return e.select(none, zero, one(arith::XOrIOp::create(e, q, sign)));
}

Element ElementRegion::floorDiv(Operation *op, Element a, Element b) {
  Bounds range = a.range.floorDiv(b.range);
  if (!b.varies && !b.range.constant() && !b.step && partFits32(a) && partFits32(b) && a.range.abs().fits32()) {
    Element r;
    r.varies = a.varies;
    r.range = range;
    r.v = floorDivUniform(at(a, 32), at(b, 32));
    return r;
  }
  if (!b.range.constant() || b.range.lo <= 0 || !partFits32(a))
    return wide(op, range);
  Element r;
  r.varies = a.varies;
  r.range = range;
  Value x = at(a, 32), n = i32(b.range.lo);
  if (a.range.lo >= 0)
    r.v = llvm::isPowerOf2_64(b.range.lo) ? e.floorDiv(x, n) : e.createOrFold<arith::DivUIOp>(x, n);
  else
    r.v = e.floorDiv(x, n);
  return r;
}

Element ElementRegion::integer(Operation *op) {
  auto in = [&](unsigned n) { return get(op->getOperand(n)); };
  auto two = [&](Bounds range, auto make) {
    Element a = in(0), b = in(1), r;
    unsigned width = range.fits32() && partFits32(a) && partFits32(b) ? 32 : 64;
    r.v = make(at(a, width), at(b, width));
    r.range = range;
    r.varies = a.varies || b.varies;
    return r;
  };
  return llvm::TypeSwitch<Operation *, Element>(op)
      .Case<arith::AddIOp>([&](auto) { return linear(in(0), in(1), false); })
      .Case<arith::SubIOp>([&](auto) { return linear(in(0), in(1), true); })
      .Case<arith::MulIOp>([&](auto) {
        return two(in(0).range * in(1).range, [&](Value a, Value b) { return e.mul(a, b); });
      })
      .Case<arith::MinSIOp>([&](auto) { return two(in(0).range.min(in(1).range), [&](Value a, Value b) { return e.min(a, b); }); })
      .Case<arith::MaxSIOp>([&](auto) { return two(in(0).range.max(in(1).range), [&](Value a, Value b) { return e.max(a, b); }); })
      .Case<math::AbsIOp>([&](auto) {
        Element x = in(0);
        if (!x.step || x.absolute)
          x.v = e.createOrFold<math::AbsIOp>(whole(x));
        else
          x.absolute = true;
        x.range = x.range.abs();
        return x;
      })
      .Case<arith::SelectOp>([&](auto) {
        Element c = in(0), a = in(1), b = in(2), r;
        unsigned width = partFits32(a) && partFits32(b) ? 32 : 64;
        r.v = e.select(c.v, at(a, width), at(b, width));
        r.range = a.range.join(b.range);
        r.varies = a.varies || b.varies || c.varies;
        return r;
      })
      .Case<arith::FloorDivSIOp, attn::FloorDivOp>([&](auto) { return floorDiv(op, in(0), in(1)); })
      .Case<attn::ModOp>([&](auto) {
        Element a = in(0), b = in(1);
        bool constant = b.range.constant() && b.range.lo > 0;
        if ((!constant && (b.varies || b.range.constant() || b.step || !partFits32(b))) || !partFits32(a) || !a.range.abs().fits32())
          return wide(op, a.range.mod(b.range));
        Element q = floorDiv(op, a, b), r;
        r.v = e.sub(at(a, 32), e.mul(q.v, at(b, 32)));
        r.range = constant ? Bounds{0, b.range.lo - 1} : a.range.mod(b.range);
        r.varies = a.varies;
        return r;
      })
      .Case<arith::IndexCastOp, arith::ExtSIOp>([&](auto) { return in(0); })
      .Case<arith::TruncIOp>([&](auto) {
        Bounds type = Bounds::ofType(op->getResult(0).getType());
        Element x = in(0);
        if (x.range.lo < type.lo || x.range.hi > type.hi)
          return wide(op, type);
        return x;
      })
      .Case<arith::IndexCastUIOp, arith::ExtUIOp>([&](auto) {
        Type from = op->getOperand(0).getType();
        Element x = in(0);
        if (isInteger(from) && x.range.lo >= 0)
          return x;
        unsigned width = from.isIndex() ? 64 : from.getIntOrFloatBitWidth();
        if (width >= 64)
          return x;
        Value v = isInteger(from) ? resize(e, whole(x), width) : x.v;
        x.range = Bounds{0, (int64_t(1) << width) - 1};
        x.v = arith::ExtUIOp::create(e, e.getIntegerType(x.range.fits32() ? 32 : 64), v);
        x.step = 0;
        return x;
      })
      .Default([&](Operation *) { return wide(op, Bounds::ofType(op->getResult(0).getType())); });
}

Element ElementRegion::clone(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumRegions()) {
    op->emitError("there is no code for this operation on tensor cores");
    return {};
  }
  Type type = op->getResult(0).getType();
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    Element r;
    if (auto number = dyn_cast<IntegerAttr>(constant.getValue()); number && isInteger(type)) {
      int64_t x = number.getValue().getSExtValue();
      r.range = Bounds::of(x);
      r.v = arith::ConstantIntOp::create(e, x, r.range.fits32() ? 32 : 64);
    } else {
      r.v = e.clone(*op)->getResult(0);
    }
    return r;
  }
  if (auto c = dyn_cast<arith::CmpIOp>(op))
    return compare(c);
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(op))
    return toReal(op, get(op->getOperand(0)));
  if (isa<math::ExpOp>(op) && type.isF32())
    return power(op);
  if (isInteger(type))
    return integer(op);
  if (isa<arith::TruncIOp>(op)) // to a truth value
    return wide(op, Bounds::ofType(type));
  return generic(op);
}

Element ElementRegion::run(Region &body) {
  for (Operation &op : body.front().without_terminator()) {
    Element x = clone(&op);
    if (!x.v)
      return {};
    known[op.getResult(0)] = x;
  }
  return get(cast<plan::YieldOp>(body.front().back()).getValues()[0]);
}
