#include "runtime/OracleMachine.h"
#include "runtime/Half.h"
#include "runtime/OracleCompile.h"

using namespace attn;
using namespace attn::oracle;

template <class T>
Machine<T>::Machine(const core::Program &program, const Call &call, core::DType weightType)
    : program(program), call(call), variables(program.variables.size(), 0), weightType(weightType),
      lets(program.lets.size()), branches(program.branches.size()), denseInputs(program.tensors.size()) {}

//===----------------------------------------------------------------------===//
// Inputs and lets
//===----------------------------------------------------------------------===//

template <class T> const std::vector<T> &Machine<T>::dense(int tensor) {
  auto &cached = denseInputs[size_t(tensor)];
  if (cached)
    return *cached;
  cached = std::make_unique<std::vector<T>>();
  const TensorView &view = call.inputs[size_t(tensor)].view;
  int64_t count = countElements(view.shape);
  if (count <= 0 || count > int64_t(1) << 28)
    return *cached;
  cached->reserve(size_t(count));
  std::vector<int64_t> index(view.shape.size(), 0);
  for (int64_t n = 0; n < count; ++n) {
    cached->push_back(T(loadReal(view, view.at(index))));
    for (size_t d = index.size(); d-- > 0 && ++index[d] == view.shape[d];)
      index[d] = 0;
  }
  return *cached;
}

