// Integer arithmetic.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {

template <class T> using Unsigned = std::make_unsigned_t<T>;
template <class T> using Wide = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;

struct Add {
  template <class T> T operator()(T a, T b) const { return T(Unsigned<T>(a) + Unsigned<T>(b)); }
};
struct Sub {
  template <class T> T operator()(T a, T b) const { return T(Unsigned<T>(a) - Unsigned<T>(b)); }
};
struct MulLow {
  template <class T> T operator()(T a, T b) const { return T(uint64_t(a) * uint64_t(b)); }
};
struct MulHigh {
  template <class T> T operator()(T a, T b) const {
    if constexpr (sizeof(T) < 8) {
      using W = std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>;
      return T((W(a) * W(b)) >> (8 * sizeof(T)));
    } else {
      return T(Wide<T>(a) * Wide<T>(b) >> 64);
    }
  }
};
struct Div { // by zero: all ones, as the hardware gives
  template <class T> T operator()(T a, T b) const {
    if (b == 0)
      return T(~Unsigned<T>(0));
    if (std::is_signed_v<T> && b == T(-1))
      return T(Unsigned<T>(0) - Unsigned<T>(a));
    return T(a / b);
  }
};
struct Rem {
  template <class T> T operator()(T a, T b) const {
    if (b == 0)
      return a;
    if (std::is_signed_v<T> && b == T(-1))
      return 0;
    return T(a % b);
  }
};
struct Min {
  template <class T> T operator()(T a, T b) const { return a < b ? a : b; }
};
struct Max {
  template <class T> T operator()(T a, T b) const { return a < b ? b : a; }
};
/// min.relu and max.relu: no less than 0.
template <class F> struct NotNegative {
  template <class T> T operator()(T a, T b) const { return std::max<T>(F()(a, b), 0); }
};
struct Neg {
  template <class T> T operator()(T a) const { return T(Unsigned<T>(0) - Unsigned<T>(a)); }
};
struct Abs {
  template <class T> T operator()(T a) const { return a < 0 ? T(Unsigned<T>(0) - Unsigned<T>(a)) : a; }
};
struct MadLow {
  template <class T> T operator()(T a, T b, T c) const { return T(uint64_t(a) * uint64_t(b) + uint64_t(c)); }
};
struct MadHigh {
  template <class T> T operator()(T a, T b, T c) const { return T(Unsigned<T>(MulHigh()(a, b)) + Unsigned<T>(c)); }
};
struct Sad {
  template <class T> T operator()(T a, T b, T c) const {
    return T(Unsigned<T>(c) + (a < b ? Unsigned<T>(b) - Unsigned<T>(a) : Unsigned<T>(a) - Unsigned<T>(b)));
  }
};
struct AddSaturated {
  int32_t operator()(int32_t a, int32_t b) const {
    return int32_t(std::clamp<int64_t>(int64_t(a) + b, INT32_MIN, INT32_MAX));
  }
};
struct SubSaturated {
  int32_t operator()(int32_t a, int32_t b) const {
    return int32_t(std::clamp<int64_t>(int64_t(a) - b, INT32_MIN, INT32_MAX));
  }
};

/// Applies F to both halves of 32 bits.
template <class T, class F> struct Halves {
  template <class... W> uint32_t operator()(W... w) const {
    return uint16_t(F()(T(w)...)) | uint32_t(uint16_t(F()(T(w >> 16)...))) << 16;
  }
};

#define ATTN_PICK(shape, F)                                                                                            \
  [](Type t) -> Handler {                                                                                              \
    switch (t) {                                                                                                       \
    case Type::U16x2: return shape<uint32_t, Halves<uint16_t, F>>;                                                     \
    case Type::S16x2: return shape<uint32_t, Halves<int16_t, F>>;                                                      \
    case Type::U16: return shape<uint16_t, F>;                                                                         \
    case Type::S16: return shape<int16_t, F>;                                                                          \
    case Type::U32: return shape<uint32_t, F>;                                                                         \
    case Type::S32: return shape<int32_t, F>;                                                                          \
    case Type::U64: return shape<uint64_t, F>;                                                                         \
    case Type::S64: return shape<int64_t, F>;                                                                          \
    default: return nullptr;                                                                                           \
    }                                                                                                                  \
  }

