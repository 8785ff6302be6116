// From named arguments to a call of a program.
#pragma once
#include "runtime/OracleMachine.h"

namespace attn::oracle {

/// Fills `call`. Returns an empty string, or what does not fit, in the words of
/// the program.
std::string bind(const core::Program &program, const Bindings &bindings, Call &call);

} // namespace attn::oracle
