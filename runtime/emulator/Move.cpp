// Moves, packing, and conversions of addresses between state spaces.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {

template <class Word> Step copy(Warp &w, const Instr &i, uint32_t mask) {
  Word *d = w.lanes<Word>(i.dst), *a = w.lanes<Word>(i.a);
  if (mask == ~0u)
    std::memmove(d, a, 32 * sizeof(Word));
  else
    for (int l = 0; l < 32; ++l)
      if (mask >> l & 1)
        d[l] = a[l];
  return Step::Next;
}
Step copyPredicate(Warp &w, const Instr &i, uint32_t mask) {
  uint32_t p = w.file[i.psrc] ^ (i.psrcNegated ? ~0u : 0u);
  w.file[i.pdst] = (w.file[i.pdst] & ~mask) | (p & mask);
  return Step::Next;
}

/// mov d, {a, b...}: parts of `width` bytes from slots in `list`, low first.
Step pack(Warp &w, const Instr &i, uint32_t mask) {
  const Slot *parts = &w.cta.grid.code.slots[i.list.begin];
  uint32_t bits = 8 * i.width;
  uint64_t low = bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1) {
      uint64_t v = 0;
      for (uint32_t k = 0; k < i.list.count; ++k)
        v |= (w.file[parts[k] + l] & low) << (bits * k);
      if (i.wide)
        w.lanes<uint64_t>(i.dst)[l] = v;
      else
        w.file[i.dst + l] = uint32_t(v);
    }
  return Step::Next;
}
Step unpack(Warp &w, const Instr &i, uint32_t mask) {
  const Slot *parts = &w.cta.grid.code.slots[i.list.begin];
  uint32_t bits = 8 * i.width;
  uint32_t low = bits >= 32 ? ~0u : (1u << bits) - 1;
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1) {
      uint64_t v = i.wide ? w.lanes<uint64_t>(i.a)[l] : w.file[i.a + l];
      for (uint32_t k = 0; k < i.list.count; ++k)
        w.file[parts[k] + l] = uint32_t(v >> (bits * k)) & low;
    }
  return Step::Next;
}

uint64_t windowOf(Space space) {
  return space == Space::Shared  ? SharedWindow
         : space == Space::Local ? LocalWindow
         : space == Space::Param ? ParamWindow
                                 : 0;
}
/// cvta (mode 0) and cvta.to (mode 1).
template <class T> Step convertAddress(Warp &w, const Instr &i, uint32_t mask) {
  uint64_t window = windowOf(i.space);
  return map1<T, T>(w, i, mask, [&](T a) {
    if (!window || sizeof(T) == 4)
      return a;
    if (i.mode)
      return (uint64_t(a) & WindowMask) == window ? T(uint64_t(a) & ~WindowMask) : a;
    return T(uint64_t(a) | window);
  });
}
Step isSpace(Warp &w, const Instr &i, uint32_t mask) {
  uint32_t r = 0;
  for (int l = 0; l < 32; ++l) {
    uint64_t window = w.lanes<uint64_t>(i.a)[l] & WindowMask;
    bool special = window == SharedWindow || window == LocalWindow || window == ParamWindow;
    r |= uint32_t(windowOf(i.space) ? window == windowOf(i.space) : !special) << l;
  }
  w.file[i.pdst] = (w.file[i.pdst] & ~mask) | (r & mask);
  return Step::Next;
}
/// mapa: a cluster has one CTA here.
template <class T> Step mapAddress(Warp &w, const Instr &i, uint32_t mask) {
  for (int l = 0; l < 32; ++l)
    if ((mask >> l & 1) && w.file[i.b + l] != 0) {
      w.report(Finding::Kind::Instruction, i,
               "asks for shared memory of CTA " + std::to_string(w.file[i.b + l]) + " of a cluster of one");
      break;
    }
  return map1<T, T>(w, i, mask, [](T a) { return a; });
}

bool lowerPacking(Lowering &l, const Statement &s, Instr &i, Type type) {
  bool unpacks = s.operands[0].kind == Operand::Vector;
  std::vector<const Operand *> parts = Lowering::elements(s.operands[unpacks ? 0 : 1]);
  uint32_t bytes = bytesOf(type);
  if (parts.empty() || bytes % parts.size() || bytes > 8)
    return false;
  i.width = uint8_t(bytes / parts.size());
  Type part = i.width == 4 ? Type::B32 : i.width == 2 ? Type::B16 : Type::B8;
  if (i.width > 4)
    return false;
  std::vector<Slot> slots;
  bool ignored;
  i.wide = bytes == 8;
  if (!unpacks) {
    for (const Operand *o : parts)
      slots.push_back(i.width == 1 ? l.sourceAnyWidth(*o, part, ignored) : l.source(*o, part));
    i.dst = l.destination(s.operands[0], type);
    i.exec = pack;
  } else {
    i.a = l.source(s.operands[1], type);
    for (const Operand *o : parts)
      slots.push_back(i.width == 1 ? l.destinationAnyWidth(*o, part, ignored) : l.destination(*o, part));
    i.exec = unpack;
  }
  i.list = l.slots(slots);
  return true;
}

} // namespace

Space takeSpace(Opcode &op, Space otherwise) {
  static const std::pair<const char *, Space> names[] = {
      {"global", Space::Global},      {"shared", Space::Shared},
      {"shared::cta", Space::Shared}, {"shared::cluster", Space::Shared},
      {"local", Space::Local},        {"const", Space::Const},
      {"param", Space::Param},        {"param::entry", Space::Param},
      {"param::func", Space::Param}};
  for (auto &[name, space] : names)
    if (op.take(name))
      return space;
  return otherwise;
}

bool lowerMove(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  if (op.base == "mov") {
    Type type = op.takeType();
    if (type == Type::None || !l.expectOperands(s, 2, 2))
      return type != Type::None;
    if (type == Type::Pred) {
      i.psrc = l.predicate(s.operands[1], i.psrcNegated);
      i.pdst = l.predicateDestination(s.operands[0]);
      i.exec = copyPredicate;
      return true;
    }
    if (s.operands[0].kind == Operand::Vector || s.operands[1].kind == Operand::Vector)
      return lowerPacking(l, s, i, type);
    i.a = l.source(s.operands[1], type);
    i.dst = l.destination(s.operands[0], type);
    i.exec = bytesOf(type) == 8 ? copy<uint64_t> : copy<uint32_t>;
    return true;
  }
  bool to = op.take("to");
  i.space = takeSpace(op, Space::Generic);
  Type type = op.takeType();
  i.mode = to;
  if (op.base == "isspacep") {
    if (!l.expectOperands(s, 2, 2))
      return true;
    i.a = l.source(s.operands[1], Type::U64);
    i.pdst = l.predicateDestination(s.operands[0]);
    i.exec = isSpace;
    return true;
  }
  if (op.base == "mapa") {
    if (!l.expectOperands(s, 3, 3))
      return true;
    i.a = l.source(s.operands[1], type);
    i.b = l.source(s.operands[2], Type::U32);
    i.dst = l.destination(s.operands[0], type);
    i.exec = bytesOf(type) == 8 ? mapAddress<uint64_t> : mapAddress<uint32_t>;
    return true;
  }
  if (op.base != "cvta")
    return false;
  i.exec = bytesOf(type) == 8 ? convertAddress<uint64_t> : convertAddress<uint32_t>;
  return sameTypes(l, s, i, type, 1);
}

} // namespace attn::emu
