#include "runtime/SessionEmulator.h"
#include "runtime/Binding.h"
#include "runtime/SizeProgram.h"
#include "runtime/TensorMaps.h"
#include "runtime/emulator/Emulator.h"
#include <algorithm>
#include <mutex>

using namespace attn;

namespace {

/// Blocks of a launch at most: kernels go round their items.
constexpr int64_t mostBlocks = 3;

std::optional<std::vector<emu::Options>> ordersOf(const std::string &text, std::string &error) {
  std::vector<emu::Options> orders;
  auto add = [&](emu::Schedule schedule, uint64_t seed = 1) {
    emu::Options options;
    options.schedule = schedule;
    options.seed = seed;
    orders.push_back(options);
  };
  if (text.rfind("random", 0) == 0 && (text.size() == 6 || text[6] == ':')) {
    char *end = nullptr;
    uint64_t seed = text.size() > 7 ? std::strtoull(text.c_str() + 7, &end, 10) : 1;
    if (text.size() == 6 || (end && !*end))
      add(emu::Schedule::Random, seed);
  }
  for (emu::Schedule schedule : emu::AllSchedules)
    if (text == "all" || (text == emu::nameOf(schedule) && schedule != emu::Schedule::Random))
      add(schedule);
  if (!orders.empty())
    return orders;
  error = "no order of asynchronous work is called '" + text + "'; say eager, lazy, random:SEED, producer-first or all";
  return std::nullopt;
}

/// The places between the lowest and the highest element.
void addRange(emu::Memory &memory, const TensorView &view, bool writable, const std::string &name) {
  int64_t low = 0, high = 0;
  for (size_t d = 0; d < view.shape.size(); ++d) {
    if (view.shape[d] == 0)
      return;
    int64_t reach = view.strides[d] * (view.shape[d] - 1);
    (reach < 0 ? low : high) += reach;
  }
  int64_t size = int64_t(core::byteSize(view.dtype));
  memory.add(static_cast<const char *>(view.data) + low * size, size_t((high - low + 1) * size), writable, name);
}

class Emulated : public Callable {
public:
  GpuCode code;
  emu::Module module;
  std::vector<emu::Options> orders;
  core::Program program;
  mutable std::mutex counting;
  mutable std::map<uint32_t, uint64_t> lines; ///< instructions by line

  const Manifest &manifest() const override { return code.manifest; }

  std::string run(const Call &call) const override {
    std::vector<std::vector<char>> first;
    for (const emu::Options &order : orders) {
      if (std::string error = run(call, order); !error.empty())
        return error;
      std::vector<std::vector<char>> results = resultsOf(call);
      if (!first.empty() && results != first)
        return "the emulator found that results depend on the order of asynchronous work (" + std::string(emu::nameOf(order.schedule)) + ")";
      first = std::move(results);
    }
    return "";
  }

private:
  static std::vector<std::vector<char>> resultsOf(const Call &call) {
    std::vector<std::vector<char>> results;
    for (auto &[name, view] : call.outputs) {
      size_t size = core::byteSize(view.dtype);
      std::vector<char> bytes;
      std::vector<int64_t> index(view.shape.size(), 0);
      for (int64_t n = view.elements(); n > 0; --n) {
        const char *at = static_cast<const char *>(view.data) + view.at(index) * int64_t(size);
        bytes.insert(bytes.end(), at, at + size);
        for (size_t d = index.size(); d-- > 0 && ++index[d] == view.shape[d];)
          index[d] = 0;
      }
      results.push_back(std::move(bytes));
    }
    return results;
  }

