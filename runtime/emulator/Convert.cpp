// cvt: between all types, in all roundings.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {

/// Reads and writes a lane of any register width.
inline uint64_t getAny(Warp &w, Slot slot, bool wide, int l) {
  return wide ? w.lanes<uint64_t>(slot)[l] : w.file[slot + l];
}
inline void putAny(Warp &w, Slot slot, bool wide, int l, uint64_t v) {
  if (wide)
    w.lanes<uint64_t>(slot)[l] = v;
  else
    w.file[slot + l] = uint32_t(v);
}

/// Extends the low bytes of v as the type says.
uint64_t extend(uint64_t v, Type t) {
  uint32_t bits = 8 * bytesOf(t);
  if (bits == 64)
    return v;
  v &= (uint64_t(1) << bits) - 1;
  return isSigned(t) && (v >> (bits - 1)) ? v | ~uint64_t(0) << bits : v;
}
uint64_t limit(Type t, bool top) { // of an integer type, extended
  uint32_t bits = 8 * bytesOf(t);
  if (!isSigned(t))
    return top ? (bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1) : 0;
  uint64_t half = uint64_t(1) << (bits - 1);
  return top ? half - 1 : extend(half, t);
}

/// Cuts an extended integer to the register's width.
uint64_t fit(uint64_t v, uint32_t bytes) { return bytes == 8 ? v : v & ((uint64_t(1) << 8 * bytes) - 1); }

double toDouble(uint64_t bits, Type t) {
  switch (t) {
  case Type::F16: return fromF16(uint16_t(bits));
  case Type::BF16: return fromBF16(uint16_t(bits));
  case Type::F32:
  case Type::TF32: return floatOf(uint32_t(bits));
  case Type::E4M3: return decode(uint32_t(bits & 255), E4M3Format);
  case Type::E5M2: return decode(uint32_t(bits & 255), E5M2Format);
  default: {
    double d;
    std::memcpy(&d, &bits, 8);
    return d;
  }
  }
}
uint64_t fromDouble(double x, Type t, Rounding r, bool finite) {
  switch (t) {
  case Type::F16: return encode(x, HalfFormat, r, finite);
  case Type::BF16: return encode(x, BrainFormat, r, finite);
  case Type::E4M3: return encode(x, E4M3Format, r, finite);
  case Type::E5M2: return encode(x, E5M2Format, r, finite);
  case Type::F32: return r == Rounding::Nearest && !finite ? bitsOf(float(x)) : encode(x, SingleFormat, r, finite);
  case Type::TF32: return uint64_t(encode(x, TF32Format, r, finite)) << 13;
  default: {
    uint64_t bits;
    std::memcpy(&bits, &x, 8);
    return bits;
  }
  }
}

enum Flags : uint8_t { Ftz = 1, Sat = 2, Relu = 4, Integer = 8, Finite = 16 };

