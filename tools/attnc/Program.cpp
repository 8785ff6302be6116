#include "tools/attnc/Program.h"
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace attn;
using namespace attnc;

Options attnc::programOptions() {
  return {{"--pattern", "NAME", "the pattern (default: the last one of the file)"},
          {"--set", "NAME=VALUE,..", "parameters, `const` ones included"},
          {"--shape", "N=1024,D=64,..", "lengths: B H G N M, D E, and those of the pattern's own axes"},
          {"--dtype", "f32|bf16|f16", "the type of q, k and v (default: f32, or that of the arrays)"}};
}

void attnc::report(const SourceMap &sources, const Diagnostics &diagnostics) {
  if (!diagnostics.all().empty())
    print(std::cerr, sources, diagnostics, isatty(STDERR_FILENO) && !std::getenv("NO_COLOR"));
}

std::string attnc::didYouMean(const std::string &name, const std::vector<std::string> &candidates) {
  std::string near = nearest(name, candidates);
  return near.empty() ? "" : "; did you mean `" + near + "`?";
}

std::unique_ptr<Source> attnc::readSource(const std::string &path, Status &status) {
  std::stringstream text;
  errno = 0;
  if (path == "-") {
    text << std::cin.rdbuf();
  } else {
    struct stat info;
    std::ifstream file(path, std::ios::binary);
    if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
      status = Status(failure("cannot read `" + path + "`: it is a folder"));
      return nullptr;
    }
    if (!file) {
      status = Status(failure("cannot read `" + path + "`: " + std::strerror(errno)));
      return nullptr;
    }
    text << file.rdbuf();
  }
  return readText(path == "-" ? "<stdin>" : path, text.str(), status);
}

std::unique_ptr<Source> attnc::readText(const std::string &name, std::string text, Status &status) {
  auto source = std::make_unique<Source>();
  uint32_t number = source->sources.add(name, std::move(text));
  Diagnostics diagnostics;
  source->file = parse(source->sources, number, diagnostics);
  if (diagnostics.hasErrors()) {
    diagnostics.sort();
    report(source->sources, diagnostics);
    status = Failed;
    return nullptr;
  }
  return source;
}

std::unique_ptr<Source> attnc::readSource(const Arguments &arguments, Status &status) {
  const std::vector<std::string> &operands = arguments.operands();
  if (operands.empty()) {
    status = Status(usageError("which file?", "give the name of an `.attn` file, or `-` for the standard input"));
    return nullptr;
  }
  if (operands.size() > 1) {
    status = Status(usageError("one file at a time: what is `" + operands[1] + "`?"));
    return nullptr;
  }
  return readSource(operands[0], status);
}

/// The lengths that the types of inputs introduce: `W` of `dtype[W]`.
static std::set<std::string> staticLengths(const ast::Pattern &pattern) {
  std::set<std::string> names{"D", "E"};
  for (const ast::Clause &clause : pattern.clauses)
    if ((clause.kind == ast::ClauseKind::In || clause.kind == ast::ClauseKind::State) && clause.type)
      for (const ast::ExprPtr &length : clause.type->lengths)
        if (length && length->kind == ast::ExprKind::Name)
          names.insert(length->name.text);
  return names;
}

static const ast::Pattern *choose(const ast::File &file, const std::string &name, Status &status) {
  if (file.patterns.empty()) {
    status = Status(failure("the file has no pattern"));
    return nullptr;
  }
  if (name.empty())
    return &file.patterns.back();
  std::vector<std::string> names;
  for (const ast::Pattern &pattern : file.patterns) {
    if (pattern.name.text == name)
      return &pattern;
    names.push_back(pattern.name.text);
  }
  std::string message = "no pattern `" + name + "` in this file" + didYouMean(name, names);
  std::string list;
  for (const std::string &known : names)
    list += (list.empty() ? "it has: `" : ", `") + known + "`";
  status = Status(usageError(message, list));
  return nullptr;
}

namespace {
/// A `--set` value by the type that the parameter declares.
struct Setter {
  const ast::Pattern &pattern;
  Instance &instance;
  Loaded &loaded;

