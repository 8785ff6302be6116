// Rules of the operations that read, write, reduce and rearrange tiles.
#include "dialect/PlanRules.h"
#include "dialect/Syntax.h"

using namespace mlir;
using namespace plan;
using namespace attn::syntax;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

// [plan-5] An access has the dimensions of its index tiles in the order of the
// labels, then one letter for each component dimension of the element.
static LogicalResult verifyAccess(Operation *op, BufferType buffer,
                                  OperandRange indices, Type value) {
  if (buffer.getLabels().size() != indices.size())
    return op->emitOpError() << "takes " << buffer.getLabels().size()
                             << " indices, found " << indices.size();
  SmallVector<int64_t> outer;
  for (Type type : indices.getTypes()) {
    if (!elementOf(type).isIndex())
      return op->emitOpError() << "takes indices, found " << type;
    join(outer, type);
  }
  auto row = dyn_cast<VectorType>(buffer.getElement());
  ArrayRef<int64_t> components = row ? row.getShape() : ArrayRef<int64_t>();
  ArrayRef<int64_t> dims = dimsOf(value);
  bool matches = dims.size() == outer.size() + components.size() &&
                 dims.take_front(outer.size()) == ArrayRef(outer) &&
                 elementOf(value) == getElementTypeOrSelf(buffer.getElement());
  for (size_t k = 0; matches && k < components.size(); ++k) {
    int64_t dim = dims[outer.size() + k];
    matches = dim >= 0 && TileType::size(dim) == components[k];
  }
  if (!matches)
    return op->emitOpError()
           << "reaches elements of another shape than " << value;
  return success();
}

LogicalResult LoadOp::verify() {
  return verifyAccess(*this, getBuffer().getType(), getIndices(),
                      getResult().getType());
}

LogicalResult StoreOp::verify() {
  return verifyAccess(*this, getBuffer().getType(), getIndices(),
                      getValue().getType());
}

LogicalResult FillOp::verify() {
  if (getType().getElement() != getValue().getType())
    return emitOpError() << "fills " << getType() << " with a "
                         << getValue().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

// %a, %b acc %c : A, B -> C
ParseResult ContractOp::parse(OpAsmParser &parser, OperationState &state) {
  Operand lhs, rhs, acc;
  Type lhsType, rhsType, result;
  if (parser.parseOperand(lhs) || parser.parseComma() ||
      parser.parseOperand(rhs))
    return failure();
  bool accumulates = succeeded(parser.parseOptionalKeyword("acc"));
  if ((accumulates && parser.parseOperand(acc)) ||
      parser.parseOptionalAttrDict(state.attributes) ||
      parser.parseColonType(lhsType) || parser.parseComma() ||
      parser.parseType(rhsType) || parser.parseArrow() ||
      parser.parseType(result) ||
      parser.resolveOperand(lhs, lhsType, state.operands) ||
      parser.resolveOperand(rhs, rhsType, state.operands) ||
      (accumulates && parser.resolveOperand(acc, result, state.operands)))
    return failure();
  state.addTypes(result);
  return success();
}

void ContractOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getLhs() << ", " << getRhs();
  if (getAcc())
    printer << " acc " << getAcc();
  printer.printOptionalAttrDict((*this)->getAttrs());
  printer << " : " << getLhs().getType() << ", " << getRhs().getType() << " -> "
          << getType();
}

// [plan-7] Dimensions meet by name: what both have and the result lacks is
// summed, and that is one.
LogicalResult ContractOp::verify() {
  ArrayRef<int64_t> lhs = getLhs().getType().getDims();
  ArrayRef<int64_t> rhs = getRhs().getType().getDims();
  TileType result = getType();
  SmallVector<int64_t> kept;
  unsigned summed = 0;
  for (int64_t dim : lhs) {
    if (result.has(dim))
      kept.push_back(dim);
    else if (llvm::is_contained(rhs, dim))
      ++summed;
    else
      return emitOpError() << "loses the dimension " << TileType::letter(dim)
                           << " of its left side";
  }
  for (int64_t dim : rhs) {
    bool both = llvm::is_contained(lhs, dim);
    if (result.has(dim) && both)
      return emitOpError() << "has the dimension " << TileType::letter(dim)
                           << " in all three tiles";
    if (result.has(dim))
      kept.push_back(dim);
    else if (!both)
      return emitOpError() << "loses the dimension " << TileType::letter(dim)
                           << " of its right side";
  }
  if (summed != 1)
    return emitOpError() << "must sum exactly one dimension, sums " << summed;
  if (ArrayRef(kept) != result.getDims())
    return emitOpError("must keep the dimensions of the left side first");
  if (!result.getElement().isF32())
    return emitOpError("accumulates in f32");
  if (getAcc() && getAcc().getType() != result)
    return emitOpError("adds to another tile than it gives");
  return success();
}

