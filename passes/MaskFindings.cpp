// Rows that see no key, in words of the language.
#include "passes/MaskFindings.h"
#include "passes/Elimination.h"
#include "passes/MaskSets.h"
#include "llvm/ADT/StringExtras.h"

using namespace attn;
using namespace attn::mask;
using namespace mlir;
using namespace mlir::presburger;

namespace attn::mask {
void findClauses(const MaskQuestion &question,
                 std::vector<MaskFinding> &findings);
} // namespace attn::mask

namespace {

class RowSearch {
public:
  RowSearch(const MaskQuestion &question, const ParamValues &params)
      : model(question), condition(model.condition(question.condition)),
        params(params) {}

  bool noKeys() { return Sets(model).never(condition); }
  /// The rows without keys as conditions on i; empty where there are none.
  SmallVector<std::string> conditions();

private:
  std::optional<unsigned> offset() const;
  Formula rowsWithKeys(Sets &sets);
  Formula assumptions(bool withParams) const;
  std::string text(const Constraint &c, const Sets &sets) const;

  Model model;
  Formula condition;
  const ParamValues &params;
};

} // namespace

std::optional<unsigned> RowSearch::offset() const {
  for (auto [v, x] : llvm::enumerate(model.variables))
    if (x.kind == Variable::Symbol && x.name == "offset")
      return v;
  return std::nullopt;
}

/// The projection of the mask on rows and symbols, or more than that.
Formula RowSearch::rowsWithKeys(Sets &sets) {
  PresburgerSet seen =
      sets.build(condition, sets.domain(/*tile=*/false)).coalesce();
  std::vector<Formula> pieces;
  for (const IntegerRelation &piece : seen.getAllDisjuncts()) {
    System system(piece);
    while (system.variables() > sets.columns().size())
      system.eliminate(system.variables() - 1);
    // Unknown values and the column; the row is variable 0.
    for (unsigned k = 1; k < sets.dimensions(); ++k)
      system.eliminate(1);
    std::vector<Formula> all;
    for (const Constraint &c : system.constraints) {
      Linear linear = Linear::of(c.constant());
      for (unsigned k = 0; k < system.variables(); ++k)
        if (c.coefficients[k]) {
          unsigned position = k ? k + sets.dimensions() - 1 : 0;
          linear.terms[sets.columns()[position]] = c.coefficients[k];
        }
      all.push_back(c.equality ? Formula::zero(linear)
                               : Formula::notNegative(linear));
    }
    pieces.push_back(Formula::node(Formula::And, all));
  }
  return Formula::node(Formula::Or, pieces);
}

/// 0 <= i < M and parameters that somebody would use.
Formula RowSearch::assumptions(bool withParams) const {
  auto V = Linear::variable;
  Linear one = Linear::of(1);
  std::vector<Formula> all{Formula::notNegative(V(model.rows) - one)};
  if (std::optional<unsigned> shift = offset()) {
    all.push_back(Formula::notNegative(V(*shift)));
    all.push_back(Formula::notNegative(V(model.columns) - V(*shift) -
                                       V(model.row) - one));
  }
  for (auto [v, x] : llvm::enumerate(model.variables)) {
    if (x.kind != Variable::Symbol || !x.value || x.name == "offset" ||
        !x.value.getType().isIndex() || !x.value.getDefiningOp<ParamOp>())
      continue;
    auto it = params.find(x.name);
    if (it == params.end())
      all.push_back(Formula::notNegative(V(v) - one));
    else if (withParams)
      all.push_back(Formula::zero(V(v) - Linear::of(it->second)));
  }
  return Formula::node(Formula::And, all);
}

/// `i < w`, with i for the row plus the offset.
std::string RowSearch::text(const Constraint &c, const Sets &sets) const {
  int64_t row = c.coefficients[0];
  std::optional<unsigned> shift = offset();
  std::map<std::string, int64_t> terms;
  for (unsigned k = sets.dimensions(); k < sets.columns().size(); ++k)
    terms[model.variables[sets.columns()[k]].name] += c.coefficients[k];
  std::string name = "r";
  if (shift && terms["offset"] == row) {
    name = "i";
    terms["offset"] = 0;
  }
  // a * i + rest >= 0, as i < e or i >= e.
  auto sum = [&](int64_t sign, int64_t constant) {
    std::string s;
    auto add = [&](int64_t x, const std::string &of) {
      if (!x)
        return;
      s += s.empty() ? (x < 0 ? "-" : "") : (x < 0 ? " - " : " + ");
      int64_t size = std::llabs(x);
      s += of.empty()  ? std::to_string(size)
           : size == 1 ? of
                       : std::to_string(size) + "*" + of;
    };
    for (bool positive : {true, false})
      for (auto &[of, x] : terms)
        if ((x * sign > 0) == positive)
          add(x * sign, of);
    add(constant, "");
    return s.empty() ? "0" : s;
  };
  std::string factor =
      std::llabs(row) == 1 ? "" : std::to_string(std::llabs(row)) + "*";
  if (row > 0)
    return factor + name + (c.equality ? " == " : " >= ") +
           sum(-1, -c.constant());
  if (row < 0 && c.equality)
    return factor + name + " == " + sum(1, c.constant());
  if (row < 0)
    return factor + name + " < " + sum(1, c.constant() + 1);
  return sum(1, c.constant()) + (c.equality ? " == 0" : " >= 0");
}

SmallVector<std::string> RowSearch::conditions() {
  Sets sets(model);
  Formula with = rowsWithKeys(sets);
  PresburgerSet domain = sets.domain(/*tile=*/false);
  sets.complete = true;
  PresburgerSet without = sets.build(negate(with), domain);
  auto assume = [&](const PresburgerSet &set, bool withParams) {
    return sets.build(assumptions(withParams), set);
  };
  // Dropping a clause would claim rows that do see keys.
  if (!sets.complete || assume(without, /*withParams=*/true).isIntegerEmpty())
    return {};

  PresburgerSet usual = assume(domain, /*withParams=*/false);
  SmallVector<std::string> result;
  PresburgerSet rows = assume(without, /*withParams=*/false).coalesce();
  for (const IntegerRelation &piece : rows.getAllDisjuncts()) {
    if (assume(PresburgerSet(PresburgerRelation(piece)), true).isIntegerEmpty())
      continue;
    System system(piece), context(usual.getAllDisjuncts().front());
    if (system.variables() != sets.columns().size())
      return {};
    for (unsigned k = 1; k < sets.dimensions(); ++k) {
      system.eliminate(1);
      context.eliminate(1);
    }
    system.dropImplied(context);
    SmallVector<std::string> parts;
    for (Constraint c : system.constraints) {
      c.coefficients.insert(c.coefficients.begin() + 1, sets.dimensions() - 1,
                            0);
      parts.push_back(text(c, sets));
    }
    std::string all = parts.empty() ? "all" : llvm::join(parts, " and ");
    if (!llvm::is_contained(result, all))
      result.push_back(all);
  }
  return result;
}

std::vector<MaskFinding> attn::findInMask(const MaskQuestion &question,
                                          const ParamValues &params) {
  std::vector<MaskFinding> findings;
  Location whole = question.condition.getLoc();
  RowSearch rows(question, params);
  if (rows.noKeys()) {
    findings.push_back({MaskFinding::NoKeys, whole, "", Value()});
    return findings;
  }
  findClauses(question, findings);
  SmallVector<std::string> conditions = rows.conditions();
  if (!conditions.empty())
    findings.push_back({MaskFinding::RowsWithoutKeys, whole,
                        llvm::join(conditions, " or "), Value()});
  return findings;
}
