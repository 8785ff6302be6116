#include "passes/MaskCheck.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/MaskInterpreter.h"
#include "passes/MaskNumbers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"
#include <random>

using namespace attn;
using namespace mlir;

namespace {

/// One assignment of numbers to everything that a mask reads.
class World {
public:
  World(const MaskQuestion &q, uint64_t seed, int64_t scale);

  bool sees(int64_t row, int64_t key);
  int64_t symbol(const MaskSymbol &s, int64_t firstRow, int64_t lastRow);

  int64_t rows, keys;

private:
  int64_t leaf(Value v, ArrayRef<int64_t> operands);
  int64_t draw(Value v, ArrayRef<int64_t> operands);
  const MaskQuestion &question;
  uint64_t seed;
  int64_t scale;
  MaskInterpreter interpreter;
};

/// A span as emitted operations, to be interpreted with symbols as numbers.
class EmittedSpan {
public:
  explicit EmittedSpan(const MaskAnalysis &masks, MLIRContext *context);
  ~EmittedSpan() { module->erase(); }
  /// Whether the keys from..to meet an interval of the span.
  void at(ArrayRef<int64_t> symbols);
  bool meetsLive(int64_t from, int64_t to) const {
    return meets(live, from, to);
  }
  bool meetsHole(int64_t from, int64_t to) const {
    return meets(holes, from, to);
  }

public:
  using Ranges = SmallVector<std::pair<int64_t, int64_t>>;
  static bool meets(const Ranges &ranges, int64_t from, int64_t to) {
    return llvm::any_of(ranges, [&](auto r) {
      return r.first < r.second && r.first <= to && r.second > from;
    });
  }
  ModuleOp module;
  SpanOperands span;
  SmallVector<Value> arguments;
  Ranges live, holes;
};

} // namespace

World::World(const MaskQuestion &q, uint64_t seed, int64_t scale)
    : question(q), seed(seed), scale(scale),
      interpreter([this](Value v, ArrayRef<int64_t> x) { return leaf(v, x); }) {
  std::mt19937_64 random(seed);
  rows = 1 + random() % scale;
  keys = random() % 16 ? 1 + random() % (2 * scale) : 0;
  interpreter.fixed[q.rowBound] = rows;
  interpreter.fixed[q.colBound] = keys;
}

bool World::sees(int64_t row, int64_t key) {
  interpreter.fixed[question.row] = row;
  interpreter.fixed[question.column] = key;
  return interpreter(question.condition);
}

int64_t World::leaf(Value v, ArrayRef<int64_t> operands) {
  int64_t x = draw(v, operands);
  if (operands.empty())
    interpreter.fixed[v] = x;
  return x;
}

int64_t World::draw(Value v, ArrayRef<int64_t> operands) {
  // The same name gives the same number, wherever it is read.
  std::string name;
  llvm::raw_string_ostream os(name);
  Operation *op = v.getDefiningOp();
  if (!op) {
    os << "argument " << cast<BlockArgument>(v).getArgNumber();
  } else {
    os << op->getName() << op->getAttrDictionary();
    for (Value operand : op->getOperands())
      if (Operation *source = operand.getDefiningOp();
          source && isa<InputOp, DefineOp>(source))
        os << source->getAttr("name");
  }
  for (int64_t x : operands)
    os << ' ' << x;
  os << ' ' << seed;
  uint64_t hash = llvm::xxh3_64bits(name);
  if (v.getType().isInteger(1))
    return hash % 2;
  if (auto extent = dyn_cast_or_null<ExtentOp>(op)) {
    if (extent.getName() == "N")
      return rows;
    if (extent.getName() == "M")
      return keys;
    return 1 + hash % 4;
  }
  if (isa_and_nonnull<KvHeadOp>(op))
    return hash % 8;
  if (!op) // indices count from 0, other arguments may be anything
    return cast<BlockArgument>(v).getOwner()->getParentOp()->hasAttr("indices")
               ? int64_t(hash % 8)
               : int64_t(hash % 24) - 6;
  if (auto param = dyn_cast<ParamOp>(op)) {
    // The last row stands near the last key more often than not.
    if (param.getName() == "offset")
      return hash % 4 ? keys - rows
                      : int64_t(hash >> 8) % (2 * scale) - scale / 2;
    switch (hash % 8) {
    case 0:
      return -int64_t((hash >> 8) % 4);
    case 1:
      return (hash >> 8) % (4 * scale);
    default:
      return (hash >> 8) % (scale / 2 + 2);
    }
  }
  return int64_t((hash >> 8) % (scale + 8)) - 4;
}

int64_t World::symbol(const MaskSymbol &s, int64_t firstRow, int64_t lastRow) {
  switch (s.kind) {
  case MaskSymbol::FirstRow:
    return firstRow;
  case MaskSymbol::LastRow:
    return lastRow;
  case MaskSymbol::Uniform:
    return interpreter(s.value);
  case MaskSymbol::RowMin:
  case MaskSymbol::RowMax:
    break;
  }
  bool least = s.kind == MaskSymbol::RowMin;
  int64_t best = least ? INT64_MAX : INT64_MIN;
  for (int64_t row = firstRow; row <= lastRow; ++row) {
    interpreter.fixed[question.row] = row;
    int64_t x = interpreter(s.value);
    best = least ? std::min(best, x) : std::max(best, x);
  }
  return best;
}

