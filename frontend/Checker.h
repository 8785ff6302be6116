// The checker: one pattern as written to one typed program. Internal to Sema*;
// rule numbers in brackets are those of docs/language.md.
#pragma once
#include "frontend/CoreWalk.h"
#include "frontend/Sema.h"
#include <functional>
#include <memory>
#include <set>

namespace attn::sema {

using core::Base;
using core::ExprPtr;
using core::Op;

/// Kinds of integers [I8]: the axis whose values they are, or plain.
constexpr int plain = -1;

/// Components of a vector at most.
constexpr int64_t maxLength = 65536;

std::string withoutPrimes(const std::string &name);

/// What messages call the prelude.
constexpr const char *preludeName = "prelude.attn";

/// A checked expression. Without `expr` an error has been reported and nothing
/// more is said about it.
struct Value {
  ExprPtr expr;
  int kind = plain;     ///< of an int
  bool literal = false; ///< an integer written as a number [I8]
  Span span;            ///< for messages: where the user wrote it
  std::optional<Span> inner; ///< and inside a formula
  std::vector<int> setOf;    ///< a set: the axes of its elements; `expr` is a placeholder
  enum { NoResult, Divided, Undivided } result = NoResult; ///< of a branch: with a denominator or not

  explicit operator bool() const { return expr != nullptr; }
  const core::Type &type() const { return expr->type; }
  bool isInt() const { return type().base == Base::Int && type().isScalar(); }
  bool isReal() const { return type().base == Base::Real && type().isScalar(); }
  bool isSet() const { return !setOf.empty(); }
  bool isBool() const { return type().base == Base::Bool && type().isScalar() && !isSet(); }
  bool isNumber() const { return type().isScalar() && type().base != Base::Bool; }
};

struct Scope;

/// What a name means.
struct Symbol {
  enum Kind {
    Broken,   ///< an error was reported where it is defined: it fits everywhere
    Constant, ///< `constant`: a length or a const parameter
    Param, Extent, Tensor, Let, Index, Branch, Stage,
    Set,      ///< `sets[id]`: a select, or a set that the caller gives
    Def,
  } kind = Broken;
  std::string name;
  Span span;
  unsigned order = 0; ///< definitions are numbered: a formula sees only earlier ones
  int id = -1;        ///< in the program's list of its kind; the axis of an index
  ExprPtr constant;
  const ast::Clause *def = nullptr;
  const ast::Expr *value = nullptr; ///< right side of a let
  bool bare = false;                ///< written without indices: it has inferred ones only
  const Scope *home = nullptr; ///< the scope that the formula is written in
};

/// A class of another index [I4].
struct ClassIndex {
  int of = plain;    ///< its axis
  int variable = -1; ///< in `map`
  ExprPtr map;
  std::string text;  ///< as written: "j // block"
  std::string shape; ///< the same without the name of the index
};

/// A family of sets.
struct SetFamily {
  std::vector<int> axes;     ///< of its indices
  std::vector<int> elements; ///< axes of its elements
  int tensor = -1;           ///< of a set that the caller gives
};

struct Scope {
  const Scope *parent = nullptr;
  std::map<std::string, Symbol> names;
};

struct Env;
using EnvPtr = std::shared_ptr<const Env>;

/// An argument of a formula: text and where it is to be read [D2].
struct Actual {
  const ast::Expr *expr = nullptr;
  EnvPtr env;
};

/// Which rule of a branch is read. Words mean something only there [D9].
enum class Rule { None, Mask, Score, Weights, Value };

/// What names mean at one place. `scope`, `actuals` and `locals` belong to the
/// text (and change inside a formula); the rest is handed through [D2].
struct Env {
  const Scope *scope = nullptr;
  unsigned order = ~0u;                  ///< later definitions are not seen
  std::map<std::string, Actual> actuals; ///< of the formula that is being put in
  std::map<std::string, int> locals;     ///< new names of aggregates: variables

  std::map<std::string, int> bound; ///< index names to variables
  Rule rule = Rule::None;
  int branch = -1;                  ///< in Program::branches
  ExprPtr numerator;                ///< left operand of the `/` around [D10]
  bool belowLine = false;           ///< in the right operand of a `/`
  bool swept = false;               ///< in an aggregate over rows or keys
  std::optional<Span> use;          ///< outermost use of a formula in the user's text
  const Symbol *formula = nullptr;  ///< innermost formula
};

/// The rules of one branch while they are read [D7].
struct Rules {
  int branch = -1; ///< in Program::branches
  Scope *scope = nullptr;
  std::shared_ptr<Env> base; ///< what every rule sees
  bool closed = false, failed = false;
  Span use;                  ///< what closed them
  std::optional<Span> first;
  std::optional<Span> given[4]; ///< mask, score, weights, value
  bool lastStage[4] = {false, false, false, false};
};

class Checker {
public:
  /// `lenient`: parameters without a value get one, so that a file can be
  /// checked without an instance.
  Checker(const ast::File &file, SourceMap &sources, const Instance &instance, Diagnostics &diagnostics, bool lenient);

