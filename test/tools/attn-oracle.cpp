// Evaluates a pattern by its definition on arrays from .npy files.
//
//   attn-oracle FILE [--dtype bf16] [--plain] [--set name=value]...
//               [--shape B=1,H=2,...,D=16] [--in name=file.npy]...
//               [--out name=file.npy]...
//
// --set gives parameters, const or not; --shape lengths, static or not. All
// outputs are float64 (i64 for integers).
#include "frontend/Parser.h"
#include "frontend/Sema.h"
#include "runtime/Npy.h"
#include "runtime/Oracle.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace attn;

namespace {
int fail(const std::string &message) {
  std::cerr << "attn-oracle: " << message << '\n';
  return 1;
}

struct Options {
  std::string file;
  Instance instance;
  bool plain = false;
  std::map<std::string, double> values;
  std::map<std::string, int64_t> lengths;
  std::map<std::string, std::string> inputs, outputs;
};

std::pair<std::string, std::string> split(const std::string &text) {
  size_t at = text.find('=');
  if (at == text.npos)
    return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

bool readOptions(int argc, char **argv, Options &options) {
  for (int n = 1; n < argc; ++n) {
    std::string word = argv[n];
    if (word == "--plain") {
      options.plain = true;
      continue;
    }
    if (word.rfind("--", 0) != 0) {
      options.file = word;
      continue;
    }
    if (++n == argc)
      return false;
    std::string value = argv[n];
    auto [name, rest] = split(value);
    if (word == "--dtype") {
      auto dtype = core::parseDType(value);
      if (!dtype)
        return false;
      options.instance.dtype = *dtype;
    } else if (word == "--set") {
      options.values[name] = std::strtod(rest.c_str(), nullptr);
    } else if (word == "--in") {
      options.inputs[name] = rest;
    } else if (word == "--out") {
      options.outputs[name] = rest;
    } else if (word == "--shape") {
      std::istringstream list(value);
      for (std::string part; std::getline(list, part, ',');)
        options.lengths[split(part).first] = std::strtoll(split(part).second.c_str(), nullptr, 10);
    } else {
      return false;
    }
  }
  return !options.file.empty();
}

/// Which parameters and lengths belong to the program and which to the call is
/// for the program to say.
std::optional<core::Program> compile(Options &options, SourceMap &sources) {
  std::ifstream stream(options.file);
  std::stringstream text;
  text << stream.rdbuf();
  uint32_t file = sources.add(options.file, text.str());
  Diagnostics diagnostics;
  ast::File tree = parse(sources, file, diagnostics);
  std::optional<core::Program> program;
  if (!diagnostics.hasErrors()) {
    const ast::Pattern *pattern = nullptr;
    for (const ast::Pattern &p : tree.patterns)
      pattern = &p;
    if (pattern)
      for (const ast::Parameter &p : pattern->parameters)
        if (auto it = options.values.find(p.name.text); p.isConst && it != options.values.end()) {
          options.instance.constants.insert(*it);
          options.values.erase(it);
        }
    for (auto it = options.lengths.begin(); it != options.lengths.end();) {
      static const std::string axes[] = {"B", "H", "G", "N", "M"};
      bool isAxis = std::find(std::begin(axes), std::end(axes), it->first) != std::end(axes);
      if (!isAxis)
        options.instance.lengths.insert(*it);
      it = isAxis ? std::next(it) : options.lengths.erase(it);
    }
    program = analyze(tree, sources, options.instance, diagnostics);
  }
  if (diagnostics.hasErrors()) {
    print(std::cerr, sources, diagnostics);
    return std::nullopt;
  }
  return program;
}
} // namespace

int main(int argc, char **argv) {
  Options options;
  if (!readOptions(argc, argv, options))
    return fail("see the head of test/tools/attn-oracle.cpp for its arguments");
  SourceMap sources;
  auto program = compile(options, sources);
  if (!program)
    return 1;

  Bindings bindings;
  std::map<std::string, Tensor> inputs;
  std::string error;
  for (const auto &[name, path] : options.inputs) {
    auto tensor = readNpy(path, error);
    if (!tensor)
      return fail(path + ": " + error);
    for (const core::Tensor &t : program->tensors)
      if (t.name == name && t.dtype == core::DType::BF16)
        tensor = reinterpretAsBF16(std::move(*tensor));
    bindings.inputs[name] = tensor->view();
    inputs.emplace(name, std::move(*tensor));
  }
  for (const auto &[name, value] : options.values) {
    bool isReal = false;
    for (const core::Param &param : program->params)
      isReal |= param.name == name && param.type == core::Base::Real;
    if (isReal)
      bindings.reals[name] = value;
    else
      bindings.ints[name] = int64_t(value);
  }
  bindings.lengths = options.lengths;
  auto oracle = Oracle::create(*program, bindings, options.plain ? Arithmetic::Plain : Arithmetic::Exact, error);
  if (!oracle)
    return fail(error);
  for (const auto &[name, path] : options.outputs) {
    int output = -1;
    for (size_t n = 0; n < program->outputs.size(); ++n)
      if (program->outputs[n].name == name)
        output = int(n);
    if (output < 0)
      return fail("the pattern has no output `" + name + "`");
    if (!writeNpy(path, oracle->evaluate(output).view(), error))
      return fail(path + ": " + error);
  }
  return 0;
}
