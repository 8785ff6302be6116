#include "passes/PlanSweep.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace attn;
using namespace attn::weights;
using plan::TileType;

// Whether a row value is finite while its row sums are 0. Something infinite
// may stand below a division.
static bool staysFinite(const Expr *e, bool below = false) {
  switch (e->kind) {
  case Kind::Log:
  case Kind::Pow:
  case Kind::Log1p:
    return false;
  case Kind::Exp:
    return below;
  case Kind::Div:
    return staysFinite(e->kid(0), below) && staysFinite(e->kid(1), true);
  case Kind::Other:
    return e->depth || !e->type(e->op->getContext()).isF32() ||
           isa<arith::SIToFPOp, AtOp>(e->op);
  default:
    return llvm::all_of(
        e->kids, [&](const Expr *kid) { return staysFinite(kid, below); });
  }
}

SweepPlanner::SweepPlanner(AttendOp attend, const WeightPlan &weights,
                           KernelBuilder &kernel, Value span, int64_t value)
    : attend(attend), weights(weights), kernel(kernel), tiles(kernel.tiles),
      elements(kernel.elements), span(span), component(value), r{TileType::R},
      rc{TileType::R, TileType::C}, re{TileType::R},
      real(Float32Type::get(attend.getContext())), sums(weights.sums.size()),
      references(weights.references.size()), bases(weights.references.size()),
      factors(weights.references.size()), accumulators(weights.terms.size()) {
  if (!kernel.columns)
    re.push_back(value);
  carried.reserve(64);
  guarded = llvm::any_of(weights.terms, [](const auto &term) {
    return !staysFinite(term.coefficient);
  });
}

//===----------------------------------------------------------------------===//
// One loop
//===----------------------------------------------------------------------===//

SweepPlanner::Carried &SweepPlanner::carry(StringRef name, Node *init,
                                           ArrayRef<int64_t> dims,
                                           Node **final) {
  carried.push_back({name, tiles.tile(init, dims), nullptr, final});
  return carried.back();
}

Node *SweepPlanner::state(size_t k) { return states[k]; }

void SweepPlanner::sweep(llvm::function_ref<void()> step) {
  SmallVector<Value> inits;
  SmallVector<Attribute> names = {StringAttr::get(tiles.context, "j")};
  Block *body = new Block;
  body->addArgument(tiles.type(TileType::C, IndexType::get(tiles.context)),
                    tiles.loc);
  for (Carried &c : carried) {
    inits.push_back(c.init);
    names.push_back(StringAttr::get(tiles.context, c.name));
    body->addArgument(c.init.getType(), tiles.loc);
  }
  OpBuilder builder = tiles.outside();
  auto op =
      plan::SweepOp::create(builder, tiles.loc, TypeRange(ValueRange(inits)),
                            span, ArrayAttr::get(tiles.context, names), inits);
  op.getBody().push_back(body);
  tiles.enter(op);
  states.clear();
  for (BlockArgument argument : body->getArguments().drop_front())
    states.push_back(tiles.leaf(argument));
  startStep();
  step();
  SmallVector<Value> next;
  for (Carried &c : carried)
    next.push_back(tiles.value(c.next));
  builder.setInsertionPointToEnd(body);
  plan::YieldOp::create(builder, tiles.loc, next);

  tiles.enter({});
  elements.leaveSweep();
  for (auto *memo : {&known, &knownMasked}) {
    SmallVector<const Expr *> stale;
    for (auto [e, node] : *memo)
      if (node->inner)
        stale.push_back(e);
    for (const Expr *e : stale)
      memo->erase(e);
  }
  for (auto [c, result] : llvm::zip(carried, op.getFinals()))
    *c.final = tiles.leaf(result);
  carried.clear();
}

// Binds the keys of the step and evaluates the mask.
void SweepPlanner::startStep() {
  unsigned outer = attend.getBounds().size();
  auto sweepOp = cast<plan::SweepOp>(kernel.kernel.getBody().front().back());
  Value columns = sweepOp.getBody().getArgument(0);
  Node *j = tiles.leaf(columns);
  Value rows = tiles.value(kernel.rows);
  if (parts) {
    Builder builder(tiles.context);
    Node *there = tiles.apply<arith::CmpIOp>(
        builder.getI1Type(), {j, tiles.leaf(parts)},
        builder.getNamedAttr("predicate",
                             arith::CmpIPredicateAttr::get(
                                 tiles.context, arith::CmpIPredicate::slt)));
    sweepOp->setAttr("merges", builder.getUnitAttr());
    sees = tiles.leaf(tiles.mask(there, rows, columns));
    key = j;
    return;
  }
  for (Region *region : {&attend.getMask(), &attend.getScore(),
                         &attend.getWeights(), &attend.getValue()})
    elements.bind(region->getArgument(outer), j);
  auto yield = cast<YieldOp>(attend.getMask().front().getTerminator());
  Node *condition = elements.get(yield.getValues()[0]);
  sees = tiles.leaf(tiles.mask(condition, rows, columns));
  if (!count && weights.countsFirst)
    return; // only counting: there are no scores yet
  auto scores = cast<YieldOp>(attend.getScore().front().getTerminator());
  for (auto [k, score] : llvm::enumerate(scores.getValues()))
    elements.bind(attend.getWeights().getArgument(outer + 1 + k),
                  elements.get(score));
}

