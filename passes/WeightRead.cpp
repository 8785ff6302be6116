// From a weights region to an expression.
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/RegionUtils.h"
#include "passes/WeightExpr.h"

using namespace mlir;
using namespace attn;
using namespace attn::weights;

namespace {
struct Reader {
  Reader(Pool &pool, AttendOp attend) : pool(pool), attend(attend) {}
  Pool &pool;
  AttendOp attend;
  llvm::DenseMap<Value, const Expr *> memo;

  const Expr *read(Value v) {
    if (const Expr *known = memo.lookup(v))
      return known;
    const Expr *e = fresh(v);
    if (!e->origin)
      e->origin = v.getDefiningOp();
    memo[v] = e;
    return e;
  }

  const Expr *fresh(Value v) {
    Operation *op = v.getDefiningOp();
    Block *block = &attend.getWeights().front();
    if (!op) {
      unsigned outer = attend.getBounds().size();
      bool element = v.getParentBlock() == block &&
                     cast<BlockArgument>(v).getArgNumber() >= outer;
      return pool.leaf(v, element);
    }
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      if (auto f = dyn_cast<FloatAttr>(constant.getValue()))
        return pool.number(f.getValueAsDouble());
    if (op->getBlock() != block)
      return pool.leaf(v, false);
    return apply(op);
  }

  const Expr *apply(Operation *op) {
    auto kids = [&] {
      SmallVector<const Expr *> list;
      for (Value operand : op->getOperands())
        list.push_back(read(operand));
      return list;
    };
    auto with = [&](Kind kind) { return pool.make(kind, kids()); };
    bool scalar =
        op->getNumResults() == 1 && op->getResult(0).getType().isF32();
    bool truth =
        op->getNumResults() == 1 && op->getResult(0).getType().isInteger(1);
    if (scalar) {
      if (isa<arith::AddFOp>(op))
        return with(Kind::Add);
      if (isa<arith::SubFOp>(op))
        return with(Kind::Sub);
      if (isa<arith::MulFOp>(op))
        return with(Kind::Mul);
      if (isa<DivOp, arith::DivFOp>(op))
        return with(Kind::Div);
      if (isa<arith::MaximumFOp, arith::MaxNumFOp>(op))
        return with(Kind::Max);
      if (isa<arith::MinimumFOp, arith::MinNumFOp>(op))
        return with(Kind::Min);
      if (isa<math::ExpOp>(op))
        return with(Kind::Exp);
      if (isa<math::LogOp>(op))
        return with(Kind::Log);
      if (isa<math::Log1pOp>(op))
        return with(Kind::Log1p);
      if (isa<math::AbsFOp>(op))
        return with(Kind::Abs);
      if (isa<math::TanhOp>(op))
        return with(Kind::Tanh);
      if (isa<math::ErfOp>(op))
        return with(Kind::Erf);
      if (isa<math::PowFOp>(op))
        return power(read(op->getOperand(0)), read(op->getOperand(1)));
      if (isa<RowSumOp>(op))
        return with(Kind::Sum);
      if (isa<arith::SelectOp>(op))
        return select(read(op->getOperand(0)), read(op->getOperand(1)),
                      read(op->getOperand(2)));
      if (isa<arith::NegFOp>(op))
        return pool.negate(read(op->getOperand(0)));
    }
    if (truth) {
      if (isa<arith::AndIOp>(op))
        return with(Kind::And);
      if (isa<arith::OrIOp>(op))
        return with(Kind::Or);
      if (isa<arith::XOrIOp>(op) && matchPattern(op->getOperand(1), m_One()))
        return pool.make(Kind::Not, {read(op->getOperand(0))});
    }
    if (isa<CountOp>(op))
      return pool.indexed(Kind::Count, 0);
    // Rows and matrices stay what they are.
    if (llvm::any_of(op->getOperandTypes(), llvm::IsaPred<VectorType>))
      return pool.leaf(op->getResult(0), varies(op->getResult(0)));
    SmallVector<const Expr *> list = kids();
    llvm::SetVector<Value> captured;
    for (Region &region : op->getRegions())
      getUsedValuesDefinedAbove(region, region, captured);
    for (Value value : captured)
      list.push_back(read(value));
    return pool.other(op, list);
  }

  // Whether it depends on the key.
  bool varies(Value v) {
    if (auto argument = dyn_cast<BlockArgument>(v))
      return argument.getOwner() == &attend.getWeights().front() &&
             argument.getArgNumber() >= attend.getBounds().size();
    bool any = false;
    v.getDefiningOp()->walk([&](Operation *op) {
      any |= llvm::any_of(op->getOperands(), [&](Value operand) {
        return v.getDefiningOp()->isAncestor(
                   operand.getParentBlock()->getParentOp())
                   ? false
                   : varies(operand);
      });
    });
    return any;
  }

  // x ^ p in logarithms where p is high: then a scale can be taken out of it.
  const Expr *power(const Expr *x, const Expr *p) {
    const Expr *e = pool.make(Kind::Pow, {x, p});
    Facts f = facts(e);
    if (!e->element || f.exponential || f.degree <= 4 || facts(x).lo < 0)
      return e;
    return pool.make(Kind::Exp,
                     {pool.make(Kind::Mul, {p, pool.make(Kind::Log, {x})})});
  }

  // x log x with x = exp(t) / r is x (t - log r): exp never is 0.
  const Expr *select(const Expr *c, const Expr *a, const Expr *b) {
    auto compare = c->kind == Kind::Other ? dyn_cast<arith::CmpFOp>(c->op)
                                          : arith::CmpFOp();
    bool guards = compare &&
                  compare.getPredicate() == arith::CmpFPredicate::OEQ &&
                  c->kid(1)->is(0) && a->is(0);
    if (guards && b->kind == Kind::Mul) {
      const Expr *x = b->kid(0), *log = b->kid(1);
      if (x == c->kid(0) && log->element)
        if (auto [t, r] = exponential(x); t && log == logOf(x))
          return pool.make(
              Kind::Mul,
              {x,
               r ? pool.make(Kind::Sub, {t, pool.make(Kind::Log, {r})}) : t});
    }
    return pool.make(Kind::Select, {c, a, b});
  }
  const Expr *logOf(const Expr *x) { return pool.make(Kind::Log, {x}); }
  // x = exp(t) or exp(t) / r.
  std::pair<const Expr *, const Expr *> exponential(const Expr *x) {
    if (x->kind == Kind::Exp && x->element)
      return {x->kid(0), nullptr};
    if (x->kind == Kind::Div && !x->kid(1)->element &&
        x->kid(0)->kind == Kind::Exp && x->kid(0)->element)
      return {x->kid(0)->kid(0), x->kid(1)};
    return {nullptr, nullptr};
  }
};
} // namespace

const Expr *weights::read(Pool &pool, AttendOp attend) {
  auto yield = cast<YieldOp>(attend.getWeights().front().getTerminator());
  return Reader(pool, attend).read(yield.getValues()[0]);
}
