#include "dialect/PlanOps.h"
#include "dialect/Syntax.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace plan;
using attn::syntax::parseLabels;
using attn::syntax::printLabels;

/// `r`, `c`, `d = 64` or `x = ?`, each with a comma after it.
static ParseResult parseDims(AsmParser &parser, SmallVector<int64_t> &dims) {
  static const SmallVector<std::string> spelled = [] {
    SmallVector<std::string> letters;
    for (char letter = 'a'; letter <= 'z'; ++letter)
      letters.emplace_back(1, letter);
    return letters;
  }();
  static const SmallVector<StringRef> letters(spelled.begin(), spelled.end());
  StringRef word;
  while (succeeded(parser.parseOptionalKeyword(&word, letters))) {
    char letter = word.front();
    if (letter == 'r' || letter == 'c') {
      dims.push_back(letter == 'r' ? TileType::R : TileType::C);
    } else {
      int64_t size = 0;
      llvm::SMLoc loc;
      if (parser.parseEqual())
        return failure();
      loc = parser.getCurrentLocation();
      if (failed(parser.parseOptionalQuestion())) {
        if (parser.parseInteger(size))
          return failure();
        if (size <= 0 || size > std::numeric_limits<int32_t>::max())
          return parser.emitError(loc, "expected a positive size");
      }
      dims.push_back(TileType::dim(letter, size));
    }
    if (parser.parseComma())
      return failure();
  }
  return success();
}

static void printDims(AsmPrinter &printer, ArrayRef<int64_t> dims) {
  // The generated printer sets a space behind the last comma.
  StringRef gap;
  for (int64_t dim : dims) {
    printer << gap << TileType::letter(dim);
    if (dim != TileType::R && dim != TileType::C) {
      printer << " = ";
      if (int64_t size = TileType::size(dim))
        printer << size;
      else
        printer << '?';
    }
    printer << ',';
    gap = " ";
  }
}

#include "dialect/PlanDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/PlanTypes.cpp.inc"

// [plan-1] A tile has every letter once.
LogicalResult
TileType::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                 ArrayRef<int64_t> dims, Type element) {
  llvm::SmallDenseSet<char> seen;
  for (int64_t dim : dims)
    if (!seen.insert(letter(dim)).second)
      return emitError() << "repeats the dimension " << letter(dim);
  return success();
}

LogicalResult
SpanType::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                 int64_t step) {
  if (step <= 0)
    return emitError() << "a span visits at least one key at a time";
  return success();
}

void PlanDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/PlanTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/PlanOps.cpp.inc"
      >();
}
