#include "codegen/nvidia/PlanToNvidia.h"
#include "codegen/Passes.h"
#include "codegen/Pipelines.h"
#include "codegen/Sizes.h"
#include "codegen/nvidia/Judge.h"
#include "codegen/nvidia/Simt.h"
#include "codegen/nvidia/TensorPath.h"
#include "codegen/nvidia/Wg.h"
#include "passes/Pipelines.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace attn;
using namespace attn::nvidia;

static LogicalResult makePlan(ModuleOp module, const nvidia::Target &target, ArrayRef<std::string> schedule) {
  PassManager passes(module.getContext(), ModuleOp::getOperationName());
  passes.enableVerifier(false);
  PlanOptions options;
  options.target = target.name;
  options.schedule.assign(schedule.begin(), schedule.end());
  buildPlanPipeline(passes, options);
  buildSchedulePipeline(passes, options);
  return passes.run(module);
}

static SmallVector<plan::KernelOp> kernelsOf(ModuleOp module) {
  SmallVector<plan::KernelOp> kernels;
  module.walk([&](plan::KernelOp kernel) { kernels.push_back(kernel); });
  return kernels;
}

/// Sides of tiles that need fewer registers than (rows, cols), in the order to
/// try them: two groups of warps have more registers each than three.
static SmallVector<std::pair<int64_t, int64_t>> smallerSides(plan::KernelOp kernel, ArrayRef<std::string> schedule) {
  if (llvm::any_of(schedule, [](StringRef choice) { return choice.contains("rows=") || choice.contains("cols="); }))
    return {}; // the user has chosen
  auto side = [&](StringRef key) {
    DictionaryAttr schedule = kernel.getScheduleAttr();
    auto value = schedule ? schedule.getAs<IntegerAttr>(key) : IntegerAttr();
    return value ? value.getInt() : 128;
  };
  int64_t rows = side("rows"), cols = side("cols");
  SmallVector<std::pair<int64_t, int64_t>> sides;
  if (rows > 128)
    sides.push_back({128, cols});
  for (; cols > 16; cols = llvm::alignTo(cols / 2, 16))
    sides.push_back({std::min<int64_t>(rows, 128), llvm::alignTo(cols / 2, 16)});
  return sides;
}

/// How many attempts, of the kernel as it is and then with `sides`, need not be
/// made: by estimate they spill, or take too long.
static size_t hopeless(plan::KernelOp kernel, const Target &target, ArrayRef<std::pair<int64_t, int64_t>> sides) {
  if (sides.empty() || fits(kernel, target, std::nullopt))
    return 0;
  for (auto [n, side] : llvm::enumerate(sides))
    if (fits(kernel, target, side))
      return n + 1;
  return sides.size();
}

