#include "passes/PlanLists.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace attn;

int64_t attn::divisor(int64_t n, int64_t most, int64_t step) {
  for (int64_t d = std::min(n, most) / step * step; d > 0; d -= step)
    if (n % d == 0)
      return d;
  return 0;
}

int64_t ListIterator::rowsOfTile(int64_t most) const {
  return group ? divisor(group, most, 1) : most;
}

//===----------------------------------------------------------------------===//
// Rows that share a set
//===----------------------------------------------------------------------===//

namespace {
/// A value as a function of (row + shift) floordiv group; group 0 is a constant.
struct RowClass {
  int64_t group = 0;
  Value shift;
};
} // namespace

static bool dependsOn(Value v, BlockArgument argument) {
  if (v == argument)
    return true;
  Operation *op = v.getDefiningOp();
  return op && llvm::any_of(op->getOperands(),
                            [&](Value x) { return dependsOn(x, argument); });
}

/// None of what no scalar arithmetic gives, or what varies with the key.
static std::optional<RowClass> classOf(Value v, BlockArgument row,
                                       BlockArgument key, OpBuilder &builder) {
  if (v == row)
    return RowClass{1, Value()};
  Operation *op = v.getDefiningOp();
  if (!op)
    return v == key ? std::nullopt : std::optional(RowClass());
  if (isa<InputOp, ParamOp, ExtentOp>(op))
    return RowClass();
  if (op->getNumRegions() || isa<AtOp, MemberOp>(op) ||
      !llvm::all_of(op->getOperandTypes(), [](Type t) { return t.isIndex(); }))
    return std::nullopt;
  SmallVector<RowClass> of;
  for (Value operand : op->getOperands()) {
    auto c = classOf(operand, row, key, builder);
    if (!c)
      return std::nullopt;
    of.push_back(*c);
  }
  if (llvm::all_of(of, [](const RowClass &c) { return c.group == 0; }))
    return RowClass();
  RowClass finest{1, Value()};
  if (of.size() != 2)
    return finest;
  bool isSum = isa<arith::AddIOp>(op), isDifference = isa<arith::SubIOp>(op);
  bool first = of[1].group == 0, second = isSum && of[0].group == 0;
  if ((isSum || isDifference) && (first || second)) {
    RowClass c = first ? of[0] : of[1];
    if (c.group > 1) // what is added to a class changes no class
      return c;
    Value by = op->getOperand(first ? 1 : 0);
    builder.setInsertionPointAfter(op);
    if (isDifference)
      by = arith::SubIOp::create(
          builder, op->getLoc(),
          arith::ConstantIndexOp::create(builder, op->getLoc(), 0), by);
    if (c.shift)
      by = arith::AddIOp::create(builder, op->getLoc(), c.shift, by);
    return RowClass{1, by};
  }
  APInt by;
  if (isa<arith::FloorDivSIOp, attn::FloorDivOp>(op) && first &&
      matchPattern(op->getOperand(1), m_ConstantInt(&by)) &&
      by.isStrictlyPositive() && by.getActiveBits() < 32) {
    // Classes of classes are coarser; finer ones than need be do no harm.
    if (of[0].group == 1)
      return RowClass{by.getSExtValue(), of[0].shift};
    return of[0];
  }
  return finest;
}

//===----------------------------------------------------------------------===//
// Clauses
//===----------------------------------------------------------------------===//

/// How many keys an element of the set stands for: of `j` one, of `j // n` n.
static int64_t runOf(Value element, BlockArgument key) {
  if (element == key)
    return 1;
  Operation *op = element.getDefiningOp();
  APInt by;
  if (op && isa<arith::FloorDivSIOp, attn::FloorDivOp>(op) &&
      op->getOperand(0) == key &&
      matchPattern(op->getOperand(1), m_ConstantInt(&by)) &&
      by.isStrictlyPositive() && by.getActiveBits() < 32)
    return by.getSExtValue();
  return 0;
}

static void clausesOf(Value condition, SmallVectorImpl<MemberOp> &members) {
  Operation *op = condition.getDefiningOp();
  if (auto member = dyn_cast_or_null<MemberOp>(op))
    members.push_back(member);
  else if (op && isa<arith::AndIOp>(op))
    for (Value part : op->getOperands())
      clausesOf(part, members);
  else if (auto choice = dyn_cast_or_null<arith::SelectOp>(op))
    if (matchPattern(choice.getFalseValue(), m_Zero())) {
      clausesOf(choice.getCondition(), members);
      clausesOf(choice.getTrueValue(), members);
    }
}

std::optional<ListIterator> attn::findIterator(AttendOp attend) {
  Block &block = attend.getMask().front();
  unsigned outer = attend.getBounds().size();
  BlockArgument row = block.getArgument(outer - 1), key = block.getArgument(outer);
  SmallVector<MemberOp> members;
  clausesOf(cast<YieldOp>(block.getTerminator()).getValues()[0], members);
  std::optional<ListIterator> best;
  auto better = [](int64_t a, int64_t b) { return a == 0 ? b != 0 : b != 0 && a > b; };
  for (MemberOp member : members) {
    int64_t run = runOf(member.getValue(), key);
    if (!run || dependsOn(member.getFrom(), row) || dependsOn(member.getTo(), row))
      continue;
    ListIterator it{member, run, 0, Value()};
    bool fits = true;
    OpBuilder builder(member);
    for (Value index : member.getIndices()) {
      auto c = classOf(index, row, key, builder);
      fits &= bool(c);
      if (!c || c->group == 0)
        continue;
      if (it.group == 0) {
        it.group = c->group;
        it.shift = c->shift;
      } else { // two maps of the row
        it.group = 1;
        it.shift = {};
      }
    }
    if (it.group == 1)
      it.shift = {};
    if (fits && (!best || better(it.group, best->group)))
      best = it;
  }
  return best;
}

void attn::dropClause(const ListIterator &iterator) {
  MemberOp member = iterator.member;
  OpBuilder builder(member);
  Value truth = arith::ConstantIntOp::create(builder, member.getLoc(), 1, 1);
  for (Operation *user : llvm::make_early_inc_range(member->getUsers()))
    if (auto both = dyn_cast<arith::AndIOp>(user))
      both.replaceAllUsesWith(both.getLhs() == member ? both.getRhs()
                                                      : both.getLhs());
  member.replaceAllUsesWith(truth);
}
