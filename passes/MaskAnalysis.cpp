#include "passes/MaskAnalysis.h"
#include "passes/MaskBounds.h"

using namespace attn;
using namespace attn::mask;
using namespace mlir;

MaskAnalysis::MaskAnalysis(const MaskQuestion &question) {
  Model model(question);
  Formula seen = model.condition(question.condition);
  Formula hidden = negate(seen);
  MLIRContext *context = question.condition.getContext();

  auto intervals = [&](const Formula &f) {
    Sets sets(model);
    presburger::PresburgerSet set = sets.build(f, sets.domain(/*tile=*/true));
    return columnIntervals(model, sets, set.coalesce(), context);
  };
  liveKeys = intervals(seen);
  holeKeys = intervals(hidden);
  table.assign(model.symbols.begin(), model.symbols.end());
  unknown.assign(model.unknown.begin(), model.unknown.end());
}

bool MaskAnalysis::exact() const {
  auto isExact = [](const KeyInterval &x) { return x.exact; };
  return llvm::all_of(live(), isExact) && llvm::all_of(holes(), isExact);
}