  /// The typed program, or nullopt after at least one error.
  std::optional<core::Program> check(const ast::Pattern &pattern);
  /// The formulas of the file, whether or not something uses them.
  void checkFormulas();

private:
  // Sema.cpp, SemaFinish.cpp: the order of things.
  void clauses(const std::vector<ast::Clause> &list);
  void checkInstance(const ast::Pattern &pattern);
  core::Program finish();
  int predeclaredOffset() const;

  // SemaDefine.cpp: what may be defined, formulas where they are written [D1, D2].
  void enterPredeclared();
  Symbol &define(Scope &scope, const ast::Name &name, Symbol symbol);
  /// Whether the name is free; reports it otherwise.
  bool mayDefine(const Scope &scope, const ast::Name &name);
  void defineFormula(Scope &scope, const ast::Clause &clause);
  bool checkFormula(const ast::Clause &clause, const Scope &scope);
  bool checkFormulaNames(const ast::Expr &expr, const Scope &scope, std::set<std::string> known);

  // SemaNames.cpp: names and formulas where they are used [D1, D2].
  const Symbol *lookup(const Env &env, const std::string &name) const;
  std::vector<std::string> visibleNames(const Env &env) const;
  void unknownName(const Env &env, const ast::Name &name);
  Value expand(const EnvPtr &env, const Symbol &formula, const ast::Expr &use);
  std::string formulaHead(const ast::Clause &clause) const;
  std::string formulaText(const Symbol &formula) const;
  /// The axis of an index name, with or without primes.
  std::optional<int> indexAxis(const Env &env, const std::string &name) const;
  Value name(const EnvPtr &env, const ast::Expr &expr);
  Value word(const EnvPtr &env, const ast::Expr &expr);
  Value call(const EnvPtr &env, const ast::Expr &expr);

  // SemaDeclare.cpp: parameters, axes, tensors.
  EnvPtr hostEnv();
  ExprPtr hostDefault(const ast::Expr &expr, Base base);
  void parameter(const ast::Parameter &parameter);
  ExprPtr constantParameter(const ast::Parameter &parameter, Base base, const ExprPtr &declared);
  int addTensor(core::Tensor tensor);
  std::optional<std::vector<int>> entryAxes(const ast::Entry &entry);
  std::optional<core::DType> elementType(const ast::Name &name);
  std::optional<std::vector<int64_t>> lengths(const ast::Type &type, bool newNames);
  void inputs(const ast::Clause &clause);

  // SemaClasses.cpp, SemaSets.cpp, SemaBranches.cpp: checked, then refused [I4, D6,
  // D7, D11].
  void indexClause(const ast::Clause &clause);
  bool classIndex(const ast::Clause &clause, int axis);
  bool isClass(int kind) const { return kind == core::AxisG || classes.count(kind); }
  int classOf(int kind) const { return kind == core::AxisG ? core::AxisH : classes.at(kind).of; }
  bool sameClass(int a, int b) const;
  /// The class of a value, through classes of classes; null where it has none.
  ExprPtr classOfValue(int axis, const Value &v);
  /// The first value of an index, and the one behind the last.
  std::pair<ExprPtr, ExprPtr> valuesOf(int axis, Span where);
  int setInput(const ast::Clause &clause, const ast::Entry &entry, std::vector<int> axes, int element);
  Value classCall(const EnvPtr &env, const ast::Expr &expr, const Symbol &index);
  Value memberOfSet(const EnvPtr &env, const ast::Expr &expr);
  bool rangesOver(const EnvPtr &env, const ast::Binder &binder, int axis);
  void select(const ast::Clause &clause);
  void branch(const ast::Clause &clause);
  Value merge(const EnvPtr &env, const ast::Expr &expr);
  Value setNode(const EnvPtr &env, const ast::Expr &at, const SetFamily &set, std::vector<ExprPtr> args);
  std::string setName(const std::vector<int> &elements) const;

