#include "codegen/nvidia/KernelShape.h"
#include "dialect/PlanRules.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::nvidia;

static constexpr int64_t R = TileType::R, C = TileType::C;

static ArrayRef<int64_t> dims(Value v) { return dimsOf(v.getType()); }
static bool has(Value v, int64_t dim) { return llvm::is_contained(dims(v), dim); }

int64_t attn::nvidia::accumulatorRegisters(const SweepShape &sweep) {
  int64_t registers = 0;
  for (const BackProduct &back : sweep.backs)
    registers += back.width / 2;
  return registers;
}

static Type elementOf(Value v) {
  auto tile = dyn_cast<TileType>(v.getType());
  return tile ? tile.getElement() : v.getType();
}

namespace {
/// One dimension `first` and one letter of known size.
std::optional<int64_t> letterOf(Value v, int64_t first) {
  ArrayRef<int64_t> d = dims(v);
  if (d.size() != 2 || d[0] != first || d[1] < 0 || !TileType::size(d[1]))
    return std::nullopt;
  return TileType::size(d[1]);
}

class Analysis {
public:
  explicit Analysis(KernelShape &shape) : shape(shape) {}
  void run();

private:
  bool refuse(Operation *op, const Twine &reason) {
    if (!shape.refusal)
      shape.refusal = KernelShape::Refusal{op->getLoc(), reason.str()};
    return false;
  }
  bool outside(Operation *op);
  bool sweep(SweepOp op);
  bool product(SweepShape &s, ContractOp op);
  bool operand(ContractOp op, Value v, int64_t first, Value index, Operand &result);
  bool inner(SweepShape &s, Operation *op);
  void cut(SweepShape &s, ArrayRef<Operation *> cluster);
  unsigned place(SmallVector<LoadOp> &loads, LoadOp load);

  KernelShape &shape;
};
} // namespace

// Equal loads share memory.
unsigned Analysis::place(SmallVector<LoadOp> &loads, LoadOp load) {
  for (auto [n, known] : llvm::enumerate(loads))
    if (known.getBuffer() == load.getBuffer() && known.getIndices() == load.getIndices())
      return n;
  loads.push_back(load);
  return loads.size() - 1;
}

// `v` is loaded at the tile `index` along one label and at uniform indices
// along the others, or it is a part of such a load.
bool Analysis::operand(ContractOp op, Value v, int64_t first, Value index, Operand &result) {
  const char *which = first == R ? "rows" : "keys";
  if (auto slice = v.getDefiningOp<SliceOp>()) {
    result.from = slice.getFrom();
    v = slice.getTile();
    if (result.from % 16)
      return refuse(op, Twine("a part of the ") + which + " that begins at component " + Twine(result.from) + ", not a multiple of 16");
  }
  Type element = elementOf(v);
  if (!element.isBF16() && !element.isF16()) {
    std::string type;
    llvm::raw_string_ostream(type) << element;
    return refuse(op, Twine("a product of ") + which + " in " + type + ", not in a 16-bit type");
  }
  auto load = v.getDefiningOp<LoadOp>();
  if (!load)
    return refuse(op, Twine("a product of ") + which + " that are computed, not read");
  auto size = letterOf(v, first);
  if (!size || *size % 8 || result.from + *size > 1024)
    return refuse(op, Twine("a product of ") + which + " whose length is no multiple of 8");
  unsigned tiles = 0;
  for (Value at : load.getIndices()) {
    if (!isa<TileType>(at.getType()))
      continue;
    ++tiles;
    if (at != index)
      return refuse(op, Twine("a product of ") + which + " at computed positions");
  }
  if (tiles != 1)
    return refuse(op, Twine("a product of ") + which + " without a position");
  result.load = load;
  return true;
}

