// The command line of one subcommand: a table of options, read with good errors.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace attnc {

/// What a command returns to the shell.
enum Status : int {
  Ok = 0,
  Failed = 1, ///< the program is wrong, results disagree, a file cannot be written
  Usage = 2,  ///< the command line is wrong
};

struct Option {
  std::string name;  ///< "--shape", "-o"
  std::string value; ///< what stands behind it in help texts; empty: a switch
  std::string help;
};
using Options = std::vector<Option>;

/// `a` followed by `b`.
Options operator+(Options a, const Options &b);

/// `text` as a whole number (`1_000` is one), or nullopt.
std::optional<int64_t> parseInt(const std::string &text);
std::optional<double> parseReal(const std::string &text);

/// The options and operands that were given. Options may be written
/// `--name value` or `--name=value` and may stand anywhere; `--` ends them.
class Arguments {
public:
  /// Reads words by a table. On failure returns nullopt and sets `error`.
  static std::optional<Arguments> parse(const std::vector<std::string> &words, const Options &table,
                                        std::string &error);

  /// As if `name value` had been given last.
  void set(const std::string &name, const std::string &value) { values[name].push_back(value); }

  const std::vector<std::string> &operands() const { return positional; }
  bool has(const std::string &name) const { return values.count(name) != 0; }
  /// The last value given, or `otherwise`.
  std::string get(const std::string &name, const std::string &otherwise = "") const;
  /// All values in order.
  std::vector<std::string> all(const std::string &name) const;
  /// The last value as a whole number of at least `least`. Sets `error` if it is none.
  int64_t integer(const std::string &name, int64_t otherwise, int64_t least, std::string &error) const;
  /// The parts of every value, cut at commas, as `key=value`. Sets `error` if a part has no `=`.
  std::vector<std::pair<std::string, std::string>> pairs(const std::string &name, std::string &error) const;

private:
  std::map<std::string, std::vector<std::string>> values;
  std::vector<std::string> positional;
};

/// A subcommand.
struct Command {
  const char *name;
  const char *operands; ///< "FILE.attn"
  const char *summary;  ///< one line
  const char *details;  ///< a paragraph or more for `attnc help NAME`
  Options options;
  int (*run)(const Arguments &arguments);
};

Command checkCommand();
Command compileCommand();
Command explainCommand();
Command fmtCommand();
Command proveCommand();
Command runCommand();
Command showCommand();

/// Prints `error: message` and, if given, `help: help`; returns Usage.
int usageError(const std::string &message, const std::string &help = "");
/// Prints `error: message`; returns Failed.
int failure(const std::string &message);

} // namespace attnc
