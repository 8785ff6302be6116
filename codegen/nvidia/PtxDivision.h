// Division of integers of 64 bits.
#pragma once

namespace llvm {
class Module;
} // namespace llvm

namespace attn::nvidia {

/// Writes out divisions and remainders of 64 bits that have no constant
/// divisor: in 32 bits where both operands are that small, else bit by bit.
/// The assembler would call a function for the rare case, and what is alive
/// around a call is spilled.
void expandDivisions(llvm::Module &module);

} // namespace attn::nvidia
