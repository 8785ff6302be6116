// Where kernels for tensor cores plug in. A kernel for which `refusal` has
// nothing to say is lowered here; any other takes the path of codegen/nvidia/Simt.
#pragma once
#include "codegen/cpu/Frame.h"
#include "codegen/nvidia/Target.h"

namespace attn::nvidia {

/// Why `kernel`, scheduled with the target's own tile sides, cannot use tensor
/// cores, in words for users ("its values are matrices"). Empty: it can.
std::string refusal(plan::KernelOp kernel, const Target &target);

/// Whether the registers of a kernel that is not refused suffice and its code is
/// no longer than is assembled in a second or two, by estimate, for tiles of so
/// many rows and keys; nothing: for those of its schedule.
bool fits(plan::KernelOp kernel, const Target &target, std::optional<std::pair<int64_t, int64_t>> sides);

/// Writes the kernel's code to the end of `module` and fills `launch`, `rows`
/// and `cols` of `manifest`. Only for kernels that are not refused.
mlir::LogicalResult lowerToTensorCores(mlir::ModuleOp module, cpu::Frame &frame, plan::KernelOp kernel,
                                       const Target &target, Manifest::Kernel &manifest);

} // namespace attn::nvidia
