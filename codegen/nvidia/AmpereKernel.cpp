#include "codegen/nvidia/AmpereKernel.h"
#include "codegen/nvidia/Assembly.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpIPredicate;

/// Number `item` of the grid (i32) as its indices. Row tiles count backwards
/// within a head: where later rows see more keys, long items come first.
static void setItem(cpu::Emit &e, cpu::Tiles &t, KernelOp kernel, Value item) {
  SmallVector<Value> sizes(kernel.getGrid());
  Block &body = kernel.getBody().front();
  Value rest = item;
  for (int64_t k = sizes.size() - 1; k >= 0; --k) {
    Value index = rest;
    if (k) {
      Value size = arith::TruncIOp::create(e, e.getI32Type(), e.max(t.scalar(sizes[k]), e.integer(1)));
      index = arith::RemUIOp::create(e, rest, size);
      rest = arith::DivUIOp::create(e, rest, size);
      if (k == int64_t(sizes.size()) - 1)
        index = e.sub(e.sub(size, arith::ConstantIntOp::create(e, 1, 32)), index);
    }
    t.cx.scalars[body.getArgument(k)] = arith::ExtUIOp::create(e, e.i64(), index);
  }
}

LogicalResult attn::nvidia::lowerToAmpere(ModuleOp module, cpu::Frame &frame, const KernelShape &shape, Manifest::Kernel &manifest) {
  KernelOp plan = shape.kernel;
  AmpereLayout layout = AmpereLayout::of(shape);
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  bool failed = false;
  int64_t threads = 128 * layout.groups;
  Manifest::Launch &launch = manifest.launch;
  launch.entry = manifest.symbol;
  std::replace(launch.entry.begin(), launch.entry.end(), '.', '_');
  wg::KernelOp::create(builder, plan.getLoc(), launch.entry, threads, layout.shared, 8 * frame.manifest.slots, 0,
                       [&](OpBuilder &inside, Location loc, Block &entry) {
    cpu::Emit e(loc, inside, 1);
    e.setInsertionPointToEnd(&entry);
    cpu::Context cx;
    cx.frame = entry.getArgument(0);
    cx.kernel = plan;
    cx.rows = shape.rowSide;
    if (frame.extents.count("H") && frame.extents.count("G")) {
      cx.headsSlot = frame.extents["H"];
      cx.groupsSlot = frame.extents["G"];
    }
    Value items = arith::TruncIOp::create(e, e.getI32Type(), e.loadSlot(cx.frame, manifest.itemsSlot, e.i64()));
    Type i = e.getI32Type();
    auto loop = scf::WhileOp::create(e, TypeRange(i), ValueRange(wg::BlockOp::create(e)));
    Block *test = e.createBlock(&loop.getBefore(), {}, TypeRange(i), {loc});
    scf::ConditionOp::create(e, e.cmp(CmpIPredicate::slt, test->getArgument(0), items), test->getArguments());
    Value item = e.createBlock(&loop.getAfter(), {}, TypeRange(i), {loc})->getArgument(0);
    cpu::Tiles uniform(e, frame, cx);
    Fragments f(uniform, shape);
    AmpereItem(f, shape, layout, entry.getArgument(2), item).run();
    Value blocks = assembly(e, i, "mov.u32 $0, %nctaid.x;", "=r", {});
    scf::YieldOp::create(e, ValueRange(e.add(item, blocks)));
    failed = f.failed || uniform.failed;
  });
  manifest.rows = shape.rowSide;
  manifest.cols = shape.sweeps.front().cols;
  launch.threads = threads;
  launch.sharedBytes = layout.shared;
  // As many as the shared memory of a multiprocessor (164 KiB) and half of its
  // registers hold.
  launch.blocksPerSm = std::clamp<int64_t>(164 * 1024 / (layout.shared + 1024), 1, 4 / layout.groups);
  launch.path = "tensor cores";
  return failure(failed);
}

//===----------------------------------------------------------------------===//
// Items
//===----------------------------------------------------------------------===//

AmpereItem::AmpereItem(Fragments &f, const KernelShape &shape, const AmpereLayout &layout, Value stats, Value item)
    : f(f), e(f.e), shape(shape), layout(layout), stats(stats), item(item) {}

Value AmpereItem::i32(int64_t x) { return arith::ConstantIntOp::create(e, x, 32); }
Value AmpereItem::wide(Value x) { return x.getType().isInteger(64) ? x : e.createOrFold<arith::ExtSIOp>(e.i64(), x); }

/// Loads that only products read go from memory to memory.
static bool isOperand(Operation *op) {
  if (!isa<LoadOp, SliceOp>(op) || op->use_empty())
    return false;
  return llvm::all_of(op->getUsers(), [](Operation *user) {
    return isa<SliceOp>(user) ? isOperand(user) : isa<ContractOp>(user) && isa<SweepOp>(user->getParentOp());
  });
}

