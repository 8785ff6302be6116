// Folds, contractions and rearrangements of tiles.
#include "codegen/cpu/Tiles.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::cpu;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

Value Tiles::neutral(Fold kind, Type type) {
  switch (kind) {
  case Fold::Max: return e.extreme(type, false);
  case Fold::Min: return e.extreme(type, true);
  case Fold::All: {
    Value yes = e.boolean(true);
    return isa<VectorType>(type) ? e.splat(yes) : yes;
  }
  default: return e.zero(type);
  }
}

Value Tiles::combine(Fold kind, Value a, Value x) {
  switch (kind) {
  case Fold::Max: return e.max(x, a);
  case Fold::Min: return e.min(x, a);
  case Fold::All: return e.band(a, x);
  case Fold::Any: e.meet(a, x); return arith::OrIOp::create(e, a, x);
  case Fold::Count: {
    Type type = e.isVector(x) ? Type(e.vec(e.i64())) : Type(e.i64());
    return e.add(a, arith::ExtUIOp::create(e, type, x));
  }
  default: return e.add(a, x);
  }
}

Value Tiles::reduceLanes(Fold kind, Value v) {
  using vector::CombiningKind;
  bool real = isa<FloatType>(getElementTypeOrSelf(v.getType()));
  CombiningKind how = kind == Fold::Max   ? real ? CombiningKind::MAXNUMF : CombiningKind::MAXSI
                      : kind == Fold::Min ? real ? CombiningKind::MINNUMF : CombiningKind::MINSI
                      : kind == Fold::All ? CombiningKind::AND
                      : kind == Fold::Any ? CombiningKind::OR
                                          : CombiningKind::ADD;
  return e.reduce(how, v);
}

// Over the rows that are present, in lanes.
Value Tiles::reduceRows(FoldOp op, const Position &p) {
  Fold kind = op.getKind();
  Value tile = op.getTile();
  RowsOp rows;
  op->getParentOfType<KernelOp>().walk([&](RowsOp r) { rows = rows ? rows : r; });
  Type held = e.held(kind == Fold::Count ? Type(e.i64()) : cast<TileType>(tile.getType()).getElement());
  Position lanes = p.lanes(TileType::R);
  Value init = neutral(kind, e.vec(held));
  Value total = e.loop(e.integer(0), e.integer(cx.rows), e.lanes, ValueRange(init), [&](Value at, ValueRange carried) -> SmallVector<Value> {
    Value next;
    scope([&] {
      Position q = lanes.with(TileType::R, at);
      Value x = e.splat(eval(tile, q));
      if (rows) {
        Value here = present(rows.getResult(), q);
        x = e.select(here, x, kind == Fold::Count ? e.zero(x.getType()) : neutral(kind, x.getType()));
      }
      next = combine(kind, carried[0], x);
    });
    return {next};
  })[0];
  return reduceLanes(kind, total);
}

Value Tiles::fold(FoldOp op, const Position &p) {
  Value tile = op.getTile();
  SmallVector<int64_t> folded;
  for (int64_t dim : dims(tile))
    if (!llvm::is_contained(plan::dimsOf(op.getType()), dim))
      folded.push_back(dim);
  Fold kind = op.getKind();
  bool overRows = llvm::is_contained(folded, TileType::R);
  if (overRows && folded.size() > 1) {
    op.emitError("the CPU back end folds rows apart from other dimensions");
    return {};
  }
  if (overRows)
    return reduceRows(op, p);
  Type held = e.held(plan::elementOf(op.getType()));
  bool lanes = p.lane && has(tile, p.lane);
  Value init = neutral(kind, lanes ? Type(e.vec(held)) : held);
  std::function<Value(unsigned, Position, Value)> nest = [&](unsigned k, Position q, Value acc) -> Value {
    if (k == folded.size()) {
      Value x = eval(tile, q);
      return combine(kind, acc, lanes ? e.splat(x) : x);
    }
    hoist(tile, folded[k], q);
    return e.loop(e.integer(0), extent(folded[k]), 1, ValueRange(acc), [&](Value at, ValueRange carried) -> SmallVector<Value> {
      Value next;
      scope([&] { next = nest(k + 1, q.with(folded[k], at), carried[0]); });
      return {next};
    })[0];
  };
  Position q = lanes ? p : p.lanes(0);
  Value total = nest(0, q, init);
  if (kind != Fold::Mean)
    return total;
  Value n;
  for (int64_t dim : folded)
    n = n ? e.mul(n, extent(dim)) : extent(dim);
  Value real = arith::SIToFPOp::create(e, held, n);
  Value none = e.cmp(CmpIPredicate::eq, n, e.integer(0));
  Value divisor = e.select(none, e.real(1), real);
  return arith::DivFOp::create(e, total, broadcastTo(divisor, total));
}

