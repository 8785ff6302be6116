#include "codegen/Passes.h"
#include "codegen/Pipelines.h"
#include "codegen/cpu/Kernel.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace attn {
#define GEN_PASS_DEF_PLANTOCPU
#include "codegen/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::cpu;

/// `sizes(frame)`: strides and bytes of the workspace, numbers of instances.
static bool emitSizes(ModuleOp module, ProgramOp program, Frame &frame, const Target &target, ArrayRef<int64_t> shares) {
  OpBuilder builder(module.getContext());
  func::FuncOp fn = makeFunction(module, frame.manifest.sizesSymbol, {LLVM::LLVMPointerType::get(module.getContext())}, {}, true);
  builder.setInsertionPointToStart(&fn.getBody().front());
  Emit e(program.getLoc(), builder, target.lanes);
  Context cx;
  cx.frame = fn.getArgument(0);
  Tiles t(e, frame, cx);
  auto put = [&](Value x, int slot) { e.store(x, e.at(cx.frame, 8 * slot)); };
  unsigned buffer = 0, kernel = 0;
  for (Operation &op : *program.getBody().begin()) {
    if (auto alloc = dyn_cast<AllocOp>(op)) {
      const Memory &m = frame.memory[alloc];
      const Manifest::Buffer &b = frame.manifest.buffers[buffer++];
      Value stride = e.integer(1);
      for (int k = int(m.labels + m.shape.size()) - 1; k >= 0; --k) {
        put(stride, m.strideSlot(k));
        Value size = unsigned(k) < m.labels ? e.max(t.scalar(m.sizes[k]), e.integer(0)) : e.integer(m.shape[k - m.labels]);
        stride = e.mul(stride, size);
      }
      put(e.mul(stride, e.integer(Emit::bytes(m.element))), b.bytesSlot);
    } else if (auto size = dyn_cast<SizeOp>(op)) {
      Value x = t.scalar(size.getValue());
      put(x, frame.scalars[size]);
      t.cx.scalars[size] = x; // slots are read as if they never changed
    } else if (auto k = dyn_cast<KernelOp>(op)) {
      Value items = e.integer(1);
      for (auto [n, bound] : llvm::enumerate(k.getGrid())) {
        Value size = e.max(t.scalar(bound), e.integer(0));
        if (n + 1 == k.getGrid().size())
          size = e.ceilDiv(size, instanceSide(t, k, shares[kernel]));
        items = e.mul(items, size);
      }
      put(items, frame.manifest.kernels[kernel++].itemsSlot);
    }
  }
  func::ReturnOp::create(e);
  return !t.failed;
}

LogicalResult attn::lowerPlanToCpu(ModuleOp module, const Target &target, Manifest &manifest) {
  SmallVector<ProgramOp> programs(module.getOps<ProgramOp>());
  if (programs.empty())
    return module.emitError("there is no plan to lower");
  bool first = true;
  for (ProgramOp program : programs) {
    Frame frame(program);
    SmallVector<int64_t> shares;
    for (auto [n, kernel] : llvm::enumerate(SmallVector<KernelOp>(program.getBody().getOps<KernelOp>()))) {
      KernelLowering lowering(module, frame, target, kernel, frame.manifest.kernels[n]);
      if (failed(lowering.run()))
        return failure();
      shares.push_back(lowering.share);
    }
    if (!emitSizes(module, program, frame, target, shares))
      return failure();
    if (first)
      manifest = frame.manifest;
    first = false;
    program.erase();
  }
  return success();
}

namespace {
struct PlanToCpu : attn::impl::PlanToCpuBase<PlanToCpu> {
  using PlanToCpuBase::PlanToCpuBase;
  void runOnOperation() override {
    Target target;
    target.lanes = lanes;
    target.vectors = vectors;
    target.keys = keys;
    Manifest manifest;
    if (!llvm::is_contained({4u, 8u, 16u}, target.lanes) || !target.vectors || !target.keys) {
      getOperation().emitError("a vector has 4, 8 or 16 lanes, a register tile at least one vector and key");
      return signalPassFailure();
    }
    if (failed(lowerPlanToCpu(getOperation(), target, manifest)))
      signalPassFailure();
  }
};
} // namespace
