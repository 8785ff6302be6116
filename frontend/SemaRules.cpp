// Mask, score, weights and value: [D7]-[D10] of docs/language.md.
#include "frontend/Checker.h"

namespace attn::sema {

using ast::ClauseKind;
using ast::ExprKind;

enum { MaskRule, ScoreRule, WeightsRule, ValueRule };
static const char *const ruleNames[] = {"mask", "score", "weights", "value"};


void Checker::startMain() {
  if (mainRules.branch >= 0)
    return;
  mainRules.branch = program.branches.size();
  mainRules.scope = &patternScope;
  core::Branch branch;
  branch.name = "o";
  branch.variables = {core::AxisB, core::AxisH, addVariable("i", core::AxisN)};
  branch.key = addVariable("j", core::AxisM);
  branch.span = branch.maskSpan = branch.scoreSpan = branch.weightsSpan = branch.valueSpan = program.span;
  mainRules.base = std::make_shared<Env>();
  mainRules.base->bound = {{"b", core::AxisB},
                           {"h", core::AxisH},
                           {"g", core::AxisG},
                           {"i", branch.variables.back()},
                           {"j", branch.key}};
  program.branches.push_back(branch);
}

std::shared_ptr<Env> Checker::ruleEnv(const Rules &rules, Rule rule) {
  auto env = std::make_shared<Env>(*rules.base);
  env->scope = rules.scope;
  env->rule = rule;
  env->branch = rules.branch;
  return env;
}

/// At most once each, in the order mask, score, weights, value.
bool Checker::inOrder(Rules &rules, const ast::Clause &clause, int rule) {
  if (rules.closed) {
    error(clause.keyword, "`" + std::string(ruleNames[rule]) + "` below a use of the main result")
        .mark("the rules of `o` stand above")
        .note("it is used here", rules.use);
    return false;
  }
  for (int later = rule + 1; later < 4; ++later)
    if (rules.given[later]) {
      error(clause.keyword, "`" + std::string(ruleNames[rule]) + "` after `" + ruleNames[later] + "`")
          .mark("the order is `mask`, `score`, `weights`, `value`");
      return false;
    }
  bool staged = rule == ScoreRule || rule == WeightsRule;
  if (rules.given[rule] && (!staged || rules.lastStage[rule])) {
    Diagnostic &d = error(clause.keyword, "a second `" + std::string(ruleNames[rule]) + "`");
    if (rule == MaskRule)
      d.mark("join them with `and`");
    else if (staged)
      d.mark("a stage before the last one has a name: `" + std::string(ruleNames[rule]) + " a = ...`");
    d.note("the first is here", *rules.given[rule]);
    return false;
  }
  return true;
}

void Checker::element(Rules &rules, const ast::Clause &clause) {
  int rule = clause.kind == ClauseKind::Mask      ? MaskRule
             : clause.kind == ClauseKind::Score   ? ScoreRule
             : clause.kind == ClauseKind::Weights ? WeightsRule
                                                  : ValueRule;
  static const Rule kinds[] = {Rule::Mask, Rule::Score, Rule::Weights, Rule::Value};
  bool ordered = inOrder(rules, clause, rule);
  bool named = bool(clause.name);
  std::shared_ptr<Env> env = ruleEnv(rules, kinds[rule]);
  Value v = clause.value ? expression(env, *clause.value) : Value();
  core::Branch &branch = branchOf(rules);
  if (v && rule == MaskRule)
    v = needBool(env, v) ? v : Value();
  else if (v && rule != ValueRule)
    v = needNumber(env, v) ? toReal(v) : Value();
  else if (v)
    v = valueRule(env, v);
  if (ordered) {
    rules.given[rule] = clause.keyword;
    rules.lastStage[rule] = !named;
    rules.first = rules.first.value_or(clause.span);
  }
  if (named && rule == ScoreRule)
    later(clause.span, "a named stage of `score`");
  Symbol stage;
  if (v && ordered) {
    if (&rules == &mainRules)
      v.expr = groupOfHead(v.expr);
    switch (rule) {
    case MaskRule: branch.mask = v.expr, branch.maskSpan = clause.span; break;
    case ScoreRule:
      branch.score = v.expr, branch.scoreSpan = clause.span;
      if (named)
        stage.kind = Symbol::Stage; // without an `id`: a stage of the score
      break;
    case ValueRule: branch.value = v.expr, branch.valueSpan = clause.span; break;
    case WeightsRule:
      branch.weightsSpan = branch.weights.empty() ? clause.span : branch.weightsSpan.to(clause.span);
      if (named) {
        stage.kind = Symbol::Stage;
        stage.id = branch.weights.size();
      }
      branch.weights.push_back({clause.name.text, v.expr, clause.span});
      break;
    }
  } else {
    rules.failed = true;
  }
  if (named && mayDefine(*rules.scope, clause.name))
    define(*rules.scope, clause.name, stage);
}

Value Checker::valueRule(const EnvPtr &env, Value v) {
  if (!needNumeric(env, v, "value"))
    return {};
  if (v.isNumber())
    later(v.span, "a `value` that is a number");
  if (v.type().shape.size() == 2) {
    error(*env, v.span, "expected a number or a vector").mark("this is " + typeName(v));
    return {};
  }
  return toReal(v);
}

/// What a missing rule means: `mask true`, `score qk`, `weights softmax`,
/// `value v[j]`; score and value only where rows end in `i` and keys are `j`.
void Checker::defaultRules(Rules &rules) {
  Span where = branchOf(rules).span;
  auto prelude = [&](Rule rule, const char *name) -> ExprPtr {
    std::shared_ptr<Env> env = ruleEnv(rules, rule);
    env->scope = &preludeScope;
    env->use = where;
    const Symbol &formula = preludeScope.names.at(name);
    env->formula = &formula;
    ast::Expr use;
    use.kind = ExprKind::Name;
    use.name.text = name;
    use.name.span = use.span = where;
    Value v = expand(env, formula, use);
    return v ? groupOfHead(toReal(v).expr) : nullptr;
  };
  auto ordinary = [&] {
    const core::Branch &branch = branchOf(rules);
    const core::Variable *row = branch.variables.empty() ? nullptr : &program.variables[branch.variables.back()];
    return row && row->name == "i" && program.variables[branch.key].name == "j";
  };
  if (!rules.given[MaskRule])
    branchOf(rules).mask = boolNode(true, where);
  if (!rules.given[ScoreRule] && ordinary()) {
    ExprPtr score = prelude(Rule::Score, "qk");
    branchOf(rules).score = score;
  } else if (!rules.given[ScoreRule]) {
    error(where, "branch `" + branchOf(rules).name + "` needs a `score`")
        .mark("only rows `i` over keys `j` have the default `qk`");
  }
  if (!rules.given[WeightsRule])
    if (ExprPtr body = prelude(Rule::Weights, "softmax"))
      branchOf(rules).weights.push_back({"", body, where});
  if (!rules.given[ValueRule] && ordinary()) {
    std::shared_ptr<Env> env = ruleEnv(rules, Rule::Value);
    env->scope = &predeclared;
    ast::Expr use;
    use.kind = ExprKind::Subscript;
    use.span = where;
    auto word = [&](const char *name) {
      auto e = std::make_shared<ast::Expr>();
      e->kind = ExprKind::Name;
      e->span = e->name.span = where;
      e->name.text = name;
      return e;
    };
    use.operands = {word("v")};
    use.items = {{word("j"), nullptr}};
    Value v = expression(env, use);
    if (v)
      v = valueRule(env, v);
    branchOf(rules).value = v ? groupOfHead(v.expr) : nullptr;
  }
}

/// The right side of a division at the top of the last stage, if it holds a row
/// sum and does not depend on the key [D10].
static ExprPtr denominatorOf(const core::Branch &branch) {
  const core::Expr &last = *branch.weights.back().body;
  if (last.op != Op::Div)
    return nullptr;
  bool rowSum = false;
  core::walk(*last.args[1], [&](const core::Expr &e) {
    if (e.op == Op::Aggregate && e.aggregate == core::AggregateKind::Sum)
      for (const core::Range &range : e.ranges)
        rowSum |= range.kind == core::Range::Row;
    return !rowSum;
  });
  return rowSum && !core::mentions(*last.args[1], branch.key) ? last.args[1] : nullptr;
}

/// The end of a branch, or the first use of `o`, closes its rules.
void Checker::closeRules(Rules &rules, Span use) {
  if (rules.closed)
    return;
  rules.closed = true;
  rules.use = use;
  if (rules.given[WeightsRule] && !rules.lastStage[WeightsRule]) {
    error(*rules.given[WeightsRule], "the last stage of `weights` has no name")
        .mark("add `weights ...` without a name");
    rules.failed = true;
  }
  defaultRules(rules);
  core::Branch &branch = branchOf(rules);
  if (!branch.mask || !branch.score || branch.weights.empty() || (!branch.value && (&rules == &mainRules || rules.given[ValueRule])))
    rules.failed = true;
  if (!rules.failed)
    branch.denominator = denominatorOf(branch);
  else
    failedBranches.insert(rules.branch);
}

/// Closes `o` at its first use; false where the rules of the branch have errors.
bool Checker::requireBranch(const EnvPtr &env, const Symbol &branch, Span use) {
  if (branch.id >= 0)
    return !failedBranches.count(branch.id);
  if (env->rule != Rule::None && env->branch == mainRules.branch) {
    error(*env, use, "`o` is what these rules define").mark("it can be read in `let` and `out` below them");
    return false;
  }
  startMain();
  closeRules(mainRules, place(*env, use));
  return !mainRules.failed;
}

} // namespace attn::sema
