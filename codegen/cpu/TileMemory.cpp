// Tiles from and to buffers.
#include "codegen/cpu/Tiles.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::cpu;
using arith::CmpIPredicate;

Value Tiles::lengthOf(const Memory &m, unsigned label) {
  if (m.columns && label + 1 == m.labels)
    return e.integer(m.columns);
  return m.sizes.empty() ? e.loadSlot(cx.frame, m.extentSlots[label], e.i64()) : scalar(m.sizes[label]);
}

Type attn::cpu::inMemory(Emit &e, Type element) {
  if (element.isIndex())
    return e.i64();
  if (element.isInteger(1))
    return e.getI8Type();
  if (auto integer = dyn_cast<IntegerType>(element))
    return e.getIntegerType(integer.getWidth());
  return element;
}

static Type bitsOf(Emit &e, Type memory) { return memory.isBF16() || memory.isF16() ? Type(e.getI16Type()) : memory; }

// From what lies in memory to what is held.
static Value toHeld(Emit &e, Value x, Type element) {
  auto like = [&](Type t) { return e.isVector(x) ? Type(e.vec(t)) : t; };
  if (element.isInteger(1))
    return e.cmp(CmpIPredicate::ne, x, e.zero(x.getType()));
  if (element.isBF16() || element.isF16())
    return arith::ExtFOp::create(e, like(e.getF32Type()), x);
  return x;
}

static Value toMemory(Emit &e, Value x, Type element) {
  auto like = [&](Type t) { return e.isVector(x) ? Type(e.vec(t)) : t; };
  if (element.isInteger(1))
    return arith::ExtUIOp::create(e, like(e.getI8Type()), x);
  if (element.isBF16() || element.isF16())
    return arith::TruncFOp::create(e, like(element), x);
  return x;
}

// The address where `valid`, else one that is always readable.
Value Tiles::loadAt(Type element, Value base, Value offset, Value valid, bool isVector) {
  Type memory = inMemory(e, element);
  Value size = e.integer(Emit::bytes(memory));
  if (!isVector) {
    Value p = e.at(base, e.mul(offset, size));
    if (valid && e.lanes == 1) // a branch costs a thread nothing
      return e.choose(valid, [&] { return toHeld(e, e.load(memory, p), element); }, [&] { return e.zero(e.held(element)); });
    if (valid)
      p = e.select(valid, p, cx.frame);
    Value x = toHeld(e, e.load(memory, p), element);
    return valid ? e.select(valid, x, e.zero(x.getType())) : x;
  }
  Value bytes = e.mul(offset, size);
  auto pointers = VectorType::get({int64_t(e.lanes)}, e.ptr());
  Value p = LLVM::GEPOp::create(e, pointers, e.getI8Type(), base, ArrayRef<LLVM::GEPArg>{e.splat(bytes)});
  Value mask = valid ? e.splat(valid) : e.splat(e.boolean(true));
  // Gathers of 16-bit floats that are no instruction would compute in them.
  Type raw = bitsOf(e, memory);
  Value x = LLVM::masked_gather::create(e, e.vec(raw), p, mask, ValueRange(e.zero(e.vec(raw))), unsigned(Emit::bytes(memory)));
  return toHeld(e, raw == memory ? x : arith::BitcastOp::create(e, e.vec(memory), x).getResult(), element);
}

Value Tiles::load(LoadOp op, const Position &p) {
  const Memory &m = frame.memory.find(op.getBuffer())->second;
  Value offset = e.integer(0), valid;
  auto stride = [&](unsigned dim) { return e.loadSlot(cx.frame, m.strideSlot(dim), e.i64()); };
  for (auto [k, operand] : llvm::enumerate(op.getIndices())) {
    Value x = eval(operand, p);
    if (isa<TileType>(operand.getType()))
      valid = e.band(valid, present(operand, p));
    valid = e.band(valid, e.cmp(CmpIPredicate::ult, x, lengthOf(m, k)));
    offset = e.add(offset, e.mul(x, stride(k)));
  }
  ArrayRef<int64_t> letters = plan::dimsOf(op.getType()).take_back(m.shape.size());
  for (auto [k, letter] : llvm::enumerate(letters))
    offset = e.add(offset, e.mul(index(letter, p), stride(m.labels + k)));
  bool isVector = e.isVector(offset);
  if (isVector && valid)
    valid = e.splat(valid);
  return loadAt(m.element, e.loadSlot(cx.frame, m.slot, e.ptr()), offset, valid, isVector);
}

