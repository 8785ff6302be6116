#include "dialect/Syntax.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace attn::syntax {

ParseResult parseLabels(AsmParser &parser, SmallVector<StringAttr> &labels) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Square, [&]() -> ParseResult {
        StringRef label;
        if (parser.parseKeyword(&label))
          return failure();
        labels.push_back(StringAttr::get(parser.getContext(), label));
        return success();
      });
}

void printLabels(AsmPrinter &printer, ArrayRef<StringAttr> labels) {
  printer << '[';
  llvm::interleaveComma(labels, printer, [&](StringAttr label) {
    printer.printKeywordOrString(label);
  });
  printer << ']';
}

ParseResult parseBinders(OpAsmParser &parser,
                         SmallVectorImpl<Argument> &arguments,
                         SmallVectorImpl<Operand> &bounds) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Paren, [&]() -> ParseResult {
        Argument argument;
        if (parser.parseArgument(argument) || parser.parseLess() ||
            parser.parseOperand(bounds.emplace_back()))
          return failure();
        argument.type = parser.getBuilder().getIndexType();
        arguments.push_back(argument);
        return success();
      });
}

void printBinders(OpAsmPrinter &printer, ValueRange arguments,
                  ValueRange bounds) {
  printer << '(';
  llvm::interleaveComma(llvm::zip(arguments, bounds), printer, [&](auto pair) {
    printer << std::get<0>(pair) << " < " << std::get<1>(pair);
  });
  printer << ')';
}

void addNames(OpAsmParser &parser, OperationState &state, StringRef key,
              ArrayRef<Argument> arguments) {
  if (state.attributes.get(key))
    return;
  SmallVector<StringRef> names;
  for (const Argument &argument : arguments)
    names.push_back(argument.ssaName.name.drop_front());
  state.addAttribute(key, parser.getBuilder().getStrArrayAttr(names));
}

void suggestNames(ArrayAttr names, Region &region,
                  OpAsmSetValueNameFn suggest) {
  for (auto [name, argument] :
       llvm::zip(names.getAsValueRange<StringAttr>(), region.getArguments()))
    if (!name.empty() && !llvm::isDigit(name.front()))
      suggest(argument, name);
}

void printAttributes(OpAsmPrinter &printer, Operation *op, StringRef key,
                     ValueRange arguments, ArrayRef<StringRef> elided) {
  // The printer renames an argument that shadows another one.
  SmallVector<StringRef> skip(elided);
  SmallVector<std::string> printed;
  for (Value argument : arguments) {
    llvm::raw_string_ostream os(printed.emplace_back());
    printer.printOperand(argument, os);
  }
  auto names = op->getAttrOfType<ArrayAttr>(key);
  if (names && names.size() == printed.size() &&
      llvm::all_of(llvm::zip(names.getAsValueRange<StringAttr>(), printed),
                   [](auto pair) {
                     return StringRef(std::get<1>(pair)).drop_front() ==
                            std::get<0>(pair);
                   }))
    skip.push_back(key);
  printer.printOptionalAttrDict(op->getAttrs(), skip);
}

ParseResult parseResultType(OpAsmParser &parser, OperationState &state) {
  Type type;
  if (parser.parseOptionalAttrDict(state.attributes) ||
      parser.parseColonType(type))
    return failure();
  state.addTypes(type);
  return success();
}

} // namespace attn::syntax
