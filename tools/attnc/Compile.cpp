// attnc compile: any stage of the compiler as text.
#include "frontend/AstPrinter.h"
#include "frontend/CorePrinter.h"
#include "tools/attnc/CompileOptions.h"
#include "tools/attnc/Program.h"
#include <cstring>
#include <iostream>

using namespace attn;
using namespace attnc;

namespace {
struct StageName {
  const char *name;
  Stage stage;
  const char *what;
};
const StageName stages[] = {
    {"ast", Stage::Ast, "the program as read, formatted"},
    {"core", Stage::Core, "the typed program"},
    {"attn", Stage::Attn, "level 1: what is computed"},
    {"simple", Stage::Simple, "level 1 after proofs and rewrites"},
    {"plan", Stage::Plan, "level 2: kernels, sweeps, buffers"},
    {"schedule", Stage::Schedule, "level 2 with tile sizes and target choices"},
    {"target", Stage::Target, "vectors, loops and memory"},
    {"llvm", Stage::Llvm, "the LLVM dialect"},
    {"ptx", Stage::Ptx, "NVIDIA's assembly; GPUs only"},
    {"binary", Stage::Binary, "assembly; of GPUs: registers and memory of each kernel"},
};

std::string stageNames() {
  std::string names;
  for (const StageName &stage : stages)
    names += (names.empty() ? "" : ", ") + std::string(stage.name);
  return names;
}

const StageName *findStage(const std::string &name) {
  for (const StageName &stage : stages)
    if (name == stage.name)
      return &stage;
  return nullptr;
}
} // namespace

static int run(const Arguments &arguments) {
  std::string name = arguments.get("--until", "schedule"), error;
  const StageName *stage = findStage(name);
  if (!stage) {
    std::vector<std::string> names;
    for (const StageName &known : stages)
      names.push_back(known.name);
    return usageError("no stage `" + name + "`" + didYouMean(name, names), "stages: " + stageNames());
  }
  CompileOptions options;
  if (!readCompileOptions(arguments, options, error))
    return usageError(error);

  Status status = Ok;
  if (stage->stage == Stage::Ast) {
    std::unique_ptr<Source> source = readSource(arguments, status);
    if (source)
      printAst(std::cout, source->file);
    return status;
  }
  std::unique_ptr<Loaded> loaded = attnc::load(arguments, status);
  if (!loaded)
    return status;
  if (stage->stage == Stage::Core) {
    core::print(std::cout, loaded->program);
    return Ok;
  }
  Diagnostics diagnostics;
  std::string text = printStage(loaded->program, loaded->sources(), options, stage->stage, diagnostics, error);
  report(loaded->sources(), diagnostics);
  if (text.empty())
    return error.empty() ? Failed : failure(error);
  std::cout << text;
  return Ok;
}

Command attnc::compileCommand() {
  static std::string details = [] {
    std::string text = "Prints a program at a stage of the compiler (default: schedule):\n";
    for (const StageName &stage : stages)
      text += std::string("\n  ") + stage.name + std::string(10 - std::strlen(stage.name), ' ') + stage.what;
    return text;
  }();
  return {"compile", "FILE.attn", "print any stage of the compiler", details.c_str(),
          programOptions() + Options{{"--until", "STAGE", "the last stage"}} + compileOptions(), run};
}
