#include "codegen/cpu/Tiles.h"
#include "codegen/cpu/Elements.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::cpu;
using arith::CmpIPredicate;

Tiles::Tiles(Emit &e, Frame &frame, Context context) : e(e), frame(frame), cx(std::move(context)) {
  scopes.emplace_back();
  mark();
}

void Tiles::mark() { anchor = e.boolean(false).getDefiningOp(); }

Tiles::Key Tiles::key(Value v, const Position &p) {
  Key k{{v.getAsOpaquePointer(), has(v, p.lane) ? p.lane : 0}, {}};
  for (int64_t dim : dims(v))
    k.second.push_back(p.get(dim).getAsOpaquePointer());
  return k;
}

void Tiles::remember(Value v, const Position &p, Value x) { scopes.back()[key(v, p)] = x; }

void Tiles::scope(llvm::function_ref<void()> body) {
  scopes.emplace_back();
  body();
  scopes.pop_back();
}

Value Tiles::index(int64_t dim, const Position &p) {
  Value at = p.get(dim);
  return p.lane == dim ? e.add(e.splat(at), e.lanesIota()) : at;
}

Value Tiles::extent(int64_t dim) {
  if (dim == TileType::R)
    return e.integer(cx.rows);
  if (dim == TileType::C)
    return cx.keys;
  if (int64_t size = TileType::size(dim))
    return e.integer(size);
  // A run-time size is that of the range which names it.
  Value length;
  cx.kernel.walk([&](RangeOp range) {
    if (dims(range.getResult()) == ArrayRef(dim))
      length = range.getExtent();
  });
  return length ? e.max(scalar(length), e.integer(0)) : e.integer(0);
}

void Tiles::setTile(Value tile, Value limit) {
  Value cols = e.integer(cx.cols);
  cx.keyBase = e.mul(tile, cols);
  cx.keys = cx.full ? cols : e.min(cols, e.sub(limit, cx.keyBase));
  mark();
}

//===----------------------------------------------------------------------===//
// Uniform values
//===----------------------------------------------------------------------===//

Value Tiles::headsPerGroup() {
  if (cx.headsSlot < 0)
    return {};
  Value h = e.loadSlot(cx.frame, cx.headsSlot, e.i64()), g = e.loadSlot(cx.frame, cx.groupsSlot, e.i64());
  return e.max(arith::DivSIOp::create(e, h, e.max(g, e.integer(1))), e.integer(1));
}

