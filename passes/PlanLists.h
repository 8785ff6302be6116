// Sets that the caller gives, in plans: which of them an attend ranges over
// instead of all keys, and what is made of them for it.
#pragma once
#include "dialect/AttnOps.h"
#include <optional>

namespace attn {

/// A clause `j // run in S[..]` of a mask whose set all rows of a tile share.
struct ListIterator {
  MemberOp member;
  int64_t run = 1;   ///< keys of an item
  /// Rows r share a set where (r + shift) floordiv group is the same; 0: all.
  int64_t group = 0;
  mlir::Value shift; ///< null: 0

  /// How many rows of up to `most` a tile may take.
  int64_t rowsOfTile(int64_t most) const;
};

/// The clause of the attend's mask that makes the best iterator: the one whose
/// sets most rows share.
std::optional<ListIterator> findIterator(AttendOp attend);

/// Takes the clause out of the mask: on the keys of its list it is true.
void dropClause(const ListIterator &iterator);

/// The greatest divisor of `n` that is at most `most` and a multiple of `step`;
/// 0 if there is none.
int64_t divisor(int64_t n, int64_t most, int64_t step);

} // namespace attn
