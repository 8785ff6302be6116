#include "passes/Prove.h"
#include "passes/MaskSets.h"
#include "llvm/ADT/STLExtras.h"

using namespace attn;
using namespace attn::mask;
using namespace mlir;
using namespace mlir::presburger;

/// Whether every assignment of numbers to the symbols can really occur: each is
/// a number of its own, not computed from others.
static bool symbolsAreFree(const Model &model) {
  for (const MaskSymbol &s : model.symbols) {
    Operation *op = s.value ? s.value.getDefiningOp() : nullptr;
    if (op && !isa<ParamOp, ExtentOp, KvHeadOp, AtOp>(op))
      return false;
  }
  return true;
}

/// A point of the set; one with small numbers if there is one.
static std::optional<SmallVector<int64_t>> sample(const PresburgerSet &set,
                                                  unsigned variables) {
  for (int64_t limit : {8, 64, 4096, 0})
    for (const IntegerRelation &piece : set.getAllDisjuncts()) {
      IntegerRelation small = piece;
      for (unsigned k = 0; limit && k < variables; ++k) {
        small.addBound(BoundType::UB, k, limit);
        small.addBound(BoundType::LB, k, -limit);
      }
      std::optional<SmallVector<DynamicAPInt, 8>> point =
          small.findIntegerSample();
      if (!point)
        continue;
      SmallVector<int64_t> numbers;
      for (unsigned k = 0; k < variables; ++k)
        numbers.push_back(int64_t((*point)[k]));
      return numbers;
    }
  return std::nullopt;
}

/// Whether none of the formulas can hold anywhere.
static Proof noneHolds(const Model &model, ArrayRef<Formula> formulas) {
  Sets sets(model);
  Proof proof;
  proof.answer = Proof::Yes;
  for (const Formula &f : formulas) {
    PresburgerSet set = sets.build(f, sets.domain(/*tile=*/false));
    if (set.isIntegerEmpty())
      continue;
    proof.answer = Proof::Unknown;
    if (!sets.complete || !model.unknown.empty() || !symbolsAreFree(model))
      continue;
    auto point = sample(set, sets.columns().size());
    if (!point)
      continue;
    proof.answer = Proof::No;
    auto number = [&](unsigned v) { return (*point)[sets.position(v)]; };
    std::optional<int64_t> offset;
    for (unsigned v : sets.columns())
      if (model.variables[v].name == "offset")
        offset = number(v);
    proof.example.push_back(
        {offset ? "i" : "r", number(model.row) + offset.value_or(0)});
    proof.example.push_back({"j", number(model.column)});
    for (auto [v, x] : llvm::enumerate(model.variables))
      if (x.kind == Variable::Symbol && v != model.firstRow &&
          v != model.lastRow)
        proof.example.push_back({x.name, number(v)});
    return proof;
  }
  return proof;
}

namespace {
/// Two masks over the same rows and keys.
struct Pair {
  Pair(const MaskQuestion &a, const MaskQuestion &b) : model(a) {
    model.alias(b);
    first = model.condition(a.condition);
    second = model.condition(b.condition);
  }
  Model model;
  Formula first, second;
};
} // namespace

Proof attn::implies(const MaskQuestion &a, const MaskQuestion &b) {
  Pair p(a, b);
  return noneHolds(p.model, {Formula::both(p.first, negate(p.second))});
}

Proof attn::equal(const MaskQuestion &a, const MaskQuestion &b) {
  Pair p(a, b);
  return noneHolds(p.model, {Formula::both(p.first, negate(p.second)),
                             Formula::both(p.second, negate(p.first))});
}

Proof attn::disjoint(const MaskQuestion &a, const MaskQuestion &b) {
  Pair p(a, b);
  return noneHolds(p.model, {Formula::both(p.first, p.second)});
}

Proof attn::empty(const MaskQuestion &a) {
  Model model(a);
  Formula f = model.condition(a.condition);
  return noneHolds(model, {f});
}
