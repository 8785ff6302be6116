// The function of a kernel: an instance is `share` row tiles side by side, so
// that a key tile is read from memory once for all of them.
#include "codegen/cpu/Kernel.h"

using namespace mlir;
using namespace plan;
using namespace attn::cpu;
using arith::CmpIPredicate;

static void count(Emit &e, const Target &target, Value stats, int64_t which) {
  Value p = e.at(stats, 8 * which);
  if (!target.atomics) {
    e.store(e.add(e.load(e.i64(), p), e.integer(1)), p);
    return;
  }
  Value there = LLVM::ICmpOp::create(e, LLVM::ICmpPredicate::ne, stats, LLVM::ZeroOp::create(e, e.ptr()));
  e.when(there, [&] { LLVM::AtomicRMWOp::create(e, LLVM::AtomicBinOp::add, p, e.integer(1), LLVM::AtomicOrdering::monotonic); });
}

Value attn::cpu::instanceSide(Tiles &t, KernelOp kernel, int64_t share) {
  Emit &e = t.e;
  if (share == 1)
    return e.integer(1);
  Value tiles = e.integer(1);
  for (Value bound : kernel.getGrid())
    tiles = e.mul(tiles, e.max(t.scalar(bound), e.integer(0)));
  Value threads = e.max(e.loadSlot(t.cx.frame, t.frame.manifest.threadsSlot, e.i64()), e.integer(1));
  Value fair = arith::DivSIOp::create(e, tiles, e.mul(threads, e.integer(4)));
  return e.max(e.min(fair, e.integer(share)), e.integer(1));
}

void KernelLowering::emitSweep(Emit &e, SweepPlan &sweep, ValueRange scratch, ArrayRef<Value> grid, Value rowTiles, Value limit) {
  Value frameArg = scratch[0], shared = scratch[1], own0 = scratch[2], stats = scratch[3];
  Value cols = e.integer(sweep.cols), lives = e.integer(sweep.table.lives), holes = e.integer(sweep.table.holes);
  Value end = e.integer(int64_t(1) << 50), tiles = e.ceilDiv(e.max(limit, e.integer(0)), cols);
  bool gathered = sweep.span.gathered;
  if (gathered) // the list ends the loop
    tiles = end;
  Value run = e.integer(sweep.span.run);
  auto ownOf = [&](Value u) { return e.at(own0, e.mul(u, e.integer(ownBytes))); };
  auto bound = [&](Value own, int64_t which) { return e.load(e.i64(), e.at(own, sweep.table.partOffset() + 8 * which)); };
  auto next = [&](Value own, Value tile) -> Value {
    if (gathered) {
      Value all = e.load(e.i64(), e.at(own, sweep.table.list() + 16));
      return e.select(e.cmp(CmpIPredicate::slt, e.mul(tile, cols), all), tile, end);
    }
    if (sweep.table.listed)
      return func::CallOp::create(e, nextListedFunction(module), ValueRange{e.at(own, sweep.table.list()), run, cols, tile}).getResult(0);
    if (sweep.part)
      tile = e.max(tile, bound(own, 0));
    Value found = func::CallOp::create(e, nextTileFunction(module), ValueRange{e.at(own, sweep.table.offset), lives, cols, tile}).getResult(0);
    return sweep.part ? e.select(e.cmp(CmpIPredicate::slt, found, bound(own, 1)), found, end) : found;
  };
  Value first = e.loop(e.integer(0), rowTiles, 1, ValueRange(end), [&](Value u, ValueRange best) {
    return SmallVector<Value>{e.min(best[0], next(ownOf(u), e.integer(0)))};
  })[0];
  auto loop = scf::WhileOp::create(e, TypeRange{e.i64()}, ValueRange(first));
  OpBuilder::InsertionGuard guard(e);
  Block *before = e.createBlock(&loop.getBefore(), {}, {e.i64()}, {e.getLoc()});
  scf::ConditionOp::create(e, e.cmp(CmpIPredicate::slt, before->getArgument(0), tiles), ValueRange(before->getArgument(0)));
  Block *after = e.createBlock(&loop.getAfter(), {}, {e.i64()}, {e.getLoc()});
  Value tile = after->getArgument(0);
  auto argumentsOf = [&](Value u) {
    SmallVector<Value> args{frameArg, shared, ownOf(u)};
    args.append(grid.begin(), grid.end());
    if (!grid.empty())
      args.back() = e.add(args.back(), u);
    args.push_back(tile);
    return args;
  };
  // What is still open goes on to the next function.
  auto refine = [&](Value verdict, func::FuncOp by, ValueRange args, bool counts) {
    if (!by)
      return verdict;
    auto asked = scf::IfOp::create(e, TypeRange{e.i64()}, e.cmp(CmpIPredicate::eq, verdict, e.integer(1)), true);
    OpBuilder::InsertionGuard inner(e);
    e.setInsertionPointToStart(asked.thenBlock());
    if (counts)
      count(e, target, stats, Manifest::Tested);
    scf::YieldOp::create(e, func::CallOp::create(e, by, args).getResults());
    e.setInsertionPointToStart(asked.elseBlock());
    scf::YieldOp::create(e, ValueRange(verdict));
    return asked.getResult(0);
  };
  if (sweep.gather)
    func::CallOp::create(e, sweep.gather, argumentsOf(e.integer(0)));
  if (sweep.range)
    func::CallOp::create(e, sweep.range, argumentsOf(e.integer(0)));
  SmallVector<Value> init{end, e.boolean(false)};
  SmallVector<Value> done = e.loop(e.integer(0), rowTiles, 1, init, [&](Value u, ValueRange carried) {
    Value own = ownOf(u);
    SmallVector<Value> args = argumentsOf(u);
    Value x = e.mul(tile, cols), y = e.add(x, cols), whole;
    if (gathered) { // from the first key to the last
      Value all = e.load(e.i64(), e.at(own, sweep.table.list() + 16)), keys = e.at(shared, sweep.keys.offset);
      Value present = e.min(cols, e.sub(all, x));
      whole = e.cmp(CmpIPredicate::eq, present, cols);
      x = e.load(e.i64(), keys);
      y = e.add(e.load(e.i64(), e.at(keys, e.mul(e.sub(present, e.integer(1)), e.integer(8)))), e.integer(1));
    }
    Value verdict = func::CallOp::create(e, verdictFunction(module), ValueRange{e.at(own, sweep.table.offset), lives, holes, limit, x, y}).getResult(0);
    if (whole)
      verdict = e.select(whole, verdict, e.min(verdict, e.integer(1)));
    else if (sweep.table.listed) { // other row tiles may have asked for it
      Value listed = e.cmp(CmpIPredicate::eq, next(own, tile), tile);
      verdict = e.select(listed, verdict, e.integer(0));
    } else if (sweep.part) { // another row tile's share may hold it
      Value begun = e.cmp(CmpIPredicate::sge, tile, bound(own, 0)), open = e.cmp(CmpIPredicate::slt, tile, bound(own, 1));
      verdict = e.select(e.band(begun, open), verdict, e.integer(0));
    }
    verdict = refine(verdict, sweep.judge, args, false);
    verdict = refine(verdict, sweep.test, args, true);
    Value visits = e.cmp(CmpIPredicate::ne, verdict, e.integer(0));
    auto visit = scf::IfOp::create(e, TypeRange{e.getI1Type()}, visits, true);
    {
      OpBuilder::InsertionGuard inner(e);
      e.setInsertionPointToStart(visit.thenBlock());
      bool counts = !sweep.op->hasAttr("merges"); // there are no keys in it
      if (counts)
        count(e, target, stats, Manifest::Visited);
      if (sweep.prepare)
        e.when(carried[1], [] {}, [&] { func::CallOp::create(e, sweep.prepare, args); });
      e.when(
          e.cmp(CmpIPredicate::eq, verdict, e.integer(2)), [&] { func::CallOp::create(e, sweep.full, args); },
          [&] {
            if (counts)
              count(e, target, stats, Manifest::Mixed);
            func::CallOp::create(e, sweep.mixed, args);
          });
      scf::YieldOp::create(e, ValueRange(e.boolean(true)));
      e.setInsertionPointToStart(visit.elseBlock());
      scf::YieldOp::create(e, ValueRange(carried[1]));
    }
    e.setInsertionPointAfter(visit);
    return SmallVector<Value>{e.min(carried[0], next(own, e.add(tile, e.integer(1)))), visit.getResult(0)};
  });
  scf::YieldOp::create(e, ValueRange(done[0]));
}

