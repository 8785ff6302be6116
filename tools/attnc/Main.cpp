// attnc: the compiler's command line. This file knows the subcommands' names;
// each has a file of its own.
#include "frontend/Diagnostics.h"
#include "tools/attnc/Arguments.h"
#include "tools/attnc/Build.h"
#include <iostream>

using namespace attnc;

static std::vector<Command> commands() {
  return {checkCommand(), fmtCommand(), showCommand(), explainCommand(), runCommand(), proveCommand(), compileCommand(), buildCommand()};
}

static std::string padded(std::string text, size_t width) {
  text.resize(std::max(width, text.size() + 1), ' ');
  return text;
}

static void overview(std::ostream &os) {
  os << "attnc compiles attention patterns.\n\nusage: attnc COMMAND FILE.attn [OPTION ...]\n\ncommands:\n";
  for (const Command &command : commands())
    os << "  " << padded(command.name, 10) << command.summary << '\n';
  os << "  " << padded("help", 10) << "this text, or `attnc help COMMAND`\n\n"
     << "exit status: 0 all is well; 1 the program is wrong or results disagree; 2 the command line is wrong\n";
}

static void describe(std::ostream &os, const Command &command) {
  os << "usage: attnc " << command.name << ' ' << command.operands << (command.options.empty() ? "" : " [OPTION ...]")
     << "\n\n" << command.details << '\n';
  if (command.options.empty())
    return;
  os << "\noptions:\n";
  for (const Option &option : command.options) {
    std::string name = option.name + (option.value.empty() ? "" : " " + option.value);
    os << "  " << padded(name, 26) << option.help << '\n';
  }
}

static int unknownCommand(const std::string &name) {
  std::vector<std::string> names{"help"};
  for (const Command &command : commands())
    names.push_back(command.name);
  std::string near = attn::nearest(name, names);
  return usageError("unknown command `" + name + "`" + (near.empty() ? "" : "; did you mean `" + near + "`?"),
                    "`attnc help` lists them");
}

static int help(const std::vector<std::string> &words) {
  if (words.empty()) {
    overview(std::cout);
    return Ok;
  }
  for (const Command &command : commands())
    if (words[0] == command.name) {
      describe(std::cout, command);
      return Ok;
    }
  return unknownCommand(words[0]);
}

int main(int argc, char **argv) {
  std::ios::sync_with_stdio(false);
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) {
    overview(std::cerr);
    return Usage;
  }
  std::string name = words[0];
  words.erase(words.begin());
  if (name == "help" || name == "--help" || name == "-h")
    return help(words);
  for (const Command &command : commands()) {
    if (name != command.name)
      continue;
    for (const std::string &word : words)
      if (word == "--help" || word == "-h")
        return help({name});
    std::string error;
    std::optional<Arguments> arguments = Arguments::parse(words, command.options, error);
    if (!arguments)
      return usageError(error, "`attnc help " + name + "` lists the options");
    return command.run(*arguments);
  }
  return unknownCommand(name);
}