template <class T> template <class E>
const E *Machine<T>::letValue(int id, const std::vector<int64_t> &values) {
  const core::Let &let = program.lets[size_t(id)];
  for (size_t n = 0; n < values.size(); ++n) {
    int axis = program.variables[size_t(let.variables[n])].axis;
    if (axis >= 0 && !call.contains(axis, values[n]))
      return nullptr;
  }
  auto &state = lets[size_t(id)];
  constexpr bool ofInts = std::is_same_v<E, int64_t>;
  if (!state) {
    state = std::make_unique<LetState>();
    Compiler<T> compiler(*this);
    int64_t places = domain(let.variables), components = let.body->type.elements();
    const core::Expr &body = *let.body;
    if constexpr (ofInts) {
      state->intMemo = Memo<int64_t>(places, components);
      if (body.type.isScalar())
        state->ints = [f = compiler.integer(body), value = int64_t(0)]() mutable {
          value = f();
          return &value;
        };
      else
        state->ints = compiler.ints(body);
    } else {
      state->realMemo = Memo<T>(places, components);
      if (body.type.isScalar())
        state->reals = [f = compiler.real(body), value = T(0)]() mutable {
          value = f();
          return &value;
        };
      else
        state->reals = compiler.reals(body);
      if (let.isRounded())
        state->reals = [this, f = state->reals, type = let.dtype, values = std::vector<T>(size_t(components))]() mutable {
          const T *source = f();
          for (T &value : values)
            value = rounded(*source++, type);
          return values.data();
        };
    }
  }
  int64_t flat = flatten(let.variables, values);
  auto find = [&](auto &memo, auto &compute) -> const E * {
    if (flat >= 0)
      if (const E *known = memo.find(flat))
        return known;
    Bound bound(variables, let.variables, values);
    Row<T> *outer = row;
    row = nullptr;
    const E *value = compute();
    row = outer;
    return flat >= 0 ? memo.insert(flat, value) : value;
  };
  if constexpr (ofInts)
    return find(state->intMemo, state->ints);
  else
    return find(state->realMemo, state->reals);
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

template <class T> typename Machine<T>::BranchState &Machine<T>::branch(int id) {
  auto &state = branches[size_t(id)];
  if (state)
    return *state;
  const core::Branch &definition = program.branches[size_t(id)];
  state = std::make_unique<BranchState>();
  Compiler<T> plain(*this);
  Compiler<T, Wide<T>> wide(*this);
  state->mask = plain.integer(*definition.mask);
  state->score = plain.real(*definition.score);
  for (const core::Stage &stage : definition.weights)
    state->weights.push_back(wide.real(*stage.body));
  if (definition.denominator)
    state->denominator = wide.real(*definition.denominator);
  state->value = plain.reals(*definition.value);
  return *state;
}

/// Of the current row; the branch's variables are bound.
template <class T> void Machine<T>::collectKeys(const core::Branch &definition, BranchState &state) {
  int axis = program.variables[size_t(definition.key)].axis;
  int64_t length = call.lengths[size_t(axis)];
  int64_t &key = variables[size_t(definition.key)];
  int64_t old = key;
  Row<T> &current = state.row;
  current.firstKey = call.first(axis);
  current.keys.clear();
  current.position.assign(size_t(length), -1);
  for (int64_t n = 0; n < length; ++n) {
    key = current.firstKey + n;
    if (!state.mask())
      continue;
    current.position[size_t(n)] = int32_t(current.keys.size());
    current.keys.push_back(key);
  }
  key = old;
}

template <class T> T Machine<T>::rounded(T value, core::DType type) const {
  if constexpr (std::is_same_v<T, float>) {
    float result = type == core::DType::BF16  ? fromBF16(toBF16(value))
                   : type == core::DType::F16 ? fromF16(toF16(value))
                                              : value;
    return std::isfinite(result) ? result : value;
  } else {
    return value;
  }
}

template <class T>
void Machine<T>::computeRow(const core::Branch &definition, BranchState &state, BranchRow &result) {
  Row<T> *outer = row;
  row = nullptr; // the mask sees no row
  collectKeys(definition, state);
  Row<T> &current = state.row;
  current.stamp = ++stamps;
  row = &current;
  int64_t &key = variables[size_t(definition.key)];
  int64_t old = key;
  size_t count = current.keys.size();

  current.scores.resize(count);
  result.max = -std::numeric_limits<T>::infinity();
  for (size_t n = 0; n < count; ++n) {
    key = current.keys[n];
    current.scores[n] = state.score();
    result.max = larger(result.max, current.scores[n]);
  }
  current.stages.resize(definition.weights.size());
  for (size_t stage = 0; stage < definition.weights.size(); ++stage) {
    current.stages[stage].resize(count);
    for (size_t n = 0; n < count; ++n) {
      key = current.keys[n];
      current.stages[stage][n] = state.weights[stage]();
    }
  }
  result.lse = state.denominator ? state.denominator().log() : -std::numeric_limits<T>::infinity();
  result.out.assign(size_t(definition.value->type.elements()), T(0));
  for (size_t n = 0; n < count; ++n) {
    key = current.keys[n];
    T weight = rounded(current.stages.back()[n].value(), weightType);
    const T *value = state.value();
    for (size_t c = 0; c < result.out.size(); ++c)
      result.out[c] += weight * value[c];
  }
  key = old;
  row = outer;
}

template <class T>
const typename Machine<T>::BranchRow *Machine<T>::branchRow(int id, const std::vector<int64_t> &values) {
  const core::Branch &definition = program.branches[size_t(id)];
  int64_t flat = flatten(definition.variables, values);
  if (flat < 0)
    return nullptr;
  BranchState &state = branch(id);
  auto [it, isNew] = state.rows.try_emplace(flat);
  if (isNew) {
    Bound bound(variables, definition.variables, values);
    computeRow(definition, state, it->second);
  }
  return &it->second;
}

template <class T>
bool Machine<T>::visibleKeys(int id, const std::vector<int64_t> &values, std::vector<int64_t> &keys) {
  const core::Branch &definition = program.branches[size_t(id)];
  keys.clear();
  if (flatten(definition.variables, values) < 0)
    return false;
  BranchState &state = branch(id);
  Bound bound(variables, definition.variables, values);
  collectKeys(definition, state);
  keys = state.row.keys;
  return true;
}

template <class T> bool Machine<T>::visible(int id, const std::vector<int64_t> &values, int64_t key) {
  const core::Branch &definition = program.branches[size_t(id)];
  int axis = program.variables[size_t(definition.key)].axis;
  if (flatten(definition.variables, values) < 0 || !call.contains(axis, key))
    return false;
  BranchState &state = branch(id);
  Bound bound(variables, definition.variables, values);
  variables[size_t(definition.key)] = key;
  return state.mask();
}

namespace attn::oracle {
template class Machine<float>;
template class Machine<double>;
template const float *Machine<float>::letValue<float>(int, const std::vector<int64_t> &);
template const int64_t *Machine<float>::letValue<int64_t>(int, const std::vector<int64_t> &);
template const double *Machine<double>::letValue<double>(int, const std::vector<int64_t> &);
template const int64_t *Machine<double>::letValue<int64_t>(int, const std::vector<int64_t> &);
} // namespace attn::oracle
