#include "codegen/nvidia/Fragments.h"
#include "codegen/nvidia/Assembly.h"
#include "dialect/PlanRules.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static constexpr int64_t R = plan::TileType::R, C = plan::TileType::C;
static constexpr double log2e = 1.4426950408889634;

static ArrayRef<int64_t> dims(Value v) { return dimsOf(v.getType()); }

//===----------------------------------------------------------------------===//
// Forms that are computed in a better way
//===----------------------------------------------------------------------===//

Value attn::nvidia::scoreFactor(MapOp map, const SweepShape &sweep) {
  Block &body = map.getBody().front();
  auto tileOf = [&](Value v) -> Value {
    auto argument = dyn_cast<BlockArgument>(v);
    return argument && argument.getOwner() == &body ? map.getTiles()[argument.getArgNumber()] : Value();
  };
  Value y = cast<plan::YieldOp>(body.back()).getValues()[0];
  if (auto select = y.getDefiningOp<arith::SelectOp>()) {
    Value mask = tileOf(select.getCondition());
    if (!mask || !mask.getDefiningOp<MaskOp>())
      return {};
    y = select.getTrueValue();
  }
  auto product = y.getDefiningOp<arith::MulFOp>();
  if (!product || product->getBlock() != &body)
    return {};
  for (auto [a, b] : {std::pair(product.getLhs(), product.getRhs()), std::pair(product.getRhs(), product.getLhs())}) {
    Value score = tileOf(b);
    bool uniform = !a.getParentRegion()->getParentOp()->isProperAncestor(map) ? false : a.getParentBlock() != &body && !isa<plan::TileType>(a.getType());
    if (uniform && score && llvm::any_of(sweep.fronts, [&](const FrontProduct &f) { return Value(ContractOp(f.op).getResult()) == score; }))
      return a;
  }
  return {};
}

SmallVector<Value> attn::nvidia::scoreFactors(const SweepShape &sweep) {
  SmallVector<Value> factors;
  for (auto map : SweepOp(sweep.op).getBody().getOps<MapOp>())
    if (Value factor = scoreFactor(map, sweep); factor && !llvm::is_contained(factors, factor))
      factors.push_back(factor);
  return factors;
}

DeferredSum attn::nvidia::deferredSum(const SweepShape &sweep, unsigned carried) {
  Block &body = SweepOp(sweep.op).getBody().front();
  BlockArgument state = body.getArgument(1 + carried);
  auto map = body.getTerminator()->getOperand(carried).getDefiningOp<MapOp>();
  if (!map || !state.hasOneUse() || *state.user_begin() != map || dims(state) != ArrayRef<int64_t>{R} || !elementOf(state.getType()).isF32())
    return {};
  Block &inner = map.getBody().front();
  auto tileOf = [&](Value v) -> Value {
    auto argument = dyn_cast<BlockArgument>(v);
    return argument && argument.getOwner() == &inner ? map.getTiles()[argument.getArgNumber()] : Value();
  };
  Operation *last = cast<plan::YieldOp>(inner.back()).getValues()[0].getDefiningOp();
  Value old, share;
  if (auto fma = dyn_cast_or_null<math::FmaOp>(last)) {
    bool first = tileOf(fma.getA()) == state;
    Value factor = tileOf(first ? fma.getB() : fma.getA());
    old = tileOf(first ? fma.getA() : fma.getB());
    if (!factor || !factor.getDefiningOp<AdvanceOp>())
      return {};
    share = tileOf(fma.getC());
  } else if (auto sum = dyn_cast_or_null<arith::AddFOp>(last)) {
    bool first = tileOf(sum.getLhs()) == state;
    old = tileOf(first ? sum.getLhs() : sum.getRhs());
    share = tileOf(first ? sum.getRhs() : sum.getLhs());
  }
  auto fold = share ? share.getDefiningOp<FoldOp>() : FoldOp();
  if (old != state || last->getPrevNode() || !fold || fold->getBlock() != &body || fold.getKind() != Fold::Sum || !share.hasOneUse())
    return {};
  return {fold};
}

