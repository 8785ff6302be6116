// Syntax and builders of `wg` operations that hold regions.
#include "codegen/nvidia/Wg.h"
#include "dialect/Syntax.h"

using namespace mlir;
using namespace wg;
using namespace attn::syntax;

#define GET_OP_CLASSES
#include "codegen/nvidia/WgOps.cpp.inc"

static ParseResult parseNumber(OpAsmParser &parser, OperationState &state, StringRef keyword, StringRef name) {
  int64_t number = 0;
  if (parser.parseKeyword(keyword) || parser.parseInteger(number))
    return failure();
  state.addAttribute(name, parser.getBuilder().getI64IntegerAttr(number));
  return success();
}

/// Frame, scratch, statistics, then maps.
static Type kernelArgument(MLIRContext *context, unsigned n) {
  return LLVM::LLVMPointerType::get(context, n == 1 || n == 2 ? 1 : 0);
}

void KernelOp::build(OpBuilder &builder, OperationState &state, StringRef name, int64_t threads, int64_t shared, int64_t frame,
                     unsigned maps, llvm::function_ref<void(OpBuilder &, Location, Block &)> body) {
  OpBuilder::InsertionGuard guard(builder);
  state.addAttribute(getSymNameAttrName(state.name), builder.getStringAttr(name));
  state.addAttribute(getThreadsAttrName(state.name), builder.getI64IntegerAttr(threads));
  state.addAttribute(getSharedAttrName(state.name), builder.getI64IntegerAttr(shared));
  state.addAttribute(getFrameAttrName(state.name), builder.getI64IntegerAttr(frame));
  Region *region = state.addRegion();
  Block *block = builder.createBlock(region);
  for (unsigned n = 0; n < 3 + maps; ++n)
    block->addArgument(kernelArgument(builder.getContext(), n), state.location);
  if (body)
    body(builder, state.location, *block);
  ensureTerminator(*region, builder, state.location);
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &state) {
  StringAttr name;
  SmallVector<Argument> arguments;
  if (parser.parseSymbolName(name, "sym_name", state.attributes) || parseNumber(parser, state, "threads", "threads") ||
      parseNumber(parser, state, "shared", "shared") || parseNumber(parser, state, "frame", "frame") ||
      parser.parseArgumentList(arguments, AsmParser::Delimiter::Paren))
    return failure();
  for (auto [n, argument] : llvm::enumerate(arguments))
    argument.type = kernelArgument(parser.getContext(), n);
  Region *body = state.addRegion();
  if (parser.parseOptionalAttrDictWithKeyword(state.attributes) || parser.parseRegion(*body, arguments))
    return failure();
  ensureTerminator(*body, parser.getBuilder(), state.location);
  return success();
}

void KernelOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer << " threads " << getThreads() << " shared " << getShared() << " frame " << getFrame() << " (";
  llvm::interleaveComma(entry().getArguments(), printer, [&](BlockArgument a) { printer.printRegionArgument(a, {}, /*omitType=*/true); });
  printer << ") ";
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"sym_name", "threads", "shared", "frame"});
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false, /*printBlockTerminators=*/false);
}

void KernelOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn suggest) {
  for (auto [name, argument] : llvm::zip(ArrayRef<StringRef>{"frame", "scratch", "stats"}, region.getArguments()))
    suggest(argument, name);
  for (BlockArgument argument : llvm::drop_begin(region.getArguments(), std::min(3u, region.getNumArguments())))
    suggest(argument, "map");
}

void RolesOp::build(OpBuilder &builder, OperationState &state, int64_t producerRegisters, int64_t consumers,
                    int64_t consumerRegisters, bool whole, llvm::function_ref<void(OpBuilder &, Location)> producer,
                    llvm::function_ref<void(OpBuilder &, Location, Value)> consumer) {
  OpBuilder::InsertionGuard guard(builder);
  state.addAttribute(getProducerRegistersAttrName(state.name), builder.getI64IntegerAttr(producerRegisters));
  state.addAttribute(getConsumersAttrName(state.name), builder.getI64IntegerAttr(consumers));
  state.addAttribute(getConsumerRegistersAttrName(state.name), builder.getI64IntegerAttr(consumerRegisters));
  if (whole)
    state.addAttribute(getWholeAttrName(state.name), builder.getUnitAttr());
  Region *fetching = state.addRegion(), *computing = state.addRegion();
  builder.createBlock(fetching);
  if (producer)
    producer(builder, state.location);
  ensureTerminator(*fetching, builder, state.location);
  Block *block = builder.createBlock(computing);
  Value w = block->addArgument(builder.getI32Type(), state.location);
  if (consumer)
    consumer(builder, state.location, w);
  ensureTerminator(*computing, builder, state.location);
}

