#include "codegen/nvidia/HopperKernel.h"
#include "codegen/nvidia/Assembly.h"
#include "dialect/PlanRules.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace {
/// What both roles know of an item.
struct Item {
  std::unique_ptr<cpu::Tiles> tiles;
  Value firstRow; ///< of the tile; i32
};

class HopperKernel {
public:
  HopperKernel(ModuleOp module, cpu::Frame &frame, const KernelShape &shape, Manifest::Kernel &manifest)
      : module(module), frame(frame), shape(shape), kernel(shape.kernel), manifest(manifest), layout(HopperLayout::of(shape, frame)),
        builder(module.getContext()), e(kernel.getLoc(), builder, 1) {}
  LogicalResult run();

private:
  using Values = SmallVector<Value>;
  void makeRings();
  void producer();
  void consumer(Value group);
  void items(bool frugal, llvm::function_ref<Values(Item &, ArrayRef<Value>)> body);
  Value rowTiles(cpu::Tiles &t);
  Item begin(Value item, Value parameters);
  Value keyLimit(cpu::Tiles &t, const SweepShape &sweep);
  SweepKeys keysOf(cpu::Tiles &t, const SweepShape &sweep, bool together);
  void fetching(llvm::function_ref<void()> body);
  SmallVector<Value> coordinates(cpu::Tiles &t, LoadOp load, Value row);
  void copy(cpu::Tiles &t, const HopperLayout::Stream &stream, Value use, Value row);
  void copyPieces(cpu::Tiles &t, const HopperLayout::Stream &stream, Value use, const KeyList &list, Value tile);
  void gather(cpu::Tiles &t, const HopperLayout::Stream &stream, Value use, const KeyList &list, Value first);
  Value fetch(cpu::Tiles &t, unsigned sweep, const SweepKeys &keys, ArrayRef<Value> uses);
  Values advance(unsigned sweep, ArrayRef<Value> uses, Value tiles);

  ModuleOp module;
  cpu::Frame &frame;
  const KernelShape &shape;
  KernelOp kernel;
  Manifest::Kernel &manifest;
  HopperLayout layout;
  OpBuilder builder;
  cpu::Emit e;
  wg::KernelOp entry;
  Values rings;
  bool failed = false;
};
} // namespace

void HopperKernel::makeRings() {
  for (const HopperLayout::Ring &r : layout.rings) {
    auto type = wg::RingType::get(e.getContext(), r.stages, r.rows, r.cols, r.element);
    rings.push_back(wg::RingOp::create(e, type, r.at, r.barriers, r.gathered));
  }
  wg::RingInitOp::create(e, rings, 4 * layout.groups);
}

// The last extent of the grid in 32 bits, also where it is a quotient.
Value HopperKernel::rowTiles(cpu::Tiles &t) {
  Value extent = kernel.getGrid().back();
  auto apply = extent.getDefiningOp<affine::AffineApplyOp>();
  if (apply && apply.getNumOperands() == 1)
    if (auto quotient = dyn_cast<AffineBinaryOpExpr>(apply.getAffineMap().getResult(0)); quotient && quotient.getKind() == AffineExprKind::CeilDiv)
      if (auto side = dyn_cast<AffineConstantExpr>(quotient.getRHS()); side && !isa<AffineBinaryOpExpr>(quotient.getLHS())) {
        Value n = e.createOrFold<arith::TruncIOp>(e.getI32Type(), t.scalar(apply.getOperand(0)));
        return arith::DivUIOp::create(e, e.add(n, i32(e, side.getValue() - 1)), i32(e, side.getValue()));
      }
  return e.createOrFold<arith::TruncIOp>(e.getI32Type(), t.scalar(extent));
}

