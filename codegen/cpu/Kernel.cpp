#include "codegen/cpu/Kernel.h"
#include "codegen/cpu/Step.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::cpu;
using arith::CmpIPredicate;

func::FuncOp KernelLowering::begin(const Twine &suffix, bool tile, ArrayRef<Type> results) {
  Type p = LLVM::LLVMPointerType::get(module.getContext()), i = builder.getI64Type();
  SmallVector<Type> inputs{p, p, p};
  inputs.append(kernel.getGrid().size() + (tile ? 1 : 0), i);
  auto fn = makeFunction(module, (manifest.symbol + suffix).str(), inputs, results);
  builder.setInsertionPointToStart(&fn.getBody().front());
  return fn;
}

Context KernelLowering::context(func::FuncOp fn, SweepPlan *sweep) {
  Context cx;
  cx.frame = fn.getArgument(0);
  cx.shared = fn.getArgument(1);
  cx.own = fn.getArgument(2);
  for (auto [k, index] : llvm::enumerate(kernel.getBody().getArguments()))
    cx.scalars[index] = fn.getArgument(3 + k);
  cx.places = homes;
  cx.spills = spills;
  cx.rows = rows;
  cx.slack = slack;
  cx.kernel = kernel;
  if (frame.extents.count("H") && frame.extents.count("G")) {
    cx.headsSlot = frame.extents["H"];
    cx.groupsSlot = frame.extents["G"];
  }
  if (sweep) {
    cx.keyTile = sweep->op.getBody().getArgument(0);
    cx.cols = sweep->cols;
  }
  return cx;
}

Value KernelLowering::keyLimit(Tiles &t, SweepPlan &sweep) {
  Value limit;
  kernel.walk([&](LoadOp load) {
    for (auto [k, index] : llvm::enumerate(load.getIndices())) {
      auto key = dyn_cast<BlockArgument>(index);
      auto reader = key ? dyn_cast<SweepOp>(key.getOwner()->getParentOp()) : SweepOp();
      if (!reader || key.getArgNumber() != 0 || reader.getSpan() != sweep.op.getSpan())
        continue;
      Value length = t.lengthOf(frame.memory.find(load.getBuffer())->second, k);
      limit = limit ? t.e.min(limit, length) : length;
    }
  });
  return limit ? limit : t.e.integer(int64_t(1) << 50);
}

void KernelLowering::setTile(Tiles &t, SweepPlan &sweep, Value tile) {
  if (!sweep.span.gathered)
    return t.setTile(tile, keyLimit(t, sweep));
  Emit &e = t.e;
  Value cols = e.integer(sweep.cols), all = e.load(e.i64(), e.at(t.cx.own, sweep.table.list() + 16));
  t.cx.keyBase = {};
  t.cx.keys = t.cx.full ? cols : e.min(cols, e.sub(all, e.mul(tile, cols)));
  t.cx.places[t.cx.keyTile] = sweep.keys;
  t.mark();
}

// Behind the last key there are zeros.
void KernelLowering::emitGather(SweepPlan &sweep) {
  if (!sweep.span.gathered)
    return;
  sweep.gather = begin(".gather." + Twine(&sweep - sweeps.data()), true);
  Emit e(kernel.getLoc(), builder, target.lanes);
  Tiles t(e, frame, context(sweep.gather, &sweep));
  Value tile = sweep.gather.getArguments().back(), list = e.at(t.cx.own, sweep.table.list());
  setTile(t, sweep, tile);
  Value items = LLVM::LoadOp::create(e, e.ptr(), list), base = e.mul(tile, e.integer(sweep.cols)), to = e.at(t.cx.shared, sweep.keys.offset);
  e.loop(e.integer(0), t.cx.keys, 1, [&](Value c) { e.store(listedKey(e, items, sweep.span.run, e.add(base, c)), e.at(to, e.mul(c, e.integer(8)))); });
  e.loop(t.cx.keys, e.integer(sweep.cols), 1, [&](Value c) { e.store(e.integer(0), e.at(to, e.mul(c, e.integer(8)))); });
  func::ReturnOp::create(e);
  failed |= t.failed;
}

// Tiles of rows and components go through scratch memory.
void KernelLowering::emitStore(Tiles &t, StoreOp store) {
  ArrayRef<int64_t> shape = dims(store.getValue());
  if (shape.size() == 2 && shape[0] == TileType::R && shape[1] > 0 && TileType::size(shape[1])) {
    auto home = t.cx.places.find(store.getValue());
    Place staging = home != t.cx.places.end() ? home->second : allocate(false, builder.getF32Type(), shape);
    if (staging.held.isF32() && t.storeByRows(store, staging))
      return;
  }
  t.store(store);
}

