#include "frontend/Diagnostics.h"
#include <algorithm>
#include <numeric>
#include <ostream>
#include <tuple>

namespace attn {

Diagnostic &Diagnostics::error(Span where, std::string message) {
  ++errors;
  list.emplace_back();
  list.back().severity = Severity::Error;
  list.back().message = std::move(message);
  list.back().where = where;
  return list.back();
}

Diagnostic &Diagnostics::warning(Span where, std::string message) {
  Diagnostic &diagnostic = error(where, std::move(message));
  --errors;
  diagnostic.severity = Severity::Warning;
  return diagnostic;
}

void Diagnostics::sort() {
  auto key = [](const Diagnostic &d) {
    return std::make_tuple(d.where.file, d.where.begin, d.where.end, d.severity);
  };
  std::vector<size_t> order(list.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::make_pair(key(list[a]), a) < std::make_pair(key(list[b]), b);
  });
  std::deque<Diagnostic> sorted;
  for (size_t k : order)
    sorted.push_back(std::move(list[k]));
  list = std::move(sorted);
  auto same = [&](const Diagnostic &a, const Diagnostic &b) {
    return key(a) == key(b) && a.message == b.message && a.label == b.label && a.help == b.help;
  };
  list.erase(std::unique(list.begin(), list.end(), same), list.end());
  errors = std::count_if(list.begin(), list.end(),
                         [](const Diagnostic &d) { return d.severity == Severity::Error; });
}

//===-- Printing --------------------------------------------------------------===//

namespace {

struct Colors {
  const char *error = "", *warning = "", *note = "", *bold = "", *reset = "";
};

const Colors noColors;
const Colors ansiColors = {"\033[1;31m", "\033[1;35m", "\033[1;36m", "\033[1m", "\033[0m"};

/// Columns that a line of text takes, tabs as 4.
constexpr unsigned tabWidth = 4;

bool isContinuation(char c) { return (c & 0xC0) == 0x80; }

/// Prints a line of source: tabs expanded, control characters as `?`.
void printText(std::ostream &os, std::string_view text) {
  for (char c : text)
    if (c == '\t')
      os << std::string(tabWidth, ' ');
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      os << '?';
    else
      os << c;
}

unsigned widthOf(std::string_view text) {
  unsigned width = 0;
  for (char c : text)
    width += c == '\t' ? tabWidth : isContinuation(c) ? 0 : 1;
  return width;
}

/// The place and the line with its marks; a span of several lines is marked to
/// the end of its first.
void printExcerpt(std::ostream &os, const SourceMap &sources, Span span, char mark, const std::string &label,
                  const char *color, const Colors &colors) {
  if (span.file >= sources.size())
    return;
  LineColumn place = sources.at(span.file, span.begin);
  std::string_view line = sources.line(span.file, place.line);
  std::string number = std::to_string(place.line);
  std::string gutter(number.size(), ' ');
  size_t lineBegin = span.begin;
  const std::string &text = sources.text(span.file);
  lineBegin = std::min(lineBegin, text.size());
  while (lineBegin > 0 && text[lineBegin - 1] != '\n')
    --lineBegin;
  size_t from = std::min<size_t>(span.begin - lineBegin, line.size());
  size_t to = std::clamp<size_t>(span.end > lineBegin ? span.end - lineBegin : 0, from, line.size());

  os << gutter << "--> " << sources.name(span.file) << ':' << place.line << ':' << place.column << '\n'
     << gutter << " |\n"
     << number << (line.empty() ? " |" : " | ");
  printText(os, line);
  os << '\n' << gutter << " | " << std::string(widthOf(line.substr(0, from)), ' ') << color;
  os << std::string(std::max(1u, widthOf(line.substr(from, to - from))), mark);
  if (!label.empty())
    os << ' ' << label;
  os << colors.reset << '\n';
}

} // namespace

void print(std::ostream &os, const SourceMap &sources, const Diagnostic &diagnostic, bool useColors) {
  const Colors &colors = useColors ? ansiColors : noColors;
  const char *color = diagnostic.severity == Severity::Error     ? colors.error
                      : diagnostic.severity == Severity::Warning ? colors.warning
                                                                 : colors.note;
  os << color
     << (diagnostic.severity == Severity::Error     ? "error"
         : diagnostic.severity == Severity::Warning ? "warning"
                                                    : "note")
     << colors.reset << ": " << colors.bold << diagnostic.message << colors.reset << '\n';
  printExcerpt(os, sources, diagnostic.where, '^', diagnostic.label, color, colors);
  for (const Diagnostic::Note &note : diagnostic.notes) {
    os << colors.note << "note" << colors.reset << ": " << note.text << '\n';
    if (note.where)
      printExcerpt(os, sources, *note.where, '-', "", colors.note, colors);
  }
  if (!diagnostic.help.empty())
    os << colors.note << "help" << colors.reset << ": " << diagnostic.help << '\n';
}

void print(std::ostream &os, const SourceMap &sources, const Diagnostics &diagnostics, bool colors) {
  bool first = true;
  for (const Diagnostic &diagnostic : diagnostics.all()) {
    if (!first)
      os << '\n';
    first = false;
    print(os, sources, diagnostic, colors);
  }
}

//===-- Did you mean ----------------------------------------------------------===//

/// Edits from one word to the other: insert, delete, replace, swap neighbours.
static unsigned distance(const std::string &a, const std::string &b) {
  std::vector<std::vector<unsigned>> d(a.size() + 1, std::vector<unsigned>(b.size() + 1));
  for (size_t x = 0; x <= a.size(); ++x)
    for (size_t y = 0; y <= b.size(); ++y) {
      if (x == 0 || y == 0) {
        d[x][y] = x + y;
        continue;
      }
      d[x][y] = std::min({d[x - 1][y] + 1, d[x][y - 1] + 1, d[x - 1][y - 1] + (a[x - 1] != b[y - 1])});
      if (x > 1 && y > 1 && a[x - 1] == b[y - 2] && a[x - 2] == b[y - 1])
        d[x][y] = std::min(d[x][y], d[x - 2][y - 2] + 1);
    }
  return d[a.size()][b.size()];
}

std::string nearest(const std::string &name, const std::vector<std::string> &candidates) {
  // One edit in a word of three letters, two from six on.
  size_t allowed = name.size() < 3 ? 0 : name.size() < 6 ? 1 : 2;
  std::string best;
  size_t bestDistance = allowed + 1;
  for (const std::string &candidate : candidates) {
    if (candidate == name || candidate.size() > name.size() + allowed || name.size() > candidate.size() + allowed)
      continue;
    size_t edits = distance(name, candidate);
    if (edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

} // namespace attn
