#include "dialect/PlanOps.h"
#include "dialect/PlanRules.h"
#include "dialect/Syntax.h"

using namespace mlir;
using namespace plan;
using namespace attn::syntax;
using attn::stringifyFold;
using attn::symbolizeFold;

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

void TensorOp::getAsmResultNames(OpAsmSetValueNameFn suggest) {
  suggest(getResult(), getName());
}
void ScalarOp::getAsmResultNames(OpAsmSetValueNameFn suggest) {
  suggest(getResult(), getName());
}
void ExtentOp::getAsmResultNames(OpAsmSetValueNameFn suggest) {
  suggest(getResult(), getName());
}

LogicalResult AllocOp::verify() {
  size_t labels = getType().getLabels().size();
  if (labels != getSizes().size())
    return emitOpError() << "has " << labels << " labels but "
                         << getSizes().size() << " sizes";
  return success();
}

void SizeOp::getAsmResultNames(OpAsmSetValueNameFn suggest) {
  suggest(getResult(), getName());
}

LogicalResult ColumnsOp::verify() {
  BufferType from = getBuffer().getType(), to = getType();
  auto row = dyn_cast<VectorType>(from.getElement());
  if (!row || row.getRank() != 1 || to.getElement() != row.getElementType() ||
      to.getLabels().empty() || to.getLabels().drop_back() != from.getLabels())
    return emitOpError() << "makes components of " << from
                         << " a last label, and gives no " << to;
  return success();
}

void KernelOp::getAsmBlockArgumentNames(Region &region,
                                        OpAsmSetValueNameFn suggest) {
  suggestNames(getIndices(), region, suggest);
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &state) {
  StringAttr name;
  DictionaryAttr schedule;
  SmallVector<Argument> arguments;
  SmallVector<Operand> grid;
  if (parser.parseAttribute(name, "name", state.attributes) ||
      parseBinders(parser, arguments, grid))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("schedule")) &&
      parser.parseAttribute(schedule, "schedule", state.attributes))
    return failure();
  if (parser.parseRegion(*state.addRegion(), arguments) ||
      parser.resolveOperands(grid, parser.getBuilder().getIndexType(),
                             state.operands) ||
      parser.parseOptionalAttrDict(state.attributes))
    return failure();
  addNames(parser, state, "indices", arguments);
  return success();
}

void KernelOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getNameAttr() << ' ';
  printBinders(printer, getBody().getArguments(), getGrid());
  if (getSchedule())
    printer << " schedule " << *getSchedule();
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
  printAttributes(printer, *this, "indices", getBody().getArguments(),
                  {"name", "schedule"});
}

// [plan-2]
LogicalResult KernelOp::verify() {
  size_t rank = getGrid().size();
  if (rank == 0)
    return emitOpError("has no grid");
  if (getIndices().size() != rank || getBody().getNumArguments() != rank ||
      !llvm::all_of(getBody().getArgumentTypes(),
                    [](Type type) { return type.isIndex(); }))
    return emitOpError() << "must bind " << rank << " indices";
  return success();
}

//===----------------------------------------------------------------------===//
// Rows and spans
//===----------------------------------------------------------------------===//

// An index tile of one dimension.
static LogicalResult verifyIndexTile(Operation *op, TileType tile) {
  if (tile.getDims().size() != 1 || !tile.getElement().isIndex())
    return op->emitOpError()
           << "gives an index tile of one dimension, not " << tile;
  return success();
}

LogicalResult RowsOp::verify() { return verifyIndexTile(*this, getType()); }

LogicalResult RangeOp::verify() {
  if (failed(verifyIndexTile(*this, getType())))
    return failure();
  if (getType().getDims()[0] < 0)
    return emitOpError("counts over a letter, not over rows or columns");
  return success();
}

/// `(%lo to %hi, %lo to %hi by %stride times %count)`
static ParseResult parseIntervals(OpAsmParser &parser,
                                  SmallVectorImpl<Operand> &lo,
                                  SmallVectorImpl<Operand> &hi,
                                  SmallVectorImpl<Operand> &stride,
                                  SmallVectorImpl<Operand> &count) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Paren, [&]() -> ParseResult {
        llvm::SMLoc loc = parser.getCurrentLocation();
        if (parser.parseOperand(lo.emplace_back()) ||
            parser.parseKeyword("to") || parser.parseOperand(hi.emplace_back()))
          return failure();
        if (failed(parser.parseOptionalKeyword("by")))
          return stride.empty() ? ParseResult(success())
                                : parser.emitError(loc, "families stand last");
        return failure(parser.parseOperand(stride.emplace_back()) ||
                       parser.parseKeyword("times") ||
                       parser.parseOperand(count.emplace_back()));
      });
}

