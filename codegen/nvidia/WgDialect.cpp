#include "codegen/nvidia/Wg.h"
#include "dialect/Syntax.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace wg;

#include "codegen/nvidia/WgDialect.cpp.inc"
#include "codegen/nvidia/WgEnums.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "codegen/nvidia/WgTypes.cpp.inc"

using Emit = llvm::function_ref<InFlightDiagnostic()>;

/// `<r x c128 x f32>`
Type FragType::parse(AsmParser &parser) {
  bool rows = false;
  int64_t cols = 0;
  Type element;
  if (parser.parseLess())
    return {};
  if (succeeded(parser.parseOptionalKeyword("r"))) {
    rows = true;
    if (parser.parseKeyword("x"))
      return {};
  }
  StringRef word;
  llvm::SMLoc loc = parser.getCurrentLocation();
  // Elements are named by keywords too (`f32`), so only `c8`, `c16`, .. count.
  static const SmallVector<std::string> spelled = [] {
    SmallVector<std::string> words;
    for (int n = 8; n <= 1024; n += 8)
      words.push_back("c" + std::to_string(n));
    return words;
  }();
  static const SmallVector<StringRef> words(spelled.begin(), spelled.end());
  if (succeeded(parser.parseOptionalKeyword(&word, words))) {
    if (word.drop_front().getAsInteger(10, cols) || parser.parseKeyword("x"))
      return {};
  }
  if (parser.parseType(element) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), rows, cols, element);
}

void FragType::print(AsmPrinter &printer) const {
  printer << '<';
  if (getRows())
    printer << "r x ";
  if (getCols())
    printer << 'c' << getCols() << " x ";
  printer << getElement() << '>';
}

int64_t FragType::meets(FragType whole, int64_t i) const {
  if (getRows() == whole.getRows() && (getCols() == 0) == (whole.getCols() == 0))
    return i;
  if (getRows())
    return (i / 2) % 2;
  return 2 * (i / 4) + i % 2;
}

// [wg-1] Sizes are positive; fragments count columns by 8, packed operands by
// 16; what is staged or packed has 16 bits.
LogicalResult FragType::verify(Emit emitError, bool rows, int64_t cols, Type element) {
  if (!rows && cols == 0)
    return emitError() << "a fragment has rows or columns";
  if (cols < 0 || cols % 8 != 0)
    return emitError() << "a fragment has a multiple of 8 columns, not " << cols;
  if (!element.isIntOrIndexOrFloat())
    return emitError() << "a fragment has numbers as elements, not " << element;
  return success();
}

static LogicalResult verifyHalf(Emit emitError, Type element) {
  if (!element.isF16() && !element.isBF16())
    return emitError() << "elements are bf16 or f16, not " << element;
  return success();
}

LogicalResult PackedType::verify(Emit emitError, int64_t cols, Type element) {
  if (cols <= 0 || cols % 16 != 0)
    return emitError() << "a packed operand has a multiple of 16 columns, not " << cols;
  return verifyHalf(emitError, element);
}

static LogicalResult verifyStages(Emit emitError, int64_t stages, int64_t rows, int64_t cols, Type element) {
  if (stages <= 0 || cols <= 0)
    return emitError() << "there is a stage and a column at least";
  if (rows <= 0 || rows % 8 != 0)
    return emitError() << "a stage has a multiple of 8 rows, not " << rows;
  return verifyHalf(emitError, element);
}

LogicalResult RingType::verify(Emit emitError, int64_t stages, int64_t rows, int64_t cols, Type element) {
  return verifyStages(emitError, stages, rows, cols, element);
}

LogicalResult TileType::verify(Emit emitError, int64_t stages, int64_t rows, int64_t cols, Type element) {
  return verifyStages(emitError, stages, rows, cols, element);
}

LogicalResult DescType::verify(Emit emitError, int64_t rows, int64_t cols, Type element, Along along) {
  return verifyStages(emitError, 1, rows, cols, element);
}

void WgDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "codegen/nvidia/WgTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "codegen/nvidia/WgOps.cpp.inc"
      >();
}
