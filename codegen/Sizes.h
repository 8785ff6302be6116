// Sizes, strides and numbers of work items as a program for a stack machine.
#pragma once
#include "codegen/cpu/Frame.h"

namespace attn {

/// What `sizes` of a program computes (Manifest::sizes), one row tile to an
/// item. Reports arithmetic that the stack machine does not have.
mlir::FailureOr<std::vector<Manifest::SizeStep>> sizesOf(plan::ProgramOp program, const cpu::Frame &frame);

} // namespace attn
