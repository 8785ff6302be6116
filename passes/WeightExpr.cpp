// Expressions and the simplifications that hold for real numbers.
#include "passes/WeightExpr.h"

using namespace mlir;
using namespace attn;
using namespace attn::weights;

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
