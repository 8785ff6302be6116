// Fragments: positions, elementwise code, reductions, packing.
#include "codegen/nvidia/WgLowering.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace wg;
using namespace attn::nvidia;

/// Row and column of register `i` relative to the thread's first of a fragment
/// with both.
static int64_t stepOf(int64_t i) { return 8 * (i / 4) + i % 2; }

/// `base` plus the thread's share and, per register, a constant.
static Registers positions(WgLowering &l, Value base, Value share, int64_t count, llvm::function_ref<int64_t(int64_t)> step) {
  Type type = base.getType();
  if (type.isIndex())
    share = arith::IndexCastOp::create(l, type, share);
  else if (type.isInteger(64))
    share = l.wide(share);
  Value start = arith::AddIOp::create(l, base, share);
  Registers result;
  for (int64_t i = 0; i < count; ++i) {
    Value offset = arith::ConstantOp::create(l, l.getIntegerAttr(type, step(i)));
    result.push_back(arith::AddIOp::create(l, start, offset, arith::IntegerOverflowFlags::nsw));
  }
  return result;
}

/// A column fragment's register as one of a fragment with rows.
static int64_t columnStep(int64_t i) { return stepOf(4 * (i / 2) + i % 2); }

//===----------------------------------------------------------------------===//
// Elementwise code
//===----------------------------------------------------------------------===//

namespace {
/// Clones the region of a map. An operation is cloned once for each register
/// that its operands differ by: what depends on rows alone twice, constants
/// once.
struct Cloner {
  Cloner(WgLowering &l, FragType whole) : l(l), whole(whole) {}
  WgLowering &l;
  FragType whole;
  /// What a value of the region differs by, and its clones.
  struct Copies {
    FragType sides; ///< null: the same everywhere
    SmallVector<Value> values;
  };
  llvm::DenseMap<Value, Copies> copies;

  int64_t place(const Copies &c, int64_t i) { return c.sides ? c.sides.meets(whole, i) : 0; }
  Value at(Value value, int64_t i) {
    auto found = copies.find(value);
    return found == copies.end() ? l.one(value) : found->second.values[place(found->second, i)];
  }
  void sidesOf(Operation &op);
  void emit(Operation &op, int64_t i);
};
} // namespace

void Cloner::sidesOf(Operation &op) {
  bool rows = false, cols = false, fixed = isMemoryEffectFree(&op);
  op.walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (auto found = copies.find(operand); found != copies.end() && found->second.sides) {
        rows |= found->second.sides.getRows();
        cols |= found->second.sides.getCols() != 0;
      }
  });
  FragType sides;
  if (!fixed)
    sides = whole;
  else if (rows || cols)
    sides = FragType::get(l.getContext(), rows, cols ? whole.getCols() : 0, l.getI1Type());
  for (Value result : op.getResults())
    copies[result] = {sides, SmallVector<Value>(sides ? sides.registers() : 1)};
}

void Cloner::emit(Operation &op, int64_t i) {
  if (op.getNumResults() != 0) {
    const Copies &c = copies.find(op.getResult(0))->second;
    if (c.values[place(c, i)])
      return;
  }
  IRMapping mapping;
  auto map = [&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (!op.isAncestor(operand.getParentBlock()->getParentOp()))
        mapping.map(operand, at(operand, i));
  };
  if (op.getNumRegions() == 0)
    map(&op);
  else
    op.walk(map);
  Operation *copy = l.clone(op, mapping);
  for (auto [from, to] : llvm::zip(op.getResults(), copy->getResults())) {
    Copies &c = copies.find(from)->second;
    c.values[place(c, i)] = to;
  }
}

