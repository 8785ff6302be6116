// Options about code: --schedule, --cpu.
#pragma once
#include "runtime/Session.h"
#include "tools/attnc/Arguments.h"

namespace attnc {

Options compileOptions();
/// Returns false and sets `error` where an option is wrong.
bool readCompileOptions(const Arguments &arguments, attn::CompileOptions &options, std::string &error);

} // namespace attnc