  std::string set(const std::string &name, const std::string &value) {
    std::vector<std::string> names{"scale", "offset"};
    for (const ast::Parameter &parameter : pattern.parameters) {
      names.push_back(parameter.name.text);
      if (parameter.name.text == name)
        return set(name, value, parameter.type.text, parameter.isConst);
    }
    if (name == "scale")
      return set(name, value, "real", false);
    if (name == "offset")
      return set(name, value, "int", false);
    return "`" + pattern.name.text + "` has no parameter `" + name + "`" + didYouMean(name, names);
  }

private:
  std::string set(const std::string &name, const std::string &value, const std::string &type, bool isConst) {
    if (type == "real") {
      std::optional<double> number = parseReal(value);
      if (!number)
        return "`" + name + "` is a number, not `" + value + "`";
      (isConst ? instance.constants : loaded.reals)[name] = *number;
      return "";
    }
    std::optional<int64_t> number = parseInt(value);
    if (type == "bool")
      number = value == "true" ? 1 : value == "false" ? 0 : std::optional<int64_t>();
    if (!number)
      return "`" + name + "` is " + (type == "bool" ? "`true` or `false`" : "a whole number") + ", not `" + value + "`";
    if (isConst)
      instance.constants[name] = double(*number);
    else
      loaded.ints[name] = *number;
    return "";
  }
};
} // namespace

static std::string readLengths(const Arguments &arguments, const std::set<std::string> &isStatic, Instance &instance,
                               Loaded &loaded) {
  std::string error;
  for (auto &[name, value] : arguments.pairs("--shape", error)) {
    std::optional<int64_t> length = parseInt(value);
    if (!length || *length < 0)
      return "`--shape " + name + "=" + value + "`: a length is a whole number";
    if (*length > (int64_t(1) << 40))
      return "`--shape " + name + "=" + value + "`: no length is above 2^40";
    (isStatic.count(name) ? instance.lengths : loaded.lengths)[name] = *length;
  }
  return error;
}

/// Lengths on the command line that the program does not have.
static std::string unknownLength(const Loaded &loaded) {
  std::vector<std::string> names{"D", "E"};
  std::set<std::string> known;
  for (const core::Axis &axis : loaded.program.axes) {
    names.push_back(axis.name);
    known.insert(axis.name);
  }
  for (auto &[name, value] : loaded.lengths)
    if (!known.count(name))
      return "`" + loaded.program.name + "` has no axis `" + name + "`" + didYouMean(name, names);
  return "";
}

std::unique_ptr<Loaded> attnc::instantiate(std::unique_ptr<Source> source, const Arguments &arguments,
                                           const Hints &hints, Status &status) {
  auto fail = [&](int code) {
    status = Status(code);
    return nullptr;
  };
  const ast::Pattern *pattern = choose(source->file, arguments.get("--pattern"), status);
  if (!pattern)
    return nullptr;

  auto loaded = std::make_unique<Loaded>();
  Instance instance;
  instance.pattern = pattern->name.text;
  instance.lengths = hints.lengths;
  instance.dtype = hints.dtype.value_or(core::DType::F32);
  if (arguments.has("--dtype")) {
    std::optional<core::DType> dtype = core::parseDType(arguments.get("--dtype"));
    if (dtype != core::DType::F32 && dtype != core::DType::F16 && dtype != core::DType::BF16)
      return fail(usageError("`--dtype` is one of f32, bf16, f16, not `" + arguments.get("--dtype") + "`"));
    instance.dtype = *dtype;
  }
  std::string error = readLengths(arguments, staticLengths(*pattern), instance, *loaded);
  if (error.empty()) {
    Setter setter{*pattern, instance, *loaded};
    for (auto &[name, value] : arguments.pairs("--set", error))
      if (error.empty())
        error = setter.set(name, value);
  }
  if (!error.empty())
    return fail(usageError(error));
  if (instance.lengths.count("D") && !instance.lengths.count("E"))
    instance.lengths["E"] = instance.lengths["D"];

  Diagnostics diagnostics;
  std::optional<core::Program> program = analyze(source->file, source->sources, instance, diagnostics);
  diagnostics.sort();
  report(source->sources, diagnostics);
  if (!program)
    return fail(Failed);
  loaded->program = std::move(*program);
  loaded->source = std::move(source);
  error = unknownLength(*loaded);
  if (!error.empty())
    return fail(usageError(error));
  return loaded;
}

std::unique_ptr<Loaded> attnc::load(const Arguments &arguments, Status &status) {
  std::unique_ptr<Source> source = readSource(arguments, status);
  return source ? instantiate(std::move(source), arguments, {}, status) : nullptr;
}
