// What only the compiler behind the checker can say: forms that it has no plan
// for, what it proves about masks, and what weights may do.
#pragma once
#include "frontend/Core.h"
#include "frontend/Diagnostics.h"

namespace attnc {

/// Adds errors for what cannot be compiled, and warnings for clauses without
/// effect, rows without keys and exponentials that may overflow.
void addFindings(const attn::core::Program &program, const attn::SourceMap &sources, attn::Diagnostics &diagnostics);

} // namespace attnc
