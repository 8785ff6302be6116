// Rings of stages in shared memory: barriers, copies, operands.
#include "codegen/nvidia/WgLowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace wg;
using namespace attn::nvidia;

namespace {
/// The n-th use of a ring: its stage and the parity of its lap.
struct Use {
  RingOp ring;
  RingType type;
  Value stage; ///< null: the only one
  Value lap;
};
} // namespace

static FailureOr<Use> useOf(WgLowering &l, Operation *op, Value ring, Value use) {
  auto made = ring.getDefiningOp<RingOp>();
  if (!made)
    return l.refuse(op, "uses a ring that is made elsewhere than by wg.ring");
  Use result{made, made.getType(), Value(), Value()};
  Value n = l.one(use);
  int64_t stages = result.type.getStages();
  if (stages == 1) {
    result.lap = n;
  } else if (llvm::isPowerOf2_64(stages)) {
    result.stage = l.andi(n, stages - 1);
    result.lap = l.shr(n, llvm::Log2_64(stages));
  } else {
    result.lap = LLVM::UDivOp::create(l, n, l.i32(stages));
    result.stage = LLVM::URemOp::create(l, n, l.i32(stages));
  }
  return result;
}

static Value parity(WgLowering &l, Use use) { return l.andi(use.lap, 1); }

/// Barriers of all stages that say "full" lie before those that say "empty".
static Value barrier(WgLowering &l, Use use, bool empty) {
  int64_t at = use.ring.getBarriers() + (empty ? 8 * use.type.getStages() : 0);
  return l.shared(at, use.stage ? l.mul(use.stage, l.i32(8)) : Value());
}

// Waits until the phase of that parity is over. A try may give up, so it loops;
// labels are local to the braces.
static void waitFor(WgLowering &l, Value barrier, Value parity) {
  l.assembly("{\n"
             ".reg .pred done;\n"
             "again:\n"
             "mbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1, $2;\n"
             "@done bra.uni over;\n"
             "bra.uni again;\n"
             "over:\n"
             "}",
             "r,r,n,~{memory}", {LLVM::PtrToIntOp::create(l, l.tI32, barrier), parity, l.i32(0x989680)}, {});
}

static LogicalResult lower(WgLowering &l, RingInitOp op) {
  LogicalResult done = success();
  l.when(l.equals(l.thread, l.i32(0)), [&] {
    for (Value value : op.getRings()) {
      auto ring = value.getDefiningOp<RingOp>();
      if (!ring) {
        done = l.refuse(op, "prepares a ring that is made elsewhere than by wg.ring");
        return;
      }
      for (int64_t n = 0, stages = ring.getType().getStages(); n < 2 * stages; ++n)
        l.assembly("mbarrier.init.shared::cta.b64 [$0], $1;", "r,r",
                   {l.sharedAddress(ring.getBarriers() + 8 * n), l.i32(n >= stages ? op.getWarps() : ring.getGathered() ? 128 : 1)}, {});
    }
    l.assembly("fence.mbarrier_init.release.cluster;", "~{memory}", {}, {});
  });
  l.assembly("bar.sync 0;", "~{memory}", {}, {});
  return done;
}

static LogicalResult lower(WgLowering &l, AcquireOp op) {
  FailureOr<Use> use = useOf(l, op, op.getRing(), op.getUse());
  if (failed(use))
    return failure();
  // In the first lap nothing was there to release: the phase before counts as over.
  waitFor(l, barrier(l, *use, true), LLVM::XOrOp::create(l, parity(l, *use), l.i32(1)));
  return success();
}

static LogicalResult lower(WgLowering &l, ExpectOp op) {
  FailureOr<Use> use = useOf(l, op, op.getRing(), op.getUse());
  if (failed(use))
    return failure();
  l.assembly("mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;", "r,r,~{memory}",
             {LLVM::PtrToIntOp::create(l, l.tI32, barrier(l, *use, false)), l.i32(use->type.stageBytes())}, {});
  return success();
}

static LogicalResult lower(WgLowering &l, WaitOp op) {
  FailureOr<Use> use = useOf(l, op, op.getRing(), op.getUse());
  if (failed(use))
    return failure();
  waitFor(l, barrier(l, *use, false), parity(l, *use));
  // Copies by threads are writes like any other; products read another way.
  if (use->ring.getGathered())
    l.assembly("fence.proxy.async.shared::cta;", "~{memory}", {}, {});
  return success();
}

