#include "passes/MaskNumbers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace attn;
using namespace mlir;

int64_t attn::evaluate(AffineExpr e, ArrayRef<int64_t> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(e))
    return constant.getValue();
  if (auto symbol = dyn_cast<AffineSymbolExpr>(e))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(e);
  int64_t a = evaluate(binary.getLHS(), symbols),
          b = evaluate(binary.getRHS(), symbols);
  switch (e.getKind()) {
  case AffineExprKind::Add:
    return a + b;
  case AffineExprKind::Mul:
    return a * b;
  case AffineExprKind::FloorDiv:
    return b ? llvm::divideFloorSigned(a, b) : 0;
  case AffineExprKind::CeilDiv:
    return b ? llvm::divideCeilSigned(a, b) : 0;
  case AffineExprKind::Mod:
    return b ? a - b * llvm::divideFloorSigned(a, b) : a;
  default:
    llvm_unreachable("an expression over symbols");
  }
}

static int64_t greatest(ArrayRef<AffineExpr> of, ArrayRef<int64_t> symbols,
                        int64_t least) {
  for (AffineExpr e : of)
    least = std::max(least, evaluate(e, symbols));
  return least;
}

static int64_t smallest(ArrayRef<AffineExpr> of, ArrayRef<int64_t> symbols,
                        int64_t most) {
  for (AffineExpr e : of)
    most = std::min(most, evaluate(e, symbols));
  return most;
}

KeyRanges attn::evaluate(ArrayRef<KeyInterval> intervals,
                         ArrayRef<int64_t> symbols) {
  int64_t keys = symbols[MaskAnalysis::Keys];
  KeyRanges ranges;
  for (const KeyInterval &x : intervals) {
    if (llvm::any_of(x.guards,
                     [&](AffineExpr g) { return evaluate(g, symbols) < 0; }))
      continue;
    int64_t lo = greatest(x.lo, symbols, 0),
            hi = smallest(x.hi, symbols, keys - 1);
    auto add = [&](int64_t first, int64_t last) {
      if (std::max(first, lo) <= std::min(last, hi))
        ranges.push_back({std::max(first, lo), std::min(last, hi)});
    };
    if (!x.family) {
      add(lo, hi);
      continue;
    }
    int64_t stride = evaluate(x.family->stride, symbols);
    int64_t first = evaluate(x.family->lo, symbols),
            last = evaluate(x.family->hi, symbols);
    if (stride <= 0 || lo > hi)
      continue;
    int64_t from = greatest(x.family->from, symbols,
                            llvm::divideFloorSigned(lo - last, stride));
    int64_t to = smallest(x.family->to, symbols,
                          llvm::divideFloorSigned(hi - first, stride));
    for (int64_t p = from; p <= to; ++p)
      add(first + p * stride, last + p * stride);
  }
  llvm::sort(ranges);
  KeyRanges joined;
  for (auto [first, last] : ranges) {
    if (!joined.empty() && first <= joined.back().second + 1)
      joined.back().second = std::max(joined.back().second, last);
    else
      joined.push_back({first, last});
  }
  return joined;
}

/// The number of tiles below `tiles` that meet one of the ranges.
static int64_t countMet(const KeyRanges &ranges, int64_t cols) {
  int64_t met = 0, next = 0;
  for (auto [first, last] : ranges) {
    int64_t begin = std::max(first / cols, next), end = last / cols + 1;
    met += std::max<int64_t>(end - begin, 0);
    next = std::max(next, end);
  }
  return met;
}

TileClasses attn::classifyTiles(
    const MaskAnalysis &masks, int64_t rowCount, int64_t keyCount,
    int64_t tileRows, int64_t tileCols,
    llvm::function_ref<int64_t(const MaskSymbol &, int64_t, int64_t)> value) {
  TileClasses counts;
  counts.exact = masks.exact();
  int64_t tiles = (keyCount + tileCols - 1) / tileCols;
  SmallVector<int64_t> symbols(masks.symbols().size());
  for (int64_t first = 0; first < rowCount; first += tileRows) {
    int64_t last = std::min(rowCount, first + tileRows) - 1;
    for (auto [k, symbol] : llvm::enumerate(masks.symbols()))
      symbols[k] = k == MaskAnalysis::FirstRow  ? first
                   : k == MaskAnalysis::LastRow ? last
                   : k == MaskAnalysis::Rows    ? rowCount
                   : k == MaskAnalysis::Keys    ? keyCount
                                                : value(symbol, first, last);
    KeyRanges live = evaluate(masks.live(), symbols);
    KeyRanges holes = evaluate(masks.holes(), symbols);
    // A tile that sticks out of the keys is never full.
    if (keyCount % tileCols)
      holes.push_back({keyCount, keyCount});
    // Full tiles meet live keys but no hole.
    int64_t visited = countMet(live, tileCols);
    KeyRanges either = live;
    llvm::append_range(either, holes);
    llvm::sort(either);
    int64_t full = countMet(either, tileCols) - countMet(holes, tileCols);
    counts.full += full;
    counts.mixed += visited - full;
    counts.dead += tiles - visited;
  }
  return counts;
}
