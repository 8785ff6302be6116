// The canonical layout of a program.
#pragma once
#include "frontend/Diagnostics.h"
#include <optional>

namespace attn {

/// The text of a file as it should be written: one clause per line, indented by
/// two columns; a body written on one line stays there if it fits; lines of at
/// most 100 columns; the words of neighbouring element rules, the `=` of
/// neighbouring definitions and the comments beside neighbouring lines aligned.
/// Every comment stays, and one blank line where there were some. Formatting
/// changes neither the tree nor an already formatted text. A text with syntax
/// errors is left alone: they are reported and nothing is returned.
std::optional<std::string> format(const SourceMap &sources, uint32_t file, Diagnostics &diagnostics);

} // namespace attn
