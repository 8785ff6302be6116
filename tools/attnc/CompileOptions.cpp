#include "tools/attnc/CompileOptions.h"

using namespace attnc;

Options attnc::compileOptions() {
  return {{"--schedule", "rows=64,..", "overrides: rows, cols, share"},
          {"--cpu", "NAME", "native, x86-64-v3, x86-64-v4 or any name that LLVM knows"}};
}

bool attnc::readCompileOptions(const Arguments &arguments, attn::CompileOptions &options, std::string &error) {
  options.cpu = arguments.get("--cpu", "native");
  for (auto &[name, value] : arguments.pairs("--schedule", error)) {
    std::optional<int64_t> number = parseInt(value);
    if (number && *number >= 1)
      options.schedule[name] = *number;
    else
      error = "`--schedule " + name + "=" + value + "`: needs a whole number of at least 1";
  }
  return error.empty();
}
