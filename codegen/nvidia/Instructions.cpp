#include "codegen/nvidia/Instructions.h"
#include "dialect/PlanRules.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;

static int64_t weightOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case<math::ExpOp, math::Exp2Op, math::FmaOp, math::AbsFOp>([](auto) { return 2; })
      .Case<attn::DivOp, arith::DivFOp>([](auto) { return 5; })
      .Case<attn::FloorDivOp, attn::ModOp, arith::FloorDivSIOp, arith::CeilDivSIOp>([](auto) { return 20; })
      .Default([](Operation *other) { return isa<math::MathDialect>(other->getDialect()) ? 30 : 1; });
}

int64_t attn::nvidia::instructionsOf(const KernelShape &shape, int64_t cols) {
  int64_t ofElement = 0;
  for (const SweepShape &sweep : shape.sweeps)
    for (Operation &op : SweepOp(sweep.op).getBody().front()) {
      auto tile = op.getNumResults() == 1 ? dyn_cast<plan::TileType>(op.getResult(0).getType()) : plan::TileType();
      if (tile && tile.has(plan::TileType::R) && tile.has(plan::TileType::C))
        op.walk([&](Operation *inner) { ofElement += inner == &op ? 0 : weightOf(inner); });
    }
  // 128 threads share 64 rows.
  return 2 * ofElement * cols / 2;
}
