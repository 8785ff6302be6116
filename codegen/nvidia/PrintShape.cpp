#include "codegen/Passes.h"
#include "codegen/nvidia/KernelShape.h"

namespace attn {
#define GEN_PASS_DEF_PLANPRINTSHAPE
#include "codegen/Passes.h.inc"
} // namespace attn

namespace {
struct PlanPrintShape : attn::impl::PlanPrintShapeBase<PlanPrintShape> {
  using PlanPrintShapeBase::PlanPrintShapeBase;
  void runOnOperation() override {
    getOperation().walk([](plan::KernelOp kernel) {
      attn::nvidia::KernelShape::of(kernel).print(llvm::outs());
    });
    markAllAnalysesPreserved();
  }
};
} // namespace
