#include "passes/WeightPlan.h"
#include "passes/WeightScale.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace attn;
using namespace attn::weights;

// The row sums in `e`, operands first.
static void collectSums(const Expr *e, llvm::SetVector<const Expr *> &sums,
                        llvm::DenseSet<const Expr *> &seen) {
  if (!seen.insert(e).second)
    return;
  for (const Expr *kid : e->kids)
    collectSums(kid, sums, seen);
  if (e->kind == Kind::Sum)
    sums.insert(e);
}

static bool contains(const Expr *e, Kind kind) {
  return e->kind == kind || llvm::any_of(e->kids, [&](const Expr *kid) {
           return contains(kid, kind);
         });
}

static bool countsIn(Region &region) {
  return region.walk([](CountOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

WeightPlan::WeightPlan(AttendOp attend)
    : expressions(std::make_shared<Pool>(attend.getContext())) {
  Pool &pool = *expressions;
  const Expr *weight = read(pool, attend);
  // [D10] The division at the top.
  const Expr *denominator = nullptr;
  if (weight->kind == Kind::Div && !weight->kid(1)->element &&
      weight->kid(1)->depth)
    denominator = pullSums(pool, weight->kid(1));
  source.expression = pullSums(pool, weight);
  source.terms = split(pool, source.expression);

  llvm::SetVector<const Expr *> found;
  llvm::DenseSet<const Expr *> seen;
  for (Product term : source.terms) {
    collectSums(term.coefficient, found, seen);
    collectSums(term.element, found, seen);
    passes = std::max(passes, term.element->depth + 1);
  }
  if (denominator)
    collectSums(denominator, found, seen);
  for (const Expr *sum : found)
    passes = std::max(passes, sum->depth);
  source.sums.assign(found.begin(), found.end());
  llvm::sort(source.sums, [](const Expr *a, const Expr *b) {
    return std::pair(a->depth, a->id) < std::pair(b->depth, b->id);
  });

  // Exponentials whose scale is left over are taken as they are; then once
  // more.
  llvm::DenseSet<const Expr *> plain;
  Scaler scaler(pool, plain);
  bool again = true;
  while (again) {
    again = false;
    scaler.restart();
    sums.clear();
    terms.clear();
    auto giveUp = [&](int reference) {
      for (const Expr *e : scaler.exponentials(reference))
        if (plain.insert(e).second)
          unscaled.push_back(e);
      again = true;
    };
    for (const Expr *sum : source.sums) {
      Scaled x = scaler.element(sum->kid(0), sum->depth);
      if (x.power != 0 && x.power != 1)
        giveUp(x.reference);
      scaler.define(
          sum, {pool.indexed(Kind::SumOf, sums.size()), x.reference, x.power});
      sums.push_back({sum->depth, x.mantissa, x.power ? x.reference : -1});
    }
    for (Product term : source.terms) {
      Scaled x = scaler.element(term.element, passes);
      Scaled c = scaler.row(term.coefficient);
      Scaled total = scaler.product(c, x);
      if (!scaler.merged() && (total.power || (x.power != 0 && x.power != 1)))
        giveUp(total.power ? total.reference : x.reference);
      terms.push_back({c.mantissa, x.mantissa, x.power ? x.reference : -1});
    }
    if (denominator && !again)
      logDenominator =
          scaler.unscaled(scaler.row(pool.make(Kind::Log, {denominator})));
    again |= scaler.merged();
  }
  references.assign(scaler.references.begin(), scaler.references.end());

  countsFirst = countsIn(attend.getScore()) ||
                (passes == 1 && countsIn(attend.getValue()));
  for (const Expr *sum : source.sums)
    countsFirst |= sum->depth == 1 && contains(sum->kid(0), Kind::Count);
  if (passes == 1)
    for (Product term : source.terms)
      countsFirst |= contains(term.element, Kind::Count);
  counts = countsFirst || countsIn(attend.getValue()) ||
           contains(source.expression, Kind::Count) ||
           (denominator && contains(denominator, Kind::Count));
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

static void printGrowth(raw_ostream &os, ArrayRef<const Expr *> elements) {
  bool isSigned = false, exponential = false;
  double degree = 0;
  for (const Expr *e : elements) {
    isSigned |= facts(e).lo < 0;
    exponential |= facts(e).exponential;
    degree = std::max(degree, facts(e).degree);
  }
  os << "additive, " << (isSigned ? "signed" : "non-negative");
  if (exponential)
    os << ", may overflow";
  else if (degree > 0)
    os << llvm::format(", grows with degree %g", degree);
  else
    os << ", bounded";
}

void WeightPlan::print(raw_ostream &os, StringRef name) const {
  os << "weights of '" << name << "': " << passes
     << (passes == 1 ? " pass" : " passes")
     << (countsFirst ? ", after one that counts the keys\n" : "\n");
  bool rescaled = false, linear = true;
  for (unsigned pass = 1; pass <= passes; ++pass) {
    os << "  pass " << pass << ":";
    SmallVector<const Expr *> plainElements;
    auto plainly = [&](int reference, const Expr *e) {
      if (reference < 0 || references[reference].pass != pass)
        plainElements.push_back(e);
    };
    for (auto [k, sum] : llvm::enumerate(sums)) {
      if (sum.pass != pass)
        continue;
      os << " l" << k + 1 << " = sum(" << text(sum.element) << ");";
      plainly(sum.reference, source.sums[k]->kid(0));
    }
    if (pass == passes)
      for (auto [k, term] : llvm::enumerate(terms)) {
        os << " acc" << k + 1 << " = sum(" << text(term.element)
           << " * value);";
        plainly(term.reference, source.terms[k].element);
        linear &= source.terms[k].element->depth == 0;
      }
    os << '\n';
    for (auto [k, reference] : llvm::enumerate(references)) {
      if (reference.pass != pass)
        continue;
      rescaled = true;
      os << "    rescaled: m" << k + 1 << " = max(";
      llvm::interleaveComma(reference.exponents, os,
                            [&](const Expr *e) { weights::print(os, e); });
      os << ")";
      if (!reference.start.empty() || reference.constant) {
        os << " from ";
        SmallVector<std::string> from;
        if (reference.constant)
          from.push_back("0");
        for (const Expr *e : reference.start)
          from.push_back(text(e));
        os << llvm::join(from, ", ");
      }
      os << '\n';
    }
    if (!plainElements.empty()) {
      os << "    ";
      printGrowth(os, plainElements);
      os << '\n';
    }
  }
  os << "  out = ";
  for (auto [k, term] : llvm::enumerate(terms))
    os << (k ? " + " : "") << text(term.coefficient) << " * acc" << k + 1;
  os << '\n';
  if (logDenominator)
    os << "  lse = " << text(logDenominator) << '\n';
  os << "  merge "
     << (passes > 1 && !linear ? "pass by pass"
         : rescaled            ? "by maximum and scale"
                               : "by addition")
     << '\n';
}
