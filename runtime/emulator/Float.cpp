// Arithmetic of reals that is exact up to one rounding.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {

struct FAdd {
  template <class T> T operator()(T a, T b) const { return a + b; }
};
struct FSub {
  template <class T> T operator()(T a, T b) const { return a - b; }
};
struct FMul {
  template <class T> T operator()(T a, T b) const { return a * b; }
};
struct FDiv {
  template <class T> T operator()(T a, T b) const { return a / b; }
};
struct FNeg {
  template <class T> T operator()(T a) const { return -a; }
};
struct FAbs {
  template <class T> T operator()(T a) const { return std::fabs(a); }
};
struct Fma {
  template <class T> T operator()(T a, T b, T c) const { return std::fma(a, b, c); }
};
struct FmaRelu {
  template <class T> T operator()(T a, T b, T c) const {
    T r = std::fma(a, b, c);
    return r > 0 ? r : r != r ? r : T(0);
  }
};
/// The other operand if one is NaN; -0 is less than +0.
struct FMin {
  template <class T> T operator()(T a, T b) const {
    return a < b ? a : b < a ? b : a != a ? b : b != b ? a : std::signbit(a) ? a : b;
  }
};
struct FMax {
  template <class T> T operator()(T a, T b) const {
    return a > b ? a : b > a ? b : a != a ? b : b != b ? a : std::signbit(a) ? b : a;
  }
};
struct FMinNan {
  template <class T> T operator()(T a, T b) const { return a != a ? a : b != b ? b : FMin()(a, b); }
};
struct FMaxNan {
  template <class T> T operator()(T a, T b) const { return a != a ? a : b != b ? b : FMax()(a, b); }
};
struct Saturate {
  template <class T> T operator()(T x) const { return x > 0 ? (x < 1 ? x : T(1)) : T(0); }
};
template <class F> struct Saturated {
  template <class... V> auto operator()(V... v) const { return Saturate()(F()(v...)); }
};
struct CopySign {
  template <class T> T operator()(T a, T b) const { return std::copysign(b, a); }
};

/// Directed roundings; mode: Rounding.
template <class T, int Which> Step rounded(Warp &w, const Instr &i, uint32_t mask) {
  auto r = Rounding(i.mode);
  bool flushes = i.mode2;
  auto f = [&](T x) {
    if constexpr (sizeof(T) == 4)
      return flushes ? flush(x) : x;
    else
      return x;
  };
  if constexpr (Which == 3)
    return map3<T, T, T, T>(w, i, mask, [&](T a, T b, T c) { return f(fmaRounded(f(a), f(b), f(c), r)); });
  else
    return map2<T, T, T>(w, i, mask, [&](T a, T b) {
      a = f(a), b = f(b);
      return f(Which == 0   ? addRounded(a, b, r)
               : Which == 1 ? addRounded(a, -b, r)
               : Which == 2 ? multiplyRounded(a, b, r)
                            : divideRounded(a, b, r));
    });
}

/// Full warps of the commonest instruction, with the processor's own fma.
__attribute__((target_clones("arch=x86-64-v3", "default"))) void fmaLanes(float *d, const float *a, const float *b,
                                                                          const float *c) {
  for (int l = 0; l < 32; ++l)
    d[l] = __builtin_fmaf(a[l], b[l], c[l]);
}
Step fmaSingle(Warp &w, const Instr &i, uint32_t mask) {
  if (mask != ~0u)
    return ternary<float, Fma>(w, i, mask);
  float result[32];
  fmaLanes(result, w.lanes<float>(i.a), w.lanes<float>(i.b), w.lanes<float>(i.c));
  std::memcpy(w.file + i.dst, result, sizeof result);
  return Step::Next;
}

