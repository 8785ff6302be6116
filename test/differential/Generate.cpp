#include "Generate.h"
#include "runtime/Tensor.h"
#include <algorithm>
#include <cctype>

using namespace differential;

uint64_t Random::bits() { return attn::randomBits(seed, counter++); }
int64_t Random::in(int64_t lo, int64_t hi) { return lo + int64_t(bits() % uint64_t(hi - lo + 1)); }

std::string Node::print() const {
  std::string out;
  size_t next = 0;
  for (char c : text)
    if (c == '$')
      out += "(" + parts[next++].print() + ")";
    else
      out += c;
  return out;
}

size_t Node::size() const {
  size_t n = text.size();
  for (const Node &part : parts)
    n += part.size();
  return n;
}

//===----------------------------------------------------------------------===//
// Inputs and parameters
//===----------------------------------------------------------------------===//

namespace {
struct Input {
  const char *name, *declaration;
  Content content;
};
const Input inputs[] = {
    {"doc", "in doc[b, j]: i32", {Content::Sorted, 0, 4}},
    {"kind", "in kind[b, j]: i32", {Content::Integers, 0, 3}},
    {"flag", "in flag[b, j]: bool", {Content::Integers, 0, 2}},
    {"full", "in full[g]: bool", {Content::Integers, 0, 2}},
    {"span", "in span[h]: i32", {Content::Integers, -2, 40}},
    {"up", "in up[b, i, j]: bool", {Content::Integers, 0, 2}},
    {"lo", "in lo[b, i]: i32", {Content::Integers, -3, 40}},
    {"hi", "in hi[b, i]: i64", {Content::Integers, 0, 90}},
    {"mark", "in mark[b, i]: u8", {Content::Integers, 0, 255}},
    {"slope", "in slope[h]: f32", {Content::Normal, 0.2, 0.05}},
    {"sink", "in sink[h]: f32", {Content::Normal, 0, 1}},
    {"factor", "in factor[h]: f32", {Content::Normal, 1, 0.3}},
    {"bias", "in bias[h, t]: f32", {Content::Normal, 0, 1}},
    {"pair", "in pair[b, i, j]: f32", {Content::Normal, 0, 1}},
    {"keybias", "in keybias[b, j]: dtype", {Content::Normal, 0, 1}},
    {"gain", "in gain[b, j]: f32", {Content::Normal, 1, 0.3}},
    {"gate", "in gate[b, i, h]: dtype[E]", {Content::Normal, 0, 1}},
    {"qh", "in qh[h]: f32[D]", {Content::Normal, 1, 0.3}},
    {"vh", "in vh[h]: f32[E]", {Content::Normal, 0, 1}},
    {"wh", "in wh[h]: f32[4, D]", {Content::Normal, 0, 0.4}},
    // Sets have contents of their own.
    {"kept", "index ri = i // block\n  index cj = j // block\n  in kept[b, h, ri]: set of cj", {Content::Integers, 0, 1}},
    {"few", "index cf = (j + 3) // 4\n  in few[g]: set of cf", {Content::Integers, 0, 1}},
    {"picks", "index rp = (i - offset) // 8\n  in picks[b, g, rp]: set of j", {Content::Integers, 0, 1}},
    {"own", "in own[b, i]: set of j", {Content::Integers, 0, 1}},
    {"late", "in late[b]: set of i", {Content::Integers, 0, 1}},
};
struct Param {
  const char *name, *declaration;
};
const Param params[] = {{"w", "w: int"},        {"n", "n: int = 3"}, {"block", "const block: int = 16"},
                        {"layer", "layer: int"}, {"u", "u: real = 0.25"}};

bool mentions(const std::string &text, const std::string &name) {
  for (size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    auto isWord = [&](size_t p) { return p < text.size() && (std::isalnum(text[p]) || text[p] == '_' || text[p] == '\''); };
    if (!isWord(at + name.size()) && (at == 0 || !isWord(at - 1)))
      return true;
  }
  return false;
}
} // namespace

