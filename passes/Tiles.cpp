#include "passes/Tiles.h"

using namespace mlir;
using namespace attn;
using plan::TileType;

Dims attn::unite(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  Dims all;
  for (int64_t first : {TileType::R, TileType::C})
    if (llvm::is_contained(a, first) || llvm::is_contained(b, first))
      all.push_back(first);
  for (ArrayRef<int64_t> list : {a, b})
    for (int64_t dim : list)
      if (!llvm::is_contained(all, dim))
        all.push_back(dim);
  return all;
}

Tiles::Tiles(Block *block, Location loc)
    : loc(loc), context(loc.getContext()), block(block) {}

TileType Tiles::type(ArrayRef<int64_t> dims, Type element) const {
  return TileType::get(context, dims, element);
}

OpBuilder Tiles::at(bool inner) {
  if (!sweep)
    return OpBuilder::atBlockEnd(block);
  if (inner)
    return OpBuilder::atBlockEnd(&sweep.getBody().front());
  return OpBuilder(sweep);
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

Node *Tiles::leaf(Value value) {
  Node &node = nodes.emplace_back();
  node.value = value;
  node.type = value.getType();
  node.inner = sweep && value.getParentBlock() == &sweep.getBody().front();
  if (auto tile = dyn_cast<TileType>(node.type)) {
    node.dims.assign(tile.getDims().begin(), tile.getDims().end());
    node.type = tile.getElement();
  }
  return &node;
}

Node *Tiles::constant(TypedAttr value) {
  Node *&known = constants[value];
  if (!known) {
    OpBuilder builder(context);
    builder.setInsertionPointToStart(block);
    known = leaf(arith::ConstantOp::create(builder, loc, value));
  }
  return known;
}

Node *Tiles::number(double value) {
  return constant(FloatAttr::get(Float32Type::get(context), value));
}
Node *Tiles::integer(int64_t value) {
  return constant(IntegerAttr::get(IndexType::get(context), value));
}
Node *Tiles::truth(bool value) {
  return constant(BoolAttr::get(context, value));
}

Node *Tiles::apply(StringRef op, Type type, ArrayRef<Node *> kids,
                   ArrayRef<NamedAttribute> attributes) {
  Node &node = nodes.emplace_back();
  node.op = StringAttr::get(context, op);
  node.attributes = DictionaryAttr::get(context, attributes);
  node.type = type;
  node.kids.assign(kids.begin(), kids.end());
  for (Node *kid : kids) {
    node.dims = unite(node.dims, kid->dims);
    node.inner |= kid->inner;
  }
  return &node;
}

Node *Tiles::like(Operation *op, ArrayRef<Node *> kids) {
  return apply(op->getName().getStringRef(),
               getElementTypeOrSelf(op->getResult(0).getType()), kids,
               llvm::to_vector(op->getAttrs()));
}

Node *Tiles::select(Node *condition, Node *a, Node *b) {
  return apply<arith::SelectOp>(a->type, {condition, a, b});
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value Tiles::create(OpBuilder &builder, Node *node, ValueRange operands) {
  OperationState state(loc, node->op.getValue(), operands, node->type,
                       node->attributes.getValue());
  return builder.create(state)->getResult(0);
}

Value Tiles::uniform(Node *node) {
  if (!node->value) {
    SmallVector<Value> operands;
    for (Node *kid : node->kids)
      operands.push_back(uniform(kid));
    OpBuilder builder = at(node->inner);
    node->value = create(builder, node, operands);
  }
  return node->value;
}

// Index arithmetic and casts are free beside the memory that a tile of their
// results takes, and lowerings look through them to the indices.
static bool isCheap(Node *node) {
  return llvm::StringSwitch<bool>(node->op.getValue())
      .Cases({"arith.addi", "arith.subi", "arith.muli", "arith.minsi",
              "arith.maxsi", "arith.andi", "arith.ori", "arith.xori",
              "arith.cmpi", "arith.select", "arith.index_cast",
              "arith.index_castui", "arith.extsi", "arith.extui",
              "arith.sitofp", "arith.uitofp", "arith.extf"},
             true)
      .Default(false);
}

static bool isCostly(Node *node) {
  return !node->value && !node->uniform() &&
         (!isCheap(node) || llvm::any_of(node->kids, isCostly));
}

// The tiles that the region of `root`, over `dims`, takes.
void Tiles::operands(Node *node, Node *root, ArrayRef<int64_t> dims,
                     bool keepIndices, llvm::SetVector<Node *> &found) {
  if (node->uniform()) {
    uniform(node);
    return;
  }
  bool smaller = node->dims.size() < dims.size();
  bool index = node->type.isIndex() || node->type.isInteger(1);
  if (!node->value && node != root && smaller && isCostly(node) &&
      !(keepIndices && index))
    value(node);
  if (node->value) {
    found.insert(node);
    return;
  }
  for (Node *kid : node->kids)
    operands(kid, root, dims, keepIndices, found);
}

// A short name for an operand, by its dimensions.
static StringRef nameOf(Node *node) {
  bool r = node->has(TileType::R), c = node->has(TileType::C);
  if (node->type.isIndex() && node->dims.size() == 1)
    return r ? "ie" : c ? "je" : "n";
  return r && c ? "x" : r ? "y" : c ? "z" : "w";
}

template <class Op>
Value Tiles::elementwise(Node *node, ArrayRef<int64_t> dims,
                         llvm::SetVector<Node *> &operands) {
  SmallVector<Value> tiles;
  SmallVector<Attribute> names;
  bool inner = node->inner;
  llvm::StringMap<unsigned> times;
  for (Node *operand : operands) {
    tiles.push_back(operand->value);
    std::string name = nameOf(operand).str();
    if (unsigned n = ++times[name]; n > 1)
      name += std::to_string(n);
    names.push_back(StringAttr::get(context, name));
    inner |= operand->inner;
  }
  OpBuilder builder = at(inner);
  auto op = Op::create(builder, loc, type(dims, node->type),
                       ArrayAttr::get(context, names), tiles);
  Block &body = op.getBody().emplaceBlock();
  llvm::DenseMap<Node *, Value> elements;
  for (Node *operand : operands)
    elements[operand] = body.addArgument(operand->type, loc);
  OpBuilder scalars = OpBuilder::atBlockEnd(&body);
  std::function<Value(Node *)> element = [&](Node *n) -> Value {
    if (n->uniform())
      return n->value;
    if (Value known = elements.lookup(n))
      return known;
    SmallVector<Value> kids;
    for (Node *kid : n->kids)
      kids.push_back(element(kid));
    return elements[n] = create(scalars, n, kids);
  };
  plan::YieldOp::create(scalars, loc, element(node));
  return op.getResult();
}

Value Tiles::tile(Node *node, ArrayRef<int64_t> dims) {
  if (dims.empty())
    return uniform(node);
  if (node->value && ArrayRef<int64_t>(node->dims) == dims)
    return node->value;
  if (node->uniform()) {
    Value scalar = uniform(node);
    OpBuilder builder = at(node->inner);
    return plan::FillOp::create(builder, loc, type(dims, node->type), scalar);
  }
  llvm::SetVector<Node *> found;
  operands(node, node, dims, /*keepIndices=*/false, found);
  Value result = elementwise<plan::MapOp>(node, dims, found);
  if (ArrayRef<int64_t>(node->dims) == dims)
    node->value = result;
  return result;
}

Value Tiles::mask(Node *condition, Value rows, Value columns) {
  int64_t dims[] = {TileType::R, TileType::C};
  llvm::SetVector<Node *> found;
  Node *i = nullptr, *j = nullptr;
  for (Node &node : nodes) {
    if (node.value == rows && !i)
      i = &node;
    if (node.value == columns && !j)
      j = &node;
  }
  found.insert(i ? i : leaf(rows));
  found.insert(j ? j : leaf(columns));
  operands(condition, condition, dims, /*keepIndices=*/true, found);
  return elementwise<plan::MaskOp>(condition, dims, found);
}

//===----------------------------------------------------------------------===//
// Letters
//===----------------------------------------------------------------------===//

void Tiles::prefer(int64_t dim) {
  letters[TileType::size(dim)] = TileType::letter(dim);
  used.push_back(TileType::letter(dim));
}

int64_t Tiles::letter(int64_t size, ArrayRef<int64_t> avoid) {
  auto taken = [&](char letter) {
    return llvm::any_of(
        avoid, [&](int64_t dim) { return TileType::letter(dim) == letter; });
  };
  if (size)
    if (char known = letters.lookup(size); known && !taken(known))
      return TileType::dim(known, size);
  // A letter may come again under another size once all have been used.
  StringRef order =
      size ? "dfghklmnpqstuvwxyzabijoe" : "xyztuvwsqpnmlkhgfbaoijde";
  for (bool again : {false, true}) {
    if (again && !size)
      return 0;
    for (char letter : order) {
      if (taken(letter) || (!again && used.find(letter) != std::string::npos))
        continue;
      used.push_back(letter);
      if (size && !letters.count(size))
        letters[size] = letter;
      return TileType::dim(letter, size);
    }
  }
  llvm_unreachable("an element has fewer dimensions than the alphabet letters");
}
