// The shared memory of one CTA, with a record of who touched what.
#pragma once
#include "runtime/emulator/Clock.h"
#include <array>
#include <cstring>
#include <unordered_map>

namespace attn::emu {

struct Warp;
struct Cta;

/// Numbers of the entries of a Clock, for a CTA of `warps` warps.
struct Entries {
  static constexpr uint32_t Barriers = 128; ///< mbarriers at most
  uint32_t warps = 0;
  uint32_t warp(uint32_t w) const { return w; }
  uint32_t copies(uint32_t w) const { return warps + w; } ///< cp.async
  uint32_t wgmma(uint32_t w) const { return 2 * warps + w; }
  uint32_t stores(uint32_t w) const { return 3 * warps + w; } ///< bulk groups: reads by TMA stores
  uint32_t barrier(uint32_t b) const { return 4 * warps + b; }
  uint32_t count() const { return 4 * warps + Barriers; }
};

/// How bytes are read.
enum class Reader : uint8_t { Generic, Wgmma, Store };

/// Bytes by absolute shared-space address. Writes are remembered for words,
/// reads for 16 bytes with the words touched; a race is reported when it could
/// happen in some order, whatever order is being run.
class Shared {
public:
  void reset(uint32_t bytes, Entries entries, bool checks, bool uninitialised);
  bool contains(uint64_t address, uint64_t bytes) const {
    return address >= first && address + bytes <= data.size() && bytes <= data.size();
  }
  uint8_t *at(uint32_t address) { return &data[address]; }
  uint32_t end() const { return uint32_t(data.size()); }
  /// Changes whenever bytes in [begin, end) may have changed.
  uint64_t version(uint32_t begin, uint32_t end) const;
  void touched(uint32_t address, uint32_t bytes);

  /// A write by `warp`, to be recorded as (entry, value). `async` writes need
  /// everything before them fenced.
  void write(Warp &warp, uint32_t line, uint32_t address, uint32_t bytes, uint32_t entry, uint32_t value, bool async);
  void read(Warp &warp, uint32_t line, uint32_t address, uint32_t bytes, Reader reader);
  /// The value of a pending asynchronous write became known.
  void settle(uint32_t address, uint32_t bytes, uint32_t entry, uint32_t value);
  /// Marks or frees the 8 bytes of an mbarrier.
  void markBarrier(uint32_t address, bool live);
  bool holdsBarrier(uint32_t address, uint32_t bytes) const;

  static constexpr uint32_t Pending = ~0u; ///< value of a write not complete yet
  static constexpr uint32_t Nobody = ~0u;  ///< entry of memory never written

private:
  struct Write {
    uint32_t entry = Nobody, value = 0, line = 0;
  };
  static constexpr uint32_t first = 1024, page = 1024;
  std::vector<uint8_t> data;
  std::vector<uint64_t> versions; // by page
  Entries entries;
  bool checks = false, uninitialised = false;
  std::vector<Write> writes;  // by 16 bytes; of all four words unless split
  std::vector<uint8_t> split; // by 16 bytes
  std::unordered_map<uint32_t, std::array<Write, 4>> words;
  // By 16 bytes and warp: clock << 4 | words, and the line of the last read.
  std::vector<uint32_t> generic, wgmma, stores;
  std::vector<uint32_t> readLines; // by 16 bytes
  std::vector<uint8_t> barriers;   // by 8 bytes

  void checkReads(Warp &warp, uint32_t line, uint32_t granule, uint32_t mask, bool async);
  void checkWrite(Warp &warp, uint32_t line, const Write &w, uint32_t address, bool async, const char *what);
};

} // namespace attn::emu