static void printIntervals(OpAsmPrinter &printer, Operation *, OperandRange lo,
                           OperandRange hi, OperandRange stride,
                           OperandRange count) {
  printer << '(';
  llvm::interleaveComma(TilesOp::intervals(lo, hi, stride, count), printer,
                        [&](const Interval &interval) {
                          printer << interval.lo << " to " << interval.hi;
                          if (interval.stride)
                            printer << " by " << interval.stride << " times "
                                    << interval.count;
                        });
  printer << ')';
}

SmallVector<Interval> TilesOp::intervals(OperandRange lo, OperandRange hi,
                                         OperandRange stride,
                                         OperandRange count) {
  SmallVector<Interval> intervals;
  size_t plain = lo.size() - stride.size();
  for (size_t k = 0; k < lo.size(); ++k) {
    bool family = k >= plain;
    intervals.push_back({lo[k], hi[k], family ? stride[k - plain] : Value(),
                         family ? count[k - plain] : Value()});
  }
  return intervals;
}

// [plan-3]
template <typename Op>
static LogicalResult verifyIntervals(Op op) {
  auto even = [](OperandRange lo, OperandRange hi, OperandRange stride,
                 OperandRange count) {
    return lo.size() == hi.size() && stride.size() == count.size() &&
           stride.size() <= lo.size();
  };
  if (!even(op.getLiveLo(), op.getLiveHi(), op.getLiveStride(),
            op.getLiveCount()) ||
      !even(op.getHoleLo(), op.getHoleHi(), op.getHoleStride(),
            op.getHoleCount()))
    return op.emitOpError("has an interval without both ends, or a family "
                          "without stride and count");
  return success();
}

LogicalResult TilesOp::verify() { return verifyIntervals(*this); }

//===----------------------------------------------------------------------===//
// Lists
//===----------------------------------------------------------------------===//

// A buffer with one label behind the indices.
static LogicalResult verifySlots(Operation *op, BufferType type, size_t indices,
                                 StringRef what) {
  if (type.getLabels().size() != indices + 1)
    return op->emitOpError() << "takes " << type.getLabels().size() - 1
                             << " indices of the " << what << ", found "
                             << indices;
  return success();
}

static LogicalResult verifyList(Operation *op, BufferType type,
                                size_t indices) {
  if (!type.getElement().isInteger(32))
    return op->emitOpError() << "takes a list of i32, not " << type;
  return verifySlots(op, type, indices, "list");
}

// [plan-10]
template <typename Op>
static LogicalResult verifyRaw(Op op) {
  BufferType raw = op.getRaw().getType();
  if (!raw.getElement().isInteger(32))
    return op.emitOpError() << "takes a set of i32, not " << raw;
  return verifySlots(op, raw, op.getIndices().size(), "set");
}

LogicalResult CollectOp::verify() {
  if (failed(verifyRaw(*this)))
    return failure();
  return verifyList(*this, getList().getType(), getIndices().size());
}

LogicalResult MarkOp::verify() {
  if (failed(verifyRaw(*this)))
    return failure();
  if (!getTable().getType().getElement().isInteger(1))
    return emitOpError() << "makes a table of i1, not "
                         << getTable().getType();
  return verifySlots(*this, getTable().getType(), getIndices().size(), "table");
}

// [plan-3]
template <typename Op>
static LogicalResult verifyListSpan(Op op) {
  if (failed(verifyIntervals(op)) ||
      failed(verifyList(op, op.getList().getType(), op.getIndices().size())))
    return failure();
  if (op.getRun() <= 0)
    return op.emitOpError("has items of at least one key");
  return success();
}

LogicalResult BlocksOp::verify() {
  if (failed(verifyListSpan(*this)))
    return failure();
  if (getRun() % getType().getStep())
    return emitOpError() << "has blocks of " << getRun()
                         << " keys, no multiple of " << getType().getStep();
  return success();
}

LogicalResult TokensOp::verify() { return verifyListSpan(*this); }

