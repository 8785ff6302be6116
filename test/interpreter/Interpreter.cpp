#include "test/interpreter/Interpreter.h"
#include <cmath>
#include <deque>

using namespace mlir;
using namespace attn;
using plan::TileType;
using Held = attn::interpreter::Value;

Held::Value(std::vector<int64_t> dims, std::vector<int64_t> shape, double x)
    : dims(std::move(dims)), shape(std::move(shape)) {
  int64_t n = 1;
  for (int64_t s : this->shape)
    n *= s;
  data.assign(size_t(n), x);
}

namespace {

struct Memory {
  std::vector<int64_t> extents; ///< of the labels
  TensorView view;
  std::vector<double> own; ///< of workspace, dense; undefined (NaN) at first
};

using Keys = std::vector<std::pair<int64_t, int64_t>>; // half-open intervals

struct Span {
  Keys live, holes;
  bool exact = false;
};

bool meets(const Keys &keys, int64_t lo, int64_t hi) {
  return llvm::any_of(keys, [&](auto &k) { return std::max(lo, k.first) < std::min(hi, k.second); });
}

class Machine {
public:
  Machine(interpreter::Arguments &arguments) : arguments(arguments) {}
  std::string run(plan::ProgramOp program);

private:
  void kernel(plan::KernelOp op);
  void block(Block &ops);
  void operation(Operation &op);
  void sweep(plan::SweepOp op);
  void access(Operation *op, Value buffer, ValueRange indices, Type tile, bool store, Value stored);
  void map(Operation *op, Region &body, ValueRange tiles, ArrayAttr, TileType type, Value result);
  void fold(plan::FoldOp op);
  void contract(plan::ContractOp op);
  void advance(plan::AdvanceOp op);
  void scalarOp(Operation &op);
  void components(Operation &op);

  Held &get(Value v) {
    auto it = env.find(v);
    if (it == env.end()) {
      broken = "a value is used before it is there";
      return env[v] = Held();
    }
    return it->second;
  }
  double number(Value v) { return get(v).scalar(); }
  int64_t integer(Value v) { return int64_t(number(v)); }
  int64_t size(int64_t dim) {
    return dim == TileType::R   ? rows
           : dim == TileType::C ? cols
           : TileType::size(dim) ? TileType::size(dim)
                                 : lengths[dim];
  }
  Held make(Type type) {
    auto tile = dyn_cast<TileType>(type);
    if (!tile)
      return Held();
    std::vector<int64_t> dims = tile.getDims().vec(), shape;
    for (int64_t d : dims)
      shape.push_back(size(d));
    return Held(dims, shape);
  }
  /// Visits all positions of `shape` with the offsets in tiles of other dims.
  void walk(const Held &all, ArrayRef<const Held *> others,
            llvm::function_ref<void(size_t, ArrayRef<int64_t>, ArrayRef<int64_t>)> visit);

  interpreter::Arguments &arguments;
  llvm::DenseMap<Value, Held> env;
  llvm::DenseMap<Value, Span> spans;
  llvm::DenseMap<Value, Memory *> memory;
  std::deque<Memory> owned;
  llvm::DenseMap<int64_t, int64_t> lengths; ///< of run-time letters
  int64_t rows = 64, cols = 64, headsPerGroup = 1;
  double slack = 0, rowLimit = 0;
  // In a step: the span, and whether the mask is to be looked at.
  const Span *span = nullptr;
  Held sees;
  bool full = false, anySeen = false, allSeen = true;
  std::string broken;
};

} // namespace

void Machine::walk(const Held &all, ArrayRef<const Held *> others,
                   llvm::function_ref<void(size_t, ArrayRef<int64_t>, ArrayRef<int64_t>)> visit) {
  size_t rank = all.dims.size();
  std::vector<std::vector<int64_t>> strides(others.size(), std::vector<int64_t>(rank, 0));
  for (size_t o = 0; o < others.size(); ++o) {
    int64_t stride = 1;
    for (size_t k = others[o]->dims.size(); k-- > 0;) {
      for (size_t d = 0; d < rank; ++d)
        if (all.dims[d] == others[o]->dims[k])
          strides[o][d] = stride;
      stride *= others[o]->shape[k];
    }
  }
  std::vector<int64_t> at(rank, 0), offsets(others.size(), 0);
  for (size_t n = 0; n < all.data.size(); ++n) {
    visit(n, at, offsets);
    for (size_t d = rank; d-- > 0;) {
      ++at[d];
      for (size_t o = 0; o < others.size(); ++o)
        offsets[o] += strides[o][d];
      if (at[d] < all.shape[d])
        break;
      for (size_t o = 0; o < others.size(); ++o)
        offsets[o] -= strides[o][d] * at[d];
      at[d] = 0;
    }
  }
}

