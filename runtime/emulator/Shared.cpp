#include "runtime/emulator/Shared.h"
#include "runtime/emulator/Machine.h"

namespace attn::emu {

void Shared::reset(uint32_t bytes, Entries e, bool check, bool checkUninitialised) {
  entries = e;
  checks = check;
  uninitialised = check && checkUninitialised;
  data.assign(first + bytes, 0xa5);
  versions.resize(data.size() / page + 2);
  for (uint64_t &v : versions)
    ++v;
  barriers.assign(data.size() / 8 + 2, 0);
  if (!check)
    return;
  size_t granules = data.size() / 16 + 1;
  writes.assign(granules, Write());
  split.assign(granules, 0);
  words.clear();
  readLines.assign(granules, 0);
  generic.assign(granules * e.warps, 0);
  wgmma.assign(granules * e.warps, 0);
  stores.clear();
}

uint64_t Shared::version(uint32_t begin, uint32_t end) const {
  uint64_t sum = 0;
  for (uint32_t p = begin / page; p <= (end - 1) / page && p < versions.size(); ++p)
    sum += versions[p];
  return sum;
}

void Shared::touched(uint32_t address, uint32_t bytes) {
  for (uint32_t p = address / page; p <= (address + bytes - 1) / page; ++p)
    ++versions[p];
}

void Shared::markBarrier(uint32_t address, bool live) { barriers[address / 8] = live; }

bool Shared::holdsBarrier(uint32_t address, uint32_t bytes) const {
  for (uint32_t i = address / 8; i <= (address + bytes - 1) / 8; ++i)
    if (barriers[i])
      return true;
  return false;
}

namespace {
/// "shared+0x120"
std::string place(uint32_t address) {
  char text[32];
  std::snprintf(text, sizeof text, "shared+%#x", address - SharedBase);
  return text;
}
} // namespace

/// Is the earlier write `w` safe to follow with an access by `warp`?
void Shared::checkWrite(Warp &warp, uint32_t line, const Write &w, uint32_t address, bool async, const char *what) {
  if (w.entry == Nobody)
    return;
  const Knowledge &known = warp.known;
  bool asyncWrite = w.entry >= entries.barrier(0);
  std::string source = asyncWrite ? "a TMA load" : w.entry >= warp.cta.entries.copies(0) ? "cp.async" : "a store";
  if (w.entry < entries.warps && w.entry != warp.id)
    source += " of warp " + std::to_string(w.entry);
  else if (w.entry < 2 * entries.warps && w.entry - entries.warps != warp.id)
    source += w.entry >= entries.warps ? " of warp " + std::to_string(w.entry - entries.warps) : "";
  source += " at line " + std::to_string(w.line);
  bool own = w.entry == entries.warp(warp.id);
  if (w.value == Pending || (!own && !known.happened.knows(w.entry, w.value)))
    warp.report(Finding::Kind::Race, line,
                std::string(what) + " " + place(address) + ", which is written by " + source +
                    " without an order between them");
  else if (async && !asyncWrite && !known.fenced.knows(w.entry, w.value))
    warp.report(Finding::Kind::Proxy, line,
                std::string(what) + " " + place(address) + " through the async proxy, after " + source +
                    ", without fence.proxy.async");
}

/// Have all reads of these words ended before `warp` writes them?
void Shared::checkReads(Warp &warp, uint32_t line, uint32_t granule, uint32_t mask, bool async) {
  const Clock &known = warp.known.happened;
  uint32_t n = entries.warps;
  auto check = [&](const std::vector<uint32_t> &reads, uint32_t firstEntry, const char *reader, bool own) {
    const uint32_t *r = &reads[size_t(granule) * n];
    for (uint32_t w = 0; w < n; ++w)
      if ((r[w] & mask) && (r[w] >> 4) > known[firstEntry + w] && (own || w != warp.id))
        return warp.report(Finding::Kind::Race, line,
                           std::string(async ? "starts an asynchronous write to " : "writes ") + place(granule * 16) +
                               ", with no order after the read by " + reader + " of warp " + std::to_string(w) +
                               " at line " + std::to_string(readLines[granule]));
  };
  check(generic, entries.warp(0), "a load", false);
  check(wgmma, entries.wgmma(0), "wgmma", true);
  if (!stores.empty())
    check(stores, entries.stores(0), "a bulk store", true);
}

void Shared::write(Warp &warp, uint32_t line, uint32_t address, uint32_t bytes, uint32_t entry, uint32_t value,
                   bool async) {
  if (!checks || !bytes)
    return;
  for (uint32_t g = address / 16; g <= (address + bytes - 1) / 16; ++g) {
    uint32_t begin = std::max(address, g * 16) - g * 16, end = std::min(address + bytes, g * 16 + 16) - g * 16;
    uint32_t mask = (2u << ((end - 1) / 4)) - (1u << begin / 4);
    checkReads(warp, line, g, mask, async);
    Write now{entry, value, line};
    if (!split[g]) {
      checkWrite(warp, line, writes[g], g * 16, async, "writes");
      if (mask == 15) {
        writes[g] = now;
        continue;
      }
      // Only some words: from here on each has its own record.
      words[g].fill(writes[g]);
      split[g] = 1;
      for (int k = 0; k < 4; ++k)
        if (mask >> k & 1)
          words[g][size_t(k)] = now;
      continue;
    }
    auto &four = words[g];
    for (uint32_t k = 0; k < 4; ++k)
      if (mask >> k & 1) {
        checkWrite(warp, line, four[k], g * 16 + 4 * k, async, "writes");
        four[k] = now;
      }
    if (mask == 15) {
      split[g] = 0;
      writes[g] = now;
      words.erase(g);
    }
  }
}

void Shared::read(Warp &warp, uint32_t line, uint32_t address, uint32_t bytes, Reader reader) {
  if (!checks || !bytes)
    return;
  bool async = reader != Reader::Generic;
  uint32_t stamp = reader == Reader::Generic ? warp.known.happened[entries.warp(warp.id)]
                   : reader == Reader::Wgmma ? warp.wgmma.openGroup + 1
                                             : warp.stores.openGroup + 1;
  if (reader == Reader::Store && stores.empty())
    stores.assign(generic.size(), 0);
  std::vector<uint32_t> &reads = reader == Reader::Generic ? generic : reader == Reader::Wgmma ? wgmma : stores;
  for (uint32_t g = address / 16; g <= (address + bytes - 1) / 16; ++g) {
    uint32_t begin = std::max(address, g * 16) - g * 16, end = std::min(address + bytes, g * 16 + 16) - g * 16;
    uint32_t mask = (2u << ((end - 1) / 4)) - (1u << begin / 4);
    uint32_t &last = reads[size_t(g) * entries.warps + warp.id];
    last = stamp << 4 | (last >> 4 == stamp ? last & 15 : 0) | mask;
    readLines[g] = line;
    auto check = [&](const Write &w, uint32_t at) {
      if (w.entry == Nobody) {
        if (uninitialised)
          warp.report(Finding::Kind::Memory, line, "reads " + place(at) + ", which nothing has written");
      } else if (w.value > (async && w.entry < entries.barrier(0) ? warp.known.fenced : warp.known.happened)[w.entry]) {
        checkWrite(warp, line, w, at, async, "reads");
      }
    };
    if (!split[g])
      check(writes[g], g * 16);
    else
      for (uint32_t k = 0; k < 4; ++k)
        if (mask >> k & 1)
          check(words[g][k], g * 16 + 4 * k);
  }
}

void Shared::settle(uint32_t address, uint32_t bytes, uint32_t entry, uint32_t value) {
  if (!checks)
    return;
  for (uint32_t g = address / 16; g <= (address + bytes - 1) / 16; ++g) {
    auto change = [&](Write &w) {
      if (w.entry == entry && w.value == Pending)
        w.value = value;
    };
    if (!split[g])
      change(writes[g]);
    else
      for (Write &w : words[g])
        change(w);
  }
}

} // namespace attn::emu
