// Options about code: --schedule, --cpu.
#pragma once
#include "runtime/Session.h"
#include "tools/attnc/Arguments.h"

namespace attnc {

/// `runs` is whether `--target gpu`, this machine's, is a target too.
Options compileOptions(bool runs = false);
/// Returns false and sets `error` where an option is wrong.
bool readCompileOptions(const Arguments &arguments, attn::CompileOptions &options, std::string &error, bool runs = false);

} // namespace attnc
