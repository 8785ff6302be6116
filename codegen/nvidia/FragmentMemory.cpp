// Fragments from and to buffers, element by element.
#include "codegen/nvidia/Fragments.h"
#include "dialect/PlanRules.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;
using arith::CmpIPredicate;

static Value wide(cpu::Emit &e, Value x) { return x.getType().isInteger(64) ? x : e.createOrFold<arith::ExtSIOp>(e.i64(), x); }

// Whether a uniform index is inside its label by construction.
static bool inside(Value index) { return isa<BlockArgument>(index) || index.getDefiningOp<attn::KvHeadOp>(); }

// Offsets count elements from the first one at the uniform indices.
Fragments::Access Fragments::access(Value buffer, ValueRange indices, bool store) {
  const cpu::Memory &m = uniform.frame.memory.find(buffer)->second;
  auto stride = [&](unsigned dim) { return e.loadSlot(parameters, m.strideSlot(dim), e.i64()); };
  Access a;
  Value start = e.integer(0), valid, misaligned = e.integer(0);
  SmallVector<std::pair<Value, unsigned>> tiles;
  SmallVector<int64_t> all;
  int64_t bytes = cpu::Emit::bytes(cpu::inMemory(e, m.element));
  for (auto [k, index] : llvm::enumerate(indices)) {
    if (isa<plan::TileType>(index.getType())) {
      tiles.push_back({index, k});
      plan::join(all, index.getType());
      misaligned = arith::OrIOp::create(e, misaligned, e.mul(stride(k), e.integer(bytes)));
      continue;
    }
    Value x = uniform.scalar(index);
    if (!inside(index))
      valid = e.band(valid, e.cmp(CmpIPredicate::ult, x, uniform.lengthOf(m, k)));
    start = e.add(start, e.mul(x, stride(k)));
  }
  Value address = e.loadSlot(parameters, m.slot, e.i64());
  start = e.add(address, e.mul(start, e.integer(bytes)));
  a.base = LLVM::IntToPtrOp::create(e, LLVM::LLVMPointerType::get(e.getContext(), 1), start);
  misaligned = arith::OrIOp::create(e, misaligned, start);
  a.aligned = e.cmp(CmpIPredicate::eq, arith::AndIOp::create(e, misaligned, e.integer(15)), e.integer(0));
  if (!m.shape.empty()) {
    a.componentStride = stride(m.labels);
    a.aligned = e.band(a.aligned, e.cmp(CmpIPredicate::eq, a.componentStride, e.integer(1)));
  }
  if (tiles.empty())
    return a;
  SmallVector<Value> frags, lengths, strides;
  for (auto [tile, k] : tiles) {
    frags.push_back(get(tile));
    lengths.push_back(uniform.lengthOf(m, k));
    strides.push_back(stride(k));
  }
  // Stores at absent rows do nothing.
  Value rowLimit;
  if (store) {
    plan::RowsOp rows = shape.rows;
    rowLimit = uniform.scalar(rows.getLimit());
    frags.push_back(get(rows.getResult()));
  }
  auto type = typeOf(plan::TileType::get(e.getContext(), all, e.getF32Type()), e.i64());
  auto op = wg::MapOp::create(e, TypeRange{type, type.with(e.getI1Type())}, frags, [](OpBuilder &, Location, ValueRange) {});
  {
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToEnd(&op.getBody().front());
    Value offset = e.integer(0);
    for (unsigned k = 0; k < tiles.size(); ++k) {
      Value x = wide(e, op.getBody().getArgument(k));
      valid = e.band(valid, e.cmp(CmpIPredicate::ult, x, lengths[k]));
      offset = e.add(offset, e.mul(x, strides[k]));
    }
    if (rowLimit)
      valid = e.band(valid, e.cmp(CmpIPredicate::slt, wide(e, op.getBody().getArguments().back()), rowLimit));
    wg::YieldOp::create(e, ValueRange{offset, valid});
  }
  a.offset = op.getResult(0);
  a.valid = op.getResult(1);
  return a;
}

void Fragments::load(plan::LoadOp op) {
  if (!isa<plan::TileType>(op.getType()))
    return;
  const cpu::Memory &m = uniform.frame.memory.find(op.getBuffer())->second;
  Access a = access(op.getBuffer(), op.getIndices(), false);
  auto tile = cast<plan::TileType>(op.getType());
  auto type = typeOf(tile, cpu::inMemory(e, m.element));
  Value stride = a.componentStride;
  if (stride && !a.offset) {
    auto columns = wg::FragType::get(e.getContext(), false, type.getCols(), e.i64());
    a.offset = map(columns, Value(wg::ColsOp::create(e, columns, e.integer(0))), [&](ValueRange in) { return e.mul(in[0], stride); });
    stride = {};
  }
  Value x = wg::LoadOp::create(e, type, a.base, a.offset, a.valid, stride);
  if (m.element.isInteger(1))
    x = map(type, x, [&](ValueRange in) { return e.cmp(CmpIPredicate::ne, in[0], e.zero(in[0].getType())); });
  Known &k = known[op.getResult()];
  k = Known();
  k.frag = x;
  k.range = Bounds::ofType(m.element);
}

void Fragments::store(plan::StoreOp op) {
  const cpu::Memory &m = uniform.frame.memory.find(op.getBuffer())->second;
  Access a = access(op.getBuffer(), op.getIndices(), true);
  Value x = get(op.getValue());
  auto type = cast<wg::FragType>(x.getType());
  Type memory = cpu::inMemory(e, m.element);
  if (type.getElement() != memory)
    x = map(type, x, [&](ValueRange in) -> Value {
      Type from = in[0].getType();
      if (from.isInteger(1))
        return arith::ExtUIOp::create(e, memory, in[0]);
      if (isa<FloatType>(from))
        return memory.getIntOrFloatBitWidth() < from.getIntOrFloatBitWidth() ? arith::TruncFOp::create(e, memory, in[0]).getResult()
                                                                            : arith::ExtFOp::create(e, memory, in[0]).getResult();
      return memory.getIntOrFloatBitWidth() < from.getIntOrFloatBitWidth() ? arith::TruncIOp::create(e, memory, in[0]).getResult()
                                                                          : arith::ExtSIOp::create(e, memory, in[0]).getResult();
    });
  auto write = [&](Value stride, int64_t align) {
    wg::StoreOp::create(e, x, a.base, a.offset, a.valid, stride, align ? e.getI64IntegerAttr(align) : IntegerAttr(), IntegerAttr());
  };
  if (!a.componentStride)
    return write({}, 0);
  e.when(a.aligned, [&] { write({}, 16); }, [&] { write(a.componentStride, 0); });
}