  // SemaExpr.cpp: the forms of the grammar.
  Value expression(const EnvPtr &env, const ast::Expr &expr);
  bool tooLarge(const Env &env, Span written);
  bool copies(const Env &env, Span written, const core::Expr &expr);
  Value dispatch(const EnvPtr &env, const ast::Expr &expr);
  Value logical(const EnvPtr &env, const ast::Expr &expr);
  Value binary(const EnvPtr &env, const ast::Expr &expr);
  Value divide(const EnvPtr &env, const ast::Expr &expr);
  Value rowSum(const EnvPtr &env, const ast::Expr &expr);
  Value chain(const EnvPtr &env, const ast::Expr &expr);
  Value member(const EnvPtr &env, const ast::Expr &expr);
  Value rowMember(const EnvPtr &env, const ast::Expr &expr, const ast::Expr &field,
                  const std::vector<ast::Item> &items);
  Value conditional(const EnvPtr &env, const ast::Expr &expr);

  // SemaTypes.cpp: operators and conversions.
  Value arithmetic(const EnvPtr &env, const ast::Expr &at, ast::Operator op, Value a, Value b);
  Value power(const EnvPtr &env, const ast::Expr &at, Value a, Value b);
  Value apply(const EnvPtr &env, const ast::Expr &at, Value a, Value b);
  Value compare(const EnvPtr &env, const ast::Expr &at, ast::Operator op, Value a, Value b);
  bool needNumeric(const EnvPtr &env, const Value &v, const std::string &who);
  bool needNumber(const EnvPtr &env, const Value &v);
  bool needInt(const EnvPtr &env, const Value &v, const ast::Expr *source = nullptr);
  bool needBool(const EnvPtr &env, const Value &v);
  bool needVector(const EnvPtr &env, const Value &v);
  /// Brings both to one type: int to real, number to vector.
  bool unify(const EnvPtr &env, Span where, const std::string &who, Value &a, Value &b);
  Value toReal(const Value &v);
  Value splat(const Value &v, const core::Type &type);
  std::optional<int64_t> constantInt(const EnvPtr &env, const ast::Expr &expr);
  std::string typeName(const core::Type &type) const;
  std::string typeName(const Value &v) const;
  std::string lengthName(int64_t length) const;

  // SemaFunctions.cpp: builtin functions [D15].
  bool isFunction(const std::string &name) const;
  std::vector<std::string> functionNames() const;
  bool arity(const EnvPtr &env, const ast::Expr &expr, size_t least, size_t most, const char *form);
  Value function(const EnvPtr &env, const ast::Expr &expr);
  Value random(const EnvPtr &env, const ast::Expr &expr);
  Value extreme(const EnvPtr &env, const ast::Expr &expr);
  Value integers(const EnvPtr &env, const ast::Expr &expr, Op op);
  Value vectors(const EnvPtr &env, const ast::Expr &expr);

  // SemaKinds.cpp: kinds and names of indices [I5, I8].
  std::string indexName(int axis) const;
  std::string kindName(int kind) const;
  bool fits(int kind, int axis) const;
  bool meets(int a, int b) const;
  Value variable(const EnvPtr &env, const ast::Expr &at, const std::string &name, int axis);
  void unbound(const EnvPtr &env, const ast::Expr &at, const std::string &name);

  // SemaIndices.cpp: reads of what has indices [I6, I9].
  std::vector<int> axesOf(const Symbol &symbol) const;
  std::string axisList(const std::vector<int> &axes, size_t from) const;
  std::optional<std::vector<ExprPtr>> indices(const EnvPtr &env, const ast::Expr &at, const std::string &name,
                                              const std::vector<int> &axes, const std::vector<ast::Item> *items,
                                              const EnvPtr &itemEnv, bool bare = false);
  Value subscriptSymbol(const EnvPtr &env, const ast::Expr &at, const ast::Name &name, const Symbol &symbol,
                        core::Field field, const std::vector<ast::Item> *items, const EnvPtr &itemEnv);

  // SemaElements.cpp: values of single elements [D9, P1].
  Value inlineTokenMap(const EnvPtr &env, const ast::Expr &at, const Symbol &symbol, const std::vector<ExprPtr> &args);
  std::string textAt(const Symbol &symbol, const ast::Expr &at, size_t indices) const;
  Value rowWord(const EnvPtr &env, const ast::Expr &at, const Symbol *stage, const std::vector<ast::Item> *items,
                const EnvPtr &itemEnv);

  // SemaSubscripts.cpp: what stands before brackets, fields, components [D8, I9].
  Value subscript(const EnvPtr &env, const ast::Expr &expr);
  Value fieldOf(const EnvPtr &env, const ast::Expr &at, const ast::Expr &head, const EnvPtr &headEnv,
                const std::vector<ast::Item> *items);
  Value components(const EnvPtr &env, const ast::Expr &at, Value v, const std::vector<ast::Item> &items);

