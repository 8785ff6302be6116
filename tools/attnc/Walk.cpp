#include "tools/attnc/Walk.h"
#include <set>

using namespace attn::core;
using namespace attnc;

namespace {
struct Walker {
  const Program &program;
  const std::function<void(const Expr &)> &visit;
  std::set<int> lets;

  void operator()(const ExprPtr &expr) {
    if (!expr)
      return;
    visit(*expr);
    for (const ExprPtr &arg : expr->args)
      (*this)(arg);
    for (const Range &range : expr->ranges) {
      (*this)(range.lo);
      (*this)(range.hi);
    }
    (*this)(expr->condition);
    if (expr->op == Op::Let && lets.insert(expr->id).second)
      (*this)(program.lets[expr->id].body);
  }
};
} // namespace

void attnc::walk(const Program &program, const ExprPtr &root, const std::function<void(const Expr &)> &visit) {
  Walker{program, visit, {}}(root);
}

bool attnc::dependsOnAxis(const Program &program, const ExprPtr &root, int axis) {
  bool found = false;
  walk(program, root, [&](const Expr &expr) {
    found |= expr.op == Op::Var && program.variables[expr.id].axis == axis;
  });
  return found;
}

std::vector<bool> attnc::tensorsOf(const Program &program, const ExprPtr &root) {
  std::vector<bool> used(program.tensors.size());
  walk(program, root, [&](const Expr &expr) {
    if (expr.op == Op::Tensor || expr.op == Op::Member)
      used[expr.id] = true;
  });
  return used;
}

const Branch *attnc::mainBranch(const Program &program) {
  for (const Branch &branch : program.branches)
    if (branch.name == "o")
      return &branch;
  return nullptr;
}

int64_t attnc::flopsPerPair(const Program &program, const Branch &branch) {
  int64_t components = branch.value ? branch.value->type.elements() : 0;
  walk(program, branch.score, [&](const Expr &expr) {
    if (expr.op == Op::Dot && !expr.args.empty())
      components += expr.args[0]->type.elements();
  });
  return 2 * components;
}
