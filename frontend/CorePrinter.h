// The typed program as text: what `--until=core` prints.
#pragma once
#include "frontend/Core.h"
#include <iosfwd>

namespace attn::core {

/// One definition per line; formulas are expanded, conversions are written out.
void print(std::ostream &os, const Program &program);

/// One expression, as it stands in such a line.
std::string toString(const Program &program, const Expr &expr);

} // namespace attn::core
