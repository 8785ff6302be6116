// `plan.map` and `plan.mask`: a scalar region for every element.
#include "dialect/PlanRules.h"
#include "dialect/Syntax.h"

using namespace mlir;
using namespace plan;
using namespace attn::syntax;

// (%x = %s : T, ...) -> T { ... }
static ParseResult parseElementwise(OpAsmParser &parser,
                                    OperationState &state) {
  SmallVector<Argument> arguments;
  SmallVector<Operand> operands;
  SmallVector<Type> types;
  Type result;
  llvm::SMLoc loc = parser.getCurrentLocation();
  auto parseElement = [&]() -> ParseResult {
    Argument argument;
    if (parser.parseArgument(argument) || parser.parseEqual() ||
        parser.parseOperand(operands.emplace_back()) ||
        parser.parseColonType(types.emplace_back()))
      return failure();
    argument.type = elementOf(types.back());
    arguments.push_back(argument);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren,
                                     parseElement) ||
      parser.parseArrow() || parser.parseType(result) ||
      parser.parseRegion(*state.addRegion(), arguments) ||
      parser.resolveOperands(operands, types, loc, state.operands) ||
      parser.parseOptionalAttrDict(state.attributes))
    return failure();
  state.addTypes(result);
  addNames(parser, state, "names", arguments);
  return success();
}

template <class Op> static void printElementwise(Op op, OpAsmPrinter &printer) {
  printer << " (";
  llvm::interleaveComma(llvm::zip(op.getBody().getArguments(), op.getTiles()),
                        printer, [&](auto pair) {
                          auto [argument, tile] = pair;
                          printer << argument << " = " << tile << " : "
                                  << tile.getType();
                        });
  printer << ") -> " << op.getType() << ' ';
  printer.printRegion(op.getBody(), /*printEntryBlockArgs=*/false);
  printAttributes(printer, op, "names", op.getBody().getArguments(), {});
}

// [plan-6] Dimensions meet by name; the region gives one element.
template <class Op> static LogicalResult verifyElementwise(Op op) {
  TileType result = op.getType();
  if (op.getNames().size() != op.getTiles().size() ||
      op.getBody().getNumArguments() != op.getTiles().size())
    return op.emitOpError("must bind one element of every operand");
  for (auto [tile, argument] :
       llvm::zip(op.getTiles(), op.getBody().getArguments())) {
    if (argument.getType() != elementOf(tile.getType()))
      return op.emitOpError() << "binds a " << argument.getType()
                              << " as an element of " << tile.getType();
    for (int64_t dim : dimsOf(tile.getType()))
      if (!result.has(dim))
        return op.emitOpError()
               << "has an operand with the dimension " << TileType::letter(dim)
               << ", which the result lacks";
  }
  YieldOp yield = yieldOf(op.getBody());
  if (!yield || yield.getValues().size() != 1 ||
      yield.getValues()[0].getType() != result.getElement())
    return op.emitOpError() << "must yield one " << result.getElement();
  return success();
}

void MapOp::getAsmBlockArgumentNames(Region &region,
                                     OpAsmSetValueNameFn suggest) {
  suggestNames(getNames(), region, suggest);
}
ParseResult MapOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseElementwise(parser, state);
}
void MapOp::print(OpAsmPrinter &printer) { printElementwise(*this, printer); }
LogicalResult MapOp::verify() { return verifyElementwise(*this); }

void MaskOp::getAsmBlockArgumentNames(Region &region,
                                      OpAsmSetValueNameFn suggest) {
  suggestNames(getNames(), region, suggest);
}
ParseResult MaskOp::parse(OpAsmParser &parser, OperationState &state) {
  return parseElementwise(parser, state);
}
void MaskOp::print(OpAsmPrinter &printer) { printElementwise(*this, printer); }
LogicalResult MaskOp::verify() {
  if (!getType().getElement().isInteger(1))
    return emitOpError("gives a tile of i1");
  return verifyElementwise(*this);
}