const Content &differential::contentOf(const std::string &input, bool isFloat) {
  // Of the examples' inputs, those that are not numbers round 0.
  static const std::map<std::string, Content> others = {
      {"at", {Content::Integers, -1, 90}},  {"start", {Content::Integers, 0, 40}}, {"dist", {Content::Integers, -1, 9}},
      {"rho", {Content::Normal, 1, 0.2}},   {"lse", {Content::Normal, 4, 1}},      {"seg", {Content::Integers, 0, 2}},
      {"image", {Content::Integers, 0, 2}}, {"poly", {Content::Normal, 0.3, 0.1}},
      {"level", {Content::Halves, -4, 4}},  {"far", {Content::Far, 0, 0}},         {"down", {Content::Integers, -99, 99}},
      {"byte", {Content::Integers, 0, 255}}};
  static const Content numbers{Content::Normal, 0, 1}, integers{Content::Integers, 0, 4};
  for (const Input &known : inputs)
    if (input == known.name)
      return known.content;
  auto it = others.find(input);
  return it != others.end() ? it->second : isFloat ? numbers : integers;
}

std::string Source::print() const {
  std::string body;
  for (const std::string &let : lets)
    body += "  " + let + "\n";
  if (std::string text = mask.print(); text != "true")
    body += "  mask " + text + "\n";
  if (!score.empty())
    body += "  score " + score + "\n";
  for (const std::string &stage : weights)
    body += "  " + stage + "\n";
  if (!value.empty())
    body += "  value " + value + "\n";
  for (const std::string &out : outs)
    body += "  " + out + "\n";
  std::string declarations;
  for (const Input &input : inputs)
    if (mentions(body, input.name))
      declarations += std::string("  ") + input.declaration + "\n";
  std::string head;
  for (const Param &param : params)
    if (mentions(body, param.name) || mentions(declarations, param.name))
      head += (head.empty() ? "" : ", ") + std::string(param.declaration);
  return "pattern random" + (head.empty() ? "" : "(" + head + ")") + " {\n" + declarations + body + "}\n";
}

//===----------------------------------------------------------------------===//
// The grammar
//===----------------------------------------------------------------------===//

