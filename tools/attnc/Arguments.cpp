#include "tools/attnc/Arguments.h"
#include "frontend/Diagnostics.h"
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>

using namespace attnc;

Options attnc::operator+(Options a, const Options &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Without the underscores that the language allows between digits.
static std::string withoutUnderscores(const std::string &text) {
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] != '_' || i == 0 || i + 1 == text.size())
      digits += text[i];
  return digits;
}

std::optional<int64_t> attnc::parseInt(const std::string &text) {
  std::string digits = withoutUnderscores(text);
  if (digits.empty() || std::isspace((unsigned char)digits[0]))
    return std::nullopt;
  char *end = nullptr;
  errno = 0;
  long long value = std::strtoll(digits.c_str(), &end, 10);
  if (errno || *end)
    return std::nullopt;
  return value;
}

std::optional<double> attnc::parseReal(const std::string &text) {
  std::string digits = withoutUnderscores(text);
  if (digits.empty() || std::isspace((unsigned char)digits[0]))
    return std::nullopt;
  char *end = nullptr;
  double value = std::strtod(digits.c_str(), &end);
  if (*end)
    return std::nullopt;
  return value;
}

static const Option *find(const Options &table, const std::string &name) {
  for (const Option &option : table)
    if (option.name == name)
      return &option;
  return nullptr;
}

std::optional<Arguments> Arguments::parse(const std::vector<std::string> &words, const Options &table,
                                          std::string &error) {
  Arguments result;
  bool ended = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string &word = words[i];
    if (ended || word.size() < 2 || word[0] != '-') {
      result.positional.push_back(word);
      continue;
    }
    if (word == "--") {
      ended = true;
      continue;
    }
    size_t equals = word.find('=');
    std::string name = word.substr(0, equals);
    const Option *option = find(table, name);
    if (!option) {
      error = "unknown option `" + name + "`";
      std::vector<std::string> names;
      for (const Option &known : table)
        names.push_back(known.name);
      std::string near = attn::nearest(name, names);
      if (!near.empty())
        error += "; did you mean `" + near + "`?";
      return std::nullopt;
    }
    std::string value;
    if (option->value.empty()) {
      if (equals != std::string::npos) {
        error = "`" + name + "` takes no value";
        return std::nullopt;
      }
    } else if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      error = "`" + name + "` needs a value: `" + name + " " + option->value + "`";
      return std::nullopt;
    }
    result.values[name].push_back(value);
  }
  return result;
}

std::string Arguments::get(const std::string &name, const std::string &otherwise) const {
  auto it = values.find(name);
  return it == values.end() ? otherwise : it->second.back();
}

std::vector<std::string> Arguments::all(const std::string &name) const {
  auto it = values.find(name);
  return it == values.end() ? std::vector<std::string>{} : it->second;
}

int64_t Arguments::integer(const std::string &name, int64_t otherwise, int64_t least, std::string &error) const {
  if (!has(name))
    return otherwise;
  std::optional<int64_t> value = parseInt(get(name));
  if (value && *value >= least)
    return *value;
  error = "`" + name + "` needs a whole number of at least " + std::to_string(least) + ", not `" + get(name) + "`";
  return otherwise;
}

std::vector<std::pair<std::string, std::string>> Arguments::pairs(const std::string &name, std::string &error) const {
  std::vector<std::pair<std::string, std::string>> result;
  for (const std::string &value : all(name)) {
    for (size_t at = 0; at <= value.size();) {
      size_t comma = std::min(value.find(',', at), value.size());
      std::string part = value.substr(at, comma - at);
      at = comma + 1;
      if (part.empty())
        continue;
      size_t equals = part.find('=');
      if (equals == 0 || equals == std::string::npos) {
        error = "`" + name + "` needs parts like `name=value`, not `" + part + "`";
        return result;
      }
      result.emplace_back(part.substr(0, equals), part.substr(equals + 1));
    }
  }
  return result;
}

int attnc::usageError(const std::string &message, const std::string &help) {
  std::cerr << "error: " << message << '\n';
  if (!help.empty())
    std::cerr << "help: " << help << '\n';
  return Usage;
}

int attnc::failure(const std::string &message) {
  std::cerr << "error: " << message << '\n';
  return Failed;
}
