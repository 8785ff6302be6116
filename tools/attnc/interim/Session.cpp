// Answers for a build without code generation: the oracle still runs.
#include "runtime/Session.h"

namespace attn {

std::unique_ptr<Callable> load(const core::Program &, const SourceMap &, const CompileOptions &, std::string &error) {
  error = "this build has no code generator; `--oracle` evaluates the program";
  return nullptr;
}

std::string printStage(const core::Program &, const SourceMap &, const CompileOptions &, Stage, std::string &error) {
  error = "this build has no code generator";
  return "";
}

} // namespace attn
