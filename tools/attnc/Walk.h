// Questions about expressions of the typed program.
#pragma once
#include "frontend/Core.h"
#include <functional>

namespace attnc {

/// Visits an expression and everything below it, the bodies of lets included.
void walk(const attn::core::Program &program, const attn::core::ExprPtr &root,
          const std::function<void(const attn::core::Expr &)> &visit);

/// Whether a rule of the main result differs between query heads.
bool dependsOnAxis(const attn::core::Program &program, const attn::core::ExprPtr &root, int axis);

/// For every tensor of the program whether an expression reads it.
std::vector<bool> tensorsOf(const attn::core::Program &program, const attn::core::ExprPtr &root);

/// The main result, or null where nothing uses it.
const attn::core::Branch *mainBranch(const attn::core::Program &program);

/// Multiplications and additions that one visible pair costs at least: two for
/// each component of every dot product of the score and of the value.
int64_t flopsPerPair(const attn::core::Program &program, const attn::core::Branch &branch);

} // namespace attnc
