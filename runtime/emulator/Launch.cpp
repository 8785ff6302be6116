// From arguments to a grid, and the report at the end.
#include "runtime/emulator/Families.h"
#include "runtime/emulator/Machine.h"
#include <atomic>

namespace attn::emu {

namespace {
/// Register file words of one warp.
size_t fileWords(const Code &code) { return (code.image.size() + 31) / 32 * 32; }
constexpr uint32_t RegisterFile = 65536; // of an SM
} // namespace

Cta::Cta(Grid &grid, Dim3 index) : grid(grid), index(index) {
  static std::atomic<uint64_t> serials;
  serial = ++serials;
  const Dim3 &block = grid.call.block;
  uint32_t threads = block.x * block.y * block.z, count = (threads + 31) / 32;
  entries.warps = count;
  uint32_t bytes = grid.code.dynamicOffset + grid.call.dynamicShared;
  shared.reset(std::max(bytes, grid.code.entry.staticShared), entries, grid.options.checks,
               grid.options.checkUninitialised);
  size_t words = fileWords(grid.code);
  files.resize(count * words / 2 + 8);
  // Lanes on a boundary of 64 bytes.
  uint64_t *aligned = files.data();
  while (reinterpret_cast<uintptr_t>(aligned) % 64)
    ++aligned;
  uint32_t registers = threads ? std::min(256u, RegisterFile / threads / 8 * 8) : 0;
  if (grid.code.entry.maxRegisters)
    registers = std::min(registers, grid.code.entry.maxRegisters);
  registersFree = RegisterFile - registers * count * 32;
  for (uint32_t w = 0; w < count; ++w) {
    Warp &warp = warps.emplace_back(*this, w);
    warp.file = reinterpret_cast<uint32_t *>(aligned) + w * words;
    std::memcpy(warp.file, grid.code.image.data(), 4 * grid.code.image.size());
    uint32_t lanes = std::min(32u, threads - w * 32);
    warp.present = warp.alive = lanes == 32 ? ~0u : (1u << lanes) - 1;
    warp.stack.push_back({0, uint32_t(grid.code.instrs.size()), warp.present});
    warp.registers = registers;
    warp.known = Knowledge(entries.count());
    warp.known.happened[entries.warp(w)] = 1;
    if (grid.code.usesWgmma) {
      warp.wgmma.inFlight.assign(grid.code.units(), 0);
      warp.wgmma.touchedAt.assign(grid.code.units(), 0);
      warp.wgmma.writtenAt.assign(grid.code.units(), 0);
    }
    if (grid.code.localBytes)
      warp.local.assign(32 * size_t(grid.code.localBytes), 0xa5);
    const Dim3 &n = grid.call.grid;
    for (uint32_t lane = 0; lane < 32; ++lane) {
      uint32_t t = w * 32 + lane;
      auto set = [&](Special which, uint32_t value) {
        warp.file[grid.code.special + 32 * uint32_t(which) + lane] = value;
      };
      set(Special::TidX, t % block.x);
      set(Special::TidY, t / block.x % block.y);
      set(Special::TidZ, t / block.x / block.y);
      set(Special::NtidX, block.x), set(Special::NtidY, block.y), set(Special::NtidZ, block.z);
      set(Special::CtaidX, index.x), set(Special::CtaidY, index.y), set(Special::CtaidZ, index.z);
      set(Special::NctaidX, n.x), set(Special::NctaidY, n.y), set(Special::NctaidZ, n.z);
      set(Special::LaneId, lane), set(Special::WarpId, w), set(Special::NWarpId, count);
      set(Special::NSmId, std::max(1u, grid.options.residentCtas));
      set(Special::LaneMaskEq, 1u << lane);
      set(Special::LaneMaskLt, (1u << lane) - 1);
      set(Special::LaneMaskLe, (2u << lane) - 1);
      set(Special::LaneMaskGt, ~((2u << lane) - 1));
      set(Special::LaneMaskGe, ~((1u << lane) - 1));
      set(Special::DynamicSmem, grid.call.dynamicShared);
      set(Special::TotalSmem, bytes);
      set(Special::ClusterOne, 1);
    }
  }
  for (NamedBarrier &b : named) {
    b.arriving = Knowledge(entries.count());
    b.complete = Knowledge(entries.count());
  }
}

Grid::Grid(const Code &code, const Launch &call, const Memory &memory, const Options &options)
    : code(code), call(call), memory(memory), options(options), counts(code.instrs.size()),
      laneCounts(code.instrs.size()), random(options.seed) {}

void Grid::add(Finding::Kind kind, uint32_t line, const std::string &text) {
  auto [it, isNew] = known.emplace(std::make_pair(line, int(kind)), report.findings.size());
  ++findingsSeen;
  if (!isNew) {
    ++report.findings[it->second].count;
  } else {
    report.findings.push_back({kind, line, text, 1});
  }
  // A kernel that is wrong everywhere need not run to its end.
  stop |= report.findings.size() >= options.maxFindings || findingsSeen > 100000;
}

uint8_t *Grid::global(uint64_t address, uint64_t bytes, bool write) {
  return memory.find(address, bytes, write) ? reinterpret_cast<uint8_t *>(uintptr_t(address)) : nullptr;
}

namespace {

/// Fills in `call` against the entry; what is wrong is an error.
std::string prepare(Grid &grid, const Launch &call, const Module &module) {
  const Entry &entry = grid.code.entry;
  uint64_t threads = uint64_t(call.block.x) * call.block.y * call.block.z;
  if (!threads || threads > 1024)
    return "a block of " + std::to_string(threads) + " threads";
  if (entry.maxThreads && threads > entry.maxThreads)
    return "a block of " + std::to_string(threads) + " threads, but the entry allows " +
           std::to_string(entry.maxThreads);
  if (uint64_t(call.grid.x) * call.grid.y * call.grid.z == 0)
    return "an empty grid";
  uint32_t limit = grid.options.sharedLimit     ? grid.options.sharedLimit
                   : module.target() == "sm_80" ? 163 * 1024
                                                : 227 * 1024;
  if (grid.code.dynamicOffset + call.dynamicShared > limit)
    return "the CTA needs " + std::to_string(grid.code.dynamicOffset + call.dynamicShared) +
           " bytes of shared memory, the target has " + std::to_string(limit);
  if (call.arguments.size() != entry.parameters.size())
    return "'" + entry.name + "' has " + std::to_string(entry.parameters.size()) + " parameters, " +
           std::to_string(call.arguments.size()) + " arguments are given";
  grid.parameters.assign(grid.code.parameterBytes + 64, 0);
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const Parameter &p = entry.parameters[i];
    if (call.arguments[i].size() != p.size)
      return "argument " + std::to_string(i) + " has " + std::to_string(call.arguments[i].size()) + " bytes, '" +
             p.name + "' has " + std::to_string(p.size);
    if (p.size)
      std::memcpy(&grid.parameters[p.offset], call.arguments[i].data(), p.size);
  }
  return "";
}

} // namespace