template <class F> Handler two(Type t, bool ftz, bool saturate) {
  switch (t) {
  case Type::F32:
    return saturate ? (ftz ? binary<float, Flushing<Saturated<F>>> : binary<float, Saturated<F>>)
                    : (ftz ? binary<float, Flushing<F>> : binary<float, F>);
  case Type::F64: return binary<double, F>;
  case Type::F16: return binary<Half, F>;
  case Type::BF16: return binary<Brain, F>;
  case Type::F16x2: return binary<uint32_t, Both<Half, F>>;
  case Type::BF16x2: return binary<uint32_t, Both<Brain, F>>;
  default: return nullptr;
  }
}
/// In 16 bits the sum of an exact product rounds twice, which is once more than
/// the hardware, and differs only in ties that the first rounding made: in
/// double the first one is exact.
template <class Tag> struct ExactFma {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const {
    double sum = double(Lane<Tag>::get(a)) * Lane<Tag>::get(b) + Lane<Tag>::get(c);
    return encode(sum, std::is_same_v<Tag, Half> ? HalfFormat : BrainFormat, Rounding::Nearest, false);
  }
};
template <class Tag, bool Relu> struct HalfFma {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const {
    uint32_t r = ExactFma<Tag>()(a & 0xffff, b & 0xffff, c & 0xffff);
    return Relu && (r & 0x8000) ? 0 : r;
  }
};
template <class Tag, bool Relu> struct PairFma {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const {
    HalfFma<Tag, Relu> f;
    return f(a, b, c) | f(a >> 16, b >> 16, c >> 16) << 16;
  }
};
template <bool Relu> Handler three(Type t, bool ftz, bool saturate) {
  switch (t) {
  case Type::F32:
    return saturate ? (ftz ? ternary<float, Flushing<Saturated<Fma>>> : ternary<float, Saturated<Fma>>)
                    : (ftz ? ternary<float, Flushing<Fma>> : Handler(fmaSingle));
  case Type::F64: return ternary<double, Fma>;
  case Type::F16: return ternary<uint32_t, HalfFma<Half, Relu>>;
  case Type::BF16: return ternary<uint32_t, HalfFma<Brain, Relu>>;
  case Type::F16x2: return ternary<uint32_t, PairFma<Half, Relu>>;
  case Type::BF16x2: return ternary<uint32_t, PairFma<Brain, Relu>>;
  default: return nullptr;
  }
}

} // namespace

bool lowerFloat(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  bool ftz = op.take("ftz"), saturate = op.take("sat"), nan = op.take("NaN"), relu = op.take("relu");
  int mode = op.takeOne({"rn", "rz", "rm", "rp"});
  op.takeOne({"approx", "full"}); // exact is one of the results that are allowed
  Type type = op.takeType();
  i.mode = uint8_t(std::max(mode, 0));
  i.mode2 = ftz;
  size_t sources = 2;
  bool directed = mode > 0, wide = type == Type::F64;
  if (directed && type != Type::F32 && type != Type::F64)
    return false;
  if (op.base == "add")
    i.exec = directed ? (wide ? rounded<double, 0> : rounded<float, 0>) : two<FAdd>(type, ftz, saturate);
  else if (op.base == "sub")
    i.exec = directed ? (wide ? rounded<double, 1> : rounded<float, 1>) : two<FSub>(type, ftz, saturate);
  else if (op.base == "mul")
    i.exec = directed ? (wide ? rounded<double, 2> : rounded<float, 2>) : two<FMul>(type, ftz, saturate);
  else if (op.base == "div")
    i.exec = directed ? (wide ? rounded<double, 4> : rounded<float, 4>) : two<FDiv>(type, ftz, false);
  else if (op.base == "fma" || op.base == "mad") {
    sources = 3;
    i.exec = directed ? (wide ? rounded<double, 3> : rounded<float, 3>)
             : relu   ? three<true>(type, ftz, saturate)
                      : three<false>(type, ftz, saturate);
  } else if (op.base == "min")
    i.exec = nan ? two<FMinNan>(type, ftz, false) : two<FMin>(type, ftz, false);
  else if (op.base == "max")
    i.exec = nan ? two<FMaxNan>(type, ftz, false) : two<FMax>(type, ftz, false);
  else if (op.base == "neg")
    i.exec = unaryOf<FNeg>(type, ftz), sources = 1;
  else if (op.base == "abs")
    i.exec = unaryOf<FAbs>(type, ftz), sources = 1;
  else if (op.base == "copysign")
    i.exec = two<CopySign>(type, false, false);
  if (relu && type == Type::F32)
    return false;
  return i.exec && sameTypes(l, s, i, type, sources);
}

bool lowerArithmetic(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  for (const char *name : {"f32", "f64", "f16", "bf16", "f16x2", "bf16x2"})
    if (op.has(name))
      return lowerFloat(l, op, s, i);
  return lowerInteger(l, op, s, i);
}

} // namespace attn::emu
