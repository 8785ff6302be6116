// Reads programs and prints what the parser and the formatter make of them.
//   attn-parse FILE ...            messages
//   attn-parse --ast FILE ...      and the tree
//   attn-parse --format FILE ...   and the formatted text
//   attn-parse --keywords           the words that are reserved
//   attn-parse --check FILE ...    nothing, if formatting keeps the tree and is
//                                  idempotent; files with errors are passed over
#include "frontend/AstPrinter.h"
#include "frontend/Format.h"
#include "frontend/Parser.h"
#include "frontend/Tokens.h"
#include <fstream>
#include <iostream>
#include <sstream>

using namespace attn;

static std::string slurp(std::istream &in) {
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

static bool check(const SourceMap &sources, uint32_t source, const ast::File &file) {
  Diagnostics diagnostics;
  SourceMap again;
  std::optional<std::string> once = format(sources, source, diagnostics);
  if (!once)
    return true;
  uint32_t second = again.add(sources.name(source), *once);
  bool sameTree = toString(parse(again, second, diagnostics)) == toString(file);
  std::optional<std::string> twice = format(again, second, diagnostics);
  if (!sameTree || diagnostics.hasErrors())
    std::cout << sources.name(source) << ": formatting changes the tree\n";
  else if (twice != once)
    std::cout << sources.name(source) << ": formatting is not idempotent\n--- once\n" << *once << "--- twice\n" << *twice;
  return sameTree && twice == once;
}

int main(int argc, char **argv) {
  std::string mode;
  bool failed = false;
  for (int k = 1; k < argc; ++k) {
    std::string path = argv[k];
    if (path.compare(0, 2, "--") == 0) {
      mode = path;
      for (Tok kind = firstKeyword; mode == "--keywords" && kind <= lastKeyword; kind = Tok(uint8_t(kind) + 1))
        std::cout << spelling(kind) << "\n";
      continue;
    }
    std::ifstream in(path, std::ios::binary);
    if (path != "-" && !in) {
      std::cerr << "attn-parse: cannot read " << path << "\n";
      return 2;
    }
    SourceMap sources;
    uint32_t source = sources.add(path.substr(path.rfind('/') + 1), slurp(path == "-" ? std::cin : in));
    Diagnostics diagnostics;
    ast::File file = parse(sources, source, diagnostics);
    if (mode == "--check") {
      failed |= !diagnostics.hasErrors() && !check(sources, source, file);
      continue;
    }
    diagnostics.sort();
    print(std::cout, sources, diagnostics);
    failed |= diagnostics.hasErrors();
    if (mode == "--ast")
      printAst(std::cout, file);
    else if (mode == "--format" && !diagnostics.hasErrors())
      std::cout << format(sources, source, diagnostics).value_or("");
  }
  return failed;
}
