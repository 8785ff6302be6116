// Runs PTX on the host, warp by warp, and reports what a GPU would not.
//
//   Module module = parse(text);                 // module.errors() if not ok()
//   Memory memory;
//   memory.add(q.data(), q.size() * 2, false, "q");
//   Launch call;
//   call.entry = "kernel"; call.grid = {4}; call.block = {384};
//   call.dynamicShared = 163840;
//   call.pass(q.data()); call.pass(map); call.pass(int32_t(5));
//   Report report = launch(module, call, memory, Options());
//   if (!report.ok()) puts(report.text().c_str());
//
// docs/emulator.md says what is modelled, what is checked and what is not.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace attn::emu {

/// The order of 16-byte chunks inside 8 rows of a tile: chunk number XOR row
/// number, over 32, 64 or 128 bytes (PTX ISA, "Swizzling modes").
enum class Swizzle : uint8_t { None, B32, B64, B128 };

/// What a kernel receives in place of a CUtensorMap: 128 bytes, passed by value
/// or read from global memory. Dimension 0 is the innermost. Fields mean what
/// the arguments of cuTensorMapEncodeTiled mean.
struct alignas(64) TensorMap {
  static constexpr uint64_t Magic = 0x70616d726f736e74; // "tnsormap"
  uint64_t magic = Magic;
  void *base = nullptr;     ///< host address, 16-byte aligned
  uint64_t dims[5] = {};    ///< elements
  uint64_t strides[4] = {}; ///< bytes between neighbours in dimension 1, 2, ...
  uint16_t box[5] = {};     ///< elements, at most 256 each
  uint8_t elementStrides[5] = {1, 1, 1, 1, 1};
  uint8_t rank = 0;         ///< 1..5
  uint8_t elementBytes = 2; ///< 1, 2, 4 or 8
  Swizzle swizzle = Swizzle::None;
  bool nanFill = false; ///< what lies outside reads as NaN (else 0)
  uint8_t reserved[12] = {};
};
static_assert(sizeof(TensorMap) == 128, "a CUtensorMap has 128 bytes");

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
};

struct Parameter {
  std::string name;
  std::string type; ///< as written: "u64", "f32", "b8" for bytes passed by value
  uint32_t size = 0, align = 0, offset = 0;
};

struct Entry {
  std::string name;
  std::vector<Parameter> parameters;
  uint32_t maxThreads = 0;    ///< product of .maxntid or .reqntid; 0 if absent
  uint32_t maxRegisters = 0;  ///< .maxnreg; 0 if absent
  uint32_t staticShared = 0;  ///< bytes
  bool dynamicShared = false; ///< declares an .extern .shared array
  uint32_t line = 0;
};

struct Program; // decoded text (Code.h)

/// A parsed and decoded PTX file. Copies share the program.
class Module {
public:
  Module() = default;
  Module(std::shared_ptr<const Program> program, std::vector<std::string> errors)
      : program(std::move(program)), messages(std::move(errors)) {}
  bool ok() const { return program && messages.empty(); }
  /// "line 12: ...", one for each fault found.
  const std::vector<std::string> &errors() const { return messages; }
  const std::vector<Entry> &entries() const;
  const Entry *find(std::string_view name) const;
  /// "sm_90a", "sm_80"
  const std::string &target() const;
  const Program *get() const { return program.get(); }

private:
  std::shared_ptr<const Program> program;
  std::vector<std::string> messages;
};

/// Parses PTX text and decodes every entry. An instruction or a modifier that
/// the emulator does not know is an error here, not when it is reached.
Module parse(std::string_view text);

/// The host memory that a kernel may touch.
class Memory {
public:
  struct Range {
    uint64_t begin, end;
    bool writable;
    std::string name;
  };
  void add(const void *base, size_t bytes, bool writable, std::string name = "");
  /// A range that holds all of [address, address + bytes), writable if asked
  /// for, or null. Ranges may overlap.
  const Range *find(uint64_t address, uint64_t bytes, bool writable = false) const;
  const std::vector<Range> &ranges() const { return list; }

private:
  std::vector<Range> list; // sorted by begin
};

struct Launch {
  std::string entry; ///< may be empty if the file has one entry
  Dim3 grid, block;
  uint32_t dynamicShared = 0;                  ///< bytes
  std::vector<std::vector<uint8_t>> arguments; ///< bytes of each parameter, in order

  /// Appends an argument: a number, a TensorMap, or a pointer to host memory.
  template <class T> Launch &pass(const T &value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::vector<uint8_t> bytes(sizeof(T));
    std::memcpy(bytes.data(), &value, sizeof(T));
    arguments.push_back(std::move(bytes));
    return *this;
  }
};

/// When asynchronous work completes and which warp runs next.
enum class Schedule {
  Eager,         ///< copies and wgmma complete at once
  Lazy,          ///< copies when nothing else can run, wgmma when waited for
  Random,        ///< by seed
  ProducerFirst, ///< lazy; the first warp runs again after every signal
};
constexpr std::array<Schedule, 4> AllSchedules = {Schedule::Eager, Schedule::Lazy, Schedule::Random,
                                                  Schedule::ProducerFirst};
const char *nameOf(Schedule schedule);

struct Options {
  Schedule schedule = Schedule::Eager;
  uint64_t seed = 1;
  /// CTAs resident at a time; more than one take turns (persistent kernels that
  /// share work through global atomics).
  uint32_t residentCtas = 1;
  /// Run the checks of races, proxies and registers in flight. Without them
  /// only wild addresses, deadlocks and misuse of barriers are found.
  bool checks = true;
  bool checkUninitialised = true;        ///< reads of shared memory never written
  uint64_t maxInstructions = 2000000000; ///< warp instructions of the whole launch
  uint32_t maxFindings = 16;             ///< distinct ones; the launch stops then
  uint32_t sharedLimit = 0;              ///< bytes per CTA; 0: what the target has
};

struct Finding {
  enum class Kind { Race, Proxy, Registers, Barrier, Memory, Divergence, Deadlock, Budget, Instruction, Limit };
  Kind kind;
  uint32_t line;    ///< in the PTX text; 0 if none
  std::string text; ///< one line, without the line number (Deadlock: several)
  uint64_t count = 1;
};

struct Statistics {
  uint64_t instructions = 0;               ///< warp instructions
  uint64_t laneInstructions = 0;           ///< times lanes that took part
  std::map<std::string, uint64_t> opcodes; ///< warp instructions by full opcode
  std::map<uint32_t, uint64_t> lines;      ///< warp instructions by line of the text
  uint64_t wgmma = 0;                      ///< counted once for each warp, so 4 a warpgroup
  uint64_t mma = 0;
  uint64_t tmaLoadBytes = 0, tmaStoreBytes = 0;
  uint64_t cpAsyncBytes = 0;
};

struct Report {
  std::vector<Finding> findings;
  std::vector<std::string> notes; ///< odd, but allowed
  Statistics statistics;
  bool ok() const { return findings.empty(); }
  bool has(Finding::Kind kind) const;
  /// All findings and notes, a line or more each.
  std::string text() const;
};

/// Runs a grid. Never throws and never touches host memory that is not in
/// `memory`. The same arguments, options and seed give the same report.
Report launch(const Module &module, const Launch &call, const Memory &memory, const Options &options);

} // namespace attn::emu
