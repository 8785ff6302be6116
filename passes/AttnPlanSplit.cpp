// An attend whose keys are split: kernels for parts of the keys leave what they
// know of each row in workspace, others merge it and finish the rows.
#include "passes/AttnPlanAttend.h"

using namespace mlir;
using namespace attn;
using plan::TileType;

bool AttendPlan::canSplit() {
  return SweepPlanner::splits(weights) && !attend.getBounds().empty();
}

//===----------------------------------------------------------------------===//
// How many parts
//===----------------------------------------------------------------------===//

namespace {
/// Arithmetic of the program.
struct Host {
  OpBuilder &b;
  Location loc;

  Value number(int64_t x) { return arith::ConstantIndexOp::create(b, loc, x); }
  Value mul(Value x, Value y) { return arith::MulIOp::create(b, loc, x, y); }
  Value min(Value x, Value y) { return arith::MinSIOp::create(b, loc, x, y); }
  Value max(Value x, Value y) { return arith::MaxSIOp::create(b, loc, x, y); }
  /// Of numbers that are not negative.
  Value div(Value x, Value y) {
    return arith::FloorDivSIOp::create(b, loc, x, max(y, number(1)));
  }
  Value tiles(Value x, int64_t side) {
    AffineExpr s0 = b.getAffineSymbolExpr(0);
    return affine::AffineApplyOp::create(
        b, loc, AffineMap::get(0, 1, s0.ceilDiv(side)), x);
  }
  Value less(Value x, Value y) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x, y);
  }
  Value select(Value c, Value x, Value y) {
    return arith::SelectOp::create(b, loc, c, x, y);
  }
  Value size(StringRef name, Value x) {
    return plan::SizeOp::create(b, loc, b.getIndexType(), name, x);
  }
};
} // namespace

// The index that keys and values read by the head of its group: of all heads
// that the group has.
static std::optional<unsigned> groupedHeads(AttendOp attend) {
  std::optional<unsigned> heads;
  attend.walk([&](KvHeadOp op) {
    auto argument = dyn_cast<BlockArgument>(op.getHead());
    if (argument && argument.getOwner()->getParentOp() == attend &&
        argument.getArgNumber() + 1 < attend.getBounds().size())
      heads = argument.getArgNumber();
  });
  if (heads) {
    auto extent = attend.getBounds()[*heads].getDefiningOp<ExtentOp>();
    if (!extent || extent.getName() != "H")
      return std::nullopt;
  }
  return heads;
}

