#include "codegen/nvidia/Registers.h"
#include "dialect/PlanRules.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;

// Addresses, counters, positions, ends of intervals, temporaries.
static constexpr int64_t others = 28;

/// Of a tile: 16 rows belong to a warp, two of them to a thread, and a quarter
/// of the columns. Truth values are bits, until predicates run out.
static int64_t sizeOf(Value tile, int64_t cols) {
  auto type = dyn_cast<plan::TileType>(tile.getType());
  if (!type)
    return 0;
  int64_t columns = 0;
  for (int64_t dim : type.getDims())
    if (dim != plan::TileType::R)
      columns = dim == plan::TileType::C ? cols : plan::TileType::size(dim);
  int64_t count = (type.has(plan::TileType::R) ? 2 : 1) * (columns ? columns / 4 : 1);
  return type.getElement().isInteger(1) ? count / 4 : count;
}

static int64_t registersOf(const SweepShape &sweep, int64_t cols, bool overlapped) {
  SweepOp op = sweep.op;
  Block &body = op.getBody().front();
  llvm::SmallDenseSet<Value> operands; // go from memory to memory
  for (const FrontProduct &p : sweep.fronts)
    operands.insert_range(ContractOp(p.op)->getOperands());
  for (const BackProduct &p : sweep.backs)
    operands.insert(ContractOp(p.op).getLhs() == p.weights ? ContractOp(p.op).getRhs() : ContractOp(p.op).getLhs());
  auto lives = [&](Value v) {
    bool inside = v.getParentBlock() == &body && !operands.contains(v) && v != body.getArgument(0);
    return inside && !isa_and_nonnull<SliceOp>(v.getDefiningOp());
  };
  int64_t live = 0, most = 0;
  llvm::SmallDenseSet<Value> known;
  auto need = [&](Value v) {
    if (lives(v) && known.insert(v).second)
      live += sizeOf(v, cols);
  };
  for (Operation &inside : llvm::reverse(body)) {
    for (Value v : inside.getResults())
      if (known.erase(v))
        live -= sizeOf(v, cols);
    inside.walk([&](Operation *nested) { llvm::for_each(nested->getOperands(), need); });
    most = std::max(most, live);
  }
  int64_t packed = overlapped ? int64_t(sweep.backs.size()) * cols / 4 : 0;
  return most + packed + others;
}

int64_t attn::nvidia::registersOf(const KernelShape &shape, int64_t cols, bool overlapped) {
  int64_t most = 0;
  for (const SweepShape &sweep : shape.sweeps)
    most = std::max(most, ::registersOf(sweep, cols, overlapped));
  return most;
}