FailureOr<std::vector<Decision>> nvidia::planForNvidia(OwningOpRef<ModuleOp> &module, const Target &target, ArrayRef<std::string> schedule,
                                                       ArrayRef<Decision> refused) {
  module->getContext()->getOrLoadDialect<wg::WgDialect>(); // refusals ask its types for their sizes
  OwningOpRef<ModuleOp> first(module->clone());
  if (failed(makePlan(*first, target, schedule)))
    return failure();
  std::vector<Decision> decisions;
  SmallVector<std::string> before, after;
  for (plan::KernelOp kernel : kernelsOf(*first)) {
    Decision d{kernel.getName().str(), false, ""};
    bool sweeps = !kernel.getBody().getOps<plan::SweepOp>().empty();
    if (sweeps)
      d.reason = refusal(kernel, target);
    auto sides = smallerSides(kernel, schedule);
    size_t attempt = llvm::count_if(refused, [&](const Decision &known) { return known.kernel == d.kernel; });
    if (sweeps && d.reason.empty())
      attempt += hopeless(kernel, target, sides);
    d.last = attempt == sides.size();
    if (attempt > sides.size() && d.reason.empty())
      d.reason = llvm::find_if(refused, [&](const Decision &known) { return known.kernel == d.kernel; })->reason;
    d.tensorCores = sweeps && d.reason.empty();
    if (d.tensorCores && attempt) {
      before.push_back(d.kernel + ":rows=" + std::to_string(sides[attempt - 1].first));
      before.push_back(d.kernel + ":cols=" + std::to_string(sides[attempt - 1].second));
    }
    if (!d.tensorCores) {
      // The user may choose how many keys, not how many rows.
      if (sweeps)
        before.push_back(d.kernel + ":cols=" + std::to_string(simtCols));
      after.push_back(d.kernel + ":rows=" + std::to_string(simtRows));
    }
    decisions.push_back(d);
  }
  if (!after.empty() || !before.empty()) {
    before.append(schedule.begin(), schedule.end());
    before.append(after);
    first = OwningOpRef<ModuleOp>(module->clone());
    if (failed(makePlan(*first, target, before)))
      return failure();
  }
  module = std::move(first);
  auto kernels = kernelsOf(*module);
  std::vector<Decision> all;
  for (auto [kernel, decision] : llvm::zip(kernels, decisions)) {
    if (decision.tensorCores && addJudge(kernel))
      all.push_back({decision.kernel + ".tiles", false, "", false, true});
    all.push_back(decision);
  }
  return all;
}

LogicalResult nvidia::lowerPlanToNvidia(ModuleOp module, const Target &target, ArrayRef<Decision> decisions, Manifest &manifest) {
  SmallVector<plan::ProgramOp> programs(module.getOps<plan::ProgramOp>());
  if (programs.size() != 1)
    return module.emitError("there must be one plan to lower");
  plan::ProgramOp program = programs[0];
  cpu::Frame frame(program);
  for (auto [n, kernel] : llvm::enumerate(SmallVector<plan::KernelOp>(program.getBody().getOps<plan::KernelOp>()))) {
    Manifest::Kernel &k = frame.manifest.kernels[n];
    if (kernel->hasAttr(judgesAttr) ? failed(lowerJudge(module, frame, kernel, k))
        : decisions[n].tensorCores  ? failed(lowerToTensorCores(module, frame, kernel, target, k)) : failed(lowerToSimt(module, frame, kernel, k)))
      return failure();
    k.launch.reason = decisions[n].reason;
  }
  FailureOr<std::vector<Manifest::SizeStep>> sizes = sizesOf(program, frame);
  if (failed(sizes))
    return failure();
  manifest = frame.manifest;
  manifest.sizes = *sizes;
  manifest.target = target.name;
  manifest.sizesSymbol.clear();
  program.erase();
  return success();
}

void nvidia::buildNvidiaToLlvm(OpPassManager &passes) {
  cpu::Target target; // has an instruction that rounds to bf16
  target.lanes = 1;
  target.scalef = false;
  passes.addPass(createWgToLlvm());
  passes.addPass(createLowerAffinePass());
  buildCpuToLlvm(passes, target);
  passes.addPass(createConvertNVVMToLLVMPass());
}

void nvidia::markEntries(ModuleOp module) {
  Builder b(module.getContext());
  for (auto fn : module.getOps<LLVM::LLVMFuncOp>()) {
    if (auto threads = dyn_cast_or_null<IntegerAttr>(fn->removeAttr(simtThreadsAttr))) {
      fn->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), b.getUnitAttr());
      fn.setArgAttr(0, NVVM::NVVMDialect::getGridConstantAttrName(), b.getUnitAttr());
      fn->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(), b.getDenseI32ArrayAttr({int32_t(threads.getInt())}));
      fn->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), b.getI32IntegerAttr(simtResidentThreads / threads.getInt()));
    }
    if (fn->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName()))
      continue;
    fn.setLinkage(LLVM::Linkage::Internal);
    fn.setNoInline(false);
    fn.setAlwaysInline(true);
  }
}
