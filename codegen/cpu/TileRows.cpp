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

// The element at row i, lane j goes to row j, lane i: log2(lanes) rounds, each of
// which exchanges blocks off the diagonal.
static void transpose(Emit &e, SmallVectorImpl<Value> &v) {
  int64_t n = v.size();
  for (int64_t width = 1; width < n; width *= 2)
    for (int64_t i = 0; i < n; ++i) {
      if (i & width)
        continue;
      SmallVector<int64_t> low, high;
      for (int64_t l = 0; l < n; ++l) {
        low.push_back(l & width ? n + l - width : l);
        high.push_back(l & width ? n + l : l + width);
      }
      Value a = vector::ShuffleOp::create(e, v[i], v[i + width], low), b = vector::ShuffleOp::create(e, v[i], v[i + width], high);
      v[i] = a;
      v[i + width] = b;
    }
}

static Value widened(Emit &e, Value x) {
  Type f32 = e.getF32Type();
  return getElementTypeOrSelf(x.getType()).isF32() ? x : arith::ExtFOp::create(e, e.isVector(x) ? Type(e.vec(f32)) : f32, x).getResult();
}
static Value narrowed(Emit &e, Value x, Type element) {
  return element.isF32() ? x : arith::TruncFOp::create(e, e.isVector(x) ? Type(e.vec(element)) : element, x).getResult();
}

// A block of rows that are all present, with components side by side, is
// transposed in registers; everything else goes element by element.
void Tiles::copyRows(RowAccess access, Value buffer, ValueRange indices, const Place &place, int64_t letter, bool toMemory) {
  const Memory &m = frame.memory.find(buffer)->second;
  mark();
  int64_t lanes = e.lanes, size = TileType::size(letter), step = place.stride(letter) * 4, bytes = Emit::bytes(m.element), whole = lanes == 1 ? 0 : size - size % lanes;
  Value tile = e.at(place.own ? cx.own : cx.shared, place.offset);
  Value base = e.loadSlot(cx.frame, m.slot, e.ptr()), valid = e.boolean(true), rowStride;
  auto stride = [&](unsigned dim) { return e.mul(e.loadSlot(cx.frame, m.strideSlot(dim), e.i64()), e.integer(bytes)); };
  for (auto [k, index] : llvm::enumerate(indices)) {
    if (k == access.label) {
      rowStride = stride(k);
      continue;
    }
    Value x = scalar(index);
    valid = e.band(valid, e.cmp(CmpIPredicate::ult, x, lengthOf(m, k)));
    base = e.at(base, e.mul(x, stride(k)));
  }
  Value componentStride = stride(m.labels);
  Value from = scalar(access.rows.getFrom()), limit = e.min(scalar(access.rows.getLimit()), lengthOf(m, access.label));
  Value sideBySide = e.band(valid, e.cmp(CmpIPredicate::eq, componentStride, e.integer(bytes)));
  // Scratch and memory at a row of the tile and a component.
  auto inTile = [&](Value row, Value d) { return e.at(e.at(tile, e.mul(row, e.integer(4))), e.mul(d, e.integer(step))); };
  auto inMemory = [&](Value row, Value d) { return e.at(e.at(base, e.mul(e.add(from, row), rowStride)), e.mul(d, componentStride)); };
  auto one = [&](Value row, Value d) {
    if (toMemory)
      e.store(narrowed(e, e.load(e.getF32Type(), inTile(row, d)), m.element), inMemory(row, d));
    else
      e.store(widened(e, e.load(m.element, inMemory(row, d))), inTile(row, d));
  };
  auto block = [&](Value row, Value d) {
    SmallVector<Value> v;
    auto memory = [&](int64_t k) { return inMemory(e.add(row, e.integer(k)), d); };
    auto scratch = [&](int64_t k) { return inTile(row, e.add(d, e.integer(k))); };
    for (int64_t k = 0; k < lanes; ++k)
      v.push_back(toMemory ? e.load(e.vec(e.getF32Type()), scratch(k), lanes * 4) : widened(e, e.load(e.vec(m.element), memory(k), bytes)));
    transpose(e, v);
    for (int64_t k = 0; k < lanes; ++k) {
      if (toMemory)
        e.store(narrowed(e, v[k], m.element), memory(k), bytes);
      else
        e.store(v[k], scratch(k), lanes * 4);
    }
  };
  e.loop(0, cx.rows, lanes, [&](Value first) {
    Value at = e.add(from, first);
    Value inside = e.band(e.cmp(CmpIPredicate::sge, at, e.integer(0)), e.cmp(CmpIPredicate::sle, e.add(at, e.integer(lanes)), limit));
    Value blocks = e.select(e.band(sideBySide, inside), e.integer(whole), e.integer(0));
    e.loop(e.integer(0), blocks, lanes, [&](Value d) { block(first, d); });
    e.loop(first, e.add(first, e.integer(lanes)), 1, [&](Value row) {
      Value r = e.add(from, row);
      Value here = e.band(valid, e.band(e.cmp(CmpIPredicate::sge, r, e.integer(0)), e.cmp(CmpIPredicate::slt, r, limit)));
      e.when(
          here, [&] { e.loop(blocks, e.integer(size), 1, [&](Value d) { one(row, d); }); },
          [&] {
            if (!toMemory)
              e.loop(0, size, 1, [&](Value d) { e.store(e.real(0), inTile(row, d)); });
          });
    });
  });
  mark();
}

bool Tiles::loadByRows(Value v, const Place &place) {
  auto load = v.getDefiningOp<LoadOp>();
  if (!load || dims(v).size() != 2 || !place.held.isF32())
    return false;
  std::optional<RowAccess> access = accessByRows(load.getBuffer(), load.getIndices());
  if (access)
    copyRows(*access, load.getBuffer(), load.getIndices(), place, dims(v)[1], false);
  return access.has_value();
}

bool Tiles::storeByRows(StoreOp op, const Place &staging) {
  Value v = op.getValue();
  if (dims(v).size() != 2 || dims(v)[0] != TileType::R)
    return false;
  std::optional<RowAccess> access = accessByRows(op.getBuffer(), op.getIndices());
  if (!access)
    return false;
  if (!cx.places.count(v))
    materialize(v, staging);
  copyRows(*access, op.getBuffer(), op.getIndices(), staging, dims(v)[1], true);
  return true;
}
