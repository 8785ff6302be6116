// attnc prove: what holds between masks for all lengths, positions and
// parameters.
#include "passes/Prove.h"
#include "dialect/AttnOps.h"
#include "frontend/Import.h"
#include "frontend/ImportPlaces.h"
#include "tools/attnc/Program.h"
#include <algorithm>
#include <iostream>

using namespace attn;
using namespace attnc;

namespace {

/// `left VERB right`; `right` is empty for a claim about one mask.
struct Claim {
  enum Verb { Implies, Equals, Disjoint, Empty } verb = Empty;
  std::string left, right;
};

std::string trimmed(const std::string &text) {
  size_t begin = text.find_first_not_of(" \t\n"), end = text.find_last_not_of(" \t\n");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

std::optional<Claim> readClaim(const std::string &text) {
  const std::pair<const char *, Claim::Verb> verbs[] = {{" implies ", Claim::Implies},
                                                        {" equals ", Claim::Equals},
                                                        {" disjoint from ", Claim::Disjoint},
                                                        {" is empty", Claim::Empty}};
  for (auto [word, verb] : verbs) {
    size_t at = text.find(word);
    if (at == std::string::npos)
      continue;
    Claim claim{verb, trimmed(text.substr(0, at)), trimmed(text.substr(at + std::string(word).size()))};
    if (!claim.left.empty() && claim.right.empty() == (verb == Claim::Empty))
      return claim;
  }
  return std::nullopt;
}

/// A program whose mask is one side of a claim, and its IR.
struct Side {
  std::unique_ptr<Loaded> loaded;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  AttendOp attend;
};

/// The text of a pattern with the parameters, inputs, indices and formulas of
/// another, and the mask `mask`.
std::string patternAround(const Source &source, const ast::Pattern &pattern, const std::string &mask) {
  std::string parameters, body;
  for (const ast::Parameter &parameter : pattern.parameters)
    parameters += (parameters.empty() ? "" : ", ") + std::string(source.sources.text(parameter.span));
  for (const ast::Clause &clause : pattern.clauses)
    if (clause.kind == ast::ClauseKind::In || clause.kind == ast::ClauseKind::Index ||
        clause.kind == ast::ClauseKind::Def)
      body += "  " + std::string(source.sources.text(clause.span)) + "\n";
  return "pattern claim" + (parameters.empty() ? "" : "(" + parameters + ")") + " {\n" + body + "  mask " + mask +
         "\n}\n";
}

/// Reads the file anew, with a pattern for the formula if it names none.
std::optional<Side> makeSide(const std::string &path, const std::string &text, Arguments arguments,
                             mlir::MLIRContext &context, Status &status) {
  std::unique_ptr<Source> source = readSource(path, status);
  if (!source)
    return std::nullopt;
  const ast::Pattern *around = nullptr;
  bool isPattern = false;
  std::string chosen = arguments.get("--pattern");
  for (const ast::Pattern &pattern : source->file.patterns) {
    isPattern |= pattern.name.text == text;
    if (chosen.empty() || pattern.name.text == chosen)
      around = &pattern;
  }
  arguments.set("--pattern", text);
  if (!isPattern) {
    if (!around) {
      status = Status(failure("the file has no pattern" + (chosen.empty() ? "" : " `" + chosen + "`")));
      return std::nullopt;
    }
    std::string whole = source->sources.text(source->file.source) + "\n" + patternAround(*source, *around, text);
    source = readText("claim", whole, status);
    if (!source)
      return std::nullopt;
    arguments.set("--pattern", "claim");
  }
  Side side;
  side.loaded = instantiate(std::move(source), arguments, {}, status);
  if (!side.loaded)
    return std::nullopt;
  Diagnostics diagnostics;
  {
    Collector collector(context, side.loaded->sources(), diagnostics);
    side.module = importProgram(side.loaded->program, side.loaded->sources(), context);
  }
  report(side.loaded->sources(), diagnostics);
  if (!side.module) {
    status = Failed;
    return std::nullopt;
  }
  side.module->walk([&](AttendOp attend) {
    if (attend.getName() == "o")
      side.attend = attend;
  });
  if (!side.attend) {
    status = Status(failure("`" + text + "` has no mask"));
    return std::nullopt;
  }
  return side;
}

Proof prove(const Claim &claim, const Side &left, const Side &right) {
  MaskQuestion a = MaskQuestion::of(left.attend);
  if (claim.verb == Claim::Empty)
    return attn::empty(a);
  MaskQuestion b = MaskQuestion::of(right.attend);
  return claim.verb == Claim::Implies  ? implies(a, b)
         : claim.verb == Claim::Equals ? equal(a, b)
                                       : disjoint(a, b);
}

int run(const Arguments &arguments) {
  const std::vector<std::string> &operands = arguments.operands();
  std::optional<Claim> claim = operands.size() == 2 ? readClaim(operands[1]) : std::nullopt;
  if (!claim)
    return usageError("what is claimed of which file?",
                      "attnc prove FILE.attn 'A implies B', 'A equals B', 'A disjoint from B' or 'A is empty'");
  mlir::MLIRContext context;
  Status status = Ok;
  std::optional<Side> left = makeSide(operands[0], claim->left, arguments, context, status), right = Side();
  if (left && claim->verb != Claim::Empty)
    right = makeSide(operands[0], claim->right, arguments, context, status);
  if (!left || !right)
    return status;
  Proof proof = prove(*claim, *left, *right);
  if (proof.answer == Proof::Yes) {
    std::cout << "yes\n";
    return Ok;
  }
  if (proof.answer == Proof::Unknown) {
    std::cout << "unknown: not all of it is integer arithmetic that can be decided, or it is too large\n";
    return Failed;
  }
  std::cout << "no: for example";
  for (size_t n = 0; n < proof.example.size(); ++n)
    std::cout << (n ? ", " : " ") << proof.example[n].first << " = " << proof.example[n].second;
  std::cout << '\n';
  return Failed;
}

} // namespace

Command attnc::proveCommand() {
  return {"prove", "FILE.attn CLAIM", "prove or refute a claim about masks",
          "Answers a claim about masks for all lengths, positions and parameters: `yes`, `no` with an\n"
          "example, or `unknown`. The exit status is 0 for `yes` alone. Claims are\n\n"
          "  A implies B         whoever is seen under A is seen under B\n"
          "  A equals B\n"
          "  A disjoint from B   nobody is seen under both\n"
          "  A is empty          nobody is ever seen\n\n"
          "A and B are names of patterns of the file, or formulas as they could stand after `mask` in\n"
          "the pattern that `--pattern` names (default: the last one).",
          programOptions(), run};
}
