// From a set of (row, column) points to intervals of columns in closed form.
#pragma once
#include "passes/MaskSets.h"

namespace attn::mask {

/// The columns that some row of `set` has, as intervals whose union contains
/// them all; `exact` says where nothing else is in an interval. `set` lies in
/// the tile domain of `sets`. Contexts of expressions: symbols only, in the
/// order of the model's table.
std::vector<KeyInterval>
columnIntervals(const Model &model, const Sets &sets,
                const mlir::presburger::PresburgerSet &set,
                mlir::MLIRContext *context);

} // namespace attn::mask