AttendPlan::Split AttendPlan::decide(int64_t wanted) {
  Split split;
  Host h{planner.host(), attend.getLoc()};
  std::string name = attend.getName().str(), partName = name + " parts";
  split.rows = planner.fewRows(partName);
  Value rows = planner.host(attend.getBounds().back()), others = h.number(1);
  for (Value bound : attend.getBounds().drop_back())
    others = h.mul(others, planner.host(bound));
  Value entries = rows, partItems = others;
  if (auto heads = groupedHeads(attend);
      heads && planner.choice(name, "pack")) {
    Packing p;
    p.heads = *heads;
    p.groups = plan::ExtentOp::create(h.b, h.loc, h.b.getIndexType(), "G");
    Value share = h.div(planner.host(attend.getBounds()[*heads]), p.groups);
    p.share = h.size("heads of a group", h.max(share, h.number(1)));
    p.entries = h.size("rows of a group", h.mul(rows, p.share));
    entries = p.entries;
    partItems = h.div(others, p.share);
    split.packing = p;
  }
  partItems = h.mul(partItems, h.tiles(entries, split.rows));
  if (wanted) {
    split.parts = h.size(partName, h.number(wanted));
    return split;
  }
  // Two items for each worker, none with less than four tiles of keys.
  Value workers = plan::WorkersOp::create(h.b, h.loc, h.b.getIndexType());
  Value keys = planner.host(attend.getSwept()[0]);
  int64_t least = 4 * planner.side(partName, "cols");
  Value fill = h.div(h.mul(workers, h.number(2)), partItems);
  Value most = h.tiles(keys, least);
  Value parts = h.max(h.min(fill, most), h.number(1));
  // Where one kernel leaves workers idle, or reads keys again for each head.
  Value items = h.mul(others, h.tiles(rows, planner.side(name, "rows")));
  Value idle = h.select(h.less(items, workers), parts, h.number(1));
  Value chosen = h.select(h.less(h.number(1), idle), parts, h.number(0));
  if (split.packing) {
    Value oneTile = h.less(entries, h.number(split.rows + 1));
    Value shared = h.less(h.number(1), split.packing->share);
    Value worth = h.less(h.number(1), most);
    Value packed = h.select(worth, parts, h.number(0));
    packed = h.select(shared, packed, h.number(0));
    packed = h.select(oneTile, packed, h.number(0));
    chosen = h.max(chosen, packed);
  }
  split.parts = h.size(partName, chosen);
  split.merges = h.less(h.number(0), split.parts);
  split.whole = h.less(split.parts, h.number(1));
  return split;
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

static plan::BufferType remnantType(AttendOp attend, Type element, bool wide) {
  SmallVector<StringAttr> labels(attend.getType().getLabels());
  labels.push_back(StringAttr::get(attend.getContext(), "Z"));
  if (wide)
    element = VectorType::get(
        cast<VectorType>(attend.getType().getElement()).getShape(), element);
  return plan::BufferType::get(attend.getContext(), labels, element);
}

Node *AttendPlan::packed(const Split &split, KernelBuilder &kernel,
                         Value field, ArrayRef<Node *> indices,
                         ArrayRef<int64_t> letters) {
  const Packing &packing = *split.packing;
  auto type = cast<FieldType>(field.getType());
  auto vector = dyn_cast<VectorType>(type.getElement());
  if (!vector || vector.getRank() != 1 || !planner.host(field) ||
      vector.getElementTypeBitWidth() != 16)
    return nullptr;
  // Indices of the attend, those of heads and rows among them.
  SmallVector<unsigned> places;
  for (Node *index : indices) {
    auto place = llvm::find(kernel.indices, index);
    if (place == kernel.indices.end())
      return nullptr;
    places.push_back(place - kernel.indices.begin());
  }
  unsigned rows = attend.getBounds().size() - 1;
  if (!llvm::is_contained(places, packing.heads) ||
      !llvm::is_contained(places, rows))
    return nullptr;

  OpBuilder::InsertionGuard guard(planner.host());
  planner.host().setInsertionPoint(kernel.kernel);
  Host h{planner.host(), kernel.tiles.loc};
  SmallVector<Value> bounds, sizes;
  SmallVector<Attribute> names;
  SmallVector<StringAttr> labels;
  for (unsigned place : places) {
    Value bound = attend.getBounds()[place];
    auto name = cast<StringAttr>(attend.getIndices()[place]);
    bounds.push_back(bound);
    names.push_back(name);
    sizes.push_back(place == packing.heads ? packing.groups
                    : place == rows        ? packing.entries
                                           : planner.host(bound));
    labels.push_back(h.b.getStringAttr(place == packing.heads ? "G"
                                       : place == rows        ? "P"
                                                  : attend.getType().getLabels()[place].getValue()));
  }
  if (split.merges)
    for (auto [place, size] : llvm::zip(places, sizes))
      if (place == rows)
        size = h.size("packed rows", h.select(split.merges, size, h.number(0)));
  std::string name = attend.getName().str() + " pack";
  Value buffer = plan::AllocOp::create(
      h.b, h.loc, plan::BufferType::get(h.b.getContext(), labels, vector),
      name, sizes);
  Opening how;
  how.split = true;
  how.runs = split.merges;
  how.columns = vector.getNumElements();
  auto opened = planner.open(attend, name, h.b.getArrayAttr(names), bounds,
                             /*sweeps=*/false, how);
  Tiles &tiles = opened->tiles;
  Type index = h.b.getIndexType();
  SmallVector<Value> from, to;
  Node *share = tiles.leaf(packing.share), *head = nullptr, *row = nullptr;
  for (auto [place, node] : llvm::zip(places, opened->indices)) {
    from.push_back(tiles.value(node));
    if (place == packing.heads)
      head = node;
    if (place == rows)
      row = node;
  }
  Node *group = tiles.apply<FloorDivOp>(index, {head, share});
  Node *inGroup = tiles.apply<ModOp>(index, {head, share});
  Node *entry = tiles.apply<arith::AddIOp>(
      index, {tiles.apply<arith::MulIOp>(index, {row, share}), inGroup});
  for (auto [place, at] : llvm::zip(places, from))
    to.push_back(place == packing.heads ? tiles.value(group)
                 : place == rows        ? tiles.value(entry)
                                        : at);
  Value x = tiles.value(opened->rows);
  from.push_back(x);
  to.push_back(x);
  OpBuilder end = tiles.outside();
  Value element = plan::LoadOp::create(
      end, h.loc, tiles.type(TileType::R, vector.getElementType()),
      columnsOf(*opened, planner.host(field)), from);
  plan::StoreOp::create(end, h.loc, element, columnsOf(*opened, buffer), to);

  SmallVector<Value> at;
  Dims dims = {TileType::R};
  for (unsigned place : places)
    at.push_back(place == packing.heads ? kernel.groupHead
                 : place == rows        ? kernel.tiles.value(kernel.rows)
                                        : kernel.tiles.value(
                                       kernel.indices[place]));
  dims.append(letters.begin(), letters.end());
  OpBuilder outside = kernel.tiles.outside();
  return kernel.tiles.leaf(plan::LoadOp::create(
      outside, h.loc, kernel.tiles.type(dims, vector.getElementType()), buffer,
      at));
}

LogicalResult AttendPlan::parts(Split &split) {
  std::string name = attend.getName().str();
  Opening how;
  how.split = true;
  how.rows = split.rows;
  how.runs = split.merges;
  how.parts = split.parts;
  how.packing = split.packing;
  auto opened = planner.open(attend, name + " parts", attend.getIndices(),
                             attend.getBounds(), /*sweeps=*/true, how);
  KernelBuilder &kernel = *opened;
  Tiles &tiles = kernel.tiles;
  bind(kernel);
  if (split.packing)
    attend.walk([&](KvHeadOp op) {
      auto argument = dyn_cast<BlockArgument>(op.getHead());
      if (argument && argument.getOwner()->getParentOp() == attend &&
          argument.getArgNumber() == split.packing->heads)
        kernel.elements.bind(op.getResult(), tiles.leaf(kernel.groupHead));
    });
  if (split.packing)
    kernel.elements.setReader(
        [&](Value field, ArrayRef<Node *> indices, ArrayRef<int64_t> letters) {
          return packed(split, kernel, field, indices, letters);
        });
  Value all = spanOf(planner, attend, kernel);
  OpBuilder end = tiles.outside();
  Value span = plan::PartOp::create(end, tiles.loc, all.getType(), all,
                                    kernel.part, split.parts);
  SweepPlanner sweeps(attend, weights, kernel, span, component);
  sweeps.run(bool(out), bool(max));
  if (kernel.elements.failed())
    return failure();
  OpBuilder before(kernel.kernel);
  SmallVector<Value> sizes, indices;
  Dims rows = {TileType::R};
  for (Value bound : attend.getBounds())
    sizes.push_back(planner.host(bound));
  sizes.push_back(split.parts);
  for (Node *index : kernel.indices)
    indices.push_back(tiles.value(index));
  indices.push_back(kernel.part);
  for (auto &remnant : sweeps.remnants(bool(out), bool(max))) {
    bool wide = remnant.kind == SweepPlanner::Remnant::Accumulator;
    Value buffer = plan::AllocOp::create(
        before, tiles.loc, remnantType(attend, remnant.type, wide),
        name + " parts " + remnant.name.str(), sizes);
    split.buffers.push_back(buffer);
    Dims dims = rows;
    if (wide)
      dims.push_back(component);
    Value tile = tiles.tile(*remnant.value, dims);
    OpBuilder end = tiles.outside();
    plan::StoreOp::create(end, tiles.loc, tile, buffer, indices);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The merge
//===----------------------------------------------------------------------===//

// Vectors without a tail are merged component by component: a kernel whose rows
// are components keeps more threads busy.
LogicalResult AttendPlan::merge(const Split &split, bool withOut,
                                bool withRows) {
  std::string name = attend.getName().str() + " merge";
  Opening how;
  how.split = true;
  how.runs = split.merges;
  if (!withRows)
    how.columns = TileType::size(component);
  else if (!withOut)
    name += " rows";
  auto opened = planner.open(attend, name, attend.getIndices(),
                             attend.getBounds(), /*sweeps=*/true, how);
  KernelBuilder &kernel = *opened;
  Tiles &tiles = kernel.tiles;
  bind(kernel);
  OpBuilder end = tiles.outside();
  Value zero = arith::ConstantIndexOp::create(end, tiles.loc, 0);
  AffineMap next =
      AffineMap::get(0, 1, end.getAffineSymbolExpr(0) + 1);
  Value behind =
      affine::AffineApplyOp::create(end, tiles.loc, next, split.parts);
  ValueRange none;
  Value span = plan::TilesOp::create(
      end, tiles.loc,
      plan::SpanType::get(tiles.context, planner.side(name, "cols")), zero,
      split.parts, none, none, split.parts, behind, none, none, true);
  bool withMax = max && withRows;
  SweepPlanner sweeps(attend, weights, kernel, span, component);
  // Buffers stand in the order of what parts leave.
  auto left = sweeps.remnants(bool(out), bool(max));
  auto mine = sweeps.remnants(withOut && out, withMax);
  auto read = [&](const SweepPlanner::Remnant &remnant, Node *part) {
    size_t place = 0;
    while (left[place].value != remnant.value)
      ++place;
    Value buffer = split.buffers[place];
    SmallVector<Value> indices;
    Dims dims;
    auto at = [&](Node *index) {
      indices.push_back(tiles.value(index));
      for (int64_t dim : index->dims)
        if (!llvm::is_contained(dims, dim))
          dims.push_back(dim);
    };
    for (Node *index : kernel.indices)
      at(index);
    at(part);
    if (remnant.kind == SweepPlanner::Remnant::Accumulator) {
      if (kernel.columns) {
        buffer = columnsOf(kernel, buffer);
        at(kernel.rows);
      } else {
        dims.push_back(component);
      }
    }
    OpBuilder builder = tiles.at(true);
    return tiles.leaf(plan::LoadOp::create(
        builder, tiles.loc, tiles.type(dims, remnant.type), buffer, indices));
  };
  sweeps.merge(mine, split.parts, withMax, read);
  return finish(kernel, sweeps, withOut, withRows);
}

LogicalResult AttendPlan::split(int64_t wanted) {
  Split split = decide(wanted);
  if (split.whole && failed(whole(split.whole)))
    return failure();
  if (failed(parts(split)))
    return failure();
  bool rows = lse || max || !tail.empty(), columns = out && tail.empty();
  if (columns && failed(merge(split, true, false)))
    return failure();
  return rows ? merge(split, !columns, true) : success();
}
