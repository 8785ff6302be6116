// Bulk copies: the TMA unit.
#include "runtime/emulator/Access.h"
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Lanes.h"
#include "runtime/emulator/Layouts.h"

namespace attn::emu {

namespace {

/// Calls f(global or null, shared, bytes) for each 16 bytes of a box. Bytes of
/// one call that lie outside of the tensor are left out of `valid`.
template <class F> void forChunks(const BulkOp &op, F f) {
  const TensorMap &m = op.map;
  uint32_t n[5] = {1, 1, 1, 1, 1}, step[5] = {1, 1, 1, 1, 1};
  for (int d = 0; d < m.rank; ++d) {
    step[d] = m.elementStrides[d];
    n[d] = (m.box[d] + step[d] - 1) / step[d];
  }
  uint32_t size = m.elementBytes, perChunk = 16 / size, linear = 0;
  for (uint32_t e = 0; e < n[4]; ++e)
    for (uint32_t d = 0; d < n[3]; ++d)
      for (uint32_t c = 0; c < n[2]; ++c)
        for (uint32_t b = 0; b < n[1]; ++b) {
          int64_t outer[5] = {0, op.at[1] + int64_t(b) * step[1], op.at[2] + int64_t(c) * step[2],
                              op.at[3] + int64_t(d) * step[3], op.at[4] + int64_t(e) * step[4]};
          bool inside = true;
          uint8_t *row = static_cast<uint8_t *>(m.base);
          for (int k = 1; k < m.rank; ++k) {
            inside &= outer[k] >= 0 && outer[k] < int64_t(m.dims[k]);
            row += outer[k] * int64_t(m.strides[k - 1]);
          }
          for (uint32_t a = 0; a < n[0]; a += perChunk, linear += 16) {
            uint8_t *places[16];
            for (uint32_t k = 0; k < perChunk; ++k) {
              int64_t x = op.at[0] + int64_t(a + k) * step[0];
              places[k] = inside && x >= 0 && x < int64_t(m.dims[0]) ? row + x * size : nullptr;
            }
            f(places, perChunk, size, swizzled(op.shared + linear, m.swizzle));
          }
        }
}

void fill(uint8_t *to, uint32_t size, bool nan) {
  std::memset(to, 0, size);
  if (nan) {
    std::memset(to, 0xff, size);
    to[size - 1] = 0x7f;
  }
}

void loadTensor(Cta &cta, const BulkOp &op) {
  const Memory::Range *range = nullptr;
  bool reported = false;
  forChunks(op, [&](uint8_t **places, uint32_t n, uint32_t size, uint32_t shared) {
    if (!cta.shared.contains(shared, 16))
      return;
    uint8_t *to = cta.shared.at(shared);
    for (uint32_t k = 0; k < n; ++k, to += size) {
      uint64_t from = uint64_t(reinterpret_cast<uintptr_t>(places[k]));
      if (from && !(range && from >= range->begin && from + size <= range->end)) {
        range = cta.grid.memory.find(from, size);
        if (!range && !reported) {
          reported = true;
          cta.grid.add(Finding::Kind::Memory, op.line, "a TMA load reads outside of all memory it was given");
        }
      }
      // A whole chunk at once where it is in one piece.
      if (k == 0 && from && range && from + 16 <= range->end && places[n - 1] == places[0] + 16 - size) {
        std::memcpy(to, places[0], 16);
        return;
      }
      if (from && range)
        std::memcpy(to, places[k], size);
      else
        fill(to, size, op.map.nanFill && !from);
    }
  });
}

void storeTensor(Cta &cta, const BulkOp &op) {
  bool reported = false;
  forChunks(op, [&](uint8_t **places, uint32_t n, uint32_t size, uint32_t shared) {
    if (!cta.shared.contains(shared, 16))
      return;
    for (uint32_t k = 0; k < n; ++k) {
      if (!places[k])
        continue;
      if (cta.grid.global(uint64_t(reinterpret_cast<uintptr_t>(places[k])), size, true))
        std::memcpy(places[k], cta.shared.at(shared + k * size), size);
      else if (!reported) {
        reported = true;
        cta.grid.add(Finding::Kind::Memory, op.line, "a TMA store writes outside of all writable memory it was given");
      }
    }
  });
}

void completeLoad(Cta &cta, const BulkOp &op) {
  cta.shared.touched(op.shared, op.bytes);
  auto it = cta.mbarriers.find(op.barrier);
  if (it == cta.mbarriers.end() || !it->second.live)
    return;
  Mbarrier &b = it->second;
  cta.shared.settle(op.shared, op.bytes, cta.entries.barrier(b.index), b.phase + 1);
  b.tx -= op.bytes;
  cta.settle(b);
}

} // namespace

void completeBulk(Cta &cta, const BulkOp &op) {
  switch (op.kind) {
  case BulkOp::TensorLoad:
    loadTensor(cta, op);
    completeLoad(cta, op);
    break;
  case BulkOp::LinearLoad:
    std::memcpy(cta.shared.at(op.shared), reinterpret_cast<const void *>(uintptr_t(op.global)), op.bytes);
    completeLoad(cta, op);
    break;
  case BulkOp::TensorStore: storeTensor(cta, op); break;
  case BulkOp::LinearStore:
    std::memcpy(reinterpret_cast<void *>(uintptr_t(op.global)), cta.shared.at(op.shared), op.bytes);
    break;
  }
}

namespace {

constexpr uint8_t TensorForm = 1, StoreForm = 2; // mode

/// What an issue can be wrong about, before anything moves. False: give up.
bool checkShared(Warp &w, const Instr &i, const BulkOp &op, Swizzle swizzle, uint32_t alignment) {
  if (!w.cta.shared.contains(op.shared, op.bytes)) {
    w.report(Finding::Kind::Memory, i,
             "copies " + std::to_string(op.bytes) + " bytes to or from outside of shared memory");
    return false;
  }
  uint32_t pattern = swizzle == Swizzle::None ? alignment : 8 * swizzleSpan(swizzle);
  if (op.shared % pattern)
    w.report(Finding::Kind::Memory, i,
             "uses a shared address that is not a multiple of " + std::to_string(pattern) +
                 (swizzle == Swizzle::None ? "" : ", where the swizzle begins"));
  return true;
}

void issueLoad(Warp &w, const Instr &i, BulkOp &op, uint32_t barrier) {
  Cta &cta = w.cta;
  Mbarrier *b = cta.barrierAt(w, i, barrier, "signals");
  if (!b)
    return;
  if (cta.grid.options.checks && !b->initFenced && !w.known.fenced.knows(cta.entries.warp(b->initWarp), b->initClock)) {
    w.report(Finding::Kind::Proxy, i,
             "lets TMA signal an mbarrier whose initialisation at line " + std::to_string(b->line) +
                 " no fence.mbarrier_init follows");
    b->initFenced = true; // once is enough
  }
  if (cta.shared.holdsBarrier(op.shared, op.bytes))
    w.report(Finding::Kind::Barrier, i, "lets TMA write over a live mbarrier");
  op.barrier = barrier;
  cta.shared.write(w, i.line, op.shared, op.bytes, cta.entries.barrier(b->index), Shared::Pending, true);
  cta.grid.report.statistics.tmaLoadBytes += op.bytes;
  cta.bulk.push_back(op);
  if (cta.grid.eager())
    cta.completeOne();
}
void issueStore(Warp &w, const Instr &i, BulkOp &op) {
  op.group = w.stores.openGroup;
  w.stores.open = true;
  w.stores.line = i.line;
  w.cta.shared.read(w, i.line, op.shared, op.bytes, Reader::Store);
  w.cta.grid.report.statistics.tmaStoreBytes += op.bytes;
  w.cta.bulk.push_back(op);
  if (w.cta.grid.eager())
    w.cta.completeOne();
}

/// a: the shared address; c: map or global address; list: coordinates; b: bytes
/// of a linear copy; d: barrier, with `imm` as its offset and type2 B64 if wide.
Step bulk(Warp &w, const Instr &i, uint32_t mask) {
  const Slot *coordinates = w.cta.grid.code.slots.data() + i.list.begin;
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    BulkOp op{};
    op.warp = w.id;
    op.line = i.line;
    op.shared = w.sharedAddress(i, l);
    Swizzle swizzle = Swizzle::None;
    bool stores = i.mode & StoreForm;
    if (i.mode & TensorForm) {
      op.kind = stores ? BulkOp::TensorStore : BulkOp::TensorLoad;
      uint64_t where = w.addressC(i, l);
      const uint8_t *map = resolve(w, i, Space::Generic, where, sizeof(TensorMap), l, false);
      if (!map)
        continue;
      std::memcpy(static_cast<void *>(&op.map), map, sizeof(TensorMap));
      std::string fault = faultOf(op.map);
      if (fault.empty() && op.map.rank != i.list.count)
        fault = "a tensor map of rank " + std::to_string(op.map.rank) + " with " + std::to_string(i.list.count) +
                " coordinates";
      if (!fault.empty()) {
        w.report(Finding::Kind::Memory, i, "uses a bad tensor map: " + fault);
        continue;
      }
      for (uint32_t k = 0; k < i.list.count; ++k)
        op.at[k] = int32_t(w.file[coordinates[k] + l]);
      op.bytes = uint32_t(boxBytes(op.map));
      swizzle = op.map.swizzle;
    } else {
      op.kind = stores ? BulkOp::LinearStore : BulkOp::LinearLoad;
      op.bytes = w.file[i.b + l];
      op.global = w.addressC(i, l);
      if (op.bytes % 16 || op.global % 16)
        w.report(Finding::Kind::Memory, i, "copies in bulk what is not a multiple of 16 bytes");
      if (!op.bytes || !resolve(w, i, Space::Global, op.global, op.bytes, l, stores))
        continue;
    }
    if (!checkShared(w, i, op, swizzle, i.mode & TensorForm ? 128 : 16))
      continue;
    if (stores)
      issueStore(w, i, op);
    else {
      uint64_t barrier =
          (i.type2 == Type::B64 ? w.lanes<uint64_t>(i.d)[l] : w.file[i.d + l]) + uint64_t(int64_t(int32_t(i.imm)));
      issueLoad(w, i, op, uint32_t(barrier));
    }
  }
  return Step::Signal;
}

Step commit(Warp &w, const Instr &, uint32_t) {
  ++w.stores.openGroup;
  w.stores.open = false;
  return Step::Yield;
}
Step waitGroup(Warp &w, const Instr &i, uint32_t) {
  uint32_t limit = w.stores.openGroup > i.imm ? w.stores.openGroup - i.imm : 0;
  auto &queue = w.cta.bulk;
  for (size_t k = 0; k < queue.size();)
    if ((queue[k].kind == BulkOp::TensorStore || queue[k].kind == BulkOp::LinearStore) && queue[k].warp == w.id &&
        queue[k].group < limit) {
      BulkOp op = queue[k];
      queue.erase(queue.begin() + long(k));
      completeBulk(w.cta, op);
    } else {
      ++k;
    }
  w.stores.waited = std::max(w.stores.waited, limit);
  w.known.happened.raise(w.cta.entries.stores(w.id), limit);
  ++w.cta.events;
  return Step::Yield;
}
Step nothing(Warp &, const Instr &, uint32_t) { return Step::Next; }

/// [map, {coordinates}]
bool tensorOperand(Lowering &l, const Operand &o, uint32_t rank, Instr &i) {
  if (o.kind != Operand::Address || o.parts.size() != 2)
    return l.fail("expected [map, {coordinates}]");
  l.address(o, Space::Generic, i, true);
  std::vector<Slot> slots;
  for (const Operand *c : Lowering::elements(o.parts[1]))
    slots.push_back(l.source(*c, Type::S32));
  if (slots.size() != rank)
    return l.fail("a tensor of " + std::to_string(rank) + " dimensions with " + std::to_string(slots.size()) +
                  " coordinates");
  i.list = l.slots(slots);
  return true;
}
void barrierOperand(Lowering &l, const Operand &o, Instr &i) {
  Instr other;
  l.address(o, Space::Shared, other);
  i.d = other.a;
  i.imm = uint32_t(other.offset);
  i.type2 = other.wide ? Type::B64 : Type::B32;
}

} // namespace

