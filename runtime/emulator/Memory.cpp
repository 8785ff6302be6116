// Loads and stores.
#include "runtime/emulator/Access.h"
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {

/// mode bits: what an access does besides moving bytes.
enum Order : uint8_t { Strong = 1, Acquire = 2, Release = 4 };

Knowledge &strongAt(Warp &w, uint64_t address) {
  Knowledge &k = w.cta.strong[uint32_t(address)];
  if (k.happened.empty())
    k = Knowledge(w.cta.entries.count());
  return k;
}

/// Elements of `width` bytes; bit k of mode2: register k has 64 bits; mode3:
/// sign-extend.
Step load(Warp &w, const Instr &i, uint32_t mask) {
  const Slot *slots = &w.cta.grid.code.slots[i.list.begin];
  uint32_t n = i.list.count, bytes = i.width * n;
  Touched touched(w, i.line, false);
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    uint64_t address = w.address(i, l);
    uint8_t *p = resolve(w, i, i.space, address, bytes, l, false);
    Space space = i.space;
    if (space == Space::Generic)
      space = spaceOf(address);
    if (p && space == Space::Shared && !(i.mode & Strong))
      touched.add(w.sharedAddress(i, l), bytes);
    if (i.mode & Strong)
      w.acquire(strongAt(w, address));
    for (uint32_t k = 0; k < n; ++k) {
      uint64_t v = 0;
      if (p)
        std::memcpy(&v, p + k * i.width, i.width);
      if (i.mode3 && i.width < 8 && (v >> (8 * i.width - 1) & 1))
        v |= ~uint64_t(0) << 8 * i.width;
      if (i.mode2 >> k & 1)
        w.lanes<uint64_t>(slots[k])[l] = v;
      else
        w.file[slots[k] + l] = uint32_t(v) & (i.imm ? 0xffffu : ~0u);
    }
  }
  return i.mode & Strong ? Step::Yield : Step::Next;
}

Step store(Warp &w, const Instr &i, uint32_t mask) {
  const Slot *slots = &w.cta.grid.code.slots[i.list.begin];
  uint32_t n = i.list.count, bytes = i.width * n;
  Touched touched(w, i.line, true);
  ++w.cta.events;
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    uint64_t address = w.address(i, l);
    uint8_t *p = resolve(w, i, i.space, address, bytes, l, true);
    Space space = i.space;
    if (space == Space::Generic)
      space = spaceOf(address);
    if (i.mode & Strong)
      strongAt(w, address).join(w.known);
    if (!p)
      continue;
    if (space == Space::Shared && !(i.mode & Strong))
      touched.add(w.sharedAddress(i, l), bytes);
    else if (space == Space::Shared)
      w.cta.shared.touched(w.sharedAddress(i, l), bytes);
    for (uint32_t k = 0; k < n; ++k) {
      uint64_t v = i.mode2 >> k & 1 ? w.lanes<uint64_t>(slots[k])[l] : w.file[slots[k] + l];
      std::memcpy(p + k * i.width, &v, i.width);
    }
  }
  if (!(i.mode & Strong))
    return Step::Next;
  touched.flush();
  ++w.known.happened[w.cta.entries.warp(w.id)];
  return Step::Signal;
}

Step nothing(Warp &, const Instr &, uint32_t) { return Step::Next; }

} // namespace

bool lowerMemory(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  if (op.base == "prefetch" || op.base == "prefetchu" || op.base == "discard" || op.base == "applypriority") {
    while (!op.takeAny().empty()) {
    }
    i.exec = nothing;
    return true;
  }
  bool stores = op.base == "st";
  if (op.take("volatile") || op.take("relaxed") || op.take("mmio"))
    i.mode |= Strong;
  if (op.take("acquire"))
    i.mode |= Strong | Acquire;
  if (op.take("release"))
    i.mode |= Strong | Release;
  op.take("weak");
  op.takeOne({"cta", "cluster", "gpu", "sys"});
  i.space = takeSpace(op, Space::Generic);
  op.take("nc");
  bool hint = op.take("L2::cache_hint");
  op.takeOne({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  op.takeOne({"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate"});
  op.takeOne({"L2::evict_normal", "L2::evict_first", "L2::evict_last"});
  op.takeOne({"L2::64B", "L2::128B", "L2::256B"});
  op.take("unified");
  int vector = op.takeOne({"v2", "v4", "v8"});
  Type type = op.takeType();
  if (type == Type::None || type == Type::Pred || type == Type::B128 || (stores && i.space == Space::Const))
    return false;
  size_t operands = hint ? 3 : 2;
  if (!l.expectOperands(s, operands, operands))
    return true;
  i.width = uint8_t(bytesOf(type));
  i.mode3 = isSigned(type);
  const Operand &value = s.operands[stores ? 1 : 0];
  std::vector<const Operand *> parts = Lowering::elements(value);
  if (parts.size() != (vector < 0 ? 1u : 2u << vector))
    return l.fail("a vector of another length than the opcode says");
  l.address(s.operands[stores ? 0 : 1], i.space, i);
  std::vector<Slot> slots;
  for (size_t k = 0; k < parts.size(); ++k) {
    bool wide = false;
    slots.push_back(stores ? l.sourceAnyWidth(*parts[k], type, wide) : l.destinationAnyWidth(*parts[k], type, wide));
    i.mode2 |= uint8_t(wide << k);
    Register r = l.find(*parts[k]);
    if (r.slot != NoSlot && bytesOf(r.type) < i.width)
      return l.fail("register " + std::string(parts[k]->name) + " is too narrow");
    i.imm = !stores && r.slot != NoSlot && bytesOf(r.type) == 2; // a 16-bit register
  }
  i.list = l.slots(slots);
  i.exec = stores ? store : load;
  return true;
}

} // namespace attn::emu
