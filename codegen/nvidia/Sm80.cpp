#include "codegen/nvidia/Sm80.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace attn::nvidia;

Value Sm80::i32(int64_t x) { return LLVM::ConstantOp::create(*this, getI32Type(), getI32IntegerAttr(int32_t(x))); }

Value Sm80::thread() { return NVVM::ThreadIdXOp::create(*this, getI32Type()); }

Value Sm80::lane() { return LLVM::AndOp::create(*this, thread(), i32(31)); }

Value Sm80::bytesAt(Value p, Value bytes) {
  return LLVM::GEPOp::create(*this, p.getType(), getI8Type(), p, ArrayRef<LLVM::GEPArg>{bytes});
}

Value Sm80::bytesAt(Value p, int64_t bytes) {
  if (!bytes)
    return p;
  return LLVM::GEPOp::create(*this, p.getType(), getI8Type(), p, ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
}

Value Sm80::stage(const SharedTile &tile, Value shared, Value stage) {
  Value first = bytesAt(shared, tile.offset);
  if (!stage || tile.stages == 1)
    return first;
  return bytesAt(first, LLVM::MulOp::create(*this, stage, i32(tile.stageBytes())));
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

// Eight threads take the eight chunks of 64 columns of a row, so a warp reads
// whole 128-byte lines, and the swizzle of a thread never changes.
void Sm80::chunks(const SharedTile &tile, Value at, int64_t threads, llvm::function_ref<void(Value, int64_t, int64_t)> body) {
  int64_t together = threads / 8;
  assert(together % 8 == 0 && tile.rows % together == 0 && "all threads copy the same number of rows");
  Value t = thread();
  Value row = LLVM::LShrOp::create(*this, t, i32(3)), chunk = LLVM::AndOp::create(*this, t, i32(7));
  Value turned = LLVM::XOrOp::create(*this, chunk, LLVM::AndOp::create(*this, row, i32(7)));
  Value to = LLVM::MulOp::create(*this, row, i32(tile.pitch()));
  to = bytesAt(at, LLVM::AddOp::create(*this, to, LLVM::ShlOp::create(*this, turned, i32(4))));
  for (int64_t r = 0; r < tile.rows; r += together)
    for (int64_t g = 0; g * 128 < tile.pitch(); ++g)
      body(bytesAt(to, r * tile.pitch() + g * 128), r, g);
}

void Sm80::fetch(const SharedTile &tile, Value at, Value from, Value stride, Present present, int64_t threads) {
  Value t = thread();
  Value row = LLVM::LShrOp::create(*this, t, i32(3)), chunk = LLVM::AndOp::create(*this, t, i32(7));
  Value wide = LLVM::ZExtOp::create(*this, getI64Type(), row);
  Value source = bytesAt(from, LLVM::MulOp::create(*this, wide, stride));
  source = bytesAt(source, LLVM::ShlOp::create(*this, chunk, i32(4)));
  Value rows = LLVM::ConstantOp::create(*this, getI64Type(), getI64IntegerAttr(threads / 8));
  Value next = LLVM::MulOp::create(*this, stride, rows);
  auto below = [&](Value a, Value b) { return LLVM::ICmpOp::create(*this, LLVM::ICmpPredicate::slt, a, b).getResult(); };
  Value inside, number = present.limit ? LLVM::AddOp::create(*this, present.first, row).getResult() : Value();
  chunks(tile, at, threads, [&](Value place, int64_t r, int64_t g) {
    if (r && !g)
      source = bytesAt(source, next);
    if (number && !g)
      inside = LLVM::ICmpOp::create(*this, LLVM::ICmpPredicate::ult, LLVM::AddOp::create(*this, number, i32(r)), present.limit);
    Value some = inside;
    if (tile.cols < 64 * (g + 1)) {
      Value column = below(chunk, i32(tile.cols / 8 - 8 * g));
      some = some ? LLVM::AndOp::create(*this, some, column).getResult() : column;
    }
    Value size = some ? LLVM::SelectOp::create(*this, some, i32(16), i32(0)).getResult() : Value();
    NVVM::CpAsyncOp::create(*this, place, bytesAt(source, g * 128), 16, NVVM::LoadCacheModifierKind::CG, size);
  });
}

// A loop over the rows of a thread: this is the way of odd tensors.
void Sm80::gather(const SharedTile &tile, Value at, Value from, Value stride, Value component, Present present, int64_t threads) {
  int64_t together = threads / 8;
  Type i16 = getI16Type(), i64 = getI64Type();
  auto wide = [&](Value x) { return LLVM::ZExtOp::create(*this, i64, x).getResult(); };
  auto times = [&](Value x, int64_t n) { return LLVM::MulOp::create(*this, x, LLVM::ConstantOp::create(*this, i64, getI64IntegerAttr(n))).getResult(); };
  auto below = [&](Value a, Value b) { return LLVM::ICmpOp::create(*this, LLVM::ICmpPredicate::slt, a, b).getResult(); };
  // Nothing of this may be computed in front of a sweep: there the registers are
  // needed. A thread number that is read here again keeps the rest here.
  auto dialect = LLVM::AsmDialectAttr::get(getContext(), LLVM::AsmDialect::AD_ATT);
  auto here = [&](StringRef text, StringRef constraints, Value x, Type type) -> Value {
    return LLVM::InlineAsmOp::create(*this, TypeRange(type), x ? ValueRange(x) : ValueRange(), text, constraints, /*has_side_effects=*/true, false,
                                     LLVM::tailcallkind::TailCallKind::None, dialect, ArrayAttr())
        .getResult(0);
  };
  Value t = here("mov.u32 $0, %tid.x;", "=r", {}, getI32Type());
  component = here("mov.b64 $0, $1;", "=l,l", component, i64);
  Value mine = LLVM::LShrOp::create(*this, t, i32(3)), chunk = LLVM::AndOp::create(*this, t, i32(7));
  Value turned = LLVM::ShlOp::create(*this, LLVM::XOrOp::create(*this, chunk, LLVM::AndOp::create(*this, mine, i32(7))), i32(4));
  auto loop = scf::ForOp::create(*this, i32(0), i32(tile.rows), i32(together));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  Value row = LLVM::AddOp::create(*this, mine, loop.getInductionVar());
  Value inside = below(row, i32(tile.rows));
  if (present.limit)
    inside = LLVM::ICmpOp::create(*this, LLVM::ICmpPredicate::ult, LLVM::AddOp::create(*this, present.first, row), present.limit);
  Value source = bytesAt(from, LLVM::MulOp::create(*this, wide(row), stride));
  Value to = bytesAt(at, LLVM::AddOp::create(*this, LLVM::MulOp::create(*this, row, i32(tile.pitch())), turned));
  Value first = times(LLVM::MulOp::create(*this, wide(chunk), component), 8);
  for (int64_t g = 0; g * 128 < tile.pitch(); ++g) {
    Value some = LLVM::AndOp::create(*this, inside, below(chunk, i32(tile.cols / 8 - 8 * g)));
    auto read = scf::IfOp::create(*this, TypeRange(SmallVector<Type>(8, i16)), some, true);
    {
      OpBuilder::InsertionGuard inner(*this);
      setInsertionPointToEnd(read.thenBlock());
      Value p = bytesAt(source, LLVM::AddOp::create(*this, first, times(component, 64 * g)));
      Values elements;
      for (int64_t k = 0; k < 8; ++k, p = bytesAt(p, component))
        elements.push_back(LLVM::LoadOp::create(*this, i16, p, /*alignment=*/2));
      scf::YieldOp::create(*this, elements);
      setInsertionPointToEnd(read.elseBlock());
      scf::YieldOp::create(*this, Values(8, LLVM::ConstantOp::create(*this, i16, getI16IntegerAttr(0))));
    }
    Value all = LLVM::PoisonOp::create(*this, VectorType::get({8}, i16));
    for (int64_t k = 0; k < 8; ++k)
      all = LLVM::InsertElementOp::create(*this, all, read.getResult(k), i32(k));
    LLVM::StoreOp::create(*this, LLVM::BitcastOp::create(*this, VectorType::get({4}, getI32Type()), all), bytesAt(to, g * 128), /*alignment=*/16);
  }
}

// x * 0 is NaN for an infinity and for NaN, else a zero, and +0 + -0 = +0.
Value Sm80::finite(const SharedTile &tile, Value at, int64_t threads) {
  Type four = VectorType::get({4}, getI32Type());
  auto dialect = LLVM::AsmDialectAttr::get(getContext(), LLVM::AsmDialect::AD_ATT);
  std::string text = std::string("fma.rn.") + (tile.element.isBF16() ? "bf16x2" : "f16x2") + " $0, $1, $2, $3;";
  Value zero = i32(0), sum = zero;
  chunks(tile, at, threads, [&](Value place, int64_t, int64_t) {
    Value loaded = LLVM::LoadOp::create(*this, four, place, /*alignment=*/16);
    for (int64_t k = 0; k < 4; ++k) {
      Value x = LLVM::ExtractElementOp::create(*this, loaded, i32(k));
      sum = LLVM::InlineAsmOp::create(*this, TypeRange(getI32Type()), ValueRange{x, zero, sum}, text, "=r,r,r,r", /*has_side_effects=*/false,
                                      false, LLVM::tailcallkind::TailCallKind::None, dialect, ArrayAttr())
                .getResult(0);
    }
  });
  return LLVM::ICmpOp::create(*this, LLVM::ICmpPredicate::eq, sum, zero);
}

void Sm80::commit() { NVVM::CpAsyncCommitGroupOp::create(*this); }

void Sm80::wait(int64_t pending) { NVVM::CpAsyncWaitGroupOp::create(*this, uint32_t(pending)); }

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

// Chunk 2k + half of a row r with r & 7 == row & 7. The low three bits of the
// chunk are turned by the row, so all k with equal k & 3 share one register and
// differ by a constant.
Value Sm80::swizzled(const SharedTile &tile, Value row, Value half, int64_t k) {
  Value chunk = LLVM::XOrOp::create(*this, LLVM::OrOp::create(*this, half, i32(2 * k % 8)), LLVM::AndOp::create(*this, row, i32(7)));
  return LLVM::AddOp::create(*this, LLVM::MulOp::create(*this, row, i32(tile.pitch())), LLVM::ShlOp::create(*this, chunk, i32(4)));
}

Sm80::Values Sm80::matrices(Value address, bool transposed) {
  Type four = LLVM::LLVMStructType::getLiteral(getContext(), SmallVector<Type>(4, getI32Type()));
  auto shape = NVVM::LdStMatrixShapeAttr::get(getContext(), 8, 8);
  auto loaded = NVVM::LdMatrixOp::create(*this, four, address, 4, transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row, shape,
                                         NVVM::LdStMatrixEltType::B16);
  Values parts;
  for (int64_t i = 0; i < 4; ++i)
    parts.push_back(LLVM::ExtractValueOp::create(*this, loaded, i));
  return parts;
}

// Lanes 0..15 give rows, 16..31 the same rows eight columns further: matrices in
// the order of A's registers (and of B's, transposed).
static std::pair<Value, Value> rowsThenColumns(Sm80 &b, Value lane) {
  return {LLVM::AndOp::create(b, lane, b.i32(15)), LLVM::LShrOp::create(b, lane, b.i32(4))};
}

Sm80::Values Sm80::loadA(const SharedTile &tile, Value at, Value row, int64_t first, int64_t last) {
  Values all;
  auto [mine, half] = rowsThenColumns(*this, lane());
  Value from = bytesAt(at, LLVM::MulOp::create(*this, row, i32(tile.pitch())));
  for (int64_t k = first; k < last; ++k)
    llvm::append_range(all, matrices(bytesAt(bytesAt(from, swizzled(tile, mine, half, k)), k / 4 * 128), false));
  return all;
}

void Sm80::step(ArrayRef<Value> a, const SharedTile &tile, Value at, bool alongRows, int64_t k, Values &acc) {
  bool bf16 = tile.element.isBF16();
  auto type = bf16 ? NVVM::MMATypes::bf16 : NVVM::MMATypes::f16;
  Type pair = bf16 ? getI32Type() : Type(VectorType::get({2}, getF16Type()));
  Type four = LLVM::LLVMStructType::getLiteral(getContext(), SmallVector<Type>(4, getF32Type()));
  auto operands = [&](ArrayRef<Value> registers) {
    Values cast;
    for (Value r : registers)
      cast.push_back(bf16 ? r : LLVM::BitcastOp::create(*this, pair, r).getResult());
    return cast;
  };
  Values lhs = operands(a);
  Value l = lane();
  int64_t tiles = acc.size() / 4;
  for (int64_t n = 0; n < tiles; n += 2) {
    Value address;
    if (alongRows) { // k are rows, n columns
      auto [mine, half] = rowsThenColumns(*this, l);
      int64_t c = n / 2;
      address = bytesAt(bytesAt(at, swizzled(tile, mine, half, c)), 16 * k * tile.pitch() + c / 4 * 128);
    } else { // n are rows; lanes 0..7 and 16..23 begin at the first column
      Value mine = LLVM::OrOp::create(*this, LLVM::AndOp::create(*this, l, i32(7)),
                                      LLVM::ShlOp::create(*this, LLVM::LShrOp::create(*this, l, i32(4)), i32(3)));
      Value half = LLVM::AndOp::create(*this, LLVM::LShrOp::create(*this, l, i32(3)), i32(1));
      address = bytesAt(bytesAt(at, swizzled(tile, mine, half, k)), 8 * n * tile.pitch() + k / 4 * 128);
    }
    Values b = matrices(address, alongRows);
    for (int64_t i = n; i < std::min(n + 2, tiles); ++i) {
      auto product = NVVM::MmaOp::create(*this, four, lhs, operands(ArrayRef(b).slice(2 * (i - n), 2)), ArrayRef(acc).slice(4 * i, 4),
                                         ArrayRef<int64_t>{16, 8, 16}, std::nullopt, std::nullopt, std::array{type, type},
                                         std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
      for (int64_t j = 0; j < 4; ++j)
        acc[4 * i + j] = LLVM::ExtractValueOp::create(*this, product, j);
    }
  }
}

static Sm80::Values begin(Sm80 &b, int64_t n, ArrayRef<Value> acc) {
  if (!acc.empty())
    return Sm80::Values(acc);
  Value zero = LLVM::ConstantOp::create(b, b.getF32Type(), b.getF32FloatAttr(0));
  return Sm80::Values(n / 2, zero);
}

Sm80::Values Sm80::multiply(ArrayRef<Value> a, const SharedTile &b, Value at, bool alongRows, int64_t n, ArrayRef<Value> acc) {
  Values sum = begin(*this, n, acc);
  for (size_t k = 0; 4 * k < a.size(); ++k)
    step(a.slice(4 * k, 4), b, at, alongRows, k, sum);
  return sum;
}

Sm80::Values Sm80::multiply(const SharedTile &a, Value aAt, Value row, const SharedTile &b, Value at, bool alongRows, int64_t n,
                            ArrayRef<Value> acc) {
  Values sum = begin(*this, n, acc);
  for (int64_t k = 0; 16 * k < a.cols; ++k) {
    // Else the assembler would load operands of many steps at once.
    if (a.cols >= 256 && k)
      NVVM::SyncWarpOp::create(*this, i32(-1));
    step(loadA(a, aAt, row, k, k + 1), b, at, alongRows, k, sum);
  }
  return sum;
}

// Key c is half c % 2 of register 2 (c / 8) + h in lane (c % 8) / 2 of a quad, h
// the half of the rows; its values' columns lie as those of the result.
Sm80::Values Sm80::multiplyExact(ArrayRef<Value> a, const SharedTile &tile, Value at, ArrayRef<Value> acc) {
  bool bf16 = tile.element.isBF16();
  Type i32Type = getI32Type(), f32 = getF32Type();
  auto both = [&](Value x, Value y) { return LLVM::OrOp::create(*this, x, y).getResult(); };
  auto masked = [&](Value x, int64_t bits) { return LLVM::AndOp::create(*this, x, i32(bits)).getResult(); };
  auto right = [&](Value x, int64_t n) { return LLVM::LShrOp::create(*this, x, i32(n)).getResult(); };
  auto left = [&](Value x, int64_t n) { return LLVM::ShlOp::create(*this, x, i32(n)).getResult(); };
  // The low 16 bits of an i32 as a number.
  auto number = [&](Value x) -> Value {
    if (bf16)
      return LLVM::BitcastOp::create(*this, f32, left(x, 16));
    Value half = LLVM::BitcastOp::create(*this, getF16Type(), LLVM::TruncOp::create(*this, getI16Type(), x));
    return LLVM::FPExtOp::create(*this, f32, half);
  };
  Value l = lane(), quad = masked(l, 28), zero = LLVM::ConstantOp::create(*this, f32, getF32FloatAttr(0));
  auto loop = scf::ForOp::create(*this, i32(0), i32(tile.rows), i32(1), acc);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  Value c = loop.getInductionVar(), block = right(c, 3), owner = both(quad, right(masked(c, 7), 1)), shift = left(masked(c, 1), 4);
  Value weight[2], none[2];
  for (int64_t h = 0; h < 2; ++h) {
    Value x = a[h];
    for (size_t k = 1; 2 * k < a.size(); ++k)
      x = LLVM::SelectOp::create(*this, LLVM::ICmpOp::create(*this, LLVM::ICmpPredicate::eq, block, i32(k)), a[2 * k + h], x);
    x = NVVM::ShflOp::create(*this, i32Type, i32(-1), x, owner, i32(31), NVVM::ShflKind::idx, UnitAttr());
    weight[h] = number(LLVM::LShrOp::create(*this, x, shift));
    none[h] = LLVM::FCmpOp::create(*this, LLVM::FCmpPredicate::oeq, weight[h], zero);
  }
  Values sum(loop.getRegionIterArgs());
  Value row = bytesAt(at, LLVM::MulOp::create(*this, c, i32(tile.pitch()))), turn = masked(c, 7), column = left(masked(l, 3), 2);
  for (size_t n = 0; 4 * n < sum.size(); ++n) {
    Value chunk = LLVM::XOrOp::create(*this, turn, i32(n % 8));
    Value place = bytesAt(bytesAt(row, LLVM::AddOp::create(*this, left(chunk, 4), column)), n / 8 * 128);
    Value pair = LLVM::LoadOp::create(*this, i32Type, place, /*alignment=*/4);
    for (int64_t i = 0; i < 4; ++i) {
      Value x = number(i % 2 ? right(pair, 16) : pair), &y = sum[4 * n + i];
      y = LLVM::SelectOp::create(*this, none[i / 2], y, LLVM::FMAOp::create(*this, weight[i / 2], x, y));
    }
  }
  scf::YieldOp::create(*this, sum);
  return Values(loop.getResults());
}

Sm80::Values Sm80::pack(ArrayRef<Value> fragment, Type element) {
  Values packed;
  auto pair = VectorType::get({2}, element);
  for (size_t i = 0; i < fragment.size(); i += 2) {
    Value both = LLVM::PoisonOp::create(*this, VectorType::get({2}, getF32Type()));
    for (int64_t j = 0; j < 2; ++j)
      both = LLVM::InsertElementOp::create(*this, both, fragment[i + j], i32(j));
    both = LLVM::FPTruncOp::create(*this, pair, both);
    packed.push_back(LLVM::BitcastOp::create(*this, getI32Type(), both));
  }
  return packed;
}
