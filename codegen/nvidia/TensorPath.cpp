#include "codegen/nvidia/TensorPath.h"
#include "codegen/nvidia/AmpereKernel.h"
#include "codegen/nvidia/HopperKernel.h"
#include "codegen/nvidia/Instructions.h"
#include "codegen/nvidia/Registers.h"

using namespace mlir;
using namespace attn;

std::string nvidia::refusal(plan::KernelOp kernel, const Target &target) {
  KernelShape shape = KernelShape::of(kernel);
  return target.hopper ? hopperRefusal(shape) : ampereRefusal(shape);
}

static constexpr int64_t mostInstructions = 6000;

bool nvidia::fits(plan::KernelOp kernel, const Target &target, std::optional<std::pair<int64_t, int64_t>> sides) {
  KernelShape shape = KernelShape::of(kernel);
  auto [rows, cols] = sides.value_or(std::pair(shape.rowSide, shape.sweeps.front().cols));
  // Three consumers have 160, and the short tiles that they are for keep their
  // masks in predicates: there the estimate is too high.
  int64_t most = !target.hopper ? 255 : rows > 128 ? 184 : 232;
  return registersOf(shape, cols, target.hopper) <= most && instructionsOf(shape, cols) <= mostInstructions;
}

LogicalResult nvidia::lowerToTensorCores(ModuleOp module, cpu::Frame &frame, plan::KernelOp kernel, const Target &target,
                                         Manifest::Kernel &manifest) {
  KernelShape shape = KernelShape::of(kernel);
  return target.hopper ? lowerToHopper(module, frame, shape, manifest) : lowerToAmpere(module, frame, shape, manifest);
}
