#include "codegen/nvidia/PtxLoops.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

using namespace llvm;

void attn::nvidia::keepRolled(Module &module) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    DominatorTree dominators(function);
    LoopInfo loops(dominators);
    for (Loop *loop : loops.getLoopsInPreorder())
      if (loop->isInnermost() && any_of(loop->blocks(), [](const BasicBlock *block) {
            return any_of(*block, [](const Instruction &i) { return i.getType()->isDoubleTy(); });
          }))
        loop->setLoopAlreadyUnrolled();
  }
}
