// Logic, shifts, fields and counts of bits.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {

struct And {
  template <class T> T operator()(T a, T b) const { return a & b; }
};
struct Or {
  template <class T> T operator()(T a, T b) const { return a | b; }
};
struct Xor {
  template <class T> T operator()(T a, T b) const { return a ^ b; }
};
struct Not {
  template <class T> T operator()(T a) const { return T(~a); }
};
struct Cnot {
  template <class T> T operator()(T a) const { return a == 0; }
};
struct Reverse {
  template <class T> T operator()(T a) const {
    T r = 0;
    for (size_t k = 0; k < 8 * sizeof(T); ++k)
      r |= T(a >> k & 1) << (8 * sizeof(T) - 1 - k);
    return r;
  }
};

/// Shift amounts beyond the width are clamped to it.
template <class T> Step shiftLeft(Warp &w, const Instr &i, uint32_t mask) {
  return map2<T, T, uint32_t>(w, i, mask, [](T a, uint32_t n) { return n >= 8 * sizeof(T) ? T(0) : T(a << n); });
}
template <class T> Step shiftRight(Warp &w, const Instr &i, uint32_t mask) {
  return map2<T, T, uint32_t>(w, i, mask, [](T a, uint32_t n) {
    return n >= 8 * sizeof(T) ? T(std::is_signed_v<T> && a < 0 ? -1 : 0) : T(a >> n);
  });
}

template <class T> Step extract(Warp &w, const Instr &i, uint32_t mask) { // bfe
  return map3<T, T, uint32_t, uint32_t>(w, i, mask, [](T a, uint32_t b, uint32_t c) {
    constexpr uint32_t bits = 8 * sizeof(T);
    uint32_t at = b & 255, count = c & 255;
    using U = std::make_unsigned_t<T>;
    if (count == 0)
      return T(0);
    U sign = std::is_signed_v<T> ? U(a) >> std::min(at + count - 1, bits - 1) & 1 : 0;
    U field = at >= bits ? 0 : U(a) >> at;
    if (count >= bits || at + count >= bits) { // the field ends with the number
      uint32_t have = at >= bits ? 0 : bits - at;
      U fill = sign && have < bits ? U(~U(0)) << have : 0;
      return T(field | (have >= count ? 0 : fill));
    }
    U low = (U(1) << count) - 1;
    return T((field & low) | (sign ? U(~low) : 0));
  });
}
template <class T> Step insert(Warp &w, const Instr &i, uint32_t mask) { // bfi f, a, b, pos, len
  auto *d = w.lanes<T>(i.dst), *a = w.lanes<T>(i.a), *b = w.lanes<T>(i.b);
  const uint32_t *at = w.lanes<uint32_t>(i.c), *count = w.lanes<uint32_t>(i.d);
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    uint32_t p = at[l] & 255, n = count[l] & 255;
    T field = p >= 8 * sizeof(T) || n == 0 ? 0 : n >= 8 * sizeof(T) ? T(~T(0)) << p : ((T(1) << n) - 1) << p;
    d[l] = (b[l] & ~field) | (p >= 8 * sizeof(T) ? 0 : a[l] << p & field);
  }
  return Step::Next;
}

template <class T> Step count(Warp &w, const Instr &i, uint32_t mask) {
  return map1<uint32_t, T>(w, i, mask, [](T a) { return uint32_t(__builtin_popcountll(a)); });
}
template <class T> Step leadingZeros(Warp &w, const Instr &i, uint32_t mask) {
  return map1<uint32_t, T>(w, i, mask, [](T a) {
    return a ? uint32_t(__builtin_clzll(a)) - (64 - 8 * uint32_t(sizeof(T))) : 8 * uint32_t(sizeof(T));
  });
}
template <class T> Step findTop(Warp &w, const Instr &i, uint32_t mask) { // bfind; mode: shiftamt
  return map1<uint32_t, T>(w, i, mask, [&](T a) {
    using U = std::make_unsigned_t<T>;
    U x = std::is_signed_v<T> && a < 0 ? U(~U(a)) : U(a);
    if (!x)
      return ~0u;
    uint32_t top = 63 - uint32_t(__builtin_clzll(x));
    return i.mode ? 8 * uint32_t(sizeof(T)) - 1 - top : top;
  });
}