void KernelLowering::emitDriver() {
  Type p = LLVM::LLVMPointerType::get(module.getContext()), i = builder.getI64Type();
  func::FuncOp fn = makeFunction(module, manifest.symbol, {p, i, p, p}, {}, true);
  builder.setInsertionPointToStart(&fn.getBody().front());
  Emit e(kernel.getLoc(), builder, target.lanes);
  Value frameArg = fn.getArgument(0), item = fn.getArgument(1), scratch = fn.getArgument(2), stats = fn.getArgument(3);
  Context cx;
  cx.frame = frameArg;
  cx.kernel = kernel;
  Tiles t(e, frame, cx);
  // The last index counts groups of row tiles.
  SmallVector<Value> grid;
  Value rest = item, rowTiles = e.integer(1), at = e.integer(0);
  if (!kernel.getGrid().empty()) {
    // Descending: under a causal mask the last ones are the longest.
    Value tiles = t.scalar(kernel.getGrid().back()), side = instanceSide(t, kernel, share), groups = e.ceilDiv(tiles, side);
    at = e.mul(e.sub(e.sub(groups, e.integer(1)), arith::RemSIOp::create(e, rest, groups)), side);
    rest = arith::DivSIOp::create(e, rest, groups);
    rowTiles = e.min(side, e.sub(tiles, at));
    grid.push_back(at);
  }
  for (Value bound : llvm::reverse(kernel.getGrid().drop_back(kernel.getGrid().empty() ? 0 : 1))) {
    Value n = t.scalar(bound);
    grid.insert(grid.begin(), arith::RemSIOp::create(e, rest, n));
    rest = arith::DivSIOp::create(e, rest, n);
  }
  Value own0 = e.at(scratch, sharedBytes);
  for (unsigned k = 0; k < segments.size(); ++k) {
    e.loop(e.integer(0), rowTiles, 1, [&](Value u) {
      SmallVector<Value> args{frameArg, scratch, e.at(own0, e.mul(u, e.integer(ownBytes)))};
      args.append(grid.begin(), grid.end());
      if (!grid.empty())
        args.back() = e.add(args.back(), u);
      func::CallOp::create(e, segmentFunctions[k], args);
    });
    if (k < sweeps.size()) {
      t.mark();
      emitSweep(e, sweeps[k], {frameArg, scratch, own0, stats}, grid, rowTiles, keyLimit(t, sweeps[k]));
    }
  }
  func::ReturnOp::create(e);
  failed |= t.failed;
}
