// Sets that the caller gives: lists for spans, tables for masks.
#include "passes/AttnPlan.h"

using namespace mlir;
using namespace attn;

// Scalar arithmetic of a region on lengths and parameters, in front of all
// kernels.
Value Planner::hosted(Value value) {
  if (Value known = map.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    hosted(operand);
  builder.clone(*op, map);
  return map.lookup(value);
}

// A kernel that makes a list, or a table of truth values, of a set.
Value Planner::fromSet(MemberOp member, bool table) {
  Value set = member.getSet();
  Value &known = (table ? tables : lists)[set];
  if (known)
    return known;
  Location loc = member.getLoc();
  auto input = set.getDefiningOp<InputOp>();
  auto raw = cast<TypedValue<plan::BufferType>>(host(set));
  ArrayRef<StringAttr> labels = raw.getType().getLabels();
  Type index = builder.getIndexType();
  Value from = hosted(member.getFrom()), to = hosted(member.getTo());
  SmallVector<Value> sizes;
  for (StringAttr label : labels)
    sizes.push_back(plan::ExtentOp::create(builder, loc, index, label));
  SmallVector<Value> grid(ArrayRef(sizes).drop_back());
  AffineExpr s0 = builder.getAffineSymbolExpr(0);
  if (table)
    sizes.back() = arith::SubIOp::create(builder, loc, to, from);
  else
    sizes.back() = affine::AffineApplyOp::create(
        builder, loc, AffineMap::get(0, 1, s0 + 1), sizes.back());
  std::string name = (input.getName() + (table ? ".table" : ".list")).str();
  SmallVector<StringAttr> kept(labels.drop_back());
  kept.push_back(table ? builder.getStringAttr(name) : labels.back());
  Type element = table ? builder.getI1Type() : builder.getI32Type();
  known = plan::AllocOp::create(
      builder, loc, plan::BufferType::get(builder.getContext(), kept, element),
      name, sizes);
  SmallVector<Attribute> names;
  for (StringAttr label : kept)
    names.push_back(builder.getStringAttr(label.getValue().lower()));
  names.pop_back();
  unsigned rank = grid.size();
  if (names.empty()) {
    grid.push_back(arith::ConstantIndexOp::create(builder, loc, 1));
    names.emplace_back();
  }
  names.back() = builder.getStringAttr("t");
  auto kernel = plan::KernelOp::create(
      builder, loc, name, builder.getArrayAttr(names), grid,
      builder.getDictionaryAttr(builder.getNamedAttr(
          "rows", builder.getI64IntegerAttr(target.find("rows")->step))));
  Block &block = kernel.getBody().emplaceBlock();
  for (size_t k = 0; k < grid.size(); ++k)
    block.addArgument(index, loc);
  OpBuilder inside = OpBuilder::atBlockEnd(&block);
  ValueRange indices = ValueRange(block.getArguments()).take_front(rank);
  if (table)
    plan::MarkOp::create(inside, loc, raw, known, indices, from, to);
  else
    plan::CollectOp::create(inside, loc, raw, known, indices, from, to);
  return known;
}

// Attends range over sets that all rows of a tile share; other memberships
// are read from tables.
void Planner::sets() {
  for (auto attend : pattern.getBody().getOps<AttendOp>()) {
    if (attend.getSwept().size() != 1)
      continue;
    std::optional<ListIterator> iterator = findIterator(attend);
    if (!iterator)
      continue;
    fromSet(iterator->member, /*table=*/false);
    dropClause(*iterator);
    iterators[attend] = *iterator;
  }
  pattern.walk([&](MemberOp member) {
    if (!member.use_empty())
      map.map(member.getResult(), fromSet(member, /*table=*/true));
  });
}
