#include "passes/TargetModel.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace attn;

// Keys that several targets have.
static constexpr TargetModel::Key slackKey(int64_t preset) {
  return {"slack", "how far a reference may lag behind, in powers of two",
          preset, 0, 60, 1, true};
}
static constexpr TargetModel::Key splitsKey(int64_t preset) {
  return {"splits", "parts of the keys; 0: as many as a call needs",
          preset, 0, 256, 1, true, true};
}
static constexpr TargetModel::Key packKey(int64_t preset) {
  return {"pack", "rows of a tile are those of a group's heads, in parts",
          preset, 0, 1, 1, true, true};
}
static constexpr TargetModel::Key stagesKey = {
    "stages", "tiles of keys and values in shared memory", 2, 1, 4, 1, true};

// Sides: docs/plan.md. 64 rows are four vectors of 16 lanes; key blocks of 64
// keep the scores in the first-level cache.
static const TargetModel::Key cpuKeys[] = {
    {"rows", "rows of a tile", 64, 16, 256, 16, false},
    {"cols", "keys of a tile", 64, 16, 512, 16, true},
    {"share", "row tiles that pass over a tile of keys together", 8, 1, 64, 1,
     true},
    slackKey(10),
    splitsKey(1),
    packKey(0),
};

// Of a server's cores (docs/performance.md says what was measured where).
static const TargetModel::Fact cpuFacts[] = {
    {"ghz", "clock; 0: as the system says", 0, 0, 100},
    {"lanes", "numbers in a vector; 0: as the system says", 0, 0, 64},
    {"fma", "multiply-adds of vectors in a cycle of a core", 2, 1, 16},
    {"attained", "per cent of these that kernels attain", 75, 1, 100},
    {"bandwidth", "GB/s from memory, all cores together", 30, 1, 100000},
    {"cache", "MiB of the last cache", 32, 0, 100000},
};

// Sides for tensor cores: 64 rows to a warpgroup, and as many keys as registers
// and shared memory hold beside two stages of keys and values. A kernel that
// cannot use tensor cores has one row to a tile.
static const TargetModel::Key hopperKeys[] = {
    {"rows", "rows of a tile", 128, 1, 256, 1, false},
    {"cols", "keys of a tile", 128, 8, 256, 8, true},
    stagesKey,
    slackKey(8),
    splitsKey(0),
    packKey(1),
};
static const TargetModel::Sides hopperSides[] = {
    {64, 192, 128}, {128, 128, 128}, {192, 128, 112}, {256, 128, 80}};

// An H100 SXM, by its data sheet.
static const TargetModel::Fact hopperFacts[] = {
    {"tensor", "TFLOP/s of tensor cores, 16-bit numbers", 989, 1, 100000},
    {"simt", "TFLOP/s without tensor cores", 67, 1, 100000},
    {"attained", "per cent of these that kernels attain", 60, 1, 100},
    {"bandwidth", "GB/s from memory", 3350, 1, 100000},
    {"cache", "MiB of the cache of all multiprocessors", 50, 0, 100000},
    {"sms", "multiprocessors", 132, 1, 100000},
};

// 16 rows to a warp.
static const TargetModel::Key ampereKeys[] = {
    {"rows", "rows of a tile", 128, 1, 256, 1, false},
    {"cols", "keys of a tile", 64, 8, 256, 8, true},
    stagesKey,
    slackKey(8),
    splitsKey(0),
    packKey(1),
};
static const TargetModel::Sides ampereSides[] = {
    {192, 128, 64}, {256, 128, 32}};

// An A100, by its data sheet.
static const TargetModel::Fact ampereFacts[] = {
    {"tensor", "TFLOP/s of tensor cores, 16-bit numbers", 312, 1, 100000},
    {"simt", "TFLOP/s without tensor cores", 19.5, 1, 100000},
    {"attained", "per cent of these that kernels attain", 60, 1, 100},
    {"bandwidth", "GB/s from memory", 1555, 1, 100000},
    {"cache", "MiB of the cache of all multiprocessors", 40, 0, 100000},
    {"sms", "multiprocessors", 108, 1, 100000},
};