// Uniform values of the item are computed where this leaves the builder. The
// longest rows come first: the last row tile has the most keys under a causal
// mask, and any order is right.
Item HopperKernel::begin(Value item, Value parameters) {
  cpu::Context cx;
  cx.frame = parameters;
  cx.rows = shape.rowSide;
  cx.kernel = kernel;
  if (frame.extents.count("H") && frame.extents.count("G")) {
    cx.headsSlot = frame.extents["H"];
    cx.groupsSlot = frame.extents["G"];
  }
  Item result;
  result.tiles = std::make_unique<cpu::Tiles>(e, frame, cx);
  cpu::Tiles &t = *result.tiles;
  unsigned n = kernel.getGrid().size();
  Value rest = item;
  for (unsigned k = n; k-- > 0;) {
    Value extent = k + 1 < n ? e.createOrFold<arith::TruncIOp>(e.getI32Type(), t.scalar(kernel.getGrid()[k])) : rowTiles(t);
    Value index = k ? arith::RemUIOp::create(e, rest, extent).getResult() : rest;
    if (k)
      rest = arith::DivUIOp::create(e, rest, extent);
    if (k + 1 == n)
      index = e.sub(e.sub(extent, i32(e, 1)), index);
    t.cx.scalars[kernel.getBody().getArgument(k)] = e.createOrFold<arith::ExtUIOp>(e.i64(), index);
  }
  t.mark();
  // Divisions of 64 bits take more registers than the producer has.
  kernel.walk([&](attn::KvHeadOp op) {
    auto head = dyn_cast<BlockArgument>(op.getHead());
    if (!head || op->getParentOp() != kernel)
      return;
    Type narrow = e.getI32Type();
    auto slot = [&](int at) { return e.createOrFold<arith::TruncIOp>(narrow, e.loadSlot(cx.frame, at, e.i64())); };
    Value one = i32(e, 1), heads = slot(cx.headsSlot), groups = arith::MaxUIOp::create(e, slot(cx.groupsSlot), one);
    Value share = arith::MaxUIOp::create(e, arith::DivUIOp::create(e, heads, groups), one);
    Value h = e.createOrFold<arith::TruncIOp>(narrow, t.cx.scalars[head]);
    t.cx.scalars[op.getResult()] = e.createOrFold<arith::ExtUIOp>(e.i64(), arith::DivUIOp::create(e, h, share));
  });
  t.mark();
  plan::RowsOp rows = shape.rows;
  result.firstRow = e.createOrFold<arith::TruncIOp>(e.getI32Type(), t.scalar(rows.getFrom()));
  return result;
}

// Items of this block; the counters of ring uses go through. A frugal role
// computes everything anew for every item instead of keeping it in registers.
void HopperKernel::items(bool frugal, llvm::function_ref<Values(Item &, ArrayRef<Value>)> body) {
  Value count = e.createOrFold<arith::TruncIOp>(e.getI32Type(), e.loadSlot(entry.frameArgument(), manifest.itemsSlot, e.i64()));
  Values init(layout.counters, i32(e, 0));
  auto loop = scf::ForOp::create(e, wg::BlockOp::create(e), count, wg::BlocksOp::create(e), init);
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPointToStart(loop.getBody());
  Value parameters = entry.frameArgument();
  if (frugal)
    parameters = assembly(e, e.ptr(), "mov.b64 $0, $1;", "=l,l", parameters);
  Item item = begin(loop.getInductionVar(), parameters);
  Values uses(loop.getRegionIterArgs());
  Values next = body(item, uses);
  next[0] = e.add(next[0], i32(e, 1));
  scf::YieldOp::create(e, next);
  failed |= item.tiles->failed;
}

Value HopperKernel::keyLimit(cpu::Tiles &t, const SweepShape &sweep) {
  Value limit, key = SweepOp(sweep.op).getBody().getArgument(0);
  SweepOp(sweep.op).walk([&](LoadOp load) {
    for (auto [k, index] : llvm::enumerate(load.getIndices()))
      if (index == key) {
        Value length = t.lengthOf(frame.memory.find(load.getBuffer())->second, k);
        limit = limit ? e.min(limit, length) : length;
      }
  });
  return limit ? limit : e.integer(SpanCursor::end);
}

