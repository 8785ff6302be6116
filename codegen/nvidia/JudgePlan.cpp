#include "codegen/nvidia/Judge.h"
#include "dialect/PlanRules.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace plan;
using namespace attn::nvidia;

namespace {
/// What masks and intervals of a kernel are computed from.
class Slice {
public:
  explicit Slice(KernelOp kernel) : kernel(kernel) {}
  /// Whether there is nothing among it that only the sweep itself knows.
  bool add(Operation *root);
  bool contains(Operation *op) const { return ops.contains(op); }
  bool reads(Value v) const { return values.contains(v); }
  bool foldsRows() const {
    return llvm::any_of(ops, [](Operation *op) { return isa<FoldOp>(op) && !isa<SweepOp>(op->getParentOp()); });
  }

private:
  KernelOp kernel;
  llvm::SetVector<Operation *> ops;
  llvm::SetVector<Value> values;
};
} // namespace

bool Slice::add(Operation *root) {
  llvm::SetVector<Operation *> work;
  work.insert(root);
  for (size_t n = 0; n < work.size(); ++n) {
    Operation *op = work[n];
    if (isa<SweepOp, ContractOp, AdvanceOp, ScaleOp, RangeOp>(op))
      return false;
    ops.insert(op);
    llvm::SetVector<Value> read(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), read);
    for (Value v : read) {
      values.insert(v);
      auto argument = dyn_cast<BlockArgument>(v);
      if (!argument && kernel->isProperAncestor(v.getDefiningOp()))
        work.insert(v.getDefiningOp());
      else if (argument && isa<SweepOp>(argument.getOwner()->getParentOp()) && argument.getArgNumber() != 0)
        return false;
    }
  }
  return true;
}

/// How many keys the sweeps of the kernel have: the least length of what they
/// read at them. Null if nothing is.
static Value keysOf(KernelOp kernel, OpBuilder &before) {
  Value keys;
  llvm::SetVector<Value> lengths;
  auto program = kernel->getParentOfType<ProgramOp>();
  kernel.walk([&](LoadOp load) {
    for (auto [k, index] : llvm::enumerate(load.getIndices())) {
      auto key = dyn_cast<BlockArgument>(index);
      if (!key || !isa<SweepOp>(key.getOwner()->getParentOp()) || key.getArgNumber() != 0)
        continue;
      if (auto alloc = load.getBuffer().getDefiningOp<AllocOp>()) {
        lengths.insert(alloc.getSizes()[k]);
        continue;
      }
      StringAttr label = cast<BufferType>(load.getBuffer().getType()).getLabels()[k];
      auto extents = program.getBody().getOps<ExtentOp>();
      auto found = llvm::find_if(extents, [&](ExtentOp e) { return e.getName() == label && e->isBeforeInBlock(kernel); });
      lengths.insert(found != extents.end() ? (*found).getResult()
                                            : ExtentOp::create(before, kernel.getLoc(), before.getIndexType(), label).getResult());
    }
  });
  for (Value length : lengths)
    keys = keys ? arith::MinSIOp::create(before, kernel.getLoc(), keys, length).getResult() : length;
  return keys;
}