template <class D, class S> Step mulWide(Warp &w, const Instr &i, uint32_t mask) {
  return map2<D, S, S>(w, i, mask, [](S a, S b) { return D(D(a) * D(b)); });
}
template <class D, class S> Step madWide(Warp &w, const Instr &i, uint32_t mask) {
  return map3<D, S, S, D>(w, i, mask, [](S a, S b, D c) { return D(Unsigned<D>(D(a) * D(b)) + Unsigned<D>(c)); });
}

/// add.cc, addc, sub.cc, subc: mode bit 0 takes the carry, bit 1 sets it, bit 2
/// subtracts.
template <class T> Step carried(Warp &w, const Instr &i, uint32_t mask) {
  using Word = typename Lane<T>::Word;
  Word *d = w.lanes<Word>(i.dst), *a = w.lanes<Word>(i.a), *b = w.lanes<Word>(i.b);
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    bool in = (i.mode & 1) && (w.carry >> l & 1);
    unsigned __int128 sum;
    bool out;
    if (i.mode & 4) {
      sum = (unsigned __int128)a[l] - b[l] - in;
      out = (unsigned __int128)a[l] < (unsigned __int128)b[l] + in;
    } else {
      sum = (unsigned __int128)a[l] + b[l] + in;
      out = sum >> (8 * sizeof(T)) != 0;
    }
    d[l] = Word(sum);
    if (i.mode & 2)
      w.carry = (w.carry & ~(1u << l)) | uint32_t(out) << l;
  }
  return Step::Next;
}

/// mad.cc, madc: as `carried`, of the low or (mode bit 3) the high half of a * b.
template <class T> Step carriedProduct(Warp &w, const Instr &i, uint32_t mask) {
  using Word = typename Lane<T>::Word;
  Word *d = w.lanes<Word>(i.dst), *a = w.lanes<Word>(i.a), *b = w.lanes<Word>(i.b), *c = w.lanes<Word>(i.c);
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    T product = i.mode & 8 ? MulHigh()(T(a[l]), T(b[l])) : MulLow()(T(a[l]), T(b[l]));
    unsigned __int128 sum = (unsigned __int128)Word(Unsigned<T>(product)) + c[l] + ((i.mode & 1) && (w.carry >> l & 1));
    d[l] = Word(sum);
    if (i.mode & 2)
      w.carry = (w.carry & ~(1u << l)) | uint32_t(sum >> (8 * sizeof(T)) != 0) << l;
  }
  return Step::Next;
}

Step dp4a(Warp &w, const Instr &i, uint32_t mask) { // mode bit 0: a signed, bit 1: b signed
  return map3<uint32_t, uint32_t, uint32_t, uint32_t>(w, i, mask, [&](uint32_t a, uint32_t b, uint32_t c) {
    for (int k = 0; k < 4; ++k) {
      int32_t x = int32_t(a >> 8 * k & 255), y = int32_t(b >> 8 * k & 255);
      x = i.mode & 1 ? int8_t(x) : x;
      y = i.mode & 2 ? int8_t(y) : y;
      c += uint32_t(x * y);
    }
    return c;
  });
}

struct Mul24 { // the low 24 bits of each
  template <class T> T operator()(T a, T b) const {
    return T(int64_t(T(T(Unsigned<T>(a) << 8) >> 8)) * int64_t(T(T(Unsigned<T>(b) << 8) >> 8)));
  }
};

Type doubled(Type t) {
  switch (t) {
  case Type::U16: return Type::U32;
  case Type::S16: return Type::S32;
  case Type::U32: return Type::U64;
  case Type::S32: return Type::S64;
  default: return Type::None;
  }
}

} // namespace

