#include "tools/attnc/Findings.h"
#include "dialect/AttnOps.h"
#include "frontend/Import.h"
#include "frontend/Scalar.h"
#include "mlir/Pass/PassManager.h"
#include "passes/MaskFindings.h"
#include "passes/Pipelines.h"
#include "tools/attnc/Places.h"

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

static void add(const MaskFinding &finding, const SourceMap &sources, Diagnostics &diagnostics) {
  std::optional<Span> where = spanOf(finding.location, sources);
  if (!where)
    return;
  std::string quoted = "`" + std::string(sources.text(*where)) + "`";
  auto warn = [&](const std::string &message) -> Diagnostic & {
    Diagnostic &warning = diagnostics.warning(*where, message);
    std::optional<Span> inner = spanOf(finding.location, sources, /*inner=*/true);
    if (inner && finding.clause && (inner->file != where->file || inner->begin != where->begin))
      warning.note("it is `" + std::string(sources.text(*inner)) + "` of " + quoted);
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
  buildPlanPipeline(passes, {});
  (void)passes.run(*module); // what it refuses is among the diagnostics
}