void Machine::scalarOp(Operation &op) {
  std::vector<double> operands;
  for (Value v : op.getOperands())
    operands.push_back(number(v));
  bool known = false;
  double x = interpreter::element(&op, operands.data(), headsPerGroup, known);
  if (!known)
    broken = "unknown operation " + op.getName().getStringRef().str();
  env[op.getResult(0)] = Held(x);
}

// Labels by index, then the components of a row.
void Machine::access(Operation *, Value buffer, ValueRange indices, Type type, bool store, Value stored) {
  Memory &m = *memory[buffer];
  Held result = store ? get(stored) : make(type);
  std::vector<const Held *> at;
  for (Value index : indices)
    at.push_back(&get(index));
  size_t labels = m.extents.size(), components = m.view.shape.size() - labels;
  std::vector<int64_t> strides = m.view.strides;
  walk(result, at, [&](size_t n, ArrayRef<int64_t> position, ArrayRef<int64_t> offsets) {
    int64_t offset = 0;
    for (size_t k = 0; k < labels; ++k) {
      double index = at[k]->data[size_t(offsets[k])];
      if (!(index >= 0 && index < double(m.extents[k]))) {
        return; // outside: reads zero, writes nothing
      }
      offset += int64_t(index) * strides[k];
    }
    for (size_t k = 0; k < components; ++k)
      offset += position[position.size() - components + k] * strides[labels + k];
    if (!m.own.empty() || m.view.data == nullptr) {
      if (store)
        m.own[size_t(offset)] = result.data[n];
      else
        result.data[n] = m.own[size_t(offset)];
    } else if (isFloat(m.view.dtype)) {
      if (store)
        storeReal(m.view, offset, result.data[n]);
      else
        result.data[n] = loadReal(m.view, offset);
    } else {
      if (store)
        storeInt(m.view, offset, int64_t(result.data[n]));
      else
        result.data[n] = double(loadInt(m.view, offset));
    }
  });
  if (!store)
    env[stored] = result;
}

void Machine::map(Operation *op, Region &body, ValueRange tiles, ArrayAttr, TileType type, Value result) {
  Held all = make(type);
  llvm::DenseMap<Value, Held> local;
  // Operation by operation over the whole tile.
  for (auto [argument, tile] : llvm::zip(body.getArguments(), tiles))
    local[argument] = get(tile);
  auto find = [&](Value v) -> const Held * {
    auto it = local.find(v);
    return it != local.end() ? &it->second : &get(v);
  };
  for (Operation &inner : body.front().without_terminator()) {
    std::vector<const Held *> kids;
    std::vector<int64_t> dims, shape;
    for (Value v : inner.getOperands())
      kids.push_back(find(v));
    if (auto constant = dyn_cast<arith::ConstantOp>(inner)) {
      operation(inner);
      continue;
    }
    for (const Held *kid : kids)
      for (size_t k = 0; k < kid->dims.size(); ++k)
        if (!llvm::is_contained(dims, kid->dims[k])) {
          dims.push_back(kid->dims[k]);
          shape.push_back(kid->shape[k]);
        }
    Held value(dims, shape);
    bool known = true;
    walk(value, kids, [&](size_t n, ArrayRef<int64_t>, ArrayRef<int64_t> offsets) {
      double operands[8];
      for (size_t k = 0; k < kids.size(); ++k)
        operands[k] = kids[k]->data[size_t(offsets[k])];
      value.data[n] = interpreter::element(&inner, operands, headsPerGroup, known);
    });
    if (!known)
      broken = "unknown operation " + inner.getName().getStringRef().str();
    local[inner.getResult(0)] = std::move(value);
  }
  const Held *yielded = find(cast<plan::YieldOp>(body.front().getTerminator()).getValues()[0]);
  walk(all, {yielded}, [&](size_t n, ArrayRef<int64_t>, ArrayRef<int64_t> offsets) {
    all.data[n] = yielded->data[size_t(offsets[0])];
  });
  if (isa<plan::MaskOp>(op)) {
    // Keys that lie in no live interval are seen by no row; rows that are not
    // there see nothing.
    const Held &i = get(tiles[0]), &j = get(tiles[1]);
    walk(all, {&i, &j}, [&](size_t n, ArrayRef<int64_t>, ArrayRef<int64_t> offsets) {
      double row = i.data[size_t(offsets[0])], key = j.data[size_t(offsets[1])];
      bool there = meets(span->live, int64_t(key), int64_t(key) + 1);
      if (row >= rowLimit)
        all.data[n] = 0;
      else if (full && !(there && all.data[n]))
        broken = "a full tile has a key that a row does not see";
      else if (!there)
        all.data[n] = 0;
      if (row < rowLimit) {
        anySeen |= all.data[n] != 0;
        allSeen &= all.data[n] != 0;
      }
    });
  }
  if (isa<plan::MaskOp>(op))
    sees = all;
  env[result] = all;
}

