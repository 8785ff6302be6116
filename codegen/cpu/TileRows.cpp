// Rows between memory, where components lie side by side, and tiles, where rows do.
#include "codegen/cpu/Tiles.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::cpu;
using arith::CmpIPredicate;

std::optional<Tiles::RowAccess> Tiles::accessByRows(Value buffer, ValueRange indices) {
  const Memory &m = frame.memory.find(buffer)->second;
  if (m.shape.size() != 1 || !isa<FloatType>(m.element) || m.element.isF64())
    return std::nullopt;
  RowAccess access;
  unsigned tiles = 0;
  for (auto [k, index] : llvm::enumerate(indices))
    if (isa<TileType>(index.getType())) {
      access.rows = index.getDefiningOp<RowsOp>();
      access.label = k;
      ++tiles;
    }
  return tiles == 1 && access.rows ? std::optional(access) : std::nullopt;
}

// For every row of the tile: the address of its first component.
void Tiles::forRows(RowAccess access, Value buffer, ValueRange indices, llvm::function_ref<void(Value, Value)> present,
                    llvm::function_ref<void(Value)> absent) {
  const Memory &m = frame.memory.find(buffer)->second;
  mark();
  Value base = e.loadSlot(cx.frame, m.slot, e.ptr()), size = e.integer(Emit::bytes(m.element)), valid = e.boolean(true), rowStride;
  auto step = [&](unsigned dim) { return e.mul(e.loadSlot(cx.frame, m.strideSlot(dim), e.i64()), size); };
  for (auto [k, index] : llvm::enumerate(indices)) {
    if (k == access.label) {
      rowStride = step(k);
      continue;
    }
    Value x = scalar(index);
    valid = e.band(valid, e.cmp(CmpIPredicate::ult, x, lengthOf(m, k)));
    base = e.at(base, e.mul(x, step(k)));
  }
  Value from = scalar(access.rows.getFrom()), limit = e.min(scalar(access.rows.getLimit()), lengthOf(m, access.label));
  e.loop(0, cx.rows, 1, [&](Value row) {
    Value at = e.add(from, row);
    Value here = e.band(valid, e.band(e.cmp(CmpIPredicate::sge, at, e.integer(0)), e.cmp(CmpIPredicate::slt, at, limit)));
    e.when(here, [&] { present(row, e.at(base, e.mul(at, rowStride))); }, [&] { absent(row); });
  });
  mark();
}

bool Tiles::loadByRows(Value v, const Place &place) {
  auto load = v.getDefiningOp<LoadOp>();
  if (!load || dims(v).size() != 2 || !place.held.isF32())
    return false;
  std::optional<RowAccess> access = accessByRows(load.getBuffer(), load.getIndices());
  if (!access)
    return false;
  const Memory &m = frame.memory.find(load.getBuffer())->second;
  int64_t letter = dims(v)[1], size = TileType::size(letter), step = place.stride(letter) * 4;
  Value tile = e.at(place.own ? cx.own : cx.shared, place.offset);
  Value stride = e.mul(e.loadSlot(cx.frame, m.strideSlot(m.labels), e.i64()), e.integer(Emit::bytes(m.element)));
  auto put = [&](Value row, Value d, Value x) { e.store(x, e.at(e.at(tile, e.mul(row, e.integer(4))), e.mul(d, e.integer(step)))); };
  forRows(
      *access, load.getBuffer(), load.getIndices(),
      [&](Value row, Value memory) {
        e.loop(0, size, 1, [&](Value d) {
          Value x = e.load(m.element, e.at(memory, e.mul(d, stride)));
          put(row, d, m.element.isF32() ? x : arith::ExtFOp::create(e, e.getF32Type(), x).getResult());
        });
      },
      [&](Value row) { e.loop(0, size, 1, [&](Value d) { put(row, d, e.real(0)); }); });
  return true;
}

bool Tiles::storeByRows(StoreOp op, const Place &staging) {
  Value v = op.getValue();
  if (dims(v).size() != 2 || dims(v)[0] != TileType::R)
    return false;
  std::optional<RowAccess> access = accessByRows(op.getBuffer(), op.getIndices());
  if (!access)
    return false;
  const Memory &m = frame.memory.find(op.getBuffer())->second;
  if (!cx.places.count(v))
    materialize(v, staging);
  int64_t letter = dims(v)[1], size = TileType::size(letter), step = staging.stride(letter) * 4;
  Value tile = e.at(staging.own ? cx.own : cx.shared, staging.offset);
  Value stride = e.mul(e.loadSlot(cx.frame, m.strideSlot(m.labels), e.i64()), e.integer(Emit::bytes(m.element)));
  forRows(
      *access, op.getBuffer(), op.getIndices(),
      [&](Value row, Value memory) {
        Value from = e.at(tile, e.mul(row, e.integer(4)));
        e.loop(0, size, 1, [&](Value d) {
          Value x = e.load(e.getF32Type(), e.at(from, e.mul(d, e.integer(step))));
          e.store(m.element.isF32() ? x : arith::TruncFOp::create(e, m.element, x).getResult(), e.at(memory, e.mul(d, stride)));
        });
      },
      [](Value) {});
  return true;
}
