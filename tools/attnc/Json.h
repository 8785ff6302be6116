// Writing JSON.
#pragma once
#include "tools/attnc/Text.h"
#include <cmath>

namespace attnc::json {

/// Numbers that JSON has no word for become null.
inline std::string number(double value) { return std::isfinite(value) ? text("%.9g", value) : "null"; }

inline std::string quoted(const std::string &value) {
  std::string result = "\"";
  for (unsigned char c : value)
    result += c == '"' || c == '\\' ? std::string("\\") + char(c) : c < 32 ? text("\\u%04x", c) : std::string(1, c);
  return result + "\"";
}

/// An object, member by member. Texts are JSON already.
class Object {
public:
  Object &add(const std::string &name, const std::string &json) {
    body += (body.empty() ? "" : ", ") + quoted(name) + ": " + json;
    return *this;
  }
  Object &add(const std::string &name, double value) { return add(name, number(value)); }
  std::string done() const { return "{" + body + "}"; }

private:
  std::string body;
};

} // namespace attnc::json