Value Tiles::contract(ContractOp op, const Position &p) {
  int64_t summed = 0;
  for (int64_t dim : dims(op.getLhs()))
    if (has(op.getRhs(), dim) && !has(op.getResult(), dim))
      summed = dim;
  bool lanes = p.lane && has(op.getResult(), p.lane);
  Position q = lanes ? p : p.lanes(0);
  Value init = op.getAcc() ? eval(op.getAcc(), p) : e.real(0);
  if (lanes)
    init = e.splat(init);
  hoist(op.getLhs(), summed, q);
  hoist(op.getRhs(), summed, q);
  return e.loop(e.integer(0), extent(summed), 1, ValueRange(init), [&](Value at, ValueRange carried) -> SmallVector<Value> {
    Value next;
    scope([&] {
      Value a = eval(op.getLhs(), q.with(summed, at)), b = eval(op.getRhs(), q.with(summed, at)), acc = carried[0];
      if (lanes) {
        a = e.splat(a);
        b = e.splat(b);
      }
      next = math::FmaOp::create(e, a, b, acc);
    });
    return {next};
  })[0];
}

// Every part at an index inside it; the right one is selected.
Value Tiles::concat(ConcatOp op, const Position &p) {
  int64_t letter = op.getType().getDims().back();
  Value at = p.get(letter), result;
  int64_t from = 0;
  for (Value part : op.getParts()) {
    int64_t inner = dims(part).back(), size = TileType::size(inner);
    Value local = e.max(e.min(e.sub(at, e.integer(from)), e.integer(size - 1)), e.integer(0));
    Value x = eval(part, p.with(inner, local));
    Value reached = e.cmp(CmpIPredicate::sge, at, e.integer(from));
    result = result ? e.select(reached, x, result) : x;
    from += size;
  }
  return result;
}

Value Tiles::pick(PickOp op, const Position &p) {
  int64_t letter = dims(op.getTile()).back();
  Value wanted = eval(op.getPosition(), p), length = extent(letter);
  if (!e.isVector(wanted)) {
    Value inside = e.cmp(CmpIPredicate::ult, wanted, length);
    Value x = eval(op.getTile(), p.with(letter, e.select(inside, wanted, e.integer(0))));
    return e.select(inside, x, e.zero(x.getType()));
  }
  Type held = e.vec(e.held(plan::elementOf(op.getType())));
  hoist(op.getTile(), letter, p);
  return e.loop(e.integer(0), length, 1, ValueRange(e.zero(held)), [&](Value at, ValueRange carried) -> SmallVector<Value> {
    Value next;
    scope([&] {
      Value x = e.splat(eval(op.getTile(), p.with(letter, at)));
      next = e.select(e.cmp(CmpIPredicate::eq, wanted, at), x, carried[0]);
    });
    return {next};
  })[0];
}

// next: the candidate where it exceeds the reference by more than the slack.
Value Tiles::advance(AdvanceOp op, unsigned result, const Position &p) {
  Value reference = eval(op.getReference(), p), candidate = eval(op.getCandidate(), p);
  Value limit = op.getExact() || cx.slack == 0 ? reference : e.add(reference, e.real(cx.slack));
  Value next = e.select(e.cmp(CmpFPredicate::OGT, candidate, limit), candidate, reference);
  Value none = e.extreme(next.getType(), false);
  Value base = e.select(e.cmp(CmpFPredicate::OEQ, next, none), e.zero(next.getType()), next);
  remember(op.getNext(), p, next);
  remember(op.getBase(), p, base);
  if (result == 0)
    return next;
  if (result == 1)
    return base;
  return math::ExpOp::create(e, e.sub(reference, base));
}
