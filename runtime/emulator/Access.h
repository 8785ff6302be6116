// Checked access to every state space.
#pragma once
#include "runtime/emulator/Machine.h"

namespace attn::emu {

class Opcode;
/// Takes the state space of an opcode.
Space takeSpace(Opcode &op, Space otherwise);

/// Splits a generic address: the space that it lies in, and the address there.
Space spaceOf(uint64_t &address);

/// Host memory behind an address of `space` in a lane, or null after a report.
/// Shared memory is checked for bounds only; races are for the caller.
uint8_t *resolve(Warp &warp, const Instr &i, Space space, uint64_t address, uint32_t bytes, int lane, bool write);

/// Collects the shared-memory accesses of a warp's lanes and records runs of
/// neighbours at once.
class Touched {
public:
  Touched(Warp &warp, uint32_t line, bool write, Reader reader = Reader::Generic)
      : warp(warp), line(line), write(write), reader(reader) {}
  ~Touched() { flush(); }
  void add(uint32_t address, uint32_t bytes) {
    if (address != end) {
      flush();
      begin = address;
    }
    end = address + bytes;
  }
  void flush();

private:
  Warp &warp;
  uint32_t line;
  bool write;
  Reader reader;
  uint32_t begin = 0, end = 0;
};

} // namespace attn::emu
