#include "runtime/emulator/Access.h"

namespace attn::emu {

Space spaceOf(uint64_t &address) {
  uint64_t window = address & WindowMask;
  Space space = window == SharedWindow  ? Space::Shared
                : window == LocalWindow ? Space::Local
                : window == ParamWindow ? Space::Param
                                        : Space::Global;
  if (space != Space::Global)
    address &= ~WindowMask;
  return space;
}

namespace {
std::string describe(Space space, uint64_t address) {
  char text[64];
  static const char *const names[] = {"", "global ", "shared ", "local ", "const ", "parameter ", ""};
  std::snprintf(text, sizeof text, "%saddress %#llx", names[int(space)], static_cast<unsigned long long>(address));
  return text;
}
} // namespace

uint8_t *resolve(Warp &warp, const Instr &i, Space space, uint64_t address, uint32_t bytes, int lane, bool write) {
  if (space == Space::Generic)
    space = spaceOf(address);
  else if ((address & WindowMask) == SharedWindow && space == Space::Shared)
    address &= ~WindowMask;
  Grid &grid = warp.cta.grid;
  uint8_t *place = nullptr;
  uint32_t localBytes = grid.code.localBytes;
  switch (space) {
  case Space::Shared:
    if (address > 0xffffffff)
      address = uint32_t(address); // 32-bit sums in 64-bit registers
    if (warp.cta.shared.contains(address, bytes))
      place = warp.cta.shared.at(uint32_t(address));
    if (place && write && warp.cta.shared.holdsBarrier(uint32_t(address), bytes))
      warp.report(Finding::Kind::Barrier, i, "writes over a live mbarrier at " + describe(space, address));
    break;
  case Space::Local:
    if (address <= localBytes && bytes <= localBytes - address)
      place = &warp.local[size_t(lane) * localBytes + address];
    break;
  case Space::Param:
    if (address + bytes <= grid.parameters.size() && !write)
      place = &grid.parameters[address];
    break;
  default: place = grid.global(address, bytes, write); break;
  }
  if (!place) {
    const Memory::Range *readOnly = space == Space::Global ? grid.memory.find(address, bytes) : nullptr;
    warp.report(Finding::Kind::Memory, i,
                std::string(write ? "writes " : "reads ") + std::to_string(bytes) + " bytes at " +
                    describe(space, address) + " in lane " + std::to_string(lane) +
                    (readOnly ? ", which is read-only" : ", outside of all memory it was given"));
  } else if (bytes <= 32 && address % bytes && (bytes & (bytes - 1)) == 0) {
    warp.report(Finding::Kind::Memory, i,
                std::string(write ? "writes " : "reads ") + std::to_string(bytes) + " bytes at misaligned " +
                    describe(space, address));
  }
  return place;
}

void Touched::flush() {
  if (end <= begin)
    return;
  Shared &shared = warp.cta.shared;
  if (write) {
    uint32_t own = warp.cta.entries.warp(warp.id);
    shared.write(warp, line, begin, end - begin, own, warp.known.happened[own], false);
    shared.touched(begin, end - begin);
  } else {
    shared.read(warp, line, begin, end - begin, reader);
  }
  begin = end = 0;
}

} // namespace attn::emu
