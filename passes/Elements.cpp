#include "passes/Elements.h"

using namespace mlir;
using namespace attn;
using plan::TileType;

static size_t rankOf(Value value) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector ? vector.getRank() : 0;
}

Node *Elements::get(Value value, ArrayRef<int64_t> letters) {
  Key key(value, letters.vec());
  if (auto it = memo.find(key); it != memo.end())
    return it->second;
  Node *node = fresh(value, letters);
  memo[key] = node;
  return node;
}

void Elements::leaveSweep() {
  for (auto it = memo.begin(); it != memo.end();)
    it = it->second->inner ? memo.erase(it) : std::next(it);
}

Node *Elements::refuse(Operation *op, const Twine &why) {
  if (!error)
    op->emitError() << why.str();
  error = true;
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  return tiles.constant(
      cast<TypedAttr>(Builder(op->getContext()).getZeroAttr(type)));
}

Node *Elements::fresh(Value value, ArrayRef<int64_t> letters) {
  if (auto member = value.getDefiningOp<MemberOp>())
    return this->member(member);
  Value known = program.lookupOrNull(value);
  if (known && !isa<VectorType>(value.getType()))
    return tiles.leaf(known);
  Operation *op = value.getDefiningOp();
  assert(op && "indices are bound");
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    TypedAttr attribute = constant.getValue();
    if (auto dense = dyn_cast<DenseElementsAttr>(attribute)) {
      if (!dense.isSplat())
        return refuse(op, "a row of different numbers cannot be planned yet");
      attribute = cast<TypedAttr>(dense.getSplatValue<Attribute>());
    }
    return tiles.constant(attribute);
  }
  if (auto at = dyn_cast<AtOp>(op))
    return read(at, letters);
  if (auto sum = dyn_cast<ReduceOp>(op))
    return reduce(sum, letters);
  if (auto product = dyn_cast<DotOp>(op))
    return dot(product.getLhs(), product.getRhs());
  if (auto product = dyn_cast<MatVecOp>(op))
    return matvec(product, letters);
  if (auto row = dyn_cast<CatOp>(op))
    return cat(row.getParts(), letters);
  if (auto part = dyn_cast<ComponentOp>(op)) {
    SmallVector<Node *> position;
    for (Value index : part.getPosition())
      position.push_back(get(index));
    return component(part.getVector(), position, letters);
  }
  if (isa<RampOp>(op)) {
    int64_t size = cast<VectorType>(value.getType()).getNumElements();
    Value extent = tiles.value(tiles.integer(size));
    OpBuilder builder = tiles.outside();
    return toReal(tiles.leaf(plan::RangeOp::create(
        builder, tiles.loc,
        tiles.type(letters, IndexType::get(op->getContext())), extent)));
  }
  if (isa<CountOp, RowSumOp>(op))
    return refuse(op, "stands where nothing is known of the row's keys");
  if (op->getDialect()->getNamespace() == "vector")
    return vectorOp(op, letters);
  if (op->getNumRegions() || op->getNumResults() != 1)
    return refuse(op, "cannot be planned");
  SmallVector<Node *> kids;
  for (Value operand : op->getOperands())
    kids.push_back(
        get(operand, rankOf(operand) ? letters : ArrayRef<int64_t>()));
  return tiles.like(op, kids);
}

Node *Elements::apply(Operation *op, ArrayRef<Value> values,
                      ArrayRef<Node *> nodes) {
  for (auto [value, node] : llvm::zip(values, nodes))
    if (node)
      bind(value, node);
  op->walk([&](Operation *inside) {
    for (Value result : inside->getResults())
      memo.erase({result, {}});
  });
  return get(op->getResult(0));
}

