// atom and red: read, modify, write.
#include "runtime/emulator/Access.h"
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {

enum Operation : uint8_t { AtomAdd, AtomMin, AtomMax, AtomInc, AtomDec, AtomExch, AtomCas, AtomAnd, AtomOr, AtomXor };

template <class T> uint64_t integer(Operation op, uint64_t old64, uint64_t b64, uint64_t c64) {
  T old = T(old64), b = T(b64), c = T(c64);
  switch (op) {
  case AtomAdd: return uint64_t(std::make_unsigned_t<T>(old) + std::make_unsigned_t<T>(b));
  case AtomMin: return uint64_t(std::min(old, b));
  case AtomMax: return uint64_t(std::max(old, b));
  case AtomInc: return uint64_t(old >= b ? 0 : old + 1);
  case AtomDec: return uint64_t(old == 0 || old > b ? b : old - 1);
  case AtomExch: return uint64_t(b);
  case AtomCas: return uint64_t(old == b ? c : old);
  case AtomAnd: return uint64_t(old & b);
  case AtomOr: return uint64_t(old | b);
  case AtomXor: return uint64_t(old ^ b);
  }
  return old64;
}
template <class T> uint64_t real(Operation op, uint64_t old, uint64_t b) {
  using L = Lane<T>;
  using W = typename L::Word;
  auto x = L::get(W(old)), y = L::get(W(b));
  return L::put(op == AtomAdd   ? x + y
                : op == AtomMin ? (y < x || x != x ? y : x)
                : op == AtomMax ? (y > x || x != x ? y : x)
                                : y);
}
uint64_t apply(Operation op, Type t, uint64_t old, uint64_t b, uint64_t c) {
  switch (t) {
  case Type::S32: return integer<int32_t>(op, old, b, c);
  case Type::S64: return integer<int64_t>(op, old, b, c);
  case Type::U64:
  case Type::B64: return integer<uint64_t>(op, old, b, c);
  case Type::B16: return integer<uint16_t>(op, old, b, c);
  case Type::F32: return real<float>(op, old, b);
  case Type::F64: return real<double>(op, old, b);
  case Type::F16: return real<Half>(op, old, b);
  case Type::BF16: return real<Brain>(op, old, b);
  case Type::F16x2: return real<Half>(op, old & 0xffff, b & 0xffff) | real<Half>(op, old >> 16, b >> 16) << 16;
  case Type::BF16x2: return real<Brain>(op, old & 0xffff, b & 0xffff) | real<Brain>(op, old >> 16, b >> 16) << 16;
  default: return integer<uint32_t>(op, old, b, c);
  }
}

Step atomic(Warp &w, const Instr &i, uint32_t mask) {
  ++w.cta.events;
  bool wide = i.width == 8;
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    uint64_t address = w.address(i, l);
    uint8_t *p = resolve(w, i, i.space, address, i.width, l, true);
    Knowledge &k = w.cta.strong[uint32_t(address)];
    if (k.happened.empty())
      k = Knowledge(w.cta.entries.count());
    k.join(w.known);
    w.acquire(k);
    uint64_t old = 0, b = wide ? w.lanes<uint64_t>(i.b)[l] : w.file[i.b + l];
    uint64_t c = i.c == NoSlot ? 0 : wide ? w.lanes<uint64_t>(i.c)[l] : w.file[i.c + l];
    if (p) {
      if (uint64_t a = address; i.space == Space::Shared || (i.space == Space::Generic && spaceOf(a) == Space::Shared))
        w.cta.shared.touched(w.sharedAddress(i, l), i.width);
      std::memcpy(&old, p, i.width);
      uint64_t result = apply(Operation(i.mode), i.type, old, b, c);
      std::memcpy(p, &result, i.width);
    }
    if (i.dst != NoSlot) {
      if (wide)
        w.lanes<uint64_t>(i.dst)[l] = old;
      else
        w.file[i.dst + l] = uint32_t(old);
    }
  }
  ++w.known.happened[w.cta.entries.warp(w.id)];
  return Step::Signal;
}

} // namespace

bool lowerAtomic(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  bool result = op.base == "atom";
  op.takeOne({"relaxed", "acquire", "release", "acq_rel"});
  op.takeOne({"cta", "cluster", "gpu", "sys"});
  i.space = takeSpace(op, Space::Generic);
  int which = op.takeOne({"add", "min", "max", "inc", "dec", "exch", "cas", "and", "or", "xor"});
  op.take("noftz");
  Type type = op.takeType();
  if (which < 0 || type == Type::None || bytesOf(type) > 8)
    return false;
  size_t count = 2 + result + (which == AtomCas);
  if (!l.expectOperands(s, count, count))
    return true;
  i.mode = uint8_t(which);
  i.type = type;
  i.width = uint8_t(bytesOf(type));
  size_t at = result;
  l.address(s.operands[at], i.space, i);
  i.b = l.source(s.operands[at + 1], type);
  if (which == AtomCas)
    i.c = l.source(s.operands[at + 2], type);
  if (result && !s.operands[0].isSink())
    i.dst = l.destination(s.operands[0], type);
  i.exec = atomic;
  return true;
}

} // namespace attn::emu
