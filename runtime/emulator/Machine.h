// The state of a running grid.
#pragma once
#include "runtime/emulator/Code.h"
#include "runtime/emulator/Shared.h"
#include <deque>
#include <random>
#include <set>

namespace attn::emu {

struct Grid;

/// One wgmma.mma_async between its issue and its completion, for one warp.
struct WgmmaOp {
  const Instr *instr;
  uint64_t descriptorA, descriptorB;
  bool accumulate;
  uint32_t group;
  bool done = false; ///< executed, though perhaps not waited for
};

/// Asynchronous groups of a warp: ops join the open group; a commit closes it.
struct Groups {
  uint32_t openGroup = 0;
};

struct WgmmaState : Groups {
  std::deque<WgmmaOp> queue;                  ///< not waited for
  uint32_t issued = 0;                        ///< ever
  uint32_t fences = 1;                        ///< wgmma.fence executed, plus 1
  std::vector<uint8_t> inFlight;              ///< by unit: 1 accumulator, 2 A operand
  std::vector<uint32_t> touchedAt, writtenAt; ///< by unit: `fences` at the last access, write
};

/// One lane's cp.async that has not landed yet.
struct CopyOp {
  uint32_t lane, dst, bytes, sourceBytes, group, line;
  uint64_t src;
};

struct CopyState : Groups {
  std::vector<CopyOp> queue;
  std::vector<uint32_t> committed[32]; ///< by lane: clock value of each committed group
  uint32_t tick = 1;                   ///< clock value of what is open
};

struct StoreState : Groups {
  bool open = false;   ///< something is in the open group
  uint32_t waited = 0; ///< groups whose reads a wait_group has covered
  uint32_t line = 0;   ///< of the last store
};

struct Frame {
  uint32_t pc, join, mask;
};

struct Warp {
  Warp(Cta &cta, uint32_t id) : cta(cta), id(id) {}
  Cta &cta;
  uint32_t id;
  uint32_t present = 0, alive = 0; ///< lanes
  uint32_t *file = nullptr;        ///< registers
  std::vector<Frame> stack;
  uint32_t pc = 0;            ///< of the instruction being executed
  std::vector<uint8_t> local; ///< 32 areas of Code::localBytes
  Knowledge known;
  WgmmaState wgmma;
  CopyState copies;
  StoreState stores;
  uint32_t carry = 0;     ///< condition code of add.cc, by lane
  uint32_t registers = 0; ///< for each thread; 0 before setmaxnreg
  bool registersSet = false;
  std::string waiting; ///< for what, if the last step was a Wait
  int barrier = -1;    ///< named barrier it is waiting at
  uint64_t barrierTurn = 0, clusterTurn = 0;

  template <class Word> Word *lanes(Slot slot) { return reinterpret_cast<Word *>(file + slot); }
  /// Value of an address operand in a lane, with its offset.
  uint64_t address(const Instr &i, int lane) const {
    return (i.wide ? reinterpret_cast<const uint64_t *>(file + i.a)[lane] : file[i.a + lane]) + uint64_t(i.offset);
  }
  uint64_t addressC(const Instr &i, int lane) const {
    return (i.wideC ? reinterpret_cast<const uint64_t *>(file + i.c)[lane] : file[i.c + lane]) + uint64_t(i.offsetC);
  }
  /// The same as a shared-space address: generic addresses lose their window.
  uint32_t sharedAddress(const Instr &i, int lane, bool second = false) const;

