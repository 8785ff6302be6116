#include "codegen/nvidia/PtxDivision.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BypassSlowDivision.h"
#include "llvm/Transforms/Utils/IntegerDivision.h"

using namespace llvm;

static SmallVector<BinaryOperator *> divisions(Function &function) {
  SmallVector<BinaryOperator *> found;
  for (Instruction &i : instructions(function))
    if (auto *op = dyn_cast<BinaryOperator>(&i); op && op->isIntDivRem() && op->getType()->isIntegerTy(64) && !isa<Constant>(op->getOperand(1)))
      found.push_back(op);
  return found;
}

void attn::nvidia::expandDivisions(Module &module) {
  for (Function &function : module) {
    SmallPtrSet<BasicBlock *, 16> blocks;
    for (BinaryOperator *op : divisions(function))
      blocks.insert(op->getParent());
    // Blocks that this adds come behind the one at hand.
    for (BasicBlock &block : make_early_inc_range(function))
      if (blocks.contains(&block))
        bypassSlowDivision(&block, {{64, 32}});
    for (BinaryOperator *op : divisions(function))
      if (op->getOpcode() == Instruction::UDiv || op->getOpcode() == Instruction::SDiv)
        expandDivisionUpTo64Bits(op);
      else
        expandRemainderUpTo64Bits(op);
  }
}