SweepKeys HopperKernel::keysOf(cpu::Tiles &t, const SweepShape &sweep, bool together) {
  Value fast;
  for (Value factor : scoreFactors(sweep)) {
    Value f = t.scalar(factor), infinite = e.extreme(e.getF32Type(), true);
    fast = e.band(fast, e.cmp(CmpFPredicate::OGT, f, e.real(0)));
    fast = e.band(fast, e.cmp(CmpFPredicate::OLT, f, infinite));
  }
  return SweepKeys(t, sweep, keyLimit(t, sweep), fast, together);
}

// Counters of the sweep's rings, after so many tiles.
HopperKernel::Values HopperKernel::advance(unsigned sweep, ArrayRef<Value> uses, Value tiles) {
  Values next(uses);
  llvm::SmallDenseSet<unsigned> done;
  for (const HopperLayout::Stream &s : layout.streamed[sweep])
    if (unsigned counter = layout.rings[s.ring].counter; done.insert(counter).second)
      next[counter] = e.add(next[counter], tiles);
  return next;
}

//===----------------------------------------------------------------------===//
// The producer
//===----------------------------------------------------------------------===//

// What one thread does for all of a producer that is a whole group.
void HopperKernel::fetching(llvm::function_ref<void()> body) {
  if (!layout.whole)
    return body();
  e.when(e.cmp(CmpIPredicate::eq, wg::ThreadOp::create(e), i32(e, 0)), body);
}

HopperKernel::Values HopperKernel::coordinates(cpu::Tiles &t, LoadOp load, Value row) {
  Values coordinates{row};
  for (Value index : load.getIndices()) {
    if (isa<plan::TileType>(index.getType()))
      continue;
    Value x = t.scalar(index);
    if (!boundsOf(index).fits32())
      x = e.max(e.min(x, e.integer(SpanCursor::end)), e.integer(-1));
    coordinates.push_back(e.createOrFold<arith::TruncIOp>(e.getI32Type(), x));
  }
  return coordinates;
}

void HopperKernel::copy(cpu::Tiles &t, const HopperLayout::Stream &stream, Value use, Value row) {
  Values at = coordinates(t, stream.load, row);
  fetching([&] {
    Value ring = rings[stream.ring];
    wg::AcquireOp::create(e, ring, use);
    wg::ExpectOp::create(e, ring, use);
    wg::CopyOp::create(e, entry.mapArgument(stream.map), at, ring, use, e.getI64IntegerAttr(0), IntegerAttr());
  });
}

// A box for each item. Items behind the last one lie behind the end of the
// tensor, where everything is zero.
void HopperKernel::copyPieces(cpu::Tiles &t, const HopperLayout::Stream &stream, Value use, const KeyList &list, Value tile) {
  Value ring = rings[stream.ring];
  int64_t pieces = layout.rings[stream.ring].rows / list.run;
  Values at = coordinates(t, stream.load, {});
  fetching([&] {
    wg::AcquireOp::create(e, ring, use);
    wg::ExpectOp::create(e, ring, use);
    for (int64_t n = 0; n < pieces; ++n) {
      at[0] = list.keyOrEnd(e, e.add(e.mul(tile, i32(e, pieces)), i32(e, n)));
      wg::CopyOp::create(e, entry.mapArgument(stream.map), at, ring, use, e.getI64IntegerAttr(n * list.run), e.getI64IntegerAttr(list.run));
    }
  });
}