static LogicalResult lower(WgLowering &l, MapOp op) {
  auto whole = cast<FragType>(op.getResult(0).getType());
  Cloner cloner(l, whole);
  Block &body = op.getBody().front();
  for (auto [frag, argument] : llvm::zip(op.getFrags(), body.getArguments()))
    cloner.copies[argument] = {cast<FragType>(frag.getType()), SmallVector<Value>(l.of(frag))};
  WalkResult foreign = body.walk([&](Operation *inner) {
    return isa<WgDialect>(inner->getDialect()) && !isa<YieldOp>(inner) ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (foreign.wasInterrupted())
    return l.refuse(op, "holds scalar operations only");
  for (Operation &inner : body.without_terminator())
    cloner.sidesOf(inner);
  SmallVector<Registers> results(op.getNumResults());
  for (int64_t i = 0; i < whole.registers(); ++i) {
    for (Operation &inner : body.without_terminator())
      cloner.emit(inner, i);
    for (auto [result, value] : llvm::zip(results, body.getTerminator()->getOperands()))
      result.push_back(cloner.at(value, i));
  }
  for (auto [result, values] : llvm::zip(op.getResults(), results))
    l.set(result, values);
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

static Value combine(WgLowering &l, attn::Fold kind, Value a, Value b) {
  bool real = isa<FloatType>(a.getType());
  switch (kind) {
  case attn::Fold::Sum:
    return real ? arith::AddFOp::create(l, a, b).getResult() : arith::AddIOp::create(l, a, b).getResult();
  case attn::Fold::Max:
    return real ? LLVM::MaxNumOp::create(l, a, b).getResult() : arith::MaxSIOp::create(l, a, b).getResult();
  case attn::Fold::Min:
    return real ? LLVM::MinNumOp::create(l, a, b).getResult() : arith::MinSIOp::create(l, a, b).getResult();
  case attn::Fold::All:
    return arith::AndIOp::create(l, a, b);
  default:
    return arith::OrIOp::create(l, a, b);
  }
}

static LogicalResult lower(WgLowering &l, FoldOp op) {
  Registers rows(2);
  for (auto [i, value] : llvm::enumerate(l.of(op.getFrag()))) {
    Value &row = rows[(i / 2) % 2];
    row = row ? combine(l, op.getKind(), row, value) : value;
  }
  l.set(op.getResult(), rows);
  return success();
}

static LogicalResult lower(WgLowering &l, ReduceOp op) {
  Registers rows;
  for (Value row : l.of(op.getFrag())) {
    Type type = row.getType();
    if (!type.isInteger(1) && type != l.tI32 && type != l.tF32)
      return l.refuse(op, "reduces f32, i32 or i1 over lanes");
    for (int64_t step : {1, 2}) {
      Value sent = type.isInteger(1) ? LLVM::ZExtOp::create(l, l.tI32, row).getResult() : row;
      Value other = l.shuffle(sent, NVVM::ShflKind::bfly, l.i32(step));
      if (type.isInteger(1))
        other = LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ne, other, l.i32(0));
      row = combine(l, op.getKind(), row, other);
    }
    rows.push_back(row);
  }
  l.set(op.getResult(), rows);
  return success();
}

static LogicalResult lower(WgLowering &l, AnyOp op) {
  Value any;
  for (Value value : l.of(op.getFrag()))
    any = any ? combine(l, attn::Fold::Any, any, value) : value;
  l.set(op.getResult(), NVVM::VoteSyncOp::create(l, l.tI1, l.i32(-1), any, NVVM::VoteSyncKind::any).getResult());
  return success();
}

// Two neighbours of a row share a register, the left one in the low half: just
// how a product wants its left operand.
static LogicalResult lower(WgLowering &l, PackOp op) {
  StringRef text = op.getType().getElement().isBF16() ? "cvt.rn.bf16x2.f32 $0, $1, $2;" : "cvt.rn.f16x2.f32 $0, $1, $2;";
  ValueRange values = l.of(op.getFrag());
  Registers packed;
  for (size_t i = 0; i < values.size(); i += 2)
    packed.append(l.assembly(text, "=r,f,f", {values[i + 1], values[i]}, l.tI32, /*effects=*/false));
  l.set(op.getResult(), packed);
  return success();
}

std::optional<LogicalResult> attn::nvidia::lowerFragments(WgLowering &l, Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<LogicalResult>>(op)
      .Case<MapOp, FoldOp, wg::ReduceOp, AnyOp, PackOp>([&](auto o) { return lower(l, o); })
      .Case<RowsOp>([&](RowsOp o) {
        l.set(o.getResult(), positions(l, l.one(o.getBase()), l.row, 2, [](int64_t i) { return 8 * i; }));
        return success();
      })
      .Case<ColsOp>([&](ColsOp o) {
        l.set(o.getResult(), positions(l, l.one(o.getBase()), l.first, o.getType().registers(), columnStep));
        return success();
      })
      .Case<FirstOp>([&](FirstOp o) {
        l.set(o.getResult(), l.first);
        return success();
      })
      .Case<StepsOp>([&](StepsOp o) {
        Registers steps;
        for (int64_t i = 0; i < o.getType().registers(); ++i)
          steps.push_back(arith::ConstantOp::create(l, l.getIntegerAttr(o.getType().getElement(), columnStep(i))));
        l.set(o.getResult(), steps);
        return success();
      })
      .Case<FillOp>([&](FillOp o) {
        l.set(o.getResult(), Registers(o.getType().registers(), l.one(o.getValue())));
        return success();
      })
      .Default([](Operation *) { return std::nullopt; });
}