//===----------------------------------------------------------------------===//
// Passes
//===----------------------------------------------------------------------===//

// Where a reference begins: at the exponents of the sinks.
Node *SweepPlanner::start(const WeightPlan::Reference &reference) {
  Node *init = reference.constant ? tiles.number(0) : nullptr;
  for (const Expr *e : reference.start) {
    Node *exponent = eval(e);
    init = init ? tiles.apply<arith::MaximumFOp>(real, {init, exponent})
                : exponent;
  }
  return init ? init : tiles.number(-INFINITY);
}

void SweepPlanner::countKeys() {
  carry("count", tiles.integer(0), r, &count);
  sweep([&] {
    carried[0].next = tiles.apply<arith::AddIOp>(
        IndexType::get(tiles.context), {state(0), fold(Fold::Count, sees)});
  });
}

void SweepPlanner::advance(unsigned k, Node *reference, Carried &into,
                           bool exact) {
  Node *top = nullptr;
  for (const Expr *e : weights.references[k].exponents) {
    Node *node = tiles.select(sees, eval(e), tiles.number(-INFINITY));
    node = tiles.leaf(tiles.tile(node, rc));
    known[e] = node;
    node = fold(Fold::Max, node);
    top = top ? tiles.apply<arith::MaximumFOp>(real, {top, node}) : node;
  }
  Value candidate = tiles.tile(top, r), from = tiles.tile(reference, r);
  OpBuilder builder = tiles.at(true);
  auto op = plan::AdvanceOp::create(builder, tiles.loc, from.getType(),
                                    from.getType(), from.getType(), from,
                                    candidate, exact);
  into.next = tiles.leaf(op.getNext());
  bases[k] = tiles.leaf(op.getBase());
  factors[k] = tiles.leaf(op.getFactor());
}

void SweepPlanner::accumulate(unsigned k, Node *acc, Carried &into) {
  const WeightPlan::Term &term = weights.terms[k];
  Node *weight = masked(term.element);
  if (term.reference >= 0 &&
      weights.references[term.reference].pass == current) {
    Value tile = tiles.value(acc),
          factor = tiles.value(factors[term.reference]);
    OpBuilder builder = tiles.at(true);
    acc = tiles.leaf(plan::ScaleOp::create(builder, tiles.loc, tile.getType(),
                                           tile, factor));
  }
  auto yield = cast<YieldOp>(attend.getValue().front().getTerminator());
  Node *value = elements.get(yield.getValues()[0], component);
  if (value->op && value->op.getValue() == "arith.extf" &&
      value->kids[0]->value)
    value = value->kids[0];
  bool keyRows = value->has(TileType::C) && value->has(component) &&
                 !value->has(TileType::R) && value->dims.size() == 2;
  if (!keyRows) {
    // Values of their own for each row and key.
    if (!value->type.isF32())
      value = tiles.apply<arith::ExtFOp>(real, {value});
    Node *product =
        tiles.select(sees, tiles.apply<arith::MulFOp>(real, {weight, value}),
                     tiles.number(0));
    Value tile = tiles.tile(product, {TileType::R, TileType::C, component});
    OpBuilder builder = tiles.at(true);
    Node *sum = tiles.leaf(plan::FoldOp::create(
        builder, tiles.loc, tiles.type(re, real), Fold::Sum, tile));
    into.next = tiles.apply<arith::AddFOp>(real, {acc, sum});
    return;
  }
  Value p = tiles.tile(weight, rc);
  Value v = tiles.tile(value, {TileType::C, component});
  Value o = tiles.tile(acc, re);
  OpBuilder builder = tiles.at(true);
  into.next = tiles.leaf(plan::ContractOp::create(
      builder, tiles.loc, tiles.type(re, real), p, v, o));
}

