// Reading JSON that may be anything. The first mistake is kept with its place;
// afterwards every read gives an empty value.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace attn {

class JsonReader {
public:
  /// `error` is empty and outlives the reader.
  JsonReader(const nlohmann::json &value, std::string path, std::string &error) : value(value), path(std::move(path)), error(error) {}

  bool good() const { return error.empty(); }
  void fail(const std::string &message) const {
    if (error.empty())
      error = (path.empty() ? "" : path + ": ") + message;
  }

  bool isBoolean() const { return value.is_boolean(); }
  bool isText() const { return value.is_string(); }
  bool has(const char *name) const { return value.is_object() && value.contains(name); }

  JsonReader member(const char *name) const {
    static const nlohmann::json nothing;
    std::string place = path.empty() ? name : path + "." + name;
    if (has(name))
      return JsonReader(value[name], place, error);
    fail(value.is_object() ? std::string("`") + name + "` is missing" : "an object is needed");
    return JsonReader(nothing, place, error);
  }

  int64_t integer(int64_t low, int64_t high) const {
    bool fits = value.is_number_integer();
    if (fits && value.is_number_unsigned())
      fits = value.get<uint64_t>() <= uint64_t(INT64_MAX);
    int64_t number = fits ? value.get<int64_t>() : 0;
    if (!fits || number < low || number > high) {
      fail("a whole number from " + std::to_string(low) + " to " + std::to_string(high) + " is needed");
      return low;
    }
    return number;
  }
  uint64_t bits() const {
    if (value.is_number_unsigned())
      return value.get<uint64_t>();
    fail("a whole number is needed");
    return 0;
  }
  double real() const {
    if (value.is_number())
      return value.get<double>();
    fail("a number is needed");
    return 0;
  }
  bool boolean() const {
    if (value.is_boolean())
      return value.get<bool>();
    fail("true or false is needed");
    return false;
  }
  std::string text() const {
    if (value.is_string()) {
      const std::string &text = value.get_ref<const std::string &>();
      if (text.find('\0') == std::string::npos)
        return text;
    }
    fail("a text is needed");
    return "";
  }

  /// Every entry of a list of at most `limit` ones.
  template <class T, class Read> std::vector<T> list(size_t limit, Read read) const {
    std::vector<T> result;
    if (!value.is_array())
      fail("a list is needed");
    else if (value.size() > limit)
      fail("the list is longer than " + std::to_string(limit));
    else
      for (size_t n = 0; n < value.size() && good(); ++n)
        result.push_back(read(JsonReader(value[n], path + "[" + std::to_string(n) + "]", error)));
    return result;
  }

private:
  const nlohmann::json &value;
  std::string path;
  std::string &error;
};

} // namespace attn