bool lowerBulk(Lowering &l, Opcode &op, const Statement &s, Instr &i) {
  if (op.take("reduce"))
    return l.fail("reductions by bulk copies are not modelled");
  op.take("async");
  op.take("bulk");
  if (op.take("commit_group")) {
    i.exec = commit;
    return true;
  }
  if (op.take("wait_group")) {
    op.take("read");
    if (l.expectOperands(s, 1, 1))
      i.imm = uint32_t(l.immediate(s.operands[0]));
    i.exec = waitGroup;
    return true;
  }
  if (op.take("prefetch")) {
    while (!op.takeAny().empty()) {
    }
    i.exec = nothing;
    return true;
  }
  uint32_t rank = 0;
  if (op.take("tensor")) {
    i.mode |= TensorForm;
    rank = uint32_t(op.takeOne({"1d", "2d", "3d", "4d", "5d"}) + 1);
  }
  if (op.has("multicast::cluster"))
    return l.fail("multicast to a cluster is not modelled");
  bool hint = op.take("L2::cache_hint");
  op.take("tile");
  if (op.take("bulk_group")) {
    i.mode |= StoreForm;
    op.take("global");
    op.takeOne({"shared::cta"});
    bool tensor = i.mode & TensorForm;
    if (!l.expectOperands(s, (tensor ? 2u : 3u) + hint, (tensor ? 2u : 3u) + hint))
      return true;
    l.address(s.operands[1], Space::Shared, i);
    if (tensor) {
      if (!tensorOperand(l, s.operands[0], rank, i))
        return true;
    } else {
      l.address(s.operands[0], Space::Global, i, true);
      i.b = l.source(s.operands[2], Type::U32);
    }
    i.exec = bulk;
    return true;
  }
  if (op.takeOne({"shared::cluster", "shared::cta"}) < 0)
    return false;
  if (!op.take("global"))
    return l.fail("copies between the shared memories of a cluster are not modelled");
  if (!op.take("mbarrier::complete_tx::bytes"))
    return false;
  bool tensor = i.mode & TensorForm;
  if (!l.expectOperands(s, (tensor ? 3u : 4u) + hint, (tensor ? 3u : 4u) + hint))
    return true;
  l.address(s.operands[0], Space::Shared, i);
  if (tensor) {
    if (!tensorOperand(l, s.operands[1], rank, i))
      return true;
    barrierOperand(l, s.operands[2], i);
  } else {
    l.address(s.operands[1], Space::Global, i, true);
    i.b = l.source(s.operands[2], Type::U32);
    barrierOperand(l, s.operands[3], i);
  }
  i.exec = bulk;
  return true;
}

} // namespace attn::emu
