#include "dialect/AttnOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// The pattern and its arguments
//===----------------------------------------------------------------------===//

void InputOp::getAsmResultNames(OpAsmSetValueNameFn suggest) {
  suggest(getResult(), getName());
}
void ParamOp::getAsmResultNames(OpAsmSetValueNameFn suggest) {
  suggest(getResult(), getName());
}
void ExtentOp::getAsmResultNames(OpAsmSetValueNameFn suggest) {
  suggest(getResult(), getName());
}

// [attn-1] distinct names, at least one output; [attn-2] lengths that an input
// tells.
LogicalResult PatternOp::verifyRegions() {
  llvm::StringSet<> arguments, outputs, labels;
  for (Operation &op : getBody().front()) {
    StringAttr name;
    if (auto input = dyn_cast<InputOp>(op)) {
      name = input.getNameAttr();
      for (StringAttr label : input.getType().getLabels())
        labels.insert(label);
    } else if (auto param = dyn_cast<ParamOp>(op)) {
      name = param.getNameAttr();
    }
    if (name && !arguments.insert(name).second)
      return op.emitOpError()
             << "repeats the argument '" << name.getValue() << "'";
    if (auto output = dyn_cast<OutputOp>(op);
        output && !outputs.insert(output.getName()).second)
      return op.emitOpError()
             << "repeats the output '" << output.getName() << "'";
  }
  for (auto extent : getBody().getOps<ExtentOp>())
    if (!labels.contains(extent.getName()))
      return extent.emitOpError()
             << "names '" << extent.getName() << "', which no input has";
  if (outputs.empty())
    return emitOpError("has no output");
  return success();
}

// [attn-12] the same shape and sort of element.
LogicalResult OutputOp::verify() {
  if (!getStorage())
    return success();
  Type element = getValue().getType().getElement(), stored = *getStorage();
  auto from = dyn_cast<VectorType>(element), to = dyn_cast<VectorType>(stored);
  if (bool(from) != bool(to) || (from && from.getShape() != to.getShape()))
    return emitOpError() << "stores " << element << " as another shape, "
                         << stored;
  Type memory = getElementTypeOrSelf(stored),
       computed = getElementTypeOrSelf(element);
  bool fits = isa<FloatType>(computed) ? isa<FloatType>(memory)
              : computed.isInteger(1)  ? memory.isInteger(1)
                                       : isa<IntegerType>(memory);
  if (!fits && memory != computed)
    return emitOpError() << "cannot store " << element << " as " << stored;
  return success();
}

//===----------------------------------------------------------------------===//
// Element operations
//===----------------------------------------------------------------------===//

LogicalResult AtOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                     ValueRange operands, DictionaryAttr,
                                     OpaqueProperties, RegionRange,
                                     SmallVectorImpl<Type> &types) {
  auto field = operands.empty()
                   ? FieldType()
                   : dyn_cast<FieldType>(operands.front().getType());
  if (!field)
    return failure();
  types.push_back(field.getElement());
  return success();
}

// [attn-3]
LogicalResult AtOp::verify() {
  size_t rank = getField().getType().getLabels().size();
  if (rank != getIndices().size())
    return emitOpError() << "takes " << rank << " indices, found "
                         << getIndices().size();
  return success();
}

// [attn-3]
LogicalResult MemberOp::verify() {
  FieldType set = getSet().getType();
  if (!isa<IntegerType>(set.getElement()) || set.getElement().isInteger(1))
    return emitOpError() << "takes a set of integers, not " << set;
  if (set.getLabels().size() != getIndices().size() + 1)
    return emitOpError() << "takes " << int64_t(set.getLabels().size()) - 1
                         << " indices, found " << getIndices().size();
  return success();
}

LogicalResult
ResultOp::inferReturnTypes(MLIRContext *context, std::optional<Location>,
                           ValueRange operands, DictionaryAttr attributes,
                           OpaqueProperties properties, RegionRange regions,
                           SmallVectorImpl<Type> &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  auto attention = operands.empty()
                       ? AttentionType()
                       : dyn_cast<AttentionType>(operands.front().getType());
  if (!attention)
    return failure();
  types.push_back(FieldType::get(context, attention.getLabels(),
                                 adaptor.getStat() == Stat::Out
                                     ? attention.getElement()
                                     : Float32Type::get(context)));
  return success();
}

// [attn-12]
LogicalResult DotOp::verify() {
  auto lhs = cast<VectorType>(getLhs().getType());
  auto rhs = cast<VectorType>(getRhs().getType());
  if (lhs.getRank() != 1 || lhs.getShape() != rhs.getShape())
    return emitOpError("takes two rows of one length");
  if (!isa<FloatType>(lhs.getElementType()) ||
      !isa<FloatType>(rhs.getElementType()))
    return emitOpError("takes rows of floats");
  return success();
}

LogicalResult MatVecOp::verify() {
  auto matrix = cast<VectorType>(getMatrix().getType());
  auto vector = cast<VectorType>(getVector().getType());
  auto result = cast<VectorType>(getResult().getType());
  if (matrix.getRank() != 2 || vector.getRank() != 1)
    return emitOpError("takes a matrix and a row");
  if (matrix.getDimSize(1) != vector.getDimSize(0))
    return emitOpError() << "multiplies rows of " << matrix.getDimSize(1)
                         << " by a row of " << vector.getDimSize(0);
  if (result.getShape() != matrix.getShape().take_front() ||
      !result.getElementType().isF32())
    return emitOpError() << "gives vector<" << matrix.getDimSize(0) << "xf32>";
  return success();
}

LogicalResult CatOp::verify() {
  auto result = cast<VectorType>(getResult().getType());
  int64_t length = 0;
  for (Type type : getParts().getTypes()) {
    auto part = cast<VectorType>(type);
    if (part.getRank() != 1 || part.getElementType() != result.getElementType())
      return emitOpError() << "lays rows of " << result.getElementType()
                           << " end to end, found " << part;
    length += part.getDimSize(0);
  }
  if (result.getRank() != 1 || result.getDimSize(0) != length)
    return emitOpError() << "gives " << length << " components, not " << result;
  return success();
}

LogicalResult RampOp::verify() {
  auto result = cast<VectorType>(getResult().getType());
  if (result.getRank() != 1 || !result.getElementType().isF32())
    return emitOpError() << "gives a row of f32, not " << result;
  return success();
}

LogicalResult ComponentOp::verify() {
  auto vector = cast<VectorType>(getVector().getType());
  if (size_t(vector.getRank()) != getPosition().size())
    return emitOpError() << "takes " << vector.getRank() << " positions, found "
                         << getPosition().size();
  if (getResult().getType() != vector.getElementType())
    return emitOpError() << "gives a " << vector.getElementType();
  return success();
}

// [attn-8] Row statistics mean something only where the row is known.
static AttendOp attendWith(Operation *op, bool inScore) {
  auto attend = dyn_cast_or_null<AttendOp>(op->getParentOp());
  if (!attend)
    return {};
  Region *region = op->getParentRegion();
  return region == &attend.getWeights() ||
                 (inScore && region == &attend.getScore())
             ? attend
             : AttendOp();
}

LogicalResult RowSumOp::verify() {
  if (!attendWith(*this, /*inScore=*/false))
    return emitOpError("belongs directly into the weights of an attend");
  return success();
}

LogicalResult CountOp::verify() {
  if (!attendWith(*this, /*inScore=*/true))
    return emitOpError(
        "belongs directly into the score or the weights of an attend");
  return success();
}

#define GET_OP_CLASSES
#include "dialect/AttnOps.cpp.inc"
