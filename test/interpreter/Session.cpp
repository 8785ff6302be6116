// Stands in for the compiler: what it loads is the plan.
#include "runtime/Session.h"
#include "frontend/Import.h"
#include "frontend/Scalar.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Pipelines.h"
#include "test/interpreter/Interpreter.h"

using namespace attn;

namespace {
class Interpreted : public Callable {
public:
  Interpreted(const core::Program &program) : program(program) {
    context.disableMultithreading();
  }

  std::string plan(const SourceMap &sources, const CompileOptions &options) {
    std::string text;
    llvm::raw_string_ostream os(text);
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
      os << d.str() << '\n';
      return mlir::success();
    });
    context.loadDialect<plan::PlanDialect, AttnDialect, mlir::affine::AffineDialect>();
    module = importProgram(program, sources, context);
    if (!module)
      return text;
    PlanOptions chosen;
    for (auto &[key, value] : options.schedule)
      chosen.schedule.push_back("*:" + key + "=" + std::to_string(value));
    mlir::PassManager passes(&context);
    buildSimplifyPipeline(passes);
    buildPlanPipeline(passes, chosen);
    buildSchedulePipeline(passes, chosen);
    if (mlir::failed(passes.run(*module)))
      return text.empty() ? "cannot be planned" : text;
    module->walk([&](plan::KernelOp op) {
      Manifest::Kernel kernel;
      kernel.name = op.getName().str();
      for (auto [key, side] : {std::pair("rows", &kernel.rows), std::pair("cols", &kernel.cols)})
        if (auto value = op.getSchedule()->getAs<mlir::IntegerAttr>(key))
          *side = value.getInt();
      described.kernels.push_back(kernel);
    });
    return "";
  }

  const Manifest &manifest() const override { return described; }

  std::string run(const Call &call) const override {
    interpreter::Arguments arguments;
    ScalarInputs known;
    std::vector<int64_t> lengths(program.axes.size(), -1);
    std::map<std::string, Tensor> defaults;
    auto learn = [&](const std::vector<int> &axes, const TensorView &view) {
      for (size_t k = 0; k < axes.size(); ++k)
        lengths[size_t(axes[k])] = view.shape[k];
    };
    for (const core::Tensor &t : program.tensors)
      if (auto it = call.inputs.find(t.name); it != call.inputs.end()) {
        learn(t.axes, it->second);
        arguments.tensors[t.name] = it->second;
      }
    for (const core::Output &o : program.outputs) {
      const TensorView &view = call.outputs.at(o.name);
      for (size_t k = 0; k < o.variables.size(); ++k)
        lengths[size_t(program.variables[size_t(o.variables[k])].axis)] = view.shape[k];
      arguments.tensors[o.name] = view;
    }
    for (int64_t &n : lengths)
      n = std::max<int64_t>(n, 0);
    known.extents = lengths;
    for (size_t a = 0; a < program.axes.size(); ++a)
      arguments.lengths[program.axes[a].name] = lengths[a];
    for (const core::Param &p : program.params) {
      Scalar value;
      auto real = call.reals.find(p.name);
      auto integer = call.ints.find(p.name);
      if (real != call.reals.end())
        value = Scalar::ofReal(real->second);
      else if (integer != call.ints.end())
        value = Scalar::ofInt(integer->second);
      else if (auto given = p.defaultValue ? evaluateScalar(*p.defaultValue, known) : std::nullopt)
        value = *given;
      else if (p.name == "offset")
        value = Scalar::ofInt(lengths[core::AxisM] - lengths[core::AxisN]);
      else
        return "no value for `" + p.name + "`";
      known.params.push_back(value);
      arguments.scalars[p.name] = value.number();
    }
    for (const core::Tensor &t : program.tensors) {
      if (arguments.tensors.count(t.name))
        continue;
      auto value = t.defaultValue ? evaluateScalar(*t.defaultValue, known) : std::nullopt;
      if (!value)
        return "no array `" + t.name + "`";
      std::vector<int64_t> shape;
      for (int axis : t.axes)
        shape.push_back(lengths[size_t(axis)]);
      shape.insert(shape.end(), t.shape.begin(), t.shape.end());
      Tensor &tensor = defaults[t.name] = Tensor(t.dtype, shape);
      for (int64_t k = 0; k < tensor.elements(); ++k)
        isFloat(t.dtype) ? tensor.set(k, value->number()) : storeInt(tensor.view(), k, int64_t(value->number()));
      arguments.tensors[t.name] = tensor.view();
    }
    std::string error;
    for (auto program : module.get().getOps<plan::ProgramOp>())
      error = interpreter::run(program, arguments);
    if (call.stats) {
      call.stats[Manifest::Visited] += arguments.visited;
      call.stats[Manifest::Mixed] += arguments.mixed;
    }
    return error;
  }

private:
  const core::Program &program;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Manifest described;
};
} // namespace

std::unique_ptr<Callable> attn::load(const core::Program &program, const SourceMap &sources,
                                     const CompileOptions &options, Diagnostics &, std::string &error) {
  auto callable = std::make_unique<Interpreted>(program);
  error = callable->plan(sources, options);
  return error.empty() ? std::move(callable) : nullptr;
}

std::string attn::printStage(const core::Program &, const SourceMap &, const CompileOptions &, Stage,
                             Diagnostics &, std::string &error) {
  error = "the interpreter prints no stages";
  return "";
}
