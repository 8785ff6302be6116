#include "test/fuzz/Mutator.h"
#include "frontend/Parser.h"
#include "frontend/Tokens.h"
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace attn {

uint64_t Random::next() {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static std::vector<Span> tokenSpans(const std::string &text) {
  SourceMap sources;
  Diagnostics diagnostics;
  TokenList list = tokenize(sources, sources.add("", text), diagnostics);
  std::vector<Span> spans;
  for (const Token &token : list.tokens)
    if (token.kind != Tok::End)
      spans.push_back(token.span);
  return spans;
}

static std::string at(const std::string &text, Span span) {
  return text.substr(span.begin, span.end - span.begin);
}

Mutator::Mutator(std::vector<std::string> corpus) : programs(std::move(corpus)) {
  std::set<std::string> seen = {"0", "-1", "9223372036854775807", "1e308", "0.0", "1 / 0", "()", "j'''", "M", "N",
                                "D", "E", "\xc3\xa9", "//", "#", "\"", "[0]", "(a for j)", "if a then b else c"};
  for (const std::string &program : programs)
    for (Span span : tokenSpans(program))
      seen.insert(at(program, span));
  for (Tok kind = firstKeyword; kind <= lastSymbol; kind = Tok(uint8_t(kind) + 1))
    seen.insert(spelling(kind));
  words.assign(seen.begin(), seen.end());
}

void Mutator::changeBytes(std::string &text, Random &random) const {
  size_t where = random.below(text.size() + 1), length = random.below(8);
  switch (random.below(4)) {
  case 0: text.insert(where, 1, char(random.next())); break;
  case 1: text.erase(where, length); break;
  case 2: text.insert(where, text.substr(random.below(text.size() + 1), length * 8)); break;
  default:
    if (where < text.size())
      text[where] = char(random.oneIn(2) ? random.next() : text[random.below(text.size())]);
  }
}

void Mutator::changeTokens(std::string &text, Random &random) const {
  std::vector<Span> spans = tokenSpans(text);
  if (spans.empty())
    return;
  Span here = spans[random.below(spans.size())], there = spans[random.below(spans.size())];
  std::string word = random.oneIn(2) ? at(text, there) : words[random.below(words.size())];
  switch (random.below(6)) {
  case 0: text.erase(here.begin, here.end - here.begin); break;
  case 1: text.insert(here.begin, word + " "); break;
  case 2: text.replace(here.begin, here.end - here.begin, "(" + at(text, here) + " " + word + ")"); break;
  case 3: { // a run of tokens stands somewhere else, too
    size_t from = std::min(here.begin, there.begin), to = std::max(here.end, there.end);
    std::string run = text.substr(from, std::min<size_t>(to - from, 60));
    text.insert(spans[random.below(spans.size())].begin, run + " ");
    break;
  }
  default: text.replace(here.begin, here.end - here.begin, word);
  }
}

/// What may stand for what without the parser's notice.
static int classOf(Tok kind) {
  switch (kind) {
  case Tok::Name: return 1;
  case Tok::Integer: case Tok::Real: case Tok::True: case Tok::False: return 2;
  case Tok::Add: case Tok::Star: case Tok::Slash: case Tok::SlashSlash: case Tok::Mod: case Tok::At: return 3;
  case Tok::Less: case Tok::LessEqual: case Tok::Greater: case Tok::GreaterEqual: case Tok::EqualEqual:
  case Tok::NotEqual: return 4;
  case Tok::And: case Tok::Or: return 5;
  case Tok::Mask: case Tok::Value: case Tok::Score: case Tok::Weights: return 6;
  default: return 0;
  }
}

void Mutator::changeAlike(std::string &text, Random &random) const {
  SourceMap sources;
  Diagnostics diagnostics;
  TokenList list = tokenize(sources, sources.add("", text), diagnostics);
  const Token &token = list.tokens[random.below(list.tokens.size())];
  std::vector<Span> alike;
  for (const Token &other : list.tokens)
    if (classOf(token.kind) && classOf(other.kind) == classOf(token.kind) && at(text, other.span) != at(text, token.span))
      alike.push_back(other.span);
  if (!alike.empty())
    text.replace(token.span.begin, token.span.end - token.span.begin, at(text, alike[random.below(alike.size())]));
}

/// The places of all expressions of a program.
static std::vector<Span> expressionSpans(const std::string &text) {
  struct Walk {
    std::vector<Span> spans;
    void visit(const ast::ExprPtr &expr) {
      if (!expr)
        return;
      spans.push_back(expr->span);
      for (const ast::ExprPtr &operand : expr->operands)
        visit(operand);
      for (const ast::Item &item : expr->items)
        visit(item.lo), visit(item.hi);
      for (const ast::Binder &binder : expr->binders)
        visit(binder.set), visit(binder.rangeEnd);
      visit(expr->condition);
    }
    void visit(const ast::Clause &clause) {
      for (const ast::ExprPtr &expr : {clause.value, clause.rangeEnd, clause.budget, clause.by, clause.where,
                                       clause.always, clause.plus})
        visit(expr);
      for (const ast::Clause &inner : clause.body)
        visit(inner);
    }
  } walk;
  SourceMap sources;
  Diagnostics diagnostics;
  ast::File file = parse(sources, sources.add("", text), diagnostics);
  for (const ast::Clause &def : file.defs)
    walk.visit(def);
  for (const ast::Pattern &pattern : file.patterns)
    for (const ast::Clause &clause : pattern.clauses)
      walk.visit(clause);
  return walk.spans;
}

/// One expression in the place of another.
void Mutator::changeExpressions(std::string &text, Random &random) const {
  const std::string &other = random.oneIn(3) ? programs[random.below(programs.size())] : text;
  std::vector<Span> places = expressionSpans(text), sources = expressionSpans(other);
  if (places.empty() || sources.empty())
    return;
  std::string part = at(other, sources[random.below(sources.size())]);
  static const char *const forms[] = {"%", "(%)", "-(%)", "not (%)", "sum(% for j')", "max(% for x in 0 .. 3)",
                                      "(if % then % else %)", "(%)[0]", "(%) @ (%)", "f(%)", "1 / (%)", "o.w[i, %]",
                                      "dot(%, %)", "(% < 1)", "any(% for j in c)", "merge(%, %)", "size(%)",
                                      "shl(1, %)", "(%) ^ 2", "cat(%, %)", "(%, %)", "floor(%)", "q[i][0 .. %]"};
  std::string form = forms[random.oneIn(2) ? 0 : random.below(sizeof(forms) / sizeof(*forms))], result;
  for (char c : form)
    c == '%' ? void(result += part) : void(result += c);
  Span place = places[random.below(places.size())];
  text.replace(place.begin, place.end - place.begin, result);
}

static std::vector<std::string> linesOf(const std::string &text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

void Mutator::changeLines(std::string &text, Random &random) const {
  std::vector<std::string> lines = linesOf(text);
  std::vector<std::string> others = linesOf(programs[random.below(programs.size())]);
  if (lines.empty() || others.empty())
    return;
  size_t where = random.below(lines.size());
  switch (random.below(4)) {
  case 0: lines.erase(lines.begin() + where); break;
  case 1: std::swap(lines[where], lines[random.below(lines.size())]); break;
  case 2: lines[where] = others[random.below(others.size())]; break;
  default: lines.insert(lines.begin() + where, others[random.below(others.size())]);
  }
  text.clear();
  for (const std::string &line : lines)
    text += line + "\n";
}

std::string Mutator::mutated(Random &random) const {
  std::string text = programs[random.below(programs.size())];
  // Long files hide their programs from each other.
  for (unsigned changes = 1 + random.below(4); changes-- > 0 && text.size() < 20000;)
    switch (random.below(12)) {
    case 0: changeBytes(text, random); break;
    case 1: case 2: changeTokens(text, random); break;
    case 3: case 4: case 5: changeLines(text, random); break;
    case 6: case 7: case 8: changeAlike(text, random); break;
    default: changeExpressions(text, random);
    }
  return text;
}

//===-- Corpus ------------------------------------------------------------------===//

/// A file of several patterns also gives each of them alone.
static void addProgram(std::vector<std::string> &corpus, const std::string &text) {
  corpus.push_back(text);
  std::vector<size_t> starts;
  for (size_t k = text.find("pattern "); k != std::string::npos; k = text.find("\npattern ", k + 1))
    starts.push_back(k);
  if (starts.size() > 1)
    for (size_t k = 0; k < starts.size(); ++k)
      corpus.push_back(text.substr(starts[k], k + 1 < starts.size() ? starts[k + 1] - starts[k] : std::string::npos));
}

static void addFile(std::vector<std::string> &corpus, const std::filesystem::path &path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  if (path.extension() == ".attn") {
    addProgram(corpus, all.str());
    return;
  }
  std::string block;
  bool inside = false;
  for (const std::string &line : linesOf(all.str()))
    if (line.compare(0, 3, "```") == 0) {
      if (inside)
        addProgram(corpus, block);
      inside = !inside && line.compare(0, 7, "```attn") == 0;
      block.clear();
    } else if (inside)
      block += line + "\n";
}

std::vector<std::string> readCorpus(const std::string &root) {
  namespace fs = std::filesystem;
  std::vector<fs::path> paths;
  auto wanted = [](const fs::path &path) { return path.extension() == ".attn" || path.extension() == ".md"; };
  if (fs::is_directory(root)) {
    for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator(); ++entry)
      if (entry->is_directory() && (entry->path().filename().string().compare(0, 5, "build") == 0 ||
                                    entry->path().filename().string()[0] == '.'))
        entry.disable_recursion_pending();
      else if (entry->is_regular_file() && wanted(entry->path()))
        paths.push_back(entry->path());
  } else
    paths.push_back(root);
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const fs::path &path : paths)
    addFile(corpus, path);
  return corpus;
}

} // namespace attn
