// Comparisons and selections.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {

enum Relation : uint8_t { Eq, Ne, Lt, Le, Gt, Ge, Equ, Neu, Ltu, Leu, Gtu, Geu, Num, Nan };

template <Relation R, class T> inline bool holds(T a, T b) {
  switch (R) {
  case Eq: return a == b;
  case Ne: return a != b && a == a && b == b;
  case Lt: return a < b;
  case Le: return a <= b;
  case Gt: return a > b;
  case Ge: return a >= b;
  case Equ: return !(a < b) && !(a > b);
  case Neu: return !(a == b);
  case Ltu: return !(a >= b);
  case Leu: return !(a > b);
  case Gtu: return !(a <= b);
  case Geu: return !(a < b);
  case Num: return a == a && b == b;
  case Nan: return a != a || b != b;
  }
  return false;
}

template <class T, Relation R> uint32_t compare(Warp &w, const Instr &i) {
  using L = Lane<T>;
  auto *a = w.lanes<typename L::Word>(i.a), *b = w.lanes<typename L::Word>(i.b);
  uint8_t flags[32];
  for (int l = 0; l < 32; ++l)
    flags[l] = holds<R>(L::get(a[l]), L::get(b[l]));
  uint32_t r = 0;
  for (int k = 0; k < 4; ++k) { // eight bytes to eight bits
    uint64_t eight;
    std::memcpy(&eight, flags + 8 * k, 8);
    r |= uint32_t(eight * 0x0102040810204080 >> 56) << 8 * k;
  }
  return r;
}

struct Flushed {}; ///< f32 with denormals read as zero
} // namespace
template <> struct Lane<Flushed> {
  using Word = uint32_t;
  static float get(uint32_t w) { return flush(floatOf(w)); }
};
namespace {

/// setp p|q, a, b, {!}c. mode: 0 none, 1 and, 2 or, 3 xor with the predicate c.
template <class T, Relation R> Step setPredicate(Warp &w, const Instr &i, uint32_t mask) {
  uint32_t r = compare<T, R>(w, i), other = ~r;
  if (i.mode) {
    uint32_t c = w.file[i.psrc] ^ (i.psrcNegated ? ~0u : 0u);
    r = i.mode == 1 ? r & c : i.mode == 2 ? r | c : r ^ c;
    other = i.mode == 1 ? other & c : i.mode == 2 ? other | c : other ^ c;
  }
  w.file[i.pdst] = (w.file[i.pdst] & ~mask) | (r & mask);
  if (i.pdst2 != NoSlot)
    w.file[i.pdst2] = (w.file[i.pdst2] & ~mask) | (other & mask);
  return Step::Next;
}
/// set: all ones or 1.0 into a register; imm: that value.
template <class T, Relation R> Step setNumber(Warp &w, const Instr &i, uint32_t mask) {
  uint32_t r = compare<T, R>(w, i);
  if (i.mode) {
    uint32_t c = w.file[i.psrc] ^ (i.psrcNegated ? ~0u : 0u);
    r = i.mode == 1 ? r & c : i.mode == 2 ? r | c : r ^ c;
  }
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1)
      w.file[i.dst + l] = r >> l & 1 ? i.imm : 0;
  return Step::Next;
}

template <class T> Handler pickRelation(int relation, bool number) {
#define ATTN_RELATION(R)                                                                                               \
  case R: return number ? Handler(setNumber<T, R>) : Handler(setPredicate<T, R>);
  switch (relation) {
    ATTN_RELATION(Eq) ATTN_RELATION(Ne) ATTN_RELATION(Lt) ATTN_RELATION(Le) ATTN_RELATION(Gt) ATTN_RELATION(Ge)
  }
  if constexpr (!std::is_integral_v<T>)
    switch (relation) {
      ATTN_RELATION(Equ)
      ATTN_RELATION(Neu) ATTN_RELATION(Ltu) ATTN_RELATION(Leu) ATTN_RELATION(Gtu) ATTN_RELATION(Geu) ATTN_RELATION(Num)
          ATTN_RELATION(Nan)
    }
#undef ATTN_RELATION
  return nullptr;
}
Handler pickComparison(Type t, int relation, bool ftz, bool number) {
  switch (t) {
  case Type::U16:
  case Type::B16: return pickRelation<uint16_t>(relation, number);
  case Type::U32:
  case Type::B32: return pickRelation<uint32_t>(relation, number);
  case Type::U64:
  case Type::B64: return pickRelation<uint64_t>(relation, number);
  case Type::S16: return pickRelation<int16_t>(relation, number);
  case Type::S32: return pickRelation<int32_t>(relation, number);
  case Type::S64: return pickRelation<int64_t>(relation, number);
  case Type::F16: return pickRelation<Half>(relation, number);
  case Type::BF16: return pickRelation<Brain>(relation, number);
  case Type::F32: return ftz ? pickRelation<Flushed>(relation, number) : pickRelation<float>(relation, number);
  case Type::F64: return pickRelation<double>(relation, number);
  default: return nullptr;
  }
}
int takeRelation(Opcode &op) {
  int r = op.takeOne({"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"});
  int u = r < 0 ? op.takeOne({"lo", "ls", "hi", "hs"}) : -1; // unsigned ones
  return u < 0 ? r : int(Lt) + u;
}