/// One value; the slow path that knows everything.
uint64_t convertOne(uint64_t v, Type to, Type from, Rounding r, uint8_t flags) {
  bool realFrom = isFloat(from), realTo = isFloat(to);
  if (!realFrom && !realTo) {
    uint64_t x = extend(v, from);
    if (flags & Sat) {
      bool negative = isSigned(from) && int64_t(x) < 0;
      if (negative && (!isSigned(to) || int64_t(x) < int64_t(limit(to, false))))
        return limit(to, false);
      if (!negative && x > limit(to, true))
        return limit(to, true);
    }
    return extend(x, to);
  }
  if (realFrom && !realTo) {
    double x = toDouble(v, from);
    if ((flags & Ftz) && from == Type::F32)
      x = flush(float(x));
    if (std::isnan(x)) // 0, or all ones in 64 bits
      return bytesOf(to) == 8 ? uint64_t(1) << 63 : 0;
    x = roundToInteger(x, r);
    double low = isSigned(to) ? double(int64_t(limit(to, false))) : 0;
    double high = double(limit(to, true));
    if (x <= low)
      return limit(to, false);
    if (x >= high && (bytesOf(to) < 8 || x >= (isSigned(to) ? 0x1p63 : 0x1p64)))
      return limit(to, true);
    return isSigned(to) ? uint64_t(int64_t(x)) : uint64_t(x);
  }
  if (!realFrom) {
    uint64_t x = extend(v, from);
    if (bytesOf(from) < 8) // exact in double
      return fromDouble(isSigned(from) ? double(int64_t(x)) : double(x), to, r, false);
    if (r == Rounding::Nearest && to == Type::F32)
      return bitsOf(isSigned(from) ? float(int64_t(x)) : float(x));
    if (to == Type::F64 && r == Rounding::Nearest)
      return fromDouble(isSigned(from) ? double(int64_t(x)) : double(x), to, r, false);
    // Keep what double cannot hold as a sticky bit below the last place.
    bool negative = isSigned(from) && int64_t(x) < 0;
    uint64_t magnitude = negative ? 0 - x : x;
    double d = 0;
    if (magnitude >> 53) {
      uint32_t shift = 11;
      uint64_t kept = magnitude >> shift << shift;
      d = double(kept | (magnitude != kept ? uint64_t(1) << shift : 0));
    } else {
      d = double(magnitude);
    }
    return fromDouble(negative ? -d : d, to, r, false);
  }
  double x = toDouble(v, from);
  if ((flags & Ftz) && from == Type::F32)
    x = flush(float(x));
  if (flags & Integer)
    x = roundToInteger(x, r), r = Rounding::Nearest;
  if (flags & Relu)
    x = x > 0 || std::isnan(x) ? x : 0.0;
  if (flags & Sat)
    x = x > 0 ? std::min(x, 1.0) : 0.0;
  uint64_t result = fromDouble(x, to, r, flags & Finite);
  if ((flags & Ftz) && to == Type::F32)
    result = bitsOf(flush(floatOf(uint32_t(result))));
  return result;
}

Step convertAny(Warp &w, const Instr &i, uint32_t mask) {
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1) {
      uint64_t v = convertOne(getAny(w, i.a, i.wide, l), i.type, i.type2, Rounding(i.mode), i.mode2);
      putAny(w, i.dst, i.wideC, l, isFloat(i.type) ? v : fit(v, i.width));
    }
  return Step::Next;
}

/// Two f32 into a pair; the first source is the high half.
Step packPair(Warp &w, const Instr &i, uint32_t mask) {
  Type half = i.type;
  uint32_t bits = 8 * bytesOf(half);
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1) {
      uint64_t high = convertOne(w.file[i.a + l], half, Type::F32, Rounding(i.mode), i.mode2);
      uint64_t low = convertOne(w.file[i.b + l], half, Type::F32, Rounding(i.mode), i.mode2);
      w.file[i.dst + l] = uint32_t(low | high << bits);
    }
  return Step::Next;
}
template <class Tag> Step packNearest(Warp &w, const Instr &i, uint32_t mask) {
  return map2<uint32_t, float, float>(w, i, mask,
                                      [](float a, float b) { return Lane<Tag>::put(b) | Lane<Tag>::put(a) << 16; });
}
/// A pair of one 16- or 8-bit format into a pair of another.
Step convertPair(Warp &w, const Instr &i, uint32_t mask) {
  uint32_t from = 8 * bytesOf(i.type2), to = 8 * bytesOf(i.type);
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1) {
      uint32_t v = w.file[i.a + l];
      uint64_t low = convertOne(v & ((1u << from) - 1), i.type, i.type2, Rounding(i.mode), i.mode2);
      uint64_t high = convertOne(v >> from & ((1u << from) - 1), i.type, i.type2, Rounding(i.mode), i.mode2);
      w.file[i.dst + l] = uint32_t(low | high << to);
    }
  return Step::Next;
}

template <class D, class S> Step simple(Warp &w, const Instr &i, uint32_t mask) {
  return map1<D, S>(w, i, mask, [](S a) { return D(a); });
}
template <class T> Step nearest(Warp &w, const Instr &i, uint32_t mask) { // f32 to 16 bits
  return map1<T, float>(w, i, mask, [](float a) { return a; });
}
template <class T> Step widen(Warp &w, const Instr &i, uint32_t mask) {
  return map1<float, T>(w, i, mask, [](float a) { return a; });
}