Value Tiles::scalar(Value v) {
  if (Value known = cx.scalars.lookup(v))
    return known;
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPoint(anchor);
  Value result;
  if (auto spill = cx.spills.find(v); spill != cx.spills.end()) {
    Type held = e.held(v.getType());
    Value p = e.at(cx.own, spill->second);
    result = held.isInteger(1) ? e.cmp(CmpIPredicate::ne, e.load(e.getI8Type(), p), e.zero(e.getI8Type())) : e.load(held, p);
  } else if (auto slot = frame.scalars.find(v); slot != frame.scalars.end()) {
    result = e.loadSlot(cx.frame, slot->second, e.held(v.getType()));
  } else if (Operation *op = v.getDefiningOp()) {
    if (isa<PlanDialect>(op->getDialect())) {
      Operation *outer = anchor; // what its loops need is computed before them
      mark();
      result = compute(op, Position());
      anchor = outer;
    } else {
      SmallVector<Value> operands;
      for (Value operand : op->getOperands())
        operands.push_back(scalar(operand));
      if (!failed)
        result = emitElement(e, op, operands, isa<attn::KvHeadOp>(op) ? headsPerGroup() : Value());
    }
  }
  if (!result) {
    failed = true;
    result = e.zero(e.held(v.getType()));
  }
  return cx.scalars[v] = result;
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

Value Tiles::address(const Place &place, const Position &p) {
  int64_t size = Emit::bytes(e.stored(place.held));
  Value base = e.at(place.own ? cx.own : cx.shared, place.offset);
  for (auto [dim, stride] : place.strides)
    base = e.at(base, e.mul(p.get(dim), e.integer(stride * size)));
  return base;
}

void Tiles::put(const Place &place, const Position &p, Value x) {
  Value to = address(place, p);
  Type stored = e.stored(place.held);
  if (stored != place.held) // a truth value
    x = arith::ExtUIOp::create(e, e.isVector(x) ? Type(e.vec(stored)) : stored, x);
  if (p.lane && place.stride(p.lane) == 1)
    x = e.splat(x);
  if (!e.isVector(x) || place.stride(p.lane) == 1) {
    e.store(x, to, e.isVector(x) ? e.bytes(stored) : 0);
    return;
  }
  int64_t step = place.stride(p.lane) * Emit::bytes(stored);
  for (unsigned k = 0; k < e.lanes; ++k)
    e.store(vector::ExtractOp::create(e, x, int64_t(k)), e.at(to, k * step));
}

static Value fetch(Emit &e, const Place &place, Value from, int64_t lane) {
  Type stored = e.stored(place.held);
  Value x;
  if (int64_t stride = lane ? place.stride(lane) : 0; stride > 1 && e.lanes > 1) {
    x = e.zero(e.vec(stored));
    for (unsigned k = 0; k < e.lanes; ++k)
      x = vector::InsertOp::create(e, e.load(stored, e.at(from, k * stride * Emit::bytes(stored))), x, int64_t(k));
  } else {
    x = e.load(stride ? Type(e.vec(stored)) : stored, from);
  }
  if (stored != place.held)
    x = e.cmp(CmpIPredicate::ne, x, e.zero(x.getType()));
  return x;
}

Value Tiles::eval(Value v, const Position &p) {
  if (!isa<TileType>(v.getType()))
    return scalar(v);
  Key k = key(v, p);
  for (auto &known : llvm::reverse(scopes))
    if (auto found = known.find(k); found != known.end())
      return found->second;
  Value x;
  if (auto place = cx.places.find(v); place != cx.places.end())
    x = fetch(e, place->second, address(place->second, p), has(v, p.lane) ? p.lane : 0);
  else if (v == cx.keyTile)
    x = e.add(cx.keyBase, index(TileType::C, p));
  else if (Operation *op = v.getDefiningOp())
    x = isa<AdvanceOp>(op) ? advance(cast<AdvanceOp>(op), cast<OpResult>(v).getResultNumber(), p) : compute(op, p);
  if (!x) {
    failed = true;
    x = e.zero(e.held(cast<TileType>(v.getType()).getElement()));
  }
  scopes.back()[k] = x;
  return x;
}

Value Tiles::present(Value v, const Position &p) {
  if (v == cx.keyTile && p.lane == TileType::C)
    return e.cmp(CmpIPredicate::slt, index(TileType::C, p), cx.keys);
  Operation *op = v.getDefiningOp();
  if (auto rows = dyn_cast_or_null<RowsOp>(op))
    return e.cmp(CmpIPredicate::slt, eval(v, p), scalar(rows.getLimit()));
  Value all;
  if (auto map = dyn_cast_or_null<MapOp>(op); map && map.getType().getElement().isIndex())
    for (Value tile : map.getTiles())
      if (plan::elementOf(tile.getType()).isIndex())
        all = e.band(all, present(tile, p));
  return all;
}

void Tiles::hoist(Value v, int64_t dim, const Position &p) {
  if (!isa<TileType>(v.getType())) {
    scalar(v);
    return;
  }
  if (!has(v, dim)) {
    if (llvm::all_of(dims(v), [&](int64_t d) { return bool(p.get(d)); }) && !v.getDefiningOp<FillOp>())
      eval(v, p);
    return;
  }
  Operation *op = v.getDefiningOp();
  if (cx.places.count(v) || !op)
    return;
  for (Value operand : op->getOperands())
    if (isa<TileType>(operand.getType()))
      hoist(operand, dim, p);
}

Value Tiles::broadcastTo(Value v, Value x) { return e.isVector(x) ? e.splat(v) : v; }

Value Tiles::element(ValueRange tiles, Region &body, Value v, const Position &p) {
  llvm::DenseSet<Value> needed{v};
  for (Operation &op : llvm::reverse(body.front().without_terminator()))
    if (llvm::any_of(op.getResults(), [&](Value x) { return needed.contains(x); }))
      needed.insert(op.operand_begin(), op.operand_end());
  llvm::DenseMap<Value, Value> known;
  for (auto [argument, tile] : llvm::zip(body.getArguments(), tiles))
    if (needed.contains(argument))
      known[argument] = eval(tile, p);
  for (Operation &op : body.front().without_terminator()) {
    if (llvm::none_of(op.getResults(), [&](Value x) { return needed.contains(x); }))
      continue;
    SmallVector<Value> operands;
    for (Value operand : op.getOperands())
      operands.push_back(known.count(operand) ? known[operand] : scalar(operand));
    Value x = failed ? Value() : emitElement(e, &op, operands, isa<attn::KvHeadOp>(op) ? headsPerGroup() : Value());
    if (!x) {
      failed = true;
      return {};
    }
    known[op.getResult(0)] = x;
  }
  return known.count(v) ? known[v] : scalar(v);
}

Value Tiles::map(ValueRange tiles, Region &body, const Position &p, bool mask) {
  Value valid;
  if (mask && p.lane == TileType::C)
    for (Value tile : tiles)
      if (isa<TileType>(tile.getType()))
        valid = e.band(valid, present(tile, p));
  Value x = element(tiles, body, cast<plan::YieldOp>(body.front().back()).getValues()[0], p);
  return x ? e.band(x, valid) : x;
}

Value Tiles::compute(Operation *op, const Position &p) {
  if (auto rows = dyn_cast<RowsOp>(op))
    return e.add(scalar(rows.getFrom()), index(TileType::R, p));
  if (auto range = dyn_cast<RangeOp>(op))
    return index(range.getType().getDims()[0], p);
  if (auto fill = dyn_cast<FillOp>(op))
    return scalar(fill.getValue());
  if (auto access = dyn_cast<LoadOp>(op))
    return load(access, p);
  if (auto mask = dyn_cast<MaskOp>(op))
    return cx.full ? e.boolean(true) : map(mask.getTiles(), mask.getBody(), p, true);
  if (auto elementwise = dyn_cast<MapOp>(op))
    return map(elementwise.getTiles(), elementwise.getBody(), p, false);
  if (auto reduction = dyn_cast<FoldOp>(op))
    return fold(reduction, p);
  if (auto product = dyn_cast<ContractOp>(op))
    return contract(product, p);
  if (auto slice = dyn_cast<SliceOp>(op)) {
    int64_t to = slice.getType().getDims().back(), from = dims(slice.getTile()).back();
    return eval(slice.getTile(), [&] {
      Position q = p.with(from, e.add(p.get(to), e.integer(slice.getFrom())));
      return p.lane == to ? q.lanes(from) : q;
    }());
  }
  if (auto parts = dyn_cast<ConcatOp>(op))
    return concat(parts, p);
  if (auto component = dyn_cast<PickOp>(op))
    return pick(component, p);
  if (auto scale = dyn_cast<ScaleOp>(op))
    return e.mul(eval(scale.getTile(), p), eval(scale.getFactor(), p));
  op->emitError("the CPU back end has no code for this operation");
  return {};
}

void Tiles::materialize(Value v, const Place &place) {
  ArrayRef<int64_t> all = dims(v);
  int64_t lane = has(v, TileType::R) ? TileType::R : has(v, TileType::C) ? TileType::C : 0;
  SmallVector<int64_t> order;
  if (lane)
    order.push_back(lane);
  for (int64_t dim : all)
    if (dim != lane)
      order.push_back(dim);
  std::function<void(unsigned, Position)> nest = [&](unsigned k, Position p) {
    if (k == order.size()) {
      put(place, p, eval(v, p));
      return;
    }
    hoist(v, order[k], p);
    int64_t step = order[k] == lane ? e.lanes : 1;
    scope([&] {
      e.loop(e.integer(0), extent(order[k]), step, [&](Value at) { nest(k + 1, p.with(order[k], at)); });
    });
  };
  mark();
  nest(0, Position().lanes(lane));
}
