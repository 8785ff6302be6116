// From a file name and options to a typed program.
#pragma once
#include "frontend/Core.h"
#include "frontend/Diagnostics.h"
#include "frontend/Parser.h"
#include "frontend/Sema.h"
#include "tools/attnc/Arguments.h"
#include <memory>

namespace attnc {

/// A file as read. Not movable: spans point into it.
struct Source {
  attn::SourceMap sources;
  attn::ast::File file;
};

/// One pattern at one choice of everything static, with the rest of what the
/// command line said about a call.
struct Loaded {
  std::unique_ptr<Source> source;
  attn::core::Program program;
  std::map<std::string, double> reals;     ///< run-time parameters
  std::map<std::string, int64_t> ints;
  std::map<std::string, int64_t> lengths;  ///< run-time lengths
  const attn::SourceMap &sources() const { return source->sources; }
};

/// What arrays say about the static part, where the command line is silent.
struct Hints {
  std::optional<attn::core::DType> dtype;
  std::map<std::string, int64_t> lengths;
};

/// --pattern, --set, --shape, --dtype.
Options programOptions();

/// Reads and parses the one operand. Prints what is wrong and returns null.
std::unique_ptr<Source> readSource(const Arguments &arguments, Status &status);
/// The same of a named file.
std::unique_ptr<Source> readSource(const std::string &path, Status &status);
/// The same of a text.
std::unique_ptr<Source> readText(const std::string &name, std::string text, Status &status);

/// Checks the chosen pattern. Prints what is wrong and returns null.
std::unique_ptr<Loaded> instantiate(std::unique_ptr<Source> source, const Arguments &arguments, const Hints &hints,
                                    Status &status);
/// Both.
std::unique_ptr<Loaded> load(const Arguments &arguments, Status &status);

/// Prints messages to the error stream, in color on a terminal.
void report(const attn::SourceMap &sources, const attn::Diagnostics &diagnostics);

/// "; did you mean `x`?", or nothing.
std::string didYouMean(const std::string &name, const std::vector<std::string> &candidates);

} // namespace attnc