static const TargetModel models[] = {
    {"cpu", cpuKeys, {}, cpuFacts},
    {"sm_90a", hopperKeys, hopperSides, hopperFacts, 64},
    {"sm_80", ampereKeys, ampereSides, ampereFacts, 64}};

const TargetModel *TargetModel::get(StringRef name) {
  for (const TargetModel &model : models)
    if (name == model.name)
      return &model;
  return nullptr;
}

int64_t TargetModel::preset(StringRef key, int64_t components) const {
  if (key == "rows" || key == "cols")
    for (const Sides &s : sides)
      if (components <= s.most || &s == &sides.back())
        return key == "rows" ? s.rows : s.cols;
  return find(key)->value;
}

const TargetModel::Key *TargetModel::find(StringRef key) const {
  for (const Key &known : keys)
    if (key == known.name)
      return &known;
  return nullptr;
}

const TargetModel::Fact *TargetModel::findFact(StringRef fact) const {
  for (const Fact &known : facts)
    if (fact == known.name)
      return &known;
  return nullptr;
}

std::string TargetModel::complaint(const Key &key, int64_t value) {
  if (value >= key.least && value <= key.most && value % key.step == 0)
    return "";
  std::string text = "must lie between " + std::to_string(key.least) + " and " +
                     std::to_string(key.most);
  if (key.step > 1)
    text += " and be a multiple of " + std::to_string(key.step);
  return text;
}

void TargetModel::print(raw_ostream &os) const {
  os << "target " << name << ":\n";
  for (const Key &key : keys)
    os << llvm::format("  %-6s %4d  (%d to %d", key.name, int(key.value),
                       int(key.least), int(key.most))
       << (key.step > 1 ? ", a multiple of " + std::to_string(key.step)
                        : std::string())
       << ")  " << key.meaning << '\n';
  for (const Sides &s : sides)
    os << llvm::format("  up to %d components: %d rows, %d cols\n",
                       int(s.most), int(s.rows), int(s.cols));
  for (const Fact &fact : facts)
    os << llvm::format("  %-9s %5g  ", fact.name, fact.value) << fact.meaning
       << '\n';
}

FailureOr<SmallVector<ScheduleChoice>>
attn::parseChoices(const TargetModel &target, ArrayRef<std::string> texts,
                   llvm::function_ref<InFlightDiagnostic()> emitError) {
  SmallVector<ScheduleChoice> choices;
  for (StringRef text : texts) {
    auto [kernel, assignment] = text.rsplit(':');
    auto [key, value] = assignment.split('=');
    ScheduleChoice choice{kernel.str(), key.str()};
    if (kernel.empty() || key.empty() || value.getAsInteger(10, choice.value)) {
      emitError() << "expected NAME:key=number in the schedule, found '" << text
                  << "'";
      return failure();
    }
    const TargetModel::Key *known = target.find(key);
    if (!known) {
      InFlightDiagnostic diagnostic = emitError()
                                      << "schedules for '" << target.name
                                      << "' have no '" << key << "', only ";
      llvm::interleaveComma(target.keys, diagnostic, [&](const auto &k) {
        diagnostic << "'" << k.name << "'";
      });
      return failure();
    }
    if (std::string wrong = TargetModel::complaint(*known, choice.value);
        !wrong.empty()) {
      emitError() << "'" << key << "' is " << choice.value << ", but " << wrong;
      return failure();
    }
    choices.push_back(choice);
  }
  return choices;
}

int64_t attn::choose(const TargetModel &target,
                     ArrayRef<ScheduleChoice> choices, StringRef kernel,
                     StringRef key, int64_t components) {
  for (const ScheduleChoice &choice : llvm::reverse(choices))
    if (choice.key == key && (choice.kernel == kernel || choice.kernel == "*"))
      return choice.value;
  return target.preset(key, components);
}