// What is uniform is computed again, so that it takes no registers meanwhile.
void AmpereItem::begin() {
  f.readAnew();
  f.uniform.cx.scalars.clear();
  f.uniform.cx.frame = f.anew();
  f.uniform.mark();
  setItem(e, f.uniform, shape.kernel, assembly(e, e.getI32Type(), "mov.b32 $0, $1;", "=r,r", item));
  f.uniform.mark();
  RowsOp rows = shape.rows;
  rowFrom = f.uniform.scalar(rows.getFrom());
  group = wg::GroupOp::create(e);
  Value groupRow = arith::MulIOp::create(e, group, i32(64));
  f.setRows(arith::AddIOp::create(e, arith::TruncIOp::create(e, e.getI32Type(), rowFrom), groupRow));
}

void AmpereItem::run() {
  begin();
  RowsOp rows = shape.rows;
  for (const AmpereLayout::Tile &t : layout.stationary) {
    stationary.push_back(tile(t));
    fetch(source(t, rows.getResult(), f.uniform.cx.frame), rowFrom, false, stationary.back(), i32(0));
  }
  wg::FetchCommitOp::create(e);
  unsigned next = 0;
  for (Operation &op : KernelOp(shape.kernel).getBody().front()) {
    if (isa<SweepOp>(op)) {
      sweep(shape.sweeps[next], layout.sweeps[next]);
      ++next;
      begin();
    } else if (!isOperand(&op)) {
      f.emit(&op);
    }
  }
}

Value AmpereItem::tile(const AmpereLayout::Tile &t) { return wg::TileOp::create(e, t.type(), e.getI64IntegerAttr(t.at)); }

// An index outside its label makes all rows absent.
AmpereItem::Source AmpereItem::source(const AmpereLayout::Tile &t, Value index, Value frame) {
  LoadOp load = t.load;
  const cpu::Memory &m = f.uniform.frame.memory.find(load.getBuffer())->second;
  Source s;
  Value component = e.loadSlot(frame, m.strideSlot(m.labels), e.i64());
  Value start = e.mul(component, e.integer(t.from)), exists;
  for (auto [k, at] : llvm::enumerate(load.getIndices())) {
    Value stride = e.loadSlot(frame, m.strideSlot(k), e.i64()), length = f.uniform.lengthOf(m, k);
    if (at == index) {
      s.stride = stride;
      s.limit = length;
      continue;
    }
    Value x = f.uniform.scalar(at);
    if (!isa<BlockArgument>(at) && !at.getDefiningOp<attn::KvHeadOp>())
      exists = e.band(exists, e.cmp(CmpIPredicate::ult, x, length));
    x = arith::ExtSIOp::create(e, e.i64(), arith::TruncIOp::create(e, e.getI32Type(), x)); // lengths are below 2^29
    start = e.add(start, e.mul(x, stride));
  }
  if (exists) {
    s.certain = false;
    start = e.select(exists, start, e.integer(0));
    s.limit = e.select(exists, s.limit, e.integer(0));
  }
  Value address = e.add(e.loadSlot(frame, m.slot, e.i64()), e.mul(start, e.integer(2)));
  s.base = LLVM::IntToPtrOp::create(e, LLVM::LLVMPointerType::get(e.getContext(), 1), address);
  s.component = component;
  Value odd = arith::AndIOp::create(e, arith::OrIOp::create(e, address, e.mul(s.stride, e.integer(2))), e.integer(15));
  s.aligned = e.band(e.cmp(CmpIPredicate::eq, odd, e.integer(0)), e.cmp(CmpIPredicate::eq, s.component, e.integer(1)));
  return s;
}

void AmpereItem::fetch(const Source &source, Value first, bool whole, Value to, Value stage) {
  auto copy = [&](Value component) {
    wg::FetchOp::create(e, source.base, first, whole && source.certain ? Value() : source.limit, source.stride, component, to, stage);
  };
  e.when(source.aligned, [&] { copy({}); }, [&] { copy(source.component); });
}

// Rows of a source that is absent as a whole end at 0.
void AmpereItem::gather(const Source &source, const KeyList &list, Value first, Value to, Value stage) {
  Value end = list.length;
  if (!source.certain)
    end = e.select(e.cmp(CmpIPredicate::sgt, source.limit, e.integer(0)), end, i32(0));
  auto copy = [&](Value component) {
    wg::GatherOp::create(e, source.base, source.stride, component, list.items, first, e.getI64IntegerAttr(list.run), end, to, stage);
  };
  e.when(source.aligned, [&] { copy({}); }, [&] { copy(source.component); });
}

// The shortest of what is read at the sweep's keys.
Value AmpereItem::keyLimit(const SweepShape &sweep) {
  Value limit;
  KernelOp(shape.kernel).walk([&](LoadOp load) {
    for (auto [k, index] : llvm::enumerate(load.getIndices())) {
      auto argument = dyn_cast<BlockArgument>(index);
      auto reader = argument ? dyn_cast<SweepOp>(argument.getOwner()->getParentOp()) : SweepOp();
      if (!reader || argument.getArgNumber() != 0 || reader.getSpan() != SweepOp(sweep.op).getSpan())
        continue;
      Value length = f.uniform.lengthOf(f.uniform.frame.memory.find(load.getBuffer())->second, k);
      limit = limit ? e.min(limit, length) : length;
    }
  });
  return limit ? limit : e.integer(SpanCursor::end / 2);
}
