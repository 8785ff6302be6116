#include "passes/Passes.h"
#include "passes/WeightPlan.h"

namespace attn {
#define GEN_PASS_DEF_PRINTWEIGHTSPASS
#include "passes/Passes.h.inc"
} // namespace attn

namespace {
struct PrintWeights : attn::impl::PrintWeightsPassBase<PrintWeights> {
  void runOnOperation() override {
    std::string text;
    llvm::raw_string_ostream os(text);
    getOperation().walk([&](attn::AttendOp attend) {
      attn::WeightPlan(attend).print(os, attend.getName());
    });
    llvm::outs() << text;
    markAllAnalysesPreserved();
  }
};
} // namespace
