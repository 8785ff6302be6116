// Stages filled by the threads, products by their own instructions (sm_80).
#include "codegen/nvidia/WgLowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace wg;
using namespace attn::nvidia;

std::optional<LogicalResult> attn::nvidia::lowerAmpere(WgLowering &l, Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<LogicalResult>>(op)
      .Case<TileOp>([&](TileOp o) {
        l.set(o.getResult(), {});
        return success();
      })
      .Case<FetchCommitOp>([&](auto) {
        l.assembly("cp.async.commit_group;", "~{memory}", {}, {});
        return success();
      })
      .Case<FetchWaitOp>([&](FetchWaitOp o) {
        l.assembly("cp.async.wait_group " + std::to_string(o.getPending()) + ";", "~{memory}", {}, {});
        return success();
      })
      .Default([](Operation *) { return std::nullopt; });
}
