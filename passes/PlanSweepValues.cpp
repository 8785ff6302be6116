// Expressions of weights as tiles.
#include "passes/PlanSweep.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace attn;
using namespace attn::weights;
using plan::TileType;

Node *SweepPlanner::isEqual(Node *a, double b) {
  Builder builder(tiles.context);
  return tiles.apply<arith::CmpFOp>(
      builder.getI1Type(), {a, tiles.number(b)},
      builder.getNamedAttr("predicate",
                           arith::CmpFPredicateAttr::get(
                               tiles.context, arith::CmpFPredicate::OEQ)));
}

Node *SweepPlanner::baseOf(unsigned k) {
  if (weights.references[k].pass == current)
    return bases[k];
  // After its pass: the reference, or 0 where nothing was seen.
  if (!bases[k] || bases[k]->inner) {
    Node *none = isEqual(references[k], -INFINITY);
    bases[k] = tiles.select(none, tiles.number(0), references[k]);
  }
  return bases[k];
}

Node *SweepPlanner::eval(const Expr *e) {
  if (Node *node = known.lookup(e))
    return node;
  auto kid = [&](unsigned k) { return eval(e->kid(k)); };
  auto apply = [&](StringRef op) {
    SmallVector<Node *> kids;
    for (const Expr *k : e->kids)
      kids.push_back(eval(k));
    return tiles.apply(op, e->type(tiles.context), kids);
  };
  auto make = [&]() -> Node * {
    switch (e->kind) {
    case Kind::Number:
      return tiles.number(e->number);
    case Kind::Value:
      return elements.get(e->value);
    case Kind::Count:
      return count;
    case Kind::SumOf:
      return sums[e->index];
    case Kind::Base:
      return baseOf(e->index);
    case Kind::Add:
      return apply("arith.addf");
    case Kind::Sub:
      return apply("arith.subf");
    case Kind::Mul:
      for (unsigned k : {0, 1})
        if (e->kid(k)->is(-1))
          return tiles.apply<arith::NegFOp>(real, {kid(1 - k)});
      return apply("arith.mulf");
    case Kind::Div:
      return apply("attn.div");
    case Kind::Max:
      return apply("arith.maximumf");
    case Kind::Min:
      return apply("arith.minimumf");
    case Kind::Abs:
      return apply("math.absf");
    case Kind::Exp:
      return apply("math.exp");
    case Kind::Log:
      return apply("math.log");
    case Kind::Log1p:
      return apply("math.log1p");
    case Kind::Tanh:
      return apply("math.tanh");
    case Kind::Erf:
      return apply("math.erf");
    case Kind::Pow:
      return apply("math.powf");
    case Kind::Select:
      return apply("arith.select");
    case Kind::And:
      return apply("arith.andi");
    case Kind::Or:
      return apply("arith.ori");
    case Kind::Not:
      return tiles.apply<arith::XOrIOp>(e->type(tiles.context),
                                        {kid(0), tiles.truth(true)});
    case Kind::Other: {
      SmallVector<Value> values(e->op->getOperands());
      llvm::SetVector<Value> captured;
      for (Region &region : e->op->getRegions())
        getUsedValuesDefinedAbove(region, region, captured);
      values.append(captured.begin(), captured.end());
      SmallVector<Node *> nodes;
      for (auto [value, k] : llvm::zip_equal(values, e->kids))
        nodes.push_back(isa<FieldType>(value.getType()) ? nullptr : eval(k));
      return elements.apply(e->op, values, nodes);
    }
    case Kind::Sum:
      break;
    }
    llvm_unreachable("row sums have been given values");
  };
  Node *node = make();
  known[e] = node;
  return node;
}

// An element where the row sees the key, else 0.
Node *SweepPlanner::masked(const Expr *e) {
  if (Node *node = knownMasked.lookup(e))
    return node;
  // exp(t - base) is 0 by itself where t is -inf.
  auto vanishes = [&](auto &self, const Expr *e) -> bool {
    if (e->kind == Kind::Select)
      return llvm::all_of(llvm::drop_begin(e->kids), [&](const Expr *kid) {
        return kid->is(0) || self(self, kid);
      });
    if (e->kind != Kind::Exp || e->kid(0)->kind != Kind::Sub ||
        e->kid(0)->kid(1)->kind != Kind::Base)
      return false;
    const auto &reference = weights.references[e->kid(0)->kid(1)->index];
    return reference.pass == current &&
           llvm::is_contained(reference.exponents, e->kid(0)->kid(0));
  };
  Node *node = eval(e);
  if (!vanishes(vanishes, e))
    node = tiles.select(sees, node, tiles.number(0));
  node = tiles.leaf(tiles.tile(node, rc));
  return knownMasked[e] = node;
}

Node *SweepPlanner::fold(Fold kind, Node *node) {
  Type type = kind == Fold::Count ? IndexType::get(tiles.context) : node->type;
  Value tile = tiles.tile(node, rc);
  OpBuilder builder = tiles.at(true);
  return tiles.leaf(plan::FoldOp::create(builder, tiles.loc,
                                         tiles.type(r, type), kind, tile));
}
