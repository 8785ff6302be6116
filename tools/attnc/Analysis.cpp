#include "tools/attnc/Analysis.h"
#include "codegen/nvidia/PlanToNvidia.h"
#include "dialect/AttnOps.h"
#include "dialect/PlanOps.h"
#include "frontend/Import.h"
#include "frontend/ImportPlaces.h"
#include "frontend/Scalar.h"
#include "mlir/Pass/PassManager.h"
#include "passes/MaskInterpreter.h"
#include "passes/MaskNumbers.h"
#include "passes/Pipelines.h"
#include "passes/PlanLists.h"
#include "passes/WeightPlan.h"

using namespace attn;
using namespace attnc;

namespace {

std::string place(mlir::Location location) {
  std::string text;
  location->walk([&](mlir::Location at) {
    if (auto range = llvm::dyn_cast<mlir::FileLineColLoc>(at))
      text = range.getFilename().str() + ":" + std::to_string(range.getLine()) + ":" +
             std::to_string(range.getColumn());
    return mlir::WalkResult::advance();
  });
  return text;
}

/// Values of the integers that closed forms are over, where they follow from
/// lengths and parameters.
class SymbolValues {
public:
  SymbolValues(const Loaded &loaded, const Problem &problem)
      : interpreter([this](mlir::Value value, llvm::ArrayRef<int64_t>) { return leaf(value); }) {
    const core::Program &program = loaded.program;
    ScalarInputs inputs;
    for (const core::Axis &axis : program.axes) {
      inputs.extents.push_back(problem.lengths.at(axis.name));
      lengths[axis.name] = inputs.extents.back();
    }
    for (const core::Param &param : program.params) {
      Scalar value = chosen(loaded, param, inputs).value_or(Scalar::ofInt(problem.offset));
      value.base = param.type;
      inputs.params.push_back(value);
      params[param.name] = value.integer;
    }
  }

  int64_t operator()(const MaskSymbol &symbol, mlir::Value row, int64_t first, int64_t last) {
    if (symbol.kind == MaskSymbol::Uniform)
      return interpreter(symbol.value);
    int64_t best = 0;
    for (int64_t r = first; r <= last; ++r) {
      interpreter.fixed[row] = r;
      int64_t value = interpreter(symbol.value);
      best = r == first                              ? value
             : symbol.kind == MaskSymbol::RowMin ? std::min(best, value)
                                                 : std::max(best, value);
    }
    return best;
  }

  bool known = true; ///< no table, head or batch entry was asked for

private:
  int64_t leaf(mlir::Value value) {
    mlir::Operation *op = value.getDefiningOp();
    if (auto param = llvm::dyn_cast_or_null<ParamOp>(op))
      return params[param.getName().str()];
    if (auto extent = llvm::dyn_cast_or_null<ExtentOp>(op))
      return lengths[extent.getName().str()];
    known = false;
    return 0;
  }