void Machine::fold(plan::FoldOp op) {
  Held result = make(op.getType());
  const Held tile = get(op.getTile());
  Fold kind = op.getKind();
  double start = kind == Fold::Max   ? -INFINITY
                 : kind == Fold::Min ? INFINITY
                 : kind == Fold::All ? 1
                                     : 0;
  std::fill(result.data.begin(), result.data.end(), start);
  walk(tile, {&result}, [&](size_t n, ArrayRef<int64_t>, ArrayRef<int64_t> offsets) {
    double &a = result.data[size_t(offsets[0])], x = tile.data[n];
    switch (kind) {
    case Fold::Max:
      a = std::isnan(x) || std::isnan(a) ? NAN : std::max(a, x);
      break;
    case Fold::Min:
      a = std::isnan(x) || std::isnan(a) ? NAN : std::min(a, x);
      break;
    case Fold::Any:
      a = a != 0 || x != 0;
      break;
    case Fold::All:
      a = a != 0 && x != 0;
      break;
    default:
      a += x;
    }
  });
  env[op.getResult()] = result;
}

void Machine::contract(plan::ContractOp op) {
  Held result = op.getAcc() ? get(op.getAcc()) : make(op.getType());
  const Held &a = get(op.getLhs()), &b = get(op.getRhs());
  Held all = result;
  for (size_t k = 0; k < a.dims.size(); ++k)
    if (!llvm::is_contained(all.dims, a.dims[k])) {
      all.dims.push_back(a.dims[k]);
      all.shape.push_back(a.shape[k]);
    }
  all = Held(all.dims, all.shape);
  bool keys = !op.getType().has(TileType::C) && op.getLhs().getType().has(TileType::C);
  // What is hidden is not looked at.
  Held everything(1);
  const Held &seen = keys ? sees : everything;
  walk(all, {&a, &b, &result, &seen}, [&](size_t, ArrayRef<int64_t>, ArrayRef<int64_t> offsets) {
    double x = a.data[size_t(offsets[0])], y = b.data[size_t(offsets[1])];
    if (seen.data[size_t(offsets[3])] == 0)
      return;
    result.data[size_t(offsets[2])] += x * y;
  });
  env[op.getResult()] = result;
}

void Machine::advance(plan::AdvanceOp op) {
  Held next = get(op.getReference()), base = next, factor = next;
  const Held &candidate = get(op.getCandidate());
  double lag = op.getExact() ? 0 : slack;
  for (size_t n = 0; n < next.data.size(); ++n) {
    double &x = next.data[n], from = x, to = candidate.data[n];
    if (std::isnan(to))
      x = to;
    else if (to > x + lag || x == -INFINITY)
      x = std::max(x, to);
    base.data[n] = x == -INFINITY ? 0 : x;
    factor.data[n] = std::exp(from - base.data[n]);
  }
  env[op.getNext()] = next;
  env[op.getBase()] = base;
  env[op.getFactor()] = factor;
}

void Machine::components(Operation &op) {
  if (auto slice = dyn_cast<plan::SliceOp>(op)) {
    const Held tile = get(slice.getTile());
    Held result = make(slice.getType());
    int64_t whole = tile.shape.back(), part = result.shape.back();
    for (size_t n = 0; n < result.data.size(); ++n)
      result.data[n] = tile.data[n / part * whole + n % part + slice.getFrom()];
    env[slice.getResult()] = result;
  } else if (auto concat = dyn_cast<plan::ConcatOp>(op)) {
    Held result = make(concat.getType());
    int64_t whole = result.shape.back(), from = 0;
    for (Value part : concat.getParts()) {
      const Held &tile = get(part);
      int64_t size = tile.shape.back();
      for (size_t n = 0; n < tile.data.size(); ++n)
        result.data[n / size * whole + n % size + from] = tile.data[n];
      from += size;
    }
    env[concat.getResult()] = result;
  } else {
    auto pick = cast<plan::PickOp>(op);
    const Held tile = get(pick.getTile()), at = get(pick.getPosition());
    Held result = make(pick.getType()), outer(std::vector<int64_t>(tile.dims.begin(), tile.dims.end() - 1),
                                              std::vector<int64_t>(tile.shape.begin(), tile.shape.end() - 1));
    int64_t size = tile.shape.back();
    walk(result, {&outer, &at}, [&](size_t n, ArrayRef<int64_t>, ArrayRef<int64_t> offsets) {
      double k = at.data[size_t(offsets[1])];
      result.data[n] = k >= 0 && k < size ? tile.data[size_t(offsets[0] * size + int64_t(k))] : 0;
    });
    env[pick.getResult()] = result;
  }
}

