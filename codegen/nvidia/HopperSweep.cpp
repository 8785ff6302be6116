// A sweep in a consuming group.
//
//   first tile:   scores; cluster; weights
//   each tile:    start scores(t); start output += weights(t - 1) values(t - 1)
//                 scores ready: cluster(t) beside the second product
//                 output ready: weights(t), rescale
//   at the end:   output += weights values of the last tile
#include "codegen/nvidia/HopperKernel.h"
#include "dialect/PlanRules.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpIPredicate;

// The operations of a shape are handles; a const shape gives const handles.
static SweepOp sweepOf(const SweepShape &s) { return s.op; }
static Block &bodyOf(const SweepShape &s) { return sweepOf(s).getBody().front(); }

HopperSweep::HopperSweep(Fragments &f, const SweepShape &sweep, const HopperLayout &layout,
                         ArrayRef<HopperLayout::Stream> streams, ArrayRef<Value> rings, Value group)
    : f(f), e(f.e), sweep(sweep), layout(layout), streams(streams), rings(rings), group(group) {
  Operation *yield = bodyOf(sweep).getTerminator();
  for (const BackProduct &back : sweep.backs)
    for (auto [n, v] : llvm::enumerate(yield->getOperands()))
      if (v == ContractOp(back.op).getResult())
        accumulatorStates.push_back(n);
  for (unsigned n = 0; n < yield->getNumOperands(); ++n)
    if (!llvm::is_contained(accumulatorStates, n))
      rowStates.push_back(n);
  int64_t widest = 0;
  for (const FrontProduct &p : sweep.fronts)
    widest = std::max(widest, p.depth);
  for (const BackProduct &p : sweep.backs)
    widest = std::max(widest, p.width);
  turns = layout.groups > 1 && !sweep.fronts.empty() && !sweep.backs.empty() && widest <= 128;
}

HopperSweep::Values HopperSweep::flatten(const State &s) const {
  Values all(s.rows);
  all.append(s.accumulators);
  all.append(s.weights);
  return all;
}

HopperSweep::State HopperSweep::unflatten(ValueRange values) const {
  State s;
  size_t r = rowStates.size(), a = accumulatorStates.size();
  s.rows.assign(values.begin(), values.begin() + r);
  s.accumulators.assign(values.begin() + r, values.begin() + r + a);
  s.weights.assign(values.begin() + r + a, values.end());
  return s;
}

Value HopperSweep::use(const HopperLayout::Stream &s, Value count) {
  return e.add(uses[layout.rings[s.ring].counter], count);
}

// Of the tile at hand, or of the one before.
Value HopperSweep::useOf(const HopperLayout::Stream &s, bool before) {
  Value now = current[layout.rings[s.ring].counter];
  return before ? e.sub(now, i32(e, 1)) : now;
}

Value HopperSweep::operand(const HopperLayout::Stream &s, Value use, wg::Along along, Value row) {
  const HopperLayout::Ring &r = layout.rings[s.ring];
  auto type = wg::DescType::get(e.getContext(), r.rows, r.cols, r.element, along);
  return wg::OperandOp::create(e, type, rings[s.ring], use, row);
}

// The first values. A sum that stays apart in the lanes begins in one of them.
HopperSweep::Values HopperSweep::start() {
  State s;
  for (unsigned n : rowStates) {
    Value init = sweepOf(sweep).getInit()[n], frag = f.get(init);
    auto fill = init.getDefiningOp<FillOp>();
    bool zero = fill && matchPattern(fill.getValue(), m_AnyZeroFloat());
    if (deferredSum(sweep, n).fold && !zero) {
      Value lane = arith::AndIOp::create(e, wg::LaneOp::create(e), i32(e, 3));
      Value mine = e.cmp(CmpIPredicate::eq, lane, i32(e, 0));
      frag = f.map(cast<wg::FragType>(frag.getType()), frag, [&](ValueRange in) { return e.select(mine, in[0], e.real(0)); });
    }
    s.rows.push_back(frag);
  }
  for (unsigned n : accumulatorStates)
    s.accumulators.push_back(f.get(sweepOf(sweep).getInit()[n]));
  return flatten(s);
}

void HopperSweep::finish(const State &state) {
  for (auto [n, frag] : llvm::zip(rowStates, state.rows)) {
    Value whole = frag;
    if (deferredSum(sweep, n).fold)
      whole = wg::ReduceOp::create(e, frag.getType(), Fold::Sum, frag);
    f.set(sweepOf(sweep).getResult(n), whole);
  }
  for (auto [n, frag] : llvm::zip(accumulatorStates, state.accumulators))
    f.set(sweepOf(sweep).getResult(n), frag);
}

