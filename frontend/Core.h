// The typed program: what a pattern means at one choice of element type,
// lengths and `const` parameters. Formulas (`def`) are expanded, every name is
// resolved, every conversion is explicit, every subscript is complete.
//
// The oracle evaluates it as it stands; the importer turns it into level-1 IR.
// Plain structs, the C++ library only.
#pragma once
#include "frontend/Source.h"
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace attn::core {

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

enum class Base : uint8_t { Bool, Int, Real };

/// A scalar (empty shape), a vector or a matrix (rows first).
struct Type {
  Base base = Base::Real;
  std::vector<int64_t> shape;

  bool isScalar() const { return shape.empty(); }
  int64_t elements() const {
    int64_t n = 1;
    for (int64_t s : shape)
      n *= s;
    return n;
  }
  bool operator==(const Type &o) const { return base == o.base && shape == o.shape; }
  bool operator!=(const Type &o) const { return !(*this == o); }
};

/// How a tensor's elements are stored.
enum class DType : uint8_t { Bool, I8, I16, I32, I64, U8, U16, U32, F16, BF16, F32, F64 };

//===----------------------------------------------------------------------===//
// Axes and variables
//===----------------------------------------------------------------------===//

/// Positions in Program::axes of the five axes that are always there.
enum : int { AxisB = 0, AxisH = 1, AxisG = 2, AxisN = 3, AxisM = 4 };

struct Expr;

/// What an index of a tensor runs over. The first five are named by their
/// lengths: B, H, G, N (rows; the index is an absolute position and begins at
/// `offset`), M (keys). Others begin at 0 and have the name they were declared by.
struct Axis {
  std::string name;
  Span span;
  /// Of a class: how many values it has, by the lengths of the call. Indices
  /// of tensors count from the first one [I10]. Null elsewhere.
  std::shared_ptr<const Expr> length;
};

/// A bound index. Its value is absolute: for axis N from `offset` on.
struct Variable {
  std::string name;
  int axis = -1; ///< -1: a plain range
};

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

enum class Op : uint8_t {
  // Leaves.
  Int,    ///< `integer`
  Real,   ///< `real`
  Bool,   ///< `integer` is 0 or 1
  Var,    ///< Program::variables[id]
  Extent, ///< the length of Program::axes[id]; int
  Param,  ///< Program::params[id], never a const one

  // Reads. `args` are the complete indices, in the order of the definition;
  // outside the domain the value is zero [S6].
  GroupOf, ///< the key head of a query head: args[0] // (H / G)
  Tensor,  ///< Program::tensors[id]
  Let,     ///< Program::lets[id]
  Branch,  ///< `field` of Program::branches[id]
  Member,  ///< whether the last of `args` is in the set Program::tensors[id] at the others

  // Words of a branch; args[0] is the key: its key variable, or one that an
  // aggregate over the row binds.
  Score, ///< the score at this row and key
  Stage, ///< Branch::weights[id] at this row and key; `id` is an earlier stage
  Count, ///< how many keys the row sees; no args; int

  // Arithmetic: operands of one type after conversion; vectors by component.
  Add, Sub, Mul,
  Div,      ///< real; x / 0 = 0 [S3]
  FloorDiv, ///< int; x // 0 = 0
  Mod,      ///< int; x mod 0 = x
  Neg, Min, Max, Abs,
  Pow,    ///< real
  IntPow, ///< int to a non-negative integer literal (args[1])
  // Comparison of two ints, two reals or two bools; false with NaN [S4].
  Eq, Ne, Lt, Le,
  And, Or, Not, ///< short-circuit [S10]
  If,           ///< args: condition, then, else; only one side is evaluated
  // Conversions.
  ToReal, ///< of an int
  Splat,  ///< a number to a vector or matrix of `type`
  // Functions of reals, by component.
  Exp, Log, Log1p, Sqrt, Sin, Cos, Tanh, Erf,
  Floor, ///< real to int
  // Functions of ints.
  Shl, Shr, BitAnd, BitOr, BitXor,
  ILog2, ///< position of the highest set bit; -1 for 0 and below
  // Vectors.
  Dot,       ///< of two vectors of one length
  MatVec,    ///< matrix times vector
  Outer,     ///< matrix of two vectors
  Cat,       ///< vectors end to end
  Ramp,      ///< 0, 1, 2, .. as reals
  Slice,     ///< components `integer` .. of args[0]; the length is the type's
  Component, ///< args[0] at args[1..]; zero outside

  // Reductions: see the fields of Expr below [D5, S7].
  Aggregate,
};

enum class Field : uint8_t { Out, Lse, Max };
enum class AggregateKind : uint8_t { Sum, Mean, Max, Min, Any, All, Count, ArgMax };

using ExprPtr = std::shared_ptr<const Expr>;

/// What a variable of an aggregate ranges over.
struct Range {
  enum Kind : uint8_t {
    Axis,     ///< all values of the variable's axis
    Interval, ///< lo .. hi, half-open; cut to the axis if the variable has one
    Row,      ///< the keys that the current row sees
  } kind = Axis;
  ExprPtr lo, hi; ///< of an interval
};

struct Expr {
  Op op = Op::Int;
  Type type;
  Span span;               ///< where the user wrote it (the use, for prelude formulas)
  std::optional<Span> inner; ///< inside the prelude or a def, for notes
  std::vector<ExprPtr> args;
  int id = -1;
  int64_t integer = 0;
  double real = 0;
  Field field = Field::Out;

  // Op::Aggregate: args[0] is the body (none for Count), over all values of
  // `variables`, where `condition` (may be null) holds.
  AggregateKind aggregate = AggregateKind::Sum;
  std::vector<int> variables;
  std::vector<Range> ranges;
  ExprPtr condition;
};

//===----------------------------------------------------------------------===//
// Definitions
//===----------------------------------------------------------------------===//

struct Tensor {
  std::string name;
  std::vector<int> axes;       ///< in memory order, positions in Program::axes
  std::vector<int64_t> shape;  ///< component lengths behind the axes
  DType dtype = DType::F32;
  ExprPtr defaultValue;        ///< of every element where the caller gives none; null: required
  std::string doc;
  Span span;
  /// Of a set: its members are the elements along the last axis that lie in
  /// `from` .. `to` [S12]; over extents and parameters. Null elsewhere.
  ExprPtr from = nullptr, to = nullptr;
  bool isSet() const { return from != nullptr; }
};

struct Param {
  std::string name;
  Base type = Base::Int;
  ExprPtr defaultValue; ///< over extents and earlier params; null: required
  std::string doc;
  Span span;
};

/// A `const` parameter or a length, fixed for this program; for messages,
/// manifests and headers.
struct Constant {
  std::string name;
  Base type = Base::Int;
  double value = 0;
  bool isLength = false;
};

/// `let name[variables] = body`, with the leading b, h or g that the body
/// depends on written out. The value is zero outside the domain.
struct Let {
  std::string name;
  std::vector<int> variables;
  ExprPtr body;
  Span span;
  DType dtype = DType::F32; ///< F16 or BF16: the values are rounded to it, once
  bool isRounded() const { return dtype == DType::F16 || dtype == DType::BF16; }
};

/// One stage of `weights`. Only the last has no name.
struct Stage {
  std::string name;
  ExprPtr body;
  Span span;
};

/// A weighted sum over the keys that each row sees [D7]. The main result is
/// the branch "o".
struct Branch {
  std::string name;
  std::vector<int> variables; ///< rows; the last one is tiled: b, h, i
  int key = -1;               ///< the key variable
  ExprPtr mask;               ///< bool
  ExprPtr score;              ///< real
  std::vector<Stage> weights; ///< at least one; real
  ExprPtr value;              ///< vector of reals
  /// The right side of the division at the top of the last stage, if it holds
  /// a row sum and does not depend on the key; else null [D10].
  ExprPtr denominator;
  Span span, maskSpan, scoreSpan, weightsSpan, valueSpan; ///< of the whole program where defaulted
};

struct Output {
  std::string name;           ///< "out" for the main one
  std::vector<int> variables;
  ExprPtr body;
  DType dtype = DType::F32;
  Span span;
};

struct Program {
  std::string name;
  std::string doc;
  DType dtype = DType::F32; ///< of q, k and v unless declared otherwise
  std::vector<Constant> constants;
  std::vector<Axis> axes;           ///< the first five are B, H, G, N, M
  std::vector<Variable> variables;
  std::vector<Tensor> tensors;      ///< only those that something uses
  std::vector<Param> params;        ///< only run-time ones that something uses
  std::vector<Let> lets;
  std::vector<Branch> branches;
  std::vector<Output> outputs;
  Span span;
};

/// Bytes of one element in memory; bool is one byte.
inline int64_t byteSize(DType t) {
  switch (t) {
  case DType::Bool: case DType::I8: case DType::U8: return 1;
  case DType::I16: case DType::U16: case DType::F16: case DType::BF16: return 2;
  case DType::I32: case DType::U32: case DType::F32: return 4;
  case DType::I64: case DType::F64: return 8;
  }
  return 0;
}
/// "bf16", "i32", ... and back (nullopt for other words).
const char *spelling(DType t);
std::optional<DType> parseDType(const std::string &word);

} // namespace attn::core
