// Exchanges between the lanes of a warp.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"

namespace attn::emu {

namespace {

/// The lanes that the member mask names must all be here.
void checkMembers(Warp &w, const Instr &i, uint32_t mask, uint32_t members) {
  if ((mask & ~members) || (members & w.alive & ~mask))
    w.report(Finding::Kind::Divergence, i,
             "executes " + w.cta.grid.code.names[i.name] +
                 " with lanes that its member mask does not name, or without some that it names");
}
uint32_t firstLane(uint32_t mask) { return uint32_t(__builtin_ctz(mask)); }

/// shfl.sync d|p, a, b, c, members. mode: up down bfly idx. c: clamp and segment.
Step shuffle(Warp &w, const Instr &i, uint32_t mask) {
  checkMembers(w, i, mask, w.file[i.d + firstLane(mask)]);
  uint32_t in[32], ok = 0;
  std::memcpy(in, w.file + i.a, sizeof in);
  const uint32_t *b = w.file + i.b, *c = w.file + i.c;
  for (uint32_t l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    uint32_t segment = c[l] >> 8 & 31, clamp = c[l] & 31, by = b[l] & 31;
    uint32_t top = (l & segment) | (clamp & ~segment), low = l & segment;
    int32_t j = 0;
    bool p = false;
    switch (i.mode) {
    case 0: j = int32_t(l) - int32_t(by), p = j >= int32_t(top); break;
    case 1: j = int32_t(l + by), p = j <= int32_t(top); break;
    case 2: j = int32_t(l ^ by), p = j <= int32_t(top); break;
    case 3: j = int32_t(low | (by & ~segment)), p = j <= int32_t(top); break;
    }
    if (!p)
      j = int32_t(l);
    if (!(mask >> j & 1))
      w.report(Finding::Kind::Divergence, i, "shuffles from lane " + std::to_string(j) + ", which does not take part");
    w.file[i.dst + l] = in[j & 31];
    ok |= uint32_t(p) << l;
  }
  if (i.pdst != NoSlot)
    w.file[i.pdst] = (w.file[i.pdst] & ~mask) | (ok & mask);
  return Step::Next;
}

/// vote.sync. mode: all any uni ballot.
Step vote(Warp &w, const Instr &i, uint32_t mask) {
  checkMembers(w, i, mask, w.file[i.b + firstLane(mask)]);
  uint32_t p = (w.file[i.psrc] ^ (i.psrcNegated ? ~0u : 0u)) & mask;
  if (i.mode == 3) {
    for (int l = 0; l < 32; ++l)
      if (mask >> l & 1)
        w.file[i.dst + l] = p;
    return Step::Next;
  }
  bool r = i.mode == 0 ? p == mask : i.mode == 1 ? p != 0 : p == 0 || p == mask;
  w.file[i.pdst] = (w.file[i.pdst] & ~mask) | (r ? mask : 0);
  return Step::Next;
}

/// match.sync. mode: any all; wide a.
Step match(Warp &w, const Instr &i, uint32_t mask) {
  checkMembers(w, i, mask, w.file[i.b + firstLane(mask)]);
  auto value = [&](uint32_t l) { return i.wide ? w.lanes<uint64_t>(i.a)[l] : w.file[i.a + l]; };
  uint32_t results[32] = {}, every = 0;
  for (uint32_t l = 0; l < 32; ++l)
    if (mask >> l & 1)
      for (uint32_t k = 0; k < 32; ++k)
        if ((mask >> k & 1) && value(k) == value(l))
          results[l] |= 1u << k;
  for (uint32_t l = 0; l < 32; ++l)
    if (mask >> l & 1) {
      every |= uint32_t(results[l] == mask) << l;
      w.file[i.dst + l] = i.mode && results[l] != mask ? 0 : results[l];
    }
  if (i.pdst != NoSlot)
    w.file[i.pdst] = (w.file[i.pdst] & ~mask) | (every & mask);
  return Step::Next;
}

/// redux.sync. mode: add min max and or xor; mode2: signed.
Step reduce(Warp &w, const Instr &i, uint32_t mask) {
  checkMembers(w, i, mask, w.file[i.b + firstLane(mask)]);
  uint32_t r = w.file[i.a + firstLane(mask)];
  for (uint32_t l = firstLane(mask) + 1; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    uint32_t v = w.file[i.a + l];
    bool less = i.mode2 ? int32_t(v) < int32_t(r) : v < r;
    switch (i.mode) {
    case 0: r += v; break;
    case 1: r = less ? v : r; break;
    case 2: r = less ? r : v; break;
    case 3: r &= v; break;
    case 4: r |= v; break;
    case 5: r ^= v; break;
    }
  }
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1)
      w.file[i.dst + l] = r;
  return Step::Next;
}

/// elect.sync d|p, members: the lowest lane.
Step elect(Warp &w, const Instr &i, uint32_t mask) {
  checkMembers(w, i, mask, w.file[i.b + firstLane(mask)]);
  uint32_t leader = firstLane(mask);
  if (i.dst != NoSlot)
    for (int l = 0; l < 32; ++l)
      if (mask >> l & 1)
        w.file[i.dst + l] = leader;
  w.file[i.pdst] = (w.file[i.pdst] & ~mask) | 1u << leader;
  return Step::Next;
}

Step activeMask(Warp &w, const Instr &i, uint32_t mask) {
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1)
      w.file[i.dst + l] = mask;
  return Step::Next;
}