bool Analysis::product(SweepShape &s, ContractOp op) {
  Value key = s.op.getBody().getArgument(0);
  for (bool swap : {false, true}) {
    Value a = swap ? op.getRhs() : op.getLhs(), b = swap ? op.getLhs() : op.getRhs();
    if (has(a, R) && !has(a, C) && has(b, C) && !has(b, R) && dims(op.getResult()) == ArrayRef<int64_t>{R, C}) {
      FrontProduct front;
      front.op = op;
      auto x = letterOf(a, R), y = letterOf(b, C);
      if (!x || !y || *x != *y)
        return refuse(op, "a product of rows and keys over more than their components");
      front.depth = *x;
      if (op.getAcc())
        return refuse(op, "scores that are added up over several products");
      if (*x % 8 || *x > 256)
        return refuse(op, Twine("rows and keys of ") + Twine(*x) + " components, no multiple of 8 up to 256");
      if (!operand(op, a, R, shape.rows.getResult(), front.rows) || !operand(op, b, C, key, front.keys))
        return false;
      if (front.rows.load->getParentOp() != shape.kernel)
        return refuse(op, "rows that are read anew for every tile of keys");
      if (elementOf(a) != elementOf(b))
        return refuse(op, "a product of bf16 with f16");
      front.rows.ring = place(shape.stationary, front.rows.load);
      s.fronts.push_back(front);
      return true;
    }
    if (dims(a) == ArrayRef<int64_t>{R, C} && letterOf(b, C) && letterOf(op.getResult(), R)) {
      BackProduct back;
      back.op = op;
      back.weights = a;
      back.width = *letterOf(b, C);
      if (back.width % 8 || back.width > 256)
        return refuse(op, Twine("values of ") + Twine(back.width) + " components, no multiple of 8 up to 256");
      if (!operand(op, b, C, key, back.values))
        return false;
      if (back.values.from % 64)
        return refuse(op, "values that are a part of rows not beginning at a multiple of 64");
      s.backs.push_back(back);
      return true;
    }
  }
  return refuse(op, "a product that is neither rows with keys nor weights with values");
}

// Tiles in registers: rows, keys, both; rows with components for accumulators.
bool Analysis::inner(SweepShape &s, Operation *op) {
  for (Value v : op->getResults()) {
    ArrayRef<int64_t> d = dims(v);
    bool accumulator = letterOf(v, R) && isa<FillOp, ScaleOp>(op);
    if (!accumulator && !llvm::all_of(d, [](int64_t x) { return x == R || x == C; }))
      return refuse(op, has(v, R) && has(v, C) ? "a vector for every row and key" : "vectors of rows or keys that are computed for every tile");
    if (accumulator && TileType::size(d[1]) > 256)
      return refuse(op, "accumulators of more than 256 components");
  }
  if (auto fold = dyn_cast<FoldOp>(op))
    if (dims(fold.getTile()) != ArrayRef<int64_t>{R, C} || dims(fold.getResult()) != ArrayRef<int64_t>{R})
      return refuse(op, "an aggregate over something else than the keys of a row");
  if (auto load = dyn_cast<LoadOp>(op)) {
    s.tables.push_back(load);
    return true;
  }
  if (isa<PlanDialect>(op->getDialect()) && !isa<MapOp, MaskOp, FoldOp, FillOp, AdvanceOp, ScaleOp>(op))
    return refuse(op, Twine("`") + op->getName().stripDialect() + "` for every tile of keys");
  return true;
}

// Operations come in order, so a phase ends before the first one that needs a
// fold of the phase.
void Analysis::cut(SweepShape &s, ArrayRef<Operation *> cluster) {
  llvm::DenseSet<Operation *> open;
  s.phases.emplace_back();
  for (Operation *op : cluster) {
    if (llvm::any_of(op->getOperands(), [&](Value v) { return open.contains(v.getDefiningOp()); })) {
      s.phases.emplace_back();
      open.clear();
    }
    s.phases.back().push_back(op);
    if (isa<FoldOp>(op))
      open.insert(op);
  }
}