// A predicate and no branch: a branch would end the block of the products.
static LogicalResult lower(WgLowering &l, ReleaseOp op) {
  FailureOr<Use> use = useOf(l, op, op.getRing(), op.getUse());
  if (failed(use))
    return failure();
  l.assembly("{\n.reg .pred p;\nsetp.eq.s32 p, $1, 0;\n@p mbarrier.arrive.shared::cta.b64 _, [$0];\n}", "r,r,~{memory}",
             {LLVM::PtrToIntOp::create(l, l.tI32, barrier(l, *use, true)), l.lane}, {});
  return success();
}

static LogicalResult lower(WgLowering &l, CopyOp op) {
  FailureOr<Use> use = useOf(l, op, op.getRing(), op.getUse());
  if (failed(use))
    return failure();
  Value full = barrier(l, *use, false);
  Value start = use->stage ? l.mul(use->stage, l.i32(use->type.stageBytes())) : Value();
  for (int64_t chunk = 0; chunk < use->type.chunks(); ++chunk) {
    SmallVector<Value> coordinates{l.i32(64 * chunk)};
    for (Value c : op.getCoordinates())
      coordinates.push_back(l.one(c));
    Value to = l.shared(use->ring.getAt() + chunk * use->type.chunkBytes() + 128 * op.getFrom(), start);
    NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(l, to, l.one(op.getMap()), coordinates, full, ValueRange(), Value(), Value(),
                                                           NVVM::TMALoadMode::TILE, /*isCTAOnly=*/true, NVVM::CTAGroupKindAttr(), Value());
  }
  return success();
}

static LogicalResult lower(WgLowering &l, GatherOp op) {
  FailureOr<Use> use = useOf(l, op, op.getStages(), op.getUse());
  if (failed(use))
    return failure();
  RingType type = use->type;
  Value stage = use->stage ? l.mul(use->stage, l.i32(type.stageBytes())) : Value();
  gatherRows(l, op, {l.shared(use->ring.getAt(), stage), type.getRows(), type.getCols(), 128, type.chunkBytes(), 128});
  NVVM::CpAsyncMBarrierArriveOp::create(l, barrier(l, *use, false), /*noinc=*/true);
  return success();
}

// Bits of a descriptor: address / 16; distance / 16 of chunks of 64 columns
// (used along rows only); distance / 16 of groups of 8 rows; 128-byte swizzle.
static LogicalResult lower(WgLowering &l, OperandOp op) {
  FailureOr<Use> use = useOf(l, op, op.getRing(), op.getUse());
  if (failed(use))
    return failure();
  bool rows = op.getType().getAlong() == Along::Rows;
  int64_t chunk = rows ? use->type.chunkBytes() / 16 : 1;
  int64_t fixed = (int64_t(1) << 62) | (int64_t(1024 / 16) << 32) | (chunk << 16);
  Value address = l.andi(l.shr(l.sharedAddress(use->ring.getAt()), 4), 0x3fff);
  Value desc = LLVM::OrOp::create(l, LLVM::ZExtOp::create(l, l.tI64, address), l.i64(fixed));
  if (use->stage)
    desc = l.add(desc, LLVM::ZExtOp::create(l, l.tI64, l.mul(use->stage, l.i32(use->type.stageBytes() / 16))));
  if (op.getFirst())
    desc = l.add(desc, LLVM::ZExtOp::create(l, l.tI64, l.mul(l.one(op.getFirst()), l.i32(128 / 16))));
  l.set(op.getResult(), desc);
  return success();
}

std::optional<LogicalResult> attn::nvidia::lowerRings(WgLowering &l, Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<LogicalResult>>(op)
      .Case<RingInitOp, AcquireOp, ExpectOp, WaitOp, ReleaseOp, CopyOp, OperandOp>([&](auto o) { return lower(l, o); })
      .Case<GatherOp>([&](GatherOp o) -> std::optional<LogicalResult> {
        if (isa<RingType>(o.getStages().getType()))
          return lower(l, o);
        return std::nullopt;
      })
      .Case<RingOp>([&](RingOp o) {
        l.set(o.getResult(), {});
        return success();
      })
      .Default([](Operation *) { return std::nullopt; });
}
