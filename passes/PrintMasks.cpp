#include "passes/MaskCheck.h"
#include "passes/MaskFindings.h"
#include "passes/Passes.h"
#include "llvm/Support/raw_ostream.h"

using namespace attn;
using namespace mlir;

namespace attn {
#define GEN_PASS_DEF_PRINTMASKSPASS
#include "passes/Passes.h.inc"
} // namespace attn

static void warn(const MaskFinding &finding) {
  InFlightDiagnostic warning = emitWarning(finding.location);
  switch (finding.kind) {
  case MaskFinding::Never:
    warning << "is never true here";
    break;
  case MaskFinding::Always:
    warning << "is always true here";
    break;
  case MaskFinding::NoEffect:
    warning << "makes no difference here";
    break;
  case MaskFinding::RowsWithoutKeys:
    warning << "rows " << finding.text << " see no key";
    break;
  case MaskFinding::NoKeys:
    warning << "no row sees any key";
    break;
  }
}

namespace {
struct PrintMasks : attn::impl::PrintMasksPassBase<PrintMasks> {
  using PrintMasksPassBase::PrintMasksPassBase;
  void runOnOperation() override {
    llvm::raw_ostream &os = llvm::outs();
    getOperation()->walk([&](AttendOp attend) {
      for (bool swapped : {false, true}) {
        if (swapped && !keys)
          continue;
        MaskQuestion question = MaskQuestion::of(attend, swapped);
        if (swapped)
          os << "mask of '" << attend.getName()
             << "', for keys r0..r1 the rows\n";
        else
          os << "mask of '" << attend.getName()
             << "', for rows r0..r1 the keys\n";
        MaskAnalysis(question).print(os);
        if (findings && !swapped)
          for (const MaskFinding &finding : findInMask(question))
            warn(finding);
        if (!check)
          continue;
        MaskCheck result = checkMask(question, trials, seed);
        if (result.failure.empty()) {
          os << "  agrees with the mask\n";
        } else {
          emitError(attend.getLoc(),
                    "the closed forms of this mask are wrong: ")
              << result.failure;
          signalPassFailure();
        }
      }
    });
  }
};
} // namespace