/// d|p or d: register and predicate destinations.
void pairDestination(Lowering &l, const Operand &o, Type type, Instr &i) {
  const Operand &first = o.kind == Operand::Pair ? o.parts[0] : o;
  i.dst = l.destination(first, type);
  if (o.kind == Operand::Pair && !o.parts[1].isSink())
    i.pdst = l.predicateDestination(o.parts[1]);
}

} // namespace

bool lowerWarp(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  op.take("sync");
  if (op.base == "shfl") {
    int mode = op.takeOne({"up", "down", "bfly", "idx"});
    op.take("b32");
    if (mode < 0 || !l.expectOperands(s, 4, 5))
      return mode >= 0;
    i.mode = uint8_t(mode);
    i.a = l.source(s.operands[1], Type::B32);
    i.b = l.source(s.operands[2], Type::B32);
    i.c = l.source(s.operands[3], Type::B32);
    i.d = s.operands.size() > 4 ? l.source(s.operands[4], Type::B32) : l.constant32(~0u);
    pairDestination(l, s.operands[0], Type::B32, i);
    i.exec = shuffle;
    return true;
  }
  if (op.base == "vote") {
    int mode = op.takeOne({"all", "any", "uni", "ballot"});
    op.takeOne({"pred", "b32"});
    if (mode < 0 || !l.expectOperands(s, 2, 3))
      return mode >= 0;
    i.mode = uint8_t(mode);
    i.psrc = l.predicate(s.operands[1], i.psrcNegated);
    i.b = s.operands.size() > 2 ? l.source(s.operands[2], Type::B32) : l.constant32(~0u);
    if (mode == 3)
      i.dst = l.destination(s.operands[0], Type::B32);
    else
      i.pdst = l.predicateDestination(s.operands[0]);
    i.exec = vote;
    return true;
  }
  if (op.base == "match") {
    int mode = op.takeOne({"any", "all"});
    Type type = op.takeType();
    if (mode < 0 || !l.expectOperands(s, 3, 3))
      return mode >= 0;
    i.mode = uint8_t(mode);
    i.wide = bytesOf(type) == 8;
    i.a = l.source(s.operands[1], type);
    i.b = l.source(s.operands[2], Type::B32);
    pairDestination(l, s.operands[0], Type::B32, i);
    i.exec = match;
    return true;
  }
  if (op.base == "redux") {
    int mode = op.takeOne({"add", "min", "max", "and", "or", "xor"});
    Type type = op.takeType();
    if (mode < 0 || isFloat(type) || !l.expectOperands(s, 3, 3))
      return mode >= 0 && !isFloat(type);
    i.mode = uint8_t(mode);
    i.mode2 = isSigned(type);
    i.a = l.source(s.operands[1], type);
    i.b = l.source(s.operands[2], Type::B32);
    i.dst = l.destination(s.operands[0], type);
    i.exec = reduce;
    return true;
  }
  if (op.base == "elect") {
    if (!l.expectOperands(s, 2, 2) || s.operands[0].kind != Operand::Pair)
      return l.fail("elect.sync writes a register and a predicate");
    i.b = l.source(s.operands[1], Type::B32);
    pairDestination(l, s.operands[0], Type::B32, i);
    if (i.pdst == NoSlot)
      return l.fail("elect.sync writes a register and a predicate");
    i.exec = elect;
    return true;
  }
  op.take("b32");
  if (!l.expectOperands(s, 1, 1))
    return true;
  i.dst = l.destination(s.operands[0], Type::B32);
  i.exec = activeMask;
  return op.base == "activemask";
}

} // namespace attn::emu
