#include "test/fuzz/CheckText.h"
#include "frontend/AstPrinter.h"
#include "frontend/Format.h"
#include "frontend/Parser.h"
#include "frontend/Sema.h"
#include <cstdlib>
#include <iostream>
#include <sstream>

namespace attn {

static void require(bool holds, const char *what) {
  if (holds)
    return;
  std::cerr << "fuzz: " << what << "\n";
  std::abort();
}

static void checkMessages(const SourceMap &sources, const Diagnostics &diagnostics) {
  auto inside = [&](Span span) {
    return span.file < sources.size() && span.begin <= span.end && span.end <= sources.text(span.file).size();
  };
  for (const Diagnostic &diagnostic : diagnostics.all()) {
    require(!diagnostic.message.empty() && diagnostic.message.find('\n') == std::string::npos, "a message is one line");
    require(inside(diagnostic.where), "a message lies outside the text");
    for (const Diagnostic::Note &note : diagnostic.notes)
      require(!note.where || inside(*note.where), "a note lies outside the text");
  }
  std::ostringstream os;
  print(os, sources, diagnostics);
}

void checkText(const std::string &text, const std::vector<ProgramCheck> &next) {
  SourceMap sources;
  Diagnostics diagnostics;
  uint32_t source = sources.add("fuzz.attn", text);
  ast::File file = parse(sources, source, diagnostics);
  bool wellFormed = !diagnostics.hasErrors();
  diagnostics.sort();
  checkMessages(sources, diagnostics);

  if (wellFormed) {
    std::optional<std::string> once = format(sources, source, diagnostics);
    require(once.has_value(), "what parses can be formatted");
    SourceMap again;
    uint32_t second = again.add("fuzz.attn", *once);
    ast::File reread = parse(again, second, diagnostics);
    require(!diagnostics.hasErrors(), "formatting keeps a program well formed");
    require(toString(reread) == toString(file), "formatting keeps the tree");
    std::optional<std::string> twice = format(again, second, diagnostics);
    require(once == twice, "formatting is idempotent");
  }
  if (!wellFormed)
    return;
  Diagnostics found;
  checkAll(file, sources, found);
  found.sort();
  checkMessages(sources, found);
  for (const ast::Pattern &pattern : file.patterns) {
    Instance instance;
    instance.pattern = pattern.name.text;
    Diagnostics late;
    std::optional<core::Program> program = analyze(file, sources, instance, late);
    require(program.has_value() != late.hasErrors(), "a program is typed, or there is an error");
    checkMessages(sources, late);
    for (ProgramCheck check : next)
      if (program)
        check(*program, sources);
  }
}

} // namespace attn
