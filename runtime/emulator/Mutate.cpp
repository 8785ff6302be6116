#include "runtime/emulator/Mutate.h"
#include "runtime/emulator/Syntax.h"
#include <algorithm>

namespace attn::emu {

namespace {

using Mutations = std::vector<Mutation>;

bool starts(std::string_view s, std::string_view prefix) { return s.substr(0, prefix.size()) == prefix; }
bool contains(std::string_view s, std::string_view part) { return s.find(part) != std::string_view::npos; }

/// The instructions of a text, with the places where they begin and end.
class Text {
public:
  struct Place {
    size_t begin, end; ///< from the guard to behind the semicolon
    const Statement *statement;
  };
  explicit Text(std::string_view text) : text(text) {
    std::vector<std::string> errors;
    file = parseFile(text, errors);
    for (const Function &f : file.functions)
      for (const Statement &s : f.body)
        if (s.kind == Statement::Instruction) {
          size_t begin = size_t(s.name.data() - text.data());
          if (!s.guard.empty())
            begin = text.rfind('@', size_t(s.guard.data() - text.data()));
          places.push_back({begin, text.find(';', begin) + 1, &s});
        }
  }
  std::string_view at(const Place &p) const { return text.substr(p.begin, p.end - p.begin); }
  std::string replaced(const Place &p, const std::string &with) const {
    return std::string(text.substr(0, p.begin)) + with + std::string(text.substr(p.end));
  }
  /// Moves instruction `p` to behind `q`, which comes later.
  std::string moved(const Place &p, const Place &q) const {
    return std::string(text.substr(0, p.begin)) + std::string(text.substr(p.end, q.end - p.end)) + "\n" +
           std::string(at(p)) + std::string(text.substr(q.end));
  }
  std::string_view text;
  File file;
  std::vector<Place> places;
};

/// The instruction with its last top-level operand (or the given one) changed
/// by an instruction on a temporary register.
std::string withOperand(std::string_view instr, std::string_view operand, const std::string &with) {
  size_t at = instr.rfind(operand);
  return std::string(instr.substr(0, at)) + with + std::string(instr.substr(at + operand.size()));
}

std::string textOf(const Operand &o) {
  return o.kind == Operand::Name ? std::string(o.name) : std::to_string(int64_t(o.bits));
}

/// An expression on an i32 operand, as a block around the instruction.
std::string computed(const Text &t, const Text::Place &p, const Operand &o, const std::string &opcode,
                     const std::string &by) {
  std::string_view instr = t.at(p);
  std::string name = textOf(o);
  size_t at = instr.rfind(name);
  if (at == std::string_view::npos)
    return "";
  return "{ .reg .b32 mutated; " + opcode + " mutated, " + name + ", " + by + "; " +
         withOperand(instr, name, "mutated") + " }";
}

struct Collector {
  const Text &t;
  Mutations &out;
  void add(const char *kind, const Text::Place &p, std::string text) {
    if (!text.empty() && text != t.text)
      out.push_back({kind, p.statement->line, std::string(t.at(p)).substr(0, 100), std::move(text)});
  }
  void drop(const char *kind, const Text::Place &p) { add(kind, p, t.replaced(p, "")); }
};

/// Whether what follows a wait, up to the next, fills a buffer.
bool waitsForEmpty(const Text &t, size_t k) {
  for (size_t j = k + 1; j < t.places.size(); ++j) {
    std::string_view name = t.places[j].statement->name;
    if (starts(name, "mbarrier.try_wait") || starts(name, "mbarrier.test_wait") || starts(name, "wgmma") ||
        starts(name, "ldmatrix"))
      return false;
    if (contains(name, "expect_tx") || starts(name, "cp.async"))
      return true;
  }
  return false;
}

void mutateBarriers(Collector c, size_t k) {
  const Text &t = c.t;
  const Text::Place &p = t.places[k];
  const Statement &s = *p.statement;
  const auto &o = s.operands;
  if ((starts(s.name, "mbarrier.try_wait") || starts(s.name, "mbarrier.test_wait")) && o.size() >= 3) {
    std::string always = "setp.eq.b32 " + std::string(o[0].name) + ", 0, 0;";
    c.add(waitsForEmpty(t, k) ? "drop-empty-wait" : "drop-full-wait", p, t.replaced(p, always));
    if (contains(s.name, "parity")) {
      // The parity is the third operand: change it there and nowhere else.
      std::string_view instr = t.at(p);
      std::string parity = textOf(o[2]);
      size_t from = instr.find(']'), at = from == std::string_view::npos ? from : instr.find(parity, from);
      if (at != std::string_view::npos)
        c.add("swap-parity", p,
              t.replaced(p, "{ .reg .b32 mutated; xor.b32 mutated, " + parity + ", 1; " +
                                std::string(instr.substr(0, at)) + "mutated" +
                                std::string(instr.substr(at + parity.size())) + " }"));
    }
  } else if (contains(s.name, "expect_tx")) {
    c.add("halve-expect-tx", p, t.replaced(p, computed(t, p, o.back(), "shr.u32", "1")));
    c.add("double-expect-tx", p, t.replaced(p, computed(t, p, o.back(), "shl.b32", "1")));
  } else if (starts(s.name, "mbarrier.arrive")) {
    c.drop("drop-release", p);
    if (!s.guard.empty())
      c.add("all-lanes-release", p, t.replaced(p, std::string(t.at(p).substr(t.at(p).find("mbarrier")))));
    for (size_t j = k; j-- > 0 && k - j < 24;) { // behind a wait for wgmma: give back before it
      std::string_view name = t.places[j].statement->name;
      if (starts(name, "wgmma.wait_group")) {
        c.add("release-too-early", p, t.moved(t.places[j], p));
        break;
      }
      if (starts(name, "mbarrier") || starts(name, "wgmma") || starts(name, "bra"))
        break;
    }
  } else if (starts(s.name, "cp.async.mbarrier.arrive")) {
    c.drop("drop-copy-arrive", p);
    // Arrives while its copies are still under way; waits for an arrival more.
    size_t at = t.at(p).find('[');
    c.add("arrive-before-copies", p, t.replaced(p, "mbarrier.arrive.shared.b64 _, " + std::string(t.at(p).substr(at))));
    std::string counted(t.at(p));
    if (size_t noinc = counted.find(".noinc"); noinc != std::string::npos)
      c.add("count-copy-arrive", p, t.replaced(p, counted.erase(noinc, 6)));
  } else if (starts(s.name, "mbarrier.init") && o.size() == 2 && o[1].kind == Operand::Integer) {
    c.add("one-arrival-more", p, t.replaced(p, withOperand(t.at(p), textOf(o[1]), std::to_string(o[1].bits + 1))));
  } else if (starts(s.name, "mbarrier.init")) {
    c.add("one-arrival-more", p, t.replaced(p, computed(t, p, o.back(), "add.u32", "1")));
  } else if (starts(s.name, "fence.proxy.async")) {
    c.drop("drop-proxy-fence", p);
  } else if (starts(s.name, "fence.mbarrier_init")) {
    c.drop("drop-init-fence", p);
  } else if (starts(s.name, "bar.sync") || starts(s.name, "barrier.sync") || starts(s.name, "barrier.cta.sync")) {
    c.drop(o.size() > 1 ? "drop-named-sync" : "drop-syncthreads", p);
  } else if (starts(s.name, "bar.arrive") || starts(s.name, "barrier.arrive") || starts(s.name, "barrier.cta.arrive")) {
    c.drop("drop-named-arrive", p);
  } else if (starts(s.name, "cp.async.bulk.wait_group")) {
    c.drop("drop-store-wait", p);
  } else if (starts(s.name, "setmaxnreg.dec")) {
    c.drop("drop-register-release", p);
  }
}

/// An integer literal of the statement as it is written, from its end.
std::string_view literalOf(std::string_view instr) {
  size_t end = instr.find_last_of("0123456789abcdefABCDEF"), begin = instr.find_last_of(" ,\t", end);
  return instr.substr(begin + 1, end - begin);
}

void mutateProducts(Collector c, size_t k) {
  const Text &t = c.t;
  const Text::Place &p = t.places[k];
  const Statement &s = *p.statement;
  const auto &o = s.operands;
  std::string_view instr = t.at(p);
  if (starts(s.name, "wgmma.fence")) {
    c.drop("drop-wgmma-fence", p);
  } else if (starts(s.name, "wgmma.commit_group")) {
    c.drop("drop-wgmma-commit", p);
  } else if (starts(s.name, "wgmma.wait_group") && o.size() == 1) {
    c.drop(o[0].bits ? "drop-wgmma-wait-n" : "drop-wgmma-wait-0", p);
    c.add("wgmma-wait-one-less", p, t.replaced(p, withOperand(instr, textOf(o[0]), std::to_string(o[0].bits + 1))));
  } else if (starts(s.name, "wgmma.mma_async") && o.size() >= 7) {
    size_t at = instr.rfind(o.back().bits ? '1' : '0');
    std::string flipped(instr);
    flipped[at] = o.back().bits ? '0' : '1';
    c.add("flip-transpose", p, t.replaced(p, flipped));
  } else if ((starts(s.name, "or.b64") || starts(s.name, "add.s64") || starts(s.name, "add.u64") ||
              starts(s.name, "mov.b64")) &&
             !o.empty() && o.back().kind == Operand::Integer) {
    uint64_t bits = o.back().bits;
    std::string_view literal = literalOf(instr);
    if (bits >> 62 && bits >> 62 < 3 && (bits >> 32 & 0x3fff)) { // the constant part of a descriptor
      c.add("wrong-descriptor-stride", p,
            t.replaced(p, withOperand(instr, literal, std::to_string(bits ^ (uint64_t(0x60) << 32)))));
      c.add("wrong-descriptor-swizzle", p,
            t.replaced(p, withOperand(instr, literal, std::to_string(bits ^ uint64_t(3) << 62))));
      uint64_t leading = bits >> 16 & 0x3fff;
      if (leading > 1)
        c.add("wrong-descriptor-leading", p,
              t.replaced(p, withOperand(instr, literal,
                                        std::to_string(bits ^ (uint64_t(leading) << 17 & 0x3fff0000) ^
                                                       (uint64_t(leading) << 16)))));
    } else if (k + 2 < t.places.size() && !starts(s.name, "mov") && !starts(s.name, "or") && bits && bits < 0x4000) {
      // An advance inside of a group: used by a wgmma that follows at once.
      for (size_t j = k + 1; j <= k + 2; ++j)
        if (starts(t.places[j].statement->name, "wgmma.mma_async") && t.places[j].statement->operands.size() > 2 &&
            (t.places[j].statement->operands[1].name == o[0].name ||
             t.places[j].statement->operands[2].name == o[0].name))
          c.add("wrong-descriptor-advance", p, t.replaced(p, withOperand(instr, literal, std::to_string(bits + 2))));
    }
  } else if (starts(s.name, "cp.async.wait_group") && o.size() == 1) {
    c.add("copy-wait-one-less", p, t.replaced(p, withOperand(instr, textOf(o[0]), std::to_string(o[0].bits + 1))));
    c.drop("drop-copy-wait", p);
  } else if (starts(s.name, "cp.async.wait_all")) {
    c.drop("drop-copy-wait", p);
  } else if (starts(s.name, "cp.async.commit_group")) {
    c.drop("drop-copy-commit", p);
  } else if (starts(s.name, "cp.async.bulk.tensor") || starts(s.name, "cp.async.bulk.shared")) {
    c.drop("drop-bulk-copy", p);
  } else if (starts(s.name, "cp.async.c")) {
    c.drop("drop-copy", p);
  } else if (starts(s.name, "ldmatrix")) {
    std::string text(instr);
    size_t at = text.find(".trans");
    if (at != std::string::npos)
      text.erase(at, 6);
    else
      text.insert(text.find(".shared"), ".trans");
    c.add("flip-ldmatrix-transpose", p, t.replaced(p, text));
  } else if (starts(s.name, "shfl.sync.bfly") && o.size() > 3 && o[2].kind == Operand::Integer) {
    std::string text(instr);
    size_t at = text.find(", " + textOf(o[2]) + ",");
    if (at != std::string::npos)
      c.add("wrong-shuffle", p,
            t.replaced(p, text.replace(at + 2, textOf(o[2]).size(), std::to_string(o[2].bits * 4))));
  } else if (starts(s.name, "xor.b32") && o.size() == 3 && o[1].kind == Operand::Name && o[2].kind == Operand::Name) {
    std::string text(instr);
    c.add("wrong-address-swizzle", p, t.replaced(p, text.replace(text.find("xor"), 3, "or")));
  }
}

/// Without any fence of a kind: one alone may be covered by another.
void dropAllFences(const Text &t, const char *kind, std::string_view fence, Mutations &out) {
  std::string text(t.text), detail;
  uint32_t line = 0;
  for (size_t k = t.places.size(); k-- > 0;)
    if (starts(t.places[k].statement->name, fence)) {
      line = t.places[k].statement->line;
      detail = t.at(t.places[k]);
      text.replace(t.places[k].begin, t.places[k].end - t.places[k].begin, "");
    }
  if (line)
    out.push_back({kind, line, detail, text});
}

} // namespace

std::vector<Mutation> mutationsOf(std::string_view text, size_t perKind,
                                  const std::map<uint32_t, uint64_t> *executed) {
  Text t(text);
  Mutations all;
  for (size_t k = 0; k < t.places.size(); ++k) {
    mutateBarriers({t, all}, k);
    mutateProducts({t, all}, k);
  }
  dropAllFences(t, "drop-all-wgmma-fences", "wgmma.fence", all);
  dropAllFences(t, "drop-all-proxy-fences", "fence.proxy.async", all);
  if (executed)
    all.erase(std::remove_if(all.begin(), all.end(), [&](const Mutation &m) { return !executed->count(m.line); }),
              all.end());
  if (!perKind)
    return all;
  std::map<std::string, std::vector<size_t>> byKind;
  for (size_t i = 0; i < all.size(); ++i)
    byKind[all[i].kind].push_back(i);
  std::vector<size_t> chosen;
  for (auto &[kind, places] : byKind)
    for (size_t i = 0, n = std::min(perKind, places.size()); i < n; ++i)
      chosen.push_back(places[n == 1 ? places.size() / 2 : i * (places.size() - 1) / (n - 1)]);
  std::sort(chosen.begin(), chosen.end());
  Mutations some;
  for (size_t i : chosen)
    some.push_back(std::move(all[i]));
  return some;
}

std::vector<Verdict> judge(const std::vector<Mutation> &mutations, const Runner &run, unsigned seeds, Options options) {
  std::vector<Verdict> verdicts;
  for (const Mutation &m : mutations) {
    Verdict v;
    v.mutation = m;
    Module module = parse(m.text);
    unsigned runs = 0;
    if (!module.ok()) {
      v.caught = true;
      v.by = module.errors().empty() ? "no module" : module.errors()[0];
    }
    for (Schedule schedule : AllSchedules)
      for (unsigned seed = 1; !v.caught && seed <= (schedule == Schedule::Random ? seeds : 1); ++seed) {
        options.schedule = schedule;
        options.seed = seed;
        Report report;
        bool right = run(module, options, report);
        ++runs;
        v.schedule = schedule;
        v.caught = !right || !report.ok();
        if (!report.ok())
          v.by = report.text().substr(0, report.text().find('\n'));
        else if (!right)
          v.by = "wrong result";
      }
    if (!v.caught)
      v.by = std::to_string(runs) + " runs saw nothing";
    verdicts.push_back(std::move(v));
  }
  return verdicts;
}

std::string tableOf(const std::vector<Verdict> &verdicts) {
  std::map<std::string, std::pair<size_t, size_t>> kinds;
  std::string out, missed;
  for (const Verdict &v : verdicts) {
    auto &[caught, places] = kinds[v.mutation.kind];
    caught += v.caught;
    ++places;
    if (!v.caught)
      missed +=
          "missed " + v.mutation.kind + " at line " + std::to_string(v.mutation.line) + ": " + v.mutation.detail + "\n";
  }
  for (auto &[kind, count] : kinds) {
    char line[96];
    std::snprintf(line, sizeof line, "%-26s %zu of %zu caught\n", kind.c_str(), count.first, count.second);
    out += line;
  }
  return out + missed;
}

} // namespace attn::emu
