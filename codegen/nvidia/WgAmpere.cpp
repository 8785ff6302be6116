// Operations of `wg` that need no warpgroups: tiles that the threads fill.
#include "codegen/nvidia/Sm80.h"
#include "codegen/nvidia/WgLowering.h"

using namespace mlir;
using namespace attn::nvidia;

namespace {
class Ampere : public Sm80 {
public:
  Ampere(WgLowering &l, Operation *op) : Sm80(op->getLoc(), l), l(l) {}

  void lower(wg::FetchOp op);
  void lower(wg::GatherOp op);
  void lower(wg::FiniteOp op);
  void lower(wg::SyncAnyOp op);
  void lower(wg::LoadPackedOp op);
  void lower(wg::MmaOp op);

private:
  struct Place {
    SharedTile tile;
    Value at;
  };
  Place place(TypedValue<wg::TileType> tile, Value stage);
  Value row(Value first);

  WgLowering &l;
};
} // namespace

Ampere::Place Ampere::place(TypedValue<wg::TileType> tile, Value number) {
  wg::TileType type = tile.getType();
  SharedTile shape = {int64_t(tile.getDefiningOp<wg::TileOp>().getAt()), type.getStages(), type.getRows(), type.getCols(), type.getElement()};
  return {shape, stage(shape, l.shared(0), l.one(number))};
}

// The first row of this warp: four warps share the rows of a group.
Value Ampere::row(Value first) {
  Value row = LLVM::MulOp::create(*this, LLVM::AndOp::create(*this, l.warp, i32(3)), i32(16));
  return first ? LLVM::AddOp::create(*this, l.one(first), row).getResult() : row;
}

void Ampere::lower(wg::FetchOp op) {
  Place to = place(op.getTile(), op.getStage());
  Value two = LLVM::ConstantOp::create(*this, getI64Type(), getI64IntegerAttr(2));
  Value stride = LLVM::MulOp::create(*this, l.one(op.getStride()), two);
  Value from = bytesAt(l.one(op.getBase()), LLVM::MulOp::create(*this, l.one(op.getFirst()), stride));
  Present present;
  if (op.getLimit()) {
    present.first = LLVM::TruncOp::create(*this, getI32Type(), l.one(op.getFirst()));
    present.limit = LLVM::TruncOp::create(*this, getI32Type(), l.one(op.getLimit()));
  }
  if (op.getComponents())
    gather(to.tile, to.at, from, stride, LLVM::MulOp::create(*this, l.one(op.getComponents()), two), present, l.kernel.getThreads());
  else
    fetch(to.tile, to.at, from, stride, present, l.kernel.getThreads());
}

void Ampere::lower(wg::GatherOp op) {
  Place to = place(cast<TypedValue<wg::TileType>>(op.getStages()), op.getUse());
  gatherRows(l, op, {to.at, to.tile.rows, to.tile.cols, to.tile.pitch(), 128, int64_t(l.kernel.getThreads())});
}

void Ampere::lower(wg::FiniteOp op) {
  Place from = place(op.getTile(), op.getStage());
  l.set(op.getResult(), finite(from.tile, from.at, l.kernel.getThreads()));
}

void Ampere::lower(wg::SyncAnyOp op) {
  Value x = LLVM::ZExtOp::create(*this, getI32Type(), l.one(op.getValue()));
  auto kind = NVVM::BarrierReductionAttr::get(getContext(), NVVM::BarrierReduction::OR);
  auto barrier = NVVM::BarrierOp::create(*this, TypeRange(getI32Type()), Value(), Value(), kind, x);
  l.set(op.getResult(), LLVM::ICmpOp::create(*this, LLVM::ICmpPredicate::ne, barrier->getResult(0), i32(0)).getResult());
}

/// A left operand that serves only the operation right behind it is no value of
/// its own.
static wg::LoadPackedOp fusedLoad(wg::MmaOp product) {
  auto load = product.getLhs().getDefiningOp<wg::LoadPackedOp>();
  return load && load->hasOneUse() && load->getNextNode() == product ? load : wg::LoadPackedOp();
}

void Ampere::lower(wg::LoadPackedOp op) {
  if (auto product = dyn_cast_or_null<wg::MmaOp>(op->getNextNode()); product && fusedLoad(product) == op)
    return;
  Place from = place(op.getTile(), op.getStage());
  l.set(op.getResult(), loadA(from.tile, from.at, row(op.getFirst()), 0, op.getType().getCols() / 16));
}

void Ampere::lower(wg::MmaOp op) {
  Place right = place(op.getTile(), op.getStage());
  bool alongRows = op.getAlong() == wg::Along::Rows;
  int64_t n = op.getType().getCols();
  Values acc = op.getAcc() ? Values(l.of(op.getAcc())) : Values();
  if (op.getExact()) {
    l.set(op.getResult(), multiplyExact(Values(l.of(op.getLhs())), right.tile, right.at, acc));
    return;
  }
  if (wg::LoadPackedOp load = fusedLoad(op)) {
    Place left = place(load.getTile(), load.getStage());
    l.set(op.getResult(), multiply(left.tile, left.at, row(load.getFirst()), right.tile, right.at, alongRows, n, acc));
    return;
  }
  l.set(op.getResult(), multiply(Values(l.of(op.getLhs())), right.tile, right.at, alongRows, n, acc));
}

std::optional<LogicalResult> attn::nvidia::lowerAmpere(WgLowering &l, Operation *op) {
  return TypeSwitch<Operation *, std::optional<LogicalResult>>(op)
      .Case<wg::TileOp>([&](auto tile) {
        l.set(tile, {});
        return success();
      })
      .Case<wg::FetchOp, wg::GatherOp, wg::FiniteOp, wg::SyncAnyOp, wg::LoadPackedOp, wg::MmaOp>([&](auto found) {
        Ampere(l, op).lower(found);
        return success();
      })
      .Case<wg::FetchCommitOp>([&](auto) {
        Sm80(op->getLoc(), l).commit();
        return success();
      })
      .Case<wg::FetchWaitOp>([&](wg::FetchWaitOp wait) {
        Sm80(op->getLoc(), l).wait(wait.getPending());
        return success();
      })
      .Default(std::nullopt);
}
