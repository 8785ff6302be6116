// Random masks against the closed forms that are derived from them.
#include "dialect/AttnOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/MaskCheck.h"
#include <gtest/gtest.h>
#include <random>

using namespace attn;
using namespace mlir;

namespace {

constexpr uint64_t maskCount = 150;

/// Builds `(row, column, N, M, offset, w, s: index, flag: i1) -> i1`.
class RandomMask {
public:
  RandomMask(MLIRContext &context, uint64_t seed)
      : random(seed), b(&context), loc(b.getUnknownLoc()),
        module(ModuleOp::create(loc)) {
    b.setInsertionPointToEnd(module->getBody());
    Type index = b.getIndexType();
    auto function = func::FuncOp::create(
        b, loc, "mask",
        b.getFunctionType(
            {index, index, index, index, index, index, index, b.getI1Type()},
            {b.getI1Type()}));
    Block *block = function.addEntryBlock();
    b.setInsertionPointToEnd(block);
    auto at = [&](unsigned k) { return Value(block->getArgument(k)); };
    question.row = at(0);
    question.column = at(1);
    question.rowBound = at(2);
    question.colBound = at(3);
    flag = at(7);
    Value i = arith::AddIOp::create(b, loc, at(0), at(4));
    leaves = {i,     i,     i,
              at(1), at(1), at(1),
              at(5), at(6), arith::SubIOp::create(b, loc, i, at(1))};
    question.condition = condition(3);
    func::ReturnOp::create(b, loc, question.condition);
  }

  MaskQuestion question;
  ModuleOp get() { return *module; }

private:
  int64_t below(int64_t n) { return random() % n; }
  Value constant(int64_t x) {
    return arith::ConstantIndexOp::create(b, loc, x);
  }

  Value integer(int depth) {
    if (!depth || below(3) == 0)
      return below(5) ? leaves[below(leaves.size())] : constant(below(20) - 4);
    Value x = integer(depth - 1);
    switch (below(9)) {
    case 0:
      return arith::AddIOp::create(b, loc, x, integer(depth - 1));
    case 1:
      return arith::SubIOp::create(b, loc, x, integer(depth - 1));
    case 2:
      return arith::MulIOp::create(b, loc, x, constant(below(7) - 2));
    case 3:
      return arith::FloorDivSIOp::create(b, loc, x, constant(2 + below(7)));
    case 4:
      return ModOp::create(b, loc, x, constant(1 + below(6)));
    case 5:
      return arith::MinSIOp::create(b, loc, x, integer(depth - 1));
    case 6:
      return arith::MaxSIOp::create(b, loc, x, integer(depth - 1));
    case 7:
      return math::AbsIOp::create(b, loc, x);
    default: // a divisor that is known at run time only
      return FloorDivOp::create(b, loc, x, leaves[6]);
    }
  }

  Value condition(int depth) {
    if (!depth || below(6) == 0) {
      if (below(12) == 0)
        return flag;
      using P = arith::CmpIPredicate;
      P predicates[] = {P::sle, P::slt, P::sge, P::sgt,
                        P::sle, P::slt, P::eq,  P::ne};
      return arith::CmpIOp::create(b, loc, predicates[below(8)], integer(2),
                                   integer(2));
    }
    Value x = condition(depth - 1);
    switch (below(8)) {
    case 0:
    case 1:
    case 2:
      return arith::AndIOp::create(b, loc, x, condition(depth - 1));
    case 3:
    case 4:
    case 5:
      return arith::OrIOp::create(b, loc, x, condition(depth - 1));
    case 6:
      return arith::XOrIOp::create(b, loc, x,
                                   arith::ConstantIntOp::create(b, loc, 1, 1));
    default:
      return arith::SelectOp::create(b, loc, x, condition(depth - 1),
                                     condition(depth - 1));
    }
  }

  std::mt19937_64 random;
  OpBuilder b;
  Location loc;
  OwningOpRef<ModuleOp> module;
  SmallVector<Value> leaves;
  Value flag;
};

TEST(MaskFuzz, ClosedFormsAgreeWithTheMask) {
  MLIRContext context;
  context.disableMultithreading();
  context.loadDialect<AttnDialect, arith::ArithDialect, math::MathDialect,
                      func::FuncDialect>();
  int exact = 0;
  for (uint64_t seed = 1; seed <= maskCount; ++seed) {
    RandomMask mask(context, seed);
    MaskCheck check = checkMask(mask.question, 8, seed);
    std::string text;
    if (!check.failure.empty()) {
      llvm::raw_string_ostream os(text);
      mask.get().print(os);
      MaskAnalysis(mask.question).print(os);
    }
    ASSERT_EQ(check.failure, "") << "seed " << seed << '\n' << text;
    exact += MaskAnalysis(mask.question).exact();
  }
  EXPECT_GT(exact, maskCount / 4); // most simple masks have exact forms
}

} // namespace
