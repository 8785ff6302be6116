// What the compiler says about a program, in the words of the language.
#pragma once
#include "frontend/Source.h"
#include <deque>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace attn {

enum class Severity { Error, Warning, Note };

/// One message. Its printed form is section "Diagnostics" of docs/language.md:
///
///   error: `slope` is indexed by `h`
///    --> packed.attn:4:14
///     |
///   4 |   score qk - slope * (i - j)
///     |              ^^^^^ write `slope[h]`
///   note: ...
///   help: ...
struct Diagnostic {
  struct Note {
    std::string text;
    std::optional<Span> where; ///< shown with its own excerpt
  };
  Severity severity = Severity::Error;
  std::string message;             ///< one line, lower case, no full stop
  Span where;                      ///< what the carets mark
  std::string label;               ///< beside the carets: the shortest cure
  std::vector<Note> notes;         ///< a second place, or the rule behind it
  std::string help;                ///< a change longer than a word

  Diagnostic &mark(std::string text) { label = std::move(text); return *this; }
  Diagnostic &note(std::string text, std::optional<Span> at = std::nullopt) {
    notes.push_back({std::move(text), at});
    return *this;
  }
  Diagnostic &suggest(std::string text) { help = std::move(text); return *this; }
};

/// Collects messages in the order they were found. References stay valid.
class Diagnostics {
public:
  Diagnostic &error(Span where, std::string message);
  Diagnostic &warning(Span where, std::string message);

  bool hasErrors() const { return errors != 0; }
  size_t errorCount() const { return errors; }
  const std::deque<Diagnostic> &all() const { return list; }
  /// Orders by place and drops exact repetitions.
  void sort();

private:
  std::deque<Diagnostic> list;
  size_t errors = 0;
};

/// Prints one message with its excerpts. `colors` uses ANSI sequences.
void print(std::ostream &os, const SourceMap &sources, const Diagnostic &diagnostic, bool colors = false);
/// Prints all, separated by blank lines.
void print(std::ostream &os, const SourceMap &sources, const Diagnostics &diagnostics, bool colors = false);

/// The candidate nearest to `name` by edit distance, if one is near enough to
/// be what the writer meant ("did you mean"); otherwise empty.
std::string nearest(const std::string &name, const std::vector<std::string> &candidates);

} // namespace attn
