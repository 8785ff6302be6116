// How a step is cut into products, clusters and rounds.
#include "codegen/cpu/Step.h"

using namespace mlir;
using namespace plan;
using namespace attn;
using namespace attn::cpu;

static constexpr unsigned never = ~0u;

StepLowering::StepLowering(KernelLowering &kernel, SweepPlan &sweep)
    : k(kernel), sweep(sweep), body(sweep.op.getBody().front()), yield(cast<plan::YieldOp>(body.back())) {}

StepLowering::Micro *StepLowering::microOf(Value v) {
  for (Micro &m : products)
    if (m.op.getResult() == v)
      return &m;
  return nullptr;
}

static bool isTile(Value v) { return isa<TileType>(v.getType()); }
static bool hasRowsAndKeys(Value v) { return has(v, TileType::R) && has(v, TileType::C); }

// In P nothing is gained by rounding: products are formed in f32.
static Value withoutRounding(Value v) {
  auto map = v.getDefiningOp<MapOp>();
  if (!map || map.getTiles().size() != 1)
    return v;
  Block &body = map.getBody().front();
  auto truncation = dyn_cast<arith::TruncFOp>(body.front());
  bool only = truncation && truncation->getNextNode() == &body.back() && truncation.getIn() == body.getArgument(0);
  return only && cast<plan::YieldOp>(body.back()).getValues()[0] == truncation ? map.getTiles()[0] : v;
}

void StepLowering::classify() {
  for (auto op : body.getOps<ContractOp>()) {
    Micro m;
    m.op = op;
    auto shape = [&](Value v, bool r, bool c, int64_t &letter) {
      unsigned letters = 0;
      for (int64_t d : dims(v))
        if (d >= 0) {
          letter = d;
          ++letters;
        }
      return has(v, TileType::R) == r && has(v, TileType::C) == c && letters == (r && c ? 0u : 1u) && (letter == 0 || TileType::size(letter));
    };
    int64_t a = 0, b = 0, out = 0;
    for (bool swap : {false, true}) {
      Value lhs = swap ? op.getRhs() : op.getLhs(), rhs = swap ? op.getLhs() : op.getRhs();
      if (shape(lhs, true, false, a) && shape(rhs, false, true, b) && a == b && shape(op.getResult(), true, true, out) && !op.getAcc())
        m.kind = Product::Scores;
      else if (shape(lhs, true, true, a) && shape(rhs, false, true, b) && shape(op.getResult(), true, false, out) && b == out)
        m.kind = Product::Accumulate;
      else
        continue;
      m.rows = m.kind == Product::Accumulate ? withoutRounding(lhs) : lhs;
      m.streamed = rhs;
      m.letter = b;
      break;
    }
    if (m.kind != Product::None)
      products.push_back(m);
  }
  for (Micro &m : products) {
    m.level = level(m.op.getResult());
    top = std::max(top, m.level);
  }
}

// The number of products behind a value.
unsigned StepLowering::level(Value v) {
  Operation *op = v.getDefiningOp();
  if (!op || op->getBlock() != &body)
    return 0;
  if (auto known = levels.find(v); known != levels.end())
    return known->second;
  unsigned most = 0;
  for (Value operand : op->getOperands())
    most = std::max(most, level(operand));
  return levels[v] = most + (microOf(v) ? 1 : 0);
}

bool StepLowering::reaches(Value v, const llvm::DenseSet<Value> &pending, llvm::DenseSet<Value> &seen) {
  Operation *op = v.getDefiningOp();
  if (!op || op->getBlock() != &body || !seen.insert(v).second)
    return false;
  if (pending.count(v))
    return true;
  if (microOf(v))
    return false;
  return llvm::any_of(op->getOperands(), [&](Value operand) { return reaches(operand, pending, seen); });
}

// The (r, c) values that computing `v` takes, down to the products.
void StepLowering::collect(Value v, llvm::SetVector<Value> &values) {
  Operation *op = v.getDefiningOp();
  if (!op || op->getBlock() != &body || !hasRowsAndKeys(v) || !values.insert(v))
    return;
  if (microOf(v))
    return;
  for (Value operand : op->getOperands())
    collect(operand, values);
}

