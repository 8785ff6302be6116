#include "tools/attnc/Findings.h"
#include "dialect/AttnOps.h"
#include "frontend/Import.h"
#include "frontend/ImportPlaces.h"
#include "frontend/Scalar.h"
#include "mlir/Pass/PassManager.h"
#include "passes/MaskFindings.h"
#include "passes/Pipelines.h"
#include "passes/WeightFindings.h"

using namespace attn;
using namespace attnc;

/// Defaults of parameters that do not depend on lengths.
static ParamValues defaults(const core::Program &program) {
  ParamValues values;
  for (const core::Param &param : program.params)
    if (param.defaultValue && param.type != core::Base::Real)
      if (std::optional<Scalar> value = evaluateScalar(*param.defaultValue, {}))
        values[param.name] = value->integer;
  return values;
}

static std::string quote(Span span, const SourceMap &sources) { return "`" + std::string(sources.text(span)) + "`"; }

/// Says what stands in a formula, where the place is its use.
static void noteFormula(Diagnostic &warning, mlir::Location location, const SourceMap &sources) {
  std::optional<Span> inner = spanOf(location, sources, /*inner=*/true);
  if (inner && (inner->file != warning.where.file || inner->begin != warning.where.begin))
    warning.note("it is " + quote(*inner, sources) + " of " + quote(warning.where, sources));
}

static void add(const MaskFinding &finding, const SourceMap &sources, Diagnostics &diagnostics) {
  std::optional<Span> where = spanOf(finding.location, sources);
  if (!where)
    return;
  std::string quoted = quote(*where, sources);
  auto warn = [&](const std::string &message) -> Diagnostic & {
    Diagnostic &warning = diagnostics.warning(*where, message);
    if (finding.clause)
      noteFormula(warning, finding.location, sources);
    return warning;
  };
  switch (finding.kind) {
  case MaskFinding::Never:
    warn(quoted + " is never true here");
    return;
  case MaskFinding::Always:
    warn(quoted + " is always true here");
    return;
  case MaskFinding::NoEffect:
    warn(quoted + " has no effect").note("the mask is the same without it");
    return;
  case MaskFinding::RowsWithoutKeys:
    warn("rows " + finding.text + " see no key").note("their output is 0 and their lse is -inf");
    return;
  case MaskFinding::NoKeys:
    warn("no row sees any key").note("the output is 0 everywhere");
    return;
  }
}

static void add(const WeightFinding &finding, const SourceMap &sources, Diagnostics &diagnostics) {
  std::optional<Span> where = spanOf(finding.location, sources);
  if (!where)
    return;
  Diagnostic &warning = diagnostics.warning(*where, finding.denominator
                                                        ? "`exp` that the denominator does not cancel can overflow"
                                                        : "`exp` without a denominator can overflow");
  noteFormula(warning, finding.location, sources);
  warning.suggest("`exp(s) / sum` is softmax; `exp(min(s, 5))` is bounded; `exp(s - lse[i])` reuses a normaliser");
}

void attnc::addFindings(const core::Program &program, const SourceMap &sources, Diagnostics &diagnostics) {
  mlir::MLIRContext context;
  Collector collector(context, sources, diagnostics);
  mlir::OwningOpRef<mlir::ModuleOp> module = importProgram(program, sources, context);
  if (!module)
    return;
  module->walk([&](AttendOp attend) {
    for (const MaskFinding &finding : findInMask(MaskQuestion::of(attend), defaults(program)))
      add(finding, sources, diagnostics);
  });
  mlir::PassManager passes(&context);
  buildSimplifyPipeline(passes);
  if (mlir::failed(passes.run(*module)))
    return; // what is refused is among the diagnostics
  module->walk([&](AttendOp attend) {
    for (const WeightFinding &finding : findInWeights(attend))
      add(finding, sources, diagnostics);
  });
  mlir::PassManager planning(&context);
  buildPlanPipeline(planning, {});
  (void)planning.run(*module);
}