bool Analysis::sweep(SweepOp op) {
  SweepShape &s = shape.sweeps.emplace_back();
  s.op = op;
  s.tiles = tilesOf(op.getSpan()).tiles;
  s.part = tilesOf(op.getSpan()).part;
  s.span = plan::partsOf(s.part ? s.part.getSpan() : op.getSpan());
  if (!s.span)
    return refuse(op, "keys of another kernel's span");
  if (s.part && !s.tiles)
    return refuse(op, "parts of listed keys");
  s.cols = cast<SpanType>(op.getSpan().getType()).getStep();
  for (BlockArgument carried : op.getBody().getArguments().drop_front()) {
    bool row = dims(carried) == ArrayRef<int64_t>{R};
    if (!row && !letterOf(carried, R))
      return refuse(op, "a state that belongs to no row");
    if (!row && !elementOf(carried).isF32())
      return refuse(op, "a vector state that is not f32");
  }
  Block &body = op.getBody().front();
  SmallVector<Operation *> cluster;
  for (Operation &inside : body.without_terminator()) {
    if (auto contract = dyn_cast<ContractOp>(inside)) {
      if (!product(s, contract))
        return false;
      continue;
    }
    bool isOperand = isa<LoadOp, SliceOp>(inside) && !inside.use_empty() &&
                     llvm::all_of(inside.getUsers(), [&](Operation *user) {
                       return isa<ContractOp>(user) || (isa<SliceOp>(user) && llvm::all_of(user->getUsers(), llvm::IsaPred<ContractOp>));
                     });
    if (isOperand)
      continue;
    if (!inner(s, &inside))
      return false;
    cluster.push_back(&inside);
  }
  for (BackProduct &back : s.backs) {
    Value product = back.op.getResult();
    if (!back.op.getAcc() || !product.hasOneUse() || *product.user_begin() != body.getTerminator())
      return refuse(back.op, "a product with values that is not added to a state");
    unsigned place = product.use_begin()->getOperandNumber();
    Value from = back.op.getAcc();
    if (auto scale = from.getDefiningOp<ScaleOp>())
      from = scale.getTile();
    auto argument = dyn_cast<BlockArgument>(from);
    if (!argument || argument.getOwner() != &body || argument.getArgNumber() != place + 1)
      return refuse(back.op, "a product with values that is not added to its own state");
    if (!elementOf(back.weights).isF32())
      return refuse(back.op, "weights that are not real numbers");
  }
  for (BlockArgument carried : op.getBody().getArguments().drop_front())
    if (Value next = body.getTerminator()->getOperand(carried.getArgNumber() - 1);
        letterOf(carried, R) && llvm::none_of(s.backs, [&](BackProduct &b) { return next == b.op.getResult(); }))
      return refuse(op, "a vector state that no product is added to");
  for (FrontProduct &front : s.fronts)
    front.keys.ring = place(s.streamed, front.keys.load);
  s.frontRings = s.streamed.size();
  SmallVector<LoadOp> values;
  for (BackProduct &back : s.backs)
    back.values.ring = s.frontRings + place(values, back.values.load);
  s.streamed.append(values.begin(), values.end());
  cut(s, cluster);
  return true;
}

// In front of, between and behind sweeps: per row, or per row and component.
bool Analysis::outside(Operation *op) {
  if (!isa<PlanDialect>(op->getDialect()) || isa<RowsOp, TilesOp, PartOp>(op))
    return true;
  if (auto store = dyn_cast<StoreOp>(op)) {
    shape.stores.push_back(store);
    Value v = store.getValue();
    if (dims(v) != ArrayRef<int64_t>{R} && !letterOf(v, R) && !dims(v).empty())
      return refuse(op, "a result that is more than a vector per row");
    return true;
  }
  // Operands of products go from memory to memory.
  bool product = isa<LoadOp, SliceOp>(op) && !op->use_empty() && llvm::all_of(op->getUsers(), [](Operation *user) {
    auto part = dyn_cast<SliceOp>(user);
    auto inSweep = [](Operation *o) { return isa<ContractOp>(o) && isa<SweepOp>(o->getParentOp()); };
    return inSweep(user) || (part && llvm::all_of(user->getUsers(), inSweep));
  });
  if (product)
    return true;
  if (isa<RangeOp, SliceOp, ConcatOp, PickOp>(op))
    return refuse(op, Twine("`") + op->getName().stripDialect() + "` of vectors of a row");
  for (Value v : op->getResults()) {
    if (!isa<TileType>(v.getType()))
      continue;
    ArrayRef<int64_t> d = dims(v);
    bool known = llvm::all_of(d, [](int64_t x) { return x == R || (x >= 0 && TileType::size(x) && TileType::size(x) % 8 == 0 && TileType::size(x) <= 256); });
    if (!known || d.size() > 2 || (d.size() == 2 && d[0] != R))
      return refuse(op, "tiles of a length that is not known, no multiple of 8 or beyond 256");
  }
  if (auto contract = dyn_cast<ContractOp>(op))
    if (dims(contract.getResult()) != ArrayRef<int64_t>{R} || contract.getAcc())
      return refuse(op, "a row times a matrix");
  if (auto fold = dyn_cast<FoldOp>(op)) {
    bool ofRow = letterOf(fold.getTile(), R) && dims(fold.getResult()) == ArrayRef<int64_t>{R};
    bool ofRows = dims(fold.getTile()) == ArrayRef<int64_t>{R} && dims(fold.getResult()).empty();
    if (!ofRow && !ofRows)
      return refuse(op, "an aggregate over something else than a row's components or the rows of a tile");
  }
  return true;
}

