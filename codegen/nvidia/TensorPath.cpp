#include "codegen/nvidia/TensorPath.h"
#include "codegen/nvidia/KernelShape.h"

using namespace mlir;

std::string attn::nvidia::refusal(plan::KernelOp kernel, const Target &target) {
  if (auto refused = KernelShape::of(kernel).refusal)
    return refused->reason;
  return "there is no code for tensor cores of " + target.name;
}

LogicalResult attn::nvidia::lowerToTensorCores(ModuleOp module, cpu::Frame &frame, plan::KernelOp kernel, const Target &target,
                                               Manifest::Kernel &manifest) {
  return kernel.emitError() << refusal(kernel, target);
}