  // SemaAggregates.cpp [D5, P2].
  bool isAggregate(const std::string &name) const;
  Value aggregate(const EnvPtr &env, const ast::Expr &expr);
  bool binder(std::shared_ptr<Env> &inner, const ast::Binder &binder, core::Expr &result);
  Value finishAggregate(const EnvPtr &env, const EnvPtr &inner, const ast::Expr &expr,
                        std::shared_ptr<core::Expr> result, Value body);
  bool affordable(const EnvPtr &env, const ast::Expr &expr, const core::Expr &result);

  // SemaClauses.cpp: lets and results [D3, D4, D12, I7].
  std::shared_ptr<Env> leftSide(const ast::Entry &entry, std::vector<int> &variables, bool &listed);
  ExprPtr groupOfHead(const ExprPtr &body);
  bool closeOver(const ast::Entry &entry, const std::string &what, std::vector<int> &variables, bool listed,
                 ExprPtr &body);
  bool isTokenMap(const std::vector<int> &variables) const;
  bool recurrence(const ast::Clause &clause);
  void let(const ast::Clause &clause);
  void out(const ast::Clause &clause);
  bool mayDefineOutput(const ast::Name &name);
  Value declared(const EnvPtr &env, const ast::Clause &clause, Value body);

  // SemaRules.cpp: mask, score, weights, value [D7-D10].
  void startMain();
  core::Branch &branchOf(const Rules &rules) { return program.branches[rules.branch]; }
  std::shared_ptr<Env> ruleEnv(const Rules &rules, Rule rule);
  bool inOrder(Rules &rules, const ast::Clause &clause, int rule);
  void element(Rules &rules, const ast::Clause &clause);
  Value valueRule(const EnvPtr &env, Value v);
  void defaultRules(Rules &rules);
  void closeRules(Rules &rules, Span use);
  bool requireBranch(const EnvPtr &env, const Symbol &branch, Span use);

  // SemaBuild.cpp: nodes, folding, messages.
  Span place(const Env &env, Span written) const { return env.use ? *env.use : written; }
  ExprPtr node(const Env &env, Span written, Op op, core::Type type, std::vector<ExprPtr> args = {});
  ExprPtr fold(std::shared_ptr<core::Expr> expr);
  ExprPtr intNode(int64_t v, Span span);
  ExprPtr realNode(double v, Span span);
  /// Stands for a number that no back end computes yet.
  ExprPtr realPlaceholder(const Env &env, Span written);
  ExprPtr boolNode(bool v, Span span);
  ExprPtr varNode(int variable, Span span);
  Value value(ExprPtr expr, Span span, int kind = plain);
  Value valueOf(const Env &env, const ast::Expr &at, ExprPtr expr, int kind = plain);
  int addVariable(const std::string &name, int axis);
  Diagnostic &error(Span where, std::string message);
  Diagnostic &error(const Env &env, Span written, std::string message);
  Diagnostic &error(const Env &env, const Value &v, std::string message);
  Diagnostic &withFormula(const Env &env, Diagnostic &d, std::optional<Span> inner);
  /// A form of a later stage: said only if nothing else is wrong.
  void later(Span where, const std::string &what);
  Value later(const Env &env, Span written, const std::string &what);
  std::string text(Span span) const;
  std::string text(const ast::Expr &expr) const;
  Span bare(const ast::Expr &expr) const;

  const ast::File &file;
  SourceMap &sources;
  const Instance &instance;
  Diagnostics &diagnostics;
  bool lenient;

  ast::File prelude;
  uint32_t preludeFile = 0;
  /// q, k, v, scale, offset, lengths; what the pattern declares anew is here too.
  Scope predeclared;
  Scope preludeScope, fileScope, patternScope;
  unsigned order = 0;
  const ast::Name *recursive = nullptr; ///< the formula whose names are checked

  core::Program program;
  std::vector<std::pair<Span, std::string>> unsupported;
  bool failed = false;
  unsigned parts = 0, depth = 0; ///< bounded: see SemaExpr.cpp
  bool tooDeep = false, saidTooLarge = false;

  std::set<int> notConstant;     ///< parameters said to be chosen at run time
  std::set<int> tokenMaps;       ///< lets over rows and keys, put in where used [P1]
  std::map<std::string, Span> definedBelow; ///< every name that the pattern defines
  std::set<std::string> unknownNames;
  std::set<std::string> states;
  std::set<std::string> updated; ///< names that an `out` gives
  std::set<std::string> outNames;
  bool anyOut = false;

  std::map<int, ClassIndex> classes; ///< by axis
  std::set<int> rangeAxes;           ///< `index x in lo .. hi`: plain integers
  std::set<int> members;             ///< variables over members, not over all tokens
  std::vector<SetFamily> sets;
  std::set<std::string> saidLater;
  std::vector<std::unique_ptr<Scope>> branchScopes;
  std::set<int> failedBranches;
  Rules mainRules; ///< of `o`
};

} // namespace attn::sema