namespace {
std::string number(int64_t n) { return std::to_string(n); }

/// An integer that is the same for all keys and rows, or nearly.
std::string bound(Random &r) {
  return r.of<std::string>({number(r.in(0, 8)), number(r.in(0, 70)), "w", "n", "2 * n + 1", "span[h]", "block"});
}

std::string affineAtom(Random &r) {
  std::string c = bound(r), m = number(r.in(2, 9));
  switch (r.in(0, 19)) {
  case 0: case 1: case 2: return "causal";
  case 3: return "recent(" + c + ")";
  case 4: return "within(" + c + ")";
  case 5: return "first(" + c + ")";
  case 6: return "last(" + c + ")";
  case 7: return "(i - j) mod " + m + " == " + number(r.in(0, 3));
  case 8: return "i // " + m + " == j // " + m;
  case 9: return "i // block - j // block < " + number(r.in(0, 3));
  case 10: return "(i + j) mod " + m + " != 0";
  case 11: return number(r.in(0, 5)) + " <= i - j < " + c;
  case 12: return "j >= " + c;
  case 13: return "i > " + c;
  case 14: return "j in i - " + c + " .. i + " + number(r.in(0, 9));
  case 15: return "abs(i - 2 * j) <= " + c;
  case 16: return "j mod max(1, " + c + ") < i mod " + m;
  case 17: return "i * " + m + " // 4 >= j";
  case 18: return "min(i, " + c + ") >= max(j - 3, 0)";
  default: return "bitand(i // 2 - j // 2, i // 2 - j // 2 - 1) == 0";
  }
}

std::string setAtom(Random &r) {
  return r.of<std::string>({"cj(j) in kept[ri(i)]", "j in picks[rp(i)]", "j in own[i]", "cf(j) in few[g]", "i in late[b]", "cj(j) + 1 in kept[ri(i)]"});
}

std::string dataAtom(Random &r) {
  switch (r.in(0, 14)) {
  case 0: case 1: return "doc[i] == doc[j]";
  case 2: return r.chance(50) ? "kind[i] != kind[j]" : "kind[i] == kind[j]";
  case 3: return "flag[j]";
  case 4: return "flag[i]";
  case 5: return "full[g]";
  case 6: return "i - j < span[h]";
  case 7: return "up[i, j]";
  case 8: return "j in lo[i] .. hi[i]";
  case 9: return "lo[i] <= j";
  case 10: return "bit(mark[i], j mod 8)";
  case 11: return "layer mod 2 == 1";
  case 12: case 13: return setAtom(r);
  default: return "kind[j - 1] == kind[i + 1]";
  }
}

Node predicate(Random &r, int depth) {
  if (depth == 0 || r.chance(25))
    return {r.chance(70) ? affineAtom(r) : dataAtom(r), {}};
  switch (r.in(0, 9)) {
  case 0: return {"not $", {predicate(r, depth - 1)}};
  case 1: return {"if $ then $ else $", {predicate(r, depth - 1), predicate(r, depth - 1), predicate(r, depth - 1)}};
  case 2: case 3: case 4: return {"$ or $", {predicate(r, depth - 1), predicate(r, depth - 1)}};
  default: return {"$ and $", {predicate(r, depth - 1), predicate(r, depth - 1)}};
  }
}

std::string score(Random &r, Source &source) {
  std::string base = r.of<std::string>({"qk", "qk", "qk", "scale * dot(q[i] * qh[h], k[j])", "dot(q[i], k[j]) / sqrt(D)",
                                        "2 * dot(unit(q[i]), unit(k[j]))", "0.1 * sum(tanh(q[i] + k[j])[x] for x in 0 .. 4)",
                                        "scale * dot(rope(q[i], i, 100), rope(k[j], j, 100))",
                                        "scale * dot(q[i][0 .. 4], k[j][D - 4 .. D])", "dot(wh[h] @ q[i], wh[h] @ k[j]) / 4"});
  if (mentions(base, "x"))
    base = "sum(cos(x * (i - j) / 7) for x in 0 .. 3) + qk";
  for (int64_t n = r.in(0, 2); n > 0; --n)
    switch (r.in(0, 11)) {
    case 0: base = "softcap(" + base + ", 3)"; break;
    case 1: base += " + alibi(slope[h])"; break;
    case 2: base = "(" + base + ") * factor[h]"; break;
    case 3: base += " + bias[h, min(abs(i - j), 5)]"; break;
    case 4: base += " + pair[i, j]"; break;
    case 5: base += " + keybias[j]"; break;
    case 6: base += " - abs(i - j) / 9"; break;
    case 7: base = "(if " + predicate(r, 0).print() + " then " + base + " else 0.5)"; break;
    case 8: base = "(" + base + ") * log(1 + count) / 3"; break;
    case 9:
      source.lets.push_back("let p[i] = dot(qh[h], q[i]) / D");
      base += " + p[i] * keybias[j]";
      break;
    case 10:
      source.lets.push_back("let length[j] = norm(k[j])");
      base = "(" + base + ") / (1 + length[j])";
      break;
    default: base += " + cos((i - j) * u)"; break;
    }
  std::sort(source.lets.begin(), source.lets.end());
  source.lets.erase(std::unique(source.lets.begin(), source.lets.end()), source.lets.end());
  return base == "qk" ? "" : base;
}

/// Stages; sets `divided` where there is a denominator at the top.
std::vector<std::string> weights(Random &r, bool &divided) {
  divided = true;
  switch (r.in(0, 21)) {
  case 0: case 1: case 2: case 3: return {};
  case 4: case 5: return {"weights softmax_sink(sink[h])"};
  case 6: return {"weights softmax_sink(0)"};
  case 7: return {"weights softplus(s) / sum"};
  case 8: return {"weights relu(s) ^ 2 / (sum + 0.5)"};
  case 9: return {"weights s / max(abs(sum), 1)"};
  default: break;
  }
  divided = false;
  switch (r.in(0, 11)) {
  case 0: return {"weights sigmoid(s - 1)"};
  case 1: return {"weights exp(min(s, 2)) / 10"};
  case 2: return {"weights s"};
  case 3: return {"weights 1 / count"};
  case 4: return {"weights softmax * gain[j]"};
  case 5: return {"weights clamp(1.2 * softmax - 0.05, 0, 1)"};
  case 6: return {"weights a = softmax", "weights if kind[j] == 1 then a / 2 else a"};
  case 7: return {"weights a = softplus(s) / sum", "weights relu(count * a - 0.5) ^ 2 / sum"};
  case 8: return {"weights a = softmax", "weights a * (1 + sum(a[j'] for j' in row where kind[j'] == 1))"};
  case 9: return {"weights relu(exp(s) - 1) / (sum(abs(exp(s[j']) - 1) for j' in row) + 0.01)"};
  case 10: return {"weights a = softmax", "weights exp(s * (1 + sum(a[j'] * a[j'] for j' in row))) / sum"};
  default: return {"weights softmax * exp(-abs(i - j) / 20)"};
  }
}
} // namespace

