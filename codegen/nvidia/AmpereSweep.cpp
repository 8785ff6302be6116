// A sweep on sm_80. Tiles of keys have two stages; while one is computed with,
// the next is on its way. Every tile is two groups of copies, what its fronts
// read and what only its backs read:
//
//   wait for the fronts' group; barrier; fetch the next tile's fronts
//   scores, cluster, packed weights
//   wait for the backs' group; barrier; fetch the next tile's backs
//   accumulators
//
// A mixed tile with infinity or NaN among its values takes a product that leaves
// weights of 0 out. A barrier in front of a fetch: all warps are done with what it overwrites.
#include "codegen/nvidia/AmpereKernel.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpIPredicate;

static Value exists(cpu::Emit &e, Value tile) {
  return e.cmp(CmpIPredicate::ne, tile, arith::ConstantIntOp::create(e, SpanCursor::end, 32));
}

void AmpereItem::fetchKeys(const Sweep &s, Value at, Value count, bool values, bool whole) {
  unsigned first = values ? s.layout.frontTiles : 0, last = values ? s.layout.tiles.size() : s.layout.frontTiles;
  if (first == last)
    return;
  // Beside wide accumulators there is no room for where tensors lie.
  bool scarce = llvm::any_of(s.shape.backs, [](const BackProduct &p) { return p.width >= 192; });
  Value keys = SweepOp(s.shape.op).getBody().getArgument(0);
  e.when(exists(e, at), [&] {
    Value key = s.keys.first(e, at), stage = arith::AndIOp::create(e, count, i32(1));
    for (unsigned n = first; n < last; ++n)
      if (s.shape.span.gathered)
        gather(s.sources[n], *s.keys.list, key, s.tiles[n], stage);
      else
        fetch(scarce ? source(s.layout.tiles[n], keys, f.anew(at)) : s.sources[n], wide(key), whole, s.tiles[n], stage);
  });
  wg::FetchCommitOp::create(e);
}

Value AmpereItem::accumulate(Value weights, Value tile, Value stage, Value acc, Value wild) {
  auto product = [&](bool exact) -> Value {
    return wg::MmaOp::create(e, acc.getType(), weights, tile, stage, wg::Along::Rows, acc, exact);
  };
  if (!wild)
    return product(false);
  auto branch = scf::IfOp::create(e, TypeRange(acc.getType()), wild, true);
  OpBuilder::InsertionGuard guard(e);
  for (bool exact : {true, false}) {
    e.setInsertionPointToEnd(exact ? branch.thenBlock() : branch.elseBlock());
    scf::YieldOp::create(e, ValueRange(product(exact)));
  }
  return branch.getResult(0);
}

// `at` is the tile, `next` the one to fetch meanwhile.
AmpereItem::Values AmpereItem::step(const Sweep &s, Value at, Value next, Value count, ValueRange carried, bool full) {
  SweepOp op = s.shape.op;
  Block &body = op.getBody().front();
  bool split = s.layout.frontTiles != 0 && s.layout.frontTiles != s.layout.tiles.size();
  bool fronts = s.layout.frontTiles != 0;
  Value stage = arith::AndIOp::create(e, count, i32(1)), following = arith::AddIOp::create(e, count, i32(1));
  bool hides = !full && !op.getBody().getOps<MaskOp>().empty();
  Value wild; // hidden values may be infinite or NaN
  auto turn = [&](bool values) {
    wg::FetchWaitOp::create(e, split ? 1 : 0);
    Value tame;
    for (unsigned n : llvm::SmallSetVector<unsigned, 4>(s.layout.backs.begin(), s.layout.backs.end()))
      if (hides && (n >= s.layout.frontTiles) == values)
        tame = e.band(tame, wg::FiniteOp::create(e, s.tiles[n], stage));
    if (tame) {
      Value any = wg::SyncAnyOp::create(e, arith::XOrIOp::create(e, tame, e.boolean(true)));
      wild = wild ? arith::OrIOp::create(e, wild, any).getResult() : any;
    } else {
      wg::SyncOp::create(e);
    }
    fetchKeys(s, next, following, values, full);
  };
  Values results;
  f.scope([&] {
    f.readAnew(at);
    for (auto [argument, frag] : llvm::zip(body.getArguments().drop_front(), carried))
      f.set(argument, frag);
    s.keys.look(f, at, full);
    if (fronts)
      turn(false);
    auto scores = wg::FragType::get(e.getContext(), true, s.shape.cols, e.getF32Type());
    for (auto [n, front] : llvm::enumerate(s.shape.fronts)) {
      const AmpereLayout::Tile &rows = layout.stationary[s.layout.stationary[n]];
      auto packed = wg::PackedType::get(e.getContext(), llvm::alignTo(rows.cols, 16), rows.type().getElement());
      Value first = arith::MulIOp::create(e, group, i32(64));
      Value lhs = wg::LoadPackedOp::create(e, packed, stationary[s.layout.stationary[n]], i32(0), first);
      f.set(ContractOp(front.op).getResult(), wg::MmaOp::create(e, scores, lhs, s.tiles[s.layout.fronts[n]], stage, wg::Along::Cols, Value(), false));
    }
    for (const auto &phase : s.shape.phases)
      for (Operation *inside : phase)
        f.emit(inside);
    Values weights;
    for (auto [n, back] : llvm::enumerate(s.shape.backs)) {
      Type element = s.layout.tiles[s.layout.backs[n]].type().getElement();
      weights.push_back(wg::PackOp::create(e, wg::PackedType::get(e.getContext(), s.shape.cols, element), f.get(back.weights)));
    }
    if (split || !fronts)
      turn(true);
    for (auto [n, back] : llvm::enumerate(s.shape.backs)) {
      ContractOp product = back.op;
      Value acc = f.get(product.getAcc());
      f.set(product.getResult(), accumulate(weights[n], s.tiles[s.layout.backs[n]], stage, acc, wild));
    }
    for (Value v : body.getTerminator()->getOperands())
      results.push_back(f.get(v));
  });
  return results;
}

