#include "passes/Passes.h"
#include "passes/TargetModel.h"

namespace attn {
#define GEN_PASS_DEF_SCHEDULEPASS
#include "passes/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

// Choices for kernels that are not there are mistakes.
static LogicalResult checkNames(plan::ProgramOp program,
                                ArrayRef<ScheduleChoice> choices) {
  for (const ScheduleChoice &choice : choices) {
    auto kernels = program.getBody().getOps<plan::KernelOp>();
    if (choice.kernel == "*" ||
        llvm::any_of(kernels, [&](plan::KernelOp kernel) {
          StringRef name = kernel.getName();
          return name == choice.kernel || // or a part of the work on it
                 name.starts_with(choice.kernel + " ");
        }))
      continue;
    InFlightDiagnostic diagnostic = program.emitError()
                                    << "no kernel is named '" << choice.kernel
                                    << "'; there are ";
    llvm::interleaveComma(kernels, diagnostic, [&](plan::KernelOp kernel) {
      diagnostic << "'" << kernel.getName() << "'";
    });
    return failure();
  }
  return success();
}

static LogicalResult schedule(plan::KernelOp kernel, const TargetModel &target,
                              ArrayRef<ScheduleChoice> choices) {
  Builder builder(kernel.getContext());
  NamedAttrList schedule;
  if (auto known = kernel.getSchedule())
    schedule = NamedAttrList(*known);
  for (NamedAttribute known : schedule)
    if (!target.find(known.getName()) || !isa<IntegerAttr>(known.getValue()))
      return kernel.emitError()
             << "schedules for '" << target.name << "' have no number '"
             << known.getName().getValue() << "'";
  bool sweeps = !kernel.getBody().getOps<plan::SweepOp>().empty();
  for (const TargetModel::Key &key : target.keys) {
    if (key.ofPlan || (key.needsSweep && !sweeps))
      continue;
    int64_t wanted = choose(target, choices, kernel.getName(), key.name);
    bool chosen = llvm::any_of(choices, [&](const ScheduleChoice &choice) {
      return choice.key == key.name && choice.kernel == kernel.getName();
    });
    bool isSide =
        StringRef(key.name) == "rows" || StringRef(key.name) == "cols";
    auto known = cast_or_null<IntegerAttr>(schedule.get(key.name));
    if (known && isSide && chosen && known.getInt() != wanted)
      return kernel.emitError() << "is planned for " << known.getInt() << " "
                                << key.name << ", not for " << wanted;
    if (known && (isSide || !chosen))
      wanted = known.getInt();
    if (std::string wrong = TargetModel::complaint(key, wanted); !wrong.empty())
      return kernel.emitError()
             << "'" << key.name << "' is " << wanted << ", but " << wrong;
    schedule.set(key.name, builder.getI64IntegerAttr(wanted));
  }
  kernel.setScheduleAttr(schedule.getDictionary(kernel.getContext()));
  return success();
}

namespace {
struct Schedule : attn::impl::SchedulePassBase<Schedule> {
  using SchedulePassBase::SchedulePassBase;
  void runOnOperation() override {
    plan::ProgramOp program = getOperation();
    const TargetModel *model = TargetModel::get(target);
    if (!model) {
      program.emitError() << "there is no target '" << target << "'";
      return signalPassFailure();
    }
    auto choices = parseChoices(*model, llvm::to_vector(schedule),
                                [&] { return program.emitError(); });
    if (failed(choices) || failed(checkNames(program, *choices)))
      return signalPassFailure();
    for (auto kernel : program.getBody().getOps<plan::KernelOp>())
      if (failed(::schedule(kernel, *model, *choices)))
        return signalPassFailure();
  }
};
} // namespace