void Tiles::store(StoreOp op) {
  const Memory &m = frame.memory.find(op.getBuffer())->second;
  Value v = op.getValue();
  Type memory = inMemory(e, m.element);
  SmallVector<int64_t> all(dims(v));
  for (Value operand : op.getIndices())
    plan::join(all, operand.getType());
  int64_t lane = llvm::is_contained(all, TileType::R) ? TileType::R : 0;
  if (lane) // outermost
    std::rotate(all.begin(), llvm::find(all, lane), std::next(llvm::find(all, lane)));
  ArrayRef<int64_t> letters = plan::dimsOf(v.getType()).take_back(m.shape.size());

  auto write = [&](const Position &p) {
    Value offset = e.integer(0), valid;
    auto stride = [&](unsigned dim) { return e.loadSlot(cx.frame, m.strideSlot(dim), e.i64()); };
    for (auto [k, operand] : llvm::enumerate(op.getIndices())) {
      Value x = eval(operand, p);
      if (isa<TileType>(operand.getType()))
        valid = e.band(valid, present(operand, p));
      valid = e.band(valid, e.cmp(CmpIPredicate::ult, x, lengthOf(m, k)));
      offset = e.add(offset, e.mul(x, stride(k)));
    }
    for (auto [k, letter] : llvm::enumerate(letters))
      offset = e.add(offset, e.mul(index(letter, p), stride(m.labels + k)));
    Value base = e.loadSlot(cx.frame, m.slot, e.ptr());
    Value x = eval(v, p), bytes = e.mul(offset, e.integer(Emit::bytes(memory)));
    if (e.isVector(offset)) {
      auto pointers = VectorType::get({int64_t(e.lanes)}, e.ptr());
      Value to = LLVM::GEPOp::create(e, pointers, e.getI8Type(), base, ArrayRef<LLVM::GEPArg>{bytes});
      Value data = toMemory(e, e.splat(x), m.element);
      if (Type raw = bitsOf(e, memory); raw != memory)
        data = arith::BitcastOp::create(e, e.vec(raw), data);
      LLVM::masked_scatter::create(e, data, to, e.splat(valid), unsigned(Emit::bytes(memory)));
      return;
    }
    auto one = [&] { e.store(toMemory(e, x, m.element), e.at(base, bytes)); };
    if (valid)
      e.when(valid, one);
    else
      one();
  };
  std::function<void(unsigned, Position)> nest = [&](unsigned k, Position p) {
    if (k == all.size())
      return write(p);
    hoist(v, all[k], p);
    for (Value operand : op.getIndices())
      hoist(operand, all[k], p);
    scope([&] {
      e.loop(e.integer(0), extent(all[k]), all[k] == lane ? e.lanes : 1, [&](Value at) { nest(k + 1, p.with(all[k], at)); });
    });
  };
  mark();
  nest(0, Position().lanes(lane));
}

std::optional<Tiles::Rows> Tiles::rowsOf(LoadOp load, Value tile) {
  const Memory &m = frame.memory.find(load.getBuffer())->second;
  if (m.shape.size() != 1 || tile != cx.keyTile)
    return std::nullopt;
  Value base = e.loadSlot(cx.frame, m.slot, e.ptr()), stride;
  Value size = e.integer(Emit::bytes(m.element));
  auto step = [&](unsigned dim) { return e.mul(e.loadSlot(cx.frame, m.strideSlot(dim), e.i64()), size); };
  for (auto [k, operand] : llvm::enumerate(load.getIndices())) {
    if (operand == tile) {
      if (stride)
        return std::nullopt;
      stride = step(k);
      if (cx.keyBase)
        base = e.at(base, e.mul(cx.keyBase, stride));
      continue;
    }
    // Grid indices and the key head are inside by construction.
    bool inside = isa<BlockArgument>(operand) || operand.getDefiningOp<attn::KvHeadOp>();
    if (!inside || isa<TileType>(operand.getType()))
      return std::nullopt;
    base = e.at(base, e.mul(scalar(operand), step(k)));
  }
  if (!stride)
    return std::nullopt;
  return Rows{base, stride, step(m.labels)};
}

Value Tiles::keyInBase(Value c) { return cx.keyBase ? c : eval(cx.keyTile, Position().with(TileType::C, c)); }

Tiles::Rows Tiles::place(const Place &place, int64_t rowDim, int64_t componentDim) {
  int64_t size = Emit::bytes(place.held);
  return {e.at(place.own ? cx.own : cx.shared, place.offset), e.integer(place.stride(rowDim) * size), e.integer(place.stride(componentDim) * size)};
}
