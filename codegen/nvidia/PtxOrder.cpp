#include "codegen/nvidia/PtxOrder.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace {
/// A run of instructions without effects.
class Segment {
public:
  Segment(ArrayRef<Instruction *> all, Instruction *end) : open(all.begin(), all.end()), end(end) {
    for (Instruction *i : all)
      if (i->use_empty() || any_of(i->users(), [&](User *user) { return !open.contains(dyn_cast<Instruction>(user)); }))
        place(i);
  }

private:
  // Operands first, in their order. The stack is explicit: sums are long chains.
  void place(Instruction *root) {
    SmallVector<std::pair<Instruction *, unsigned>> path;
    auto enter = [&](Instruction *i) {
      if (open.erase(i))
        path.push_back({i, 0});
    };
    enter(root);
    while (!path.empty()) {
      auto &[i, next] = path.back();
      if (next == i->getNumOperands()) {
        i->moveBefore(end->getIterator());
        path.pop_back();
      } else if (auto *operand = dyn_cast<Instruction>(i->getOperand(next++))) {
        enter(operand);
      }
    }
  }

  SmallPtrSet<Instruction *, 32> open; ///< not placed yet
  Instruction *end;
};
} // namespace

static bool moves(const Instruction &i) {
  // What assembly reads does not change before an instruction with effects.
  if (auto *call = dyn_cast<CallBase>(&i); call && call->isInlineAsm() && !cast<InlineAsm>(call->getCalledOperand())->hasSideEffects())
    return !call->isConvergent();
  if (isa<PHINode, AllocaInst, ExtractValueInst>(i) || i.isTerminator() || i.mayHaveSideEffects())
    return false;
  if (auto *call = dyn_cast<CallBase>(&i); call && call->isConvergent())
    return false;
  return !i.mayReadFromMemory() || i.hasMetadata(LLVMContext::MD_invariant_load);
}

void attn::nvidia::shortenLives(Module &module) {
  for (Function &function : module)
    for (BasicBlock &block : function) {
      SmallVector<Instruction *> run;
      for (Instruction &i : llvm::make_early_inc_range(block)) {
        if (moves(i)) {
          run.push_back(&i);
          continue;
        }
        if (run.size() > 1)
          Segment(run, &i);
        run.clear();
      }
    }
}
