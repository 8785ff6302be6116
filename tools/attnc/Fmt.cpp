// attnc fmt: the canonical layout.
#include "frontend/Format.h"
#include "tools/attnc/Program.h"
#include <fstream>
#include <iostream>

using namespace attn;
using namespace attnc;

/// Formats one file and says whether it differed.
static int formatFile(const std::string &path, bool check, bool print, bool &differs) {
  Status status = Ok;
  std::unique_ptr<Source> source = readSource(path, status);
  if (!source)
    return status;
  Diagnostics diagnostics;
  std::optional<std::string> text = format(source->sources, source->file.source, diagnostics);
  report(source->sources, diagnostics);
  if (!text)
    return Failed;
  differs = *text != source->sources.text(source->file.source);
  if (print || path == "-") {
    if (!check)
      std::cout << *text;
    return Ok;
  }
  if (check || !differs)
    return Ok;
  std::ofstream file(path, std::ios::binary);
  file << *text;
  file.close();
  return file ? int(Ok) : failure("cannot write `" + path + "`");
}

static int run(const Arguments &arguments) {
  if (arguments.operands().empty())
    return usageError("which file?", "give the names of `.attn` files, or `-` for the standard input");
  bool check = arguments.has("--check");
  int result = Ok;
  for (const std::string &path : arguments.operands()) {
    bool differs = false;
    int status = formatFile(path, check, arguments.has("--print"), differs);
    if (check && differs) {
      std::cout << path << ": not formatted\n";
      status = Failed;
    }
    result = std::max(result, status);
  }
  return result;
}

Command attnc::fmtCommand() {
  return {"fmt", "FILE.attn ...", "lay out programs in the canonical form",
          "Rewrites files in the canonical layout; comments stay. `-` reads the standard input and\n"
          "prints. Files with syntax errors are left alone.",
          {{"--check", "", "change nothing; name the files that would change; exit status 1 if any"},
           {"--print", "", "print instead of writing files"}},
          run};
}
