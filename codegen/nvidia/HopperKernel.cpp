#include "codegen/nvidia/HopperKernel.h"
#include "dialect/PlanRules.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static Value i32(cpu::Emit &e, int64_t x) { return arith::ConstantIntOp::create(e, x, 32); }

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
  SpanCursor cursorOf(cpu::Tiles &t, const SweepShape &sweep, Value limit);
  void copy(cpu::Tiles &t, const HopperLayout::Stream &stream, Value use, Value row);
  Value fetch(cpu::Tiles &t, unsigned sweep, const SpanCursor &cursor, ArrayRef<Value> uses);
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
    rings.push_back(wg::RingOp::create(e, type, r.at, r.barriers));
  }
  wg::RingInitOp::create(e, rings, 4 * layout.groups);
}

// The last extent of the grid, ceildiv(rows, side), in 32 bits.
Value HopperKernel::rowTiles(cpu::Tiles &t) {
  plan::RowsOp rows = shape.rows;
  Value n = e.createOrFold<arith::TruncIOp>(e.getI32Type(), t.scalar(rows.getLimit()));
  return arith::DivUIOp::create(e, e.add(n, i32(e, shape.rowSide - 1)), i32(e, shape.rowSide));
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
  if (frugal) {
    auto hidden = LLVM::InlineAsmOp::create(e, TypeRange(e.ptr()), ValueRange(parameters), "mov.b64 $0, $1;", "=l,l", /*hasSideEffects=*/true,
                                            /*isAlignStack=*/false, LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
    parameters = hidden.getResult(0);
  }
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

SpanCursor HopperKernel::cursorOf(cpu::Tiles &t, const SweepShape &sweep, Value limit) {
  Value fast;
  for (Value factor : scoreFactors(sweep)) {
    Value f = t.scalar(factor), infinite = e.extreme(e.getF32Type(), true);
    fast = e.band(fast, e.cmp(CmpFPredicate::OGT, f, e.real(0)));
    fast = e.band(fast, e.cmp(CmpFPredicate::OLT, f, infinite));
  }
  return SpanCursor(t, sweep.tiles, sweep.cols, limit, fast);
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

void HopperKernel::copy(cpu::Tiles &t, const HopperLayout::Stream &stream, Value use, Value row) {
  LoadOp load = stream.load;
  Values coordinates{row};
  for (Value index : load.getIndices()) {
    if (isa<plan::TileType>(index.getType()))
      continue;
    Value x = t.scalar(index);
    if (!boundsOf(index).fits32())
      x = e.max(e.min(x, e.integer(SpanCursor::end)), e.integer(-1));
    coordinates.push_back(e.createOrFold<arith::TruncIOp>(e.getI32Type(), x));
  }
  Value ring = rings[stream.ring];
  wg::AcquireOp::create(e, ring, use);
  wg::ExpectOp::create(e, ring, use);
  wg::CopyOp::create(e, entry.mapArgument(stream.map), coordinates, ring, use, e.getI64IntegerAttr(0), IntegerAttr());
}

// All tiles of a sweep, in the order of the consumers; returns how many.
Value HopperKernel::fetch(cpu::Tiles &t, unsigned n, const SpanCursor &cursor, ArrayRef<Value> uses) {
  const SweepShape &sweep = shape.sweeps[n];
  Type i = e.getI32Type();
  Value count = i32(e, 0);
  for (bool full : {false, true}) {
    SpanCursor::Run run = cursor.seek(e, i32(e, 0), full);
    auto outer = scf::WhileOp::create(e, TypeRange{i, i, i}, ValueRange{run.from, run.to, count});
    OpBuilder::InsertionGuard guard(e);
    SmallVector<Location> locs(3, e.getLoc());
    Block *before = e.createBlock(&outer.getBefore(), {}, TypeRange{i, i, i}, locs);
    scf::ConditionOp::create(e, e.cmp(CmpIPredicate::slt, before->getArgument(0), i32(e, SpanCursor::end)), before->getArguments());
    Block *after = e.createBlock(&outer.getAfter(), {}, TypeRange{i, i, i}, locs);
    Value from = after->getArgument(0), to = after->getArgument(1), done = after->getArgument(2);
    Value tiles = e.createOrFold<arith::ExtSIOp>(e.i64(), e.sub(to, from));
    wg::CountOp::create(e, entry.statsArgument(), Manifest::Visited, tiles);
    if (!full)
      wg::CountOp::create(e, entry.statsArgument(), Manifest::Mixed, tiles);
    auto inner = scf::ForOp::create(e, from, to, i32(e, 1), ValueRange(done));
    {
      OpBuilder::InsertionGuard inside(e);
      e.setInsertionPointToStart(inner.getBody());
      Value row = e.mul(inner.getInductionVar(), i32(e, sweep.cols)), number = inner.getRegionIterArg(0);
      for (const HopperLayout::Stream &s : layout.streamed[n])
        copy(t, s, e.add(uses[layout.rings[s.ring].counter], number), row);
      scf::YieldOp::create(e, ValueRange(e.add(number, i32(e, 1))));
    }
    SpanCursor::Run following = cursor.seek(e, to, full);
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
      SpanCursor cursor = cursorOf(t, shape.sweeps[n], keyLimit(t, shape.sweeps[n]));
      Value tiles = fetch(t, n, cursor, uses);
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
      Value limit = keyLimit(t, sweep);
      SpanCursor cursor = cursorOf(t, sweep, limit);
      Value most = e.min(limit, e.integer(SpanCursor::end));
      HopperSweep consume(f, sweep, layout, layout.streamed[n], rings, group);
      Value tiles = consume.run(cursor, uses, uses[0], e.createOrFold<arith::TruncIOp>(e.getI32Type(), most));
      uses = advance(n, uses, tiles);
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
  auto [fetching, computing] = registers[layout.groups - 1];
  auto roles = wg::RolesOp::create(e, fetching, layout.groups, computing, false, [](OpBuilder &, Location) {}, [](OpBuilder &, Location, Value) {});
  e.setInsertionPoint(roles.getProducer().front().getTerminator());
  producer();
  e.setInsertionPoint(roles.getConsumer().front().getTerminator());
  consumer(roles.getConsumer().getArgument(0));
  return failure(failed);
}

LogicalResult attn::nvidia::lowerToHopper(ModuleOp module, cpu::Frame &frame, const KernelShape &shape, Manifest::Kernel &manifest) {
  return HopperKernel(module, frame, shape, manifest).run();
}
