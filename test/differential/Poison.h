// Bytes that no kernel may let through.
#pragma once
#include "runtime/Oracle.h"

namespace differential {

/// Puts NaN into the keys and values that no row sees. Tables that the mask
/// reads and axes with one entry for all are left alone.
void poisonHidden(const attn::core::Program &program, attn::Bindings &bindings, attn::Oracle &oracle);

} // namespace differential
