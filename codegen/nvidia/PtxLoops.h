// Which loops the assembler may unroll.
#pragma once

namespace llvm {
class Module;
} // namespace llvm

namespace attn::nvidia {

/// Keeps innermost loops with arithmetic in f64, the inside of powers and
/// logarithms, as they are. Unrolled, what each turn computes for all rows and
/// keys alike would move in front of the loops around, more than registers hold.
void keepRolled(llvm::Module &module);

} // namespace attn::nvidia