// Starts all products of a tile: scores of this one, and, if there is a
// `state`, outputs of the one before.
void HopperSweep::products(State *state, Values &scores) {
  for (unsigned k = 0; k < sweep.frontRings; ++k)
    wg::WaitOp::create(e, rings[streams[k].ring], useOf(streams[k], false));
  if (turns && state)
    wg::TurnOp::create(e, wg::Turn::Take, group, layout.groups);
  for (const FrontProduct &p : sweep.fronts) {
    const HopperLayout::Stream &q = layout.stationary[p.rows.ring], &k = streams[p.keys.ring];
    Value row = e.mul(group, i32(e, 64));
    Value a = operand(q, itemUse, wg::Along::Cols, row), b = operand(k, useOf(k, false), wg::Along::Cols, {});
    auto type = wg::FragType::get(e.getContext(), true, sweep.cols, e.getF32Type());
    scores.push_back(wg::GemmOp::create(e, type, a, b, Value()));
  }
  if (!state)
    return;
  for (unsigned k = sweep.frontRings; k < streams.size(); ++k)
    wg::WaitOp::create(e, rings[streams[k].ring], useOf(streams[k], true));
  for (auto [n, p] : llvm::enumerate(sweep.backs)) {
    const HopperLayout::Stream &v = streams[p.values.ring];
    Value b = operand(v, useOf(v, true), wg::Along::Rows, {});
    Value &o = state->accumulators[n];
    o = wg::GemmOp::create(e, o.getType(), state->weights[n], b, o);
  }
  if (turns)
    wg::TurnOp::create(e, wg::Turn::Pass, group, layout.groups);
}

// What hidden keys have as values must not matter: 0 times NaN is NaN.
Value HopperSweep::guard(Value weights, unsigned back, Value hidden) {
  const HopperLayout::Stream &v = streams[sweep.backs[back].values.ring];
  auto look = [&] {
    wg::WaitOp::create(e, rings[v.ring], useOf(v, false));
    return wg::GuardOp::create(e, weights.getType(), weights, rings[v.ring], useOf(v, false), layout.flags + 256 * back).getResult();
  };
  if (!hidden)
    return look();
  auto choice = scf::IfOp::create(e, TypeRange(weights.getType()), hidden, true);
  OpBuilder::InsertionGuard inside(e);
  e.setInsertionPointToStart(choice.thenBlock());
  scf::YieldOp::create(e, ValueRange(look()));
  e.setInsertionPointToStart(choice.elseBlock());
  scf::YieldOp::create(e, ValueRange(weights));
  return choice.getResult(0);
}

HopperSweep::State HopperSweep::tile(Value at, Value count, const State &before, bool first, bool full, Value hidden) {
  State next = before;
  current.clear();
  for (const HopperLayout::Stream &s : streams)
    if (Value &now = current[layout.rings[s.ring].counter]; !now)
      now = wg::UniformOp::create(e, count.getType(), use(s, count));
  Values scores;
  products(first ? nullptr : &next, scores);
  if (!scores.empty()) {
    auto ready = wg::AwaitOp::create(e, first ? int64_t(0) : int64_t(sweep.backs.size()), scores);
    scores.assign(ready.getResults().begin(), ready.getResults().end());
  }
  for (unsigned k = 0; k < sweep.frontRings; ++k)
    wg::ReleaseOp::create(e, rings[streams[k].ring], useOf(streams[k], false));

  Operation *yield = bodyOf(sweep).getTerminator();
  Values weights, factors;
  f.scope([&] {
    f.readAnew(at);
    keys->look(f, at, full);
    for (auto [n, frag] : llvm::zip(rowStates, before.rows))
      f.set(bodyOf(sweep).getArgument(1 + n), frag);
    for (auto [p, frag] : llvm::zip(sweep.fronts, scores))
      f.set(ContractOp(p.op).getResult(), frag);
    for (const auto &phase : sweep.phases)
      for (Operation *op : phase) {
        auto scale = dyn_cast<ScaleOp>(op);
        if (scale && dimsOf(scale.getType()).size() > 1)
          continue; // accumulators are still at work
        f.emit(op);
      }
    for (const BackProduct &p : sweep.backs) {
      weights.push_back(f.get(p.weights));
      auto scale = ContractOp(p.op).getAcc().getDefiningOp<ScaleOp>();
      factors.push_back(scale ? f.get(scale.getFactor()) : Value());
    }
    next.rows.clear();
    for (unsigned n : rowStates)
      next.rows.push_back(f.get(yield->getOperand(n)));
  });
  if (sweep.backs.empty())
    return next;
  if (!first) {
    for (auto [n, frag] : llvm::zip(rowStates, next.rows))
      if (deferredSum(sweep, n).fold) {
        wg::PinOp::create(e, frag);
        break;
      }
    auto ready = wg::AwaitOp::create(e, 0, next.accumulators);
    next.accumulators.assign(ready.getResults().begin(), ready.getResults().end());
    for (unsigned k = sweep.frontRings; k < streams.size(); ++k)
      wg::ReleaseOp::create(e, rings[streams[k].ring], useOf(streams[k], true));
  }
  next.weights.clear();
  for (auto [n, p] : llvm::enumerate(sweep.backs)) {
    auto packed = wg::PackedType::get(e.getContext(), sweep.cols, elementOf(ContractOp(p.op).getRhs().getType()));
    Value w = wg::PackOp::create(e, packed, weights[n]);
    if (!full)
      w = guard(w, n, hidden);
    next.weights.push_back(w);
    Value &o = next.accumulators[n];
    if (factors[n])
      o = f.map(cast<wg::FragType>(o.getType()), {o, factors[n]}, [&](ValueRange in) { return e.mul(in[0], in[1]); });
  }
  return next;
}

