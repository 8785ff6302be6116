// wgmma: products of a warpgroup. Each warp does its own 16 rows.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"
#include "runtime/emulator/Layouts.h"
#include "runtime/emulator/Multiply.h"
#include <cstdlib>

namespace attn::emu {

namespace {

/// mode bits.
enum Form : uint8_t { RegistersA = 1, TransposeA = 2, TransposeB = 4, NegateA = 8, NegateB = 16 };

/// Calls f(address, mn, k) for each 16 bytes of an operand of `extent` rows.
template <class F>
void forChunks(const Descriptor &d, uint32_t first, uint32_t extent, uint32_t depth, uint32_t bytes, bool transposed,
               F f) {
  uint32_t per = 16 / bytes;
  if (!transposed)
    for (uint32_t mn = first; mn < first + extent; ++mn)
      for (uint32_t k = 0; k < depth; k += per)
        f(d.address(mn, k, bytes, false), mn, k);
  else
    for (uint32_t k = 0; k < depth; ++k)
      for (uint32_t mn = first; mn < first + extent; mn += per)
        f(d.address(mn, k, bytes, true), mn, k);
}

uint32_t columnsOf(const Instr &i) { return i.list.count * 2; }

/// Reads B into `tiles`, unless it is what the last calls have read.
const float *operandFromShared(Warp &w, const Instr &i, uint64_t descriptor) {
  struct Cached {
    uint64_t descriptor = 0, version = 0, serial = 0;
    uint32_t line = 0;
    alignas(64) float b[Tiles::MostK * Tiles::MostN * 2];
  };
  constexpr uint32_t Entries = 32;
  static thread_local std::vector<Cached> cache(Entries);
  Descriptor d = Descriptor::decode(descriptor);
  uint32_t n = columnsOf(i), bytes = bytesOf(i.type2), lowest = ~0u, highest = 0;
  bool transposed = i.mode & TransposeB;
  Shared &shared = w.cta.shared;
  // Corners of the operand bound it: addresses grow with both coordinates.
  lowest = d.start & ~1023u;
  highest = 0;
  for (uint32_t mn : {0u, n - 1})
    for (uint32_t k : {0u, i.imm - 1})
      highest = std::max(highest, d.address(mn, k, bytes, transposed) | 1023u);
  highest = std::min(highest + 1, shared.end());
  uint64_t version = shared.version(lowest, std::max(highest, lowest + 1));
  Cached &entry = cache[(descriptor ^ descriptor >> 5 ^ i.line) % Entries];
  if (entry.serial == w.cta.serial && entry.descriptor == descriptor && entry.version == version &&
      entry.line == i.line)
    return entry.b;
  uint32_t blocks = n / 8;
  float sign = i.mode & NegateB ? -1.0f : 1.0f;
  auto put = [&](uint32_t k, uint32_t mn, float v) {
    float *to = &entry.b[((k * blocks + mn / 8) * 2 + mn % 2) * 8 + mn % 8 / 2];
    to[0] = to[4] = sign * v;
  };
  forChunks(d, 0, n, i.imm, bytes, transposed, [&](uint32_t address, uint32_t mn, uint32_t k) {
    float values[16] = {};
    if (shared.contains(address, 16))
      elementsOf(shared.at(address), i.type2, values);
    for (uint32_t e = 0; e < 16 / bytes; ++e)
      put(transposed ? k : k + e, transposed ? mn + e : mn, values[e]);
  });
  entry.serial = w.cta.serial;
  entry.descriptor = descriptor;
  entry.version = version;
  entry.line = i.line;
  return entry.b;
}

} // namespace

void executeWgmma(Warp &w, WgmmaOp &op) {
  const Instr &i = *op.instr;
  const std::vector<Slot> &slots = w.cta.grid.code.slots;
  static thread_local Tiles tiles;
  op.done = true;
  ++w.cta.events;
  uint32_t bytes = bytesOf(i.type), depth = i.imm;
  float sign = i.mode & NegateA ? -1.0f : 1.0f;
  if (i.mode & RegistersA) {
    for (uint32_t q = 0; q < i.list2.count; ++q) {
      const uint32_t *r = w.file + slots[i.list2.begin + q];
      for (uint32_t l = 0; l < 32; ++l)
        for (uint32_t e = 0; e < 4 / bytes; ++e) {
          RowColumn at = operandA(q, e, l, bytes);
          tiles.setA(at.row, at.column, sign * elementOf(r[l] >> 8 * bytes * e, i.type));
        }
    }
  } else {
    Shared &shared = w.cta.shared;
    bool transposed = i.mode & TransposeA;
    uint32_t first = 16 * (w.id % 4);
    forChunks(Descriptor::decode(op.descriptorA), first, 16, depth, bytes, transposed,
              [&](uint32_t address, uint32_t m, uint32_t k) {
                float values[16] = {};
                if (shared.contains(address, 16))
                  elementsOf(shared.at(address), i.type, values);
                for (uint32_t e = 0; e < 16 / bytes; ++e)
                  tiles.setA(transposed ? m + e - first : m - first, transposed ? k : k + e, sign * values[e]);
              });
  }
  const float *b = operandFromShared(w, i, op.descriptorB);
  float *accumulators[128];
  for (uint32_t k = 0; k < i.list.count; ++k)
    accumulators[k] = w.lanes<float>(slots[i.list.begin + k]);
  multiply(accumulators, &tiles.a[0][0][0], b, depth, columnsOf(i) / 8, op.accumulate);
}

namespace {

void checkOperand(Warp &w, const Instr &i, uint64_t bits, const char *which, uint32_t first, uint32_t extent,
                  uint32_t bytes, bool transposed) {
  Descriptor d = Descriptor::decode(bits);
  if (d.baseOffset)
    w.report(Finding::Kind::Instruction, i, "uses a base offset in a descriptor, which is not modelled");
  if (d.start >> 7 & swizzleMask(d.swizzle))
    w.report(Finding::Kind::Memory, i,
             std::string("has a descriptor of ") + which + " that does not begin where its swizzle begins");
  bool inside = true;
  Shared &shared = w.cta.shared;
  uint32_t begin = 0, end = 0; // of a run of chunks
  auto flush = [&] {
    if (end > begin)
      shared.read(w, i.line, begin, end - begin, Reader::Wgmma);
  };
  forChunks(d, first, extent, i.imm, bytes, transposed, [&](uint32_t address, uint32_t, uint32_t) {
    if (!shared.contains(address, 16))
      return void(inside = false);
    if (address != end) {
      flush();
      begin = address;
    }
    end = address + 16;
  });
  flush();
  if (!inside)
    w.report(Finding::Kind::Memory, i,
             std::string("has a descriptor of ") + which + " that leads out of shared memory");
}

void checkRegisters(Warp &w, const Instr &i) {
  const Code &code = w.cta.grid.code;
  WgmmaState &state = w.wgmma;
  if (state.fences == 1)
    w.report(Finding::Kind::Registers, i, "starts with no wgmma.fence before it");
  // What other instructions touched needs a fence; for A operands, reading does
  // no harm.
  auto check = [&](Range list, const std::vector<uint32_t> &at, const char *what) {
    for (uint32_t k = 0; k < list.count; ++k) {
      uint32_t unit = code.slots[list.begin + k] / 32;
      if (at[unit] == state.fences && state.fences > 1) {
        w.report(Finding::Kind::Registers, i,
                 std::string("uses ") + what + " " + code.unitNames[unit] + ", " +
                     (state.writtenAt[unit] == state.fences ? "written" : "read") + " after the last wgmma.fence");
        return;
      }
    }
  };
  check(i.list, state.touchedAt, "accumulator");
  check(i.list2, state.writtenAt, "A operand");
  for (uint32_t k = 0; k < i.list2.count; ++k)
    if (uint32_t unit = code.slots[i.list2.begin + k] / 32; state.inFlight[unit] & 1) {
      w.report(Finding::Kind::Registers, i,
               "takes as A operand " + code.unitNames[unit] + ", an accumulator in flight");
      break;
    }
}

Step issue(Warp &w, const Instr &i, uint32_t mask) {
  Cta &cta = w.cta;
  uint32_t lane = uint32_t(__builtin_ctz(mask));
  auto descriptor = [&](Slot slot, const char *which) {
    const uint64_t *d = w.lanes<uint64_t>(slot);
    for (int l = 0; l < 32; ++l)
      if ((mask >> l & 1) && d[l] != d[lane]) {
        w.report(Finding::Kind::Divergence, i,
                 std::string("has a descriptor of ") + which + " that is not the same in all lanes");
        break;
      }
    return d[lane];
  };
  WgmmaOp op{&i, i.mode & RegistersA ? 0 : descriptor(i.a, "A"), descriptor(i.b, "B"),
             ((w.file[i.psrc] >> lane & 1) != 0) != i.psrcNegated, w.wgmma.openGroup};
  uint32_t predicate = (w.file[i.psrc] ^ (i.psrcNegated ? ~0u : 0u)) & mask;
  if (predicate && predicate != mask)
    w.report(Finding::Kind::Divergence, i, "has a scale-d that is not the same in all lanes");
  if (cta.warps.size() % 4)
    w.report(Finding::Kind::Instruction, i, "runs in a CTA that is no whole number of warpgroups");
  if (cta.grid.options.checks) {
    checkRegisters(w, i);
    if (!(i.mode & RegistersA))
      checkOperand(w, i, op.descriptorA, "A", 16 * (w.id % 4), 16, bytesOf(i.type), i.mode & TransposeA);
    checkOperand(w, i, op.descriptorB, "B", 0, columnsOf(i), bytesOf(i.type2), i.mode & TransposeB);
    cta.descriptors.resize(cta.warps.size() / 4 + 1);
    auto &log = cta.descriptors[w.id / 4];
    std::pair<uint64_t, uint64_t> mine(op.descriptorA, op.descriptorB);
    if (w.wgmma.issued == log.size())
      log.push_back(mine);
    else if (w.wgmma.issued < log.size() && log[w.wgmma.issued] != mine)
      w.report(Finding::Kind::Divergence, i, "has other descriptors than the other warps of its warpgroup");
    for (uint32_t k = 0; k < i.list.count; ++k)
      w.wgmma.inFlight[cta.grid.code.slots[i.list.begin + k] / 32] |= 1;
    for (uint32_t k = 0; k < i.list2.count; ++k)
      w.wgmma.inFlight[cta.grid.code.slots[i.list2.begin + k] / 32] |= 2;
  }
  ++w.wgmma.issued;
  w.wgmma.queue.push_back(op);
  if (cta.grid.eager())
    executeWgmma(w, w.wgmma.queue.back());
  return Step::Next;
}

Step fence(Warp &w, const Instr &, uint32_t) {
  ++w.wgmma.fences;
  return Step::Next;
}
Step commit(Warp &w, const Instr &, uint32_t) {
  ++w.wgmma.openGroup;
  return Step::Yield;
}
Step waitGroup(Warp &w, const Instr &i, uint32_t) {
  WgmmaState &state = w.wgmma;
  uint32_t limit = state.openGroup > i.imm ? state.openGroup - i.imm : 0;
  while (!state.queue.empty() && state.queue.front().group < limit) {
    if (!state.queue.front().done)
      executeWgmma(w, state.queue.front());
    state.queue.pop_front();
  }
  w.known.happened.raise(w.cta.entries.wgmma(w.id), limit);
  if (w.cta.grid.options.checks) {
    std::fill(state.inFlight.begin(), state.inFlight.end(), 0);
    for (const WgmmaOp &op : state.queue) {
      for (uint32_t k = 0; k < op.instr->list.count; ++k)
        state.inFlight[w.cta.grid.code.slots[op.instr->list.begin + k] / 32] |= 1;
      for (uint32_t k = 0; k < op.instr->list2.count; ++k)
        state.inFlight[w.cta.grid.code.slots[op.instr->list2.begin + k] / 32] |= 2;
    }
  }
  return Step::Yield;
}

/// "m64n128k16"
bool shapeOf(std::string_view text, uint32_t &n, uint32_t &k) {
  if (text.substr(0, 4) != "m64n")
    return false;
  size_t at = text.find('k');
  if (at == std::string_view::npos)
    return false;
  n = uint32_t(std::strtoul(std::string(text.substr(4, at - 4)).c_str(), nullptr, 10));
  k = uint32_t(std::strtoul(std::string(text.substr(at + 1)).c_str(), nullptr, 10));
  return n && n % 8 == 0 && n <= 256;
}

} // namespace

bool lowerWgmma(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  int which = op.takeOne({"fence", "commit_group", "wait_group", "mma_async"});
  op.take("sync");
  op.take("aligned");
  i.aligned = true;
  l.code.usesWgmma = true;
  if (which == 0 || which == 1) {
    i.exec = which == 0 ? fence : commit;
    return true;
  }
  if (which == 2) {
    if (l.expectOperands(s, 1, 1))
      i.imm = uint32_t(l.immediate(s.operands[0]));
    i.exec = waitGroup;
    return true;
  }
  if (which != 3)
    return false;
  uint32_t n = 0;
  if (!shapeOf(op.takeAny(), n, i.imm))
    return l.fail("this shape of wgmma is not modelled");
  Type d = op.takeType();
  i.type = op.takeType();
  i.type2 = op.takeType();
  bool known = i.type == Type::F16 || i.type == Type::BF16 || i.type == Type::TF32 || i.type == Type::E4M3 ||
               i.type == Type::E5M2;
  uint32_t bytes = bytesOf(i.type);
  if (d != Type::F32 || !known || bytes != bytesOf(i.type2) || i.imm * bytes != 32)
    return l.fail("these types of wgmma are not modelled");
  bool registers = s.operands.size() > 1 && s.operands[1].kind == Operand::Vector;
  size_t count = 6 + (bytes == 2 ? (registers ? 1u : 2u) : 0u);
  if (!l.expectOperands(s, count, count))
    return true;
  auto lanes = [&](const Operand &o, uint32_t expected) {
    std::vector<Slot> slots;
    for (const Operand *part : Lowering::elements(o))
      slots.push_back(l.bare(*part, Type::B32));
    if (slots.size() != expected)
      l.fail("expected " + std::to_string(expected) + " registers");
    return l.slots(slots);
  };
  i.list = lanes(s.operands[0], n / 2);
  if (registers) {
    i.mode |= RegistersA;
    i.list2 = lanes(s.operands[1], 4);
  } else {
    i.a = l.source(s.operands[1], Type::B64);
  }
  i.b = l.source(s.operands[2], Type::B64);
  i.psrc = l.predicate(s.operands[3], i.psrcNegated);
  auto sign = [&](const Operand &o) {
    int64_t v = l.immediate(o);
    if (v != 1 && v != -1)
      l.fail("a scale of A or B is 1 or -1");
    return v == -1;
  };
  i.mode |= uint8_t((sign(s.operands[4]) ? NegateA : 0) | (sign(s.operands[5]) ? NegateB : 0));
  if (bytes == 2) {
    if (!registers && l.immediate(s.operands[6]))
      i.mode |= TransposeA;
    if (l.immediate(s.operands.back()))
      i.mode |= TransposeB;
  }
  i.exec = issue;
  return true;
}

} // namespace attn::emu
