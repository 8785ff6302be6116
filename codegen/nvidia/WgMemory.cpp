// Fragments from and to global memory.
#include "codegen/nvidia/WgLowering.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include <array>

using namespace mlir;
using namespace wg;
using namespace attn::nvidia;

static int64_t bytesOf(Type type) { return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8); }

/// `base` and `index` elements behind it.
static Value element(WgLowering &l, Value base, Value index, int64_t bytes) {
  Value offset = l.scaled(l.wide(index), bytes);
  return LLVM::GEPOp::create(l, l.tGlobal, l.getI8Type(), base, ValueRange(offset));
}

/// The register of `frag` that meets register i of `whole`.
static Value meeting(WgLowering &l, Value frag, FragType whole, int64_t i) {
  return l.of(frag)[cast<FragType>(frag.getType()).meets(whole, i)];
}

/// Where the elements of a load are, in the order of its registers. Columns of a
/// stride are found from one another: one address for every row is alive then.
static Registers places(WgLowering &l, LoadOp op, int64_t bytes) {
  FragType whole = op.getType();
  Value base = l.one(op.getBase());
  Registers result;
  if (!op.getStride()) {
    for (int64_t i = 0; i < whole.registers(); ++i)
      result.push_back(element(l, base, meeting(l, op.getIndex(), whole, i), bytes));
    return result;
  }
  // Two neighbours of every eight columns belong to a thread.
  Value stride = l.one(op.getStride()), next = l.scaled(stride, bytes), jump = l.scaled(stride, 7 * bytes);
  Value share = l.mul(l.wide(l.first), stride);
  SmallVector<Value> at;
  for (Value row : l.of(op.getIndex()))
    at.push_back(element(l, element(l, base, row, bytes), share, bytes));
  for (int64_t i = 0; i < whole.registers(); ++i) {
    Value &place = at[i / 2 % 2];
    if (i >= 4 || i % 2)
      place = LLVM::GEPOp::create(l, l.tGlobal, l.getI8Type(), place, ValueRange(i % 2 ? next : jump));
    result.push_back(place);
  }
  return result;
}

// Guarded loads are predicated: a branch for each would cut the code to pieces.
static LogicalResult lower(WgLowering &l, LoadOp op) {
  FragType whole = op.getType();
  Type type = whole.getElement();
  int64_t bytes = bytesOf(type);
  if (bytes > 8 || type.isIndex())
    return l.refuse(op, "loads elements of 1, 2, 4 or 8 bytes");
  // Registers are 16, 32 or 64 bits wide.
  int64_t width = std::max<int64_t>(16, 8 * bytes);
  StringRef letter = width == 16 ? "h" : width == 32 ? "r" : "l";
  std::string text = llvm::formatv("{{\n.reg .pred p;\nsetp.ne.s32 p, $2, 0;\nmov.b{0} $0, 0;\n@p ld.global.b{1} $0, [$1];\n}", width, 8 * bytes);
  Type wide = l.getIntegerType(width);
  Registers values;
  for (auto [i, from] : llvm::enumerate(places(l, op, bytes))) {
    Value value;
    if (!op.getValid()) {
      value = LLVM::LoadOp::create(l, type.isInteger(1) ? l.getI8Type() : type, from, bytes);
      if (type.isInteger(1))
        value = LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ne, value, LLVM::ConstantOp::create(l, l.getI8Type(), l.getI8IntegerAttr(0)));
    } else {
      Value valid = LLVM::ZExtOp::create(l, l.tI32, meeting(l, op.getValid(), whole, i));
      value = l.assembly(text, ("=" + letter + ",l,r").str(), {from, valid}, wide, /*effects=*/false).front();
      if (type.isInteger(1))
        value = LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ne, value, LLVM::ConstantOp::create(l, wide, l.getIntegerAttr(wide, 0)));
      else if (wide.getIntOrFloatBitWidth() != type.getIntOrFloatBitWidth())
        value = LLVM::TruncOp::create(l, type, value);
      else if (wide != type)
        value = LLVM::BitcastOp::create(l, type, value);
    }
    values.push_back(value);
  }
  l.set(op.getResult(), values);
  return success();
}

//===----------------------------------------------------------------------===//
// Stores
//===----------------------------------------------------------------------===//

/// Two 16-bit values in 32 bits; values just rounded are rounded together.
static Value pair(WgLowering &l, Value low, Value high) {
  auto a = low.getDefiningOp<arith::TruncFOp>(), b = high.getDefiningOp<arith::TruncFOp>();
  if (a && b && a.getIn().getType() == l.tF32 && b.getIn().getType() == l.tF32) {
    StringRef text = low.getType().isBF16() ? "cvt.rn.bf16x2.f32 $0, $1, $2;" : "cvt.rn.f16x2.f32 $0, $1, $2;";
    return l.assembly(text, "=r,f,f", {b.getIn(), a.getIn()}, l.tI32, /*effects=*/false).front();
  }
  auto bits = [&](Value x) -> Value {
    if (x.getType() != l.tI16)
      x = LLVM::BitcastOp::create(l, l.tI16, x);
    return LLVM::ZExtOp::create(l, l.tI32, x);
  };
  return LLVM::OrOp::create(l, bits(low), LLVM::ShlOp::create(l, bits(high), l.i32(16)));
}

static void storeTo(WgLowering &l, Value place, Value value, int64_t align) {
  if (value.getType().isInteger(1))
    value = LLVM::ZExtOp::create(l, l.getI8Type(), value);
  LLVM::StoreOp::create(l, value, place, align);
}

