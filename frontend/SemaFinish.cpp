// The last step of the checker: only what something uses stays.
#include "frontend/Checker.h"

namespace attn::sema {

namespace {

/// Which lets, tensors, axes and parameters the results need.
struct Uses {
  const core::Program &program;
  std::set<int> lets, tensors, params, axes, branches;

  void expr(const ExprPtr &root) {
    if (!root)
      return;
    core::walk(*root, [&](const core::Expr &e) {
      switch (e.op) {
      case Op::Var: axis(program.variables[e.id].axis); break;
      case Op::Extent: axis(e.id); break;
      case Op::Param: param(e.id); break;
      case Op::Tensor:
      case Op::Member: tensor(e.id); break;
      case Op::Let: let(e.id); break;
      case Op::Branch: branch(e.id); break;
      case Op::Aggregate:
        for (int variable : e.variables)
          axis(program.variables[variable].axis);
        break;
      default: break;
      }
      return true;
    });
  }
  void axis(int id) {
    if (id >= 0 && axes.insert(id).second)
      expr(program.axes[id].length);
  }
  void param(int id) {
    if (params.insert(id).second)
      expr(program.params[id].defaultValue);
  }
  void tensor(int id) {
    if (!tensors.insert(id).second)
      return;
    for (int each : program.tensors[id].axes)
      axis(each);
    for (const ExprPtr &part : {program.tensors[id].defaultValue, program.tensors[id].from, program.tensors[id].to})
      expr(part);
  }
  void let(int id) {
    if (!lets.insert(id).second)
      return;
    for (int variable : program.lets[id].variables)
      axis(program.variables[variable].axis);
    expr(program.lets[id].body);
  }
  void branch(int id) {
    if (!branches.insert(id).second)
      return;
    const core::Branch &b = program.branches[id];
    for (const ExprPtr &part : {b.mask, b.score, b.value})
      expr(part);
    for (const core::Stage &stage : b.weights)
      expr(stage.body);
  }
};

template <typename T> std::map<int, int> keep(std::vector<T> &list, const std::set<int> &used) {
  std::map<int, int> renumbered;
  std::vector<T> kept;
  for (int id : used) {
    renumbered[id] = kept.size();
    kept.push_back(std::move(list[id]));
  }
  list = std::move(kept);
  return renumbered;
}

} // namespace

core::Program Checker::finish() {
  Uses uses{program, {}, {}, {}, {}, {}};
  for (const core::Output &output : program.outputs) {
    for (int variable : output.variables)
      uses.axis(program.variables[variable].axis);
    uses.expr(output.body);
  }
  uses.param(predeclaredOffset()); // rows are absolute: every call has one [I1]
  // An axis has the length of the tensors that have it, so one of them stays.
  for (int axis : std::set<int>(uses.axes)) {
    if (axis <= core::AxisM)
      continue;
    bool measured = false;
    for (int id : uses.tensors)
      for (int other : program.tensors[id].axes)
        measured |= other == axis;
    for (size_t id = 0; id < program.tensors.size() && !measured; ++id)
      for (int other : program.tensors[id].axes)
        if (other == axis && !measured)
          uses.tensor(id), measured = true;
  }
  std::map<int, int> lets = keep(program.lets, uses.lets), tensors = keep(program.tensors, uses.tensors),
                     params = keep(program.params, uses.params), branches = keep(program.branches, uses.branches);
  auto renumber = [&](ExprPtr &root) {
    if (root)
      root = core::rewrite(root, [&](core::Expr e) -> ExprPtr {
        const std::map<int, int> *map = e.op == Op::Let      ? &lets
                                        : e.op == Op::Tensor || e.op == Op::Member ? &tensors
                                        : e.op == Op::Param  ? &params
                                        : e.op == Op::Branch ? &branches
                                                             : nullptr;
        if (map)
          e.id = map->at(e.id);
        return std::make_shared<core::Expr>(std::move(e));
      });
  };
  for (core::Tensor &tensor : program.tensors)
    renumber(tensor.defaultValue), renumber(tensor.from), renumber(tensor.to);
  for (size_t axis = 0; axis < program.axes.size(); ++axis) {
    if (!uses.axes.count(axis))
      program.axes[axis].length = nullptr;
    renumber(program.axes[axis].length);
  }
  for (core::Param &param : program.params)
    renumber(param.defaultValue);
  for (core::Let &let : program.lets)
    renumber(let.body);
  for (core::Output &output : program.outputs)
    renumber(output.body);
  for (core::Branch &branch : program.branches) {
    renumber(branch.mask), renumber(branch.score), renumber(branch.value);
    for (core::Stage &stage : branch.weights)
      renumber(stage.body);
    // The denominator is a part of the last stage, not a copy of it.
    if (branch.denominator)
      branch.denominator = branch.weights.back().body->args[1];
  }
  return std::move(program);
}

int Checker::predeclaredOffset() const { return predeclared.names.at("offset").id; }

} // namespace attn::sema