template <class Word> Step select(Warp &w, const Instr &i, uint32_t mask) {
  Word *d = w.lanes<Word>(i.dst), *a = w.lanes<Word>(i.a), *b = w.lanes<Word>(i.b);
  uint32_t p = w.file[i.psrc] ^ (i.psrcNegated ? ~0u : 0u);
  if (mask == ~0u)
    ATTN_LANES d[l] = p >> l & 1 ? a[l] : b[l];
  else
    for (int l = 0; l < 32; ++l)
      if (mask >> l & 1)
        d[l] = p >> l & 1 ? a[l] : b[l];
  return Step::Next;
}
/// slct d, a, b, c: a where c >= 0. mode: c is f32.
template <class Word> Step selectBySign(Warp &w, const Instr &i, uint32_t mask) {
  return map3<Word, Word, Word, uint32_t>(
      w, i, mask, [&](Word a, Word b, uint32_t c) { return (i.mode ? floatOf(c) >= 0 : int32_t(c) >= 0) ? a : b; });
}

template <class T> Step testProperty(Warp &w, const Instr &i, uint32_t mask) {
  auto *a = w.lanes<typename Lane<T>::Word>(i.a);
  uint32_t r = 0;
  for (int l = 0; l < 32; ++l) {
    T x = Lane<T>::get(a[l]);
    int kind = std::fpclassify(x);
    bool is = i.mode == 0   ? std::isfinite(x)
              : i.mode == 1 ? std::isinf(x)
              : i.mode == 2 ? !std::isnan(x)
              : i.mode == 3 ? std::isnan(x)
              : i.mode == 4 ? kind == FP_NORMAL
                            : kind == FP_SUBNORMAL || kind == FP_ZERO;
    r |= uint32_t(is) << l;
  }
  w.file[i.pdst] = (w.file[i.pdst] & ~mask) | (r & mask);
  return Step::Next;
}

} // namespace

bool lowerCompare(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  if (op.base == "selp") {
    Type type = op.takeType();
    if (!l.expectOperands(s, 4, 4))
      return true;
    i.a = l.source(s.operands[1], type);
    i.b = l.source(s.operands[2], type);
    i.psrc = l.predicate(s.operands[3], i.psrcNegated);
    i.dst = l.destination(s.operands[0], type);
    i.exec = bytesOf(type) == 8 ? select<uint64_t> : select<uint32_t>;
    return true;
  }
  bool ftz = op.take("ftz");
  if (op.base == "slct") {
    Type type = op.takeType(), by = op.takeType();
    if (!l.expectOperands(s, 4, 4))
      return true;
    i.a = l.source(s.operands[1], type);
    i.b = l.source(s.operands[2], type);
    i.c = l.source(s.operands[3], by);
    i.dst = l.destination(s.operands[0], type);
    i.mode = by == Type::F32;
    i.exec = bytesOf(type) == 8 ? selectBySign<uint64_t> : selectBySign<uint32_t>;
    return by == Type::F32 || by == Type::S32;
  }
  if (op.base == "testp") {
    int which = op.takeOne({"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
    Type type = op.takeType();
    if (which < 0 || !l.expectOperands(s, 2, 2))
      return which >= 0;
    i.mode = uint8_t(which);
    i.a = l.source(s.operands[1], type);
    i.pdst = l.predicateDestination(s.operands[0]);
    i.exec = type == Type::F64 ? testProperty<double> : testProperty<float>;
    return true;
  }
  bool number = op.base == "set";
  int relation = takeRelation(op), combine = op.takeOne({"and", "or", "xor"}) + 1;
  Type result = number ? op.takeType() : Type::Pred, type = op.takeType();
  if (relation < 0 || !l.expectOperands(s, combine ? 4 : 3, combine ? 4 : 3))
    return relation >= 0;
  i.a = l.source(s.operands[1], type);
  i.b = l.source(s.operands[2], type);
  i.mode = uint8_t(combine);
  if (combine)
    i.psrc = l.predicate(s.operands[3], i.psrcNegated);
  i.exec = pickComparison(type, relation, ftz, number);
  const Operand &d = s.operands[0];
  if (number) {
    i.imm = result == Type::F32 ? 0x3f800000 : result == Type::F16 ? 0x3c00 : result == Type::BF16 ? 0x3f80 : ~0u;
    i.dst = l.destination(d, result);
    return bytesOf(result) <= 4;
  }
  if (d.kind == Operand::Pair) {
    i.pdst = l.predicateDestination(d.parts[0]);
    i.pdst2 = l.predicateDestination(d.parts[1]);
  } else {
    i.pdst = l.predicateDestination(d);
  }
  return true;
}

} // namespace attn::emu