// Runs of tiles of one kind, until there are none.
HopperSweep::State HopperSweep::loop(SpanCursor::Run run, Value &count, State state, bool full) {
  Values init{run.from, run.to, count};
  init.append(flatten(state));
  SmallVector<Type> types(ValueRange(init).getTypes());
  SmallVector<Location> locs(types.size(), e.getLoc());
  auto outer = scf::WhileOp::create(e, types, init);
  OpBuilder::InsertionGuard guard(e);
  Block *before = e.createBlock(&outer.getBefore(), {}, types, locs);
  Value more = e.cmp(CmpIPredicate::slt, before->getArgument(0), i32(e, SpanCursor::end));
  scf::ConditionOp::create(e, more, before->getArguments());
  Block *after = e.createBlock(&outer.getAfter(), {}, types, locs);
  auto inner = scf::ForOp::create(e, after->getArgument(0), after->getArgument(1), i32(e, 1), after->getArguments().drop_front(2));
  {
    OpBuilder::InsertionGuard inside(e);
    e.setInsertionPointToStart(inner.getBody());
    ValueRange carried = inner.getRegionIterArgs();
    State next = tile(inner.getInductionVar(), carried[0], unflatten(carried.drop_front()), false, full);
    Values out{e.add(carried[0], i32(e, 1))};
    out.append(flatten(next));
    scf::YieldOp::create(e, out);
  }
  SpanCursor::Run following = keys->cursor.seek(e, after->getArgument(1), full);
  Values out{following.from, following.to};
  out.append(inner.getResults().begin(), inner.getResults().end());
  scf::YieldOp::create(e, out);
  count = outer.getResult(2);
  return unflatten(outer.getResults().drop_front(3));
}

// The output of the last tile.
HopperSweep::Values HopperSweep::last(State &state, Value count) {
  Values done(state.rows);
  if (!sweep.backs.empty()) {
    Value previous = e.sub(count, i32(e, 1));
    for (unsigned k = sweep.frontRings; k < streams.size(); ++k)
      wg::WaitOp::create(e, rings[streams[k].ring], use(streams[k], previous));
    for (auto [n, p] : llvm::enumerate(sweep.backs)) {
      const HopperLayout::Stream &v = streams[p.values.ring];
      Value b = operand(v, use(v, previous), wg::Along::Rows, {});
      Value &o = state.accumulators[n];
      o = wg::GemmOp::create(e, o.getType(), state.weights[n], b, o);
    }
    auto ready = wg::AwaitOp::create(e, 0, state.accumulators);
    state.accumulators.assign(ready.getResults().begin(), ready.getResults().end());
    for (unsigned k = sweep.frontRings; k < streams.size(); ++k)
      wg::ReleaseOp::create(e, rings[streams[k].ring], use(streams[k], previous));
  }
  done.append(state.accumulators);
  return done;
}

Value HopperSweep::run(const SweepKeys &order, ArrayRef<Value> counters, Value item) {
  uses = counters;
  itemUse = item;
  keys = &order;
  for (unsigned n : rowStates)
    if (DeferredSum sum = deferredSum(sweep, n); sum.fold)
      f.deferred.insert(sum.fold);
  Value none = i32(e, 0), never = i32(e, SpanCursor::end);
  SpanCursor::Run mixed = keys->cursor.seek(e, none, false), full = keys->cursor.seek(e, none, true);
  Value hasMixed = e.cmp(CmpIPredicate::slt, mixed.from, never);
  Value any = e.createOrFold<arith::OrIOp>(hasMixed, e.cmp(CmpIPredicate::slt, full.from, never));
  Values init = start();
  SmallVector<Type> types(ValueRange(init).getTypes());
  types.push_back(e.getI32Type());
  auto visit = scf::IfOp::create(e, types, any, true);
  {
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToStart(visit.elseBlock());
    Values out(init);
    out.push_back(none);
    scf::YieldOp::create(e, out);
    e.setInsertionPointToStart(visit.thenBlock());
    Value at = e.select(hasMixed, mixed.from, full.from);
    State state = tile(at, none, unflatten(init), true, false, hasMixed);
    Value next = e.add(at, i32(e, 1)), count = i32(e, 1);
    mixed.from = e.select(hasMixed, next, mixed.from);
    full.from = e.select(hasMixed, full.from, next);
    state = loop(mixed, count, state, false);
    state = loop(full, count, state, true);
    Values done = last(state, count);
    done.push_back(count);
    scf::YieldOp::create(e, done);
  }
  ValueRange results = visit.getResults();
  finish(unflatten(results.drop_back()));
  return results.back();
}
