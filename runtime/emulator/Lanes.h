// Lane by lane operations on registers. With all 32 lanes active the loops have
// constant bounds and no conditions, and become vector code.
#pragma once
#include "runtime/emulator/Lowering.h"
#include "runtime/emulator/Machine.h"
#include "runtime/emulator/Numbers.h"

namespace attn::emu {

/// Tags of the formats that C++ has no type for.
struct Half {};
struct Brain {};
template <class Tag> struct Pair {}; ///< two of them in 32 bits

/// How a type lies in a lane. `Value` is what arithmetic is done on.
template <class T> struct Lane {
  using Value = T;
  using Word = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  static T get(Word w) {
    if constexpr (std::is_floating_point_v<T>) {
      T v;
      std::memcpy(&v, &w, sizeof v);
      return v;
    } else {
      return T(w);
    }
  }
  static Word put(T v) {
    if constexpr (std::is_floating_point_v<T>) {
      Word w;
      std::memcpy(&w, &v, sizeof v);
      return w;
    } else {
      return Word(std::make_unsigned_t<T>(v)); // zero-extended, signed or not
    }
  }
};
template <> struct Lane<Half> {
  using Value = float;
  using Word = uint32_t;
  static float get(Word w) { return fromF16(uint16_t(w)); }
  static Word put(float v) { return toF16(v); }
};
template <> struct Lane<Brain> {
  using Value = float;
  using Word = uint32_t;
  static float get(Word w) { return fromBF16(uint16_t(w)); }
  static Word put(float v) { return toBF16(v); }
};

#define ATTN_LANES _Pragma("clang loop vectorize(assume_safety)") for (int l = 0; l < 32; ++l)

/// dst = f(a) and so on, in the lanes of the mask.
template <class D, class A, class F> inline Step map1(Warp &w, const Instr &i, uint32_t mask, F f) {
  auto *d = w.lanes<typename Lane<D>::Word>(i.dst);
  auto *a = w.lanes<typename Lane<A>::Word>(i.a);
  if (mask == ~0u)
    ATTN_LANES d[l] = Lane<D>::put(f(Lane<A>::get(a[l])));
  else
    for (int l = 0; l < 32; ++l)
      if (mask >> l & 1)
        d[l] = Lane<D>::put(f(Lane<A>::get(a[l])));
  return Step::Next;
}
template <class D, class A, class B, class F> inline Step map2(Warp &w, const Instr &i, uint32_t mask, F f) {
  auto *d = w.lanes<typename Lane<D>::Word>(i.dst);
  auto *a = w.lanes<typename Lane<A>::Word>(i.a);
  auto *b = w.lanes<typename Lane<B>::Word>(i.b);
  if (mask == ~0u)
    ATTN_LANES d[l] = Lane<D>::put(f(Lane<A>::get(a[l]), Lane<B>::get(b[l])));
  else
    for (int l = 0; l < 32; ++l)
      if (mask >> l & 1)
        d[l] = Lane<D>::put(f(Lane<A>::get(a[l]), Lane<B>::get(b[l])));
  return Step::Next;
}
template <class D, class A, class B, class C, class F> inline Step map3(Warp &w, const Instr &i, uint32_t mask, F f) {
  auto *d = w.lanes<typename Lane<D>::Word>(i.dst);
  auto *a = w.lanes<typename Lane<A>::Word>(i.a);
  auto *b = w.lanes<typename Lane<B>::Word>(i.b);
  auto *c = w.lanes<typename Lane<C>::Word>(i.c);
  if (mask == ~0u)
    ATTN_LANES d[l] = Lane<D>::put(f(Lane<A>::get(a[l]), Lane<B>::get(b[l]), Lane<C>::get(c[l])));
  else
    for (int l = 0; l < 32; ++l)
      if (mask >> l & 1)
        d[l] = Lane<D>::put(f(Lane<A>::get(a[l]), Lane<B>::get(b[l]), Lane<C>::get(c[l])));
  return Step::Next;
}

/// Handlers of operations given as functors with a templated operator().
template <class T, class F> Step unary(Warp &w, const Instr &i, uint32_t mask) { return map1<T, T>(w, i, mask, F()); }
template <class T, class F> Step binary(Warp &w, const Instr &i, uint32_t mask) {
  return map2<T, T, T>(w, i, mask, F());
}
template <class T, class F> Step ternary(Warp &w, const Instr &i, uint32_t mask) {
  return map3<T, T, T, T>(w, i, mask, F());
}

/// Applies F to both halves of a pair.
template <class Tag, class F> struct Both {
  template <class... W> uint32_t operator()(W... w) const {
    uint32_t low = Lane<Tag>::put(F()(Lane<Tag>::get(w & 0xffff)...));
    uint32_t high = Lane<Tag>::put(F()(Lane<Tag>::get(w >> 16)...));
    return low | high << 16;
  }
};
/// Flushes denormal operands and results.
template <class F> struct Flushing {
  template <class... V> float operator()(V... v) const { return flush(F()(flush(v)...)); }
};

/// Sets dst, a, b, c from a statement's operands: all of one type.
inline bool sameTypes(Lowering &l, const Statement &s, Instr &i, Type type, size_t sources) {
  if (!l.expectOperands(s, sources + 1, sources + 1))
    return true;
  i.a = l.source(s.operands[1], type);
  if (sources > 1)
    i.b = l.source(s.operands[2], type);
  if (sources > 2)
    i.c = l.source(s.operands[3], type);
  i.dst = l.destination(s.operands[0], type);
  return true;
}

/// A function of one operand for a type of floating point; null for other types.
template <class F> Handler unaryOf(Type t, bool ftz) {
  switch (t) {
  case Type::F32: return ftz ? unary<float, Flushing<F>> : unary<float, F>;
  case Type::F64: return unary<double, F>;
  case Type::F16: return unary<Half, F>;
  case Type::BF16: return unary<Brain, F>;
  case Type::F16x2: return unary<uint32_t, Both<Half, F>>;
  case Type::BF16x2: return unary<uint32_t, Both<Brain, F>>;
  default: return nullptr;
  }
}

} // namespace attn::emu