// Row by row, by all threads. Uniform indices outside their label make all rows absent.
void HopperKernel::gather(cpu::Tiles &t, const HopperLayout::Stream &stream, Value use, const KeyList &list, Value first) {
  LoadOp load = stream.load;
  const cpu::Memory &m = frame.memory.find(load.getBuffer())->second;
  Value start = e.integer(0), exists, stride;
  for (auto [k, index] : llvm::enumerate(load.getIndices())) {
    Value apart = e.loadSlot(t.cx.frame, m.strideSlot(k), e.i64());
    if (isa<plan::TileType>(index.getType())) {
      stride = apart;
      continue;
    }
    Value x = t.scalar(index);
    if (!isa<BlockArgument>(index) && !index.getDefiningOp<attn::KvHeadOp>())
      exists = e.band(exists, e.cmp(CmpIPredicate::ult, x, t.lengthOf(m, k)));
    start = e.add(start, e.mul(x, apart));
  }
  Value end = list.length;
  if (exists) {
    start = e.select(exists, start, e.integer(0));
    end = e.select(exists, end, i32(e, 0));
  }
  Value address = e.add(e.loadSlot(t.cx.frame, m.slot, e.i64()), e.mul(start, e.integer(2)));
  Value base = LLVM::IntToPtrOp::create(e, LLVM::LLVMPointerType::get(e.getContext(), 1), address);
  Value ring = rings[stream.ring];
  wg::AcquireOp::create(e, ring, use);
  wg::GatherOp::create(e, base, stride, Value(), list.items, first, e.getI64IntegerAttr(list.run), end, ring, use);
}

// All tiles of a sweep, in the order of the consumers; returns how many.
Value HopperKernel::fetch(cpu::Tiles &t, unsigned n, const SweepKeys &keys, ArrayRef<Value> uses) {
  const SweepShape &sweep = shape.sweeps[n];
  Type i = e.getI32Type();
  Value count = i32(e, 0);
  for (bool full : {false, true}) {
    SpanCursor::Run run = keys.cursor.seek(e, i32(e, 0), full);
    auto outer = scf::WhileOp::create(e, TypeRange{i, i, i}, ValueRange{run.from, run.to, count});
    OpBuilder::InsertionGuard guard(e);
    SmallVector<Location> locs(3, e.getLoc());
    Block *before = e.createBlock(&outer.getBefore(), {}, TypeRange{i, i, i}, locs);
    scf::ConditionOp::create(e, e.cmp(CmpIPredicate::slt, before->getArgument(0), i32(e, SpanCursor::end)), before->getArguments());
    Block *after = e.createBlock(&outer.getAfter(), {}, TypeRange{i, i, i}, locs);
    Value from = after->getArgument(0), to = after->getArgument(1), done = after->getArgument(2);
    Value tiles = e.createOrFold<arith::ExtSIOp>(e.i64(), e.sub(to, from));
    fetching([&] {
      wg::CountOp::create(e, entry.statsArgument(), Manifest::Visited, tiles);
      if (!full)
        wg::CountOp::create(e, entry.statsArgument(), Manifest::Mixed, tiles);
    });
    auto inner = scf::ForOp::create(e, from, to, i32(e, 1), ValueRange(done));
    {
      OpBuilder::InsertionGuard inside(e);
      e.setInsertionPointToStart(inner.getBody());
      Value tile = inner.getInductionVar(), number = inner.getRegionIterArg(0), first = keys.first(e, tile);
      for (const HopperLayout::Stream &s : layout.streamed[n]) {
        Value use = e.add(uses[layout.rings[s.ring].counter], number);
        if (layout.rings[s.ring].gathered)
          gather(t, s, use, *keys.list, first);
        else if (sweep.span.gathered)
          copyPieces(t, s, use, *keys.list, tile);
        else
          copy(t, s, use, first);
      }
      scf::YieldOp::create(e, ValueRange(e.add(number, i32(e, 1))));
    }
    SpanCursor::Run following = keys.cursor.seek(e, to, full);
    scf::YieldOp::create(e, ValueRange{following.from, following.to, inner.getResult(0)});
    count = outer.getResult(2);
  }
  return count;
}

void HopperKernel::producer() {
  items(true, [&](Item &item, ArrayRef<Value> counters) {
    cpu::Tiles &t = *item.tiles;
    Values uses(counters);
    for (const HopperLayout::Stream &s : layout.stationary)
      copy(t, s, uses[0], item.firstRow);
    for (unsigned n = 0; n < shape.sweeps.size(); ++n) {
      t.mark(); // what only the sweep needs need not be there before
      SweepKeys keys = keysOf(t, shape.sweeps[n], false);
      Value tiles = fetch(t, n, keys, uses);
      uses = advance(n, uses, tiles);
    }
    return uses;
  });
}

