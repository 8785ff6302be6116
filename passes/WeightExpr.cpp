#include "passes/WeightExpr.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace attn;
using namespace attn::weights;

//===----------------------------------------------------------------------===//
// The pool
//===----------------------------------------------------------------------===//

Type Expr::type(MLIRContext *context) const {
  switch (kind) {
  case Kind::Value:
    return value.getType();
  case Kind::Other:
    return op->getResult(0).getType();
  case Kind::Count:
    return IndexType::get(context);
  case Kind::And:
  case Kind::Or:
  case Kind::Not:
    return IntegerType::get(context, 1);
  case Kind::Select:
    return kid(1)->type(context);
  default:
    return Float32Type::get(context);
  }
}

const Expr *Pool::intern(Expr e) {
  std::vector<unsigned> kids;
  for (const Expr *kid : e.kids)
    kids.push_back(kid->id);
  const void *name = nullptr, *attributes = nullptr;
  if (e.op) {
    // Operations with a body are equal only to themselves.
    bool plain = e.op->getNumRegions() == 0;
    name = plain ? e.op->getName().getAsOpaquePointer() : (const void *)e.op;
    attributes =
        plain ? e.op->getAttrDictionary().getAsOpaquePointer() : nullptr;
  }
  const void *subject = e.op ? e.op->getResult(0).getType().getAsOpaquePointer()
                             : e.value.getAsOpaquePointer();
  Key key(int(e.kind), kids, e.number, subject, name, attributes, e.index);
  auto [it, isNew] = known.try_emplace(key, nullptr);
  if (isNew) {
    e.id = storage.size();
    storage.push_back(std::move(e));
    it->second = &storage.back();
  }
  return it->second;
}

const Expr *Pool::number(double value) {
  Expr e;
  e.number = value;
  return intern(std::move(e));
}

const Expr *Pool::leaf(Value value, bool element) {
  Expr e;
  e.kind = Kind::Value;
  e.value = value;
  e.element = element;
  return intern(std::move(e));
}

const Expr *Pool::indexed(Kind kind, unsigned index) {
  Expr e;
  e.kind = kind;
  e.index = index;
  return intern(std::move(e));
}

static Expr node(Kind kind, ArrayRef<const Expr *> kids) {
  Expr e;
  e.kind = kind;
  e.kids.assign(kids.begin(), kids.end());
  for (const Expr *kid : kids) {
    e.element |= kid->element;
    e.depth = std::max(e.depth, kid->depth);
  }
  if (kind == Kind::Sum) {
    e.element = false;
    ++e.depth;
  }
  return e;
}

const Expr *Pool::other(Operation *op, ArrayRef<const Expr *> kids) {
  Expr e = node(Kind::Other, kids);
  e.op = op;
  return intern(std::move(e));
}

const Expr *Pool::make(Kind kind, ArrayRef<const Expr *> kids) {
  const Expr *a = kids[0], *b = kids.size() > 1 ? kids[1] : nullptr;
  switch (kind) {
  case Kind::Mul:
    if (a->is(1))
      return b;
    if (b->is(1))
      return a;
    if (a->kind == Kind::Number && b->kind == Kind::Number)
      return number(a->number * b->number);
    if (a->kind == Kind::Exp && b->kind == Kind::Exp && facts(a).exponential &&
        facts(b).exponential)
      return make(Kind::Exp, {make(Kind::Add, {a->kid(0), b->kid(0)})});
    break;
  case Kind::Div:
    if (b->is(1))
      return a;
    if (a->kind == Kind::Number && b->kind == Kind::Number)
      return number(b->number == 0 ? 0 : a->number / b->number);
    if (a->kind == Kind::Exp && b->kind == Kind::Exp && a->element &&
        b->element)
      return make(Kind::Exp, {make(Kind::Sub, {a->kid(0), b->kid(0)})});
    break;
  case Kind::Add:
    if (a->is(0))
      return b;
    if (b->is(0))
      return a;
    break;
  case Kind::Sub:
    if (b->is(0))
      return a;
    break;
  case Kind::Log:
    if (a->kind == Kind::Exp)
      return a->kid(0);
    break;
  case Kind::Not:
    if (a->kind == Kind::Not)
      return a->kid(0);
    break;
  default:
    break;
  }
  return intern(node(kind, kids));
}

//===----------------------------------------------------------------------===//
// Reading a region
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

static void printLeaf(raw_ostream &os, Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto attend = dyn_cast<AttendOp>(argument.getOwner()->getParentOp());
    unsigned n = argument.getArgNumber();
    size_t all = attend ? attend.getIndices().size() : 0;
    if (attend && n < all)
      os << cast<StringAttr>(attend.getIndices()[n]).getValue();
    else if (n == all)
      os << "s";
    else
      os << "s" << n - all + 1;
    return;
  }
  Operation *op = value.getDefiningOp();
  if (auto param = dyn_cast<ParamOp>(op))
    os << param.getName();
  else if (auto input = dyn_cast<InputOp>(op))
    os << input.getName();
  else if (auto extent = dyn_cast<ExtentOp>(op))
    os << extent.getName();
  else if (IntegerAttr n; matchPattern(value, m_Constant(&n)))
    os << n.getValue();
  else
    os << op->getName().stripDialect();
}

void weights::print(raw_ostream &os, const Expr *e) {
  auto infix = [&](StringRef word) {
    os << '(';
    print(os, e->kid(0));
    os << ' ' << word << ' ';
    print(os, e->kid(1));
    os << ')';
  };
  auto call = [&](StringRef word) {
    os << word << '(';
    llvm::interleaveComma(e->kids, os,
                          [&](const Expr *kid) { print(os, kid); });
    os << ')';
  };
  switch (e->kind) {
  case Kind::Number:
    os << llvm::format("%g", e->number);
    return;
  case Kind::Value:
    return printLeaf(os, e->value);
  case Kind::Count:
    os << "count";
    return;
  case Kind::Add:
    return infix("+");
  case Kind::Sub:
    return infix("-");
  case Kind::Mul:
    return infix("*");
  case Kind::Div:
    return infix("/");
  case Kind::Max:
    return call("max");
  case Kind::Min:
    return call("min");
  case Kind::Abs:
    return call("abs");
  case Kind::Exp:
    return call("exp");
  case Kind::Log:
    return call("log");
  case Kind::Log1p:
    return call("log1p");
  case Kind::Tanh:
    return call("tanh");
  case Kind::Erf:
    return call("erf");
  case Kind::Pow:
    return call("pow");
  case Kind::Select:
    return call("select");
  case Kind::And:
    return infix("and");
  case Kind::Or:
    return infix("or");
  case Kind::Not:
    return call("not");
  case Kind::Sum:
    return call("sum");
  case Kind::SumOf:
    os << "l" << e->index + 1;
    return;
  case Kind::Base:
    os << "m" << e->index + 1;
    return;
  case Kind::Other:
    break;
  }
  if (isa<arith::IndexCastOp, arith::SIToFPOp, arith::ExtFOp>(e->op))
    return print(os, e->kid(0));
  if (isa<AtOp>(e->op)) {
    print(os, e->kid(0));
    os << '[';
    llvm::interleaveComma(llvm::drop_begin(e->kids), os,
                          [&](const Expr *kid) { print(os, kid); });
    os << ']';
    return;
  }
  call(e->op->getName().stripDialect());
}

std::string weights::text(const Expr *e) {
  std::string s;
  llvm::raw_string_ostream os(s);
  print(os, e);
  return s;
}