//===----------------------------------------------------------------------===//
// What is known
//===----------------------------------------------------------------------===//

Fragments::Fragments(cpu::Tiles &uniform, const KernelShape &shape)
    : e(uniform.e), uniform(uniform), shape(shape), frame(uniform.cx.frame), parameters(frame) {}

// An offset of 0. LLVM does not see that it is; of a tile's number the assembler
// does not know either that it is not negative.
Value Fragments::anew(Value tile) {
  Type i = e.getI32Type();
  Value zero = tile ? assembly(e, i, "shr.s32 $0, $1, 31;", "=r,r", tile, /*stays=*/false) : assembly(e, i, "mov.b32 $0, 0;", "=r", {});
  Value offset = e.createOrFold<arith::ExtSIOp>(e.i64(), zero);
  return LLVM::GEPOp::create(e, frame.getType(), e.getI8Type(), frame, ValueRange(offset));
}

wg::FragType Fragments::typeOf(plan::TileType tile, Type element) {
  int64_t cols = 0;
  for (int64_t dim : tile.getDims())
    if (dim != R)
      cols = dim == C ? sweep->cols : plan::TileType::size(dim);
  return wg::FragType::get(e.getContext(), tile.has(R), cols, element);
}

void Fragments::setRows(Value first) {
  firstRow = first;
  plan::RowsOp rows = shape.rows;
  Known &k = known[rows.getResult()];
  k.frag = wg::RowsOp::create(e, typeOf(rows.getResult().getType(), e.getI32Type()), first);
  k.range = Bounds::positions();
}

void Fragments::setKeys(const SweepShape &of, Value first, Value end, bool isFull) {
  sweep = &of;
  column = e.add(first, wg::FirstOp::create(e));
  limit = end;
  full = isFull;
  Known &k = known[SweepOp(of.op).getBody().getArgument(0)];
  k = Known();
  k.keys = true;
  k.range = Bounds::positions();
}

void Fragments::setKeyNumbers(const SweepShape &of, Value keys) {
  Known &k = known[SweepOp(of.op).getBody().getArgument(0)];
  k = Known();
  k.frag = keys;
  k.range = Bounds::positions();
}

void Fragments::set(Value tile, Value frag) { known[tile].frag = frag; }

void Fragments::scope(llvm::function_ref<void()> body) {
  auto saved = known;
  Value before = parameters;
  body();
  known = std::move(saved);
  parameters = before;
}

Fragments::Known &Fragments::lookup(Value tile) {
  auto found = known.find(tile);
  if (found != known.end())
    return found->second;
  failed = true;
  emitError(tile.getLoc()) << "there is no code for this tile on tensor cores";
  Known &k = known[tile];
  auto type = cast<plan::TileType>(tile.getType());
  Type element = e.held(type.getElement());
  k.frag = wg::FillOp::create(e, typeOf(type, element), e.zero(element));
  return k;
}

Value Fragments::get(Value tile) {
  Known &k = lookup(tile);
  auto type = cast<plan::TileType>(tile.getType());
  if (k.keys)
    return wg::ColsOp::create(e, typeOf(type, e.getI32Type()), e.sub(column, wg::FirstOp::create(e)));
  if (k.truth)
    return wg::FillOp::create(e, typeOf(type, e.getI1Type()), e.boolean(true));
  if (Value factor = k.factor) {
    k.frag = map(cast<wg::FragType>(k.frag.getType()), k.frag, [&](ValueRange in) { return e.mul(in[0], factor); });
    k.factor = {};
  }
  return k.frag;
}

Value Fragments::narrow(Value index) {
  Value v = uniform.scalar(index);
  return boundsOf(index).fits32() ? e.createOrFold<arith::TruncIOp>(e.getI32Type(), v) : v;
}

Element Fragments::uniformElement(Value v) {
  Element x;
  if (v.getType().isIndex() || (v.getType().isInteger() && !v.getType().isInteger(1))) {
    x.range = boundsOf(v);
    x.v = narrow(v);
  } else {
    x.v = uniform.scalar(v);
  }
  return x;
}

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

