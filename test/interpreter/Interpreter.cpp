// Control: programs, kernels, sweeps.
#include "test/interpreter/Machine.h"
#include <cmath>

using namespace mlir;
using namespace attn;
using plan::TileType;
using interpreter::Machine, interpreter::Memory, interpreter::Keys, interpreter::meets;
using Held = interpreter::Value;

Held::Value(std::vector<int64_t> dims, std::vector<int64_t> shape, double x)
    : dims(std::move(dims)), shape(std::move(shape)) {
  int64_t n = 1;
  for (int64_t s : this->shape)
    n *= s;
  data.assign(size_t(n), x);
}

void Machine::scalarOp(Operation &op) {
  std::vector<double> operands;
  for (mlir::Value v : op.getOperands())
    operands.push_back(number(v));
  bool known = false;
  double x = interpreter::element(&op, operands.data(), headsPerGroup, known);
  if (!known)
    broken = "unknown operation " + op.getName().getStringRef().str();
  env[op.getResult(0)] = Held(x);
}

std::vector<std::vector<int64_t>> Machine::tilesOf(const Span &s) {
  std::vector<std::vector<int64_t>> tiles;
  if (s.gathered) {
    for (size_t at = 0; at < s.sequence.size(); at += size_t(cols)) {
      std::vector<int64_t> tile(s.sequence.begin() + at, s.sequence.begin() + std::min(at + size_t(cols), s.sequence.size()));
      tile.resize(size_t(cols), -1);
      tiles.push_back(tile);
    }
    return tiles;
  }
  int64_t last = 0, first = INT64_MAX;
  for (auto &live : s.live)
    if (live.first < live.second) {
      first = std::min(first, live.first);
      last = std::max(last, live.second);
    }
  // A share: tiles are cut where their number says.
  int64_t begin = first == INT64_MAX ? 0 : first / cols, count = std::max<int64_t>((last + cols - 1) / cols - begin, 0);
  first = (begin + count * s.part / s.parts) * cols;
  last = std::min(last, (begin + count * (s.part + 1) / s.parts) * cols);
  for (int64_t j = first; j < last; j += cols) {
    if (s.listed && !s.blocks.contains(j / s.run))
      continue;
    std::vector<int64_t> &tile = tiles.emplace_back();
    for (int64_t k = 0; k < cols; ++k)
      tile.push_back(j + k);
  }
  return tiles;
}

void Machine::sweep(plan::SweepOp op) {
  Span &s = spans[op.getSpan()];
  cols = op.getSpan().getType().getStep();
  Block &body = op.getBody().front();
  std::vector<Held> state;
  for (mlir::Value init : op.getInit())
    state.push_back(get(init));
  span = &s;
  auto sweeps = op->getParentOfType<plan::KernelOp>().getBody().getOps<plan::SweepOp>();
  bool isFirst = *sweeps.begin() == op;
  for (const std::vector<int64_t> &tile : tilesOf(s)) {
    // A tile of consecutive keys meets whatever lies between the first and the
    // last; of a gathered one only its keys count, and absent ones are -1.
    auto touches = [&](const Keys &list) {
      return s.gathered ? llvm::any_of(tile, [&](int64_t k) { return meets(list, k, k + 1); }) : meets(list, tile.front(), tile.back() + 1);
    };
    if (!touches(s.live))
      continue;
    full = !touches(s.holes) && !llvm::is_contained(tile, -1);
    anySeen = false;
    allSeen = true;
    Held keys({TileType::C}, {cols});
    for (int64_t k = 0; k < cols; ++k)
      keys.data[size_t(k)] = double(tile[size_t(k)]);
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
    if (isFirst && !op->hasAttr("merges")) {
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
  } else if (isa<plan::TilesOp, plan::BlocksOp, plan::TokensOp>(op)) {
    spanOf(op.getResult(0));
  } else if (auto c = dyn_cast<plan::CollectOp>(op)) {
    list(c.getRaw(), c.getList(), c.getIndices(), c.getFrom(), c.getTo(), false);
  } else if (auto m = dyn_cast<plan::MarkOp>(op)) {
    list(m.getRaw(), m.getTable(), m.getIndices(), m.getFrom(), m.getTo(), true);
  } else if (auto part = dyn_cast<plan::PartOp>(op)) {
    Span s = spans[part.getSpan()];
    s.part = integer(part.getNumber());
    s.parts = std::max<int64_t>(integer(part.getCount()), 1);
    spans[part.getResult()] = s;
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
  for (mlir::Value n : op.getGrid()) {
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
      for (mlir::Value size : alloc.getSizes())
        m.extents.push_back(std::max<int64_t>(integer(size), 0));
      m.view.shape = m.extents;
      if (auto row = dyn_cast<VectorType>(alloc.getType().getElement()))
        m.view.shape.insert(m.view.shape.end(), row.getShape().begin(), row.getShape().end());
      m.view.strides = denseStrides(m.view.shape);
      m.own.assign(size_t(m.view.elements()), NAN);
      memory[alloc] = &m;
    } else if (auto scalar = dyn_cast<plan::ScalarOp>(op)) {
      env[scalar] = Held(arguments.scalars[scalar.getName().str()]);
    } else if (auto columns = dyn_cast<plan::ColumnsOp>(op)) {
      Memory *m = memory[columns.getBuffer()];
      memory[columns] = m;
    } else if (auto size = dyn_cast<plan::SizeOp>(op)) {
      Held value = get(size.getValue());
      env[size] = value;
    } else if (isa<plan::WorkersOp>(op)) {
      env[op.getResult(0)] = Held(4);
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