//===----------------------------------------------------------------------===//
// Consumers
//===----------------------------------------------------------------------===//

void HopperKernel::consumer(Value group) {
  if (layout.groups > 1)
    wg::TurnOp::create(e, wg::Turn::Start, group, layout.groups);
  items(false, [&](Item &item, ArrayRef<Value> counters) {
    cpu::Tiles &t = *item.tiles;
    Fragments f(t, shape);
    f.setRows(e.add(item.firstRow, e.mul(group, i32(e, 64))));
    f.readAnew();
    Values uses(counters);
    for (const HopperLayout::Stream &s : layout.stationary)
      wg::WaitOp::create(e, rings[s.ring], uses[0]);
    unsigned n = 0;
    for (Operation &op : kernel.getBody().front()) {
      if (!isa<SweepOp>(op)) {
        bool operand = isa<LoadOp, SliceOp>(op) && llvm::all_of(op.getUsers(), [](Operation *user) { return isa<SweepOp>(user->getParentOp()) && isa<ContractOp>(user); });
        if ((!operand && !op.use_empty()) || isa<StoreOp>(op))
          f.emit(&op);
        continue;
      }
      const SweepShape &sweep = shape.sweeps[n];
      SweepKeys keys = keysOf(t, sweep, true);
      HopperSweep consume(f, sweep, layout, layout.streamed[n], rings, group);
      Value tiles = consume.run(keys, uses, uses[0]);
      uses = advance(n, uses, tiles);
      f.readAnew();
      if (++n == shape.sweeps.size())
        for (const HopperLayout::Stream &s : layout.stationary)
          wg::ReleaseOp::create(e, rings[s.ring], uses[0]);
    }
    failed |= f.failed;
    return uses;
  });
}

LogicalResult HopperKernel::run() {
  Manifest::Launch &launch = manifest.launch;
  launch.entry = manifest.symbol;
  std::replace(launch.entry.begin(), launch.entry.end(), '.', '_');
  launch.threads = 128 * (1 + layout.groups);
  launch.sharedBytes = layout.shared;
  launch.itemsPerBlock = launch.blocksPerSm = 1;
  launch.maps = layout.maps;
  launch.path = "tensor cores";
  manifest.rows = shape.rowSide;
  manifest.cols = shape.sweeps[0].cols;
  e.setInsertionPointToEnd(module.getBody());
  entry = wg::KernelOp::create(e, launch.entry, launch.threads, layout.shared, 8 * frame.manifest.slots, layout.maps.size(),
                               [](OpBuilder &, Location, Block &) {});
  e.setInsertionPoint(entry.entry().getTerminator());
  makeRings();
  static constexpr std::pair<int64_t, int64_t> registers[] = {{56, 240}, {40, 232}, {32, 160}};
  static constexpr std::pair<int64_t, int64_t> gathering[] = {{56, 240}, {56, 224}, {56, 152}};
  bool gathers = llvm::any_of(shape.sweeps, [](const SweepShape &s) { return s.span.gathered; });
  auto [loading, computing] = (gathers ? gathering : registers)[layout.groups - 1];
  auto roles = wg::RolesOp::create(e, loading, layout.groups, computing, layout.whole, [](OpBuilder &, Location) {}, [](OpBuilder &, Location, Value) {});
  e.setInsertionPoint(roles.getProducer().front().getTerminator());
  producer();
  e.setInsertionPoint(roles.getConsumer().front().getTerminator());
  consumer(roles.getConsumer().getArgument(0));
  return failure(failed);
}

LogicalResult attn::nvidia::lowerToHopper(ModuleOp module, cpu::Frame &frame, const KernelShape &shape, Manifest::Kernel &manifest) {
  return HopperKernel(module, frame, shape, manifest).run();
}