Source differential::generate(Random &r) {
  Source source;
  source.mask = r.chance(8) ? Node{"true", {}} : predicate(r, int(r.in(0, 3)));
  if (r.chance(12))
    source.mask = {setAtom(r) + " and $", {source.mask}};
  // Content decides in few programs: a last bit may.
  if (r.chance(4))
    source.mask = {"$ and qk > -0.5", {source.mask}};
  source.score = score(r, source);
  bool divided = true;
  source.weights = weights(r, divided);
  if (r.chance(25))
    source.value = r.of<std::string>({"v[j] * gain[j]", "v[j] + vh[h]", "k[j]", "tanh(v[j])", "v[j] * vh[h]"});
  bool ofKeys = source.value == "k[j]";
  switch (r.in(0, ofKeys ? 1 : 9)) {
  case 0: source.outs = {"out[i] = rms(o[i])"}; break;
  case 1: source.outs = {"out[i] = o[i] * (1 + u)"}; break;
  case 2: source.outs = {"out[i] = o[i] * sigmoid(gate[i, h])"}; break;
  case 3: source.outs = {"out[i] = (1 - u) * o[i] + u * v[i]"}; break;
  case 4: source.outs = {"out[i] = o[i] / (1 + norm(o[i]))"}; break;
  case 5: source.outs = {"out[i] = if i mod 2 == 0 then o[i] else -o[i]"}; break;
  default: break;
  }
  if (divided && r.chance(30)) {
    if (source.outs.empty())
      source.outs = {"out[i] = o[i]"};
    source.outs.push_back("out lse[i] = o.lse[i]");
  }
  if (r.chance(8)) {
    if (source.outs.empty())
      source.outs = {"out[i] = o[i]"};
    source.outs.push_back("out most[i] = o.max[i]");
  }
  return source;
}

//===----------------------------------------------------------------------===//
// Smaller programs
//===----------------------------------------------------------------------===//

/// All trees with one node replaced by a part of it.
static void shrink(const Node &node, const std::function<void(Node)> &yield) {
  for (const Node &part : node.parts)
    yield(part);
  for (size_t n = 0; n < node.parts.size(); ++n)
    shrink(node.parts[n], [&](Node part) {
      Node copy = node;
      copy.parts[n] = std::move(part);
      yield(copy);
    });
}

std::vector<Source> differential::smaller(const Source &source) {
  std::vector<Source> list;
  auto with = [&](auto change) {
    Source copy = source;
    change(copy);
    if (copy.print() != source.print())
      list.push_back(copy);
  };
  with([](Source &s) { s.mask = {"true", {}}; });
  with([](Source &s) { s.score = "", s.lets.clear(); });
  with([](Source &s) { s.weights.clear(); });
  with([](Source &s) { s.value = ""; });
  with([](Source &s) { s.outs.clear(); });
  for (size_t n = 0; n < source.outs.size() && source.outs.size() > 1; ++n)
    with([&](Source &s) { s.outs = {source.outs[n]}; });
  std::vector<Node> masks;
  shrink(source.mask, [&](Node mask) { masks.push_back(std::move(mask)); });
  std::sort(masks.begin(), masks.end(), [](const Node &a, const Node &b) { return a.size() < b.size(); });
  for (const Node &mask : masks)
    with([&](Source &s) { s.mask = mask; });
  return list;
}