Report launch(const Module &module, const Launch &call, const Memory &memory, const Options &options) {
  Report failed;
  auto refuse = [&](const std::string &text) {
    failed.findings.push_back({Finding::Kind::Instruction, 0, text, 1});
    return failed;
  };
  if (!module.ok())
    return refuse(module.errors().empty() ? "no module" : module.errors()[0]);
  const Program &program = *module.get();
  const Code *code = nullptr;
  for (const Code &c : program.codes)
    if (c.entry.name == call.entry || (call.entry.empty() && program.codes.size() == 1))
      code = &c;
  if (!code)
    return refuse("no entry '" + call.entry + "'");
  Memory all = memory;
  for (auto &s : program.statics)
    all.add(s->bytes.data(), s->bytes.size(), s->writable, s->name);
  Grid grid(*code, call, all, options);
  if (std::string error = prepare(grid, call, module); !error.empty())
    return refuse(error);
  grid.run();
  Statistics &s = grid.report.statistics;
  for (size_t i = 0; i < code->instrs.size(); ++i)
    if (grid.counts[i]) {
      const std::string &name = code->names[code->instrs[i].name];
      s.instructions += grid.counts[i];
      s.laneInstructions += grid.laneCounts[i];
      s.opcodes[name] += grid.counts[i];
      s.lines[code->instrs[i].line] += grid.counts[i];
      if (name.compare(0, 15, "wgmma.mma_async") == 0)
        s.wgmma += grid.counts[i];
      if (name.compare(0, 8, "mma.sync") == 0)
        s.mma += grid.counts[i];
    }
  return std::move(grid.report);
}

} // namespace attn::emu