Value Fragments::map(wg::FragType type, ValueRange frags, Body body) {
  auto op = wg::MapOp::create(e, TypeRange(type), frags, [](OpBuilder &, Location, ValueRange) {});
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPointToEnd(&op.getBody().front());
  Value x = body(op.getBody().getArguments());
  wg::YieldOp::create(e, ValueRange(x));
  op.getResult(0).setType(type.with(x.getType()));
  return op.getResult(0);
}

// Uniform values that a region uses are computed in front of it.
Value Fragments::elementwise(Operation *op, ValueRange tiles, Region &body, plan::TileType type, bool mask) {
  SmallVector<Value> frags;
  SmallVector<Known> operands;
  bool columns = mask && !full;
  for (Value tile : tiles) {
    if (!isa<plan::TileType>(tile.getType()))
      continue;
    Known k = lookup(tile);
    operands.push_back(k);
    columns |= k.keys;
    if (!k.keys && !k.truth)
      frags.push_back(k.frag);
  }
  bool hasSteps = columns && sweep && type.has(C);
  if (hasSteps)
    frags.push_back(wg::StepsOp::create(e, wg::FragType::get(e.getContext(), false, sweep->cols, e.getI32Type())));
  body.walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (operand.getParentRegion() != &body)
        uniform.scalar(operand);
  });
  Bounds range;
  Value result = map(typeOf(type, e.getF32Type()), frags, [&](ValueRange in) -> Value {
    Value steps = hasSteps ? in.back() : Value();
    auto outside = [&](Value v) { return uniformElement(v); };
    ElementRegion region(e, outside, steps, {});
    unsigned next = 0, tileNumber = 0;
    for (auto [argument, tile] : llvm::zip(body.getArguments(), tiles)) {
      Element x;
      if (!isa<plan::TileType>(tile.getType())) {
        region.bind(argument, uniformElement(tile));
        continue;
      }
      const Known &k = operands[tileNumber++];
      x.range = k.range;
      x.varies = llvm::any_of(dims(tile), [](int64_t d) { return d != R; });
      x.factor = k.factor;
      if (k.keys) {
        x.v = column;
        x.step = 1;
      } else {
        x.v = k.truth ? e.boolean(true) : in[next++];
      }
      region.bind(argument, x);
    }
    Element x = region.run(body);
    if (!x.v) {
      failed = true;
      return e.zero(e.held(type.getElement()));
    }
    range = x.range;
    Value v = region.whole(x);
    if (mask && steps)
      v = e.band(e.cmp(CmpIPredicate::slt, steps, e.sub(limit, column)), v);
    return v;
  });
  Known &k = known[op->getResult(0)];
  k = Known();
  k.frag = result;
  k.range = range;
  return result;
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

Value Fragments::toReal(Value frag) {
  auto type = cast<wg::FragType>(frag.getType());
  if (type.getElement().isF32())
    return frag;
  return map(type, frag, [&](ValueRange in) { return arith::ExtFOp::create(e, e.getF32Type(), in[0]); });
}

void Fragments::fold(FoldOp op) {
  Known k = lookup(op.getTile());
  Value frag = k.truth ? get(op.getTile()) : k.frag;
  auto row = wg::FragType::get(e.getContext(), true, 0, cast<wg::FragType>(frag.getType()).getElement());
  Fold kind = op.getKind();
  if (kind != Fold::Max && kind != Fold::Min && kind != Fold::Sum && k.factor)
    frag = get(op.getTile());
  Value r = wg::FoldOp::create(e, row, kind, frag);
  if (!deferred.contains(op))
    r = wg::ReduceOp::create(e, r.getType(), kind, r);
  if (k.factor)
    r = map(row, r, [&](ValueRange in) { return e.mul(in[0], k.factor); });
  Known &result = known[op.getResult()];
  result = Known();
  result.frag = r;
  result.range = kind == Fold::Sum ? Bounds() : k.range;
}