// One run after the other; `behind` is the first tile of the loop that follows.
AmpereItem::Values AmpereItem::loop(const Sweep &s, SpanCursor::Run run, Value behind, Value &count, Values carried, bool full) {
  Values init{run.from, run.to, count};
  init.append(carried);
  SmallVector<Type> types;
  SmallVector<Location> locations(init.size(), e.getLoc());
  for (Value v : init)
    types.push_back(v.getType());
  auto loop = scf::WhileOp::create(e, types, init);
  {
    OpBuilder::InsertionGuard guard(e);
    Block *test = e.createBlock(&loop.getBefore(), {}, types, locations);
    scf::ConditionOp::create(e, exists(e, test->getArgument(0)), test->getArguments());
    Block *body = e.createBlock(&loop.getAfter(), {}, types, locations);
    ValueRange state = body->getArguments();
    Value after = arith::AddIOp::create(e, state[0], i32(1));
    auto branch = scf::IfOp::create(e, TypeRange{types[0], types[1]}, e.cmp(CmpIPredicate::slt, after, state[1]), true);
    {
      OpBuilder::InsertionGuard inner(e);
      e.setInsertionPointToEnd(branch.thenBlock());
      scf::YieldOp::create(e, ValueRange{after, state[1]});
      e.setInsertionPointToEnd(branch.elseBlock());
      SpanCursor::Run found = s.keys.cursor.seek(e, after, full);
      scf::YieldOp::create(e, ValueRange{found.from, found.to});
    }
    Value next = branch.getResult(0), fetched = next;
    if (behind)
      fetched = e.select(exists(e, next), next, behind);
    Values results{next, branch.getResult(1), arith::AddIOp::create(e, state[2], i32(1))};
    results.append(step(s, state[0], fetched, state[2], state.drop_front(3), full));
    scf::YieldOp::create(e, results);
  }
  count = loop.getResult(2);
  return Values(loop.getResults().drop_front(3));
}

void AmpereItem::sweep(const SweepShape &shape, const AmpereLayout::Sweep &layout) {
  SweepOp op = shape.op;
  // With a factor that turns maxima around, full tiles go the way of mixed ones.
  Value fast;
  for (Value factor : scoreFactors(shape)) {
    Value x = f.uniform.scalar(factor);
    fast = e.band(fast, e.cmp(arith::CmpFPredicate::OGT, x, e.real(0)));
    fast = e.band(fast, e.cmp(arith::CmpFPredicate::OLT, x, e.extreme(e.getF32Type(), true)));
  }
  SweepKeys keys(f.uniform, shape, keyLimit(shape), fast, true);
  Sweep s{shape, layout, keys, {}, {}};
  for (const AmpereLayout::Tile &t : layout.tiles) {
    s.tiles.push_back(tile(t));
    s.sources.push_back(source(t, op.getBody().getArgument(0), f.uniform.cx.frame));
  }
  SpanCursor::Run mixed = keys.cursor.seek(e, i32(0), false), full = keys.cursor.seek(e, i32(0), true);
  Value first = e.select(exists(e, mixed.from), mixed.from, full.from), count = i32(0);
  fetchKeys(s, first, count, false, false);
  fetchKeys(s, first, count, true, false);

  Values carried;
  SmallVector<unsigned> shares;
  for (auto [n, init] : llvm::enumerate(op.getInit())) {
    carried.push_back(f.get(init));
    DeferredSum sum = deferredSum(shape, n);
    if (!sum.fold)
      continue;
    // It begins in one lane of a quad, and all lanes add to it.
    f.deferred.insert(sum.fold);
    shares.push_back(n);
    auto fill = init.getDefiningOp<FillOp>();
    if (fill && matchPattern(fill.getValue(), m_AnyZeroFloat()))
      continue;
    Value mine = e.cmp(CmpIPredicate::eq, arith::AndIOp::create(e, wg::LaneOp::create(e), i32(3)), i32(0));
    carried[n] = f.map(cast<wg::FragType>(carried[n].getType()), carried[n], [&](ValueRange in) { return e.select(mine, in[0], e.real(0)); });
  }
  carried = loop(s, mixed, full.from, count, carried, false);
  Value mixedCount = count;
  carried = loop(s, full, {}, count, carried, true);
  // The tiles are free for whatever comes next.
  wg::FetchWaitOp::create(e, 0);
  wg::SyncOp::create(e);
  for (unsigned n : shares)
    carried[n] = wg::ReduceOp::create(e, carried[n].getType(), attn::Fold::Sum, carried[n]);
  for (auto [result, frag] : llvm::zip(op.getResults(), carried))
    f.set(result, frag);
  Value leader = e.cmp(CmpIPredicate::eq, wg::ThreadOp::create(e), i32(0));
  e.when(leader, [&] {
    wg::CountOp::create(e, stats, Manifest::Visited, wide(count));
    wg::CountOp::create(e, stats, Manifest::Mixed, wide(mixedCount));
  });
}
