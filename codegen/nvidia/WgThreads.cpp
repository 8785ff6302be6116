// Threads and what they agree on: numbers, roles, turns.
#include "codegen/nvidia/WgLowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace wg;
using namespace attn::nvidia;

ReadThreadAgain::ReadThreadAgain(WgLowering &l) : l(l), thread(l.thread), lane(l.lane), first(l.first) {
  l.thread = l.assembly("mov.u32 $0, %tid.x;", "=r", {}, l.tI32).front();
  l.lane = l.andi(l.thread, 31);
  l.first = LLVM::ShlOp::create(l, l.andi(l.lane, 3), l.i32(1));
}

ReadThreadAgain::~ReadThreadAgain() {
  l.thread = thread;
  l.lane = lane;
  l.first = first;
}

static LogicalResult lower(WgLowering &l, SlotOp op) {
  Type type = op.getType();
  Value place = LLVM::GEPOp::create(l, l.one(op.getFrame()).getType(), l.tI64, l.one(op.getFrame()), LLVM::GEPArg(int32_t(op.getSlot())));
  // Parameters do not change.
  auto load = [&](Type loaded) -> Value {
    auto read = LLVM::LoadOp::create(l, loaded, place, 8);
    read.setInvariant(true);
    return read;
  };
  Value value;
  if (type.isIndex())
    value = arith::IndexCastOp::create(l, type, load(l.tI64));
  else if (type.isInteger(1))
    value = LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ne, load(l.tI64), l.i64(0));
  else if (isa<LLVM::LLVMPointerType>(type))
    value = LLVM::IntToPtrOp::create(l, type, load(l.tI64));
  else
    value = load(type);
  l.set(op.getResult(), value);
  return success();
}

static LogicalResult lower(WgLowering &l, CountOp op) {
  Value stats = l.one(op.getStats());
  Value none = LLVM::ZeroOp::create(l, stats.getType());
  l.when(LLVM::ICmpOp::create(l, LLVM::ICmpPredicate::ne, stats, none), [&] {
    Value place = LLVM::GEPOp::create(l, stats.getType(), l.tI64, stats, LLVM::GEPArg(int32_t(op.getCounter())));
    LLVM::AtomicRMWOp::create(l, LLVM::AtomicBinOp::add, place, l.one(op.getAmount()), LLVM::AtomicOrdering::monotonic);
  });
  return success();
}

// Register counts change first on each side, or the assembler ignores them.
static LogicalResult lower(WgLowering &l, RolesOp op) {
  auto branch = scf::IfOp::create(l, TypeRange(), l.equals(l.group, l.i32(0)), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(l);
  l.setInsertionPoint(branch.thenBlock()->getTerminator());
  // What a block has when it begins may be enough: two groups have 256 each.
  bool moves = int64_t(op.getConsumerRegisters()) > 65536 / (128 * (1 + int64_t(op.getConsumers())));
  if (moves)
    NVVM::SetMaxRegisterOp::create(l, op.getProducerRegisters(), NVVM::SetMaxRegisterAction::decrease);
  LogicalResult done = success();
  auto produce = [&] { done = l.block(op.getProducer().front()); };
  if (op.getWhole())
    produce();
  else
    l.when(l.equals(l.warp, l.i32(0)),
           [&] { l.when(NVVM::ElectSyncOp::create(l, l.tI1, Value()), produce); });
  if (failed(done))
    return failure();
  l.setInsertionPoint(branch.elseBlock()->getTerminator());
  if (moves)
    NVVM::SetMaxRegisterOp::create(l, op.getConsumerRegisters(), NVVM::SetMaxRegisterAction::increase);
  l.set(op.getConsumer().getArgument(0), LLVM::SubOp::create(l, l.group, l.i32(1)).getResult());
  return l.block(op.getConsumer().front());
}

// Barrier 1 + w is group w's turn: it waits there, its predecessor arrives.
static LogicalResult lower(WgLowering &l, TurnOp op) {
  Value group = l.one(op.getGroup()), threads = l.i32(256);
  int64_t last = int64_t(op.getOf()) - 1;
  auto arrive = [&](Value barrier) { l.assembly("bar.arrive $0, $1;", "r,r", {barrier, threads}, {}); };
  auto next = [&]() -> Value {
    if (last == 1)
      return LLVM::SubOp::create(l, l.i32(2), group);
    Value wraps = l.equals(group, l.i32(last));
    return LLVM::SelectOp::create(l, wraps, l.i32(1), l.add(group, l.i32(2)));
  };
  switch (op.getKind()) {
  case Turn::Start:
    l.when(l.equals(group, l.i32(last)), [&] { arrive(l.i32(1)); });
    break;
  case Turn::Take:
    l.assembly("bar.sync $0, $1;", "r,r,~{memory}", {l.add(group, l.i32(1)), threads}, {});
    break;
  case Turn::Pass:
    arrive(next());
    break;
  }
  return success();
}

std::optional<LogicalResult> attn::nvidia::lowerThreads(WgLowering &l, Operation *op) {
  auto number = [&](Value value) {
    l.set(op->getResult(0), value);
    return success();
  };
  return llvm::TypeSwitch<Operation *, std::optional<LogicalResult>>(op)
      .Case<SlotOp, wg::CountOp, RolesOp, TurnOp>([&](auto o) { return lower(l, o); })
      .Case<ThreadOp>([&](auto) { return number(l.thread); })
      .Case<LaneOp>([&](auto) { return number(l.lane); })
      .Case<WarpOp>([&](auto) { return number(l.warp); })
      .Case<GroupOp>([&](auto) { return number(l.group); })
      .Case<BlockOp>([&](auto) { return number(NVVM::BlockIdXOp::create(l, l.tI32)); })
      .Case<BlocksOp>([&](auto) { return number(NVVM::GridDimXOp::create(l, l.tI32)); })
      .Case<SyncOp>([&](auto) {
        l.assembly("bar.sync 0;", "~{memory}", {}, {});
        return success();
      })
      .Case<UniformOp>([&](UniformOp o) {
        l.set(o.getResult(), l.assembly("redux.sync.min.s32 $0, $1, 0xffffffff;", "=r,r", l.one(o.getValue()), l.tI32));
        return success();
      })
      .Default([](Operation *) { return std::nullopt; });
}
