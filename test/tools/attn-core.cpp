// Reads programs and prints what the checker makes of them.
//   attn-core [options] FILE ...
// prints the messages of each file and the typed program of its last pattern.
//   --all            check every pattern and formula; print messages only
//   --pattern=NAME   another pattern
//   --dtype=TYPE     storage of q, k and v
//   --length=D=64    a length        --const=block=128   a const parameter
#include "frontend/CorePrinter.h"
#include "frontend/Parser.h"
#include "frontend/Sema.h"
#include <fstream>
#include <iostream>
#include <sstream>

using namespace attn;

static std::pair<std::string, std::string> split(const std::string &text) {
  size_t at = text.find('=');
  return at == std::string::npos ? std::make_pair(text, std::string()) : std::make_pair(text.substr(0, at), text.substr(at + 1));
}

int main(int argc, char **argv) {
  Instance instance;
  bool all = false, failed = false;
  for (int k = 1; k < argc; ++k) {
    std::string path = argv[k];
    if (path.compare(0, 2, "--") == 0) {
      auto [name, value] = split(path.substr(2));
      auto [key, number] = split(value);
      if (name == "all")
        all = true;
      else if (name == "pattern")
        instance.pattern = value;
      else if (name == "length")
        instance.lengths[key] = std::atoll(number.c_str());
      else if (name == "const")
        instance.constants[key] = std::atof(number.c_str());
      else if (auto type = core::parseDType(value); name == "dtype" && type)
        instance.dtype = *type;
      else
        return std::cerr << "attn-core: unknown option " << path << "\n", 2;
      continue;
    }
    std::ifstream in(path, std::ios::binary);
    if (path != "-" && !in)
      return std::cerr << "attn-core: cannot read " << path << "\n", 2;
    std::ostringstream text;
    text << (path == "-" ? std::cin.rdbuf() : in.rdbuf());
    SourceMap sources;
    Diagnostics diagnostics;
    uint32_t source = sources.add(path.substr(path.rfind('/') + 1), text.str());
    ast::File file = parse(sources, source, diagnostics);
    std::optional<core::Program> program;
    if (!diagnostics.hasErrors() && all)
      checkAll(file, sources, diagnostics);
    else if (!diagnostics.hasErrors())
      program = analyze(file, sources, instance, diagnostics);
    diagnostics.sort();
    print(std::cout, sources, diagnostics);
    if (program)
      core::print(std::cout, *program);
    failed |= diagnostics.hasErrors();
  }
  return failed;
}
