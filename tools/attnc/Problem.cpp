#include "tools/attnc/Problem.h"
#include "runtime/Npy.h"
#include <algorithm>
#include <cmath>
#include <unistd.h>

using namespace attn;
using namespace attnc;

Options attnc::arrayOptions() {
  return {{"--q", "FILE.npy", "the array q; the same for --k, --v"},
          {"--k", "FILE.npy", "axes b, g, j and the components; leading axes of length 1 may be missing"},
          {"--v", "FILE.npy", ""},
          {"--in", "NAME=FILE|RULE", "any array: a file or one of zeros, ones, iota[:FROM], value:X, normal[:SCALE],\n"
           "                            random:LO..HI, ascending:LO..HI"},
          {"--seed", "NUMBER", "of the arrays that nothing else gives (default: 1)"}};
}

static bool isFile(const std::string &text) {
  return text.find('/') != std::string::npos || (text.size() > 4 && text.compare(text.size() - 4, 4, ".npy") == 0);
}

ArraySpecs attnc::readArrays(const Arguments &arguments, std::string &error) {
  ArraySpecs specs;
  for (const char *name : {"q", "k", "v"})
    if (arguments.has(std::string("--") + name))
      specs[name].text = arguments.get(std::string("--") + name);
  for (const std::string &value : arguments.all("--in")) {
    size_t equals = value.find('=');
    if (equals == 0 || equals == std::string::npos) {
      error = "`--in` needs `NAME=FILE` or `NAME=RULE`, not `" + value + "`";
      return specs;
    }
    specs[value.substr(0, equals)].text = value.substr(equals + 1);
  }
  for (auto &[name, spec] : specs) {
    if (!isFile(spec.text))
      continue;
    spec.array = readNpy(spec.text, error);
    if (!spec.array) {
      error = "`" + spec.text + "` (for `" + name + "`): " + error;
      return specs;
    }
  }
  return specs;
}

static Hints hintsOf(const ArraySpecs &specs) {
  Hints hints;
  auto array = [&](const char *name) -> const Tensor * {
    auto it = specs.find(name);
    return it == specs.end() || !it->second.array ? nullptr : &*it->second.array;
  };
  for (auto [name, length] : {std::pair("k", "D"), std::pair("q", "D"), std::pair("v", "E")})
    if (const Tensor *tensor = array(name))
      if (!tensor->shape().empty())
        hints.lengths[length] = tensor->shape().back();
  if (const Tensor *q = array("q"))
    if (q->dtype() == core::DType::F32 || q->dtype() == core::DType::F16 || q->dtype() == core::DType::BF16)
      hints.dtype = q->dtype();
  return hints;
}

