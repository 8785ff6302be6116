#include "codegen/Passes.h"
#include "codegen/nvidia/HopperKernel.h"

namespace attn {
#define GEN_PASS_DEF_PLANTOWG
#include "codegen/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using namespace attn::nvidia;

namespace {
struct PlanToWg : attn::impl::PlanToWgBase<PlanToWg> {
  using PlanToWgBase::PlanToWgBase;
  void runOnOperation() override {
    for (plan::ProgramOp program : llvm::make_early_inc_range(getOperation().getOps<plan::ProgramOp>())) {
      cpu::Frame frame(program);
      for (auto [n, kernel] : llvm::enumerate(SmallVector<plan::KernelOp>(program.getBody().getOps<plan::KernelOp>()))) {
        KernelShape shape = KernelShape::of(kernel);
        if (std::string reason = hopperRefusal(shape); !reason.empty())
          kernel.emitRemark("no tensor cores: ") << reason;
        else if (failed(lowerToHopper(getOperation(), frame, shape, frame.manifest.kernels[n])))
          return signalPassFailure();
      }
      program.erase();
    }
  }
};
} // namespace
