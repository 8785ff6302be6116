// Mask, score, weights and value: [D7]-[D10] of docs/language.md.
#include "frontend/Checker.h"

namespace attn::sema {

using ast::ClauseKind;
using ast::ExprKind;

enum { MaskRule, ScoreRule, WeightsRule, ValueRule };
static const char *const ruleNames[] = {"mask", "score", "weights", "value"};


core::Branch &Checker::mainBranch() {
  if (main < 0) {
    main = program.branches.size();
    core::Branch branch;
    branch.name = "o";
    branch.variables = {core::AxisB, core::AxisH, addVariable("i", core::AxisN)};
    branch.key = addVariable("j", core::AxisM);
    branch.span = branch.maskSpan = branch.scoreSpan = branch.weightsSpan = branch.valueSpan = program.span;
    program.branches.push_back(branch);
  }
  return program.branches[main];
}

std::shared_ptr<Env> Checker::ruleEnv(Rule rule) {
  core::Branch &branch = mainBranch();
  auto env = std::make_shared<Env>();
  env->scope = &patternScope;
  env->bound = {{"b", core::AxisB},
                {"h", core::AxisH},
                {"g", core::AxisG},
                {"i", branch.variables.back()},
                {"j", branch.key}};
  env->rule = rule;
  env->branch = main;
  return env;
}

/// At most once each, in the order mask, score, weights, value.
bool Checker::inOrder(const ast::Clause &clause, int rule) {
  if (mainClosed) {
    error(clause.keyword, "`" + std::string(ruleNames[rule]) + "` below a use of the main result")
        .mark("the rules of `o` stand above")
        .note("it is used here", mainUse);
    return false;
  }
  for (int later = rule + 1; later < 4; ++later)
    if (given[later]) {
      error(clause.keyword, "`" + std::string(ruleNames[rule]) + "` after `" + ruleNames[later] + "`")
          .mark("the order is `mask`, `score`, `weights`, `value`");
      return false;
    }
  bool staged = rule == ScoreRule || rule == WeightsRule;
  if (given[rule] && (!staged || lastStage[rule])) {
    Diagnostic &d = error(clause.keyword, "a second `" + std::string(ruleNames[rule]) + "`");
    if (rule == MaskRule)
      d.mark("join them with `and`");
    else if (staged)
      d.mark("a stage before the last one has a name: `" + std::string(ruleNames[rule]) + " a = ...`");
    d.note("the first is here", *given[rule]);
    return false;
  }
  return true;
}

void Checker::element(const ast::Clause &clause) {
  int rule = clause.kind == ClauseKind::Mask      ? MaskRule
             : clause.kind == ClauseKind::Score   ? ScoreRule
             : clause.kind == ClauseKind::Weights ? WeightsRule
                                                  : ValueRule;
  static const Rule rules[] = {Rule::Mask, Rule::Score, Rule::Weights, Rule::Value};
  bool ordered = inOrder(clause, rule);
  bool named = bool(clause.name);
  std::shared_ptr<Env> env = ruleEnv(rules[rule]);
  Value v = clause.value ? expression(env, *clause.value) : Value();
  core::Branch &branch = mainBranch();
  if (v && rule == MaskRule)
    v = needBool(env, v) ? v : Value();
  else if (v && rule != ValueRule)
    v = needNumber(env, v) ? toReal(v) : Value();
  else if (v)
    v = valueRule(env, v);
  if (ordered) {
    given[rule] = clause.keyword;
    lastStage[rule] = !named;
    firstRule = firstRule.value_or(clause.span);
  }
  if (named && rule == ScoreRule)
    later(clause.span, "a named stage of `score`");
  Symbol stage;
  if (v && ordered) {
    v.expr = groupOfHead(v.expr);
    switch (rule) {
    case MaskRule: branch.mask = v.expr, branch.maskSpan = clause.span; break;
    case ScoreRule: branch.score = v.expr, branch.scoreSpan = clause.span; break;
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
    mainFailed = true;
  }
  if (named && mayDefine(patternScope, clause.name))
    define(patternScope, clause.name, stage);
}

Value Checker::valueRule(const EnvPtr &env, Value v) {
  if (!needNumeric(env, v, "value"))
    return {};
  if (v.isNumber())
    return later(*env, v.expr->inner.value_or(v.expr->span), "a `value` that is a number");
  if (v.type().shape.size() == 2) {
    error(*env, v.span, "expected a number or a vector").mark("this is " + typeName(v.type()));
    return {};
  }
  return toReal(v);
}

/// What a missing rule means: `mask true`, `score qk`, `weights softmax`,
/// `value v[j]`.
void Checker::defaultRules() {
  core::Branch &branch = mainBranch();
  auto prelude = [&](Rule rule, const char *name) -> ExprPtr {
    std::shared_ptr<Env> env = ruleEnv(rule);
    env->scope = &preludeScope;
    env->use = program.span;
    const Symbol &formula = preludeScope.names.at(name);
    env->formula = &formula;
    ast::Expr use;
    use.kind = ExprKind::Name;
    use.name.text = name;
    use.name.span = use.span = program.span;
    Value v = expand(env, formula, use);
    return v ? groupOfHead(toReal(v).expr) : nullptr;
  };
  if (!given[MaskRule])
    branch.mask = boolNode(true, program.span);
  if (!given[ScoreRule])
    branch.score = prelude(Rule::Score, "qk");
  if (!given[WeightsRule])
    if (ExprPtr body = prelude(Rule::Weights, "softmax"))
      branch.weights.push_back({"", body, program.span});
  if (!given[ValueRule]) {
    std::shared_ptr<Env> env = ruleEnv(Rule::Value);
    env->scope = &predeclared;
    ast::Expr use;
    use.kind = ExprKind::Subscript;
    use.span = program.span;
    auto word = [&](const char *name) {
      auto e = std::make_shared<ast::Expr>();
      e->kind = ExprKind::Name;
      e->span = e->name.span = program.span;
      e->name.text = name;
      return e;
    };
    use.operands = {word("v")};
    use.items = {{word("j"), nullptr}};
    Value v = expression(env, use);
    if (v)
      v = valueRule(env, v);
    branch.value = v ? groupOfHead(v.expr) : nullptr;
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

/// The first use of `o` closes its rules.
void Checker::closeMain(Span use) {
  if (mainClosed)
    return;
  mainClosed = true;
  mainUse = use;
  if (given[WeightsRule] && !lastStage[WeightsRule]) {
    error(*given[WeightsRule], "the last stage of `weights` has no name").mark("add `weights ...` without a name");
    mainFailed = true;
  }
  if (given[ScoreRule] && !lastStage[ScoreRule])
    mainFailed = true;
  defaultRules();
  core::Branch &branch = mainBranch();
  if (!branch.mask || !branch.score || branch.weights.empty() || !branch.value)
    mainFailed = true;
  if (!mainFailed)
    branch.denominator = denominatorOf(branch);
}

bool Checker::requireMain(const EnvPtr &env, Span use) {
  if (env->rule != Rule::None) {
    error(*env, use, "`o` is what these rules define").mark("it can be read in `let` and `out` below them");
    return false;
  }
  closeMain(place(*env, use));
  return !mainFailed;
}

} // namespace attn::sema
