// Operations on tiles.
#include "test/interpreter/Machine.h"
#include <cmath>

using namespace mlir;
using namespace attn;
using plan::TileType;
using interpreter::Machine, interpreter::Memory, interpreter::Keys, interpreter::meets;
using Held = interpreter::Value;

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

// Labels by index, then the components of a row.
void Machine::access(Operation *, mlir::Value buffer, ValueRange indices, Type type, bool store, mlir::Value stored) {
  Memory &m = *memory[buffer];
  Held result = store ? get(stored) : make(type);
  std::vector<const Held *> at;
  for (mlir::Value index : indices)
    at.push_back(&get(index));
  // As many labels as indices; lengths of components are labels of a view.
  size_t labels = indices.size(), components = m.view.shape.size() - labels;
  std::vector<int64_t> strides = m.view.strides;
  walk(result, at, [&](size_t n, ArrayRef<int64_t> position, ArrayRef<int64_t> offsets) {
    int64_t offset = 0;
    for (size_t k = 0; k < labels; ++k) {
      double index = at[k]->data[size_t(offsets[k])];
      if (!(index >= 0 && index < double(m.view.shape[k]))) {
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

void Machine::map(Operation *op, Region &body, ValueRange tiles, ArrayAttr, TileType type, mlir::Value result) {
  Held all = make(type);
  llvm::DenseMap<mlir::Value, Held> local;
  // Operation by operation over the whole tile.
  for (auto [argument, tile] : llvm::zip(body.getArguments(), tiles))
    local[argument] = get(tile);
  auto find = [&](mlir::Value v) -> const Held * {
    auto it = local.find(v);
    return it != local.end() ? &it->second : &get(v);
  };
  for (Operation &inner : body.front().without_terminator()) {
    std::vector<const Held *> kids;
    std::vector<int64_t> dims, shape;
    for (mlir::Value v : inner.getOperands())
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
      bool there = meets(span->live, int64_t(key), int64_t(key) + 1), isRow = row < rowLimit;
      if (!isRow)
        all.data[n] = 0;
      else if (full && !(there && all.data[n]))
        broken = "a full tile has a key that a row does not see";
      else if (!there)
        all.data[n] = 0;
      if (isRow) {
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
    for (mlir::Value part : concat.getParts()) {
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
