#include "codegen/cpu/Bounds.h"
#include "codegen/cpu/Elements.h"
#include "dialect/AttnOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace attn::cpu;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Truth values
//===----------------------------------------------------------------------===//

// Where a missing operand leaves nothing to say, and where the other one decides.
static Value strict(Emit &e, bool isAnd, Value a, Value b) {
  if (!a || !b)
    return {};
  return isAnd ? e.createOrFold<arith::AndIOp>(a, b) : e.createOrFold<arith::OrIOp>(a, b);
}
static Value lenient(Emit &e, bool isAnd, Value a, Value b) { return a && b ? strict(e, isAnd, a, b) : a ? a : b; }

static Value negate(Emit &e, Value x) { return x ? e.createOrFold<arith::XOrIOp>(x, e.boolean(true)) : x; }

Bounds attn::cpu::boundsOfAnd(Emit &e, Bounds a, Bounds b) { return {strict(e, true, a.lo, b.lo), lenient(e, true, a.hi, b.hi)}; }
Bounds attn::cpu::boundsOfOr(Emit &e, Bounds a, Bounds b) { return {lenient(e, false, a.lo, b.lo), strict(e, false, a.hi, b.hi)}; }
Bounds attn::cpu::boundsOfNot(Emit &e, Bounds a) { return {negate(e, a.hi), negate(e, a.lo)}; }

// Whether c then a else b; xor is `if a then not b else b`.
static Bounds choose(Emit &e, Bounds c, Bounds a, Bounds b) {
  return boundsOfOr(e, boundsOfAnd(e, c, a), boundsOfAnd(e, boundsOfNot(e, c), b));
}
static Bounds exclusive(Emit &e, Bounds a, Bounds b) { return choose(e, a, boundsOfNot(e, b), b); }

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

static bool isReal(Value v) { return isa<FloatType>(v.getType()); }

// Whether x < y (or <=) for sure, or perhaps: bounds that are NaN make the
// first false and the second true.
static Value below(Emit &e, Value x, Value y, bool orEqual, bool perhaps) {
  if (!isReal(x))
    return e.cmp(orEqual ? CmpIPredicate::sle : CmpIPredicate::slt, x, y);
  return e.cmp(perhaps ? orEqual ? CmpFPredicate::ULE : CmpFPredicate::ULT : orEqual ? CmpFPredicate::OLE : CmpFPredicate::OLT, x, y);
}

static Bounds less(Emit &e, Bounds a, Bounds b, bool orEqual) {
  return {below(e, a.hi, b.lo, orEqual, false), below(e, a.lo, b.hi, orEqual, true)};
}

static Bounds equal(Emit &e, Bounds a, Bounds b) { return boundsOfAnd(e, less(e, a, b, true), less(e, b, a, true)); }

static Bounds compare(Emit &e, CmpIPredicate p, Bounds a, Bounds b) {
  switch (p) {
  case CmpIPredicate::eq: return equal(e, a, b);
  case CmpIPredicate::ne: return boundsOfNot(e, equal(e, a, b));
  case CmpIPredicate::slt: return less(e, a, b, false);
  case CmpIPredicate::sle: return less(e, a, b, true);
  case CmpIPredicate::sgt: return less(e, b, a, false);
  case CmpIPredicate::sge: return less(e, b, a, true);
  default: return {};
  }
}

