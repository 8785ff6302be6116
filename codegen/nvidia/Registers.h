// How many registers a kernel takes, before there is code.
#pragma once
#include "codegen/nvidia/KernelShape.h"

namespace attn::nvidia {

/// Registers of 32 bits of a thread that computes with tiles of `cols` keys:
/// tiles that are alive at once, and a constant for everything else. With
/// `overlapped`, weights of the tile before are alive beside them. An estimate
/// to begin with: the assembler has the last word.
int64_t registersOf(const KernelShape &shape, int64_t cols, bool overlapped);

} // namespace attn::nvidia
