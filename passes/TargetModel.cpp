#include "passes/TargetModel.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace attn;

// Sides: docs/plan.md. 64 rows are four vectors of 16 lanes; key blocks of 64
// keep the scores in the first-level cache.
static const TargetModel::Key cpuKeys[] = {
    {"rows", "rows of a tile", 64, 16, 256, 16, false},
    {"cols", "keys of a tile", 64, 16, 512, 16, true},
    {"share", "row tiles that pass over a tile of keys together", 8, 1, 64, 1,
     true},
    {"slack", "how far a reference may lag behind, in powers of two", 10, 0, 60,
     1, true},
};

static const TargetModel cpu = {"cpu", cpuKeys};

const TargetModel *TargetModel::get(StringRef name) {
  return name == "cpu" ? &cpu : nullptr;
}

const TargetModel::Key *TargetModel::find(StringRef key) const {
  for (const Key &known : keys)
    if (key == known.name)
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
                     StringRef key) {
  for (const ScheduleChoice &choice : llvm::reverse(choices))
    if (choice.key == key && (choice.kernel == kernel || choice.kernel == "*"))
      return choice.value;
  return target.find(key)->value;
}
