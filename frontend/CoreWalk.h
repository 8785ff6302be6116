// Walking and rewriting typed expressions.
#pragma once
#include "frontend/Core.h"
#include <functional>

namespace attn::core {

/// Calls `visit` on every node, a node before its parts (arguments, then the
/// ends of ranges, then the condition of an aggregate). A `visit` that returns
/// false skips the parts of that node.
void walk(const Expr &expr, const std::function<bool(const Expr &)> &visit);

/// Whether a free occurrence of the variable is left in the expression.
/// (No variable is bound twice, so every occurrence outside its own binder is
/// free.)
bool mentions(const Expr &expr, int variable);

/// Puts expressions in for variables.
ExprPtr substitute(const ExprPtr &expr, const std::map<int, ExprPtr> &replacements);

/// Rebuilds an expression bottom-up; `change` gets a copy whose parts are
/// already rebuilt and returns what stands in its place.
ExprPtr rewrite(const ExprPtr &expr, const std::function<ExprPtr(Expr)> &change);

/// "exp", "add", ...: the name of an operation in dumps.
const char *spelling(Op op);
const char *spelling(AggregateKind kind);
const char *spelling(Field field);

} // namespace attn::core