void StepLowering::planRounds() {
  for (unsigned l = 0; l <= top; ++l) {
    SmallVector<FoldOp> folds;
    SmallVector<Value> weights;
    for (auto fold : body.getOps<FoldOp>())
      if (hasRowsAndKeys(fold.getTile()) && dims(fold.getResult()) == ArrayRef<int64_t>{TileType::R} && dims(fold.getTile()).size() == 2 && level(fold.getResult()) == l)
        folds.push_back(fold);
    for (Micro &m : products)
      if (m.kind == Product::Accumulate && level(m.rows) == l && !microOf(m.rows) && !llvm::is_contained(weights, m.rows))
        weights.push_back(m.rows);
    while (!folds.empty() || !weights.empty()) {
      llvm::DenseSet<Value> pending;
      for (FoldOp f : folds)
        pending.insert(f.getResult());
      Round round;
      round.level = l;
      auto ready = [&](Value v) {
        llvm::DenseSet<Value> seen;
        return !reaches(v, pending, seen);
      };
      for (FoldOp f : folds)
        if (ready(f.getTile()))
          round.folds.push_back(f);
      for (Value w : weights)
        if (ready(w))
          round.weights.push_back(w);
      llvm::erase_if(folds, [&](FoldOp f) { return llvm::is_contained(round.folds, f); });
      llvm::erase_if(weights, [&](Value w) { return llvm::is_contained(round.weights, w); });
      for (FoldOp f : round.folds)
        collect(f.getTile(), round.values);
      for (Value w : round.weights)
        collect(w, round.values);
      rounds.push_back(round);
    }
  }
  // A value of two rounds is stored by the first, if the second uses it in
  // something new and it is more than a mask.
  for (unsigned i = 0; i < rounds.size(); ++i) {
    Round &round = rounds[i];
    for (Value w : round.weights)
      round.stored.push_back(w);
    for (Value v : round.values) {
      if (microOf(v) || llvm::is_contained(round.stored, v) || v.getDefiningOp<FillOp>() || !isa<FloatType>(cast<TileType>(v.getType()).getElement()))
        continue;
      bool again = false;
      for (unsigned j = i + 1; j < rounds.size() && !again; ++j) {
        if (!rounds[j].values.contains(v))
          continue;
        again |= llvm::any_of(rounds[j].folds, [&](FoldOp f) { return f.getTile() == v; }) || llvm::is_contained(rounds[j].weights, v);
        for (Operation *user : v.getUsers())
          again |= llvm::any_of(user->getResults(), [&](Value r) { return rounds[j].values.contains(r) && !round.values.contains(r); });
      }
      if (again)
        round.stored.push_back(v);
    }
    // Later rounds begin there.
    for (unsigned j = i + 1; j < rounds.size(); ++j) {
      llvm::SetVector<Value> left;
      std::function<void(Value)> visit = [&](Value v) {
        Operation *op = v.getDefiningOp();
        if (!op || op->getBlock() != &body || !hasRowsAndKeys(v) || !left.insert(v) || microOf(v) || stored.count(v) || llvm::is_contained(round.stored, v))
          return;
        for (Value operand : op->getOperands())
          visit(operand);
      };
      for (FoldOp f : rounds[j].folds)
        visit(f.getTile());
      for (Value w : rounds[j].weights)
        visit(w);
      rounds[j].values = left;
    }
    for (Value v : round.stored)
      stored[v]; // placed later
  }
}

// The last moment at which a stored (r, c) value is read.
unsigned StepLowering::lastUse(Value v) {
  unsigned last = 0;
  llvm::DenseSet<Value> covered;
  for (auto [n, round] : llvm::enumerate(rounds)) {
    for (Value x : round.values)
      covered.insert(x);
    bool used = round.values.contains(v);
    if (used)
      last = std::max(last, time(round.level, n));
    for (FoldOp f : round.folds)
      covered.insert(f.getResult());
  }
  for (Micro &m : products)
    if (m.rows == v)
      last = std::max(last, time(m.level - 1, 999));
  for (Operation *user : v.getUsers())
    for (Value r : user->getResults()) {
      Micro *m = microOf(r);
      bool rounding = llvm::any_of(products, [&](Micro &p) { return p.rows == v && llvm::is_contained(p.op->getOperands(), r); });
      if (!covered.count(r) && !(m && m->rows == v) && !rounding)
        return never;
    }
  return last;
}

Place StepLowering::takeBuffer(unsigned now, bool reuseNow, unsigned last) {
  for (Buffer &b : buffers)
    if (b.lastUse != never && (b.lastUse < now || (reuseNow && b.lastUse == now))) {
      b.lastUse = last;
      return b.place;
    }
  Place place = k.allocate(false, k.builder.getF32Type(), {TileType::R, TileType::C});
  buffers.push_back({place, last});
  return place;
}

// Whether a streamed tile differs between the row tiles of an instance.
static bool dependsOnRows(Value v, SweepPlan &sweep, KernelOp kernel, const llvm::DenseMap<Value, Place> &homes) {
  auto argument = dyn_cast<BlockArgument>(v);
  if (argument)
    return argument != sweep.op.getBody().getArgument(0) && (argument.getOwner() != &kernel.getBody().front() || argument.getArgNumber() + 1 == kernel.getGrid().size());
  Operation *op = v.getDefiningOp();
  if (homes.count(v) || isa<SweepOp>(op))
    return true;
  if (!kernel->isProperAncestor(op))
    return false;
  bool found = false;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands()) {
      Operation *owner = operand.getParentBlock()->getParentOp();
      if (owner != op && !op->isProperAncestor(owner))
        found = found || dependsOnRows(operand, sweep, kernel, homes);
    }
  });
  return found;
}

