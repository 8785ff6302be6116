// Artifacts as JSON. The reader trusts nothing: what it accepts can be called
// without leaving the frame, however the text came about.
#pragma once
#include "runtime/Artifact.h"

namespace attn {

/// The whole artifact, without the bytes of binaries.
std::string toJson(const Artifact &artifact);

/// The artifact of a text. On failure returns nullopt and sets `error`, for
/// example "variants[0].images[1].manifest.slots: a whole number from 1 to 4080
/// is needed".
std::optional<Artifact> fromJson(const std::string &text, std::string &error);

/// Whether a manifest can be called: slots inside the frame, sides and
/// positions in range, a well-formed size program. Returns an empty string or
/// what is wrong. `fromJson` has checked it.
std::string validate(const Manifest &manifest);

} // namespace attn
