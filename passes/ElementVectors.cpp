// Rows and matrices: parts, components, products.
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Elements.h"

using namespace mlir;
using namespace attn;
using plan::TileType;

static SmallVector<int64_t> shapeOf(Value value) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector ? SmallVector<int64_t>(vector.getShape())
                : SmallVector<int64_t>();
}

// The dimensions without `last`, then `last`.
static Dims withLast(ArrayRef<int64_t> dims, int64_t last) {
  Dims result;
  for (int64_t dim : dims)
    if (dim != last)
      result.push_back(dim);
  result.push_back(last);
  return result;
}

Node *Elements::matvec(MatVecOp op, ArrayRef<int64_t> letters) {
  int64_t size = shapeOf(op.getVector())[0];
  int64_t inside = tiles.letter(size, letters);
  Node *matrix = get(op.getMatrix(), {letters[0], inside});
  return inner(get(op.getVector(), inside), matrix, inside);
}

// `to` components of `node` from `first` on, whose dimension `from` becomes
// `to`.
Node *Elements::rename(Node *node, int64_t from, int64_t to, int64_t first) {
  if (!node->has(from)) // the same for all components
    return node;
  Dims dims = withLast(node->dims, from);
  Value tile = tiles.tile(node, dims);
  dims.back() = to;
  OpBuilder builder = tiles.at(node->inner);
  return tiles.leaf(plan::SliceOp::create(
      builder, tiles.loc, tiles.type(dims, node->type), tile, first));
}

Node *Elements::cat(OperandRange parts, ArrayRef<int64_t> letters) {
  SmallVector<std::pair<Node *, int64_t>> nodes;
  Dims outer;
  bool inner = false;
  for (Value part : parts) {
    int64_t letter = tiles.letter(shapeOf(part)[0], letters);
    Node *node = get(part, letter);
    nodes.push_back({node, letter});
    inner |= node->inner;
    for (int64_t dim : unite(outer, node->dims))
      if (dim != letter && !llvm::is_contained(outer, dim))
        outer.push_back(dim);
  }
  outer = unite(outer, {});
  SmallVector<Value> values;
  for (auto [node, letter] : nodes)
    values.push_back(tiles.tile(node, withLast(outer, letter)));
  Dims dims = withLast(outer, letters[0]);
  OpBuilder builder = tiles.at(inner);
  return tiles.leaf(plan::ConcatOp::create(
      builder, tiles.loc, tiles.type(dims, nodes[0].first->type), values));
}

Node *Elements::component(Value vector, ArrayRef<Node *> position,
                          ArrayRef<int64_t> letters) {
  SmallVector<int64_t> shape = shapeOf(vector);
  Dims inside, avoid(letters.begin(), letters.end());
  for (Node *index : position)
    avoid.append(index->dims);
  for (size_t k = 0; k < position.size(); ++k) {
    int64_t letter = tiles.letter(shape[k], avoid);
    avoid.push_back(letter);
    inside.push_back(letter);
  }
  Dims all = inside;
  all.append(letters.begin(), letters.end());
  Node *node = get(vector, all);
  for (auto [index, letter] : llvm::reverse(llvm::zip(position, inside))) {
    Dims dims = withLast(node->dims, letter);
    Value tile = tiles.tile(node, dims), at = tiles.value(index);
    dims.pop_back();
    for (int64_t dim : index->dims)
      if (!llvm::is_contained(dims, dim))
        dims.push_back(dim);
    OpBuilder builder = tiles.at(node->inner || index->inner);
    node = tiles.leaf(plan::PickOp::create(
        builder, tiles.loc,
        dims.empty() ? node->type : Type(tiles.type(dims, node->type)), tile,
        at));
  }
  return node;
}

Node *Elements::vectorOp(Operation *op, ArrayRef<int64_t> letters) {
  if (auto broadcast = dyn_cast<vector::BroadcastOp>(op)) {
    size_t rank = shapeOf(broadcast.getSource()).size();
    return get(broadcast.getSource(), letters.take_back(rank));
  }
  if (auto slice = dyn_cast<vector::ExtractStridedSliceOp>(op)) {
    SmallVector<int64_t> shape = shapeOf(slice.getSource());
    if (shape.size() != 1)
      return refuse(op, "takes part of a matrix, which cannot be planned yet");
    int64_t first = cast<IntegerAttr>(slice.getOffsets()[0]).getInt();
    int64_t whole = tiles.letter(shape[0], letters);
    return rename(get(slice.getSource(), whole), whole, letters[0], first);
  }
  if (auto extract = dyn_cast<vector::ExtractOp>(op)) {
    SmallVector<Node *> position;
    for (OpFoldResult at : extract.getMixedPosition())
      position.push_back(
          isa<Value>(at)
              ? get(cast<Value>(at))
              : tiles.integer(cast<IntegerAttr>(cast<Attribute>(at)).getInt()));
    return component(extract.getSource(), position, letters);
  }
  if (auto reduction = dyn_cast<vector::ReductionOp>(op)) {
    int64_t letter = tiles.letter(shapeOf(reduction.getVector())[0]);
    Node *node = get(reduction.getVector(), letter);
    switch (reduction.getKind()) {
    case vector::CombiningKind::ADD:
      return fold(Fold::Sum, node, letter);
    case vector::CombiningKind::MAXIMUMF:
    case vector::CombiningKind::MAXNUMF:
      return fold(Fold::Max, node, letter);
    case vector::CombiningKind::MINIMUMF:
    case vector::CombiningKind::MINNUMF:
      return fold(Fold::Min, node, letter);
    default:
      return refuse(op, "is a reduction that cannot be planned yet");
    }
  }
  if (auto outer = dyn_cast<vector::OuterProductOp>(op);
      outer && !outer.getAcc()) {
    Node *a = get(outer.getLhs(), letters.take_front(1));
    Node *b = get(outer.getRhs(), letters.take_back(letters.size() - 1));
    return tiles.apply<arith::MulFOp>(a->type, {a, b});
  }
  if (auto transpose = dyn_cast<vector::TransposeOp>(op)) {
    Dims inside(letters.size());
    for (auto [k, from] : llvm::enumerate(transpose.getPermutation()))
      inside[from] = letters[k];
    return get(transpose.getVector(), inside);
  }
  return refuse(op, "cannot be planned yet");
}
