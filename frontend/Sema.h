// From the program as written to the typed program: names, indices, kinds,
// types, formulas, and the limits of what is supported.
#pragma once
#include "frontend/Ast.h"
#include "frontend/Core.h"
#include "frontend/Diagnostics.h"

namespace attn {

/// What is known when a pattern is built: everything else is a run-time
/// argument. Lengths and constants that are missing take their defaults:
/// D = E = 64, other lengths 32, `const` parameters what they declare.
struct Instance {
  std::string pattern;                     ///< empty: the file's last pattern
  core::DType dtype = core::DType::F32;
  std::map<std::string, int64_t> lengths;  ///< D, E and the names in `dtype[W]`
  std::map<std::string, double> constants; ///< `const` parameters by name
};

/// Checks one pattern and gives its typed program, or nullopt after at least
/// one error. Names of `instance` that the pattern does not have are errors.
std::optional<core::Program> analyze(const ast::File &file, SourceMap &sources, const Instance &instance,
                                     Diagnostics &diagnostics);

/// Checks every def and pattern of a file at default instances.
void checkAll(const ast::File &file, SourceMap &sources, Diagnostics &diagnostics);

/// The prelude's text: the formulas that every program may use.
const char *preludeText();

} // namespace attn
