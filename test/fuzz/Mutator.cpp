#include "test/fuzz/Mutator.h"
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
    switch (random.below(8)) {
    case 0: changeBytes(text, random); break;
    case 1: case 2: changeLines(text, random); break;
    default: changeTokens(text, random);
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
