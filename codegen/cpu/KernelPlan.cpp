// What of a kernel lies in scratch memory, and where.
#include "codegen/cpu/Kernel.h"

using namespace mlir;
using namespace plan;
using namespace attn::cpu;

static int64_t scheduled(KernelOp kernel, StringRef key, int64_t otherwise) {
  DictionaryAttr schedule = kernel.getScheduleAttr();
  auto value = schedule ? dyn_cast_or_null<IntegerAttr>(schedule.get(key)) : IntegerAttr();
  return value ? value.getInt() : otherwise;
}

KernelLowering::KernelLowering(ModuleOp module, Frame &frame, const Target &target, KernelOp kernel, Manifest::Kernel &manifest)
    : module(module), frame(frame), target(target), kernel(kernel), manifest(manifest), builder(kernel.getContext()) {}

Place KernelLowering::allocate(bool own, Type element, ArrayRef<int64_t> tileDims) {
  Emit e(kernel.getLoc(), builder, target.lanes);
  Place place;
  place.own = own;
  place.held = e.held(element);
  // Rows innermost, then keys; letters outside. Rows of letters are padded to
  // the register tile of the microkernels.
  int64_t stride = 1, cols = sweeps.empty() ? 64 : 0;
  for (SweepPlan &s : sweeps)
    cols = std::max(cols, s.cols);
  auto add = [&](int64_t dim, int64_t size) {
    place.strides.push_back({dim, stride});
    stride *= size;
  };
  if (llvm::is_contained(tileDims, TileType::R))
    add(TileType::R, rows);
  if (llvm::is_contained(tileDims, TileType::C))
    add(TileType::C, cols);
  for (int64_t dim : llvm::reverse(tileDims))
    if (dim != TileType::R && dim != TileType::C)
      add(dim, llvm::alignTo(TileType::size(dim), target.keys));
  int64_t &bytes = own ? ownBytes : sharedBytes;
  place.offset = bytes;
  bytes = llvm::alignTo(bytes + stride * Emit::bytes(e.stored(place.held)), 64);
  return place;
}

/// Cheap to compute again wherever it is used.
static bool isLight(Value v) {
  Operation *op = v.getDefiningOp();
  if (!op)
    return false;
  if (isa<RowsOp, RangeOp, FillOp, SliceOp>(op))
    return true;
  if (auto map = dyn_cast<MapOp>(op))
    return map.getType().getElement().isIndex() || llvm::any_of(dims(v), [](int64_t d) { return d >= 0 && !TileType::size(d); });
  if (isa<PlanDialect>(op->getDialect()))
    return isa<ScalarOp, plan::ExtentOp>(op);
  return true; // uniform arithmetic
}

// Segments have even numbers, sweeps odd ones.
unsigned KernelLowering::partOf(Operation *op) {
  while (op->getParentOp() != kernel)
    op = op->getParentOp();
  for (auto [k, segment] : llvm::enumerate(segments))
    if (llvm::is_contained(segment, op))
      return 2 * k;
  for (auto [k, sweep] : llvm::enumerate(sweeps))
    if (sweep.op == op)
      return 2 * k + 1;
  llvm_unreachable("an operation of another kernel");
}

void KernelLowering::need(Value v, unsigned part) {
  Operation *op = v.getDefiningOp();
  if (!op || !kernel->isProperAncestor(op) || homes.count(v) || spills.count(v))
    return;
  if (isa<SweepOp>(op)) {
    auto result = cast<OpResult>(v);
    Value carried = cast<SweepOp>(op).getBody().getArgument(1 + result.getResultNumber());
    if (isa<TileType>(v.getType()))
      homes[v] = homes[carried];
    else
      spills[v] = spills[carried];
    return;
  }
  unsigned from = partOf(op);
  if (isLight(v)) {
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (!operand.getDefiningOp() || !op->isProperAncestor(operand.getDefiningOp()))
          need(operand, part);
    });
    return;
  }
  if (from == part || from % 2)
    return;
  if (isa<SpanType>(v.getType()))
    return;
  if (auto tile = dyn_cast<TileType>(v.getType()))
    homes[v] = allocate(true, tile.getElement(), tile.getDims());
  else {
    spills[v] = ownBytes;
    ownBytes += 64;
  }
}

LogicalResult KernelLowering::analyze() {
  rows = scheduled(kernel, "rows", 64);
  share = kernel.getGrid().empty() ? 1 : std::max<int64_t>(scheduled(kernel, "share", target.share), 1);
  slack = double(scheduled(kernel, "slack", 10)) * 0.69314718056;
  if (rows <= 0 || rows % target.lanes)
    return kernel.emitError("the schedule's rows must be a multiple of ") << target.lanes;
  segments.emplace_back();
  for (Operation &op : kernel.getBody().front()) {
    if (auto sweep = dyn_cast<SweepOp>(op)) {
      SweepPlan s;
      s.op = sweep;
      s.part = sweep.getSpan().getDefiningOp<PartOp>();
      s.span = partsOf(s.part ? s.part.getSpan() : sweep.getSpan());
      if (!s.span || (s.part && s.span.list))
        return sweep.emitError("the CPU back end has no code for this span");
      s.cols = cast<SpanType>(sweep.getSpan().getType()).getStep();
      sweeps.push_back(s);
      segments.emplace_back();
    } else {
      segments.back().push_back(&op);
    }
  }
  for (SweepPlan &s : sweeps) {
    s.table.offset = ownBytes;
    s.table.lives = s.span.live.size();
    s.table.holes = s.span.holes.size();
    s.table.part = bool(s.part);
    s.table.listed = bool(s.span.list);
    if (s.span.gathered) { // other row tiles have other keys
      share = 1;
      s.keys = allocate(false, builder.getIndexType(), {TileType::C});
    }
    ownBytes = llvm::alignTo(ownBytes + s.table.bytes(), 64);
    for (BlockArgument carried : s.op.getBody().getArguments().drop_front()) {
      if (auto tile = dyn_cast<TileType>(carried.getType()))
        homes[carried] = allocate(true, tile.getElement(), tile.getDims());
      else {
        spills[carried] = ownBytes;
        ownBytes += 64;
      }
    }
  }
  // Sums inside a segment are computed once.
  for (auto &segment : segments)
    for (Operation *op : segment)
      if (isa<FoldOp, ContractOp>(op))
        if (auto tile = dyn_cast<TileType>(op->getResult(0).getType()))
          if (llvm::none_of(tile.getDims(), [](int64_t d) { return d >= 0 && !TileType::size(d); }))
            homes[op->getResult(0)] = allocate(true, tile.getElement(), tile.getDims());
  kernel.getBody().walk([&](Operation *op) {
    unsigned part = partOf(op);
    for (Value operand : op->getOperands())
      need(operand, isa<SweepOp>(op) ? part - 1 : part);
  });
  return success();
}
