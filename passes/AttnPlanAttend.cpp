// An attend becomes a kernel: rows, span, one sweep per pass, tail.
#include "passes/AttnPlan.h"
#include "passes/PlanSweep.h"

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

// All keys; whether a tile has some that no row sees is not known.
static Value spanOf(AttendOp attend, KernelBuilder &kernel, Value keys,
                    int64_t cols) {
  Tiles &tiles = kernel.tiles;
  Value zero = tiles.value(tiles.integer(0));
  OpBuilder builder = tiles.outside();
  ValueRange none;
  return plan::TilesOp::create(
      builder, tiles.loc, plan::SpanType::get(tiles.context, cols), zero, keys,
      none, none, zero, keys, none, none, /*exact=*/false);
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

LogicalResult attn::planAttend(Planner &planner, AttendOp attend,
                               ArrayRef<DefineOp> tail) {
  if (attend.getSwept().size() != 1)
    return attend.emitError("several swept indices are not supported yet");
  auto vector = cast<VectorType>(attend.getType().getElement());
  if (vector.getRank() != 1)
    return attend.emitError("values that are matrices are not supported yet");
  WeightPlan weights(attend);
  Value outField = fieldOf(attend, Stat::Out),
        lseField = fieldOf(attend, Stat::Lse),
        maxField = fieldOf(attend, Stat::Max);
  if (lseField && !weights.logDenominator) {
    auto diagnostic =
        emitError(lseField.getLoc())
        << "the weights have no denominator, so there is no `lse`";
    diagnostic.attachNote(attend.getLoc())
        << "a denominator is the right side of a division at the top of the "
           "weights that holds a sum over the row";
    return diagnostic;
  }

  auto opened = planner.open(attend, attend.getName(), attend.getIndices(),
                             attend.getBounds(), /*sweeps=*/true);
  KernelBuilder &kernel = *opened;
  Elements &elements = kernel.elements;
  for (Region *region : {&attend.getMask(), &attend.getScore(),
                         &attend.getWeights(), &attend.getValue()})
    for (auto [argument, node] :
         llvm::zip(region->getArguments(), kernel.indices))
      elements.bind(argument, node);

  int64_t e = TileType::dim('e', vector.getNumElements());
  Value span = spanOf(attend, kernel, planner.host(attend.getSwept()[0]),
                      planner.side(attend.getName(), "cols"));
  SweepPlanner sweeps(attend, weights, kernel, span, e);
  sweeps.run(bool(maxField));
  if (elements.failed())
    return failure();

  // The tail works on the rows of the result.
  kernel.tiles.prefer(e);
  llvm::DenseMap<Value, std::pair<Node *, Dims>> own;
  SmallVector<Value> fields;
  auto finish = [&](Value field, Node *node, Dims letters) {
    own[field] = {node, letters};
    fields.push_back(field);
  };
  if (outField)
    finish(outField, sweeps.out(), {e});
  if (lseField)
    finish(lseField, sweeps.lse(), {});
  if (maxField)
    finish(maxField, sweeps.max(), {});
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
