#include "passes/Estimate.h"

using namespace mlir;
using namespace attn;
using namespace plan;

static double bytesOf(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return double(vector.getNumElements()) * bytesOf(vector.getElementType());
  if (type.isIndex())
    return 8;
  return std::max(1u, type.getIntOrFloatBitWidth() / 8);
}

namespace {

/// Reads a program; sides of tiles are those of the kernel at hand.
class Reader {
public:
  explicit Reader(PlanWork &work) : work(work) {}

  void read(KernelOp kernel) {
    rows = side(kernel, "rows");
    cols = side(kernel, "cols");
    llvm::DenseSet<Value> touched;
    kernel.getBody().walk([&](Operation *op) {
      Value buffer = bufferOf(op);
      if (buffer && !op->getParentOfType<SweepOp>() &&
          touched.insert(buffer).second)
        ++work.arrays[array(buffer)].outside;
    });
    for (auto sweep : kernel.getBody().getOps<SweepOp>())
      read(sweep);
  }

private:
  static Value bufferOf(Operation *op) {
    if (auto load = dyn_cast<LoadOp>(op))
      return load.getBuffer();
    auto store = dyn_cast<StoreOp>(op);
    return store ? Value(store.getBuffer()) : Value();
  }

  static double side(KernelOp kernel, StringRef name) {
    auto known = kernel.getScheduleAttr()
                     ? kernel.getScheduleAttr().getAs<IntegerAttr>(name)
                     : IntegerAttr();
    return known ? double(known.getInt()) : 1;
  }

  unsigned array(Value buffer) {
    auto [it, isNew] = known.try_emplace(buffer, work.arrays.size());
    if (isNew) {
      auto type = cast<BufferType>(buffer.getType());
      PlanWork::Array array;
      Operation *op = buffer.getDefiningOp();
      if (auto name = op->getAttrOfType<StringAttr>("name"))
        array.name = name.str();
      for (StringAttr label : type.getLabels())
        array.labels.push_back(label.str());
      array.elementBytes = bytesOf(type.getElement());
      work.arrays.push_back(array);
    }
    return it->second;
  }

  /// Dimensions of run-time size count once.
  double length(int64_t dim) const {
    return dim == TileType::R   ? rows
           : dim == TileType::C ? cols
                                : double(std::max<int64_t>(TileType::size(dim), 1));
  }

  void read(SweepOp op) {
    PlanWork::Sweep sweep;
    op.getBody().walk([&](Operation *inner) {
      if (auto load = dyn_cast<LoadOp>(inner)) {
        auto tile = dyn_cast<TileType>(load.getType());
        if (!tile || !tile.has(TileType::C)) {
          ++work.arrays[array(load.getBuffer())].outside;
          return;
        }
        double bytes = bytesOf(tile.getElement());
        for (int64_t dim : tile.getDims())
          bytes *= length(dim);
        sweep.loads.push_back(
            {array(load.getBuffer()), tile.has(TileType::R), bytes});
      } else if (auto product = dyn_cast<ContractOp>(inner)) {
        SetVector<int64_t> dims;
        for (Value side : {product.getLhs(), product.getRhs()})
          for (int64_t dim : cast<TileType>(side.getType()).getDims())
            dims.insert(dim);
        double flops = dims.contains(TileType::C) ? 2 : 0;
        for (int64_t dim : dims)
          flops *= length(dim);
        sweep.flops += flops;
      }
    });
    work.sweeps.push_back(std::move(sweep));
  }

  PlanWork &work;
  llvm::DenseMap<Value, unsigned> known;
  double rows = 1, cols = 1;
};

} // namespace

PlanWork::PlanWork(ProgramOp program) {
  Reader reader(*this);
  // Judges look at masks alone. Of two forms of an attend the plain one counts.
  auto kernels = llvm::make_filter_range(
      program.getBody().getOps<KernelOp>(),
      [](KernelOp kernel) { return !kernel->hasAttr("judges"); });
  auto isPlain = [](KernelOp kernel) { return !kernel->hasAttr("split"); };
  bool plain = llvm::any_of(kernels, [&](KernelOp kernel) {
    return isPlain(kernel) && !kernel.getBody().getOps<SweepOp>().empty();
  });
  for (KernelOp kernel : kernels)
    if (!plain || isPlain(kernel))
      reader.read(kernel);
}

PlanEstimate attn::estimate(const PlanWork &work, const PlanCounts &counts,
                            const PlanLimits &limits) {
  auto lengthOf = [&](const std::string &label) {
    auto it = counts.lengths.find(label);
    return it == counts.lengths.end() ? 1.0 : double(it->second);
  };
  size_t n = work.arrays.size();
  std::vector<double> all(n), byKeys(n), byPairs(n);
  for (size_t a = 0; a < n; ++a) {
    all[a] = work.arrays[a].elementBytes;
    for (const std::string &label : work.arrays[a].labels)
      all[a] *= lengthOf(label);
  }
  PlanEstimate result;
  for (const PlanWork::Sweep &sweep : work.sweeps) {
    result.flops += sweep.flops * counts.visited;
    for (const PlanWork::Load &load : sweep.loads)
      (load.pairs ? byPairs : byKeys)[load.array] +=
          load.bytes * (load.pairs ? counts.visited : counts.loads);
  }
  // The keys of one head for every thread, or all there are.
  double resident = 0;
  for (size_t a = 0; a < n; ++a)
    if (byKeys[a] > 0) {
      const PlanWork::Array &array = work.arrays[a];
      double head = array.elementBytes *
                    (array.labels.empty() ? 1 : lengthOf(array.labels.back()));
      resident += std::min(all[a], head * limits.threads);
    }
  result.cached = resident <= limits.cache;
  for (size_t a = 0; a < n; ++a) {
    double outside = all[a] * work.arrays[a].outside;
    double loaded = outside + byKeys[a] + byPairs[a];
    double keys = result.cached ? std::min(all[a], byKeys[a]) : byKeys[a];
    result.arrays.push_back(
        {work.arrays[a].name, loaded, outside + keys + byPairs[a]});
    result.bytes += result.arrays.back().bytes;
  }
  result.arithmetic = result.flops / limits.flops;
  result.memory = result.bytes / limits.bandwidth;
  return result;
}

int64_t attn::sharedTiles(int64_t tiles, int64_t share, int64_t threads) {
  int64_t fair = tiles / (std::max<int64_t>(threads, 1) * 4);
  return std::max<int64_t>(std::min(fair, share), 1);
}
