#include "tools/attnc/CompileOptions.h"
#include "passes/TargetModel.h"
#include "tools/attnc/Program.h"

using namespace attn;
using namespace attnc;

Options attnc::compileOptions(bool runs) {
  return {{"--target", "NAME", std::string("cpu (default), ") + (runs ? "gpu (this machine's), " : "") + "sm_90a (Hopper) or sm_80 (Ampere and later)"},
          {"--schedule", "rows=64,..", "overrides: rows, cols, share, splits; for GPUs rows, cols, stages, splits, pack"},
          {"--cpu", "NAME", "native, x86-64-v3, x86-64-v4 or any name that LLVM knows"},
          {"--ptxas", "PATH", "NVIDIA's assembler (default: as docs/attnc.md says)"}};
}

bool attnc::readCompileOptions(const Arguments &arguments, attn::CompileOptions &options, std::string &error, bool runs) {
  options.cpu = arguments.get("--cpu", "native");
  options.target = arguments.get("--target", "cpu");
  options.ptxas = arguments.get("--ptxas");
  bool here = runs && options.target == "gpu";
  const TargetModel *model = TargetModel::get(here ? "sm_90a" : options.target);
  if (!model) {
    error = "no target `" + options.target + "`: say cpu, sm_90a or sm_80" + (runs ? ", or gpu for this machine's" : "");
    return false;
  }
  std::vector<std::string> names;
  for (const TargetModel::Key &key : model->keys)
    names.push_back(key.name);
  for (auto &[name, value] : arguments.pairs("--schedule", error)) {
    std::optional<int64_t> number = parseInt(value);
    const TargetModel::Key *key = model->find(name);
    std::string option = "`--schedule " + name + "=" + value + "`: ";
    if (!key)
      error = option + "there is no `" + name + "`" + didYouMean(name, names);
    else if (!number)
      error = option + "needs a whole number";
    else
      options.schedule[name] = *number;
    if (key && number)
      if (std::string wrong = TargetModel::complaint(*key, *number); !wrong.empty())
        error = option + wrong;
  }
  return error.empty();
}
