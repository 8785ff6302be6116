#include "runtime/emulator/Lowering.h"
#include "runtime/emulator/Families.h"
#include <algorithm>
#include <unordered_set>

namespace attn::emu {

namespace {

void namesIn(const Operand &o, std::unordered_set<std::string_view> &names) {
  if (o.kind == Operand::Name)
    names.insert(o.name);
  for (const Operand &part : o.parts)
    namesIn(part, names);
}

uint64_t alignTo(uint64_t value, uint64_t align) { return (value + align - 1) / align * align; }

} // namespace

Lowering::Lowering(const File &file, Program &program, Code &code, std::vector<std::string> &errors)
    : code(code), file(file), program(program), errors(errors) {}

bool Lowering::fail(const std::string &message) {
  if (!hasFailed)
    errors.push_back("line " + std::to_string(line) + ": " + message);
  return hasFailed = true;
}

uint64_t Lowering::layout(const Variable &v, uint32_t &used) {
  uint64_t align = v.align ? v.align : std::max<uint64_t>(1, uint64_t(bytesOf(v.type)) * v.vector);
  uint64_t offset = alignTo(used, align);
  if (v.bytes() > 1u << 28)
    fail("'" + std::string(v.name) + "' is too large");
  else
    used = uint32_t(offset + v.bytes());
  return offset;
}

/// Variables of the module that the entry can reach.
void Lowering::globals() {
  std::unordered_set<std::string_view> used;
  for (const Function &f : file.functions)
    if (!f.entry || f.name == code.entry.name)
      for (const Statement &s : f.body)
        for (const Operand &o : s.operands)
          namesIn(o, used);
  size_t index = 0;
  for (const Variable &v : file.variables) {
    line = v.line;
    if (v.space == Space::Global || v.space == Space::Const) {
      Program::Static &place = *program.statics[index++];
      scopes[0].symbols[v.name] = {uint64_t(reinterpret_cast<uintptr_t>(place.bytes.data())), v.space,
                                   uint32_t(place.bytes.size())};
    } else if (v.space == Space::Shared && !v.external && used.count(v.name)) {
      uint64_t offset = layout(v, code.entry.staticShared);
      scopes[0].symbols[v.name] = {SharedBase + offset, v.space, uint32_t(v.bytes())};
      code.shared.push_back({std::string(v.name), uint32_t(offset), uint32_t(v.bytes())});
    }
  }
}

void Lowering::run(const Function &entry) {
  line = entry.line;
  scopes.emplace_back();
  open = {0};
  code.entry.name = std::string(entry.name);
  code.entry.maxThreads = entry.maxThreads;
  code.entry.maxRegisters = entry.maxRegisters;
  code.entry.line = entry.line;
  code.image.assign(32 * size_t(Special::Count), 0);
  code.unitNames.assign(size_t(Special::Count), "a special register");
  globals();
  for (const Variable &v : entry.parameters) {
    line = v.line;
    uint64_t offset = layout(v, code.parameterBytes);
    scopes[0].symbols[v.name] = {offset, Space::Param, uint32_t(v.bytes())};
    uint32_t align = v.align && v.array ? v.align : bytesOf(v.type);
    code.entry.parameters.push_back(
        {std::string(v.name), std::string(nameOf(v.type)), uint32_t(v.bytes()), align, uint32_t(offset)});
  }
  // Shared variables inside the body, too, come before the dynamic ones.
  for (const Statement &s : entry.body)
    for (const Variable &v : s.variables)
      if (v.space == Space::Shared && !v.external) {
        uint64_t offset = layout(v, code.entry.staticShared);
        scopes[0].symbols[v.name] = {SharedBase + offset, v.space, uint32_t(v.bytes())};
        code.shared.push_back({std::string(v.name), uint32_t(offset), uint32_t(v.bytes())});
      }
  uint64_t align = 16;
  for (const Variable &v : file.variables)
    if (v.space == Space::Shared && v.external)
      align = std::max<uint64_t>(align, v.align);
  code.dynamicOffset = uint32_t(alignTo(SharedBase + code.entry.staticShared, align) - SharedBase);
  for (const Variable &v : file.variables)
    if (v.space == Space::Shared && v.external) {
      scopes[0].symbols[v.name] = {SharedBase + code.dynamicOffset, v.space, 0};
      code.entry.dynamicShared = true;
    }
  statements(entry);
  hasFailed = false;
  Instr end;
  end.exec = exitHandler();
  end.line = line;
  end.name = nameId("exit");
  code.instrs.push_back(end);
  resolve();
  if (errors.empty())
    findJoins(code);
}

void Lowering::statements(const Function &f) {
  scopes.emplace_back();
  open.push_back(uint32_t(scopes.size() - 1));
  for (const Statement &s : f.body) {
    line = s.line;
    hasFailed = false;
    statement(s);
    if (errors.size() > 50)
      return;
  }
  open.pop_back();
}

void Lowering::statement(const Statement &s) {
  switch (s.kind) {
  case Statement::Open:
    scopes.emplace_back();
    open.push_back(uint32_t(scopes.size() - 1));
    break;
  case Statement::Close: open.pop_back(); break;
  case Statement::Label:
    if (!scopes[open.back()].labels.emplace(s.name, uint32_t(code.instrs.size())).second)
      fail("label '" + std::string(s.name) + "' is there twice");
    break;
  case Statement::Declare: declare(s); break;
  case Statement::Instruction: instruction(s); break;
  }
}

void Lowering::declare(const Statement &s) {
  if (s.name == ".branchtargets") { // the label just before names the list
    Scope &scope = scopes[open.back()];
    for (auto &[name, position] : scope.labels)
      if (position == code.instrs.size() && !scope.targets.count(name))
        scope.targets[name] = s.operands;
    return;
  }
  for (const Variable &v : s.variables) {
    line = v.line;
    if (v.space == Space::Register)
      declareRegisters(v);
    else if (v.space == Space::Local || v.space == Space::Param) // .param: of a call, one for each thread
      scopes[open.back()].symbols[v.name] = {layout(v, code.localBytes), Space::Local, uint32_t(v.bytes())};
    else if (v.space != Space::Shared)
      fail("a variable of this state space inside a function is not modelled");
  }
}

void Lowering::declareRegisters(const Variable &v) {
  if (v.vector != 1 || v.type == Type::B128)
    return void(fail("vector registers and 128-bit registers are not modelled"));
  auto make = [&](std::string_view name) {
    Register r{v.type == Type::Pred ? newPredicate() : newLanes(bytesOf(v.type) == 8, std::string(name)), v.type};
    scopes[open.back()].registers[name] = r;
  };
  if (!v.family)
    return make(v.name);
  for (uint32_t i = 0; i < v.family; ++i) {
    made.push_back(std::make_unique<std::string>(std::string(v.name) + std::to_string(i)));
    make(*made.back());
  }
}

Slot Lowering::newLanes(bool wide, std::string name) {
  Slot slot = Slot(code.image.size());
  code.image.resize(code.image.size() + (wide ? 64 : 32), 0x7fc0dead); // a NaN, and no address
  code.unitNames.resize(code.units());
  code.unitNames[slot / 32] = std::move(name);
  return slot;
}

Slot Lowering::newPredicate() {
  if (nextPredicate % 32 == 0) {
    nextPredicate = newLanes(false, "predicates");
    std::fill(code.image.begin() + nextPredicate, code.image.end(), 0x5a5a5a5a);
  }
  return nextPredicate++;
}

uint32_t Lowering::nameId(std::string_view text) {
  auto [it, isNew] = nameIds.emplace(std::string(text), uint32_t(code.names.size()));
  if (isNew)
    code.names.push_back(it->first);
  return it->second;
}

void Lowering::instruction(const Statement &s) {
  Opcode op(s.name);
  if (op.base == "call")
    return call(s);
  Instr instr;
  instr.line = s.line;
  uses.clear();
  if (!s.guard.empty()) {
    Operand guard;
    guard.kind = Operand::Name;
    guard.name = s.guard;
    bool negated = false;
    instr.guard = predicate(guard, negated);
    instr.guardNegated = s.negated;
  }
  if (op.base == "bra" || op.base == "brx" || op.base == "ret") {
    branch(s, op, instr);
  } else if (Family family = familyOf(op.base)) {
    if (!family(*this, op, s, instr) || (!hasFailed && !instr.exec))
      fail("this form of '" + std::string(s.name) + "' is not modelled");
  } else {
    fail("unknown instruction '" + std::string(s.name) + "'");
  }
  if (!hasFailed && !op.rest().empty())
    fail("unknown modifier '." + std::string(op.rest()) + "' in '" + std::string(s.name) + "'");
  if (hasFailed)
    return;
  instr.name = nameId(s.name);
  instr.uses = {uint32_t(code.uses.size()), uint32_t(uses.size())};
  code.uses.insert(code.uses.end(), uses.begin(), uses.end());
  code.instrs.push_back(instr);
}

bool Lowering::branch(const Statement &s, Opcode &op, Instr &instr) {
  op.take("uni");
  instr.exec = branchHandler();
  if (op.base == "ret") {
    if (calls.empty()) {
      instr.exec = exitHandler();
      return true;
    }
    fixups.push_back({uint32_t(code.instrs.size()), NoSlot, line, *made[endLabels], open});
    return true;
  }
  if (op.base == "bra") {
    if (!expectOperands(s, 1, 1))
      return true;
    fixups.push_back({uint32_t(code.instrs.size()), NoSlot, line, s.operands[0].name, open});
    return true;
  }
  op.take("idx");
  if (!expectOperands(s, 2, 2))
    return true;
  const std::vector<Operand> *list = targets(s.operands[1].name);
  if (!list || list->empty())
    return fail("'" + std::string(s.operands[1].name) + "' is no list of branch targets");
  instr.exec = indexedBranchHandler();
  instr.a = source(s.operands[0], Type::U32);
  instr.list = {uint32_t(code.slots.size()), uint32_t(list->size())};
  for (const Operand &label : *list) {
    fixups.push_back({uint32_t(code.instrs.size()), uint32_t(code.slots.size()), line, label.name, open});
    code.slots.push_back(0);
  }
  return true;
}

/// A call becomes the callee's body. Its parameters and results are the
/// variables that the call names.
void Lowering::call(const Statement &s) {
  std::vector<const Operand *> operands;
  for (const Operand &o : s.operands)
    operands.push_back(&o);
  std::vector<const Operand *> results, arguments;
  size_t at = 0;
  if (at < operands.size() && operands[at]->kind == Operand::List)
    results = elements(*operands[at++]);
  if (at >= operands.size() || operands[at]->kind != Operand::Name)
    return void(fail("a call needs the name of a function"));
  std::string_view name = operands[at++]->name;
  if (at < operands.size() && operands[at]->kind == Operand::List)
    arguments = elements(*operands[at++]);
  if (!s.guard.empty())
    return void(fail("a predicated call is not modelled"));
  if (find(*operands[results.empty() ? 0 : 1]).slot != NoSlot)
    return void(fail("an indirect call is not modelled"));
  const Function *callee = nullptr;
  for (const Function &f : file.functions)
    if (f.name == name && f.defined && !f.entry)
      callee = &f;
  if (!callee)
    return void(fail("call of '" + std::string(name) + "', which this file does not define"));
  if (std::find(calls.begin(), calls.end(), name) != calls.end())
    return void(fail("'" + std::string(name) + "' calls itself, which is not modelled"));
  if (results.size() != callee->results.size() || arguments.size() != callee->parameters.size())
    return void(fail("'" + std::string(name) + "' has other parameters"));

  Scope inner;
  auto bind = [&](const Variable &formal, const Operand &actual) {
    const Symbol *s = symbol(actual.name);
    if (!s || s->bytes < formal.bytes())
      fail("'" + std::string(actual.name) + "' does not fit parameter '" + std::string(formal.name) + "'");
    else
      inner.symbols[formal.name] = *s;
  };
  for (size_t i = 0; i < results.size(); ++i)
    bind(callee->results[i], *results[i]);
  for (size_t i = 0; i < arguments.size(); ++i)
    bind(callee->parameters[i], *arguments[i]);
  if (hasFailed)
    return;
  // The callee sees the module, its parameters and itself.
  std::vector<uint32_t> saved = std::move(open);
  uint32_t savedEnd = endLabels;
  scopes.push_back(std::move(inner));
  open = {0, uint32_t(scopes.size() - 1)};
  endLabels = uint32_t(made.size());
  made.push_back(std::make_unique<std::string>("end of " + std::string(name)));
  calls.push_back(name);
  uint32_t scope = open.back();
  statements(*callee);
  scopes[scope].labels[*made[endLabels]] = uint32_t(code.instrs.size());
  calls.pop_back();
  endLabels = savedEnd;
  open = std::move(saved);
  hasFailed = false;
  line = s.line;
}

void Lowering::resolve() {
  for (const Fixup &f : fixups) {
    uint32_t target = ~0u;
    for (size_t i = f.scopes.size(); i-- > 0 && target == ~0u;) {
      auto it = scopes[f.scopes[i]].labels.find(f.label);
      if (it != scopes[f.scopes[i]].labels.end())
        target = it->second;
    }
    if (target == ~0u) {
      line = f.line;
      hasFailed = false;
      fail("no label '" + std::string(f.label) + "' here");
    } else if (f.slot != NoSlot) {
      code.slots[f.slot] = target;
    } else if (f.instr < code.instrs.size()) {
      code.instrs[f.instr].target = target;
    }
  }
}

} // namespace attn::emu
