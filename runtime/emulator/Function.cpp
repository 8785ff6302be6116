// Reciprocals, roots and transcendental functions.
//
// The approximate ones of the hardware have errors of an ulp or two that are
// not specified bit by bit. Here they are rounded from more precision, or, for
// the one that attention lives on, from a polynomial that is good to an ulp.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {

struct Reciprocal {
  template <class T> T operator()(T a) const { return T(1) / a; }
};
struct Root {
  template <class T> T operator()(T a) const { return std::sqrt(a); }
};
struct ReciprocalRoot {
  template <class T> T operator()(T a) const { return T(1 / std::sqrt(double(a))); }
};
struct Log2 {
  template <class T> T operator()(T a) const { return T(std::log2(double(a))); }
};
struct Exp2 {
  template <class T> T operator()(T a) const { return T(std::exp2(double(a))); }
};
struct Sine {
  template <class T> T operator()(T a) const { return T(std::sin(double(a))); }
};
struct Cosine {
  template <class T> T operator()(T a) const { return T(std::cos(double(a))); }
};
struct TanH {
  template <class T> T operator()(T a) const { return T(std::tanh(double(a))); }
};

/// 2^x = 2^n * 2^f, |f| <= 1/2: a Taylor polynomial of degree 7 in f ln 2.
__attribute__((target_clones("arch=x86-64-v3", "default"))) void exp2Lanes(float *d, const float *a) {
  for (int l = 0; l < 32; ++l) {
    float x = a[l];
    float bounded = x < -126.0f ? -126.0f : x > 128.0f ? 128.0f : x; // NaN is restored below
    float n = (bounded + 12582912.0f) - 12582912.0f;                 // 1.5 * 2^23: to the nearest integer
    float f = (bounded - n) * 0.693147180559945f;
    float p = 1.0f / 5040;
    p = p * f + 1.0f / 720;
    p = p * f + 1.0f / 120;
    p = p * f + 1.0f / 24;
    p = p * f + 1.0f / 6;
    p = p * f + 0.5f;
    p = p * f + 1.0f;
    p = p * f + 1.0f;
    int32_t exponent = int32_t(n);
    int32_t low = exponent > 127 ? 127 : exponent; // 2^128 is no number; the rest doubles
    float scale;
    uint32_t bits = uint32_t(low + 127) << 23;
    __builtin_memcpy(&scale, &bits, 4);
    float r = p * scale * (exponent > 127 ? 2.0f : 1.0f);
    r = x < -126.0f ? 0.0f : r;
    r = x >= 128.0f ? __builtin_inff() : r;
    d[l] = x != x ? x : r;
  }
}
/// ex2.approx.ftz: results below 2^-126 are zero.
Step exp2Flushed(Warp &w, const Instr &i, uint32_t mask) {
  float result[32], *d = w.lanes<float>(i.dst);
  exp2Lanes(result, w.lanes<float>(i.a));
  if (mask == ~0u)
    std::memcpy(d, result, sizeof result);
  else
    for (int l = 0; l < 32; ++l)
      if (mask >> l & 1)
        d[l] = result[l];
  return Step::Next;
}

template <class T, bool IsRoot> Step rounded(Warp &w, const Instr &i, uint32_t mask) {
  auto r = Rounding(i.mode);
  return map1<T, T>(w, i, mask, [&](T a) { return IsRoot ? rootRounded(a, r) : divideRounded(T(1), a, r); });
}

} // namespace

bool lowerFunction(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  op.take("approx");
  bool ftz = op.take("ftz");
  int mode = op.takeOne({"rn", "rz", "rm", "rp"});
  Type type = op.takeType();
  i.mode = uint8_t(std::max(mode, 0));
  if (mode > 0 && (op.base == "rcp" || op.base == "sqrt"))
    i.exec = op.base == "rcp" ? (type == Type::F64 ? rounded<double, false> : rounded<float, false>)
                              : (type == Type::F64 ? rounded<double, true> : rounded<float, true>);
  else if (op.base == "rcp")
    i.exec = unaryOf<Reciprocal>(type, ftz);
  else if (op.base == "sqrt")
    i.exec = unaryOf<Root>(type, ftz);
  else if (op.base == "rsqrt")
    i.exec = unaryOf<ReciprocalRoot>(type, ftz);
  else if (op.base == "lg2")
    i.exec = unaryOf<Log2>(type, ftz);
  else if (op.base == "ex2")
    i.exec = type == Type::F32 && ftz ? Handler(exp2Flushed) : unaryOf<Exp2>(type, ftz);
  else if (op.base == "sin")
    i.exec = unaryOf<Sine>(type, ftz);
  else if (op.base == "cos")
    i.exec = unaryOf<Cosine>(type, ftz);
  else if (op.base == "tanh")
    i.exec = unaryOf<TanH>(type, ftz);
  return i.exec && sameTypes(l, s, i, type, 1);
}

} // namespace attn::emu
