// The syntax tree as text, for tests and `attnc --until=ast`.
#pragma once
#include "frontend/Ast.h"
#include <iosfwd>

namespace attn {

/// Prints a file in its own syntax, every operator in parentheses, one clause
/// per line, without comments. Two texts with the same print have the same tree.
void printAst(std::ostream &os, const ast::File &file);
void printAst(std::ostream &os, const ast::Expr &expr);
std::string toString(const ast::File &file);

} // namespace attn