bool attn::nvidia::addJudge(KernelOp kernel) {
  SmallVector<SweepOp> sweeps(kernel.getBody().getOps<SweepOp>());
  auto spans = kernel.getBody().getOps<TilesOp>();
  if (sweeps.empty() || !llvm::hasSingleElement(spans) || !kernel.getScheduleAttr())
    return false;
  TilesOp span = *spans.begin();
  Slice intervals(kernel), slice(kernel);
  // Ends of intervals that are least or greatest over the rows of a tile would
  // be computed by every thread: there is a judge for them as well.
  if (!intervals.add(span) || (span.getExact() && !intervals.foldsRows()) || !slice.add(span))
    return false;
  SmallVector<MaskOp> masks;
  for (SweepOp sweep : sweeps)
    sweep.walk([&](MaskOp mask) { masks.push_back(mask); });
  if (llvm::any_of(sweeps, [&](SweepOp sweep) { return tilesOf(sweep.getSpan()).tiles != span; }) ||
      !llvm::all_of(masks, [&](MaskOp mask) { return slice.add(mask); }))
    return false;
  RowsOp rows;
  for (RowsOp each : kernel.getBody().getOps<RowsOp>())
    rows = each;
  if (!rows || !slice.add(rows))
    return false;

  OpBuilder b(kernel);
  Location loc = kernel.getLoc();
  Type index = b.getIndexType();
  Value keys = keysOf(kernel, b);
  if (!keys)
    return false;
  int64_t cols = cast<SpanType>(span.getType()).getStep(), perWord = cols * tilesPerWord;
  // One word at the least.
  AffineExpr m = b.getAffineSymbolExpr(0);
  Value filled = affine::AffineMaxOp::create(b, loc, AffineMap::get(0, 1, {m, b.getAffineConstantExpr(1)}, b.getContext()), ValueRange(keys));
  Value words = affine::AffineApplyOp::create(b, loc, AffineMap::get(0, 1, m.ceilDiv(perWord)), ValueRange(filled));

  Block &from = kernel.getBody().front();
  IRMapping map;
  SmallVector<Value> grid;
  SmallVector<Attribute> names;
  SmallVector<StringAttr> labels;
  SmallVector<Value> sizes;
  SmallVector<BlockArgument> arguments;
  for (auto [n, argument] : llvm::enumerate(from.getArguments())) {
    bool last = n + 1 == from.getNumArguments();
    if (!last && !slice.reads(argument))
      continue;
    if (last) {
      grid.push_back(words);
      names.push_back(b.getStringAttr("word"));
    }
    grid.push_back(kernel.getGrid()[n]);
    names.push_back(kernel.getIndices()[n]);
    arguments.push_back(argument);
    labels.push_back(cast<StringAttr>(kernel.getIndices()[n]));
    sizes.push_back(kernel.getGrid()[n]);
  }
  labels.push_back(b.getStringAttr("word"));
  sizes.push_back(words);
  std::string name = (kernel.getName() + ".tiles").str();
  AllocOp::create(b, loc, BufferType::get(b.getContext(), labels, VectorType::get({4}, b.getI32Type())), name, sizes);
  SmallVector<NamedAttribute> sides;
  for (StringRef key : {"rows", "cols"})
    if (Attribute side = kernel.getScheduleAttr().get(key))
      sides.push_back(b.getNamedAttr(key, side));
  auto judge = KernelOp::create(b, loc, name, b.getArrayAttr(names), grid, b.getDictionaryAttr(sides));
  judge->setAttr(judgesAttr, kernel.getNameAttr());
  Block &block = judge.getBody().emplaceBlock();
  for (size_t n = 0; n < grid.size(); ++n)
    block.addArgument(index, loc);
  for (auto [n, argument] : llvm::enumerate(arguments))
    map.map(argument, block.getArgument(n + 1 < arguments.size() ? n : n + 1));
  OpBuilder in = OpBuilder::atBlockEnd(&block);
  for (Operation &op : from)
    if (slice.contains(&op))
      in.clone(op, map);
  auto sweep = SweepOp::create(in, loc, TypeRange(index), map.lookup(span.getResult()),
                               in.getStrArrayAttr({"j", "keys"}), ValueRange(keys));
  Block &body = sweep.getBody().emplaceBlock();
  Value key = body.addArgument(sweeps.front().getBody().getArgument(0).getType(), loc);
  Value carried = body.addArgument(index, loc);
  OpBuilder inside = OpBuilder::atBlockEnd(&body);
  for (SweepOp each : sweeps) {
    map.map(each.getBody().getArgument(0), key);
    for (Operation &op : each.getBody().front())
      if (slice.contains(&op))
        inside.clone(op, map);
  }
  plan::YieldOp::create(inside, loc, ValueRange(carried));
  span->setAttr(judgedAttr, b.getStringAttr(name));
  return true;
}
