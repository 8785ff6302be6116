// The state of a plan that is being interpreted.
#pragma once
#include "test/interpreter/Interpreter.h"
#include <deque>

namespace attn::interpreter {

struct Memory {
  std::vector<int64_t> extents; ///< of the labels
  TensorView view;
  std::vector<double> own; ///< of workspace, dense; undefined (NaN) at first
};

using Keys = std::vector<std::pair<int64_t, int64_t>>; // half-open intervals

struct Span {
  Keys live, holes;
  bool exact = false;
  int64_t part = 0, parts = 1;
  // Of lists: the keys one after the other, or the blocks of `run` keys.
  bool listed = false, gathered = false;
  std::vector<int64_t> sequence;
  llvm::DenseSet<int64_t> blocks;
  int64_t run = 1;
};

inline bool meets(const Keys &keys, int64_t lo, int64_t hi) {
  return llvm::any_of(keys, [&](auto &k) { return std::max(lo, k.first) < std::min(hi, k.second); });
}

class Machine {
public:
  Machine(Arguments &arguments) : arguments(arguments) {}
  std::string run(plan::ProgramOp program);

private:
  void kernel(plan::KernelOp op);
  void block(mlir::Block &ops);
  void operation(mlir::Operation &op);
  void sweep(plan::SweepOp op);
  std::vector<std::vector<int64_t>> tilesOf(const Span &span);
  void spanOf(mlir::Value result);
  void list(mlir::Value raw, mlir::Value made, mlir::ValueRange indices, mlir::Value from, mlir::Value to, bool table);
  double &element(Memory &memory, mlir::ValueRange indices, int64_t slot);
  void access(mlir::Operation *op, mlir::Value buffer, mlir::ValueRange indices, mlir::Type tile, bool store, mlir::Value stored);
  void map(mlir::Operation *op, mlir::Region &body, mlir::ValueRange tiles, mlir::ArrayAttr, plan::TileType type, mlir::Value result);
  void fold(plan::FoldOp op);
  void contract(plan::ContractOp op);
  void advance(plan::AdvanceOp op);
  void scalarOp(mlir::Operation &op);
  void components(mlir::Operation &op);

  Value &get(mlir::Value v) {
    auto it = env.find(v);
    if (it == env.end()) {
      broken = "a value is used before it is there";
      return env[v] = Value();
    }
    return it->second;
  }
  double number(mlir::Value v) { return get(v).scalar(); }
  int64_t integer(mlir::Value v) { return int64_t(number(v)); }
  int64_t size(int64_t dim) {
    return dim == plan::TileType::R   ? rows
           : dim == plan::TileType::C ? cols
           : plan::TileType::size(dim) ? plan::TileType::size(dim)
                                 : lengths[dim];
  }
  Value make(mlir::Type type) {
    auto tile = llvm::dyn_cast<plan::TileType>(type);
    if (!tile)
      return Value();
    std::vector<int64_t> dims = tile.getDims().vec(), shape;
    for (int64_t d : dims)
      shape.push_back(size(d));
    return Value(dims, shape);
  }
  /// Visits all positions of `shape` with the offsets in tiles of other dims.
  void walk(const Value &all, llvm::ArrayRef<const Value *> others,
            llvm::function_ref<void(size_t, llvm::ArrayRef<int64_t>, llvm::ArrayRef<int64_t>)> visit);

  Arguments &arguments;
  llvm::DenseMap<mlir::Value, Value> env;
  llvm::DenseMap<mlir::Value, Span> spans;
  llvm::DenseMap<mlir::Value, Memory *> memory;
  std::deque<Memory> owned;
  llvm::DenseMap<int64_t, int64_t> lengths; ///< of run-time letters
  int64_t rows = 64, cols = 64, headsPerGroup = 1;
  double slack = 0, rowLimit = 0;
  // In a step: the span, and whether the mask is to be looked at.
  const Span *span = nullptr;
  Value sees;
  bool full = false, anySeen = false, allSeen = true;
  std::string broken;
};

} // namespace attn::interpreter
