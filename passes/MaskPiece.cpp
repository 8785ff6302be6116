// Elimination of rows and locals.
#include "passes/MaskPiece.h"
#include <cstdlib>

using namespace attn;
using namespace attn::mask;
using namespace mlir;
using namespace mlir::presburger;

/// Whether rows' unknown values cost no precision: either there are none, or
/// the rows matter only through one of them and its extreme decides.
bool Piece::dataIsExact() const {
  std::optional<unsigned> used;
  int sign = 0;
  bool rowMatters = false;
  for (const Constraint &c : system.constraints) {
    auto at = [&](unsigned variable) {
      return c.coefficients[sets.position(variable)];
    };
    unsigned terms = llvm::count_if(ArrayRef(c.coefficients).drop_back(),
                                    [](int64_t k) { return k != 0; });
    for (auto [v, x] : llvm::enumerate(model.variables)) {
      bool isFree = x.kind == Variable::Free;
      if ((!isFree && x.kind != Variable::RowFunction) || !at(v))
        continue;
      // What the domain says about it anyway.
      if (x.isBool && terms == 1 && !c.equality &&
          c.constant() == (at(v) > 0 ? 0 : 1))
        continue;
      if (!isFree && terms == 2 && !c.equality && !c.constant() &&
          at(v) == (at(x.lo) ? 1 : -1) && at(at(x.lo) ? x.lo : x.hi) == -at(v))
        continue;
      bool another = used && *used != v, turns = sign && sign != at(v);
      if (isFree || c.equality || std::llabs(at(v)) != 1 || another || turns)
        return false;
      used = v;
      sign = at(v);
    }
    if (at(model.row))
      for (unsigned k = 0; k < system.variables(); ++k)
        rowMatters |= c.coefficients[k] && k != sets.position(model.row) &&
                      k != sets.position(model.firstRow) &&
                      k != sets.position(model.lastRow) &&
                      k != sets.position(model.rows);
  }
  return !used || !rowMatters;
}

void Piece::eliminateRows() {
  exact &= dataIsExact();
  for (unsigned k = 0; k + 1 < sets.dimensions(); ++k)
    exact &= system.eliminate(0);
}

/// Makes a * x <= S, with S over symbols, into x <= floor(S / a), where the
/// quotient is a symbol of its own: with a coefficient of one x goes exactly.
void Piece::divideSymbols() {
  for (size_t k = 0; k < system.constraints.size(); ++k) {
    Constraint c = system.constraints[k];
    std::optional<unsigned> x;
    bool single = !c.equality;
    for (unsigned v = 0; v < system.variables(); ++v)
      if (c.coefficients[v] && (v == 0 || v >= firstLocal)) {
        single &= !x;
        x = v;
      }
    if (!single || !x || std::llabs(c.coefficients[*x]) == 1)
      continue;
    int64_t by = std::llabs(c.coefficients[*x]);
    if (expressions.size() >= model.symbols.size() + 16)
      return;
    // A lower bound is ceil(-S / a) = floor((-S + a - 1) / a).
    bool isLower = c.coefficients[*x] > 0;
    Constraint numerator = c;
    numerator.coefficients[*x] = 0;
    if (isLower) {
      for (int64_t &a : numerator.coefficients)
        a = -a;
      numerator.constant() += by - 1;
    }
    AffineExpr quotient = symbols(numerator).floorDiv(by);
    unsigned position =
        1 + (llvm::find(expressions, quotient) - expressions.begin());
    if (position > expressions.size()) {
      expressions.push_back(quotient);
      context = context.widened(firstLocal + 1);
      for (Constraint &old : system.constraints)
        old.coefficients.insert(old.coefficients.begin() + firstLocal, 0);
      system.addVariable();
      *x += *x >= firstLocal;
      // 0 <= numerator - by * quotient < by
      std::vector<int64_t> &of = numerator.coefficients;
      Constraint fact;
      fact.coefficients.assign(of.begin(), of.begin() + firstLocal);
      fact.coefficients.push_back(-by);
      fact.coefficients.push_back(numerator.constant());
      ++firstLocal;
      for (int64_t sign : {1, -1}) {
        Constraint side = fact;
        for (int64_t &a : side.coefficients)
          a *= sign;
        if (sign < 0)
          side.constant() += by - 1;
        context.constraints.push_back(side);
        side.coefficients.insert(side.coefficients.end() - 1,
                                 system.variables() - firstLocal, 0);
        system.constraints.push_back(side);
      }
    }
    std::vector<int64_t> &row = system.constraints[k].coefficients;
    std::fill(row.begin(), row.end(), 0);
    row[*x] = isLower ? 1 : -1;
    row[position] = isLower ? -1 : 1;
  }
  system.simplify();
}

