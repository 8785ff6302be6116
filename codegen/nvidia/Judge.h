// Tiles judged before the kernel that visits them.
//
// Intervals alone say little where a mask reads tables (documents, positions).
// A small kernel in front looks at what the mask reads: its least and greatest
// value over a tile of rows and over one of keys decide most tiles (as on CPUs,
// codegen/cpu/MaskSides). The verdicts are bits in workspace, 16 bytes for 64
// tiles of keys: which are visited, then which of them are full.
#pragma once
#include "codegen/cpu/Frame.h"

namespace attn::nvidia {

/// On `plan.tiles`: the name of the workspace (a buffer of verdicts for the
/// indices that label it; the last one counts words).
constexpr const char *judgedAttr = "judged";
/// On `plan.kernel`: the name of the kernel whose tiles it judges. Its only
/// sweep holds the masks and carries how many keys there are; its last indices
/// are the word and the tile of rows.
constexpr const char *judgesAttr = "judges";
/// Tiles to a word of verdicts.
constexpr int64_t tilesPerWord = 64;

/// Puts a kernel that judges in front of `kernel` (scheduled) if its tiles need
/// one and the mask can be looked at before: it must not depend on scores.
/// Returns whether it did.
bool addJudge(plan::KernelOp kernel);

/// Writes the entry of such a kernel to the end of `module` and fills `launch`
/// and `rows` of `manifest`.
mlir::LogicalResult lowerJudge(mlir::ModuleOp module, cpu::Frame &frame, plan::KernelOp kernel, Manifest::Kernel &manifest);

} // namespace attn::nvidia
