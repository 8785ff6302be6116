// Source texts and places in them. Everything in the frontend points here.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace attn {

/// A half-open range of bytes of one source text.
struct Span {
  uint32_t file = 0;
  uint32_t begin = 0;
  uint32_t end = 0;

  /// From the beginning of this span to the end of `other` (same file).
  Span to(Span other) const { return {file, begin, other.end}; }
};

/// A place as people count it: both from 1; columns in characters (UTF-8 code
/// points).
struct LineColumn {
  unsigned line = 1;
  unsigned column = 1;
};

/// Owns the texts of one compilation. A file keeps its number for good.
class SourceMap {
public:
  /// Adds a text and returns its number. `name` is what messages show.
  uint32_t add(std::string name, std::string text);

  size_t size() const { return files.size(); }
  const std::string &name(uint32_t file) const { return files[file].name; }
  const std::string &text(uint32_t file) const { return files[file].text; }
  /// The source text of a span.
  std::string_view text(Span span) const;
  LineColumn at(uint32_t file, uint32_t offset) const;
  /// The text of a line, counted from 1, without its line end.
  std::string_view line(uint32_t file, unsigned line) const;

private:
  struct File {
    std::string name, text;
    std::vector<uint32_t> lineStarts;
  };
  std::vector<File> files;
};

} // namespace attn