  void report(Finding::Kind kind, uint32_t line, const std::string &text);
  void report(Finding::Kind kind, const Instr &i, const std::string &text) { report(kind, i.line, text); }
  /// What this warp knows is handed to `to`; then its own time goes on.
  void release(Knowledge &to);
  void acquire(const Knowledge &from) { known.join(from); }
};

struct Mbarrier {
  uint32_t address = 0, index = 0;
  uint32_t expected = 0;
  int64_t pending = 0, tx = 0;
  uint32_t phase = 0;      ///< the one under way; never goes back
  uint32_t baseParity = 0; ///< parity of `phase` at the last init
  bool live = false;
  uint32_t line = 0; ///< of its init
  uint32_t initWarp = 0, initClock = 0;
  bool initFenced = false;      ///< fence.mbarrier_init came after it
  Knowledge arriving, complete; ///< of this phase, and of the last complete one
  uint32_t parity() const { return (phase ^ baseParity) & 1; }
};

struct NamedBarrier {
  uint32_t expected = 0, arrived = 0; ///< threads
  uint64_t turn = 0;
  Knowledge arriving, complete;
  std::set<uint32_t> members; ///< warps that arrived
  uint32_t votesAll = ~0u, votesAny = 0, votesCount = 0, resultAll = 0, resultAny = 0, resultCount = 0; ///< bar.red
};

/// A bulk copy (TMA) between its issue and its completion.
struct BulkOp {
  enum Kind : uint8_t { TensorLoad, TensorStore, LinearLoad, LinearStore } kind;
  TensorMap map;
  int32_t at[5];
  uint32_t shared; ///< address
  uint64_t global; ///< linear ones
  uint32_t bytes;
  uint32_t barrier; ///< address, loads
  uint32_t warp, group, line;
};

/// cp.async.mbarrier.arrive: an arrival once these copies have landed.
struct CopyArrival {
  uint32_t warp, barrier, tick, line;
  std::vector<CopyOp> copies;
};

struct Cta {
  Cta(Grid &grid, Dim3 index);
  Grid &grid;
  Dim3 index;
  uint64_t serial; ///< no two CTAs of a process share it
  Entries entries;
  Shared shared;
  std::vector<uint64_t> files; ///< register files of all warps
  std::deque<Warp> warps;
  std::map<uint32_t, Mbarrier> mbarriers;
  std::array<NamedBarrier, 17> named;             ///< the last one: of the cluster
  std::unordered_map<uint32_t, Knowledge> strong; ///< by address: release and acquire on memory
  std::deque<BulkOp> bulk;
  std::deque<CopyArrival> arrivals;
  uint64_t events = 0; ///< changes that a waiting warp could be waiting for
  uint32_t idleTurns = 0;
  uint32_t registersFree = 0;
  bool done = false;
  /// Descriptors of each warpgroup's wgmmas, as its first warp to get there
  /// gave them.
  std::vector<std::vector<std::pair<uint64_t, uint64_t>>> descriptors;

  /// Lets every warp run until it has to synchronise. False if nothing moved.
  bool turn();
  /// Completes one piece of asynchronous work; false if there is none.
  bool completeOne();
  void finish();
  std::string deadlock() const;
  Mbarrier *barrierAt(Warp &warp, const Instr &i, uint32_t address, const char *what);
  void arrive(uint32_t line, Mbarrier &barrier, uint32_t count);
  void settle(Mbarrier &barrier); ///< completes the phase if nothing is missing
};

struct Grid {
  Grid(const Code &code, const Launch &call, const Memory &memory, const Options &options);
  const Code &code;
  const Launch &call;
  const Memory &memory;
  const Options &options;
  Report report;
  std::vector<uint8_t> parameters;
  std::vector<uint64_t> counts, laneCounts; ///< by instruction
  std::mt19937_64 random;
  uint64_t executed = 0, findingsSeen = 0;
  bool stop = false;
  std::map<std::pair<uint32_t, int>, size_t> known; ///< findings by line and kind
  bool eager() const { return options.schedule == Schedule::Eager; }
  bool isRandom() const { return options.schedule == Schedule::Random; }
  void run();
  void add(Finding::Kind kind, uint32_t line, const std::string &text);
  /// Host memory behind a global address, or null.
  uint8_t *global(uint64_t address, uint64_t bytes, bool write);
};

// Of the files that own the asynchronous operations.
void completeBulk(Cta &cta, const BulkOp &op);
void landCopies(Warp &warp, std::vector<CopyOp> &copies);
void executeWgmma(Warp &warp, WgmmaOp &op);

/// Runs `warp` until it synchronises or `budget` instructions are over.
/// Returns what the last step was; `executed` counts.
Step runWarp(Warp &warp, uint32_t budget, uint32_t &executed);
/// The rules for registers of wgmma in flight.
void checkUses(Warp &warp, const Instr &i);

} // namespace attn::emu
