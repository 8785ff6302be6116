// Names, immediates and addresses of instructions.
#include "runtime/emulator/Lowering.h"
#include "runtime/emulator/Numbers.h"
#include <cstring>

namespace attn::emu {

Opcode::Opcode(std::string_view text) : text(text) {
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find('.', begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    if (begin == 0)
      base = part;
    else
      modifiers.push_back({part, false});
    begin = end + 1;
  }
}
bool Opcode::take(std::string_view modifier) {
  for (auto &[name, taken] : modifiers)
    if (!taken && name == modifier)
      return taken = true;
  return false;
}
int Opcode::takeOne(std::initializer_list<std::string_view> choices) {
  int index = 0;
  for (std::string_view choice : choices) {
    if (take(choice))
      return index;
    ++index;
  }
  return -1;
}
Type Opcode::takeType() {
  for (auto &[name, taken] : modifiers)
    if (!taken && typeNamed(name) != Type::None) {
      taken = true;
      return typeNamed(name);
    }
  return Type::None;
}
std::string_view Opcode::takeAny() {
  for (auto &[name, taken] : modifiers)
    if (!taken) {
      taken = true;
      return name;
    }
  return {};
}
bool Opcode::has(std::string_view modifier) const {
  for (auto &[name, taken] : modifiers)
    if (name == modifier)
      return true;
  return false;
}
std::string_view Opcode::rest() const {
  for (auto &[name, taken] : modifiers)
    if (!taken)
      return name;
  return {};
}

Register Lowering::find(const Operand &operand) const {
  if (operand.kind != Operand::Name)
    return {};
  for (size_t i = open.size(); i-- > 0;) {
    auto it = scopes[open[i]].registers.find(operand.name);
    if (it != scopes[open[i]].registers.end())
      return it->second;
  }
  return {};
}

const Lowering::Symbol *Lowering::symbol(std::string_view name) const {
  for (size_t i = open.size(); i-- > 0;) {
    auto it = scopes[open[i]].symbols.find(name);
    if (it != scopes[open[i]].symbols.end())
      return &it->second;
  }
  return nullptr;
}

const std::vector<Operand> *Lowering::targets(std::string_view name) const {
  for (size_t i = open.size(); i-- > 0;) {
    auto it = scopes[open[i]].targets.find(name);
    if (it != scopes[open[i]].targets.end())
      return &it->second;
  }
  return nullptr;
}

Register Lowering::specialRegister(std::string_view name) {
  static const std::unordered_map<std::string_view, Special> names = {
      {"%tid.x", Special::TidX},
      {"%tid.y", Special::TidY},
      {"%tid.z", Special::TidZ},
      {"%ntid.x", Special::NtidX},
      {"%ntid.y", Special::NtidY},
      {"%ntid.z", Special::NtidZ},
      {"%ctaid.x", Special::CtaidX},
      {"%ctaid.y", Special::CtaidY},
      {"%ctaid.z", Special::CtaidZ},
      {"%nctaid.x", Special::NctaidX},
      {"%nctaid.y", Special::NctaidY},
      {"%nctaid.z", Special::NctaidZ},
      {"%clusterid.x", Special::CtaidX},
      {"%clusterid.y", Special::CtaidY},
      {"%clusterid.z", Special::CtaidZ},
      {"%nclusterid.x", Special::NctaidX},
      {"%nclusterid.y", Special::NctaidY},
      {"%nclusterid.z", Special::NctaidZ},
      {"%cluster_ctaid.x", Special::Zero},
      {"%cluster_ctaid.y", Special::Zero},
      {"%cluster_ctaid.z", Special::Zero},
      {"%cluster_nctaid.x", Special::ClusterOne},
      {"%cluster_nctaid.y", Special::ClusterOne},
      {"%cluster_nctaid.z", Special::ClusterOne},
      {"%cluster_ctarank", Special::ClusterRank},
      {"%cluster_nctarank", Special::ClusterOne},
      {"%is_explicit_cluster", Special::Zero},
      {"%laneid", Special::LaneId},
      {"%warpid", Special::WarpId},
      {"%nwarpid", Special::NWarpId},
      {"%smid", Special::SmId},
      {"%nsmid", Special::NSmId},
      {"%gridid", Special::GridId},
      {"%lanemask_eq", Special::LaneMaskEq},
      {"%lanemask_le", Special::LaneMaskLe},
      {"%lanemask_lt", Special::LaneMaskLt},
      {"%lanemask_ge", Special::LaneMaskGe},
      {"%lanemask_gt", Special::LaneMaskGt},
      {"%clock", Special::Clock},
      {"%clock_hi", Special::Zero},
      {"%globaltimer_lo", Special::Clock},
      {"%globaltimer_hi", Special::Zero},
      {"%dynamic_smem_size", Special::DynamicSmem},
      {"%total_smem_size", Special::TotalSmem},
  };
  auto it = names.find(name);
  if (it != names.end())
    return {special(it->second), Type::U32};
  if (name == "WARP_SZ")
    return {constant32(32), Type::U32};
  if (name == "%clock64" || name == "%globaltimer")
    return {constant64(0), Type::U64};
  return {};
}

uint64_t Lowering::literal(const Operand &operand, Type type) {
  switch (operand.kind) {
  case Operand::Integer:
    if (isFloat(type) && operand.bits && (type == Type::F32 || type == Type::F64))
      fail("an integer where a floating-point number is expected");
    return operand.bits;
  case Operand::Bits:
    if (operand.width == 4 && type == Type::F64) {
      float f;
      uint32_t bits = uint32_t(operand.bits);
      std::memcpy(&f, &bits, 4);
      double wide = f;
      uint64_t result;
      std::memcpy(&result, &wide, 8);
      return result;
    }
    if (operand.width == 8 && type == Type::F32) {
      double d;
      std::memcpy(&d, &operand.bits, 8);
      return bitsOf(float(d));
    }
    return operand.bits;
  case Operand::Float:
    if (type == Type::F64 || type == Type::B64) {
      uint64_t bits;
      std::memcpy(&bits, &operand.value, 8);
      return bits;
    }
    return bitsOf(float(operand.value));
  default: fail("expected a register or a number"); return 0;
  }
}

Slot Lowering::constant32(uint32_t value) {
  auto [it, isNew] = constants32.emplace(value, 0);
  if (isNew) {
    it->second = newLanes(false, "a constant");
    std::fill(code.image.end() - 32, code.image.end(), value);
  }
  return it->second;
}

Slot Lowering::constant64(uint64_t value) {
  auto [it, isNew] = constants64.emplace(value, 0);
  if (isNew) {
    it->second = newLanes(true, "a constant");
    for (int lane = 0; lane < 32; ++lane)
      std::memcpy(&code.image[it->second + 2 * lane], &value, 8);
  }
  return it->second;
}

Slot Lowering::source(const Operand &operand, Type type) {
  bool wide = false;
  Slot slot = sourceAnyWidth(operand, type, wide);
  Register r = find(operand);
  if (r.slot != NoSlot && !r.isPredicate() && bytesOf(r.type) != bytesOf(type))
    fail("register " + std::string(operand.name) + " has " + std::to_string(8 * bytesOf(r.type)) + " bits where " +
         std::to_string(8 * bytesOf(type)) + " are expected");
  return slot;
}

Slot Lowering::sourceAnyWidth(const Operand &operand, Type type, bool &wide) {
  wide = bytesOf(type) == 8;
  if (operand.kind != Operand::Name) {
    uint64_t bits = literal(operand, type);
    uint32_t bytes = bytesOf(type);
    return wide ? constant64(bits) : constant32(uint32_t(bytes < 4 ? bits & ((1u << 8 * bytes) - 1) : bits));
  }
  Register r = find(operand);
  if (r.slot != NoSlot) {
    if (r.isPredicate())
      fail("predicate " + std::string(operand.name) + " where a number is expected");
    uses.push_back({r.slot / 32, false});
    wide = r.wide();
    return r.slot;
  }
  r = specialRegister(operand.name);
  if (r.slot != NoSlot) {
    wide = r.wide();
    return r.slot;
  }
  if (const Symbol *s = symbol(operand.name)) {
    uint64_t address = s->address + uint64_t(operand.offset);
    return wide ? constant64(address) : constant32(uint32_t(address));
  }
  fail("unknown name '" + std::string(operand.name) + "'");
  return 0;
}

Slot Lowering::destination(const Operand &operand, Type type) {
  bool wide = false;
  Slot slot = destinationAnyWidth(operand, type, wide);
  Register r = find(operand);
  if (r.slot != NoSlot && bytesOf(r.type) != bytesOf(type))
    fail("register " + std::string(operand.name) + " has " + std::to_string(8 * bytesOf(r.type)) + " bits where " +
         std::to_string(8 * bytesOf(type)) + " are expected");
  return slot;
}

Slot Lowering::destinationAnyWidth(const Operand &operand, Type type, bool &wide) {
  wide = bytesOf(type) == 8;
  if (operand.isSink())
    return newLanes(wide, "_");
  Register r = find(operand);
  if (r.slot == NoSlot || r.isPredicate()) {
    fail("expected a register to write, found '" + std::string(operand.name) + "'");
    return 0;
  }
  uses.push_back({r.slot / 32, true});
  wide = r.wide();
  return r.slot;
}

Slot Lowering::bare(const Operand &operand, Type type) {
  Register r = find(operand);
  if (r.slot == NoSlot || r.isPredicate() || bytesOf(r.type) != bytesOf(type)) {
    fail("expected a register of " + std::to_string(8 * bytesOf(type)) + " bits, found '" + std::string(operand.name) +
         "'");
    return 0;
  }
  return r.slot;
}

Slot Lowering::predicate(const Operand &operand, bool &negated) {
  negated = operand.negated;
  if (operand.kind == Operand::Integer) {
    Slot slot = newPredicate();
    code.image[slot] = operand.bits ? ~0u : 0;
    return slot;
  }
  Register r = find(operand);
  if (r.slot == NoSlot || !r.isPredicate())
    fail("expected a predicate, found '" + std::string(operand.name) + "'");
  return r.slot;
}

Slot Lowering::predicateDestination(const Operand &operand) {
  if (operand.isSink())
    return newPredicate();
  bool negated = false;
  return predicate(operand, negated);
}

void Lowering::address(const Operand &operand, Space space, Instr &instr, bool second) {
  Slot &slot = second ? instr.c : instr.a;
  bool &wide = second ? instr.wideC : instr.wide;
  int64_t &offset = second ? instr.offsetC : instr.offset;
  if (operand.kind != Operand::Address)
    return void(fail("expected an address in brackets"));
  const Operand &base = operand.parts[0];
  offset = operand.offset;
  wide = true;
  if (base.kind == Operand::Integer) {
    slot = constant64(base.bits);
    return;
  }
  Register r = find(base);
  if (r.slot != NoSlot) {
    if (bytesOf(r.type) < 4)
      fail("register " + std::string(base.name) + " is too narrow for an address");
    slot = sourceAnyWidth(base, r.type, wide);
    return;
  }
  const Symbol *s = symbol(base.name);
  if (!s)
    return void(fail("unknown name '" + std::string(base.name) + "'"));
  // A .param of a call and a callee's parameter live in local memory.
  if (space == Space::Param && s->space == Space::Local)
    instr.space = Space::Local;
  uint64_t address = s->address;
  if (space == Space::Generic)
    address |= s->space == Space::Shared  ? SharedWindow
               : s->space == Space::Local ? LocalWindow
               : s->space == Space::Param ? ParamWindow
                                          : 0;
  slot = constant64(address);
}

int64_t Lowering::immediate(const Operand &operand) {
  if (operand.kind != Operand::Integer)
    fail("expected an integer constant");
  return int64_t(operand.bits);
}

Range Lowering::slots(const std::vector<Slot> &list) {
  Range range{uint32_t(code.slots.size()), uint32_t(list.size())};
  code.slots.insert(code.slots.end(), list.begin(), list.end());
  return range;
}

bool Lowering::expectOperands(const Statement &s, size_t least, size_t most) {
  if (s.operands.size() >= least && s.operands.size() <= most)
    return true;
  fail("'" + std::string(s.name) + "' with " + std::to_string(s.operands.size()) + " operands");
  return false;
}

std::vector<const Operand *> Lowering::elements(const Operand &operand) {
  std::vector<const Operand *> result;
  if (operand.kind == Operand::Vector || operand.kind == Operand::List)
    for (const Operand &part : operand.parts)
      result.push_back(&part);
  else
    result.push_back(&operand);
  return result;
}

} // namespace attn::emu
