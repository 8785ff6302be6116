// What must hold for every sequence of bytes.
#pragma once
#include <string>

namespace attn {

/// Reads, prints, formats and checks a text. Whatever the text, nothing
/// crashes; every message can be printed and lies inside the text; formatting
/// keeps the tree and is idempotent; a text that is not a program has an error.
/// Says what does not hold and aborts.
void checkText(const std::string &text);

} // namespace attn