ParseResult RolesOp::parse(OpAsmParser &parser, OperationState &state) {
  Builder &builder = parser.getBuilder();
  Argument w;
  w.type = builder.getI32Type();
  int64_t consumers = 0;
  Region *fetching = state.addRegion(), *computing = state.addRegion();
  if (parser.parseKeyword("producer"))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("whole")))
    state.addAttribute("whole", builder.getUnitAttr());
  if (parseNumber(parser, state, "registers", "producerRegisters") || parser.parseRegion(*fetching) ||
      parser.parseKeyword("consumers") || parser.parseInteger(consumers) ||
      parseNumber(parser, state, "registers", "consumerRegisters") || parser.parseLParen() || parser.parseArgument(w) ||
      parser.parseRParen() || parser.parseRegion(*computing, w) || parser.parseOptionalAttrDict(state.attributes))
    return failure();
  state.addAttribute("consumers", builder.getI64IntegerAttr(consumers));
  ensureTerminator(*fetching, builder, state.location);
  ensureTerminator(*computing, builder, state.location);
  return success();
}

void RolesOp::print(OpAsmPrinter &printer) {
  printer << " producer" << (getWhole() ? " whole" : "") << " registers " << getProducerRegisters() << ' ';
  printer.printRegion(getProducer(), false, /*printBlockTerminators=*/false);
  printer << " consumers " << getConsumers() << " registers " << getConsumerRegisters() << " ("
          << getConsumer().getArgument(0) << ") ";
  printer.printRegion(getConsumer(), false, /*printBlockTerminators=*/false);
  printer.printOptionalAttrDict((*this)->getAttrs(), {"producerRegisters", "whole", "consumers", "consumerRegisters"});
}

void MapOp::build(OpBuilder &builder, OperationState &state, TypeRange results, ValueRange frags,
                  llvm::function_ref<void(OpBuilder &, Location, ValueRange)> body) {
  OpBuilder::InsertionGuard guard(builder);
  state.addOperands(frags);
  state.addTypes(results);
  state.addAttribute(getNamesAttrName(state.name),
                     builder.getStrArrayAttr(SmallVector<StringRef>(frags.size(), "x")));
  Block *block = builder.createBlock(state.addRegion());
  for (Value frag : frags)
    block->addArgument(cast<FragType>(frag.getType()).getElement(), state.location);
  if (body)
    body(builder, state.location, block->getArguments());
}

void MapOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn suggest) {
  suggestNames(getNames(), region, suggest);
}

// (%x = %s : T, ...) -> T, ... { ... }
ParseResult MapOp::parse(OpAsmParser &parser, OperationState &state) {
  SmallVector<Argument> arguments;
  SmallVector<Operand> operands;
  SmallVector<Type> types;
  llvm::SMLoc loc = parser.getCurrentLocation();
  auto parseElement = [&]() -> ParseResult {
    Argument argument;
    if (parser.parseArgument(argument) || parser.parseEqual() || parser.parseOperand(operands.emplace_back()) ||
        parser.parseColonType(types.emplace_back()))
      return failure();
    auto frag = dyn_cast<FragType>(types.back());
    if (!frag)
      return parser.emitError(loc, "expected fragments");
    argument.type = frag.getElement();
    arguments.push_back(argument);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseElement) || parser.parseArrowTypeList(state.types) ||
      parser.parseRegion(*state.addRegion(), arguments) || parser.resolveOperands(operands, types, loc, state.operands) ||
      parser.parseOptionalAttrDict(state.attributes))
    return failure();
  addNames(parser, state, "names", arguments);
  return success();
}

void MapOp::print(OpAsmPrinter &printer) {
  printer << " (";
  llvm::interleaveComma(llvm::zip(getBody().getArguments(), getFrags()), printer, [&](auto pair) {
    printer << std::get<0>(pair) << " = " << std::get<1>(pair) << " : " << std::get<1>(pair).getType();
  });
  printer << ')';
  printer.printArrowTypeList(getResultTypes());
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
  printAttributes(printer, *this, "names", getBody().getArguments(), {});
}
