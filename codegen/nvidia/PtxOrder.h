// The order of instructions within blocks.
#pragma once

namespace llvm {
class Module;
} // namespace llvm

namespace attn::nvidia {

/// Puts instructions without effects right before what needs them first. Tiles
/// are lowered an operation at a time, for all elements of a fragment; so many
/// values at once would need more registers than there are, and the assembler
/// does not undo it. Nothing moves across an instruction with effects.
void shortenLives(llvm::Module &module);

} // namespace attn::nvidia
