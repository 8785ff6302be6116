#include "codegen/nvidia/TensorPath.h"
#include "codegen/nvidia/AmpereKernel.h"
#include "codegen/nvidia/HopperKernel.h"

using namespace mlir;
using namespace attn;

std::string nvidia::refusal(plan::KernelOp kernel, const Target &target) {
  KernelShape shape = KernelShape::of(kernel);
  return target.hopper ? hopperRefusal(shape) : ampereRefusal(shape);
}

LogicalResult nvidia::lowerToTensorCores(ModuleOp module, cpu::Frame &frame, plan::KernelOp kernel, const Target &target,
                                         Manifest::Kernel &manifest) {
  KernelShape shape = KernelShape::of(kernel);
  return target.hopper ? lowerToHopper(module, frame, shape, manifest) : lowerToAmpere(module, frame, shape, manifest);
}
