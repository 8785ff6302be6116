#include "frontend/Ast.h"

namespace attn::ast {

const char *spelling(Operator op) {
  static const char *const spellings[] = {"or", "and", "==", "!=", "<", "<=", ">", ">=",
                                          "+", "-", "*", "/", "//", "mod", "@", "^"};
  return spellings[size_t(op)];
}

} // namespace attn::ast
