// The closed forms of a mask as operations of a kernel.
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/MaskAnalysis.h"

using namespace attn;
using namespace mlir;

namespace {

class Emitter {
public:
  Emitter(OpBuilder &b, Location loc, const MaskAnalysis &masks,
          llvm::function_ref<Value(const MaskSymbol &)> lower)
      : b(b), loc(loc), masks(masks), lower(lower),
        values(masks.symbols().size()) {}

  using Operands = SmallVectorImpl<Value> &;
  void emit(const KeyInterval &x, Operands lo, Operands hi, Operands familyLo,
            Operands familyHi, Operands stride, Operands count);
  Value keys() { return symbol(MaskAnalysis::Keys); }
  Value add(Value x, int64_t y);
  bool complete = true; ///< no symbol was refused

private:
  enum Extreme { Greatest, Least };
  Value apply(AffineExpr e);
  Value holds(ArrayRef<AffineExpr> guards);
  Value symbol(unsigned position);
  bool available(AffineExpr e);
  SmallVector<AffineExpr> known(ArrayRef<AffineExpr> of);
  Value extreme(ArrayRef<AffineExpr> of, Extreme which);
  Value index(int64_t x) { return arith::ConstantIndexOp::create(b, loc, x); }
  Value select(Value condition, Value yes, Value no) {
    return condition
               ? arith::SelectOp::create(b, loc, condition, yes, no).getResult()
               : yes;
  }

  OpBuilder &b;
  Location loc;
  const MaskAnalysis &masks;
  llvm::function_ref<Value(const MaskSymbol &)> lower;
  SmallVector<std::optional<Value>> values;
};

} // namespace

Value Emitter::symbol(unsigned position) {
  std::optional<Value> &value = values[position];
  if (!value) {
    value = lower(masks.symbols()[position]);
    if (!*value)
      complete = false;
    else if (value->getType().isInteger(1))
      value = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), *value)
                  .getResult();
  }
  return *value;
}

bool Emitter::available(AffineExpr e) {
  bool all = true;
  e.walk([&](AffineExpr part) {
    if (auto s = dyn_cast<AffineSymbolExpr>(part))
      all &= bool(symbol(s.getPosition()));
  });
  return all;
}

SmallVector<AffineExpr> Emitter::known(ArrayRef<AffineExpr> of) {
  SmallVector<AffineExpr> result;
  for (AffineExpr e : of)
    if (available(e) && !llvm::is_contained(result, e))
      result.push_back(e);
  return result;
}

Value Emitter::add(Value x, int64_t y) {
  AffineMap map = AffineMap::get(0, 1, b.getAffineSymbolExpr(0) + y);
  return affine::AffineApplyOp::create(b, loc, map, x);
}

/// Products of symbols are beyond affine operations.
Value Emitter::apply(AffineExpr e) {
  if (auto constant = dyn_cast<AffineConstantExpr>(e))
    return index(constant.getValue());
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return symbol(s.getPosition());
  if (e.isPureAffine())
    return extreme({e}, Greatest);
  auto binary = cast<AffineBinaryOpExpr>(e);
  Value x = apply(binary.getLHS()), y = apply(binary.getRHS());
  switch (e.getKind()) {
  case AffineExprKind::Add:
    return arith::AddIOp::create(b, loc, x, y);
  case AffineExprKind::Mul:
    return arith::MulIOp::create(b, loc, x, y);
  default: {
    // Divisors are positive wherever the interval's guards hold.
    assert(e.getKind() == AffineExprKind::FloorDiv && "the only division here");
    Value divisor = arith::MaxSIOp::create(b, loc, y, index(1));
    return arith::FloorDivSIOp::create(b, loc, x, divisor);
  }
  }
}

/// The maximum or minimum of the expressions.
Value Emitter::extreme(ArrayRef<AffineExpr> of, Extreme which) {
  SmallVector<AffineExpr> affine;
  Value rest;
  for (AffineExpr e : of) {
    if (e.isPureAffine()) {
      affine.push_back(e);
      continue;
    }
    Value x = apply(e);
    if (!rest)
      rest = x;
    else if (which == Greatest)
      rest = arith::MaxSIOp::create(b, loc, rest, x);
    else
      rest = arith::MinSIOp::create(b, loc, rest, x);
  }
  if (affine.empty())
    return rest;
  // Symbols that do not occur have no value.
  SmallVector<Value> operands;
  SmallVector<AffineExpr> renamed(values.size());
  for (unsigned k = 0; k < values.size(); ++k) {
    bool used = llvm::any_of(
        affine, [&](AffineExpr e) { return e.isFunctionOfSymbol(k); });
    renamed[k] = b.getAffineConstantExpr(0);
    if (!used)
      continue;
    renamed[k] = b.getAffineSymbolExpr(operands.size());
    operands.push_back(symbol(k));
  }
  for (AffineExpr &e : affine)
    e = e.replaceSymbols(renamed);
  AffineMap map = AffineMap::get(0, operands.size(), affine, b.getContext());
  Value result;
  if (auto constant = dyn_cast<AffineConstantExpr>(affine[0]);
      constant && affine.size() == 1)
    result = index(constant.getValue());
  else if (affine.size() == 1 && isa<AffineSymbolExpr>(affine[0]))
    result = operands[0];
  else if (affine.size() == 1)
    result = affine::AffineApplyOp::create(b, loc, map, operands);
  else if (which == Greatest)
    result = affine::AffineMaxOp::create(b, loc, map, operands);
  else
    result = affine::AffineMinOp::create(b, loc, map, operands);
  if (!rest)
    return result;
  return which == Greatest
             ? arith::MaxSIOp::create(b, loc, result, rest).getResult()
             : arith::MinSIOp::create(b, loc, result, rest).getResult();
}