// (r, d) times (d): products and a fold.
void Fragments::contract(ContractOp op) {
  Value a = toReal(get(op.getLhs())), b = toReal(get(op.getRhs()));
  auto x = cast<wg::FragType>(a.getType()), y = cast<wg::FragType>(b.getType());
  auto both = wg::FragType::get(e.getContext(), true, std::max(x.getCols(), y.getCols()), e.getF32Type());
  Value product = map(both, {a, b}, [&](ValueRange in) { return e.mul(in[0], in[1]); });
  auto row = wg::FragType::get(e.getContext(), true, 0, e.getF32Type());
  Value sum = wg::FoldOp::create(e, row, Fold::Sum, product);
  set(op.getResult(), wg::ReduceOp::create(e, row, Fold::Sum, sum));
}

// The reference is the maximum itself. The factor is taken between the numbers
// that weights are computed with, so that rounding them cancels.
void Fragments::advance(AdvanceOp op) {
  Value reference = get(op.getReference()), candidate = get(op.getCandidate());
  auto row = cast<wg::FragType>(reference.getType());
  Value next = map(row, {reference, candidate}, [&](ValueRange in) { return arith::MaxNumFOp::create(e, in[0], in[1]); });
  Value base = map(row, next, [&](ValueRange in) {
    Value none = e.extreme(e.getF32Type(), false);
    return e.select(e.cmp(CmpFPredicate::OEQ, in[0], none), e.real(0), in[0]);
  });
  set(op.getNext(), next);
  set(op.getBase(), base);
  set(op.getFactor(), map(row, {reference, base}, [&](ValueRange in) {
        Value from = e.mul(in[0], e.real(log2e)), to = e.mul(in[1], e.real(-log2e));
        return math::Exp2Op::create(e, e.add(from, to));
      }));
}

void Fragments::emit(Operation *op) {
  bool tiles = llvm::any_of(op->getResultTypes(), llvm::IsaPred<plan::TileType>);
  if (auto out = dyn_cast<StoreOp>(op))
    return store(out);
  if (!tiles || isa<RowsOp>(op))
    return;
  if (auto in = dyn_cast<LoadOp>(op))
    return load(in);
  if (auto f = dyn_cast<FoldOp>(op))
    return fold(f);
  if (auto c = dyn_cast<ContractOp>(op))
    return contract(c);
  if (auto a = dyn_cast<AdvanceOp>(op))
    return advance(a);
  if (auto fill = dyn_cast<FillOp>(op)) {
    Element x = uniformElement(fill.getValue());
    Known &k = known[fill.getResult()];
    k = Known();
    k.frag = wg::FillOp::create(e, typeOf(fill.getType(), x.v.getType()), x.v);
    k.range = x.range;
    return;
  }
  if (auto scale = dyn_cast<ScaleOp>(op)) {
    Value x = get(scale.getTile()), f = get(scale.getFactor());
    set(scale.getResult(), map(cast<wg::FragType>(x.getType()), {x, f}, [&](ValueRange in) { return e.mul(in[0], in[1]); }));
    return;
  }
  if (auto mask = dyn_cast<MaskOp>(op)) {
    if (full) {
      known[mask.getResult()] = Known();
      known[mask.getResult()].truth = true;
      return;
    }
    elementwise(op, mask.getTiles(), mask.getBody(), mask.getType(), true);
    return;
  }
  if (auto m = dyn_cast<MapOp>(op)) {
    Value factor = full && sweep && m->getParentOp() == SweepOp(sweep->op) ? scoreFactor(m, *sweep) : Value();
    if (factor) {
      for (const FrontProduct &f : sweep->fronts)
        if (llvm::is_contained(m.getTiles(), ContractOp(f.op).getResult())) {
          Known &k = known[m.getResult()];
          k = Known();
          k.frag = known[ContractOp(f.op).getResult()].frag;
          k.factor = uniform.scalar(factor);
        }
      return;
    }
    elementwise(op, m.getTiles(), m.getBody(), m.getType(), false);
    return;
  }
  failed = true;
  op->emitError("there is no code for this operation on tensor cores");
}
