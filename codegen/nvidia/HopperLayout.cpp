#include "codegen/nvidia/HopperKernel.h"
#include "dialect/PlanRules.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;

static constexpr int64_t mostShared = 232448;

static int64_t stagesOf(const KernelShape &shape) {
  KernelOp kernel = shape.kernel;
  DictionaryAttr schedule = kernel.getScheduleAttr();
  auto stages = schedule ? schedule.getAs<IntegerAttr>("stages") : IntegerAttr();
  return stages ? stages.getInt() : 2;
}

static HopperLayout::Ring ringOf(LoadOp load, int64_t stages, int64_t rows) {
  auto tile = cast<plan::TileType>(load.getType());
  HopperLayout::Ring r{stages, rows, plan::TileType::size(tile.getDims().back()), tile.getElement()};
  return r;
}

/// How many keys lie together and are fetched at once: whole tiles, or the keys
/// of an item. 0 if they are fetched one by one.
static int64_t rowsOfBox(const SweepShape &sweep) {
  int64_t run = sweep.span.run;
  if (!sweep.span.gathered)
    return sweep.cols;
  return run % 8 == 0 && sweep.cols % run == 0 ? run : 0;
}

static int64_t bytesOf(const HopperLayout::Ring &r) {
  return wg::RingType::get(r.element.getContext(), r.stages, r.rows, r.cols, r.element).bytes();
}

static int64_t flagBytes(const KernelShape &shape) {
  size_t backs = 0;
  for (const SweepShape &sweep : shape.sweeps)
    backs = std::max(backs, sweep.backs.size());
  return 256 * backs;
}

/// Rings of a shape; those of different sweeps are shared where they are equal.
static void makeRings(HopperLayout &layout, const KernelShape &shape) {
  int64_t stages = stagesOf(shape);
  for (LoadOp load : shape.stationary) {
    layout.stationary.push_back({load, unsigned(layout.rings.size()), 0});
    layout.rings.push_back(ringOf(load, 1, shape.rowSide));
  }
  unsigned first = layout.rings.size();
  SmallVector<SmallVector<unsigned>> users(first);
  for (auto [n, sweep] : llvm::enumerate(shape.sweeps)) {
    auto &streams = layout.streamed.emplace_back();
    for (LoadOp load : sweep.streamed) {
      HopperLayout::Ring wanted = ringOf(load, stages, sweep.cols);
      wanted.gathered = rowsOfBox(sweep) == 0;
      layout.whole |= wanted.gathered;
      unsigned ring = first;
      for (; ring < layout.rings.size(); ++ring) {
        const HopperLayout::Ring &r = layout.rings[ring];
        if (r.gathered == wanted.gathered && r.rows == wanted.rows && r.cols == wanted.cols && r.element == wanted.element && !llvm::is_contained(users[ring], n))
          break;
      }
      if (ring == layout.rings.size()) {
        layout.rings.push_back(wanted);
        users.emplace_back();
      }
      users[ring].push_back(n);
      streams.push_back({load, ring, 0});
    }
  }
  layout.counters = 1;
  for (unsigned ring = first; ring < layout.rings.size(); ++ring) {
    auto same = llvm::find(ArrayRef(users).slice(first, ring - first), users[ring]) - (users.begin() + first);
    layout.rings[ring].counter = first + same < ring ? layout.rings[first + same].counter : layout.counters++;
  }
}

/// The map that reads `load`; equal maps are one parameter.
static unsigned mapOf(HopperLayout &layout, LoadOp load, int64_t rows, const cpu::Frame &frame) {
  auto type = cast<BufferType>(load.getBuffer().getType());
  Manifest::TensorMap map;
  int slot = frame.memory.find(load.getBuffer())->second.slot;
  map.buffer = isa<AllocOp>(load.getBuffer().getDefiningOp());
  if (map.buffer)
    for (auto [n, b] : llvm::enumerate(frame.manifest.buffers))
      map.tensor = b.slot == slot ? n : map.tensor;
  else
    for (auto [n, t] : llvm::enumerate(frame.manifest.tensors))
      map.tensor = t.slot == slot ? n : map.tensor;
  for (auto [index, label] : llvm::zip(load.getIndices(), type.getLabels()))
    if (isa<plan::TileType>(index.getType()))
      map.rowLabel = label.str();
  map.box[1] = rows;
  for (auto [n, m] : llvm::enumerate(layout.maps))
    if (m.tensor == map.tensor && m.buffer == map.buffer && m.rowLabel == map.rowLabel && m.box[1] == rows)
      return n;
  layout.maps.push_back(map);
  return layout.maps.size() - 1;
}

HopperLayout HopperLayout::of(const KernelShape &shape, const cpu::Frame &frame) {
  HopperLayout layout;
  layout.groups = shape.rowSide / 64;
  makeRings(layout, shape);
  for (Stream &s : layout.stationary)
    s.map = mapOf(layout, s.load, shape.rowSide, frame);
  // Gathered tensors have a map as well, for the demands that the host checks.
  for (auto [sweep, streams] : llvm::zip(shape.sweeps, layout.streamed))
    for (Stream &s : streams)
      s.map = mapOf(layout, s.load, rowsOfBox(sweep) ? rowsOfBox(sweep) : 8, frame);
  int64_t at = 0;
  for (Ring &r : layout.rings) {
    r.at = at;
    at += llvm::alignTo(bytesOf(r), 1024);
  }
  for (Ring &r : layout.rings) {
    r.barriers = at;
    at += 16 * r.stages;
  }
  layout.flags = at;
  layout.shared = at + flagBytes(shape);
  return layout;
}

std::string attn::nvidia::hopperRefusal(const KernelShape &shape) {
  if (shape.refusal)
    return shape.refusal->reason;
  if (shape.rowSide != 64 && shape.rowSide != 128 && shape.rowSide != 192)
    return "tiles of " + std::to_string(shape.rowSide) + " rows, not 64, 128 or 192";
  HopperLayout layout;
  makeRings(layout, shape);
  int64_t bytes = flagBytes(shape);
  for (const HopperLayout::Ring &r : layout.rings)
    bytes += llvm::alignTo(bytesOf(r), 1024) + 16 * r.stages;
  if (bytes > mostShared)
    return "its tiles take " + std::to_string(bytes) + " bytes of shared memory, not " + std::to_string(mostShared) + " or less";
  auto tooDeep = [](LoadOp load) { return cast<BufferType>(load.getBuffer().getType()).getLabels().size() > 4; };
  for (const SweepShape &sweep : shape.sweeps) {
    if (sweep.cols % 16)
      return "tiles of " + std::to_string(sweep.cols) + " keys, no multiple of 16";
    // Beside the scores and weights of the fewest keys.
    if (accumulatorRegisters(sweep) + 8 * sweep.fronts.size() + 4 * sweep.backs.size() > mostFragmentRegisters)
      return tooManyAccumulators;
    if (llvm::any_of(sweep.streamed, tooDeep) || llvm::any_of(shape.stationary, tooDeep))
      return "tensors with more than 5 dimensions";
    for (const FrontProduct &p : sweep.fronts)
      for (const Operand *o : {&p.rows, &p.keys})
        if (o->from || plan::TileType::size(dimsOf(LoadOp(o->load).getType())[1]) != p.depth)
          return "a product of parts of rows";
    for (const BackProduct &p : sweep.backs)
      if (p.values.from || plan::TileType::size(dimsOf(LoadOp(p.values.load).getType())[1]) != p.width)
        return "a product of parts of values";
  }
  return {};
}