/// Whether all guards hold; null if there is none.
Value Emitter::holds(ArrayRef<AffineExpr> guards) {
  Value all, zero;
  for (AffineExpr e : known(guards)) {
    Value x = apply(e);
    if (!zero)
      zero = index(0);
    Value one =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, x, zero);
    all = all ? arith::AndIOp::create(b, loc, all, one).getResult() : one;
  }
  return all;
}

void Emitter::emit(const KeyInterval &x, Operands lo, Operands hi,
                   Operands familyLo, Operands familyHi, Operands stride,
                   Operands count) {
  SmallVector<AffineExpr> least = known(x.lo), most = known(x.hi);
  for (AffineExpr &e : most)
    e = e + 1;
  if (least.empty())
    least.push_back(b.getAffineConstantExpr(0));
  if (most.empty())
    most.push_back(b.getAffineSymbolExpr(MaskAnalysis::Keys));
  Value condition = holds(x.guards);

  auto whole = [&](AffineExpr e) { return available(e); };
  bool family = x.family && available(x.family->stride) &&
                available(x.family->lo) && available(x.family->hi) &&
                llvm::all_of(x.family->from, whole) &&
                llvm::all_of(x.family->to, whole);
  if (!family) {
    Value begin = extreme(least, Greatest);
    lo.push_back(begin);
    hi.push_back(select(condition, extreme(most, Least), begin));
    return;
  }

  // The first and the last member may reach beyond the interval and are cut to
  // it; those between them lie inside.
  const KeyFamily &f = *x.family;
  Value step = apply(f.stride), from = extreme(f.from, Greatest),
        to = extreme(f.to, Least);
  Value some =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle, from, to);
  if (condition)
    some = arith::AndIOp::create(b, loc, some, condition);
  Value first = apply(f.lo), end = add(apply(f.hi), 1);
  auto member = [&](Value p) {
    Value shift = arith::MulIOp::create(b, loc, p, step);
    return std::pair<Value, Value>(arith::AddIOp::create(b, loc, first, shift),
                                   arith::AddIOp::create(b, loc, end, shift));
  };
  for (Value p : {from, to}) {
    auto [memberLo, memberHi] = member(p);
    Value begin =
        arith::MaxSIOp::create(b, loc, memberLo, extreme(least, Greatest));
    Value stop = arith::MinSIOp::create(b, loc, memberHi, extreme(most, Least));
    lo.push_back(begin);
    hi.push_back(select(some, stop, begin));
  }
  auto [innerLo, innerHi] = member(add(from, 1));
  Value gap = arith::SubIOp::create(b, loc, to, from);
  Value inner = arith::MaxSIOp::create(b, loc, add(gap, -1), index(0));
  familyLo.push_back(innerLo);
  familyHi.push_back(innerHi);
  stride.push_back(step);
  count.push_back(select(some, inner, index(0)));
}

SpanOperands
attn::emitIntervals(OpBuilder &builder, Location loc, const MaskAnalysis &masks,
                    llvm::function_ref<Value(const MaskSymbol &)> lower) {
  Emitter emitter(builder, loc, masks, lower);
  SpanOperands out;
  SmallVector<Value> familyLo, familyHi;
  auto close = [&](SmallVectorImpl<Value> &lo, SmallVectorImpl<Value> &hi) {
    lo.append(familyLo);
    hi.append(familyHi);
    familyLo.clear();
    familyHi.clear();
  };
  // Intervals that only bound the candidates are not worth much arithmetic.
  std::vector<KeyInterval> everything(1);
  auto worthwhile = [&](ArrayRef<KeyInterval> intervals) {
    return masks.exact() || intervals.size() <= 12 ? intervals
                                                   : ArrayRef(everything);
  };
  for (const KeyInterval &x : worthwhile(masks.live()))
    emitter.emit(x, out.liveLo, out.liveHi, familyLo, familyHi, out.liveStride,
                 out.liveCount);
  close(out.liveLo, out.liveHi);
  for (const KeyInterval &x : worthwhile(masks.holes()))
    emitter.emit(x, out.holeLo, out.holeHi, familyLo, familyHi, out.holeStride,
                 out.holeCount);
  // A tile that reaches beyond the last key holds the place behind it.
  out.holeLo.push_back(emitter.keys());
  out.holeHi.push_back(emitter.add(emitter.keys(), 1));
  close(out.holeLo, out.holeHi);
  out.exact = masks.exact() && emitter.complete;
  return out;
}