void Analysis::run() {
  KernelOp kernel = shape.kernel;
  if (DictionaryAttr schedule = kernel.getScheduleAttr())
    if (auto rows = schedule.getAs<IntegerAttr>("rows"))
      shape.rowSide = rows.getInt();
  SmallVector<RowsOp> rows(kernel.getBody().getOps<RowsOp>());
  if (kernel.getBody().getOps<SweepOp>().empty()) {
    refuse(kernel, "no sweep over keys");
    return;
  }
  if (rows.size() != 1) {
    refuse(kernel, "no tile of rows");
    return;
  }
  shape.rows = rows[0];
  for (Operation &op : kernel.getBody().front())
    if (isa<SweepOp>(op) ? !sweep(cast<SweepOp>(op)) : !outside(&op))
      return;
  bool any = llvm::any_of(shape.sweeps, [](SweepShape &s) { return !s.fronts.empty() || !s.backs.empty(); });
  if (!any)
    refuse(kernel, "no product for tensor cores");
}

KernelShape KernelShape::of(KernelOp kernel) {
  KernelShape shape;
  shape.kernel = kernel;
  Analysis(shape).run();
  return shape;
}

static void name(llvm::raw_ostream &os, LoadOp load) {
  Operation *buffer = load.getBuffer().getDefiningOp();
  if (auto tensor = dyn_cast_or_null<TensorOp>(buffer))
    os << tensor.getName();
  else if (auto alloc = dyn_cast_or_null<AllocOp>(buffer))
    os << alloc.getName();
  else
    os << "?";
}

void KernelShape::print(llvm::raw_ostream &os) const {
  KernelOp k = kernel;
  os << "kernel \"" << k.getName() << "\": ";
  if (refusal) {
    os << "refused: " << refusal->reason << "\n";
    return;
  }
  os << rowSide << " rows; stationary";
  for (LoadOp load : stationary)
    name(os << " ", load);
  os << "; stores " << stores.size() << "\n";
  for (const SweepShape &s : sweeps) {
    os << "  sweep of " << s.cols << (s.span.gathered ? " gathered keys: streamed" : s.span.list ? " keys of listed blocks: streamed" : " keys: streamed");
    for (LoadOp load : s.streamed)
      name(os << " ", load);
    if (!s.tables.empty())
      os << "; tables";
    for (LoadOp load : s.tables)
      name(os << " ", load);
    os << "\n";
    for (const FrontProduct &f : s.fronts) {
      name(os << "    front ", f.rows.load);
      name(os << "[" << f.rows.from << "] x ", f.keys.load);
      os << "[" << f.keys.from << "] over " << f.depth << "\n";
    }
    for (auto [n, phase] : llvm::enumerate(s.phases)) {
      os << "    phase " << n << ":";
      for (Operation *op : phase)
        os << " " << op->getName().stripDialect();
      os << "\n";
    }
    for (const BackProduct &b : s.backs)
      name(os << "    back ", b.values.load), os << " to " << b.width << "\n";
  }
}