void Machine::sweep(plan::SweepOp op) {
  Span &s = spans[op.getSpan()];
  cols = op.getSpan().getType().getStep();
  Block &body = op.getBody().front();
  std::vector<Held> state;
  for (Value init : op.getInit())
    state.push_back(get(init));
  int64_t last = 0, first = INT64_MAX;
  for (auto &live : s.live)
    if (live.first < live.second) {
      first = std::min(first, live.first);
      last = std::max(last, live.second);
    }
  span = &s;
  auto sweeps = op->getParentOfType<plan::KernelOp>().getBody().getOps<plan::SweepOp>();
  bool isFirst = *sweeps.begin() == op;
  for (int64_t j = first == INT64_MAX ? 0 : first / cols * cols; j < last; j += cols) {
    if (!meets(s.live, j, j + cols))
      continue;
    full = !meets(s.holes, j, j + cols);
    anySeen = false;
    allSeen = true;
    Held keys({TileType::C}, {cols});
    for (int64_t k = 0; k < cols; ++k)
      keys.data[size_t(k)] = double(j + k);
    env[body.getArgument(0)] = keys;
    for (size_t k = 0; k < state.size(); ++k)
      env[body.getArgument(k + 1)] = state[k];
    block(body);
    if (!broken.empty())
      return;
    if (s.exact && !anySeen)
      broken = "an exact span visits a tile in which no row sees a key";
    if (s.exact && !full && allSeen)
      broken = "an exact span takes a full tile for a mixed one";
    // Tiles count once, not once per pass.
    if (isFirst) {
      arguments.visited += anySeen;
      arguments.mixed += anySeen && !allSeen;
    }
    auto yield = cast<plan::YieldOp>(body.getTerminator());
    for (size_t k = 0; k < state.size(); ++k)
      state[k] = get(yield.getValues()[k]);
  }
  span = nullptr;
  for (size_t k = 0; k < state.size(); ++k)
    env[op.getFinals()[k]] = state[k];
}

void Machine::operation(Operation &op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    double x = 0;
    if (auto f = dyn_cast<FloatAttr>(constant.getValue()))
      x = f.getValueAsDouble();
    else
      x = constant.getType().isInteger(1) ? !cast<IntegerAttr>(constant.getValue()).getValue().isZero()
                                          : double(cast<IntegerAttr>(constant.getValue()).getInt());
    env[constant] = Held(x);
  } else if (auto r = dyn_cast<plan::RowsOp>(op)) {
    Held tile = make(r.getType());
    // Rows that are not there have their numbers, too; nothing they give is
    // stored, because they lie outside the lengths.
    rowLimit = number(r.getLimit());
    for (int64_t k = 0; k < rows; ++k)
      tile.data[size_t(k)] = double(integer(r.getFrom()) + k);
    env[r.getResult()] = tile;
  } else if (auto range = dyn_cast<plan::RangeOp>(op)) {
    int64_t n = std::max<int64_t>(integer(range.getExtent()), 0), dim = cast<TileType>(range.getType()).getDims()[0];
    lengths[dim] = n;
    Held tile({dim}, {n});
    for (int64_t k = 0; k < n; ++k)
      tile.data[size_t(k)] = double(k);
    env[range.getResult()] = tile;
  } else if (auto tiles = dyn_cast<plan::TilesOp>(op)) {
    auto keys = [&](ArrayRef<plan::Interval> list) {
      Keys result;
      for (auto &i : list)
        for (int64_t p = 0, n = i.count ? integer(i.count) : 1; p < n; ++p) {
          int64_t shift = i.stride ? p * integer(i.stride) : 0;
          result.push_back({integer(i.lo) + shift, integer(i.hi) + shift});
        }
      return result;
    };
    spans[tiles.getResult()] = {keys(tiles.live()), keys(tiles.holes()), tiles.getExact()};
  } else if (auto s = dyn_cast<plan::SweepOp>(op)) {
    sweep(s);
  } else if (auto load = dyn_cast<plan::LoadOp>(op)) {
    access(&op, load.getBuffer(), load.getIndices(), load.getType(), false, load.getResult());
  } else if (auto store = dyn_cast<plan::StoreOp>(op)) {
    access(&op, store.getBuffer(), store.getIndices(), store.getValue().getType(), true, store.getValue());
  } else if (auto fill = dyn_cast<plan::FillOp>(op)) {
    Held tile = make(fill.getType());
    std::fill(tile.data.begin(), tile.data.end(), number(fill.getValue()));
    env[fill.getResult()] = tile;
  } else if (auto c = dyn_cast<plan::ContractOp>(op)) {
    contract(c);
  } else if (auto m = dyn_cast<plan::MapOp>(op)) {
    map(m, m.getBody(), m.getTiles(), m.getNames(), m.getType(), m.getResult());
  } else if (auto m = dyn_cast<plan::MaskOp>(op)) {
    map(m, m.getBody(), m.getTiles(), m.getNames(), m.getType(), m.getResult());
  } else if (auto f = dyn_cast<plan::FoldOp>(op)) {
    fold(f);
  } else if (auto a = dyn_cast<plan::AdvanceOp>(op)) {
    advance(a);
  } else if (auto scale = dyn_cast<plan::ScaleOp>(op)) {
    Held tile = get(scale.getTile());
    const Held &factor = get(scale.getFactor());
    walk(tile, {&factor}, [&](size_t n, ArrayRef<int64_t>, ArrayRef<int64_t> offsets) {
      tile.data[n] *= factor.data[size_t(offsets[0])];
    });
    env[scale.getResult()] = tile;
  } else if (isa<plan::SliceOp, plan::ConcatOp, plan::PickOp>(op)) {
    components(op);
  } else if (!isa<plan::YieldOp>(op)) {
    scalarOp(op);
  }
}