Step funnel(Warp &w, const Instr &i, uint32_t mask) { // shf; mode bit 0: right, bit 1: wrap
  return map3<uint32_t, uint32_t, uint32_t, uint32_t>(w, i, mask, [&](uint32_t a, uint32_t b, uint32_t c) {
    uint64_t both = uint64_t(b) << 32 | a;
    uint32_t n = i.mode & 2 ? c & 31 : std::min(c, 32u);
    return i.mode & 1 ? uint32_t(both >> n) : uint32_t((both << n) >> 32);
  });
}

Step permute(Warp &w, const Instr &i, uint32_t mask) {
  return map3<uint32_t, uint32_t, uint32_t, uint32_t>(w, i, mask, [](uint32_t a, uint32_t b, uint32_t select) {
    uint64_t bytes = uint64_t(b) << 32 | a;
    uint32_t r = 0;
    for (int k = 0; k < 4; ++k) {
      uint32_t s = select >> 4 * k & 15, byte = uint32_t(bytes >> 8 * (s & 7)) & 255;
      r |= (s & 8 ? (byte & 128 ? 255u : 0u) : byte) << 8 * k;
    }
    return r;
  });
}
Step permuteMode(Warp &w, const Instr &i, uint32_t mask) { // mode: f4e b4e rc8 ecl ecr rc16
  return map3<uint32_t, uint32_t, uint32_t, uint32_t>(w, i, mask, [&](uint32_t a, uint32_t b, uint32_t c) {
    uint64_t bytes = uint64_t(b) << 32 | a;
    uint32_t s = c & 3, r = 0;
    for (uint32_t k = 0; k < 4; ++k) {
      uint32_t from = 0;
      switch (i.mode) {
      case 0: from = s + k; break;
      case 1: from = (s - k) & 7; break;
      case 2: from = s; break;
      case 3: from = std::max(k, s); break;
      case 4: from = std::min(k, s); break;
      case 5: from = (s & 1) * 2 + (k & 1); break;
      }
      r |= (uint32_t(bytes >> 8 * from) & 255) << 8 * k;
    }
    return r;
  });
}

Step lookUp(Warp &w, const Instr &i, uint32_t mask) { // lop3
  return map3<uint32_t, uint32_t, uint32_t, uint32_t>(w, i, mask, [&](uint32_t a, uint32_t b, uint32_t c) {
    uint32_t r = 0;
    for (uint32_t k = 0; k < 8; ++k)
      if (i.imm >> k & 1)
        r |= (k & 4 ? a : ~a) & (k & 2 ? b : ~b) & (k & 1 ? c : ~c);
    return r;
  });
}

/// and, or, xor, not of predicates: words of lanes. mode: which; b: the other
/// predicate, mode2 if negated.
Step predicates(Warp &w, const Instr &i, uint32_t mask) {
  uint32_t a = w.file[i.psrc] ^ (i.psrcNegated ? ~0u : 0u), b = w.file[i.b] ^ (i.mode2 ? ~0u : 0u);
  uint32_t r = i.mode == 0 ? a & b : i.mode == 1 ? a | b : i.mode == 2 ? a ^ b : ~a;
  w.file[i.pdst] = (w.file[i.pdst] & ~mask) | (r & mask);
  return Step::Next;
}

template <class F> Handler pickBits(Type t) {
  switch (bytesOf(t)) {
  case 2: return binary<uint16_t, F>;
  case 4: return binary<uint32_t, F>;
  case 8: return binary<uint64_t, F>;
  }
  return nullptr;
}

} // namespace

