// What `sizes` computes, for hosts that have no compiled code for it.
#pragma once
#include "codegen/Manifest.h"

namespace attn {

/// Runs `program` (Manifest::sizes) on `frame`, which has room for all slots it
/// names. Returns false if the program is malformed (an operand is missing, a
/// slot lies outside `slots`, or something is left over); then parts of the
/// frame may have been written.
bool runSizes(const std::vector<Manifest::SizeStep> &program, int64_t *frame, int slots);

} // namespace attn