  std::string run(const Call &call, const emu::Options &order) const {
    Binding binding(code.manifest, &program, call);
    if (std::string error = binding.check(); !error.empty())
      return error;
    const Manifest &m = code.manifest;
    std::vector<int64_t> &frame = binding.frame;
    emu::Memory memory;
    for (auto &[name, view] : call.inputs)
      addRange(memory, view, false, name);
    for (auto &[name, view] : call.outputs)
      addRange(memory, view, true, name);
    for (Binding::Constant &constant : binding.constants) {
      frame[size_t(m.tensors[size_t(constant.tensor)].slot)] = reinterpret_cast<int64_t>(&constant.bits);
      memory.add(&constant.bits, 8, false, m.tensors[size_t(constant.tensor)].name);
    }
    frame[size_t(m.threadsSlot)] = 1;
    if (!runSizes(m.sizes, frame.data(), m.slots))
      return "internal error: the program of sizes is malformed";
    std::vector<std::vector<uint64_t>> buffers;
    for (const Manifest::Buffer &b : m.buffers) {
      // Workspace of no elements has room for some: they may be read, and are
      // not used.
      size_t bytes = frame[size_t(b.bytesSlot)] > 0 ? size_t(frame[size_t(b.bytesSlot)]) : 64;
      buffers.emplace_back((bytes + 7) / 8 + 2);
      void *place = reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(buffers.back().data()) + 15) & ~uintptr_t(15));
      frame[size_t(b.slot)] = reinterpret_cast<int64_t>(place);
      memory.add(place, bytes, true, b.name);
    }
    int64_t stats[Manifest::StatCount] = {};
    memory.add(stats, sizeof stats, true, "stats");
    for (const Manifest::Kernel &kernel : m.kernels)
      if (std::string error = launch(kernel, binding, memory, stats, order); !error.empty())
        return error;
    if (call.stats)
      for (int n = 0; n < Manifest::StatCount; ++n)
        call.stats[n] = stats[n];
    return "";
  }

  std::string launch(const Manifest::Kernel &kernel, const Binding &binding, emu::Memory memory, int64_t *stats, const emu::Options &order) const {
    const Manifest::Launch &what = kernel.launch;
    int64_t items = binding.frame[size_t(kernel.itemsSlot)];
    if (items <= 0)
      return "";
    int64_t blocks = std::min((items + what.itemsPerBlock - 1) / what.itemsPerBlock, mostBlocks);
    emu::Launch call;
    call.entry = what.entry;
    call.grid.x = uint32_t(blocks);
    call.block.x = uint32_t(what.threads);
    call.dynamicShared = uint32_t(what.sharedBytes);
    const auto *bytes = reinterpret_cast<const uint8_t *>(binding.frame.data());
    call.arguments.emplace_back(bytes, bytes + 8 * code.manifest.slots);
    std::vector<uint64_t> scratch(size_t(blocks * what.scratchBytes) / 8 + 8);
    uint64_t place = what.scratchBytes ? (reinterpret_cast<uint64_t>(scratch.data()) + 63) & ~uint64_t(63) : 0;
    if (place)
      memory.add(reinterpret_cast<void *>(place), size_t(blocks * what.scratchBytes), true, "scratch");
    call.pass(place);
    call.pass(stats);
    for (const Manifest::TensorMap &map : what.maps) {
      emu::TensorMap described;
      if (std::string error = describe(map, binding, described); !error.empty())
        return error;
      call.pass(described);
    }
    emu::Report report = emu::launch(module, call, memory, order);
    std::lock_guard<std::mutex> lock(counting);
    for (auto &[line, count] : report.statistics.lines)
      lines[line] += count;
    return report.ok() ? "" : "the emulator found faults in `" + what.entry + "` (" + emu::nameOf(order.schedule) + "):\n" + report.text();
  }

  std::string describe(const Manifest::TensorMap &map, const Binding &binding, emu::TensorMap &out) const {
    MapLayout layout;
    std::string error = layoutOf(code.manifest, map, binding.frame, [&](const std::string &label) { return binding.length(label); }, layout);
    out.base = reinterpret_cast<void *>(layout.address);
    out.rank = uint8_t(layout.rank);
    out.elementBytes = 2;
    out.swizzle = emu::Swizzle::B128;
    for (uint32_t d = 0; d < layout.rank; ++d) {
      out.dims[d] = layout.dims[d];
      out.box[d] = uint16_t(layout.box[d]);
      if (d)
        out.strides[d - 1] = layout.strides[d - 1];
    }
    return error;
  }
};

/// The callable with its PTX parsed, or null.
std::unique_ptr<Callable> accept(std::unique_ptr<Emulated> result, std::string &error) {
  result->module = emu::parse(result->code.ptx);
  if (result->module.ok())
    return result;
  error = "the emulator cannot run this code:";
  for (const std::string &message : result->module.errors())
    error += "\n" + message;
  return nullptr;
}

} // namespace

std::unique_ptr<Callable> attn::loadEmulated(const core::Program &program, const SourceMap &sources, const CompileOptions &options,
                                             Diagnostics &diagnostics, std::string &error) {
  auto result = std::make_unique<Emulated>();
  std::optional<std::vector<emu::Options>> orders = ordersOf(options.emulate, error);
  if (!orders)
    return nullptr;
  std::optional<GpuCode> code = compileForGpu(program, sources, options, false, diagnostics, error);
  if (!code)
    return nullptr;
  result->orders = std::move(*orders);
  result->code = std::move(*code);
  result->program = program;
  return accept(std::move(result), error);
}

const std::string &attn::ptxOf(const Callable &emulated) { return static_cast<const Emulated &>(emulated).code.ptx; }

std::unique_ptr<Callable> attn::withPtx(const Callable &emulated, const std::string &ptx, uint64_t mostInstructions, std::string &error) {
  auto &from = static_cast<const Emulated &>(emulated);
  auto result = std::make_unique<Emulated>();
  result->code = from.code;
  result->code.ptx = ptx;
  result->program = from.program;
  result->orders = from.orders;
  for (emu::Options &order : result->orders)
    order.maxInstructions = mostInstructions;
  return accept(std::move(result), error);
}

std::map<uint32_t, uint64_t> attn::linesOf(const Callable &emulated) {
  auto &from = static_cast<const Emulated &>(emulated);
  std::lock_guard<std::mutex> lock(from.counting);
  return from.lines;
}
