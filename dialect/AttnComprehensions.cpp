// Syntax and rules of the operations that bind indices.
#include "dialect/AttnOps.h"
#include "dialect/Syntax.h"

using namespace mlir;
using namespace attn;
using namespace attn::syntax;

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

/// The yield that closes `region`, or null.
static YieldOp yieldOf(Region &region) {
  return region.front().empty() ? YieldOp()
                                : dyn_cast<YieldOp>(region.front().back());
}

// Every region starts with one `index` per bound.
static LogicalResult verifyBinders(Operation *op, ArrayAttr names,
                                   size_t bounds) {
  if (names.size() != bounds)
    return op->emitOpError() << "has " << bounds << " bounds but "
                             << names.size() << " index names";
  for (Region &region : op->getRegions()) {
    if (region.getNumArguments() < bounds ||
        !llvm::all_of(region.getArguments().take_front(bounds),
                      [](Value v) { return v.getType().isIndex(); }))
      return op->emitOpError() << "regions must bind " << bounds << " indices";
    if (!yieldOf(region))
      return op->emitOpError("regions must end in attn.yield");
  }
  return success();
}

// [attn-9] Bodies are expressions: nothing in them has an effect or branches.
static LogicalResult verifyBody(Operation *op) {
  for (Region &region : op->getRegions())
    for (Operation &inner : region.front()) {
      StringRef dialect = inner.getName().getDialectNamespace();
      bool known = dialect == "attn" || dialect == "arith" ||
                   dialect == "math" || dialect == "vector";
      if (!known || !isMemoryEffectFree(&inner) ||
          (inner.getNumRegions() && !isa<ReduceOp>(inner)))
        return inner.emitOpError("is not an expression, so it cannot stand in "
                                 "the body of '")
               << op->getName() << "'";
    }
  return success();
}

// [attn-4]
LogicalResult DefineOp::verify() {
  FieldType type = getType();
  if (type.getLabels().size() != getBounds().size())
    return emitOpError() << "defines a field over " << type.getLabels().size()
                         << " indices but binds " << getBounds().size();
  if (failed(verifyBinders(*this, getIndices(), getBounds().size())))
    return failure();
  YieldOp yield = yieldOf(getBody());
  if (yield.getCondition() || yield.getValues().size() != 1 ||
      yield.getValues()[0].getType() != type.getElement())
    return emitOpError() << "body must yield one unconditional "
                         << type.getElement();
  return success();
}
LogicalResult DefineOp::verifyRegions() { return verifyBody(*this); }

// [attn-5]
LogicalResult ReduceOp::verify() {
  if (failed(verifyBinders(*this, getIndices(), getBounds().size())))
    return failure();
  YieldOp yield = yieldOf(getBody());
  Fold kind = getKind();
  Type type = getType();
  if (kind == Fold::Count) {
    if (!yield.getValues().empty() || !type.isIndex())
      return emitOpError("'count' yields no value and gives an index");
    return success();
  }
  if (yield.getValues().size() != 1 || yield.getValues()[0].getType() != type)
    return emitOpError() << "body must yield one " << type;
  if ((kind == Fold::Any || kind == Fold::All) != type.isInteger(1))
    return emitOpError() << "'" << stringifyFold(kind) << "' cannot reduce "
                         << type;
  if (kind == Fold::Mean && type.isIndex())
    return emitOpError("the mean of integers is not an integer");
  return success();
}
LogicalResult ReduceOp::verifyRegions() { return verifyBody(*this); }

// [attn-7]
LogicalResult AttendOp::verify() {
  AttentionType type = getType();
  size_t outer = getBounds().size(), all = outer + getSwept().size();
  if (type.getLabels().size() != outer)
    return emitOpError() << "gives " << type.getLabels().size()
                         << " indices but binds " << outer;
  if (getSwept().empty())
    return emitOpError("sweeps no index");
  if (failed(verifyBinders(*this, getIndices(), all)))
    return failure();
  for (Region *region : {&getMask(), &getScore(), &getValue()})
    if (region->getNumArguments() != all)
      return emitOpError("only the weights take more than the indices");
  for (Region *region : {&getMask(), &getScore(), &getWeights(), &getValue()})
    if (yieldOf(*region).getCondition())
      return yieldOf(*region).emitOpError("is conditional: that is the mask's");
  if (yieldOf(getMask()).getValues().size() != 1 ||
      !yieldOf(getMask()).getValues()[0].getType().isInteger(1))
    return yieldOf(getMask()).emitOpError("a mask yields one i1");
  auto scores = yieldOf(getScore()).getValues().getTypes();
  auto taken = getWeights().getArgumentTypes();
  if (!llvm::equal(scores, llvm::drop_begin(taken, all)))
    return yieldOf(getScore())
        .emitOpError("yields other types than the weights take");
  if (yieldOf(getWeights()).getValues().size() != 1 ||
      !yieldOf(getWeights()).getValues()[0].getType().isF32())
    return yieldOf(getWeights()).emitOpError("weights yield one f32");
  if (yieldOf(getValue()).getValues().size() != 1)
    return yieldOf(getValue()).emitOpError("a value region yields one row");
  Type value = yieldOf(getValue()).getValues()[0].getType();
  auto from = dyn_cast<VectorType>(value);
  auto to = dyn_cast<VectorType>(type.getElement());
  if (!from || !to || from.getShape() != to.getShape() ||
      !to.getElementType().isF32())
    return yieldOf(getValue()).emitOpError()
           << "yields " << value
           << ", so the attention must hold the same shape in f32";
  return success();
}
LogicalResult AttendOp::verifyRegions() { return verifyBody(*this); }

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

