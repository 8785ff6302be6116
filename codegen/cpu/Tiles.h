// Tiles on demand: the value of a tile at a position.
//
// A position gives every dimension an index within the tile; one dimension may
// lie in the lanes of a vector. `Tiles` writes the code of one function; what
// it has computed it remembers for as long as the code is in scope.
#pragma once
#include "codegen/cpu/Emit.h"
#include "codegen/cpu/Frame.h"
#include "dialect/PlanRules.h"
#include <map>

namespace attn::cpu {

using plan::TileType;

/// Scratch memory that holds a tile: elements of `stored(held)` type.
struct Place {
  bool own = true;       ///< of one row tile; else of the whole instance
  int64_t offset = 0;    ///< bytes
  mlir::Type held;
  llvm::SmallVector<std::pair<int64_t, int64_t>> strides; ///< dimension, elements

  int64_t stride(int64_t dim) const {
    for (auto [d, s] : strides)
      if (d == dim)
        return s;
    return 0;
  }
};

struct Position {
  int64_t lane = 0; ///< the dimension in lanes, 0: none; its index is lane 0's
  llvm::SmallVector<std::pair<int64_t, mlir::Value>, 4> at;

  mlir::Value get(int64_t dim) const {
    for (auto [d, v] : at)
      if (d == dim)
        return v;
    return {};
  }
  Position with(int64_t dim, mlir::Value v) const {
    Position p = *this;
    for (auto &entry : p.at)
      if (entry.first == dim) {
        entry.second = v;
        return p;
      }
    p.at.push_back({dim, v});
    return p;
  }
  Position lanes(int64_t dim) const {
    Position p = *this;
    p.lane = dim;
    return p;
  }
};

/// What the code of one function may refer to.
struct Context {
  mlir::Value frame, shared, own; ///< pointers
  llvm::DenseMap<mlir::Value, mlir::Value> scalars; ///< known uniform values
  llvm::DenseMap<mlir::Value, Place> places;        ///< tiles in scratch memory
  llvm::DenseMap<mlir::Value, int64_t> spills;      ///< uniform values: offset in `own`
  mlir::BlockArgument keyTile;                      ///< the sweep's index tile, if in a step
  mlir::Value keyBase, keys;                        ///< first key of the tile, keys present
  bool full = false;                                ///< masks are true
  plan::KernelOp kernel;
  int64_t rows = 64, cols = 64;
  double slack = 0;
  int headsSlot = -1, groupsSlot = -1;              ///< extents H and G
};

class Tiles {
public:
  Tiles(Emit &e, Frame &frame, Context context);

  Emit &e;
  Frame &frame;
  Context cx;
  bool failed = false;

  /// Uniform values are computed before what follows.
  void mark();
  /// The value of a tile, or of a uniform value, at `p`.
  mlir::Value eval(mlir::Value v, const Position &p);
  mlir::Value scalar(mlir::Value v);
  /// A value in the region of a map or mask over `tiles`, of the elements at `p`.
  mlir::Value element(mlir::ValueRange tiles, mlir::Region &body, mlir::Value v, const Position &p);
  /// Whether the entry of an index tile is present; null: always.
  mlir::Value present(mlir::Value v, const Position &p);
  /// Computes now what `v` needs that does not depend on `dim`.
  void hoist(mlir::Value v, int64_t dim, const Position &p);
  void remember(mlir::Value v, const Position &p, mlir::Value x);
  /// What was computed in the body is forgotten after it.
  void scope(llvm::function_ref<void()> body);

  /// In a step: which key tile it works on, and how many keys there are in all.
  void setTile(mlir::Value tile, mlir::Value limit);
  /// The length of a label of a buffer.
  mlir::Value lengthOf(const Memory &m, unsigned label);
  /// How many entries a dimension has.
  mlir::Value extent(int64_t dim);
  mlir::Value address(const Place &place, const Position &p);
  void put(const Place &place, const Position &p, mlir::Value x);
  /// Computes the tile `v` and lays it down.
  void materialize(mlir::Value v, const Place &place);
  /// Stores a tile into a buffer.
  void store(plan::StoreOp op);
  /// A load or store of one row of components per row of the tile is done row
  /// by row, so that memory is touched in its own order. False if `op` is none.
  bool loadByRows(mlir::Value v, const Place &place);
  bool storeByRows(plan::StoreOp op, const Place &staging);

  /// Neutral element and step of a fold.
  mlir::Value neutral(attn::Fold kind, mlir::Type type);
  mlir::Value combine(attn::Fold kind, mlir::Value a, mlir::Value x);

  /// The base pointer, at uniform indices, of a load whose only index tile is
  /// `tile`, and the byte strides along it and along the first component
  /// dimension. Null if the load is of another form or may be out of bounds.
  struct Rows { mlir::Value base, stride, componentStride; };
  /// Which row of `rowsOf` entry `c` of the sweep's tile is.
  mlir::Value keyInBase(mlir::Value c);
  std::optional<Rows> rowsOf(plan::LoadOp load, mlir::Value tile);
  Rows place(const Place &place, int64_t rowDim, int64_t componentDim);

private:
  struct RowAccess { plan::RowsOp rows; unsigned label; };
  std::optional<RowAccess> accessByRows(mlir::Value buffer, mlir::ValueRange indices);
  void copyRows(RowAccess access, mlir::Value buffer, mlir::ValueRange indices, const Place &place, int64_t letter, bool toMemory);
  mlir::Value compute(mlir::Operation *op, const Position &p);
  mlir::Value load(plan::LoadOp op, const Position &p);
  mlir::Value map(mlir::ValueRange tiles, mlir::Region &body, const Position &p, bool mask);
  mlir::Value fold(plan::FoldOp op, const Position &p);
  mlir::Value contract(plan::ContractOp op, const Position &p);
  mlir::Value concat(plan::ConcatOp op, const Position &p);
  mlir::Value pick(plan::PickOp op, const Position &p);
  mlir::Value advance(plan::AdvanceOp op, unsigned result, const Position &p);
  mlir::Value reduceRows(plan::FoldOp op, const Position &p);
  mlir::Value reduceLanes(attn::Fold kind, mlir::Value v);
  mlir::Value loadAt(mlir::Type element, mlir::Value base, mlir::Value offset, mlir::Value valid, bool vector);
  mlir::Value index(int64_t dim, const Position &p); ///< of an entry; a vector if in lanes
  mlir::Value headsPerGroup();
  mlir::Value broadcastTo(mlir::Value v, mlir::Value x);

  using Key = std::pair<std::pair<void *, int64_t>, std::vector<void *>>;
  Key key(mlir::Value v, const Position &p);
  std::vector<std::map<Key, mlir::Value>> scopes;
  mlir::Operation *anchor = nullptr;
};

/// The dimensions of a tile, none of a scalar.
inline llvm::ArrayRef<int64_t> dims(mlir::Value v) { return plan::dimsOf(v.getType()); }
inline bool has(mlir::Value v, int64_t dim) { return llvm::is_contained(dims(v), dim); }

/// How an element lies in memory: `index` as i64, truth values as bytes.
mlir::Type inMemory(Emit &e, mlir::Type element);

} // namespace attn::cpu