// Bounds that are not NaN are those of numbers, for which ordered and
// unordered comparisons are the same.
static Bounds compare(Emit &e, CmpFPredicate p, Bounds a, Bounds b) {
  switch (p) {
  case CmpFPredicate::OEQ: case CmpFPredicate::UEQ: return equal(e, a, b);
  case CmpFPredicate::ONE: case CmpFPredicate::UNE: return boundsOfNot(e, equal(e, a, b));
  case CmpFPredicate::OLT: case CmpFPredicate::ULT: return less(e, a, b, false);
  case CmpFPredicate::OLE: case CmpFPredicate::ULE: return less(e, a, b, true);
  case CmpFPredicate::OGT: case CmpFPredicate::UGT: return less(e, b, a, false);
  case CmpFPredicate::OGE: case CmpFPredicate::UGE: return less(e, b, a, true);
  default: return {};
  }
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static Value least(Emit &e, Value a, Value b) { return isReal(a) ? arith::MinimumFOp::create(e, a, b).getResult() : e.min(a, b); }
static Value greatest(Emit &e, Value a, Value b) { return isReal(a) ? arith::MaximumFOp::create(e, a, b).getResult() : e.max(a, b); }

static Bounds hull(Emit &e, Bounds a, Bounds b) { return {least(e, a.lo, b.lo), greatest(e, a.hi, b.hi)}; }

// The bounds, or none where `ok` does not hold.
static Bounds provided(Emit &e, Value ok, Bounds r) {
  return {e.select(ok, r.lo, e.extreme(r.lo.getType(), false)), e.select(ok, r.hi, e.extreme(r.hi.getType(), true))};
}

// Whether -2^bits <= lo and hi < 2^bits.
static Value within(Emit &e, Bounds r, unsigned bits) {
  Value limit = e.integer(int64_t(1) << bits), minus = e.integer(-(int64_t(1) << bits));
  return e.band(e.cmp(CmpIPredicate::sge, r.lo, minus), e.cmp(CmpIPredicate::slt, r.hi, limit));
}
static Value within(Emit &e, Bounds a, Bounds b, unsigned bits) { return e.band(within(e, a, bits), within(e, b, bits)); }

// Rounding is monotonic; between finite bounds no operation here gives NaN.
// x - x is 0, or NaN where x is not finite.
static Bounds finite(Emit &e, Bounds a, Bounds b, Bounds r) {
  Value none = e.zero(r.lo.getType());
  for (Value x : {a.lo, a.hi, b.lo, b.hi})
    none = e.add(none, arith::SubFOp::create(e, x, x));
  return {e.add(r.lo, none), e.add(r.hi, none)};
}

static Bounds add(Emit &e, Bounds a, Bounds b, bool minus) {
  if (minus)
    std::swap(b.lo, b.hi);
  auto sum = [&](Value x, Value y) { return minus ? e.sub(x, y) : e.add(x, y); };
  Bounds r{sum(a.lo, b.lo), sum(a.hi, b.hi)};
  return isReal(a.lo) ? finite(e, a, b, r) : provided(e, within(e, a, b, 61), r);
}

static Bounds multiply(Emit &e, Bounds a, Bounds b) {
  auto ends = [&](Value factor) {
    Value x = e.mul(a.lo, factor), y = e.mul(a.hi, factor);
    return Bounds{least(e, x, y), greatest(e, x, y)};
  };
  Bounds r = hull(e, ends(b.lo), ends(b.hi));
  return isReal(a.lo) ? finite(e, a, b, r) : provided(e, within(e, a, b, 30), r);
}

static Bounds absolute(Emit &e, Bounds a) {
  Value none = e.zero(a.lo.getType()), minusLo = e.sub(none, a.lo), minusHi = e.sub(none, a.hi);
  Bounds r{greatest(e, none, greatest(e, a.lo, minusHi)), greatest(e, minusLo, a.hi)};
  return isReal(a.lo) ? r : provided(e, within(e, a, 61), r);
}

// By one positive number.
static Bounds divide(Emit &e, Operation *op, Bounds a, Bounds b, bool remainder) {
  if (b.lo != b.hi)
    return {};
  Value lo = emitElement(e, op, {a.lo, b.lo}, {}), hi = emitElement(e, op, {a.hi, b.lo}, {});
  if (!lo || !hi)
    return {};
  Value positive = e.cmp(CmpIPredicate::sgt, b.lo, e.integer(0));
  if (!remainder)
    return provided(e, positive, {lo, hi});
  Value same = e.cmp(CmpIPredicate::eq, e.sub(a.hi, a.lo), e.sub(hi, lo)); // one quotient
  Bounds r{e.select(same, lo, e.integer(0)), e.select(same, hi, e.sub(b.lo, e.integer(1)))};
  return provided(e, e.band(positive, within(e, a, 61)), r);
}

// A conversion that keeps the order.
static Bounds convert(Emit &e, Operation *op, Bounds a) {
  Bounds r{emitElement(e, op, {a.lo}, {}), emitElement(e, op, {a.hi}, {})};
  return r.lo && r.hi ? r : Bounds();
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

static Bounds ofTruths(Emit &e, Operation *op, ArrayRef<Bounds> in) {
  return llvm::TypeSwitch<Operation *, Bounds>(op)
      .Case<arith::AndIOp>([&](auto) { return boundsOfAnd(e, in[0], in[1]); })
      .Case<arith::OrIOp>([&](auto) { return boundsOfOr(e, in[0], in[1]); })
      .Case<arith::XOrIOp>([&](auto) { return exclusive(e, in[0], in[1]); })
      .Case<arith::CmpIOp>([&](arith::CmpIOp c) -> Bounds {
        Bounds differ = exclusive(e, in[0], in[1]);
        return c.getPredicate() == CmpIPredicate::ne   ? differ
               : c.getPredicate() == CmpIPredicate::eq ? boundsOfNot(e, differ)
                                                       : Bounds();
      })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>([&](auto cast) {
        Value lo = in[0].lo ? in[0].lo : e.boolean(false), hi = in[0].hi ? in[0].hi : e.boolean(true);
        return convert(e, cast, {lo, hi});
      })
      .Default([](auto) { return Bounds(); });
}

static Bounds ofNumbers(Emit &e, Operation *op, ArrayRef<Bounds> in) {
  // Narrower integers are only compared and widened.
  bool computes = in[0].lo.getType().isInteger(64) || isReal(in[0].lo);
  auto widens = [&](Type to) { return e.held(to).getIntOrFloatBitWidth() >= in[0].lo.getType().getIntOrFloatBitWidth(); };
  return llvm::TypeSwitch<Operation *, Bounds>(op)
      .Case<arith::CmpIOp>([&](arith::CmpIOp c) { return compare(e, c.getPredicate(), in[0], in[1]); })
      .Case<arith::CmpFOp>([&](arith::CmpFOp c) { return compare(e, c.getPredicate(), in[0], in[1]); })
      .Case<arith::MinSIOp>([&](auto) { return Bounds{e.min(in[0].lo, in[1].lo), e.min(in[0].hi, in[1].hi)}; })
      .Case<arith::MaxSIOp>([&](auto) { return Bounds{e.max(in[0].lo, in[1].lo), e.max(in[0].hi, in[1].hi)}; })
      .Case<arith::IndexCastOp, arith::ExtSIOp>([&](auto cast) { return widens(cast.getType()) ? convert(e, cast, in[0]) : Bounds(); })
      .Case<arith::SIToFPOp, arith::ExtFOp, arith::TruncFOp>([&](auto cast) { return convert(e, cast, in[0]); })
      .Case<arith::NegFOp>([&](auto negation) { return convert(e, negation, {in[0].hi, in[0].lo}); })
      .Default([&](Operation *) {
        if (!computes)
          return Bounds();
        return llvm::TypeSwitch<Operation *, Bounds>(op)
            .Case<arith::AddIOp, arith::AddFOp>([&](auto) { return add(e, in[0], in[1], false); })
            .Case<arith::SubIOp, arith::SubFOp>([&](auto) { return add(e, in[0], in[1], true); })
            .Case<arith::MulIOp, arith::MulFOp>([&](auto) { return multiply(e, in[0], in[1]); })
            .Case<math::AbsIOp, math::AbsFOp>([&](auto) { return absolute(e, in[0]); })
            .Case<arith::FloorDivSIOp, attn::FloorDivOp>([&](auto) { return divide(e, op, in[0], in[1], false); })
            .Case<attn::ModOp>([&](auto) { return divide(e, op, in[0], in[1], true); })
            .Default([](auto) { return Bounds(); });
      });
}

Bounds attn::cpu::emitBounds(Emit &e, Operation *op, ArrayRef<Bounds> in) {
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    if (select.getType().isInteger(1))
      return choose(e, in[0], in[1], in[2]);
    if (!in[1].lo || !in[2].lo)
      return {};
    Bounds r = hull(e, in[1], in[2]);
    auto narrow = [&](Value decided, Bounds to) {
      if (decided)
        r = {e.select(decided, to.lo, r.lo), e.select(decided, to.hi, r.hi)};
    };
    narrow(in[0].lo, in[1]);
    narrow(negate(e, in[0].hi), in[2]);
    return r;
  }
  if (in.empty())
    return {};
  if (op->getOperand(0).getType().isInteger(1))
    return ofTruths(e, op, in);
  if (llvm::any_of(in, [](Bounds b) { return !b.lo || !b.hi; }))
    return {};
  return ofNumbers(e, op, in);
}
