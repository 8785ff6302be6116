// The arrays of one call: from files, from a rule, or random from the seed.
#pragma once
#include "frontend/Scalar.h"
#include "runtime/Oracle.h"
#include "runtime/Session.h"
#include "tools/attnc/Program.h"

namespace attnc {

/// `--in NAME=SPEC`, where SPEC is a file's name or a rule.
struct ArraySpec {
  std::string text;
  std::optional<attn::Tensor> array; ///< of a file
};
using ArraySpecs = std::map<std::string, ArraySpec>;

/// --q, --k, --v, --in, --seed.
Options arrayOptions();
/// Reads the files that the options name. Sets `error`.
ArraySpecs readArrays(const Arguments &arguments, std::string &error);
/// The one operand's pattern. Where the options are silent, arrays give the
/// element type (that of q), D and E. Prints what is wrong and returns null.
std::unique_ptr<Loaded> load(const Arguments &arguments, const ArraySpecs &specs, Status &status);

/// A parameter as the user set it, or its default where `known` (parameters
/// before it, lengths) gives one; nothing if it has none.
std::optional<attn::Scalar> chosen(const Loaded &loaded, const attn::core::Param &param, const attn::ScalarInputs &known);

/// What one call is made of.
struct Problem {
  std::map<std::string, int64_t> lengths; ///< of every axis of the program
  int64_t offset = 0;
  std::map<std::string, attn::Tensor> inputs;
  std::map<std::string, attn::TensorView> views; ///< what the call passes as inputs
  std::vector<std::string> remarks;              ///< conversions that were made

  int64_t length(const attn::core::Program &program, int axis) const {
    return lengths.at(program.axes[axis].name);
  }
  attn::Bindings bindings(const Loaded &loaded) const;
};

/// Lengths that neither an array nor `--shape` gives:
///   B 1, H 4 (or G), G H, N 1024 (or M), M N, axes of classes what the classes
///   are, lists half of what may stand in them (32 at most), every other axis 32.
/// Arrays that nothing gives are random from the seed:
///   vectors (q, k, v, ..)          nearly normal, variance 1
///   tables of numbers              nearly normal, variance 1/4
///   tables of integers over rows or keys   ascending values 0 .. 8 (documents)
///   other tables of integers       values 0 .. 8
///   tables of truth values         half of them true
///   lists of sets                  members, now and then a value that is none
/// Inputs with a default keep it. Where `only` is given, other arrays are not
/// made: every element of them is zero and they take no memory.
std::optional<Problem> makeProblem(const Loaded &loaded, ArraySpecs specs, uint64_t seed, std::string &error,
                                   const std::vector<bool> *only = nullptr);

/// Fills a dense array by a rule. Returns an empty string or what is wrong with it.
std::string fill(attn::Tensor &tensor, const std::string &rule, uint64_t seed);

} // namespace attnc
