// Matrices of one warp: ldmatrix, stmatrix, movmatrix, mma.sync.
#include "runtime/emulator/Access.h"
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"
#include "runtime/emulator/Layouts.h"
#include "runtime/emulator/Multiply.h"

namespace attn::emu {

namespace {

/// Row addresses of all matrices; false after a report.
bool rows(Warp &w, const Instr &i, uint32_t count, bool write, uint8_t **places) {
  Touched touched(w, i.line, write);
  for (uint32_t l = 0; l < 8 * count; ++l) {
    uint32_t address = w.sharedAddress(i, int(l));
    places[l] = resolve(w, i, Space::Shared, address, 16, int(l), write);
    if (!places[l])
      return false;
    touched.add(address, 16);
  }
  return true;
}

/// mode: transposed. list: registers. Lane l has row l/4, columns 2(l%4) + h, or
/// the transpose of that.
Step loadMatrix(Warp &w, const Instr &i, uint32_t) {
  const Slot *slots = &w.cta.grid.code.slots[i.list.begin];
  uint8_t *places[32];
  if (!rows(w, i, i.list.count, false, places))
    return Step::Next;
  for (uint32_t k = 0; k < i.list.count; ++k) {
    uint16_t m[8][8];
    for (int r = 0; r < 8; ++r)
      std::memcpy(m[r], places[8 * k + uint32_t(r)], 16);
    uint32_t *d = w.file + slots[k];
    for (int l = 0; l < 32; ++l) {
      int r = l / 4, c = 2 * (l % 4);
      d[l] = i.mode ? m[c][r] | uint32_t(m[c + 1][r]) << 16 : m[r][c] | uint32_t(m[r][c + 1]) << 16;
    }
  }
  return Step::Next;
}
Step storeMatrix(Warp &w, const Instr &i, uint32_t) {
  const Slot *slots = &w.cta.grid.code.slots[i.list.begin];
  uint8_t *places[32];
  ++w.cta.events;
  if (!rows(w, i, i.list.count, true, places))
    return Step::Next;
  for (uint32_t k = 0; k < i.list.count; ++k) {
    const uint32_t *a = w.file + slots[k];
    uint16_t m[8][8];
    for (int l = 0; l < 32; ++l) {
      int r = l / 4, c = 2 * (l % 4);
      (i.mode ? m[c][r] : m[r][c]) = uint16_t(a[l]);
      (i.mode ? m[c + 1][r] : m[r][c + 1]) = uint16_t(a[l] >> 16);
    }
    for (int r = 0; r < 8; ++r)
      std::memcpy(places[8 * k + uint32_t(r)], m[r], 16);
  }
  return Step::Next;
}
Step transposeMatrix(Warp &w, const Instr &i, uint32_t) {
  uint16_t m[8][8];
  const uint32_t *a = w.file + i.a;
  for (int l = 0; l < 32; ++l) {
    m[l / 4][2 * (l % 4)] = uint16_t(a[l]);
    m[l / 4][2 * (l % 4) + 1] = uint16_t(a[l] >> 16);
  }
  for (int l = 0; l < 32; ++l) {
    int r = l / 4, c = 2 * (l % 4);
    w.file[i.dst + l] = m[c][r] | uint32_t(m[c + 1][r]) << 16;
  }
  return Step::Next;
}

/// mma.sync.m16n8kK. list: A registers, list2: B, list3: C then D. type: of A,
/// type2: of B; imm: K; mode: accumulators in f16.
Step mma(Warp &w, const Instr &i, uint32_t) {
  static thread_local Tiles tiles;
  const std::vector<Slot> &slots = w.cta.grid.code.slots;
  uint32_t bytesA = bytesOf(i.type), bytesB = bytesOf(i.type2);
  for (uint32_t q = 0; q < i.list.count; ++q) {
    const uint32_t *r = w.file + slots[i.list.begin + q];
    for (uint32_t l = 0; l < 32; ++l)
      for (uint32_t e = 0; e < 4 / bytesA; ++e) {
        RowColumn at = operandA(q, e, l, bytesA);
        tiles.setA(at.row, at.column, elementOf(r[l] >> 8 * bytesA * e, i.type));
      }
  }
  for (uint32_t q = 0; q < i.list2.count; ++q) {
    const uint32_t *r = w.file + slots[i.list2.begin + q];
    for (uint32_t l = 0; l < 32; ++l)
      for (uint32_t e = 0; e < 4 / bytesB; ++e) {
        RowColumn at = operandB(q, e, l, bytesB);
        tiles.setB(at.row, at.column, 1, elementOf(r[l] >> 8 * bytesB * e, i.type2));
      }
  }
  alignas(64) float c[4][32];
  float *accumulators[4] = {c[0], c[1], c[2], c[3]};
  const Slot *from = &slots[i.list3.begin], *to = from + i.list3.count / 2;
  if (i.mode) {
    for (int k = 0; k < 2; ++k)
      for (int l = 0; l < 32; ++l) {
        c[2 * k][l] = fromF16(uint16_t(w.file[from[k] + l]));
        c[2 * k + 1][l] = fromF16(uint16_t(w.file[from[k] + l] >> 16));
      }
  } else {
    for (int k = 0; k < 4; ++k)
      std::memcpy(c[k], w.file + from[k], sizeof c[k]);
  }
  multiply(accumulators, &tiles.a[0][0][0], tiles.b, i.imm, 1, true);
  if (i.mode) {
    for (int k = 0; k < 2; ++k)
      for (int l = 0; l < 32; ++l)
        w.file[to[k] + l] = toF16(c[2 * k][l]) | uint32_t(toF16(c[2 * k + 1][l])) << 16;
  } else {
    for (int k = 0; k < 4; ++k)
      std::memcpy(w.file + to[k], c[k], sizeof c[k]);
  }
  return Step::Next;
}

bool lowerMma(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  static const std::pair<const char *, uint32_t> shapes[] = {
      {"m16n8k4", 4}, {"m16n8k8", 8}, {"m16n8k16", 16}, {"m16n8k32", 32}};
  for (auto &[name, k] : shapes)
    if (op.take(name))
      i.imm = k;
  if (!i.imm || !op.take("row") || !op.take("col"))
    return l.fail("this shape of mma is not modelled");
  Type d = op.takeType(), a = op.takeType(), b = op.takeType(), c = op.takeType();
  bool known = a == Type::F16 || a == Type::BF16 || a == Type::TF32 || a == Type::E4M3 || a == Type::E5M2;
  if (!known || bytesOf(a) != bytesOf(b) || d != c || (d != Type::F32 && d != Type::F16))
    return l.fail("these types of mma are not modelled");
  if (!l.expectOperands(s, 4, 4))
    return true;
  uint32_t bytes = bytesOf(a);
  auto take = [&](const Operand &o, uint32_t count, Type type, bool writes, std::vector<Slot> &out) {
    auto parts = Lowering::elements(o);
    if (parts.size() != count)
      l.fail("expected " + std::to_string(count) + " registers");
    for (const Operand *part : parts)
      out.push_back(writes ? l.destination(*part, type) : l.source(*part, type));
  };
  i.type = a;
  i.type2 = b;
  i.mode = d == Type::F16;
  uint32_t accumulators = i.mode ? 2 : 4;
  std::vector<Slot> as, bs, cs;
  take(s.operands[1], i.imm * bytes / 8, Type::B32, false, as);
  take(s.operands[2], i.imm * bytes / 16, Type::B32, false, bs);
  take(s.operands[3], accumulators, Type::B32, false, cs);
  take(s.operands[0], accumulators, Type::B32, true, cs);
  i.list = l.slots(as);
  i.list2 = l.slots(bs);
  i.list3 = l.slots(cs);
  i.exec = mma;
  return true;
}

} // namespace

bool lowerMatrix(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  op.take("sync");
  op.take("aligned");
  i.aligned = true;
  if (op.base == "mma")
    return lowerMma(l, op, s, i);
  op.take("m8n8");
  int number = op.takeOne({"x1", "x2", "x4"});
  i.mode = op.take("trans");
  op.takeOne({"shared", "shared::cta"});
  if (!op.take("b16") || !l.expectOperands(s, 2, 2))
    return false;
  if (op.base == "movmatrix") {
    i.a = l.source(s.operands[1], Type::B32);
    i.dst = l.destination(s.operands[0], Type::B32);
    i.exec = transposeMatrix;
    return true;
  }
  if (number < 0)
    return false;
  bool stores = op.base == "stmatrix";
  l.address(s.operands[stores ? 0 : 1], Space::Shared, i);
  std::vector<Slot> slots;
  for (const Operand *o : Lowering::elements(s.operands[stores ? 1 : 0]))
    slots.push_back(stores ? l.source(*o, Type::B32) : l.destination(*o, Type::B32));
  if (slots.size() != 1u << number)
    return l.fail("expected " + std::to_string(1 << number) + " registers");
  i.list = l.slots(slots);
  i.exec = stores ? storeMatrix : loadMatrix;
  return true;
}

} // namespace attn::emu
