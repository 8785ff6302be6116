// How much code a kernel takes, before there is code.
#pragma once
#include "codegen/nvidia/KernelShape.h"

namespace attn::nvidia {

/// Instructions of a thread between the products of tiles of `cols` keys, in
/// the loops over mixed and over full tiles of all sweeps. An estimate: the
/// assembler's time grows faster than the code.
int64_t instructionsOf(const KernelShape &shape, int64_t cols);

} // namespace attn::nvidia