template <typename Op>
static SmallVector<Interval> liveOf(Op op) {
  return TilesOp::intervals(op.getLiveLo(), op.getLiveHi(), op.getLiveStride(),
                            op.getLiveCount());
}
template <typename Op>
static SmallVector<Interval> holesOf(Op op) {
  return TilesOp::intervals(op.getHoleLo(), op.getHoleHi(), op.getHoleStride(),
                            op.getHoleCount());
}
SmallVector<Interval> BlocksOp::live() { return liveOf(*this); }
SmallVector<Interval> BlocksOp::holes() { return holesOf(*this); }
SmallVector<Interval> TokensOp::live() { return liveOf(*this); }
SmallVector<Interval> TokensOp::holes() { return holesOf(*this); }

SpanParts plan::partsOf(Value span) {
  SpanParts parts;
  auto common = [&](auto op) {
    parts.live = op.live();
    parts.holes = op.holes();
    parts.exact = op.getExact();
    parts.step = op.getType().getStep();
  };
  auto listed = [&](auto op) {
    common(op);
    parts.list = op.getList();
    parts.indices = op.getIndices();
    parts.below = op.getBelow();
    parts.run = op.getRun();
  };
  if (auto tiles = span.getDefiningOp<TilesOp>()) {
    common(tiles);
  } else if (auto blocks = span.getDefiningOp<BlocksOp>()) {
    listed(blocks);
  } else if (auto tokens = span.getDefiningOp<TokensOp>()) {
    listed(tokens);
    parts.gathered = true;
  }
  return parts;
}

//===----------------------------------------------------------------------===//
// Sweeps
//===----------------------------------------------------------------------===//

/// What a sweep binds for each step of its span.
static Type steppedType(SpanType span) {
  Type index = IndexType::get(span.getContext());
  return span.getStep() == 1
             ? index
             : TileType::get(span.getContext(), {TileType::C}, index);
}

void SweepOp::getAsmBlockArgumentNames(Region &region,
                                       OpAsmSetValueNameFn suggest) {
  suggestNames(getIndices(), region, suggest);
}

ParseResult SweepOp::parse(OpAsmParser &parser, OperationState &state) {
  SmallVector<Argument> arguments(1);
  SmallVector<Operand> inits;
  SmallVector<Type> types;
  Operand span;
  SpanType spanType;
  llvm::SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLParen() || parser.parseArgument(arguments[0]) ||
      parser.parseKeyword("in") || parser.parseOperand(span) ||
      parser.parseColonType(spanType) || parser.parseRParen())
    return failure();
  arguments[0].type = steppedType(spanType);
  auto parseCarried = [&]() -> ParseResult {
    Argument argument;
    if (parser.parseArgument(argument) || parser.parseEqual() ||
        parser.parseOperand(inits.emplace_back()) ||
        parser.parseColonType(argument.type))
      return failure();
    types.push_back(argument.type);
    arguments.push_back(argument);
    return success();
  };
  if (succeeded(parser.parseOptionalKeyword("carry")) &&
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseCarried))
    return failure();
  if (parser.parseRegion(*state.addRegion(), arguments) ||
      parser.resolveOperand(span, spanType, state.operands) ||
      parser.resolveOperands(inits, types, loc, state.operands) ||
      parser.parseOptionalAttrDict(state.attributes))
    return failure();
  state.addTypes(types);
  addNames(parser, state, "indices", arguments);
  return success();
}

void SweepOp::print(OpAsmPrinter &printer) {
  auto arguments = getBody().getArguments();
  printer << " (" << arguments.front() << " in " << getSpan() << " : "
          << getSpan().getType() << ')';
  if (!getInit().empty()) {
    printer << " carry (";
    llvm::interleaveComma(
        llvm::zip(arguments.drop_front(), getInit()), printer, [&](auto pair) {
          auto [argument, init] = pair;
          printer << argument << " = " << init << " : " << init.getType();
        });
    printer << ')';
  }
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
  printAttributes(printer, *this, "indices", arguments, {});
}

// [plan-4]
LogicalResult SweepOp::verify() {
  auto types = getBody().getArgumentTypes();
  if (types.empty() || types.front() != steppedType(getSpan().getType()) ||
      getIndices().size() != types.size())
    return emitOpError() << "must bind a " << steppedType(getSpan().getType());
  if (!llvm::equal(llvm::drop_begin(types), getInit().getTypes()) ||
      !llvm::equal(getFinals().getTypes(), getInit().getTypes()))
    return emitOpError("must give back what it carries");
  YieldOp yield = yieldOf(getBody());
  if (!yield || yield.getValues().getTypes() != getInit().getTypes())
    return emitOpError("must yield what it carries");
  return success();
}

#define GET_OP_CLASSES
#include "dialect/PlanOps.cpp.inc"