// The plain reference of the scores is their maximum as well.
int SweepPlanner::greatestReference(unsigned pass, bool withMax) {
  Value score = attend.getWeights().getArgument(attend.getIndices().size());
  for (auto [k, reference] : llvm::enumerate(weights.references))
    if (withMax && reference.pass == pass && reference.start.empty() &&
        !reference.constant && reference.exponents.size() == 1 &&
        reference.exponents[0]->kind == Kind::Value &&
        reference.exponents[0]->value == score)
      return k;
  return -1;
}

void SweepPlanner::pass(unsigned number, bool withOut, bool withMax) {
  current = number;
  bool last = number == weights.passes;
  Value score = attend.getWeights().getArgument(attend.getIndices().size());
  int viaReference = greatestReference(number, withMax);
  SmallVector<std::function<void()>> steps;
  size_t place = 0;
  for (auto [k, reference] : llvm::enumerate(weights.references)) {
    if (reference.pass != number)
      continue;
    bool exact = int(k) == viaReference;
    carry("ref", start(reference), r, &references[k]);
    steps.push_back([this, k = k, exact, place = place++] {
      advance(k, state(place), carried[place], exact);
    });
  }
  for (auto [k, sum] : llvm::enumerate(weights.sums)) {
    if (sum.pass != number)
      continue;
    carry("sum", tiles.number(0), r, &sums[k]);
    steps.push_back([this, k = k, place = place++] {
      const WeightPlan::Sum &sum = weights.sums[k];
      Node *part = fold(Fold::Sum, masked(sum.element));
      bool moves = sum.reference >= 0 &&
                   weights.references[sum.reference].pass == current;
      carried[place].next =
          moves ? tiles.apply<math::FmaOp>(
                      real, {state(place), factors[sum.reference], part})
                : tiles.apply<arith::AddFOp>(real, {state(place), part});
      tiles.value(carried[place].next);
    });
  }
  if (number == 1 && (weights.counts || (guarded && withOut)) && !count) {
    carry("count", tiles.integer(0), r, &count);
    steps.push_back([this, place = place++] {
      carried[place].next =
          tiles.apply<arith::AddIOp>(IndexType::get(tiles.context),
                                     {state(place), fold(Fold::Count, sees)});
    });
  }
  if (number == 1 && withMax && viaReference < 0) {
    carry("max", tiles.number(-INFINITY), r, &greatest);
    steps.push_back([this, score, place = place++] {
      Node *seen =
          tiles.select(sees, elements.get(score), tiles.number(-INFINITY));
      carried[place].next = tiles.apply<arith::MaximumFOp>(
          real, {state(place), fold(Fold::Max, seen)});
    });
  }
  if (last && withOut)
    for (size_t k = 0; k < weights.terms.size(); ++k) {
      carry("o", tiles.number(0), re, &accumulators[k]);
      steps.push_back([this, k, place = place++] {
        accumulate(k, state(place), carried[place]);
      });
    }
  sweep([&] {
    for (auto &step : steps)
      step();
  });
  if (viaReference >= 0)
    greatest = references[viaReference];
  current = 0;
}

void SweepPlanner::run(bool withOut, bool withMax) {
  auto bindCounts = [&] {
    attend->walk([&](CountOp op) { elements.bind(op, count); });
  };
  if (weights.countsFirst) {
    countKeys();
    bindCounts();
  }
  for (unsigned number = 1; number <= weights.passes; ++number) {
    pass(number, withOut, withMax && number == 1);
    if (number == 1 && count)
      bindCounts();
  }
}

Node *SweepPlanner::out() {
  Node *out = nullptr;
  for (auto [k, term] : llvm::enumerate(weights.terms)) {
    Node *part = accumulators[k];
    if (!term.coefficient->is(1))
      part = tiles.apply<arith::MulFOp>(real, {part, eval(term.coefficient)});
    out = out ? tiles.apply<arith::AddFOp>(real, {out, part}) : part;
  }
  if (!guarded)
    return out;
  Builder builder(tiles.context);
  Node *none = tiles.apply<arith::CmpIOp>(
      builder.getI1Type(), {count, tiles.integer(0)},
      builder.getNamedAttr("predicate",
                           arith::CmpIPredicateAttr::get(
                               tiles.context, arith::CmpIPredicate::eq)));
  return tiles.select(none, tiles.number(0), out);
}

// A score of +inf makes the denominator infinite, whatever it is relative to.
Node *SweepPlanner::lse() {
  const Expr *e = weights.logDenominator;
  Node *node = eval(e);
  if (e->kind != Kind::Add || e->kid(1)->kind != Kind::Base)
    return node;
  Node *infinite = isEqual(references[e->kid(1)->index], INFINITY);
  return tiles.select(infinite, tiles.number(INFINITY), node);
}
