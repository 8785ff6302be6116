#include "codegen/Passes.h"
#include "codegen/nvidia/AmpereKernel.h"
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
    bool ampere = target == "sm_80";
    if (!ampere && target != "sm_90a") {
      getOperation().emitError("there are kernels for sm_80 and sm_90a, not for ") << target;
      return signalPassFailure();
    }
    for (plan::ProgramOp program : llvm::make_early_inc_range(getOperation().getOps<plan::ProgramOp>())) {
      cpu::Frame frame(program);
      for (auto [n, kernel] : llvm::enumerate(SmallVector<plan::KernelOp>(program.getBody().getOps<plan::KernelOp>()))) {
        KernelShape shape = KernelShape::of(kernel);
        Manifest::Kernel &described = frame.manifest.kernels[n];
        if (std::string reason = ampere ? ampereRefusal(shape) : hopperRefusal(shape); !reason.empty())
          kernel.emitRemark("no tensor cores: ") << reason;
        else if (failed(ampere ? lowerToAmpere(getOperation(), frame, shape, described)
                               : lowerToHopper(getOperation(), frame, shape, described)))
          return signalPassFailure();
      }
      program.erase();
    }
  }
};
} // namespace