std::unique_ptr<Loaded> attnc::load(const Arguments &arguments, const ArraySpecs &specs, Status &status) {
  std::unique_ptr<Source> source = readSource(arguments, status);
  return source ? instantiate(std::move(source), arguments, hintsOf(specs), status) : nullptr;
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

static uint64_t below(uint64_t seed, uint64_t counter, uint64_t limit) {
  return limit ? randomBits(seed, counter) % limit : 0;
}

/// Values that do not decrease along the last axis: blocks of random lengths.
static void fillAscending(Tensor &tensor, uint64_t seed, int64_t lo, int64_t hi) {
  int64_t length = tensor.shape().empty() ? 1 : tensor.shape().back();
  if (length == 0)
    return;
  int64_t lines = tensor.elements() / length;
  int64_t steps = std::max<int64_t>(hi - lo - 1, 0);
  std::vector<int64_t> cuts(std::min<int64_t>(steps, length));
  for (int64_t line = 0; line < lines; ++line) {
    for (size_t c = 0; c < cuts.size(); ++c)
      cuts[c] = int64_t(below(seed, uint64_t(line) * cuts.size() + c, uint64_t(length)));
    std::sort(cuts.begin(), cuts.end());
    size_t passed = 0;
    for (int64_t x = 0; x < length; ++x) {
      while (passed < cuts.size() && cuts[passed] < x)
        ++passed;
      tensor.set(line * length + x, double(lo + int64_t(passed)));
    }
  }
}

static void fillUniform(Tensor &tensor, uint64_t seed, double lo, double hi) {
  for (int64_t n = 0; n < tensor.elements(); ++n)
    tensor.set(n, lo + (hi - lo) * double(randomBits(seed, uint64_t(n)) >> 11) * 0x1p-53);
}

std::string attnc::fill(Tensor &tensor, const std::string &rule, uint64_t seed) {
  size_t colon = rule.find(':');
  std::string name = rule.substr(0, colon);
  std::string rest = colon == std::string::npos ? "" : rule.substr(colon + 1);
  auto number = [&](double otherwise) { return rest.empty() ? std::optional(otherwise) : parseReal(rest); };
  std::string bad = "`" + rule + "` is no rule for an array";
  if (name == "zeros" || name == "ones" || name == "value") {
    std::optional<double> value = name == "value" && !rest.empty() ? parseReal(rest)
                                  : rest.empty() && name != "value" ? std::optional(name == "ones" ? 1.0 : 0.0)
                                                                    : std::nullopt;
    if (!value)
      return bad;
    for (int64_t n = 0; n < tensor.elements(); ++n)
      tensor.set(n, *value);
    return "";
  }
  if (name == "iota") {
    std::optional<double> from = number(0);
    if (!from)
      return bad;
    int64_t length = tensor.shape().empty() ? 1 : std::max<int64_t>(tensor.shape().back(), 1);
    for (int64_t n = 0; n < tensor.elements(); ++n)
      tensor.set(n, *from + double(n % length));
    return "";
  }
  if (name == "normal") {
    std::optional<double> scale = number(1);
    if (!scale || !isFloat(tensor.dtype()))
      return scale ? "`normal` fills arrays of numbers, not of " + std::string(core::spelling(tensor.dtype())) : bad;
    fillNormal(tensor.view(), seed, *scale);
    return "";
  }
  size_t dots = rest.find("..");
  if ((name == "random" || name == "ascending") && dots != std::string::npos) {
    std::optional<double> lo = parseReal(rest.substr(0, dots)), hi = parseReal(rest.substr(dots + 2));
    if (!lo || !hi || *hi < *lo)
      return bad;
    if (name == "ascending")
      fillAscending(tensor, seed, int64_t(*lo), int64_t(*hi));
    else if (isFloat(tensor.dtype()))
      fillUniform(tensor, seed, *lo, *hi);
    else
      fillIntegers(tensor.view(), seed, int64_t(*lo), std::max(int64_t(*hi), int64_t(*lo) + 1));
    return "";
  }
  return bad;
}

static std::string defaultRule(const core::Tensor &tensor, const ScalarInputs &scalars) {
  if (tensor.isSet()) { // some of its values, some none of them [S12]
    auto end = [&](const core::ExprPtr &e) { return evaluateScalar(*e, scalars).value_or(Scalar()).integer; };
    return "random:" + std::to_string(end(tensor.from) - 1) + ".." + std::to_string(end(tensor.to) + 2);
  }
  if (isFloat(tensor.dtype))
    return tensor.shape.empty() ? "normal:0.5" : "normal";
  if (tensor.dtype == core::DType::Bool)
    return "random:0..2";
  bool overPositions = !tensor.axes.empty() && (tensor.axes.back() == core::AxisN || tensor.axes.back() == core::AxisM);
  return overPositions ? "ascending:0..8" : "random:0..8";
}

//===----------------------------------------------------------------------===//
// Lengths
//===----------------------------------------------------------------------===//

/// What lengths and parameters a call has, for expressions over them.
std::optional<Scalar> attnc::chosen(const Loaded &loaded, const core::Param &param, const ScalarInputs &known) {
  if (auto given = loaded.ints.find(param.name); given != loaded.ints.end())
    return Scalar::ofInt(given->second);
  if (auto real = loaded.reals.find(param.name); real != loaded.reals.end())
    return Scalar::ofReal(real->second);
  if (param.defaultValue)
    return evaluateScalar(*param.defaultValue, known).value_or(Scalar());
  return std::nullopt;
}

static ScalarInputs scalarsOf(const Loaded &loaded, const std::map<std::string, int64_t> &lengths) {
  ScalarInputs scalars;
  for (const core::Axis &axis : loaded.program.axes) {
    auto length = lengths.find(axis.name);
    scalars.extents.push_back(length == lengths.end() ? 0 : length->second);
  }
  for (const core::Param &param : loaded.program.params) {
    scalars.params.push_back(chosen(loaded, param, scalars).value_or(Scalar()));
  }
  return scalars;
}

namespace {
class Lengths {
public:
  Lengths(const Loaded &loaded, std::string &error) : program(loaded.program), error(error) {
    for (auto &[name, length] : loaded.lengths)
      known[name] = {length, "`--shape`"};
  }

  /// Takes the lengths of an array and gives it the axes that it may leave out.
  void take(const core::Tensor &tensor, std::vector<int64_t> &shape) {
    size_t full = tensor.axes.size() + tensor.shape.size();
    if (shape.size() > full || shape.size() + leading(tensor) < full) {
      error = "`" + tensor.name + "` has " + std::to_string(full) + " axes, and the array " +
              std::to_string(shape.size());
      return;
    }
    shape.insert(shape.begin(), full - shape.size(), 1);
    for (size_t a = 0; a < tensor.axes.size() && error.empty(); ++a)
      set(program.axes[tensor.axes[a]].name, shape[a], "`" + tensor.name + "`");
    for (size_t c = 0; c < tensor.shape.size() && error.empty(); ++c)
      if (shape[tensor.axes.size() + c] != tensor.shape[c])
        error = "`" + tensor.name + "` has vectors of length " + std::to_string(tensor.shape[c]) +
                ", the array of length " + std::to_string(shape[tensor.axes.size() + c]);
  }

  std::map<std::string, int64_t> complete(const Loaded &loaded) {
    otherwise("B", 1);
    otherwise("H", get("G", 4));
    otherwise("G", get("H", 4));
    otherwise("N", get("M", 1024));
    otherwise("M", get("N", 1024));
    ScalarInputs scalars = scalarsOf(loaded, lengths());
    for (const core::Axis &axis : program.axes)
      if (axis.length)
        otherwise(axis.name, std::max<int64_t>(evaluateScalar(*axis.length, scalars).value_or(Scalar()).integer, 0));
    for (const core::Tensor &tensor : program.tensors)
      if (tensor.isSet()) { // half of what there is, at most
        auto end = [&](const core::ExprPtr &e) { return evaluateScalar(*e, scalars).value_or(Scalar()).integer; };
        int64_t all = end(tensor.to) - end(tensor.from);
        otherwise(program.axes[tensor.axes.back()].name, std::max<int64_t>(std::min<int64_t>(all / 2, 32), 1));
      }
    for (const core::Axis &axis : program.axes)
      otherwise(axis.name, 32);
    std::map<std::string, int64_t> result;
    for (auto &[name, entry] : known)
      result[name] = entry.first;
    if (error.empty() && (result["G"] == 0 ? result["H"] != 0 : result["H"] % result["G"] != 0))
      error = "H = " + std::to_string(result["H"]) + " is no multiple of G = " + std::to_string(result["G"]);
    return result;
  }

private:
  /// How many of the first axes are b, h or g.
  static size_t leading(const core::Tensor &tensor) {
    size_t count = 0;
    while (count < tensor.axes.size() && tensor.axes[count] <= core::AxisG)
      ++count;
    return count;
  }
  std::map<std::string, int64_t> lengths() const {
    std::map<std::string, int64_t> result;
    for (auto &[name, entry] : known)
      result[name] = entry.first;
    return result;
  }
  void set(const std::string &name, int64_t length, const std::string &who) {
    auto [it, isNew] = known.try_emplace(name, length, who);
    if (!isNew && it->second.first != length)
      error = "axis " + name + " has length " + std::to_string(it->second.first) + " in " + it->second.second +
              " and " + std::to_string(length) + " in " + who;
  }
  void otherwise(const std::string &name, int64_t length) { known.try_emplace(name, length, "the default"); }
  int64_t get(const std::string &name, int64_t otherwise) const {
    auto it = known.find(name);
    return it == known.end() ? otherwise : it->second.first;
  }

  const core::Program &program;
  std::string &error;
  std::map<std::string, std::pair<int64_t, std::string>> known;
};
} // namespace

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

static bool isInteger(core::DType dtype) { return !isFloat(dtype) && dtype != core::DType::Bool; }

/// The array in the type that the program declares.
static std::optional<Tensor> converted(Tensor array, const core::Tensor &tensor, Problem &problem, std::string &error) {
  core::DType wanted = tensor.dtype;
  if (wanted == core::DType::BF16 && array.dtype() == core::DType::U16)
    array = reinterpretAsBF16(std::move(array));
  if (array.dtype() == wanted)
    return array;
  core::DType given = array.dtype();
  if (!(isFloat(given) && isFloat(wanted)) && !(isInteger(given) && (isInteger(wanted) || wanted == core::DType::Bool))) {
    error = "`" + tensor.name + "` is " + core::spelling(wanted) + ", the array " + core::spelling(given);
    return std::nullopt;
  }
  Tensor result(wanted, array.shape());
  for (int64_t n = 0; n < array.elements(); ++n) {
    if (isFloat(wanted)) {
      result.set(n, array.real(n));
      continue;
    }
    storeInt(result.view(), n, array.integer(n));
    if (wanted != core::DType::Bool && result.integer(n) != array.integer(n)) {
      error = "`" + tensor.name + "` is " + core::spelling(wanted) + ", and the array has the value " +
              std::to_string(array.integer(n));
      return std::nullopt;
    }
  }
  problem.remarks.push_back("`" + tensor.name + "`: " + core::spelling(given) + " converted to " +
                            core::spelling(wanted));
  return result;
}

/// Refuses what cannot be in memory before the machine starts to swap.
static std::string tooLarge(const core::Program &program, const Problem &problem, const std::vector<bool> *only) {
  double bytes = 0;
  for (size_t t = 0; t < program.tensors.size(); ++t) {
    if (only && !(*only)[t])
      continue;
    double size = double(core::byteSize(program.tensors[t].dtype));
    for (int axis : program.tensors[t].axes)
      size *= double(problem.length(program, axis));
    for (int64_t length : program.tensors[t].shape)
      size *= double(length);
    bytes += size;
  }
  double memory = double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGE_SIZE));
  if (bytes < 0.8 * memory)
    return "";
  auto gib = [](double n) { return std::to_string(int64_t(std::ceil(n / double(1 << 30)))) + " GiB"; };
  return "the arrays of these lengths take " + gib(bytes) + "; this machine has " + gib(memory);
}

