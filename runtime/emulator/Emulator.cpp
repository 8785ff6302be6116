#include "runtime/emulator/Emulator.h"
#include "runtime/emulator/Families.h"
#include <algorithm>

namespace attn::emu {

namespace {

void flatten(const Operand &o, std::vector<const Operand *> &out) {
  if (o.kind == Operand::Vector)
    for (const Operand &part : o.parts)
      flatten(part, out);
  else
    out.push_back(&o);
}

/// The initial bytes of a .global or .const variable.
std::unique_ptr<Program::Static> place(const Variable &v, std::vector<std::string> &errors) {
  auto result = std::make_unique<Program::Static>();
  result->name = std::string(v.name);
  result->writable = v.space == Space::Global;
  result->bytes.assign(std::max<uint64_t>(1, v.bytes()), 0);
  std::vector<const Operand *> values;
  for (const Operand &o : v.init)
    flatten(o, values);
  uint32_t size = bytesOf(v.type);
  for (size_t i = 0; i < values.size() && (i + 1) * size <= result->bytes.size(); ++i) {
    const Operand &o = *values[i];
    uint64_t bits = o.bits;
    if (o.kind == Operand::Float) {
      float f = float(o.value);
      std::memcpy(&bits, &o.value, 8);
      if (size == 4) {
        bits = 0;
        std::memcpy(&bits, &f, 4);
      }
    } else if (o.kind != Operand::Integer && o.kind != Operand::Bits) {
      errors.push_back("line " + std::to_string(v.line) + ": this initial value of '" + result->name +
                       "' is not modelled");
      break;
    }
    std::memcpy(&result->bytes[i * size], &bits, size);
  }
  return result;
}

} // namespace

Module parse(std::string_view text) {
  auto program = std::make_shared<Program>();
  program->text = std::string(text);
  std::vector<std::string> errors;
  File file = parseFile(program->text, errors);
  program->target = std::string(file.target);
  for (const Variable &v : file.variables)
    if (v.space == Space::Global || v.space == Space::Const) {
      if (v.bytes() > 1u << 28) {
        errors.push_back("line " + std::to_string(v.line) + ": '" + std::string(v.name) + "' is too large");
        break;
      }
      program->statics.push_back(place(v, errors));
    }
  for (const Function &f : file.functions)
    if (f.entry && f.defined && errors.empty()) {
      Code code;
      Lowering(file, *program, code, errors).run(f);
      program->entries.push_back(code.entry);
      program->codes.push_back(std::move(code));
    }
  if (errors.empty() && program->codes.empty())
    errors.push_back("line 1: no .entry");
  return Module(program, errors);
}

const std::vector<Entry> &Module::entries() const {
  static const std::vector<Entry> none;
  return program ? program->entries : none;
}
const Entry *Module::find(std::string_view name) const {
  for (const Entry &e : entries())
    if (e.name == name)
      return &e;
  return nullptr;
}
const std::string &Module::target() const {
  static const std::string none;
  return program ? program->target : none;
}

void Memory::add(const void *base, size_t bytes, bool writable, std::string name) {
  uint64_t begin = uint64_t(reinterpret_cast<uintptr_t>(base));
  Range range{begin, begin + bytes, writable, std::move(name)};
  auto at = std::upper_bound(list.begin(), list.end(), begin, [](uint64_t b, const Range &r) { return b < r.begin; });
  list.insert(at, std::move(range));
}

const Memory::Range *Memory::find(uint64_t address, uint64_t bytes, bool writable) const {
  auto it = std::upper_bound(list.begin(), list.end(), address, [](uint64_t a, const Range &r) { return a < r.begin; });
  while (it != list.begin()) {
    const Range &range = *--it;
    if (address + bytes <= range.end && address + bytes >= address && (range.writable || !writable))
      return &range;
  }
  return nullptr;
}

const char *nameOf(Schedule schedule) {
  switch (schedule) {
  case Schedule::Eager: return "eager";
  case Schedule::Lazy: return "lazy";
  case Schedule::Random: return "random";
  case Schedule::ProducerFirst: return "producer-first";
  }
  return "";
}

bool Report::has(Finding::Kind kind) const {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding &f) { return f.kind == kind; });
}

std::string Report::text() const {
  static const char *const kinds[] = {"race",       "proxy",    "registers", "barrier",     "memory",
                                      "divergence", "deadlock", "budget",    "instruction", "limit"};
  std::string out;
  for (const Finding &f : findings) {
    out += f.line ? "line " + std::to_string(f.line) + ": " : "";
    out += std::string(kinds[int(f.kind)]) + ": " + f.text;
    if (f.count > 1)
      out += " (" + std::to_string(f.count) + " times)";
    out += "\n";
  }
  for (const std::string &n : notes)
    out += "note: " + n + "\n";
  return out;
}

} // namespace attn::emu
