// The state of an evaluation: bound variables, values already known, and the
// current row. Expressions become closures over it (OracleCompile.h).
#pragma once
#include "runtime/Oracle.h"
#include "runtime/OracleWide.h"
#include <algorithm>
#include <functional>
#include <unordered_map>

namespace attn::oracle {

using IntFn = std::function<int64_t()>; ///< ints, and bools as 0 or 1
template <class R> using RealFn = std::function<R()>;
/// Components, rows of a matrix first. Valid until the closure runs again.
template <class E> using VectorFn = std::function<const E *()>;

/// What a call fixes: lengths, parameters, inputs.
struct Call {
  std::vector<int64_t> lengths; ///< by axis
  int64_t offset = 0;
  struct Param {
    int64_t integer = 0;
    double real = 0;
  };
  std::vector<Param> params;
  struct Input {
    bool given = false;
    TensorView view;
    double real = 0; ///< of every element where it is not given
    int64_t integer = 0;
  };
  std::vector<Input> inputs;

  int64_t first(int axis) const { return axis == core::AxisN ? offset : 0; }
  bool contains(int axis, int64_t value) const {
    int64_t index = int64_t(uint64_t(value) - uint64_t(first(axis)));
    return index >= 0 && index < lengths[size_t(axis)];
  }
};

/// Values of a definition by flat index. Dense where that is small; otherwise
/// it forgets everything now and then.
template <class E> class Memo {
public:
  Memo() = default;
  Memo(int64_t domain, int64_t components) : components(components) {
    if (domain >= 0 && domain <= (int64_t(1) << 23) / components) {
      known.assign(size_t(domain), false);
      values.resize(size_t(domain * components));
      dense = true;
    }
  }
  const E *find(int64_t index) const {
    if (dense)
      return known[size_t(index)] ? &values[size_t(index * components)] : nullptr;
    auto it = sparse.find(index);
    return it == sparse.end() ? nullptr : it->second.data();
  }
  const E *insert(int64_t index, const E *value) {
    if (dense) {
      known[size_t(index)] = true;
      return std::copy_n(value, components, &values[size_t(index * components)]) - components;
    }
    if (int64_t(sparse.size()) * (components + 8) > (int64_t(1) << 23))
      sparse.clear();
    return (sparse[index] = std::vector<E>(value, value + components)).data();
  }

private:
  int64_t components = 1;
  bool dense = false;
  std::vector<bool> known;
  std::vector<E> values;
  std::unordered_map<int64_t, std::vector<E>> sparse;
};

/// The row of a branch that is being computed.
template <class T> struct Row {
  std::vector<int64_t> keys;     ///< those it sees, ascending
  std::vector<int32_t> position; ///< place in `keys` by key, -1 for hidden ones
  int64_t firstKey = 0;
  std::vector<T> scores;                       ///< by place
  std::vector<std::vector<Wide<T>>> stages;    ///< by stage and place
  uint64_t stamp = 0;                          ///< differs from row to row

  int32_t place(int64_t key) const {
    uint64_t index = uint64_t(key) - uint64_t(firstKey);
    return index < position.size() ? position[size_t(index)] : -1;
  }
};

/// Binds variables and unbinds them again.
class Bound {
public:
  Bound(std::vector<int64_t> &variables, const std::vector<int> &ids, const std::vector<int64_t> &values)
      : variables(variables), ids(ids) {
    for (size_t n = 0; n < ids.size(); ++n) {
      old.push_back(variables[size_t(ids[n])]);
      variables[size_t(ids[n])] = values[n];
    }
  }
  ~Bound() {
    for (size_t n = 0; n < ids.size(); ++n)
      variables[size_t(ids[n])] = old[n];
  }
  Bound(const Bound &) = delete;

private:
  std::vector<int64_t> &variables;
  const std::vector<int> &ids;
  std::vector<int64_t> old;
};

template <class T> class Machine {
public:
  Machine(const core::Program &program, const Call &call, core::DType weightType);

  struct BranchRow {
    std::vector<T> out;
    T lse = 0, max = 0;
  };
  /// A row of a branch; null outside its domain. `values` are those of the
  /// branch's variables.
  const BranchRow *branchRow(int id, const std::vector<int64_t> &values);
  /// Fills `keys` with what a row sees; false outside.
  bool visibleKeys(int id, const std::vector<int64_t> &values, std::vector<int64_t> &keys);
  bool visible(int id, const std::vector<int64_t> &values, int64_t key);

  /// A let's components (one of a scalar); null outside its domain. T where
  /// the let is real, int64_t elsewhere.
  template <class E> const E *letValue(int id, const std::vector<int64_t> &values);

  /// Place of absolute values in a dense array over the variables' axes; -1
  /// outside, or where a variable has no axis.
  int64_t flatten(const std::vector<int> &ids, const std::vector<int64_t> &values) const {
    int64_t flat = 0;
    for (size_t n = 0; n < ids.size(); ++n) {
      int axis = program.variables[size_t(ids[n])].axis;
      if (axis < 0 || !call.contains(axis, values[n]))
        return -1;
      flat = flat * call.lengths[size_t(axis)] + (values[n] - call.first(axis));
    }
    return flat;
  }
  /// Number of places, or -1 where it is not known or huge.
  int64_t domain(const std::vector<int> &ids) const {
    std::vector<int64_t> shape;
    for (int id : ids) {
      int axis = program.variables[size_t(id)].axis;
      if (axis < 0)
        return -1;
      shape.push_back(call.lengths[size_t(axis)]);
    }
    return countElements(shape);
  }
  /// All elements of a real input in T, in the order of a dense array; empty
  /// where that would be too large.
  const std::vector<T> &dense(int tensor);

  const core::Program &program;
  const Call &call;
  std::vector<int64_t> variables; ///< current values by id
  Row<T> *row = nullptr;

private:
  struct LetState {
    VectorFn<T> reals;
    VectorFn<int64_t> ints;
    Memo<T> realMemo;
    Memo<int64_t> intMemo;
  };
  struct BranchState {
    IntFn mask;
    RealFn<T> score;
    std::vector<RealFn<Wide<T>>> weights;
    RealFn<Wide<T>> denominator;
    VectorFn<T> value;
    Row<T> row;
    std::unordered_map<int64_t, BranchRow> rows;
  };
  BranchState &branch(int id);
  void computeRow(const core::Branch &definition, BranchState &state, BranchRow &result);
  void collectKeys(const core::Branch &definition, BranchState &state);
  /// Plain arithmetic rounds to the types of storage, exact arithmetic does not.
  T rounded(T value, core::DType type) const;

  core::DType weightType;
  uint64_t stamps = 0;
  std::vector<std::unique_ptr<LetState>> lets;
  std::vector<std::unique_ptr<BranchState>> branches;
  std::vector<std::unique_ptr<std::vector<T>>> denseInputs;
};

} // namespace attn::oracle
