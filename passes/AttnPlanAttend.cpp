// An attend becomes a kernel: rows, span, one sweep per pass, tail.
#include "passes/AttnPlanAttend.h"
#include "passes/MaskAnalysis.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace attn;
using plan::TileType;

// The result of the attention that is asked for.
static Value fieldOf(AttendOp attend, Stat stat) {
  for (Operation *user : attend->getUsers())
    if (auto result = cast<ResultOp>(user);
        result.getStat() == stat && !result->use_empty())
      return result;
  return {};
}

// The least or greatest value over the rows that are there.
static Value overRows(KernelBuilder &kernel, Node *node, bool greatest) {
  Tiles &tiles = kernel.tiles;
  Builder builder(tiles.context);
  bool truth = node->type.isInteger(1);
  Node *present = tiles.apply<arith::CmpIOp>(
      builder.getI1Type(), {kernel.rows, tiles.leaf(kernel.lastEntry)},
      builder.getNamedAttr("predicate",
                           arith::CmpIPredicateAttr::get(
                               tiles.context, arith::CmpIPredicate::sle)));
  Node *none = truth      ? tiles.truth(!greatest)
               : greatest ? tiles.integer(INT64_MIN)
                          : tiles.integer(INT64_MAX);
  Value tile = tiles.tile(tiles.select(present, node, none), TileType::R);
  Fold kind = truth ? (greatest ? Fold::Any : Fold::All)
                    : (greatest ? Fold::Max : Fold::Min);
  OpBuilder end = tiles.outside();
  return plan::FoldOp::create(end, tiles.loc, node->type, kind, tile);
}

// A uniform value of the mask where the row is the tile's first.
static Value atFirstRow(AttendOp attend, KernelBuilder &kernel, Value value) {
  BlockArgument row =
      attend.getMask().getArgument(attend.getBounds().size() - 1);
  if (value == row)
    return kernel.first;
  Operation *op = value.getDefiningOp();
  llvm::SetVector<Value> slice;
  slice.insert(value);
  for (size_t n = 0; n < slice.size(); ++n)
    if (Operation *part = slice[n].getDefiningOp())
      slice.insert(part->operand_begin(), part->operand_end());
  if (!op || !slice.contains(row))
    return kernel.tiles.value(kernel.elements.get(value));
  IRMapping map;
  for (Value operand : op->getOperands())
    map.map(operand, atFirstRow(attend, kernel, operand));
  OpBuilder builder = kernel.tiles.outside();
  return builder.clone(*op, map)->getResult(0);
}

// The keys that the rows of a tile see, in closed form.
Value attn::spanOf(Planner &planner, AttendOp attend, KernelBuilder &kernel) {
  Tiles &tiles = kernel.tiles;
  auto lower = [&](const MaskSymbol &symbol) -> Value {
    if (symbol.kind == MaskSymbol::FirstRow)
      return kernel.first;
    if (symbol.kind == MaskSymbol::LastRow)
      return kernel.last;
    Node *node = kernel.elements.get(symbol.value);
    if (node->uniform())
      return tiles.value(node);
    bool rows =
        symbol.kind == MaskSymbol::RowMin || symbol.kind == MaskSymbol::RowMax;
    if (!rows || node->dims.size() != 1 || !node->has(TileType::R) ||
        !(node->type.isIndex() || node->type.isInteger(1)))
      return {};
    return overRows(kernel, node, symbol.kind == MaskSymbol::RowMax);
  };
  OpBuilder builder = tiles.outside();
  SpanOperands span =
      emitIntervals(builder, tiles.loc, MaskAnalysis(attend), lower);
  auto type = plan::SpanType::get(tiles.context, kernel.cols);
  if (const ListIterator *iterator = planner.iteratorOf(attend)) {
    SmallVector<Value> indices;
    for (Value index : MemberOp(iterator->member).getIndices())
      indices.push_back(atFirstRow(attend, kernel, index));
    Value list = planner.listOf(iterator->member),
          keys = planner.host(attend.getSwept()[0]);
    auto create = [&](auto op) -> Value {
      using Op = decltype(op);
      return Op::create(builder, tiles.loc, type, list, indices,
                        iterator->run, keys, span.liveLo, span.liveHi,
                        span.liveStride, span.liveCount, span.holeLo,
                        span.holeHi, span.holeStride, span.holeCount,
                        span.exact);
    };
    if (iterator->run % kernel.cols == 0)
      return create(plan::BlocksOp());
    // What lies between the keys of a tile is none of them.
    auto yield = cast<YieldOp>(attend.getMask().front().getTerminator());
    span.exact &= matchPattern(yield.getValues()[0], m_One());
    return create(plan::TokensOp());
  }
  return plan::TilesOp::create(
      builder, tiles.loc, type, span.liveLo,
      span.liveHi, span.liveStride, span.liveCount, span.holeLo, span.holeHi,
      span.holeStride, span.holeCount, span.exact);
}

