#include "frontend/Sema.h"
#include "frontend/Checker.h"
#include "frontend/Parser.h"
#include <algorithm>

namespace attn {
namespace sema {

using ast::ClauseKind;

Checker::Checker(const ast::File &file, SourceMap &sources, const Instance &instance, Diagnostics &diagnostics,
                 bool lenient)
    : file(file), sources(sources), instance(instance), diagnostics(diagnostics), lenient(lenient) {
  preludeFile = sources.size();
  for (uint32_t k = 0; k < sources.size(); ++k)
    if (sources.name(k) == preludeName && sources.text(k) == preludeText())
      preludeFile = k;
  if (preludeFile == sources.size())
    preludeFile = sources.add(preludeName, preludeText());
  Diagnostics none;
  prelude = parse(sources, preludeFile, none);
  preludeScope.parent = &predeclared;
  fileScope.parent = &preludeScope;
  patternScope.parent = &fileScope;
  program.dtype = instance.dtype;
  enterPredeclared();
  for (const ast::Clause &def : prelude.defs)
    defineFormula(preludeScope, def);
}

void Checker::checkFormulas() {
  for (const ast::Use &use : file.uses)
    later(use.span, "`use`");
  for (const ast::Clause &def : file.defs)
    defineFormula(fileScope, def);
  std::map<std::string, Span> patterns;
  for (const ast::Pattern &pattern : file.patterns)
    if (auto [first, fresh] = patterns.emplace(pattern.name.text, pattern.name.span); !fresh)
      error(pattern.name.span, "`" + pattern.name.text + "` is defined twice").note("first defined here", first->second);
}

/// Clauses in their order: a name is defined before it is used [D1].
void Checker::clauses(const std::vector<ast::Clause> &list) {
  for (const ast::Clause &clause : list) {
    switch (clause.kind) {
    case ClauseKind::In:
    case ClauseKind::State:
      inputs(clause);
      continue;
    case ClauseKind::Index: indexClause(clause); continue;
    case ClauseKind::Def: defineFormula(patternScope, clause); break;
    case ClauseKind::Let: let(clause); break;
    case ClauseKind::Select: select(clause); break;
    case ClauseKind::Branch: branch(clause); break;
    case ClauseKind::Mask:
    case ClauseKind::Score:
    case ClauseKind::Weights:
    case ClauseKind::Value:
      startMain();
      element(mainRules, clause);
      break;
    case ClauseKind::Out: out(clause); break;
    }
  }
}

/// A name of the instance that the pattern does not have is a mistake of the
/// caller.
void Checker::checkInstance(const ast::Pattern &pattern) {
  auto constant = [&](const std::string &name) -> const core::Constant * {
    for (const core::Constant &c : program.constants)
      if (c.name == name)
        return &c;
    return nullptr;
  };
  for (const auto &[name, length] : instance.lengths) {
    const core::Constant *known = constant(name);
    if (!known || !known->isLength)
      error(pattern.name.span, "`" + name + "` is not a length of this pattern").mark("it was set from outside");
    else if (length < 1 || length > maxLength)
      error(pattern.name.span, "a vector has 1 to " + std::to_string(maxLength) + " components")
          .mark("`" + name + "` was set to " + std::to_string(length));
  }
  for (const auto &[name, value] : instance.constants) {
    bool declared = std::any_of(pattern.parameters.begin(), pattern.parameters.end(),
                                [&, n = name](const ast::Parameter &p) { return p.name.text == n && p.isConst; });
    if (declared)
      continue;
    bool runTime = std::any_of(pattern.parameters.begin(), pattern.parameters.end(),
                               [&, n = name](const ast::Parameter &p) { return p.name.text == n && !p.isConst; });
    if (runTime)
      error(pattern.name.span, "`" + name + "` is chosen at each call").mark("only `const` parameters are set here");
    else
      error(pattern.name.span, "`" + name + "` is not a parameter of this pattern").mark("it was set from outside");
  }
}

std::optional<core::Program> Checker::check(const ast::Pattern &pattern) {
  checkFormulas();
  program.name = pattern.name.text;
  program.span = pattern.name.span;
  for (const std::string &line : pattern.comment)
    program.doc += (program.doc.empty() ? "" : "\n") + line;
  for (const ast::Clause &clause : pattern.clauses) {
    if (clause.kind == ClauseKind::Def || (clause.name && clause.kind == ClauseKind::Weights))
      definedBelow[clause.name.text] = clause.name.span;
    else if (clause.kind != ClauseKind::Out)
      for (const ast::Entry &entry : clause.entries)
        definedBelow[entry.name.text] = entry.name.span;
  }
  for (const ast::Clause &clause : pattern.clauses)
    if (clause.kind == ClauseKind::Out && !clause.entries.empty() && clause.entries[0].name)
      updated.insert(clause.entries[0].name.text);
  for (const ast::Parameter &p : pattern.parameters)
    parameter(p);
  clauses(pattern.clauses);
  if (!lenient)
    checkInstance(pattern);
  if (!anyOut) {
    startMain();
    closeRules(mainRules, pattern.span);
    if (!mainRules.failed) {
      int main = mainRules.branch;
      int row = addVariable("i", core::AxisN);
      auto read = std::make_shared<core::Expr>();
      read->op = Op::Branch;
      read->id = main;
      read->type = program.branches[main].value->type;
      read->span = program.span;
      read->args = {varNode(core::AxisB, program.span), varNode(core::AxisH, program.span), varNode(row, program.span)};
      const Symbol &v = predeclared.names.at("v");
      core::DType dtype = v.kind == Symbol::Tensor ? program.tensors[v.id].dtype : program.dtype;
      program.outputs.push_back({"out", {core::AxisB, core::AxisH, row}, read, dtype, program.span});
    }
  } else if (!mainRules.closed && mainRules.first) {
    if (!failed && unsupported.empty())
      diagnostics.warning(*mainRules.first, "these rules are never used").mark("no `out` reads `o`");
  }
  if (!failed)
    for (const auto &[where, message] : unsupported)
      error(where, message);
  if (failed || mainRules.failed)
    return std::nullopt;
  return finish();
}

} // namespace sema

std::optional<core::Program> analyze(const ast::File &file, SourceMap &sources, const Instance &instance,
                                     Diagnostics &diagnostics) {
  const ast::Pattern *chosen = nullptr;
  for (const ast::Pattern &pattern : file.patterns)
    if (instance.pattern.empty() || pattern.name.text == instance.pattern)
      chosen = &pattern;
  if (!chosen) {
    Span start{file.source, 0, 0};
    if (file.patterns.empty()) {
      diagnostics.error(start, "this file has no pattern").mark("`pattern name { ... }`");
    } else {
      std::vector<std::string> names;
      for (const ast::Pattern &pattern : file.patterns)
        names.push_back(pattern.name.text);
      Diagnostic &d = diagnostics.error(start, "no pattern `" + instance.pattern + "` in this file");
      std::string other = nearest(instance.pattern, names);
      if (!other.empty())
        d.mark("did you mean `" + other + "`?");
      std::string list;
      for (const std::string &name : names)
        list += (list.empty() ? "`" : ", `") + name + "`";
      d.suggest("it has " + list);
    }
    return std::nullopt;
  }
  sema::Checker checker(file, sources, instance, diagnostics, /*lenient=*/false);
  return checker.check(*chosen);
}

void checkAll(const ast::File &file, SourceMap &sources, Diagnostics &diagnostics) {
  Instance instance;
  if (file.patterns.empty()) {
    sema::Checker(file, sources, instance, diagnostics, true).checkFormulas();
    return;
  }
  for (const ast::Pattern &pattern : file.patterns)
    sema::Checker(file, sources, instance, diagnostics, true).check(pattern);
}

} // namespace attn