// [plan-8]
LogicalResult FoldOp::verify() {
  TileType tile = getTile().getType();
  Type result = getResult().getType(), element = elementOf(result);
  SmallVector<int64_t> kept;
  for (int64_t dim : tile.getDims())
    if (llvm::is_contained(dimsOf(result), dim))
      kept.push_back(dim);
  if (ArrayRef(kept) != dimsOf(result) || kept.size() == tile.getDims().size())
    return emitOpError("must keep some of the tile's dimensions, in order");
  attn::Fold kind = getKind();
  bool logical = kind == attn::Fold::Any || kind == attn::Fold::All;
  bool count = kind == attn::Fold::Count;
  if ((logical || count) != tile.getElement().isInteger(1) ||
      element != (count ? IndexType::get(getContext()) : tile.getElement()))
    return emitOpError() << "'" << attn::stringifyFold(kind)
                         << "' cannot reduce " << tile.getElement() << " to "
                         << element;
  return success();
}

//===----------------------------------------------------------------------===//
// Components [plan-9]
//===----------------------------------------------------------------------===//

// The same leading dimensions as `result`, and a last one of a static size.
static FailureOr<int64_t> lastSize(Operation *op, TileType part,
                                   TileType result) {
  if (part.getDims().empty() || result.getDims().empty() ||
      part.getDims().drop_back() != result.getDims().drop_back() ||
      part.getElement() != result.getElement())
    return op->emitOpError()
           << "changes more than the last dimension of " << part;
  if (part.getDims().back() < 0 || TileType::size(part.getDims().back()) == 0)
    return op->emitOpError() << "needs a static last dimension in " << part;
  return TileType::size(part.getDims().back());
}

LogicalResult SliceOp::verify() {
  auto whole = lastSize(*this, getTile().getType(), getType());
  auto part = lastSize(*this, getType(), getType());
  if (failed(whole) || failed(part))
    return failure();
  if (int64_t(getFrom()) < 0 || int64_t(getFrom()) > *whole - *part)
    return emitOpError() << "takes " << *part << " components from "
                         << int64_t(getFrom()) << " of " << *whole;
  return success();
}

LogicalResult ConcatOp::verify() {
  int64_t sum = 0;
  for (Type type : getParts().getTypes()) {
    auto size = lastSize(*this, cast<TileType>(type), getType());
    if (failed(size))
      return failure();
    sum += *size;
  }
  auto size = lastSize(*this, getType(), getType());
  if (failed(size))
    return failure();
  if (*size != sum)
    return emitOpError() << "gives " << sum << " components, not " << *size;
  return success();
}

LogicalResult PickOp::verify() {
  TileType tile = getTile().getType();
  if (tile.getDims().empty() || tile.getDims().back() < 0)
    return emitOpError("needs components to pick from");
  if (!elementOf(getPosition().getType()).isIndex())
    return emitOpError("picks at an index");
  SmallVector<int64_t> dims(tile.getDims().drop_back());
  join(dims, getPosition().getType());
  Type type = getResult().getType();
  if (dimsOf(type) != ArrayRef(dims) || elementOf(type) != tile.getElement())
    return emitOpError() << "gives another tile than " << type;
  return success();
}

//===----------------------------------------------------------------------===//
// Row state [plan-9]
//===----------------------------------------------------------------------===//

LogicalResult ScaleOp::verify() {
  for (int64_t dim : getFactor().getType().getDims())
    if (!getTile().getType().has(dim))
      return emitOpError() << "has a factor with the dimension "
                           << TileType::letter(dim) << ", which the tile lacks";
  return success();
}