Node *Elements::toReal(Node *node) {
  Type wide = IntegerType::get(tiles.context, 64);
  if (node->type.isIndex())
    node = tiles.apply<arith::IndexCastOp>(wide, {node});
  return tiles.apply<arith::SIToFPOp>(Float32Type::get(tiles.context), {node});
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

Node *Elements::read(AtOp at, ArrayRef<int64_t> letters) {
  SmallVector<Node *> indices;
  for (Value index : at.getIndices())
    indices.push_back(get(index));
  if (reader)
    if (Node *node = reader(at.getField(), indices, letters))
      return node;
  Value buffer = program.lookupOrNull(at.getField());
  if (!buffer)
    return refuse(at, "reads a field before it is computed");
  return load(buffer, indices, letters);
}

// From the table that stands for the set.
Node *Elements::member(MemberOp member) {
  SmallVector<Node *> indices;
  for (Value index : member.getIndices())
    indices.push_back(get(index));
  Node *place = get(member.getValue());
  if (!matchPattern(member.getFrom(), m_Zero()))
    place = tiles.apply<arith::SubIOp>(IndexType::get(tiles.context),
                                       {place, get(member.getFrom())});
  indices.push_back(place);
  return load(program.lookup(member.getResult()), indices, {});
}

Node *Elements::load(Value buffer, ArrayRef<Node *> indices,
                     ArrayRef<int64_t> letters) {
  SmallVector<Value> operands;
  Dims dims; // in the order of the labels
  bool inner = false;
  for (Node *index : indices) {
    inner |= index->inner;
    operands.push_back(tiles.value(index));
    for (int64_t dim : index->dims)
      if (!llvm::is_contained(dims, dim))
        dims.push_back(dim);
  }
  dims.append(letters.begin(), letters.end());
  Type element = getElementTypeOrSelf(
      cast<plan::BufferType>(buffer.getType()).getElement());
  OpBuilder builder = tiles.at(inner);
  return tiles.leaf(plan::LoadOp::create(
      builder, tiles.loc,
      dims.empty() ? element : Type(tiles.type(dims, element)), buffer,
      operands));
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Node *Elements::fold(Fold kind, Node *node, ArrayRef<int64_t> over) {
  Dims all = unite(node->dims, over), kept;
  for (int64_t dim : all)
    if (!llvm::is_contained(over, dim))
      kept.push_back(dim);
  Value tile = tiles.tile(node, all);
  Type element =
      kind == Fold::Count ? IndexType::get(tiles.context) : node->type;
  OpBuilder builder = tiles.at(node->inner);
  return tiles.leaf(plan::FoldOp::create(
      builder, tiles.loc,
      kept.empty() ? element : Type(tiles.type(kept, element)), kind, tile));
}

// What does not change the result.
static Node *identity(Tiles &tiles, Fold kind, Type type) {
  switch (kind) {
  case Fold::Any:
    return tiles.truth(false);
  case Fold::All:
    return tiles.truth(true);
  case Fold::Max:
  case Fold::Min: {
    bool max = kind == Fold::Max;
    if (type.isIndex())
      return tiles.integer(max ? INT64_MIN : INT64_MAX);
    return tiles.number(max ? -INFINITY : INFINITY);
  }
  default:
    return type.isIndex() ? tiles.integer(0) : tiles.number(0);
  }
}

Node *Elements::reduce(ReduceOp op, ArrayRef<int64_t> letters) {
  Dims over;
  for (auto [bound, argument] :
       llvm::zip(op.getBounds(), op.getBody().getArguments())) {
    Node *extent = get(bound);
    if (!extent->uniform())
      return refuse(op, "a range must be the same for all rows and keys");
    Value size = tiles.value(extent);
    IntegerAttr constant;
    int64_t known = 0;
    if (matchPattern(size, m_Constant(&constant)))
      known = std::max<int64_t>(constant.getInt(), 0);
    Dims avoid(letters.begin(), letters.end());
    avoid.append(over);
    int64_t letter =
        TileType::dim(TileType::letter(tiles.letter(0, avoid)), known);
    over.push_back(letter);
    OpBuilder builder = tiles.outside();
    bind(argument,
         tiles.leaf(plan::RangeOp::create(
             builder, tiles.loc,
             tiles.type(letter, IndexType::get(op.getContext())), size)));
  }
  auto yield = cast<YieldOp>(op.getBody().front().getTerminator());
  Node *condition = yield.getCondition() ? get(yield.getCondition()) : nullptr;
  Node *count = nullptr;
  Fold kind = op.getKind();
  if (kind == Fold::Count || kind == Fold::Mean)
    count = fold(Fold::Count, condition ? condition : tiles.truth(true), over);
  if (kind == Fold::Count)
    return count;
  Node *element = get(yield.getValues()[0], letters);
  Fold how = kind == Fold::Mean ? Fold::Sum : kind;
  Node *nothing = identity(tiles, how, element->type);
  if (condition)
    element = tiles.select(condition, element, nothing);
  Node *result = fold(how, element, over);
  Type type = result->type;
  if (kind == Fold::Mean)
    return tiles.apply<DivOp>(type, {result, toReal(count)});
  // The maximum or minimum of no integers is -1 [S7].
  if (type.isIndex() && (kind == Fold::Max || kind == Fold::Min)) {
    Builder builder(op.getContext());
    Node *none = tiles.apply<arith::CmpIOp>(
        builder.getI1Type(), {result, nothing},
        builder.getNamedAttr("predicate",
                             arith::CmpIPredicateAttr::get(
                                 op.getContext(), arith::CmpIPredicate::eq)));
    return tiles.select(none, tiles.integer(-1), result);
  }
  return result;
}

// One shared dimension, each side with others of its own: a contraction. Other
// products are maps and folds.
Node *Elements::inner(Node *a, Node *b, int64_t letter) {
  if (b->has(TileType::R) && !a->has(TileType::R))
    std::swap(a, b);
  bool contracts = a->has(letter) && b->has(letter);
  Dims kept;
  for (Node *side : {a, b})
    for (int64_t dim : side->dims)
      if (dim != letter) {
        contracts &= !llvm::is_contained(kept, dim);
        kept.push_back(dim);
      }
  Type real = Float32Type::get(tiles.context);
  if (!contracts || kept.empty()) {
    for (Node **side : {&a, &b})
      if (!(*side)->type.isF32())
        *side = tiles.apply<arith::ExtFOp>(real, {*side});
    return fold(Fold::Sum, tiles.apply<arith::MulFOp>(real, {a, b}), letter);
  }
  Value lhs = tiles.value(a), rhs = tiles.value(b);
  OpBuilder builder = tiles.at(a->inner || b->inner);
  return tiles.leaf(plan::ContractOp::create(
      builder, tiles.loc, tiles.type(kept, real), lhs, rhs, Value()));
}

Node *Elements::dot(Value lhs, Value rhs) {
  int64_t size = cast<VectorType>(lhs.getType()).getNumElements();
  int64_t letter = tiles.letter(size);
  Node *a = get(lhs, letter);
  return inner(a, get(rhs, letter), letter);
}
