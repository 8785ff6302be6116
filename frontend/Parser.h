// Text to ast::File, with Boost.Spirit X3.
#pragma once
#include "frontend/Ast.h"
#include "frontend/Diagnostics.h"

namespace attn {

/// Reads the whole grammar of docs/language.md. Always returns what could be
/// read: after an error reading goes on at the next clause keyword, so that one
/// run reports several errors; clauses with errors are left out, so a tree with
/// errors is not worth checking. Never throws; nesting deeper than
/// ast::maxNesting is an error. The text is that of `sources.text(file)`.
ast::File parse(const SourceMap &sources, uint32_t file, Diagnostics &diagnostics);

} // namespace attn