bool lowerBits(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  auto finish = [&](Handler exec, Type type, size_t sources) {
    i.exec = exec;
    return exec && sameTypes(l, s, i, type, sources);
  };
  if (op.base == "shf") {
    i.mode = uint8_t(op.takeOne({"l", "r"}) == 1) | uint8_t(op.takeOne({"clamp", "wrap"}) == 1) << 1;
    op.takeType();
    return finish(funnel, Type::B32, 3);
  }
  if (op.base == "prmt") {
    op.take("b32");
    int mode = op.takeOne({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"});
    i.mode = uint8_t(mode);
    return finish(mode < 0 ? permute : permuteMode, Type::B32, 3);
  }
  if (op.base == "lop3") {
    op.take("b32");
    if (!l.expectOperands(s, 5, 5))
      return true;
    i.imm = uint32_t(l.immediate(s.operands[4]));
    i.a = l.source(s.operands[1], Type::B32);
    i.b = l.source(s.operands[2], Type::B32);
    i.c = l.source(s.operands[3], Type::B32);
    i.dst = l.destination(s.operands[0], Type::B32);
    i.exec = lookUp;
    return true;
  }
  bool amount = op.take("shiftamt");
  Type type = op.takeType();
  uint32_t bytes = bytesOf(type);
  if (type == Type::Pred) {
    int which = op.base == "and" ? 0 : op.base == "or" ? 1 : op.base == "xor" ? 2 : op.base == "not" ? 3 : -1;
    if (which < 0 || !l.expectOperands(s, which == 3 ? 2 : 3, which == 3 ? 2 : 3))
      return which >= 0;
    bool negated = false;
    i.mode = uint8_t(which);
    i.psrc = l.predicate(s.operands[1], i.psrcNegated);
    i.b = which == 3 ? i.psrc : l.predicate(s.operands[2], negated);
    i.mode2 = negated;
    i.pdst = l.predicateDestination(s.operands[0]);
    i.exec = predicates;
    return true;
  }
  if (op.base == "and")
    return finish(pickBits<And>(type), type, 2);
  if (op.base == "or")
    return finish(pickBits<Or>(type), type, 2);
  if (op.base == "xor")
    return finish(pickBits<Xor>(type), type, 2);
  if (op.base == "not")
    return finish(bytes == 2   ? unary<uint16_t, Not>
                  : bytes == 4 ? unary<uint32_t, Not>
                               : unary<uint64_t, Not>,
                  type, 1);
  if (op.base == "cnot")
    return finish(bytes == 2   ? unary<uint16_t, Cnot>
                  : bytes == 4 ? unary<uint32_t, Cnot>
                               : unary<uint64_t, Cnot>,
                  type, 1);
  if (op.base == "brev")
    return finish(bytes == 4 ? unary<uint32_t, Reverse> : unary<uint64_t, Reverse>, type, 1);
  if (op.base == "shl" || op.base == "shr") {
    if (!l.expectOperands(s, 3, 3))
      return true;
    i.a = l.source(s.operands[1], type);
    i.b = l.source(s.operands[2], Type::U32);
    i.dst = l.destination(s.operands[0], type);
    if (op.base == "shl")
      i.exec = bytes == 2 ? shiftLeft<uint16_t> : bytes == 4 ? shiftLeft<uint32_t> : shiftLeft<uint64_t>;
    else if (isSigned(type))
      i.exec = bytes == 2 ? shiftRight<int16_t> : bytes == 4 ? shiftRight<int32_t> : shiftRight<int64_t>;
    else
      i.exec = bytes == 2 ? shiftRight<uint16_t> : bytes == 4 ? shiftRight<uint32_t> : shiftRight<uint64_t>;
    return true;
  }
  if (op.base == "bfe") {
    if (!l.expectOperands(s, 4, 4))
      return true;
    i.exec = type == Type::U32   ? extract<uint32_t>
             : type == Type::S32 ? extract<int32_t>
             : type == Type::U64 ? extract<uint64_t>
             : type == Type::S64 ? extract<int64_t>
                                 : nullptr;
    i.a = l.source(s.operands[1], type);
    i.b = l.source(s.operands[2], Type::U32);
    i.c = l.source(s.operands[3], Type::U32);
    i.dst = l.destination(s.operands[0], type);
    return true;
  }
  if (op.base == "bfi") {
    if (!l.expectOperands(s, 5, 5))
      return true;
    i.exec = bytes == 8 ? insert<uint64_t> : insert<uint32_t>;
    i.a = l.source(s.operands[1], type);
    i.b = l.source(s.operands[2], type);
    i.c = l.source(s.operands[3], Type::U32);
    i.d = l.source(s.operands[4], Type::U32);
    i.dst = l.destination(s.operands[0], type);
    return true;
  }
  if (op.base == "popc" || op.base == "clz" || op.base == "bfind") {
    if (!l.expectOperands(s, 2, 2))
      return true;
    i.mode = amount;
    if (op.base == "popc")
      i.exec = bytes == 8 ? count<uint64_t> : count<uint32_t>;
    else if (op.base == "clz")
      i.exec = bytes == 8 ? leadingZeros<uint64_t> : leadingZeros<uint32_t>;
    else
      i.exec = type == Type::U32   ? findTop<uint32_t>
               : type == Type::S32 ? findTop<int32_t>
               : type == Type::U64 ? findTop<uint64_t>
                                   : findTop<int64_t>;
    i.a = l.source(s.operands[1], type);
    i.dst = l.destination(s.operands[0], Type::U32);
    return true;
  }
  return false;
}

} // namespace attn::emu