// `(%i < %N, ..) { body } attributes : type`, behind a name or a reduction.
static ParseResult parseComprehension(OpAsmParser &parser,
                                      OperationState &state) {
  SmallVector<Argument> arguments;
  SmallVector<Operand> bounds;
  if (parseBinders(parser, arguments, bounds) ||
      parser.parseRegion(*state.addRegion(), arguments) ||
      parser.resolveOperands(bounds, parser.getBuilder().getIndexType(),
                             state.operands) ||
      parseResultType(parser, state))
    return failure();
  addNames(parser, state, "indices", arguments);
  return success();
}

template <class Op>
static void printComprehension(OpAsmPrinter &printer, Op op, StringRef written) {
  auto indices = op.getBody().getArguments();
  printer << ' ';
  printBinders(printer, indices, op.getBounds());
  printer << ' ';
  printer.printRegion(op.getBody(), /*printEntryBlockArgs=*/false);
  printAttributes(printer, op, "indices", indices, {written});
  printer << " : " << op.getType();
}

void DefineOp::getAsmBlockArgumentNames(Region &region,
                                        OpAsmSetValueNameFn suggest) {
  suggestNames(getIndices(), region, suggest);
}

ParseResult DefineOp::parse(OpAsmParser &parser, OperationState &state) {
  StringAttr name;
  if (parser.parseAttribute(name, "name", state.attributes))
    return failure();
  return parseComprehension(parser, state);
}

void DefineOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getNameAttr();
  printComprehension(printer, *this, "name");
}

void ReduceOp::getAsmBlockArgumentNames(Region &region,
                                        OpAsmSetValueNameFn suggest) {
  suggestNames(getIndices(), region, suggest);
}

ParseResult ReduceOp::parse(OpAsmParser &parser, OperationState &state) {
  StringRef word;
  llvm::SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return failure();
  auto kind = symbolizeFold(word);
  if (!kind)
    return parser.emitError(loc)
           << "expected a reduction, found '" << word << "'";
  state.addAttribute("kind", FoldAttr::get(parser.getContext(), *kind));
  return parseComprehension(parser, state);
}

void ReduceOp::print(OpAsmPrinter &printer) {
  printer << ' ' << stringifyFold(getKind());
  printComprehension(printer, *this, "kind");
}

void AttendOp::getAsmBlockArgumentNames(Region &region,
                                        OpAsmSetValueNameFn suggest) {
  suggestNames(getIndices(), region, suggest);
  for (BlockArgument score :
       region.getArguments().drop_front(getIndices().size()))
    suggest(score, "s");
}

ParseResult AttendOp::parse(OpAsmParser &parser, OperationState &state) {
  StringAttr name;
  SmallVector<Argument> arguments;
  SmallVector<Operand> bounds, swept;
  if (parser.parseAttribute(name, "name", state.attributes) ||
      parseBinders(parser, arguments, bounds) || parser.parseKeyword("over") ||
      parseBinders(parser, arguments, swept))
    return failure();
  SmallVector<Argument> scores = arguments;
  auto parseScore = [&] {
    return parser.parseArgument(scores.emplace_back(), /*allowType=*/true);
  };
  Type index = parser.getBuilder().getIndexType();
  if (parser.parseKeyword("mask") ||
      parser.parseRegion(*state.addRegion(), arguments) ||
      parser.parseKeyword("score") ||
      parser.parseRegion(*state.addRegion(), arguments) ||
      parser.parseKeyword("weights") ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseScore) ||
      parser.parseRegion(*state.addRegion(), scores) ||
      parser.parseKeyword("value") ||
      parser.parseRegion(*state.addRegion(), arguments) ||
      parser.resolveOperands(bounds, index, state.operands) ||
      parser.resolveOperands(swept, index, state.operands) ||
      parseResultType(parser, state))
    return failure();
  addNames(parser, state, "indices", arguments);
  state.addAttribute("operandSegmentSizes",
                     parser.getBuilder().getDenseI32ArrayAttr(
                         {int(bounds.size()), int(swept.size())}));
  return success();
}

void AttendOp::print(OpAsmPrinter &printer) {
  size_t outer = getBounds().size(), all = getIndices().size();
  auto indices = getMask().getArguments();
  printer << ' ' << getNameAttr() << ' ';
  printBinders(printer, indices.take_front(outer), getBounds());
  printer << " over ";
  printBinders(printer, indices.drop_front(outer), getSwept());
  printer.printNewline();
  printer << "mask ";
  printer.printRegion(getMask(), /*printEntryBlockArgs=*/false);
  printer << " score ";
  printer.printRegion(getScore(), /*printEntryBlockArgs=*/false);
  printer << " weights (";
  llvm::interleaveComma(getWeights().getArguments().drop_front(all), printer,
                        [&](BlockArgument score) {
                          printer << score << ": " << score.getType();
                        });
  printer << ") ";
  printer.printRegion(getWeights(), /*printEntryBlockArgs=*/false);
  printer << " value ";
  printer.printRegion(getValue(), /*printEntryBlockArgs=*/false);
  printAttributes(printer, *this, "indices", indices,
                  {"name", "operandSegmentSizes"});
  printer << " : " << getType();
}