EmittedSpan::EmittedSpan(const MaskAnalysis &masks, MLIRContext *context) {
  context->loadDialect<affine::AffineDialect, arith::ArithDialect>();
  Location loc = UnknownLoc::get(context);
  module = ModuleOp::create(loc);
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Block *block = module.getBody();
  for (const MaskSymbol &s : masks.symbols()) {
    bool flag = s.value && s.value.getType().isInteger(1);
    arguments.push_back(block->addArgument(
        flag ? Type(b.getI1Type()) : Type(b.getIndexType()), loc));
  }
  span = emitIntervals(b, loc, masks, [&](const MaskSymbol &s) {
    return arguments[&s - masks.symbols().data()];
  });
}

void EmittedSpan::at(ArrayRef<int64_t> symbols) {
  MaskInterpreter interpreter([](Value, ArrayRef<int64_t>) -> int64_t {
    llvm_unreachable("not arithmetic");
  });
  for (auto [argument, x] : llvm::zip_equal(arguments, symbols))
    interpreter.fixed[argument] = x;
  auto ranges = [&](ArrayRef<Value> lo, ArrayRef<Value> hi,
                    ArrayRef<Value> stride, ArrayRef<Value> count) {
    Ranges result;
    size_t plain = lo.size() - stride.size();
    for (size_t k = 0; k < lo.size(); ++k) {
      int64_t times = k < plain ? 1 : interpreter(count[k - plain]);
      int64_t step = k < plain ? 0 : interpreter(stride[k - plain]);
      int64_t a = interpreter(lo[k]), z = interpreter(hi[k]);
      for (int64_t p = 0; p < times; ++p)
        result.push_back({a + p * step, z + p * step});
    }
    return result;
  };
  live = ranges(span.liveLo, span.liveHi, span.liveStride, span.liveCount);
  holes = ranges(span.holeLo, span.holeHi, span.holeStride, span.holeCount);
}

static bool contains(const KeyRanges &ranges, int64_t key) {
  return llvm::any_of(
      ranges, [&](auto r) { return r.first <= key && key <= r.second; });
}

/// A number near the largest divisor in the mask, so that several blocks occur.
static int64_t scaleOf(const MaskQuestion &q) {
  int64_t scale = 24;
  Value condition = q.condition;
  condition.getParentRegion()->walk([&](Operation *op) {
    if (!isa<FloorDivOp, ModOp, arith::FloorDivSIOp>(op))
      return;
    if (auto constant = op->getOperand(1).getDefiningOp<arith::ConstantOp>())
      scale = std::max(
          scale, std::min<int64_t>(
                     3 * cast<IntegerAttr>(constant.getValue()).getInt(), 160));
  });
  return scale;
}

MaskCheck attn::checkMask(const MaskQuestion &question, unsigned trials,
                          uint64_t seed) {
  MaskCheck result;
  MaskAnalysis masks(question);
  EmittedSpan span(masks, question.condition.getContext());
  std::mt19937_64 random(seed);
  int64_t scale = scaleOf(question);
  bool exact = masks.exact();

  for (unsigned trial = 0; trial < trials && result.failure.empty(); ++trial) {
    World world(question, random(), scale);
    int64_t tileRows = 1 + random() % (scale / 2),
            tileCols = 1 + random() % (scale / 2);
    int64_t first =
        (random() % ((world.rows + tileRows - 1) / tileRows)) * tileRows;
    int64_t last = std::min(world.rows, first + tileRows) - 1;
    SmallVector<int64_t> symbols;
    for (const MaskSymbol &s : masks.symbols())
      symbols.push_back(world.symbol(s, first, last));
    KeyRanges live = evaluate(masks.live(), symbols),
              holes = evaluate(masks.holes(), symbols);
    span.at(symbols);
    auto fail = [&](const char *what, int64_t key) {
      std::string text = llvm::formatv(
          "{0} at key {1}, tile of {2} keys:", what, key, tileCols);
      for (auto [s, x] : llvm::zip_equal(masks.symbols(), symbols))
        text += llvm::formatv(" {0} = {1}", s.name, x);
      result.failure = text;
    };

    for (int64_t tile = 0; tile < world.keys; tile += tileCols) {
      bool anyLive = false, anyHole = tile + tileCols > world.keys;
      for (int64_t key = tile; key < std::min(world.keys, tile + tileCols);
           ++key) {
        bool isLive = false, isHole = false;
        for (int64_t row = first; row <= last; ++row)
          (world.sees(row, key) ? isLive : isHole) = true;
        bool saysLive = contains(live, key), saysHole = contains(holes, key);
        ++result.points;
        result.loose += saysLive != isLive || saysHole != isHole;
        if ((isLive && !saysLive) || (isHole && !saysHole))
          fail(isLive && !saysLive ? "misses a live key" : "misses a hole",
               key);
        else if (exact && (saysLive != isLive || saysHole != isHole))
          fail("is not exact", key);
        anyLive |= isLive;
        anyHole |= isHole;
      }
      bool visits = span.meetsLive(tile, tile + tileCols - 1),
           mixes = span.meetsHole(tile, tile + tileCols - 1);
      if ((anyLive && !visits) || (anyHole && !mixes))
        fail("emits a span that misses a tile", tile);
      else if (exact && (visits != anyLive || (visits && mixes != anyHole)))
        fail("emits a span that is not exact", tile);
      if (!result.failure.empty())
        break;
    }
  }
  return result;
}
