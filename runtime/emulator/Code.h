// Decoded programs: one compact record for each instruction.
#pragma once
#include "runtime/emulator/Emulator.h"
#include "runtime/emulator/Syntax.h"

namespace attn::emu {

struct Warp;
struct Instr;

/// What an executed instruction asks of the scheduler.
enum class Step : uint8_t {
  Next,
  Yield,  ///< done; others should run (synchronisation)
  Signal, ///< as Yield, and somebody else may be able to go on because of it
  Wait,   ///< not done; to be repeated
  Poll,   ///< done, but only asked for something that has not happened
};

/// `mask` has the lanes that take part; never 0.
using Handler = Step (*)(Warp &, const Instr &, uint32_t mask);

/// A place in a warp's register file, in words of 4 bytes. A register has 32
/// lanes of 4 or 8 bytes; 8- and 16-bit ones are zero-extended to 4. A predicate
/// is one word with one bit for each lane.
using Slot = uint32_t;
constexpr Slot NoSlot = ~0u;

struct Range {
  uint32_t begin = 0, count = 0;
};

struct Instr {
  Handler exec = nullptr;
  Slot dst = NoSlot, a = NoSlot, b = NoSlot, c = NoSlot, d = NoSlot;
  Slot pdst = NoSlot, pdst2 = NoSlot, psrc = NoSlot; ///< predicates
  Slot guard = NoSlot;
  bool guardNegated = false, psrcNegated = false;
  bool aligned = false; ///< the whole warp must execute it together
  bool wide = true;     ///< address registers a, c have 64 bits
  bool wideC = true;
  Space space = Space::Generic;
  Type type = Type::None, type2 = Type::None;
  uint8_t width = 0;                      ///< bytes of one element
  uint8_t mode = 0, mode2 = 0, mode3 = 0; ///< what the handler's file says
  uint32_t imm = 0;
  int64_t offset = 0, offsetC = 0; ///< added to the addresses in a, c
  Range list, list2, list3;        ///< slots of vector operands, in Code::slots
  Range uses;                      ///< general registers, in Code::uses
  uint32_t target = 0, join = 0;   ///< branches: where to, where lanes meet again
  uint32_t line = 0;
  uint32_t name = 0; ///< opcode text, in Code::names
};

/// A general register of an instruction, for the rules of wgmma.
struct Use {
  uint32_t unit; ///< number of its first 32 words in the register file
  bool write;
};

struct SharedVariable {
  std::string name;
  uint32_t offset, bytes;
};

/// One entry with its calls inlined.
struct Code {
  Entry entry;
  std::vector<Instr> instrs; ///< the last one is an exit
  std::vector<Slot> slots;
  std::vector<Use> uses;
  std::vector<std::string> names;
  std::vector<std::string> unitNames; ///< register names by unit
  std::vector<SharedVariable> shared;
  std::vector<uint32_t> image; ///< initial register file: constants
  Slot special = 0;            ///< first of the special registers
  uint32_t localBytes = 0;     ///< for each thread
  uint32_t dynamicOffset = 0;  ///< of .extern .shared, relative to SharedBase
  uint32_t parameterBytes = 0;
  bool usesWgmma = false;
  uint32_t units() const { return uint32_t(image.size() / 32); }
};

struct Program {
  std::string text; ///< what File's views point into
  std::string target;
  std::vector<Entry> entries;
  std::vector<Code> codes; ///< by entry
  /// .global and .const variables; parse() gives each its place.
  struct Static {
    std::string name;
    std::vector<uint8_t> bytes;
    bool writable;
  };
  std::vector<std::unique_ptr<Static>> statics;
};

/// Shared-space addresses begin here, as on sm_90, where the system has the
/// first KiB.
constexpr uint32_t SharedBase = 1024;
/// Where the windows of shared, local and parameter space lie in the generic
/// address space. No host address looks like these.
constexpr uint64_t SharedWindow = 0x1000000000000000, LocalWindow = 0x1100000000000000,
                   ParamWindow = 0x1200000000000000, WindowMask = 0xff00000000000000;

/// Special registers, each 32 lanes, in this order.
enum class Special : uint8_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  NWarpId,
  SmId,
  NSmId,
  GridId,
  LaneMaskEq,
  LaneMaskLe,
  LaneMaskLt,
  LaneMaskGe,
  LaneMaskGt,
  Clock,
  Clock64,
  GlobalTimer,
  DynamicSmem,
  TotalSmem,
  ClusterRank,
  ClusterOne,
  Zero,
  Count,
};

} // namespace attn::emu
