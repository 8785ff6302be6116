// The program as written: plain structs, the C++ library only. The grammar is
// in docs/language.md; one struct per rule that carries information.
#pragma once
#include "frontend/Source.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace attn::ast {

/// A name and where it stands. Index names may end in primes.
struct Name {
  std::string text;
  Span span;
  explicit operator bool() const { return !text.empty(); }
};

enum class Operator {
  Or, And,                                         // truth
  Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual,
  Add, Subtract, Multiply, Divide, FloorDivide, Modulo, Apply /* @ */, Power,
};
/// As written in the source: "or", "==", "//", ...
const char *spelling(Operator op);

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

/// `x` or, in brackets, `lo .. hi`.
struct Item {
  ExprPtr lo;
  ExprPtr hi; ///< null unless a range
};

/// `x` or `x in set` after `for`.
struct Binder {
  Name name;
  ExprPtr set;   ///< null without `in`; the lower end if `rangeEnd` is given
  ExprPtr rangeEnd;
  Span span;
};

enum class ExprKind {
  Integer,   ///< `integer`
  Real,      ///< `real`
  Truth,     ///< `truth`
  Name,      ///< `name`
  Field,     ///< `name` . `field`
  Call,      ///< `name` ( operands [for binders [where condition]] )
  Tuple,     ///< ( operands ), two or more
  Subscript, ///< operands[0] [ items ]
  Negate,    ///< - operands[0]
  Not,       ///< not operands[0]
  Binary,    ///< operands[0] op operands[1], without comparisons
  Chain,     ///< operands[0] ops[0] operands[1] ops[1] ...: comparisons
  Member,    ///< operands[0] in operands[1] [.. operands[2]]
  If,        ///< if operands[0] then operands[1] else operands[2]
};

/// No tree is higher than this, so that walking one recursively is safe.
constexpr unsigned maxNesting = 200;

struct Expr {
  ExprKind kind = ExprKind::Integer;
  Span span;
  unsigned height = 1; ///< levels of this tree, at most maxNesting
  int64_t integer = 0;
  double real = 0;
  bool truth = false;
  Name name;
  Name field;
  Operator op = Operator::Add;
  Span opSpan;
  std::vector<ExprPtr> operands;
  std::vector<Operator> ops;   ///< of a chain
  std::vector<Span> opSpans;   ///< of a chain
  std::vector<Item> items;     ///< of a subscript
  std::vector<Binder> binders; ///< of an aggregate
  ExprPtr condition;           ///< `where` of an aggregate
  bool parenthesized = false;  ///< `( expr )`: the span includes the parentheses
};

/// `NAME [ indices ]`. Without brackets `indices` is empty and `bracketed` false.
struct Entry {
  Name name;
  std::vector<Name> indices;
  bool bracketed = false;
  Span span;
};

/// `set of c`, or an element type with lengths.
struct Type {
  bool isSet = false;
  Name name; ///< the element type, or the index after `set of`
  std::vector<ExprPtr> lengths;
  Span span;
};

struct Parameter {
  bool isConst = false;
  Name name;
  Name type;
  ExprPtr value; ///< default, or null
  Span span;
};

struct Argument { ///< of `branch r = P(name = value)`
  Name name;
  ExprPtr value;
};

enum class ClauseKind { In, State, Index, Def, Let, Select, Branch, Mask, Score, Weights, Value, Out };

struct Clause {
  ClauseKind kind = ClauseKind::Mask;
  Span span;                        ///< keyword to last token
  Span keyword;
  std::vector<std::string> comment; ///< documentation: comment lines right above, without `#`

  // in, state: entries : type [= value].      let: entries[0] [: type] = value.
  // index: entries[0].name = value, or in value .. rangeEnd.
  // out: entries[0] = value; the main output has an empty name.
  std::vector<Entry> entries;
  std::optional<Type> type;
  ExprPtr value;
  ExprPtr rangeEnd;

  // def NAME [(parameters)] = value.  score/weights: [stage =] value.  mask, value: value.
  Name name;
  std::vector<Name> parameters;
  bool hasParameters = false;       ///< `def f()` has, `def f` has not

  // select entries[0] = rule [budget] of elements [by] [where] [always] [plus]
  Name rule;
  ExprPtr budget;
  std::vector<Name> elements;
  ExprPtr by, where, always, plus;

  // branch entries[0] [over over] { body }, or entries[0] = pattern(arguments)
  Name over;
  Name pattern;
  std::vector<Argument> arguments;
  std::vector<Clause> body;
  bool hasBody = false;
};

struct Pattern {
  Name name;
  std::vector<Parameter> parameters;
  std::vector<Clause> clauses;
  std::vector<std::string> comment;
  Span span;
};

struct Use {
  std::string path;
  Span span;
};

/// One file. `items` keeps defs and patterns in source order: a def's index
/// into `defs`, or a pattern's into `patterns`.
struct File {
  uint32_t source = 0;
  std::vector<Use> uses;
  std::vector<Clause> defs;
  std::vector<Pattern> patterns;
  struct Item { bool isPattern; unsigned position; };
  std::vector<Item> items;
};

} // namespace attn::ast
