// Rows of a tensor at listed numbers, brought into a stage by many threads.
//
// Eight threads take the eight pieces of 64 columns of a row, so whole 128-byte
// lines are read, and the swizzle of a thread never changes.
#include "codegen/nvidia/WgLowering.h"

using namespace mlir;
using namespace wg;
using namespace attn::nvidia;

namespace {
struct Gather {
  WgLowering &l;
  GatherOp op;
  GatheredStage stage;
  Value mine, piece; ///< the thread's first row, and its 16 bytes of 64 columns; i32
  Value place;       ///< of the first row's piece

  int64_t together() const { return stage.threads / 8; }
  int64_t chunks() const { return llvm::divideCeil(stage.cols, 64); }
  Value below(Value a, Value b) { return LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::slt, a, b); }
  Value bytes(Value pointer, Value offset) { return LLVM::GEPOp::create(l, pointer.getType(), l.getI8Type(), pointer, ValueRange(offset)); }
  Value bytes(Value pointer, int64_t offset) {
    return offset ? LLVM::GEPOp::create(l, pointer.getType(), l.getI8Type(), pointer, LLVM::GEPArg(int32_t(offset))).getResult() : pointer;
  }
  void begin();
  /// The row of the tensor at position `first` + y, as its address; whether there is one.
  std::pair<Value, Value> source(Value y);
  /// Whether the thread's piece of chunk g has columns; null: in all threads.
  Value column(int64_t g) {
    return stage.cols < 64 * (g + 1) ? below(piece, l.i32(stage.cols / 8 - 8 * g)) : Value();
  }
  void copies();
  void elements(Value component);
};
} // namespace

void Gather::begin() {
  mine = l.shr(l.thread, 3);
  piece = l.andi(l.thread, 7);
  Value turned = LLVM::ShlOp::create(l, LLVM::XOrOp::create(l, piece, l.andi(mine, 7)), l.i32(4));
  place = bytes(stage.at, l.add(l.mul(mine, l.i32(stage.rowBytes)), turned));
}

std::pair<Value, Value> Gather::source(Value y) {
  Value end = l.one(op.getEnd()), position = l.add(l.one(op.getFirst()), y), exists = below(position, end);
  // Behind the end the last item is read once more; the list is not empty.
  position = LLVM::SMinOp::create(l, position, l.add(end, l.i32(-1)));
  int64_t of = op.getOf();
  Value index = of == 1 ? position : LLVM::UDivOp::create(l, position, l.i32(of)).getResult();
  auto place = LLVM::GEPOp::create(l, l.tGlobal, l.tI32, l.one(op.getItems()), ValueRange(index));
  auto item = LLVM::LoadOp::create(l, l.tI32, place, 4);
  item.setInvariant(true);
  Value row = item;
  if (of != 1)
    row = l.add(l.mul(row, l.i32(of)), LLVM::URemOp::create(l, position, l.i32(of)));
  return {row, exists};
}

// All items first: they are far away, and do not wait for each other.
void Gather::copies() {
  Value stride = l.scaled(l.one(op.getStride()), 2), base = bytes(l.one(op.getBase()), LLVM::ShlOp::create(l, piece, l.i32(4)));
  SmallVector<std::pair<Value, Value>> rows;
  for (int64_t y = 0; y < stage.rows; y += together())
    rows.push_back(source(l.add(mine, l.i32(y))));
  for (auto [n, row] : llvm::enumerate(rows)) {
    Value from = bytes(base, l.mul(LLVM::ZExtOp::create(l, l.tI64, row.first), stride));
    for (int64_t g = 0; g < chunks(); ++g) {
      Value exists = row.second;
      if (Value some = column(g))
        exists = LLVM::AndOp::create(l, exists, some);
      Value size = LLVM::SelectOp::create(l, exists, l.i32(16), l.i32(0));
      NVVM::CpAsyncOp::create(l, bytes(place, int64_t(n) * together() * stage.rowBytes + g * stage.chunkBytes), bytes(from, 128 * g), 16,
                              NVVM::LoadCacheModifierKind::CG, size);
    }
  }
}

// Element by element: the way of odd tensors.
void Gather::elements(Value component) {
  Value stride = l.scaled(l.one(op.getStride()), 2), apart = l.scaled(component, 2);
  l.loop(l.i32(0), l.i32(stage.rows), together(), [&](Value y) {
    auto [row, exists] = source(l.add(mine, y));
    Value from = bytes(l.one(op.getBase()), l.mul(LLVM::ZExtOp::create(l, l.tI64, row), stride));
    Value to = bytes(place, l.mul(y, l.i32(stage.rowBytes)));
    Value first = l.mul(LLVM::ZExtOp::create(l, l.tI64, l.mul(piece, l.i32(8))), apart);
    for (int64_t g = 0; g < chunks(); ++g) {
      Value some = exists;
      if (Value inside = column(g))
        some = LLVM::AndOp::create(l, some, inside);
      auto read = scf::IfOp::create(l, TypeRange(SmallVector<Type>(8, l.tI16)), some, true);
      {
        OpBuilder::InsertionGuard guard(l);
        l.setInsertionPointToEnd(read.thenBlock());
        Value p = bytes(from, l.add(first, l.mul(apart, l.i64(64 * g))));
        SmallVector<Value> loaded;
        for (int64_t k = 0; k < 8; ++k, p = bytes(p, apart))
          loaded.push_back(LLVM::LoadOp::create(l, l.tI16, p, /*alignment=*/2));
        scf::YieldOp::create(l, loaded);
        l.setInsertionPointToEnd(read.elseBlock());
        scf::YieldOp::create(l, SmallVector<Value>(8, LLVM::ConstantOp::create(l, l.tI16, l.getI16IntegerAttr(0))));
      }
      Value all = LLVM::PoisonOp::create(l, VectorType::get({8}, l.tI16));
      for (int64_t k = 0; k < 8; ++k)
        all = LLVM::InsertElementOp::create(l, all, read.getResult(k), l.i32(k));
      LLVM::StoreOp::create(l, LLVM::BitcastOp::create(l, VectorType::get({4}, l.tI32), all), bytes(to, g * stage.chunkBytes), /*alignment=*/16);
    }
  });
}

void attn::nvidia::gatherRows(WgLowering &l, GatherOp op, GatheredStage stage) {
  Gather gather{l, op, stage, {}, {}, {}};
  gather.begin();
  if (op.getComponents())
    gather.elements(l.one(op.getComponents()));
  else
    gather.copies();
}
