// What only the compiler behind the checker can say: forms that it has no plan
// for, and what it proves about masks.
#pragma once
#include "frontend/Core.h"
#include "frontend/Diagnostics.h"

namespace attnc {

/// Adds errors for what cannot be compiled, and warnings for clauses without
/// effect and rows without keys.
void addFindings(const attn::core::Program &program, const attn::SourceMap &sources, attn::Diagnostics &diagnostics);

} // namespace attnc