/// One element that stands for all: every stride is 0.
static TensorView zeroView(const core::Program &program, const core::Tensor &tensor, const Problem &problem) {
  static uint64_t zero = 0;
  TensorView view;
  view.data = &zero;
  view.dtype = tensor.dtype;
  for (int axis : tensor.axes)
    view.shape.push_back(problem.length(program, axis));
  view.shape.insert(view.shape.end(), tensor.shape.begin(), tensor.shape.end());
  view.strides.assign(view.shape.size(), 0);
  return view;
}

/// Names the parameters that only the caller can give.
static std::string missingParameters(const Loaded &loaded) {
  std::string names, settings;
  for (const core::Param &param : loaded.program.params) {
    if (param.defaultValue || loaded.ints.count(param.name) || loaded.reals.count(param.name) ||
        param.name == "offset")
      continue;
    names += (names.empty() ? "`" : ", `") + param.name + "`";
    settings += (settings.empty() ? "" : ",") + param.name + "=..";
  }
  return names.empty() ? "" : "`" + loaded.program.name + "` needs " + names + ": `--set " + settings + "`";
}

std::optional<Problem> attnc::makeProblem(const Loaded &loaded, ArraySpecs specs, uint64_t seed, std::string &error,
                                          const std::vector<bool> *only) {
  const core::Program &program = loaded.program;
  Problem problem;
  std::vector<std::string> names;
  for (const core::Tensor &tensor : program.tensors)
    names.push_back(tensor.name);
  for (auto &[name, spec] : specs) {
    bool predeclared = name == "q" || name == "k" || name == "v"; // not an argument where nothing uses it
    if (!predeclared && std::find(names.begin(), names.end(), name) == names.end()) {
      error = "`" + program.name + "` uses no input `" + name + "`" + didYouMean(name, names);
      return std::nullopt;
    }
  }

  error = missingParameters(loaded);
  if (!error.empty())
    return std::nullopt;
  Lengths lengths(loaded, error);
  for (const core::Tensor &tensor : program.tensors) {
    auto spec = specs.find(tensor.name);
    if (spec == specs.end() || !spec->second.array)
      continue;
    std::vector<int64_t> shape = spec->second.array->shape();
    lengths.take(tensor, shape);
    if (!error.empty())
      return std::nullopt;
    std::optional<Tensor> array = converted(std::move(*spec->second.array), tensor, problem, error);
    if (!array)
      return std::nullopt;
    TensorView view = array->view();
    view.shape = shape;
    view.strides = denseStrides(shape);
    problem.views[tensor.name] = view;
    problem.inputs[tensor.name] = std::move(*array);
  }
  problem.lengths = lengths.complete(loaded);
  if (error.empty())
    error = tooLarge(program, problem, only);
  if (!error.empty())
    return std::nullopt;

  ScalarInputs scalars = scalarsOf(loaded, problem.lengths);
  for (size_t t = 0; t < program.tensors.size(); ++t) {
    const core::Tensor &tensor = program.tensors[t];
    auto spec = specs.find(tensor.name);
    if (problem.views.count(tensor.name) || (spec == specs.end() && tensor.defaultValue))
      continue;
    TensorView zero = zeroView(program, tensor, problem);
    if (only && !(*only)[t]) {
      problem.views[tensor.name] = zero;
      continue;
    }
    Tensor array(tensor.dtype, zero.shape);
    error = fill(array, spec == specs.end() ? defaultRule(tensor, scalars) : spec->second.text, seedOf(seed, tensor.name));
    if (!error.empty()) {
      error = "`" + tensor.name + "`: " + error;
      return std::nullopt;
    }
    problem.views[tensor.name] = array.view();
    problem.inputs[tensor.name] = std::move(array);
  }
  auto offset = loaded.ints.find("offset");
  problem.offset = offset != loaded.ints.end() ? offset->second : problem.lengths["M"] - problem.lengths["N"];
  return problem;
}

Bindings Problem::bindings(const Loaded &loaded) const {
  Bindings bindings;
  bindings.inputs = views;
  bindings.reals = loaded.reals;
  bindings.ints = loaded.ints;
  bindings.lengths = lengths;
  return bindings;
}