void Piece::eliminateLocals() {
  for (bool again = true; again;) {
    again = false;
    divideSymbols();
    for (unsigned v = firstLocal; v < system.variables() && !again; ++v) {
      System trial = system;
      if (trial.eliminate(v)) {
        system = std::move(trial);
        again = true;
      }
    }
  }
  while (system.variables() > firstLocal + 1)
    exact &= system.eliminate(system.variables() - 1);
  divideSymbols();
  if (system.variables() > firstLocal && !findFamily())
    exact &= system.eliminate(firstLocal);
}

/// Whether the remaining local moves an interval of columns in equal steps.
bool Piece::findFamily() {
  unsigned p = firstLocal;
  for (Constraint &c : system.constraints) {
    if (!c.coefficients[0] || !c.coefficients[p])
      continue;
    if (std::llabs(c.coefficients[0]) != 1)
      return false;
    // Count in the direction in which the columns ascend.
    if ((c.coefficients[0] > 0) == (c.coefficients[p] > 0)) {
      if (stride)
        return false;
      for (Constraint &o : system.constraints)
        o.coefficients[p] = -o.coefficients[p];
    }
    for (int64_t sign : {1, -1}) {
      if (sign < 0 && !c.equality)
        break;
      Constraint side = c;
      for (int64_t &a : side.coefficients)
        a *= sign;
      std::optional<Constraint> &end = side.coefficients[0] > 0 ? lower : upper;
      int64_t step = std::llabs(c.coefficients[p]);
      if (end || (stride && step != stride))
        return false;
      end = side;
      stride = step;
    }
  }
  family = lower || upper;
  if (family)
    findMembers();
  family = !from.empty() && !to.empty();
  return family;
}

/// Which members there are: by their own constraints, and, in `from` and `to`,
/// only those that have a column.
void Piece::findMembers() {
  unsigned p = firstLocal;
  System own(system.variables());
  for (const Constraint &c : system.constraints)
    if (!c.coefficients[0] && c.coefficients[p])
      own.constraints.push_back(c);
  own.dropImplied(context);
  for (const Constraint &c : own.constraints)
    addBounds(c, p, first, last);
  requireMember(own);

  System members = system, known(context.variables() - 1);
  exact &= members.eliminate(0);
  known.constraints = context.constraints;
  for (Constraint &c : known.constraints)
    c.coefficients.erase(c.coefficients.begin());
  members.dropImplied(known);
  for (Constraint &c : members.constraints) {
    c.coefficients.insert(c.coefficients.begin(), 0);
    if (c.coefficients[p])
      addBounds(c, p, from, to);
    else
      someColumn.push_back(symbols(c));
  }
}

/// Finds the guards of "some member exists", as far as they are not certain: by
/// Pugh's dark shadow, a * p >= A and b * p <= B have an integer p between them
/// if a * B - b * A >= (a - 1) * (b - 1).
void Piece::requireMember(const System &range) {
  unsigned p = firstLocal;
  for (const Constraint &l : range.constraints)
    for (const Constraint &u : range.constraints) {
      int64_t a = l.coefficients[p], b = -u.coefficients[p];
      if (l.equality || u.equality || a <= 0 || b <= 0 ||
          std::max(a, b) >= (1 << 20))
        continue;
      std::vector<int64_t> none(firstLocal + 1, 0); // not (.. >= ..)
      for (unsigned k = 0; k < firstLocal; ++k)
        none[k] = -(a * u.coefficients[k] + b * l.coefficients[k]);
      none.back() =
          -(a * u.constant() + b * l.constant() - (a - 1) * (b - 1)) - 1;
      if (context.excludes(none))
        continue;
      SmallVector<AffineExpr> least, most;
      addBounds(l, p, least, most);
      addBounds(u, p, least, most);
      someMember.push_back(most.front() - least.front());
    }
}

/// The part of a constraint that is over symbols.
AffineExpr Piece::symbols(const Constraint &c) const {
  AffineExpr e = getAffineConstantExpr(c.constant(), mlir);
  for (unsigned k = 1; k < firstLocal; ++k)
    if (c.coefficients[k])
      e = e + expressions[k - 1] * c.coefficients[k];
  return e;
}

void Piece::addBounds(const Constraint &c, unsigned variable,
                      SmallVectorImpl<AffineExpr> &lo,
                      SmallVectorImpl<AffineExpr> &hi) const {
  for (int64_t sign : {1, -1}) {
    int64_t at = c.coefficients[variable] * sign;
    if (sign < 0 && !c.equality)
      break;
    AffineExpr rest = symbols(c) * sign;
    if (at > 0) // at * x >= -rest
      lo.push_back(at == 1 ? -rest : (-rest + (at - 1)).floorDiv(at));
    else // -at * x <= rest
      hi.push_back(at == -1 ? rest : rest.floorDiv(-at));
  }
}
