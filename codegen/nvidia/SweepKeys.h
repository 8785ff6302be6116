// The keys of a sweep in the order of its tiles, counted or from a list.
//
// Positions count the keys that there are: with a list, those of its first item
// before those of its second one; without, a key is its own position. Tile T
// holds the positions T * cols, ... Lists ascend, so an interval of keys is an
// interval of positions, and one walk (SpanCursor) serves all spans.
#pragma once
#include "codegen/nvidia/Fragments.h"
#include "codegen/nvidia/SpanCursor.h"

namespace attn::nvidia {

/// A list of items in memory; every item stands for `run` keys.
class KeyList {
public:
  /// `below` (i32): keys from here on do not exist.
  KeyList(cpu::Tiles &t, const plan::SpanParts &span, mlir::Value below);

  mlir::Value items; ///< where they lie; !llvm.ptr<1>, i32 each
  mlir::Value length; ///< positions, i32
  int64_t run;

  /// The first key of an item, i32.
  mlir::Value key(cpu::Emit &e, mlir::Value item) const;
  /// The same; SpanCursor::end where there is no such item.
  mlir::Value keyOrEnd(cpu::Emit &e, mlir::Value item) const;
  /// The first position whose key is not less than `key`, i32; `length` where there is none.
  mlir::Value position(cpu::Emit &e, mlir::Value key) const;

private:
  mlir::Value count, below;
};

class SweepKeys {
public:
  /// Evaluates the span where the builder of `t` stands; `limit`, `fast` and
  /// `together` as for SpanCursor.
  SweepKeys(cpu::Tiles &t, const SweepShape &sweep, mlir::Value limit, mlir::Value fast, bool together);

  SpanCursor cursor;
  std::optional<KeyList> list;

  /// Of a tile of consecutive keys the first key, of any other one the first position; i32.
  mlir::Value first(cpu::Emit &e, mlir::Value tile) const;
  /// From here on there is nothing, counted as `first` does; i32.
  mlir::Value limit;
  /// The group looks at a tile; with `full` masks are true.
  void look(Fragments &f, mlir::Value tile, bool full) const;

private:
  struct Parts { SpanCursor cursor; std::optional<KeyList> list; mlir::Value limit; };
  static Parts make(cpu::Tiles &t, const SweepShape &sweep, mlir::Value limit, mlir::Value fast, bool together);
  SweepKeys(Parts parts, const SweepShape &sweep) : cursor(std::move(parts.cursor)), list(std::move(parts.list)), limit(parts.limit), sweep(sweep) {}
  const SweepShape &sweep;
};

} // namespace attn::nvidia
