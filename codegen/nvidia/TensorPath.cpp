#include "codegen/nvidia/TensorPath.h"
#include "codegen/nvidia/HopperKernel.h"

using namespace mlir;
using namespace attn;

std::string nvidia::refusal(plan::KernelOp kernel, const Target &target) {
  KernelShape shape = KernelShape::of(kernel);
  if (shape.refusal)
    return shape.refusal->reason;
  return target.hopper ? hopperRefusal(shape) : "there is no code for tensor cores of " + target.name;
}

LogicalResult nvidia::lowerToTensorCores(ModuleOp module, cpu::Frame &frame, plan::KernelOp kernel, const Target &target,
                                         Manifest::Kernel &manifest) {
  return lowerToHopper(module, frame, KernelShape::of(kernel), manifest);
}
