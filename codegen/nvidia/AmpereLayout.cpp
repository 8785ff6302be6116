#include "codegen/nvidia/AmpereKernel.h"

using namespace mlir;
using namespace plan;
using namespace attn::nvidia;

/// Of a block; what every device from sm_80 on has is less, 99 KiB.
static constexpr int64_t mostShared = 163 * 1024;

wg::TileType AmpereLayout::Tile::type() const {
  LoadOp op = load;
  Type element = cast<VectorType>(op.getBuffer().getType().getElement()).getElementType();
  return wg::TileType::get(op.getContext(), stages, rows, cols, element);
}

static unsigned place(SmallVectorImpl<AmpereLayout::Tile> &tiles, const Operand &operand, int64_t cols, int64_t stages, int64_t rows) {
  LoadOp load = operand.load;
  for (auto [n, known] : llvm::enumerate(tiles)) {
    LoadOp other = known.load;
    if (other.getBuffer() == load.getBuffer() && other.getIndices() == load.getIndices() && known.from == operand.from && known.cols == cols)
      return n;
  }
  tiles.push_back({load, operand.from, cols, stages, rows, 0});
  return tiles.size() - 1;
}

// Sweeps follow one another and use the same memory.
AmpereLayout AmpereLayout::of(const KernelShape &shape) {
  AmpereLayout layout;
  layout.groups = std::max<int64_t>(shape.rowSide / 64, 1);
  for (const SweepShape &s : shape.sweeps) {
    Sweep &sweep = layout.sweeps.emplace_back();
    for (const FrontProduct &front : s.fronts) {
      sweep.stationary.push_back(place(layout.stationary, front.rows, front.depth, 1, shape.rowSide));
      sweep.fronts.push_back(place(sweep.tiles, front.keys, front.depth, 2, s.cols));
    }
    sweep.frontTiles = sweep.tiles.size();
    for (const BackProduct &back : s.backs)
      sweep.backs.push_back(place(sweep.tiles, back.values, back.width, 2, s.cols));
  }
  auto lay = [](SmallVectorImpl<Tile> &tiles, int64_t at) {
    for (Tile &tile : tiles) {
      tile.at = at;
      at += tile.type().bytes();
    }
    return at;
  };
  int64_t begin = lay(layout.stationary, 0);
  layout.shared = begin;
  for (Sweep &sweep : layout.sweeps)
    layout.shared = std::max(layout.shared, lay(sweep.tiles, begin));
  return layout;
}

std::string attn::nvidia::ampereRefusal(const KernelShape &shape) {
  if (shape.refusal)
    return shape.refusal->reason;
  if (shape.rowSide != 64 && shape.rowSide != 128)
    return "tiles of " + std::to_string(shape.rowSide) + " rows, not 64 or 128";
  int64_t together = 16 * (shape.rowSide / 64);
  for (const SweepShape &s : shape.sweeps) {
    if (s.cols % together)
      return "tiles of " + std::to_string(s.cols) + " keys, no multiple of " + std::to_string(together);
    if (s.cols / 2 * std::max<int64_t>(s.fronts.size(), 1) + s.cols / 4 + accumulatorRegisters(s) > mostFragmentRegisters)
      return tooManyAccumulators;
  }
  if (int64_t bytes = AmpereLayout::of(shape).shared; bytes > mostShared)
    return "tiles of " + std::to_string(bytes) + " bytes, more than shared memory has";
  return "";
}