/// Register i (and the next, its right neighbour) of a row whose first element
/// that this thread holds lies at `place`.
static void storePair(WgLowering &l, StoreOp op, Value place, int64_t i, int64_t bytes, int64_t align) {
  ValueRange values = l.of(op.getValue());
  int64_t column = 8 * (i / 4), cols = op.getCols().value_or(cast<FragType>(op.getValue().getType()).getCols());
  if (column >= cols)
    return;
  auto at = [&](int64_t col) -> Value {
    if (!op.getStride())
      return LLVM::GEPOp::create(l, l.tGlobal, l.getI8Type(), place, LLVM::GEPArg(int32_t(col * bytes)));
    Value offset = l.scaled(l.one(op.getStride()), col * bytes);
    return LLVM::GEPOp::create(l, l.tGlobal, l.getI8Type(), place, ValueRange(offset));
  };
  // Whether the group of 8 columns is cut depends on the lane.
  bool cut = column + 8 > cols;
  if (!cut && !op.getStride() && align >= 2 * bytes && bytes == 2)
    return storeTo(l, at(column), pair(l, values[i], values[i + 1]), 4);
  if (!cut && !op.getStride() && align >= 2 * bytes && bytes == 4) {
    Type type = VectorType::get(2, values[i].getType());
    Value both = LLVM::PoisonOp::create(l, type);
    both = LLVM::InsertElementOp::create(l, both, values[i], l.i32(0));
    both = LLVM::InsertElementOp::create(l, both, values[i + 1], l.i32(1));
    return storeTo(l, at(column), both, 8);
  }
  for (int64_t n = 0; n < 2; ++n) {
    auto store = [&] { storeTo(l, at(column + n), values[i + n], bytes); };
    if (cut)
      l.when(LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::slt, l.first, l.i32(cols - column - n)), store);
    else
      store();
  }
}

/// Lane t of a quad holds words t of four pieces of 16 bytes; afterwards it
/// holds piece t. All lanes come here.
static void transpose(WgLowering &l, MutableArrayRef<Value> words) {
  for (int64_t bit : {1, 2}) {
    Value upper = LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ne, l.andi(l.lane, bit), l.i32(0));
    for (int64_t j : bit == 1 ? std::array<int64_t, 2>{0, 2} : std::array<int64_t, 2>{0, 1}) {
      Value &a = words[j], &b = words[j + bit];
      Value sent = LLVM::SelectOp::create(l, upper, a, b);
      Value got = l.shuffle(sent, NVVM::ShflKind::bfly, l.i32(bit));
      a = LLVM::SelectOp::create(l, upper, got, a);
      b = LLVM::SelectOp::create(l, upper, b, got);
    }
  }
}

static LogicalResult lower(WgLowering &l, StoreOp op) {
  auto type = cast<FragType>(op.getValue().getType());
  if (type.getElement().isIndex())
    return l.refuse(op, "stores elements of 1, 2, 4 or 8 bytes");
  ReadThreadAgain again(l);
  int64_t bytes = bytesOf(type.getElement()), align = op.getAlign().value_or(bytes);
  int64_t cols = op.getCols().value_or(type.getCols());
  // 32 columns at a time: four lanes then write 64 bytes of a row together.
  int64_t wide = bytes == 2 && align >= 16 && !op.getStride() ? cols / 32 : 0;
  Value base = l.one(op.getBase());
  for (int64_t h = 0; h < 2; ++h) {
    SmallVector<Value> words;
    for (int64_t n = 0; n < wide; ++n) {
      ValueRange values = l.of(op.getValue());
      for (int64_t i = 16 * n + 2 * h; i < 16 * (n + 1); i += 4)
        words.push_back(pair(l, values[i], values[i + 1]));
      transpose(l, MutableArrayRef(words).take_back(4));
    }
    auto row = [&] {
      Value start = element(l, base, l.of(op.getIndex())[h], bytes);
      if (type.getCols() == 0) {
        l.when(l.equals(l.first, l.i32(0)), [&] { storeTo(l, start, l.of(op.getValue())[h], bytes); });
        return;
      }
      for (int64_t n = 0; n < wide; ++n) {
        Value place = element(l, start, l.first, 8);
        place = LLVM::GEPOp::create(l, l.tGlobal, l.getI8Type(), place, LLVM::GEPArg(int32_t(64 * n)));
        Value all = LLVM::PoisonOp::create(l, VectorType::get(4, l.tI32));
        for (int64_t k = 0; k < 4; ++k)
          all = LLVM::InsertElementOp::create(l, all, words[4 * n + k], l.i32(k));
        storeTo(l, place, all, 16);
      }
      if (32 * wide == cols)
        return;
      Value column = l.wide(l.first);
      if (op.getStride())
        column = l.mul(column, l.one(op.getStride()));
      Value place = element(l, start, column, bytes);
      for (int64_t i = 16 * wide + 2 * h; i < type.registers(); i += 4)
        storePair(l, op, place, i, bytes, align);
    };
    if (op.getValid())
      l.when(l.of(op.getValid())[h], row);
    else
      row();
  }
  return success();
}

std::optional<LogicalResult> attn::nvidia::lowerMemory(WgLowering &l, Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<LogicalResult>>(op)
      .Case<LoadOp, StoreOp>([&](auto o) { return lower(l, o); })
      .Default([](Operation *) { return std::nullopt; });
}