/// Vector code for the commonest ones, when registers have the width of the type.
Handler fast(Type to, Type from, int rounding, uint8_t flags, bool wideTo, bool wideFrom) {
  if (flags || (bytesOf(to) == 8) != wideTo || (bytesOf(from) == 8) != wideFrom)
    return nullptr;
  auto is = [&](Type t, Type f) { return t == to && f == from; };
  if (is(Type::U64, Type::U32) || is(Type::S64, Type::U32))
    return simple<uint64_t, uint32_t>;
  if (is(Type::S64, Type::S32) || is(Type::U64, Type::S32))
    return simple<int64_t, int32_t>;
  if (bytesOf(to) == 4 && bytesOf(from) == 8 && !isFloat(to) && !isFloat(from))
    return simple<uint32_t, uint64_t>;
  if (is(Type::U32, Type::U16))
    return simple<uint32_t, uint16_t>;
  if (is(Type::S32, Type::S16))
    return simple<int32_t, int16_t>;
  if (rounding == int(Rounding::Nearest)) {
    if (is(Type::F32, Type::S32))
      return simple<float, int32_t>;
    if (is(Type::F32, Type::U32))
      return simple<float, uint32_t>;
    if (is(Type::BF16, Type::F32))
      return nearest<Brain>;
    if (is(Type::F16, Type::F32))
      return nearest<Half>;
    if (is(Type::F32, Type::BF16))
      return widen<Brain>;
    if (is(Type::F32, Type::F16))
      return widen<Half>;
  }
  return nullptr;
}

Type halfOf(Type pair) {
  switch (pair) {
  case Type::F16x2: return Type::F16;
  case Type::BF16x2: return Type::BF16;
  case Type::E4M3x2: return Type::E4M3;
  case Type::E5M2x2: return Type::E5M2;
  default: return Type::None;
  }
}

} // namespace

bool lowerConvert(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  int integer = op.takeOne({"rni", "rzi", "rmi", "rpi"});
  int mode = integer >= 0 ? integer : op.takeOne({"rn", "rz", "rm", "rp", "rna"});
  i.mode = uint8_t(std::max(mode, 0));
  i.mode2 = uint8_t((op.take("ftz") ? Ftz : 0) | (op.take("sat") ? Sat : 0) | (op.take("relu") ? Relu : 0) |
                    (op.take("satfinite") ? Finite : 0));
  Type to = op.takeType(), from = op.takeType();
  if (to == Type::None || from == Type::None)
    return false;
  if (mode < 0 && isFloat(from) && !isFloat(to))
    return l.fail("a conversion to an integer needs a rounding");
  if (Type half = halfOf(to); half != Type::None && from == Type::F32) {
    if (!l.expectOperands(s, 3, 3))
      return true;
    i.type = half;
    i.a = l.source(s.operands[1], Type::F32);
    i.b = l.source(s.operands[2], Type::F32);
    i.dst = l.destination(s.operands[0], bytesOf(half) == 2 ? Type::B32 : Type::B16);
    bool plain = mode == 0 && !i.mode2;
    i.exec = plain && half == Type::BF16  ? packNearest<Brain>
             : plain && half == Type::F16 ? packNearest<Half>
                                          : packPair;
    return true;
  }
  if (!l.expectOperands(s, 2, 2))
    return true;
  if (Type half = halfOf(to), other = halfOf(from); half != Type::None && other != Type::None) {
    i.type = half;
    i.type2 = other;
    i.a = l.source(s.operands[1], bytesOf(other) == 2 ? Type::B32 : Type::B16);
    i.dst = l.destination(s.operands[0], bytesOf(half) == 2 ? Type::B32 : Type::B16);
    i.exec = convertPair;
    return true;
  }
  if (isPacked(to) || isPacked(from))
    return false;
  if (isFloat(to) && isFloat(from) && (integer >= 0 || (to == from && mode >= 0)))
    i.mode2 |= Integer; // to an integral value
  i.type = to;
  i.type2 = from;
  i.a = l.sourceAnyWidth(s.operands[1], from, i.wide);
  i.dst = l.destinationAnyWidth(s.operands[0], to, i.wideC);
  Register target = l.find(s.operands[0]);
  i.width = uint8_t(target.slot == NoSlot ? bytesOf(to) : bytesOf(target.type));
  i.exec = fast(to, from, i.mode, i.mode2, i.wideC, i.wide);
  if (!i.exec)
    i.exec = convertAny;
  return true;
}

} // namespace attn::emu