void StepLowering::planPlaces() {
  for (unsigned l = 0; l <= top; ++l) {
    for (auto [n, round] : llvm::enumerate(rounds))
      if (round.level == l)
        for (Value v : round.stored)
          stored[v] = takeBuffer(time(l, n), true, std::max(lastUse(v), time(l, n)));
    for (Micro &m : products)
      if (m.kind == Product::Scores && m.level == l + 1)
        m.result = takeBuffer(time(l, 999), false, std::max(lastUse(m.op.getResult()), time(l, 999)));
  }
  for (Micro &m : products) {
    if (m.kind == Product::Scores && !k.homes.count(m.rows))
      m.rowsPlace = k.allocate(false, k.builder.getF32Type(), dims(m.rows));
    if (m.kind == Product::Accumulate && microOf(m.rows))
      m.rowsPlace = microOf(m.rows)->result;
    // Streamed rows: f32 in place, everything else through scratch.
    auto load = m.streamed.getDefiningOp<LoadOp>();
    m.streamedElement = k.builder.getF32Type();
    if (load && !sweep.span.gathered && streamsDirectly(load, sweep)) {
      Type element = k.frame.memory.find(load.getBuffer())->second.element;
      if (element.isF32() || (k.target.narrow && (element.isF16() || element.isBF16()))) {
        m.streamedElement = element;
        continue;
      }
    }
    m.streamedShared = true;
    for (auto &[v, place] : sweep.prepared)
      if (v == m.streamed)
        m.streamedPlace = place;
    if (!m.streamedPlace.held) {
      m.streamedPlace = k.allocate(false, k.builder.getF32Type(), dims(m.streamed));
      if (load && streamsDirectly(load, sweep)) { // components side by side
        int64_t size = llvm::alignTo(TileType::size(m.letter), k.target.keys);
        m.streamedPlace.strides = {{m.letter, 1}, {TileType::C, size}};
      }
      if (dependsOnRows(m.streamed, sweep, k.kernel, k.homes))
        inlined.push_back({m.streamed, m.streamedPlace});
      else
        sweep.prepared.push_back({m.streamed, m.streamedPlace});
    }
  }
}

void StepLowering::planState() {
  for (auto [argument, next] : llvm::zip(body.getArguments().drop_front(), yield.getValues())) {
    Carried c;
    c.argument = argument;
    c.next = next;
    c.level = level(next);
    Micro *m = microOf(next);
    auto onlyUser = [&](Value v) -> Operation * { return v.hasOneUse() ? *v.getUsers().begin() : nullptr; };
    if (next == argument) {
      c.how = Carried::Same;
    } else if (m && m->kind == Product::Accumulate && m->op.getAcc() && onlyUser(next) == yield) {
      // acc -> (scale) -> product -> yield: the home is updated where it lies.
      Value acc = m->op.getAcc();
      bool chain = acc == argument && onlyUser(argument) == m->op;
      if (auto scale = acc.getDefiningOp<ScaleOp>())
        chain = scale.getTile() == argument && onlyUser(argument) == scale && onlyUser(acc) == m->op;
      if (chain) {
        c.how = Carried::InPlace;
        m->inPlace = true;
        m->result = k.homes[argument];
      }
    } else if (isTile(next) && dims(next) == ArrayRef<int64_t>{TileType::R} && next.getDefiningOp() && next.getDefiningOp()->getBlock() == &body) {
      c.how = Carried::Rows;
      c.direct = !readLate(argument, c.level);
      if (!c.direct)
        c.temporary = k.allocate(false, cast<TileType>(next.getType()).getElement(), dims(next));
    }
    if (c.how == Carried::Other && isTile(next))
      c.temporary = k.allocate(false, cast<TileType>(next.getType()).getElement(), dims(next));
    state.push_back(c);
  }
  for (Micro &m : products)
    if (m.kind == Product::Accumulate && !m.inPlace)
      m.result = k.allocate(false, k.builder.getF32Type(), dims(m.op.getResult()));
  for (Operation &op : body)
    for (Value v : op.getResults())
      if (isTile(v) && dims(v) == ArrayRef<int64_t>{TileType::R} && !microOf(v) && readLate(v, level(v)))
        kept.push_back({v, k.allocate(false, cast<TileType>(v.getType()).getElement(), dims(v))});
}

// Whether a row value is read outside the cluster of its level.
bool StepLowering::readLate(Value v, unsigned at) {
  for (Operation *user : v.getUsers())
    for (Value r : user->getResults()) {
      bool inside = dims(r) == ArrayRef<int64_t>{TileType::R} || hasRowsAndKeys(r);
      if (auto scale = dyn_cast<ScaleOp>(user))
        inside |= llvm::any_of(products, [&](Micro &m) { return m.inPlace && m.op.getAcc() == scale.getResult(); });
      if (level(r) > at || !inside)
        return true;
    }
  return false;
}

LogicalResult StepLowering::run() {
  classify();
  planRounds();
  planPlaces();
  planState();
  sweep.full = emit(true);
  sweep.mixed = emit(false);
  return failure(k.failed);
}
