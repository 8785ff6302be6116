// Reductions over axes, ranges, and the keys that a row sees.
#include "frontend/ImportBody.h"

using namespace mlir;

namespace attn {

static Fold foldOf(core::AggregateKind kind) {
  switch (kind) {
  case core::AggregateKind::Sum:
    return Fold::Sum;
  case core::AggregateKind::Mean:
    return Fold::Mean;
  case core::AggregateKind::Max:
    return Fold::Max;
  case core::AggregateKind::Min:
    return Fold::Min;
  case core::AggregateKind::Any:
    return Fold::Any;
  case core::AggregateKind::All:
    return Fold::All;
  default:
    return Fold::Count;
  }
}

Value BodyImporter::aggregate(const Expr &expr) {
  if (expr.aggregate == core::AggregateKind::ArgMax)
    return unsupported(expr, "`argmax` is not supported yet");
  for (const core::Range &range : expr.ranges)
    if (range.kind == core::Range::Row)
      return rowAggregate(expr);
  SmallVector<unsigned> places =
      llvm::to_vector(llvm::seq<unsigned>(0, expr.variables.size()));
  Type type = program.typeOf(expr.type);
  Fold kind = foldOf(expr.aggregate);
  if (kind != Fold::Mean || independentPrefix(expr, places) == places.size())
    return reduce(expr, kind, type, places);
  // The mean of means is another mean.
  Location loc = program.location(expr);
  Value sum = reduce(expr, Fold::Sum, type, places);
  Value count =
      toReal(loc, reduce(expr, Fold::Count, builder.getIndexType(), places));
  if (isa<VectorType>(type))
    count = vector::BroadcastOp::create(builder, loc, type, count);
  return builder.createOrFold<DivOp>(loc, sum, count);
}

//===----------------------------------------------------------------------===//
// Axes and ranges
//===----------------------------------------------------------------------===//

// How many of the ranges do not depend on the variables before them.
size_t BodyImporter::independentPrefix(const Expr &expr,
                                       ArrayRef<unsigned> places) {
  size_t length = 1;
  for (; length < places.size(); ++length) {
    const core::Range &range = expr.ranges[places[length]];
    for (const core::ExprPtr &end : {range.lo, range.hi})
      if (end)
        for (int id : freeVariables(*end))
          for (unsigned before : places.take_front(length))
            if (expr.variables[before] == id)
              return length;
  }
  return length;
}

std::pair<Value, Value> BodyImporter::rangeOf(const Expr &expr,
                                              unsigned place) {
  Location loc = program.location(expr);
  int axis = program.program.variables[expr.variables[place]].axis;
  const core::Range &range = expr.ranges[place];
  if (range.kind == core::Range::Axis)
    return {program.extent(axis, expr.span), Value()};
  Value lo = emit(*range.lo), hi = emit(*range.hi);
  if (axis >= 0) {
    Value extent = program.extent(axis, expr.span);
    Value begin =
        axis == core::AxisN ? program.offset() : constant(loc, lo.getType(), 0);
    Value end = builder.createOrFold<arith::AddIOp>(loc, extent, begin);
    lo = builder.createOrFold<arith::MaxSIOp>(loc, lo, begin);
    hi = builder.createOrFold<arith::MinSIOp>(loc, hi, end);
  }
  Value length = builder.createOrFold<arith::SubIOp>(loc, hi, lo);
  length = builder.createOrFold<arith::MaxSIOp>(
      loc, length, constant(loc, length.getType(), 0));
  return {length, lo};
}

Value BodyImporter::reduce(const Expr &expr, Fold kind, Type type,
                           ArrayRef<unsigned> places) {
  Location loc = program.location(expr);
  size_t count = independentPrefix(expr, places);
  bool isInnermost = count == places.size();
  SmallVector<Value> bounds, begins;
  SmallVector<StringRef> names;
  for (unsigned place : places.take_front(count)) {
    auto [length, begin] = rangeOf(expr, place);
    bounds.push_back(length);
    begins.push_back(begin);
    names.push_back(begin
                        ? program.program.variables[expr.variables[place]].name
                        : program.binderName(expr.variables[place]));
  }
  // An outer count adds what the inner ones count.
  Fold outer = kind == Fold::Count && !isInnermost ? Fold::Sum : kind;
  auto op = ReduceOp::create(builder, loc, type, outer,
                             builder.getStrArrayAttr(names), bounds);
  Block *block = &op.getBody().emplaceBlock();

  Operation *previous = levels.back().before;
  levels.back().before = op;
  levels.push_back(Level(block));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(block);
  for (auto [place, begin] : llvm::zip(places, begins)) {
    int id = expr.variables[place];
    Value binder = block->addArgument(builder.getIndexType(), loc);
    Binding binding{binder, {}, unsigned(levels.size() - 1)};
    if (begin)
      binding = {{},
                 builder.createOrFold<arith::AddIOp>(loc, binder, begin),
                 binding.level};
    bindings[id] = binding;
  }
  SmallVector<Value> values;
  Value condition;
  if (!isInnermost) {
    values.push_back(reduce(expr, kind, type, places.drop_front(count)));
  } else {
    if (kind != Fold::Count) {
      Value value = emit(*expr.args[0]);
      bool toMean = kind == Fold::Mean || expr.type.base == core::Base::Real;
      if (toMean && getElementTypeOrSelf(value.getType()).isIndex())
        value = toReal(loc, value);
      values.push_back(value);
    }
    if (expr.condition)
      condition = emit(*expr.condition);
  }
  builder.setInsertionPointToEnd(block);
  YieldOp::create(builder, loc, values, condition);
  levels.pop_back();
  levels.back().before = previous;
  return op;
}

//===----------------------------------------------------------------------===//
// The row
//===----------------------------------------------------------------------===//

Value BodyImporter::rowSum(const Expr &expr, Value value) {
  return RowSumOp::create(builder, program.location(expr), value);
}

// The key that the aggregate binds takes the place of the branch's key: the
// region then says what one key adds to the sum.
Value BodyImporter::rowAggregate(const Expr &expr) {
  using Kind = core::AggregateKind;
  Location loc = program.location(expr);
  SmallVector<unsigned> others;
  bool isPlain = expr.variables.size() == 1 && !expr.condition;
  if (isPlain && expr.aggregate == Kind::Count &&
      (rule == Rule::Score || rule == Rule::Weights) && levels.size() == 1)
    return CountOp::create(builder, loc);
  if (rule != Rule::Weights)
    return unsupported(expr, "an aggregate over the row is not supported here",
                       "it may stand in `weights`");
  if (levels.size() > 1)
    return unsupported(expr, "an aggregate over the row that depends on an "
                             "index of an aggregate around it is not "
                             "supported yet");
  for (int id : freeVariables(expr))
    if (bindings.lookup(id).binder == bindings[branch->key].binder)
      return unsupported(expr,
                         "an aggregate over the row that depends on the "
                         "key outside it is not supported yet",
                         "sums over groups of keys need this");
  if (expr.aggregate == Kind::Max || expr.aggregate == Kind::Min)
    return unsupported(expr, "the largest or smallest value of a row is not "
                             "supported yet");
  bool isNumber = expr.aggregate == Kind::Sum || expr.aggregate == Kind::Mean;
  if (isNumber &&
      (!expr.type.isScalar() || expr.args[0]->type.base != core::Base::Real))
    return unsupported(expr, "over the row, only numbers can be added",
                       "integers and vectors are not supported yet");
  for (unsigned place = 0; place < expr.variables.size(); ++place) {
    if (expr.ranges[place].kind == core::Range::Row)
      bindings[expr.variables[place]] = bindings[branch->key];
    else
      others.push_back(place);
  }
  if (others.size() + 1 < expr.variables.size())
    return unsupported(expr, "two keys of one row are not supported yet");

  Type real = builder.getF32Type();
  Value zero = constant(loc, real, 0), one = constant(loc, real, 1);
  // What this key adds, and how many elements that is.
  auto summand = [&]() -> Value {
    if (!others.empty())
      return reduce(expr, Fold::Sum, real, others);
    Value value = emit(*expr.args[0]);
    return expr.condition ? builder.createOrFold<arith::SelectOp>(
                                loc, emit(*expr.condition), value, zero)
                          : value;
  };
  auto number = [&]() -> Value {
    if (!others.empty())
      return toReal(loc,
                    reduce(expr, Fold::Count, builder.getIndexType(), others));
    return expr.condition ? builder.createOrFold<arith::SelectOp>(
                                loc, emit(*expr.condition), one, zero)
                          : one;
  };
  auto truth = [&](Fold kind) -> Value {
    if (!others.empty())
      return reduce(expr, kind, builder.getI1Type(), others);
    Value value = emit(*expr.args[0]);
    if (!expr.condition)
      return value;
    Value condition = emit(*expr.condition);
    if (kind == Fold::Any)
      return builder.createOrFold<arith::AndIOp>(loc, condition, value);
    Value off = builder.createOrFold<arith::XOrIOp>(
        loc, condition, constant(loc, condition.getType(), 1));
    return builder.createOrFold<arith::OrIOp>(loc, off, value);
  };
  auto compared = [&](Value sum, arith::CmpFPredicate predicate) -> Value {
    return arith::CmpFOp::create(builder, loc, predicate, sum, zero);
  };
  switch (expr.aggregate) {
  case Kind::Sum:
    return rowSum(expr, summand());
  case Kind::Count:
    return floorToInt(loc, rowSum(expr, number()));
  case Kind::Mean: {
    Value count = isPlain ? toReal(loc, CountOp::create(builder, loc))
                          : rowSum(expr, number());
    return builder.createOrFold<DivOp>(loc, rowSum(expr, summand()), count);
  }
  case Kind::Any: {
    Value hits =
        builder.createOrFold<arith::SelectOp>(loc, truth(Fold::Any), one, zero);
    return compared(rowSum(expr, hits), arith::CmpFPredicate::OGT);
  }
  default: {
    Value misses =
        builder.createOrFold<arith::SelectOp>(loc, truth(Fold::All), zero, one);
    return compared(rowSum(expr, misses), arith::CmpFPredicate::OEQ);
  }
  }
}

} // namespace attn