// Fields that the tail computes are read at their own row.
static Elements::Reader
tailReader(Tiles &tiles,
           const llvm::DenseMap<Value, std::pair<Node *, Dims>> &own) {
  return
      [&](Value field, ArrayRef<Node *>, ArrayRef<int64_t> letters) -> Node * {
        auto it = own.find(field);
        if (it == own.end())
          return nullptr;
        auto [node, dims] = it->second;
        for (auto [from, to] : llvm::zip(dims, letters)) {
          if (from == to || !node->has(from))
            continue;
          Dims before;
          for (int64_t dim : node->dims)
            if (dim != from)
              before.push_back(dim);
          before.push_back(from);
          Value tile = tiles.tile(node, before);
          before.back() = to;
          OpBuilder builder = tiles.outside();
          node = tiles.leaf(plan::SliceOp::create(
              builder, tiles.loc, tiles.type(before, node->type), tile, 0));
        }
        return node;
      };
}

void AttendPlan::bind(KernelBuilder &kernel) {
  for (Region *region : {&attend.getMask(), &attend.getScore(),
                         &attend.getWeights(), &attend.getValue()})
    for (auto [argument, node] :
         llvm::zip(region->getArguments(), kernel.indices))
      kernel.elements.bind(argument, node);
}

LogicalResult AttendPlan::finish(KernelBuilder &kernel, SweepPlanner &sweeps,
                                 bool withOut, bool withRows) {
  Elements &elements = kernel.elements;
  if (elements.failed())
    return failure();
  // The tail works on the rows of the result.
  llvm::DenseMap<Value, std::pair<Node *, Dims>> own;
  SmallVector<Value> fields;
  auto finish = [&](Value field, Node *node, Dims letters) {
    own[field] = {node, letters};
    fields.push_back(field);
  };
  if (!kernel.columns)
    kernel.tiles.prefer(component);
  if (out && withOut)
    finish(out, sweeps.out(), {component});
  if (lse && withRows)
    finish(lse, sweeps.lse(), {});
  if (max && withRows)
    finish(max, sweeps.max(), {});
  elements.setReader(tailReader(kernel.tiles, own));
  for (DefineOp define : tail) {
    for (auto [argument, node] :
         llvm::zip(define.getBody().getArguments(), kernel.indices))
      elements.bind(argument, node);
    Dims letters = planner.letters(kernel, define.getType().getElement());
    auto yield = cast<YieldOp>(define.getBody().front().getTerminator());
    finish(define.getResult(), elements.get(yield.getValues()[0], letters),
           letters);
  }
  if (elements.failed())
    return failure();
  for (Value field : fields)
    planner.store(kernel, field, own[field].first, own[field].second);
  return success();
}

LogicalResult AttendPlan::whole(Value runs) {
  Opening how;
  how.runs = runs;
  how.iterator = planner.iteratorOf(attend);
  auto opened = planner.open(attend, attend.getName(), attend.getIndices(),
                             attend.getBounds(), /*sweeps=*/true, how);
  KernelBuilder &kernel = *opened;
  bind(kernel);
  Value span = spanOf(planner, attend, kernel);
  SweepPlanner sweeps(attend, weights, kernel, span, component);
  sweeps.run(bool(out), bool(max));
  return finish(kernel, sweeps, true, true);
}

LogicalResult attn::planAttend(Planner &planner, AttendOp attend,
                               ArrayRef<DefineOp> tail) {
  if (attend.getSwept().size() != 1)
    return attend.emitError("several swept indices are not supported yet");
  auto vector = cast<VectorType>(attend.getType().getElement());
  if (vector.getRank() != 1)
    return attend.emitError("values that are matrices are not supported yet");
  AttendPlan plan{planner, attend, tail, WeightPlan(attend)};
  plan.component = TileType::dim('e', vector.getNumElements());
  plan.out = fieldOf(attend, Stat::Out);
  plan.lse = fieldOf(attend, Stat::Lse);
  plan.max = fieldOf(attend, Stat::Max);
  if (plan.lse && !plan.weights.logDenominator) {
    auto diagnostic =
        emitError(plan.lse.getLoc())
        << "the weights have no denominator, so there is no `lse`";
    diagnostic.attachNote(attend.getLoc())
        << "a denominator is the right side of a division at the top of the "
           "weights that holds a sum over the row";
    return diagnostic;
  }
  int64_t splits = planner.choice(attend.getName(), "splits");
  if (splits == 1 || planner.iteratorOf(attend) || !plan.canSplit())
    return plan.whole({});
  return plan.split(splits);
}
