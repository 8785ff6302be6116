#include "passes/AttnPlan.h"
#include "passes/Passes.h"

namespace attn {
#define GEN_PASS_DEF_PLANPASS
#include "passes/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using plan::TileType;

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

static plan::BufferType bufferOf(FieldType field, Type element) {
  return plan::BufferType::get(field.getContext(), field.getLabels(), element);
}

void Planner::arguments() {
  for (Operation &op : pattern.getBody().front()) {
    Location loc = op.getLoc();
    if (auto input = dyn_cast<InputOp>(op)) {
      auto tensor = plan::TensorOp::create(
          builder, loc, bufferOf(input.getType(), input.getType().getElement()),
          input.getName(), false);
      if (Attribute kind = input->getAttr("unsigned"))
        tensor->setAttr("unsigned", kind);
      map.map(input.getResult(), tensor.getResult());
    } else if (auto output = dyn_cast<OutputOp>(op)) {
      FieldType field = output.getValue().getType();
      Type stored = output.getStorage().value_or(field.getElement());
      Value tensor = plan::TensorOp::create(
          builder, loc, bufferOf(field, stored), output.getName(), true);
      outputs[output.getValue()].push_back({output, tensor});
    }
  }
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

int64_t Planner::fewRows(StringRef kernel) const {
  for (const ScheduleChoice &choice : choices)
    if (choice.key == "rows" &&
        (choice.kernel == kernel || choice.kernel == "*"))
      return side(kernel, "rows");
  return target.fewRows ? target.fewRows : side(kernel, "rows");
}

// Entry x of a group as row and head.
static void unpack(KernelBuilder &kernel, const Packing &packing,
                   SmallVectorImpl<Node *> &indices) {
  Tiles &tiles = kernel.tiles;
  Type index = IndexType::get(tiles.context);
  Node *share = tiles.leaf(packing.share), *x = kernel.rows;
  Node *row = tiles.apply<FloorDivOp>(index, {x, share});
  Node *inGroup = tiles.apply<ModOp>(index, {x, share});
  Node *first = tiles.apply<arith::MulIOp>(
      index, {tiles.leaf(kernel.groupHead), share});
  Node *head = tiles.apply<arith::AddIOp>(index, {first, inGroup});
  indices.back() = tiles.leaf(tiles.tile(row, TileType::R));
  indices[packing.heads] = tiles.leaf(tiles.tile(head, TileType::R));
  OpBuilder end = tiles.outside();
  for (Value *entry : {&kernel.first, &kernel.last})
    *entry = FloorDivOp::create(end, tiles.loc, *entry, packing.share);
}

std::unique_ptr<KernelBuilder>
Planner::open(Operation *op, StringRef name, ArrayAttr indices,
              ValueRange bounds, bool sweeps, const Opening &how) {
  Location loc = op->getLoc();
  int64_t rows = how.rows ? how.rows : side(name, "rows");
  int64_t cols = side(name, "cols");
  // `take` rows of a tile are there; tiles end where the sets change.
  int64_t take = rows;
  Value shift;
  const ListIterator *iterator = how.iterator;
  // Tensor cores take 64 rows at a time: where a tile was to have as many, one
  // with fewer is padded.
  bool tensorCores = target.find("stages") && rows % 64 == 0;
  if (iterator && iterator->group) {
    take = iterator->rowsOfTile(rows);
    rows = llvm::alignTo(take, tensorCores ? 64 : target.find("rows")->step);
    if (iterator->shift)
      shift = affine::AffineApplyOp::create(
          builder, loc,
          AffineMap::get(0, 1, builder.getAffineSymbolExpr(0) % take),
          hosted(iterator->shift));
  }
  if (iterator) {
    int64_t run = iterator->run, part = divisor(run, cols, target.find("cols")->step);
    // Short runs side by side feed tensor cores better than a tile for each.
    bool together = tensorCores && part < 64 && (cols % run == 0 || part % 16);
    if (part && !together)
      cols = part;
  }
  Type index = builder.getIndexType();
  AffineExpr d0 = builder.getAffineDimExpr(0),
             s0 = builder.getAffineSymbolExpr(0);
  SmallVector<Value> grid;
  SmallVector<Attribute> names;
  Value limit;
  if (how.parts) {
    grid.push_back(how.parts);
    names.push_back(builder.getStringAttr("z"));
  }
  for (auto [k, bound] : llvm::enumerate(bounds)) {
    Attribute name = indices[k];
    bool heads = how.packing && how.packing->heads == k;
    grid.push_back(heads ? how.packing->groups : host(bound));
    names.push_back(heads ? builder.getStringAttr("g") : name);
  }
  if (how.packing)
    grid.back() = how.packing->entries;
  if (how.columns) {
    grid.push_back(arith::ConstantIndexOp::create(builder, loc, how.columns));
    names.emplace_back();
  }
  if (grid.empty()) { // one value
    grid.push_back(arith::ConstantIndexOp::create(builder, loc, 1));
    names.push_back(builder.getStringAttr("t"));
  } else {
    limit = grid.back();
    Value covered = limit;
    if (shift) { // without rows there is no tile
      Value none = arith::ConstantIndexOp::create(builder, loc, 0);
      Value some = arith::CmpIOp::create(
          builder, loc, arith::CmpIPredicate::sgt, limit, none);
      covered = arith::SelectOp::create(
          builder, loc, some,
          arith::AddIOp::create(builder, loc, limit, shift), none);
    }
    grid.back() = affine::AffineApplyOp::create(
        builder, loc, AffineMap::get(0, 1, s0.ceilDiv(take)), covered);
    names.back() = builder.getStringAttr("t");
  }
  if (how.runs)
    grid.back() = arith::SelectOp::create(
        builder, loc, how.runs, grid.back(),
        arith::ConstantIndexOp::create(builder, loc, 0));
  SmallVector<NamedAttribute> schedule = {
      builder.getNamedAttr("rows", builder.getI64IntegerAttr(rows))};
  if (sweeps)
    schedule.push_back(
        builder.getNamedAttr("cols", builder.getI64IntegerAttr(cols)));
  auto kernel =
      plan::KernelOp::create(builder, loc, name, builder.getArrayAttr(names),
                             grid, builder.getDictionaryAttr(schedule));
  if (how.split)
    kernel->setAttr("split", builder.getUnitAttr());
  Block &block = kernel.getBody().emplaceBlock();
  for (size_t k = 0; k < grid.size(); ++k)
    block.addArgument(index, loc);
  auto result = std::make_unique<KernelBuilder>(kernel, map);
  result->cols = cols;
  if (!limit)
    return result;
  OpBuilder inside = OpBuilder::atBlockEnd(&block);
  Value t = block.getArguments().back();
  AffineExpr from = d0 * take, s1 = builder.getAffineSymbolExpr(1);
  SmallVector<Value> symbols{t, limit};
  if (shift) {
    from = from - s1;
    symbols.push_back(shift);
  }
  unsigned count = symbols.size() - 1;
  auto least = [&](ArrayRef<AffineExpr> of) {
    return affine::AffineMinOp::create(
        inside, loc, index, AffineMap::get(1, count, of, builder.getContext()),
        symbols);
  };
  if (shift) // the first tile may have fewer rows
    result->first = affine::AffineMaxOp::create(
        inside, loc, index,
        AffineMap::get(1, 1,
                       {d0 * take - s0, builder.getAffineConstantExpr(0)},
                       builder.getContext()),
        ValueRange{t, shift});
  else
    result->first = affine::AffineApplyOp::create(
        inside, loc, AffineMap::get(1, 0, from), t);
  result->last = least({from + (take - 1), s0 - 1});
  auto uniform = block.getArguments().drop_back();
  if (how.parts) {
    result->part = uniform.front();
    uniform = uniform.drop_front();
  }
  for (BlockArgument argument : uniform)
    result->indices.push_back(result->tiles.leaf(argument));
  result->lastEntry = result->last;
  result->rows = result->tiles.leaf(
      plan::RowsOp::create(inside, loc, result->tiles.type(TileType::R, index),
                           result->first,
                           take < rows || shift ? least({from + take, s0})
                                                : limit));
  result->columns = how.columns;
  if (!how.columns)
    result->indices.push_back(result->rows);
  if (how.packing) {
    result->groupHead = uniform[how.packing->heads];
    unpack(*result, *how.packing, result->indices);
  }
  return result;
}

Dims Planner::letters(KernelBuilder &kernel, Type element) {
  Dims dims;
  if (auto vector = dyn_cast<VectorType>(element))
    for (int64_t size : vector.getShape())
      dims.push_back(kernel.tiles.letter(size, dims));
  return dims;
}

// Whether kernels that are still to come read it.
bool Planner::isRead(Value field) {
  return llvm::any_of(field.getUsers(), [&](Operation *user) {
    if (isa<OutputOp>(user))
      return false;
    while (user->getParentOp() != pattern)
      user = user->getParentOp();
    return !planned.contains(user);
  });
}

static Node *stored(Tiles &tiles, Node *node, Type type) {
  if (node->type == type)
    return node;
  if (node->type.isIndex() || isa<IntegerType>(node->type))
    return tiles.apply<arith::IndexCastOp>(type, {node});
  bool narrows =
      type.getIntOrFloatBitWidth() < node->type.getIntOrFloatBitWidth();
  return narrows ? tiles.apply<arith::TruncFOp>(type, {node})
                 : tiles.apply<arith::ExtFOp>(type, {node});
}

Value attn::columnsOf(KernelBuilder &kernel, Value buffer) {
  auto type = cast<plan::BufferType>(buffer.getType());
  SmallVector<StringAttr> labels(type.getLabels());
  labels.push_back(StringAttr::get(type.getContext(), "E"));
  auto view = plan::BufferType::get(type.getContext(), labels,
                                    getElementTypeOrSelf(type.getElement()));
  OpBuilder before(kernel.kernel);
  return plan::ColumnsOp::create(before, kernel.tiles.loc, view, buffer);
}

void Planner::store(KernelBuilder &kernel, Value field, Node *node,
                    ArrayRef<int64_t> letters) {
  Tiles &tiles = kernel.tiles;
  auto type = cast<FieldType>(field.getType());
  SmallVector<Value> indices;
  Dims dims;
  for (Node *index : kernel.indices) {
    indices.push_back(tiles.value(index));
    dims.append(index->dims);
  }
  if (kernel.columns) {
    indices.push_back(tiles.value(kernel.rows));
    dims.push_back(TileType::R);
  } else {
    dims.append(letters.begin(), letters.end());
  }
  auto write = [&](Value buffer, Type element) {
    if (kernel.columns)
      buffer = columnsOf(kernel, buffer);
    Node *value = stored(tiles, node, getElementTypeOrSelf(element));
    Value tile = tiles.tile(value, dims);
    OpBuilder end = tiles.outside();
    plan::StoreOp::create(end, tiles.loc, tile, buffer, indices);
  };
  for (auto [output, tensor] : outputs.lookup(field))
    write(tensor, cast<plan::BufferType>(tensor.getType()).getElement());
  if (!isRead(field))
    return;
  if (Value known = map.lookupOrNull(field)) // another kernel may write it, too
    return write(known, type.getElement());
  Operation *op = field.getDefiningOp();
  StringRef name;
  SmallVector<Value> sizes;
  OpBuilder before(kernel.kernel);
  if (auto define = dyn_cast<DefineOp>(op)) {
    name = define.getName();
    for (Value bound : define.getBounds())
      sizes.push_back(host(bound));
  } else {
    auto attend = cast<ResultOp>(op).getAttention().getDefiningOp<AttendOp>();
    name = attend.getName();
    for (Value bound : attend.getBounds())
      sizes.push_back(host(bound));
  }
  Value buffer = plan::AllocOp::create(
      before, op->getLoc(), bufferOf(type, type.getElement()), name, sizes);
  map.map(field, buffer);
  write(buffer, type.getElement());
}

//===----------------------------------------------------------------------===//
// Definitions
//===----------------------------------------------------------------------===//

LogicalResult Planner::define(DefineOp op) {
  planned.insert(op);
  if (op->use_empty())
    return success();
  auto opened = open(op, op.getName(), op.getIndices(), op.getBounds(), false);
  KernelBuilder &kernel = *opened;
  for (auto [argument, node] :
       llvm::zip(op.getBody().getArguments(), kernel.indices))
    kernel.elements.bind(argument, node);
  Dims dims = letters(kernel, op.getType().getElement());
  auto yield = cast<YieldOp>(op.getBody().front().getTerminator());
  Node *node = kernel.elements.get(yield.getValues()[0], dims);
  if (kernel.elements.failed())
    return failure();
  store(kernel, op.getResult(), node, dims);
  return success();
}

SmallVector<DefineOp> Planner::tail(AttendOp attend) {
  SmallVector<DefineOp> tail;
  llvm::DenseSet<Value> own;
  for (Operation *user : attend->getUsers())
    own.insert(user->getResult(0));
  for (auto define : pattern.getBody().getOps<DefineOp>()) {
    if (planned.contains(define) || define->use_empty() ||
        !llvm::equal(define.getBounds(), attend.getBounds()))
      continue;
    bool reads = false, fits = true;
    define.walk([&](AtOp at) {
      if (own.contains(at.getField())) {
        reads = true;
        fits &= llvm::equal(at.getIndices(), define.getBody().getArguments());
      } else {
        fits &= bool(map.lookupOrNull(at.getField()));
      }
    });
    if (!reads || !fits)
      continue;
    tail.push_back(define);
    own.insert(define.getResult());
  }
  return tail;
}

LogicalResult Planner::attend(AttendOp op) {
  planned.insert(op);
  bool used = false;
  for (Operation *user : op->getUsers()) {
    planned.insert(user);
    used |= !user->use_empty();
  }
  if (!used)
    return success();
  SmallVector<DefineOp> fused = tail(op);
  for (DefineOp define : fused)
    planned.insert(define);
  return planAttend(*this, op, fused);
}

// An output that is an input.
void Planner::copy(Value field) {
  auto type = cast<FieldType>(field.getType());
  OutputOp output = outputs[field].front().first;
  SmallVector<Value> bounds;
  SmallVector<Attribute> names;
  for (StringAttr label : type.getLabels()) {
    Value size = plan::ExtentOp::create(builder, output.getLoc(),
                                        builder.getIndexType(), label);
    map.map(size, size);
    bounds.push_back(size);
    names.push_back(builder.getStringAttr(label.getValue().lower()));
  }
  auto opened = open(output, output.getName(), builder.getArrayAttr(names),
                     bounds, false);
  KernelBuilder &kernel = *opened;
  Dims dims = letters(kernel, type.getElement());
  SmallVector<Value> indices;
  Dims all;
  for (Node *index : kernel.indices) {
    indices.push_back(kernel.tiles.value(index));
    all.append(index->dims);
  }
  all.append(dims);
  OpBuilder end = kernel.tiles.outside();
  Node *node = kernel.tiles.leaf(plan::LoadOp::create(
      end, output.getLoc(),
      kernel.tiles.type(all, getElementTypeOrSelf(type.getElement())),
      host(field), indices));
  store(kernel, field, node, dims);
}

// How long the vectors are that attends compute with.
static int64_t longestVector(PatternOp pattern) {
  int64_t longest = 0;
  auto look = [&](Value value) {
    auto vector = dyn_cast<VectorType>(value.getType());
    if (vector && vector.getRank() == 1 && isa<FloatType>(vector.getElementType()))
      longest = std::max(longest, vector.getDimSize(0));
  };
  pattern.walk([&](AttendOp attend) {
    attend.walk([&](Operation *op) { llvm::for_each(op->getResults(), look); });
  });
  return longest;
}

LogicalResult Planner::run() {
  components = longestVector(pattern);
  builder.setInsertionPoint(pattern);
  auto program =
      plan::ProgramOp::create(builder, pattern.getLoc(), pattern.getSymName());
  builder.setInsertionPointToEnd(&program.getBody().emplaceBlock());
  arguments();
  // Scalars first: tails use some that stand behind their attend.
  for (Operation &op : pattern.getBody().front()) {
    if (auto param = dyn_cast<ParamOp>(op))
      map.map(param.getResult(),
              plan::ScalarOp::create(builder, op.getLoc(), param.getType(),
                                     param.getName())
                  .getResult());
    else if (auto extent = dyn_cast<ExtentOp>(op))
      map.map(extent.getResult(),
              plan::ExtentOp::create(builder, op.getLoc(),
                                     builder.getIndexType(), extent.getName())
                  .getResult());
    else if (op.getNumRegions() == 0 && !isa<InputOp, OutputOp, ResultOp>(op) &&
             !isa<VectorType>(op.getResult(0).getType()))
      builder.clone(op, map);
  }
  sets();
  for (Operation &op : pattern.getBody().front()) {
    if (planned.contains(&op) || op.getNumRegions() == 0)
      continue;
    LogicalResult result = failure();
    if (auto inner = dyn_cast<DefineOp>(op))
      result = define(inner);
    else if (auto inner = dyn_cast<AttendOp>(op))
      result = attend(inner);
    else
      op.emitError("cannot be planned outside a definition");
    if (failed(result))
      return failure();
  }
  for (auto &[field, list] : outputs)
    if (field.getDefiningOp<InputOp>())
      copy(field);
  pattern.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct Plan : attn::impl::PlanPassBase<Plan> {
  using PlanPassBase::PlanPassBase;
  void runOnOperation() override {
    const TargetModel *model = TargetModel::get(target);
    if (!model) {
      getOperation().emitError() << "there is no target '" << target << "'";
      return signalPassFailure();
    }
    auto choices = parseChoices(*model, llvm::to_vector(schedule),
                                [&] { return getOperation().emitError(); });
    if (failed(choices))
      return signalPassFailure();
    SmallVector<PatternOp> patterns(getOperation().getOps<PatternOp>());
    for (PatternOp pattern : patterns)
      if (failed(Planner(pattern, *model, *choices).run()))
        return signalPassFailure();
  }
};
} // namespace