bool lowerInteger(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  if (op.base == "dp4a") {
    i.mode = uint8_t((op.takeType() == Type::S32) | (op.takeType() == Type::S32) << 1);
    i.exec = dp4a;
    return sameTypes(l, s, i, Type::B32, 3);
  }
  bool saturate = op.take("sat"), sets = op.take("cc");
  bool notNegative = (op.base == "min" || op.base == "max") && op.take("relu");
  int part = op.takeOne({"lo", "hi", "wide"});
  Type type = op.takeType();
  bool pair = type == Type::U16x2 || type == Type::S16x2;
  if (pair && op.base != "add" && op.base != "min" && op.base != "max" && op.base != "neg")
    return false;
  using Picker = Handler (*)(Type);
  Picker pick = nullptr;
  size_t sources = 2;
  bool takes = op.base == "addc" || op.base == "subc" || op.base == "madc";
  if (sets || takes) {
    bool product = op.base == "mad" || op.base == "madc";
    bool subtract = op.base == "sub" || op.base == "subc";
    i.mode = uint8_t(takes | sets << 1 | subtract << 2 | (part == 1) << 3);
    bool wide = bytesOf(type) == 8;
    if (product)
      i.exec = type == Type::S32   ? carriedProduct<int32_t>
               : type == Type::U32 ? carriedProduct<uint32_t>
               : type == Type::S64 ? carriedProduct<int64_t>
                                   : carriedProduct<uint64_t>;
    else
      i.exec = wide ? carried<uint64_t> : carried<uint32_t>;
    return bytesOf(type) >= 4 && sameTypes(l, s, i, type, product ? 3 : 2);
  }
  if (op.base == "mul" && part == 2) {
    if (!l.expectOperands(s, 3, 3) || doubled(type) == Type::None)
      return doubled(type) != Type::None;
    i.exec = type == Type::U16   ? mulWide<uint32_t, uint16_t>
             : type == Type::S16 ? mulWide<int32_t, int16_t>
             : type == Type::U32 ? mulWide<uint64_t, uint32_t>
                                 : mulWide<int64_t, int32_t>;
    i.a = l.source(s.operands[1], type);
    i.b = l.source(s.operands[2], type);
    i.dst = l.destination(s.operands[0], doubled(type));
    return true;
  }
  if (op.base == "mad" && part == 2) {
    if (!l.expectOperands(s, 4, 4) || doubled(type) == Type::None)
      return doubled(type) != Type::None;
    i.exec = type == Type::U16   ? madWide<uint32_t, uint16_t>
             : type == Type::S16 ? madWide<int32_t, int16_t>
             : type == Type::U32 ? madWide<uint64_t, uint32_t>
                                 : madWide<int64_t, int32_t>;
    i.a = l.source(s.operands[1], type);
    i.b = l.source(s.operands[2], type);
    i.c = l.source(s.operands[3], doubled(type));
    i.dst = l.destination(s.operands[0], doubled(type));
    return true;
  }
  if (saturate) {
    if (type != Type::S32 || (op.base != "add" && op.base != "sub"))
      return false;
    i.exec = op.base == "add" ? binary<int32_t, AddSaturated> : binary<int32_t, SubSaturated>;
    return sameTypes(l, s, i, type, 2);
  }
  if (op.base == "add")
    pick = ATTN_PICK(binary, Add);
  else if (op.base == "sub")
    pick = ATTN_PICK(binary, Sub);
  else if (op.base == "mul")
    pick = part == 1 ? +ATTN_PICK(binary, MulHigh) : +ATTN_PICK(binary, MulLow);
  else if (op.base == "mad")
    pick = part == 1 ? +ATTN_PICK(ternary, MadHigh) : +ATTN_PICK(ternary, MadLow), sources = 3;
  else if (op.base == "div")
    pick = ATTN_PICK(binary, Div);
  else if (op.base == "rem")
    pick = ATTN_PICK(binary, Rem);
  else if (notNegative && (type == Type::S32 || type == Type::S16x2))
    pick = op.base == "min" ? Picker(ATTN_PICK(binary, NotNegative<Min>)) : ATTN_PICK(binary, NotNegative<Max>);
  else if (notNegative)
    return false;
  else if (op.base == "min")
    pick = ATTN_PICK(binary, Min);
  else if (op.base == "max")
    pick = ATTN_PICK(binary, Max);
  else if (op.base == "neg")
    pick = ATTN_PICK(unary, Neg), sources = 1;
  else if (op.base == "abs")
    pick = ATTN_PICK(unary, Abs), sources = 1;
  else if (op.base == "sad")
    pick = ATTN_PICK(ternary, Sad), sources = 3;
  else if (op.base == "mul24" && part == 0 && bytesOf(type) == 4)
    pick = ATTN_PICK(binary, Mul24);
  if (!pick || !(i.exec = pick(type)))
    return false;
  return sameTypes(l, s, i, type, sources);
}

} // namespace attn::emu
