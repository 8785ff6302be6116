// What must hold for every sequence of bytes.
#pragma once
#include "frontend/Core.h"
#include <string>
#include <vector>

namespace attn {

/// What is done with a program that the checker accepts.
using ProgramCheck = void (*)(const core::Program &, const SourceMap &);

/// Makes IR of it, and plans it: nothing crashes, what is refused has a message
/// in the words of the language.
void checkImporter(const core::Program &program, const SourceMap &sources);
void checkPlanner(const core::Program &program, const SourceMap &sources);
/// Evaluates it on small arrays of any bytes.
void checkOracle(const core::Program &program, const SourceMap &sources);

/// Reads, prints, formats and checks a text. Whatever the text, nothing
/// crashes; every message can be printed and lies inside the text; formatting
/// keeps the tree and is idempotent; a text that is not a program has an error.
/// Says what does not hold and aborts.
void checkText(const std::string &text, const std::vector<ProgramCheck> &next = {});

} // namespace attn
