#include "codegen/cpu/Step.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::cpu;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Streamed rows
//===----------------------------------------------------------------------===//

bool attn::cpu::streamsDirectly(LoadOp load, SweepPlan &sweep) {
  unsigned streamed = 0;
  for (Value index : load.getIndices()) {
    if (index == sweep.op.getBody().getArgument(0))
      ++streamed;
    else if (isa<TileType>(index.getType()) || !(isa<BlockArgument>(index) || index.getDefiningOp<attn::KvHeadOp>()))
      return false;
  }
  return streamed == 1 && isa<VectorType>(load.getBuffer().getType().getElement()) &&
         cast<VectorType>(load.getBuffer().getType().getElement()).getRank() == 1;
}

void attn::cpu::layDown(Tiles &t, Value v, const Place &place) {
  auto load = v.getDefiningOp<LoadOp>();
  std::optional<Tiles::Rows> rows = load ? t.rowsOf(load, t.cx.keyTile) : std::nullopt;
  Type element = cast<TileType>(v.getType()).getElement();
  bool narrow = isa<FloatType>(element) && element.getIntOrFloatBitWidth() == 16, gathered = !t.cx.keyBase && element.isF32();
  if (!rows || !(narrow || gathered)) {
    t.materialize(v, place);
    return;
  }
  Emit &e = t.e;
  int64_t letter = dims(v).back() == TileType::C ? dims(v).front() : dims(v).back(), size = TileType::size(letter);
  Tiles::Rows to = t.place(place, TileType::C, letter);
  auto widen = [&](Value row, Value out, Value d, Value step, bool wide) {
    Type type = wide ? Type(e.vec(element)) : element, real = wide ? Type(e.vec(e.getF32Type())) : e.getF32Type();
    Value x = e.load(type, e.at(row, e.mul(d, step)), Emit::bytes(element));
    if (narrow)
      x = arith::ExtFOp::create(e, real, x);
    e.store(x, e.at(out, e.mul(d, to.componentStride)), 4);
  };
  e.loop(e.integer(0), t.cx.keys, 1, [&](Value c) {
    Value row = e.at(rows->base, e.mul(t.keyInBase(c), rows->stride)), out = e.at(to.base, e.mul(c, to.stride));
    Value two = e.integer(Emit::bytes(element));
    bool sideBySide = place.stride(letter) == 1;
    Value contiguous = sideBySide ? e.cmp(CmpIPredicate::eq, rows->componentStride, two) : e.boolean(false);
    int64_t whole = size - size % e.lanes;
    e.when(
        contiguous,
        [&] {
          e.loop(0, whole, e.lanes, [&](Value d) { widen(row, out, d, two, true); });
          e.loop(whole, size, 1, [&](Value d) { widen(row, out, d, two, false); });
        },
        [&] { e.loop(0, size, 1, [&](Value d) { widen(row, out, d, rows->componentStride, false); }); });
  });
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

void StepLowering::emitProduct(Tiles &t, Micro &m) {
  Emit &e = t.e;
  t.mark();
  std::optional<Tiles::Rows> streamed;
  if (m.streamedShared)
    streamed = t.place(m.streamedPlace, TileType::C, m.letter);
  else
    streamed = t.rowsOf(m.streamed.getDefiningOp<LoadOp>(), t.cx.keyTile);
  Value size = e.integer(TileType::size(m.letter));
  Value result = e.at(m.result.own ? t.cx.own : t.cx.shared, m.result.offset);
  if (m.kind == Product::Scores) {
    Place rows = t.cx.places.lookup(m.rows);
    Value q = e.at(rows.own ? t.cx.own : t.cx.shared, rows.offset);
    func::FuncOp fn = scoresFunction(k.module, k.target, k.rows, m.streamedElement);
    func::CallOp::create(e, fn, ValueRange{result, q, streamed->base, streamed->stride, streamed->componentStride, size, t.cx.keys});
  } else {
    if (!m.inPlace) {
      if (m.op.getAcc()) {
        t.materialize(m.op.getAcc(), m.result);
      } else {
        int64_t bytes = llvm::alignTo(TileType::size(m.letter), k.target.keys) * k.rows * 4;
        e.loop(0, bytes, e.lanes * 4, [&](Value at) { e.store(e.zero(e.vec(e.getF32Type())), e.at(result, at), e.lanes * 4); });
      }
    }
    const Place &place = microOf(m.rows) ? m.rowsPlace : stored[m.rows];
    Value p = e.at(t.cx.shared, place.offset);
    SmallVector<Value> args{result, p, streamed->base, streamed->stride, streamed->componentStride, size, t.cx.keys};
    auto call = [&](func::FuncOp fn) { func::CallOp::create(e, fn, args); };
    if (t.cx.full) {
      call(accumulateFunction(k.module, k.target, k.rows, m.streamedElement));
    } else { // hidden values have weight 0 whatever lies there [S2]
      Value finite = func::CallOp::create(e, finiteFunction(k.module, k.target, m.streamedElement), ValueRange(args).drop_front(2)).getResult(0);
      e.when(finite, [&] { call(accumulateFunction(k.module, k.target, k.rows, m.streamedElement)); }, [&] { call(accumulateExactFunction(k.module, k.target, k.rows, m.streamedElement)); });
    }
  }
  t.cx.places[m.op.getResult()] = m.result;
  t.mark();
}

//===----------------------------------------------------------------------===//
// Clusters
//===----------------------------------------------------------------------===//

void StepLowering::emitRound(Tiles &t, Round &round, ArrayRef<Position> blocks) {
  Emit &e = t.e;
  SmallVector<Value> init;
  for (FoldOp f : round.folds)
    for (size_t n = 0; n < blocks.size(); ++n)
      init.push_back(t.neutral(f.getKind(), e.vec(e.held(cast<TileType>(f.getResult().getType()).getElement()))));
  for (const Position &p : blocks) {
    for (FoldOp f : round.folds)
      t.hoist(f.getTile(), TileType::C, p);
    for (Value v : round.stored)
      t.hoist(v, TileType::C, p);
  }
  SmallVector<Value> sums = e.loop(e.integer(0), t.cx.keys, 1, init, [&](Value c, ValueRange carried) {
    SmallVector<Value> next;
    t.scope([&] {
      unsigned at = 0;
      for (FoldOp f : round.folds)
        for (const Position &p : blocks)
          next.push_back(t.combine(f.getKind(), carried[at++], e.splat(t.eval(f.getTile(), p.with(TileType::C, c)))));
      // Everything is read before anything is stored: tiles replace each other.
      SmallVector<Value> values;
      for (Value v : round.stored)
        for (const Position &p : blocks)
          values.push_back(t.eval(v, p.with(TileType::C, c)));
      at = 0;
      for (Value v : round.stored)
        for (const Position &p : blocks)
          t.put(stored[v], p.with(TileType::C, c), values[at++]);
    });
    return next;
  });
  unsigned at = 0;
  for (FoldOp f : round.folds)
    for (const Position &p : blocks) {
      Value sum = sums[at++];
      if (f.getKind() == attn::Fold::Mean) {
        Value n = arith::SIToFPOp::create(e, e.getF32Type(), e.max(t.cx.keys, e.integer(1)));
        sum = arith::DivFOp::create(e, sum, e.splat(n));
      }
      t.remember(f.getResult(), p, sum);
    }
  for (Value v : round.stored)
    t.cx.places[v] = stored[v];
}

// Only rows whose factor is not 1 change; most steps change none.
void StepLowering::scaleInPlace(Tiles &t, Micro &m, ArrayRef<Position> blocks) {
  auto scale = m.op.getAcc().getDefiningOp<ScaleOp>();
  Emit &e = t.e;
  auto advance = scale.getFactor().getDefiningOp<AdvanceOp>();
  Value changed;
  SmallVector<Value> factors;
  for (const Position &p : blocks) {
    Value x;
    if (advance && advance.getFactor() == scale.getFactor())
      x = e.cmp(CmpFPredicate::UNE, t.eval(advance.getNext(), p), t.eval(advance.getReference(), p));
    else
      x = e.cmp(CmpFPredicate::UNE, t.eval(scale.getFactor(), p), e.real(1));
    changed = changed ? arith::OrIOp::create(e, changed, x).getResult() : x;
    factors.push_back(e.splat(t.eval(scale.getFactor(), p)));
  }
  Value any = e.reduce(vector::CombiningKind::OR, changed);
  Type type = e.vec(e.getF32Type());
  e.when(any, [&] {
    e.loop(0, TileType::size(m.letter), 1, [&](Value d) {
      for (auto [p, factor] : llvm::zip(blocks, factors)) {
        Value at = t.address(m.result, p.with(m.letter, d));
        e.store(e.mul(e.load(type, at, e.lanes * 4), factor), at, e.lanes * 4);
      }
    });
  });
}

void StepLowering::emitCluster(Tiles &t, unsigned level) {
  Emit &e = t.e;
  auto ofLevel = [&](auto &&list, auto &&levelOf) { return llvm::any_of(list, [&](auto &x) { return levelOf(x) == level; }); };
  auto scales = [&](Micro &m) { return m.inPlace && m.op.getAcc().getDefiningOp<ScaleOp>() && this->level(m.op.getAcc()) == level; };
  bool work = ofLevel(rounds, [](Round &r) { return r.level; }) || llvm::any_of(products, scales) ||
              llvm::any_of(state, [&](Carried &c) { return c.how == Carried::Rows && c.level == level; }) ||
              ofLevel(kept, [&](auto &v) { return this->level(v.first); });
  if (!work)
    return;
  unsigned blocks = k.target.blocks(k.rows);
  SmallVector<std::pair<Value, Place>> placed;
  t.mark();
  llvm::DenseMap<Value, Place> before = t.cx.places;
  e.loop(0, k.rows, blocks * e.lanes, [&](Value row) {
    t.scope([&] {
      SmallVector<Position> at;
      for (unsigned n = 0; n < blocks; ++n)
        at.push_back(Position().lanes(TileType::R).with(TileType::R, e.add(row, e.integer(n * e.lanes))));
      for (Round &round : rounds)
        if (round.level == level)
          emitRound(t, round, at);
      for (Micro &m : products)
        if (scales(m))
          scaleInPlace(t, m, at);
      SmallVector<std::tuple<Place, Position, Value>> writes;
      for (Carried &c : state)
        if (c.how == Carried::Rows && c.level == level)
          for (const Position &p : at)
            writes.push_back({c.direct ? k.homes[c.argument] : c.temporary, p, t.eval(c.next, p)});
      for (auto &[v, place] : kept)
        if (this->level(v) == level)
          for (const Position &p : at)
            writes.push_back({place, p, t.eval(v, p)});
      for (auto &[place, p, x] : writes)
        t.put(place, p, e.splat(x));
    });
  });
  for (auto &[v, place] : kept)
    if (this->level(v) == level)
      t.cx.places[v] = place;
  t.mark();
}

//===----------------------------------------------------------------------===//
// The step
//===----------------------------------------------------------------------===//

// What was not updated where it lies: first all of it is computed, then moved.
void StepLowering::finish(Tiles &t) {
  Emit &e = t.e;
  SmallVector<std::pair<int64_t, Value>> scalars;
  for (Carried &c : state) {
    if (c.how != Carried::Other)
      continue;
    if (isa<TileType>(c.next.getType())) {
      t.materialize(c.next, c.temporary);
    } else {
      t.mark();
      Value x = t.scalar(c.next);
      scalars.push_back({k.spills[c.argument], x.getType().isInteger(1) ? arith::ExtUIOp::create(e, e.getI8Type(), x).getResult() : x});
    }
  }
  for (Carried &c : state) {
    bool moves = (c.how == Carried::Other && isa<TileType>(c.next.getType())) || (c.how == Carried::Rows && !c.direct);
    if (!moves)
      continue;
    Place to = k.homes[c.argument];
    int64_t bytes = Emit::bytes(e.stored(to.held));
    for (int64_t d : dims(c.next))
      bytes *= d == TileType::R ? k.rows : d == TileType::C ? sweep.cols : llvm::alignTo(TileType::size(d), k.target.keys);
    Value from = e.at(t.cx.shared, c.temporary.offset), dest = e.at(t.cx.own, to.offset);
    int64_t size = e.lanes == 1 ? 8 : 16;
    Type chunk = e.lanes == 1 ? Type(e.i64()) : VectorType::get({16}, e.getI8Type());
    e.loop(0, llvm::alignTo(bytes, size), size, [&](Value at) { e.store(e.load(chunk, e.at(from, at), size), e.at(dest, at), size); });
  }
  for (auto [offset, x] : scalars)
    e.store(x, e.at(t.cx.own, offset));
}

func::FuncOp StepLowering::emit(bool full) {
  func::FuncOp fn = k.begin(".step." + Twine(&sweep - k.sweeps.data()) + (full ? ".full" : ".mixed"), true);
  Emit e(k.kernel.getLoc(), k.builder, k.target.lanes);
  Context cx = k.context(fn, &sweep);
  cx.full = full;
  if (!full)
    for (auto &[mask, place] : sweep.masks)
      cx.places[mask] = place;
  Tiles t(e, k.frame, cx);
  k.setTile(t, sweep, fn.getArguments().back());
  for (auto &[v, place] : sweep.prepared)
    t.cx.places[v] = place;
  for (auto &[v, place] : inlined) {
    layDown(t, v, place);
    t.cx.places[v] = place;
  }
  for (unsigned l = 0; l <= top; ++l) {
    emitCluster(t, l);
    for (Micro &m : products) {
      if (m.level != l + 1)
        continue;
      if (m.kind == Product::Scores && !t.cx.places.count(m.rows)) {
        t.materialize(m.rows, m.rowsPlace);
        t.cx.places[m.rows] = m.rowsPlace;
      }
      emitProduct(t, m);
    }
  }
  finish(t);
  func::ReturnOp::create(e);
  k.failed |= t.failed;
  return fn;
}
