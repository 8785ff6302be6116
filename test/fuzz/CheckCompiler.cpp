#include "test/fuzz/CheckText.h"
#include "frontend/Import.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"
#include <cstdlib>
#include <iostream>

using namespace mlir;

namespace attn {

/// Says what was expected and what came instead.
static void fail(llvm::StringRef what, llvm::StringRef message) {
  std::cerr << "fuzz: " << what.str() << ": " << message.str() << "\n";
  std::abort();
}

static void check(const core::Program &program, const SourceMap &sources, bool plan) {
  // One context for all runs: loading the dialects takes longer than a run.
  static MLIRContext context(MLIRContext::Threading::DISABLED);
  unsigned errors = 0;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return success();
    ++errors;
    std::string message = diagnostic.str();
    for (const char *internal : {"'attn.", "'plan.", "'arith.", "'scf.", "'math.", "'builtin.", "operand #", "SSA"})
      if (message.find(internal) != std::string::npos)
        fail("a message shows the compiler's insides", message);
    return success();
  });
  OwningOpRef<ModuleOp> module = importProgram(program, sources, context);
  if (!module) {
    if (errors == 0)
      fail("the importer refuses without a message", program.name);
    return;
  }
  if (failed(verify(*module)))
    fail("imported IR does not verify", program.name);
  if (!plan)
    return;
  PassManager passes(&context);
  passes.addNestedPass<PatternOp>(createPullScalesPass());
  passes.addNestedPass<PatternOp>(createHoistKeysPass());
  passes.addNestedPass<PatternOp>(createCSEPass());
  passes.addPass(createPlanPass());
  if (failed(passes.run(*module)) && errors == 0)
    fail("a pass refuses without a message", program.name);
}

void checkImporter(const core::Program &program, const SourceMap &sources) { check(program, sources, false); }
void checkPlanner(const core::Program &program, const SourceMap &sources) { check(program, sources, true); }

} // namespace attn
