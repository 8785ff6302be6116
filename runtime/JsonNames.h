// Words of the JSON for enumerators, both ways.
#pragma once
#include "codegen/Manifest.h"
#include "frontend/Core.h"
#include <cstring>
#include <utility>

namespace attn {

template <class T> struct JsonNames;

template <> struct JsonNames<core::Base> {
  static constexpr std::pair<core::Base, const char *> table[] = {{core::Base::Bool, "bool"}, {core::Base::Int, "int"}, {core::Base::Real, "real"}};
};

template <> struct JsonNames<Manifest::ScalarKind> {
  using Kind = Manifest::ScalarKind;
  static constexpr std::pair<Kind, const char *> table[] = {{Kind::Bool, "bool"}, {Kind::Int, "int"}, {Kind::Real, "real"}};
};

template <> struct JsonNames<Manifest::SizeStep::Op> {
  using Step = Manifest::SizeStep;
  static constexpr std::pair<Step::Op, const char *> table[] = {
      {Step::Push, "push"},         {Step::Slot, "slot"},   {Step::Store, "store"},         {Step::Add, "add"}, {Step::Sub, "sub"},
      {Step::Mul, "mul"},           {Step::FloorDiv, "floordiv"}, {Step::CeilDiv, "ceildiv"}, {Step::Mod, "mod"}, {Step::Min, "min"},
      {Step::Max, "max"},           {Step::Equal, "eq"},    {Step::NotEqual, "ne"},         {Step::Less, "lt"}, {Step::LessEqual, "le"},
      {Step::And, "and"},           {Step::Or, "or"},       {Step::Select, "select"}};
};

/// Operations of host expressions: what `evaluateScalar` knows.
template <> struct JsonNames<core::Op> {
  using Op = core::Op;
  static constexpr std::pair<Op, const char *> table[] = {
      {Op::Add, "add"},       {Op::Sub, "sub"},     {Op::Mul, "mul"},       {Op::Div, "div"},     {Op::FloorDiv, "floordiv"},
      {Op::Mod, "mod"},       {Op::Neg, "neg"},     {Op::Min, "min"},       {Op::Max, "max"},     {Op::Abs, "abs"},
      {Op::Pow, "pow"},       {Op::IntPow, "ipow"}, {Op::Eq, "eq"},         {Op::Ne, "ne"},       {Op::Lt, "lt"},
      {Op::Le, "le"},         {Op::And, "and"},     {Op::Or, "or"},         {Op::Not, "not"},     {Op::If, "if"},
      {Op::ToReal, "toreal"}, {Op::Exp, "exp"},     {Op::Log, "log"},       {Op::Log1p, "log1p"}, {Op::Sqrt, "sqrt"},
      {Op::Sin, "sin"},       {Op::Cos, "cos"},     {Op::Tanh, "tanh"},     {Op::Erf, "erf"},     {Op::Floor, "floor"},
      {Op::Shl, "shl"},       {Op::Shr, "shr"},     {Op::BitAnd, "bitand"}, {Op::BitOr, "bitor"}, {Op::BitXor, "bitxor"},
      {Op::ILog2, "ilog2"}};
};

/// The word of an enumerator; "" for one without.
template <class T> const char *jsonName(T value) {
  for (auto &[known, name] : JsonNames<T>::table)
    if (known == value)
      return name;
  return "";
}

/// The enumerator of a word. Returns false if there is none.
template <class T> bool fromJsonName(const std::string &word, T &value) {
  for (auto &[known, name] : JsonNames<T>::table)
    if (word == name) {
      value = known;
      return true;
    }
  return false;
}

} // namespace attn