void KernelLowering::emitSegment(unsigned k) {
  func::FuncOp fn = begin(".segment." + Twine(k), false);
  segmentFunctions.push_back(fn);
  Emit e(kernel.getLoc(), builder, target.lanes);
  Context cx = context(fn, nullptr);
  // What this segment computes is not there yet.
  for (Operation *op : segments[k])
    for (Value v : op->getResults()) {
      cx.places.erase(v);
      cx.spills.erase(v);
    }
  Tiles t(e, frame, cx);
  for (Operation *op : segments[k]) {
    if (auto store = dyn_cast<StoreOp>(op))
      emitStore(t, store);
    else if (isa<CollectOp, MarkOp>(op))
      emitList(t, op);
    for (Value v : op->getResults()) {
      if (auto home = homes.find(v); home != homes.end()) {
        if (!t.loadByRows(v, home->second))
          t.materialize(v, home->second);
        t.cx.places[v] = home->second;
        t.mark();
      } else if (auto spill = spills.find(v); spill != spills.end()) {
        t.mark();
        Value x = t.scalar(v);
        if (x.getType().isInteger(1))
          x = arith::ExtUIOp::create(e, e.getI8Type(), x);
        e.store(x, e.at(cx.own, spill->second));
      }
    }
  }
  if (k < sweeps.size()) {
    SweepPlan &sweep = sweeps[k];
    storeSpan(t, sweep.span, sweep.part, sweep.cols, sweep.table);
    storeRanges(t, sweep.rowRanges, TileType::R);
    for (auto [init, carried] : llvm::zip(sweep.op.getInit(), sweep.op.getBody().getArguments().drop_front())) {
      if (isa<TileType>(carried.getType())) {
        t.materialize(init, homes[carried]);
      } else {
        t.mark();
        Value x = t.scalar(init);
        if (x.getType().isInteger(1))
          x = arith::ExtUIOp::create(e, e.getI8Type(), x);
        e.store(x, e.at(cx.own, spills[carried]));
      }
    }
  }
  func::ReturnOp::create(e);
  failed |= t.failed;
}

// The mask on every pair of a tile: stored, and classified over the rows and
// keys that are present.
void KernelLowering::emitTest(SweepPlan &sweep) {
  SmallVector<MaskOp> masks = testedMasks(sweep);
  if (masks.empty())
    return;
  for (MaskOp mask : masks)
    sweep.masks[mask.getResult()] = allocate(false, builder.getI1Type(), {TileType::R, TileType::C});
  sweep.test = begin(".test." + Twine(&sweep - sweeps.data()), true, {builder.getI64Type()});
  Emit e(kernel.getLoc(), builder, target.lanes);
  Tiles t(e, frame, context(sweep.test, &sweep));
  setTile(t, sweep, sweep.test.getArguments().back());
  RowsOp rowsOp;
  kernel.walk([&](RowsOp r) { rowsOp = rowsOp ? rowsOp : r; });
  SmallVector<Value> init{e.splat(e.boolean(false)), e.splat(e.boolean(true))};
  SmallVector<Value> seen = e.loop(e.integer(0), e.integer(rows), e.lanes, init, [&](Value row, ValueRange outer) {
    Position p = Position().lanes(TileType::R).with(TileType::R, row);
    SmallVector<Value> result;
    t.scope([&] {
      Value absent = e.splat(e.boolean(false));
      if (rowsOp)
        absent = arith::XOrIOp::create(e, t.present(rowsOp.getResult(), p), e.splat(e.boolean(true)));
      for (MaskOp mask : masks)
        t.hoist(mask.getResult(), TileType::C, p);
      result = e.loop(e.integer(0), t.cx.keys, 1, outer, [&](Value key, ValueRange inner) {
        Value any = inner[0], all = inner[1];
        t.scope([&] {
          Position q = p.with(TileType::C, key);
          for (MaskOp mask : masks) {
            Value x = e.splat(t.eval(mask.getResult(), q));
            t.put(sweep.masks[mask.getResult()], q, x);
            Value here = e.band(x, arith::XOrIOp::create(e, absent, e.splat(e.boolean(true))));
            any = arith::OrIOp::create(e, any, here);
            all = e.band(all, arith::OrIOp::create(e, x, absent));
          }
        });
        return SmallVector<Value>{any, all};
      });
    });
    return result;
  });
  Value any = e.reduce(vector::CombiningKind::OR, seen[0]);
  Value all = e.reduce(vector::CombiningKind::AND, seen[1]);
  all = e.band(all, e.cmp(CmpIPredicate::eq, t.cx.keys, e.integer(sweep.cols)));
  Value verdict = e.select(any, e.select(all, e.integer(2), e.integer(1)), e.integer(0));
  func::ReturnOp::create(e, ValueRange(verdict));
  failed |= t.failed;
}

void KernelLowering::emitPrepare(SweepPlan &sweep) {
  if (sweep.prepared.empty())
    return;
  sweep.prepare = begin(".prepare." + Twine(&sweep - sweeps.data()), true);
  Emit e(kernel.getLoc(), builder, target.lanes);
  Tiles t(e, frame, context(sweep.prepare, &sweep));
  setTile(t, sweep, sweep.prepare.getArguments().back());
  for (auto &[v, place] : sweep.prepared)
    layDown(t, v, place);
  func::ReturnOp::create(e);
  failed |= t.failed;
}

LogicalResult KernelLowering::run() {
  if (mlir::failed(analyze()))
    return failure();
  for (SweepPlan &sweep : sweeps)
    emitJudge(sweep); // says what the segments keep
  for (unsigned k = 0; k < segments.size(); ++k)
    emitSegment(k);
  for (SweepPlan &sweep : sweeps) {
    emitGather(sweep);
    emitRange(sweep);
    emitTest(sweep);
    StepLowering steps(*this, sweep);
    if (mlir::failed(steps.run()))
      return failure();
    emitPrepare(sweep);
  }
  emitDriver();
  manifest.rows = rows;
  manifest.cols = sweeps.empty() || sweeps[0].op->hasAttr("merges") ? 0 : sweeps[0].cols;
  manifest.scratchBytes = sharedBytes + ownBytes * share;
  return failure(failed);
}
