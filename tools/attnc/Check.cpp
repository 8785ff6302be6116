// attnc check: says what is wrong with files.
#include "tools/attnc/Findings.h"
#include "tools/attnc/Program.h"
#include <iostream>

using namespace attn;
using namespace attnc;

/// What the compiler says about every pattern, at its default instance.
static void addPatternFindings(Source &source, Diagnostics &diagnostics) {
  for (const ast::Pattern &pattern : source.file.patterns) {
    Instance instance;
    instance.pattern = pattern.name.text;
    Diagnostics again; // said before
    if (std::optional<core::Program> program = analyze(source.file, source.sources, instance, again))
      addFindings(*program, source.sources, diagnostics);
  }
}

static int run(const Arguments &arguments) {
  if (arguments.operands().empty())
    return usageError("which file?", "give the names of `.attn` files, or `-` for the standard input");
  int result = Ok;
  for (const std::string &path : arguments.operands()) {
    Status status = Ok;
    std::unique_ptr<Source> source = readSource(path, status);
    if (!source) {
      result = status;
      continue;
    }
    Diagnostics diagnostics;
    checkAll(source->file, source->sources, diagnostics);
    if (!diagnostics.hasErrors())
      addPatternFindings(*source, diagnostics);
    diagnostics.sort();
    report(source->sources, diagnostics);
    if (diagnostics.hasErrors())
      result = Failed;
  }
  return result;
}

Command attnc::checkCommand() {
  return {"check", "FILE.attn ...", "say what is wrong with a program",
          "Checks every pattern and formula of the files and prints errors and warnings.\n"
          "Prints nothing if all is well.",
          {}, run};
}