void Machine::block(Block &ops) {
  for (Operation &op : ops) {
    if (!broken.empty())
      return;
    operation(op);
  }
}

void Machine::kernel(plan::KernelOp op) {
  auto number = [&](StringRef key, int64_t otherwise) {
    auto value = op.getSchedule() ? op.getSchedule()->getAs<IntegerAttr>(key) : IntegerAttr();
    return value ? value.getInt() : otherwise;
  };
  rows = number("rows", 64);
  slack = double(number("slack", 0)) * std::log(2.0);
  std::vector<int64_t> grid;
  int64_t instances = 1;
  for (Value n : op.getGrid()) {
    grid.push_back(integer(n));
    instances *= std::max<int64_t>(grid.back(), 0);
  }
  Block &body = op.getBody().front();
  for (int64_t n = 0; n < instances && broken.empty(); ++n) {
    int64_t rest = n;
    for (size_t k = grid.size(); k-- > 0; rest /= grid[k])
      env[body.getArgument(k)] = Held(double(rest % grid[k]));
    block(body);
  }
}

std::string Machine::run(plan::ProgramOp program) {
  if (arguments.lengths.count("H") && arguments.lengths["G"])
    headsPerGroup = arguments.lengths["H"] / arguments.lengths["G"];
  for (Operation &op : program.getBody().front()) {
    if (!broken.empty())
      return broken;
    if (auto tensor = dyn_cast<plan::TensorOp>(op)) {
      Memory &m = owned.emplace_back();
      m.view = arguments.tensors[tensor.getName().str()];
      size_t labels = tensor.getType().getLabels().size();
      if (m.view.shape.size() < labels)
        return "no tensor '" + tensor.getName().str() + "'";
      m.extents.assign(m.view.shape.begin(), m.view.shape.begin() + labels);
      memory[tensor] = &m;
    } else if (auto alloc = dyn_cast<plan::AllocOp>(op)) {
      Memory &m = owned.emplace_back();
      for (Value size : alloc.getSizes())
        m.extents.push_back(std::max<int64_t>(integer(size), 0));
      m.view.shape = m.extents;
      if (auto row = dyn_cast<VectorType>(alloc.getType().getElement()))
        m.view.shape.insert(m.view.shape.end(), row.getShape().begin(), row.getShape().end());
      m.view.strides = denseStrides(m.view.shape);
      m.own.assign(size_t(m.view.elements()), NAN);
      memory[alloc] = &m;
    } else if (auto scalar = dyn_cast<plan::ScalarOp>(op)) {
      env[scalar] = Held(arguments.scalars[scalar.getName().str()]);
    } else if (auto extent = dyn_cast<plan::ExtentOp>(op)) {
      env[extent] = Held(double(arguments.lengths[extent.getName().str()]));
    } else if (auto k = dyn_cast<plan::KernelOp>(op)) {
      kernel(k);
    } else {
      operation(op);
    }
  }
  return broken;
}

std::string interpreter::run(plan::ProgramOp program, Arguments &arguments) {
  return Machine(arguments).run(program);
}
