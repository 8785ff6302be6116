#include "frontend/Source.h"
#include <algorithm>

namespace attn {

uint32_t SourceMap::add(std::string name, std::string text) {
  File file{std::move(name), std::move(text), {0}};
  for (uint32_t k = 0; k < file.text.size(); ++k)
    if (file.text[k] == '\n')
      file.lineStarts.push_back(k + 1);
  files.push_back(std::move(file));
  return files.size() - 1;
}

std::string_view SourceMap::text(Span span) const {
  return std::string_view(files[span.file].text).substr(span.begin, span.end - span.begin);
}

LineColumn SourceMap::at(uint32_t file, uint32_t offset) const {
  const File &f = files[file];
  offset = std::min<uint32_t>(offset, f.text.size());
  auto next = std::upper_bound(f.lineStarts.begin(), f.lineStarts.end(), offset);
  unsigned line = next - f.lineStarts.begin();
  unsigned column = 1;
  for (uint32_t k = f.lineStarts[line - 1]; k < offset; ++k)
    column += (f.text[k] & 0xC0) != 0x80; // continuation bytes of UTF-8 are no characters
  return {line, column};
}

std::string_view SourceMap::line(uint32_t file, unsigned line) const {
  const File &f = files[file];
  uint32_t begin = f.lineStarts[line - 1];
  uint32_t end = line < f.lineStarts.size() ? f.lineStarts[line] - 1 : f.text.size();
  if (end > begin && f.text[end - 1] == '\r')
    --end;
  return std::string_view(f.text).substr(begin, end - begin);
}

} // namespace attn