  std::map<std::string, int64_t> params, lengths;
  MaskInterpreter interpreter;
};

/// Counts the main kernel's tiles, and those of the row tiles that share keys.
void classify(const MaskAnalysis &masks, AttendOp attend, const Loaded &loaded, const Problem &problem, int threads,
              Analysis &analysis) {
  auto length = [&](int axis) { return problem.length(loaded.program, axis); };
  int64_t heads = length(core::AxisB) * length(core::AxisH);
  int64_t rowTiles = (length(core::AxisN) + analysis.rows - 1) / analysis.rows;
  analysis.together = sharedTiles(heads * rowTiles, analysis.together, threads);
  if (!masks.exact())
    return;
  mlir::Value row = MaskQuestion::of(attend).row;
  auto count = [&](int64_t rows) {
    SymbolValues values(loaded, problem);
    TileClasses counts = classifyTiles(masks, length(core::AxisN), length(core::AxisM), rows, analysis.cols,
                                       [&](const MaskSymbol &symbol, int64_t first, int64_t last) {
                                         return values.known ? values(symbol, row, first, last) : 0;
                                       });
    return Analysis::Tiles{values.known, counts.dead * heads, counts.full * heads, counts.mixed * heads};
  };
  analysis.tiles = count(analysis.rows);
  analysis.groups = count(analysis.rows * analysis.together);
}

Analysis::Branch describe(AttendOp attend, const MaskAnalysis &masks) {
  Analysis::Branch branch;
  branch.name = attend.getName().str();
  llvm::raw_string_ostream keys(branch.keys);
  masks.print(keys);
  branch.exact = masks.exact();
  for (mlir::Value value : masks.opaque())
    branch.opaque.push_back(place(value.getLoc()));
  llvm::raw_string_ostream os(branch.weights);
  WeightPlan(attend).print(os, branch.name);
  return branch;
}

/// From a simplified module to a scheduled plan; for GPUs with what runs how.
bool makePlan(mlir::OwningOpRef<mlir::ModuleOp> &module, const CompileOptions &options, std::vector<nvidia::Decision> &decisions) {
  PlanOptions plan;
  for (auto &[name, value] : options.schedule)
    plan.schedule.push_back("*:" + name + "=" + std::to_string(value));
  if (std::optional<nvidia::Target> gpu = nvidia::Target::get(options.target)) {
    mlir::FailureOr<std::vector<nvidia::Decision>> made = nvidia::planForNvidia(module, *gpu, plan.schedule);
    if (mlir::succeeded(made))
      decisions = *made;
    return mlir::succeeded(made);
  }
  mlir::PassManager passes(module->getContext());
  buildPlanPipeline(passes, plan);
  buildSchedulePipeline(passes, plan);
  return mlir::succeeded(passes.run(*module));
}

int64_t sweepsOf(plan::KernelOp kernel) { return llvm::range_size(kernel.getBody().getOps<plan::SweepOp>()); }

void describePlan(mlir::ModuleOp module, Analysis &analysis) {
  module.walk([&](plan::KernelOp op) {
    Analysis::Kernel kernel;
    kernel.name = op.getName().str();
    if (auto schedule = op.getScheduleAttr()) {
      for (mlir::NamedAttribute entry : schedule)
        if (auto number = llvm::dyn_cast<mlir::IntegerAttr>(entry.getValue()))
          kernel.schedule[entry.getName().str()] = number.getInt();
      for (auto &[name, value] : kernel.schedule)
        kernel.text += (kernel.text.empty() ? "" : ", ") + name + " = " + std::to_string(value);
    }
    for (auto sweep : op.getBody().getOps<plan::SweepOp>()) {
      plan::SpanParts span = plan::partsOf(sweep.getSpan());
      auto list = span.list ? span.list.getDefiningOp<plan::AllocOp>() : plan::AllocOp();
      if (!list)
        continue;
      kernel.text += " over `" + list.getName().str() + "`: ";
      kernel.text += span.run > 1 ? "blocks of " + std::to_string(span.run) + " keys" : "single keys";
      kernel.text += span.gathered ? ", gathered into tiles" : ", as tiles";
      break;
    }
    bool merges = llvm::any_of(op.getBody().getOps<plan::SweepOp>(), [](plan::SweepOp s) { return s->hasAttr("merges"); });
    bool plainFirst = op->hasAttr("split") && analysis.cols;
    if (kernel.schedule.count("cols") && !merges && !plainFirst) {
      analysis.rows = kernel.schedule["rows"];
      analysis.cols = kernel.schedule["cols"];
      analysis.together = kernel.schedule["share"]; // GPUs have none: 0
      analysis.sweeps = sweepsOf(op);
    }
    analysis.kernels.push_back(kernel);
  });
  module.walk([&](plan::AllocOp op) {
    Analysis::Buffer buffer{op.getName().str(), {}};
    llvm::raw_string_ostream(buffer.type) << op.getResult().getType();
    analysis.buffers.push_back(buffer);
  });
}

} // namespace

std::map<std::string, int64_t> attnc::countSweeps(const Loaded &loaded) {
  mlir::MLIRContext context;
  Diagnostics diagnostics; // the compiler has said it all
  Collector collector(context, loaded.sources(), diagnostics);
  std::map<std::string, int64_t> sweeps;
  mlir::OwningOpRef<mlir::ModuleOp> module = importProgram(loaded.program, loaded.sources(), context);
  std::vector<nvidia::Decision> decisions;
  mlir::PassManager simplify(&context);
  buildSimplifyPipeline(simplify);
  if (module && mlir::succeeded(simplify.run(*module)) && makePlan(module, CompileOptions(), decisions))
    module->walk([&](plan::KernelOp kernel) { sweeps[kernel.getName().str()] = sweepsOf(kernel); });
  return sweeps;
}

std::optional<Analysis> attnc::analyze(const Loaded &loaded, const Problem &problem, const CompileOptions &options, int threads,
                                       Diagnostics &diagnostics, std::string &error) {
  mlir::MLIRContext context;
  Collector collector(context, loaded.sources(), diagnostics, &error);
  mlir::OwningOpRef<mlir::ModuleOp> module = importProgram(loaded.program, loaded.sources(), context);
  if (!module)
    return std::nullopt;
  Analysis analysis;
  mlir::PassManager simplify(&context);
  buildSimplifyPipeline(simplify);
  if (mlir::failed(simplify.run(*module)))
    return std::nullopt;
  mlir::OwningOpRef<mlir::ModuleOp> planned = module->clone();
  std::vector<nvidia::Decision> decisions;
  if (!makePlan(planned, options, decisions))
    return std::nullopt;
  describePlan(*planned, analysis);
  for (auto [kernel, decision] : llvm::zip(analysis.kernels, decisions)) {
    kernel.path = decision.tensorCores ? "tensor cores" : decision.judges ? "tiles" : "simt";
    kernel.reason = decision.reason;
  }
  for (auto program : planned->getOps<plan::ProgramOp>())
    analysis.work = PlanWork(program);
  module->walk([&](AttendOp attend) {
    std::string listed;
    if (std::optional<ListIterator> iterator = findIterator(attend)) {
      std::string each = iterator->run == 1 ? "single keys" : "blocks of " + std::to_string(iterator->run) + " keys";
      listed = each + ", by " + place(iterator->member.getLoc());
      dropClause(*iterator);
    }
    MaskAnalysis masks(attend);
    analysis.branches.push_back(describe(attend, masks));
    analysis.branches.back().listed = listed;
    if (attend.getName() == "o" && analysis.cols && listed.empty())
      classify(masks, attend, loaded, problem, threads, analysis);
  });
  return analysis;
}
