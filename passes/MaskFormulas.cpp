// From the operations of a mask to formulas.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/MaskModel.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace attn;
using namespace attn::mask;
using namespace mlir;

/// More cases than that and the value is treated as unknown.
static constexpr size_t maxCases = 16;
/// More comparisons than that and a condition is treated as unknown.
static constexpr size_t maxSize = 400;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

static std::optional<int64_t> constantOf(const Model::Cases &cases) {
  if (cases.size() == 1 && cases[0].is.isConstant())
    return cases[0].is.constant;
  return std::nullopt;
}

bool Model::usesUnknown(const Cases &cases) const {
  auto unknownIn = [&](const Linear &linear, auto &self) -> bool {
    for (auto [v, c] : linear.terms) {
      const Variable &x = variables[v];
      if (x.kind == Variable::RowFunction || x.kind == Variable::Free ||
          (x.kind == Variable::Quotient && self(x.numerator, self)))
        return true;
    }
    return false;
  };
  return llvm::any_of(
      cases, [&](const Case &c) { return unknownIn(c.is, unknownIn); });
}

Model::Cases Model::combine(
    const Cases &a, const Cases &b, Value whole,
    llvm::function_ref<std::optional<Linear>(const Linear &, const Linear &)>
        op) {
  Cases result;
  for (const Case &x : a)
    for (const Case &y : b) {
      std::optional<Linear> value = op(x.is, y.is);
      if (!value || !value->isSmall() || result.size() == maxCases)
        return atomCase(whole);
      result.push_back({Formula::both(x.when, y.when), *value});
    }
  return result;
}

Model::Cases Model::divide(const Cases &a, int64_t divisor, Value whole,
                           bool remainder) {
  // `x // 0` is 0 and `x mod 0` is x [S3].
  if (!divisor)
    return remainder ? a : Cases{{Formula::constant(true), Linear::of(0)}};
  if (std::llabs(divisor) >= (int64_t(1) << 31))
    return atomCase(whole);
  Cases result;
  for (const Case &x : a) {
    Linear numerator = divisor < 0 ? x.is * -1 : x.is;
    int64_t by = std::llabs(divisor);
    Linear q;
    if (numerator.isConstant()) {
      int64_t n = numerator.constant;
      q = Linear::of(n >= 0 ? n / by : -((-n + by - 1) / by));
    } else {
      q = Linear::variable(quotient(numerator, by));
    }
    Linear value = remainder ? x.is - q * divisor : q;
    if (!value.isSmall())
      return atomCase(whole);
    result.push_back({x.when, value});
  }
  return result;
}

Model::Cases Model::choose(const Cases &a, const Cases &b, Formula takeFirst) {
  Cases result;
  Formula takeSecond = negate(takeFirst);
  for (const Case &x : a)
    result.push_back({Formula::both(takeFirst, x.when), x.is});
  for (const Case &x : b)
    result.push_back({Formula::both(takeSecond, x.when), x.is});
  return result;
}

Model::Cases Model::integer(Value v) {
  if (auto it = integers.find(v); it != integers.end())
    return it->second;
  Cases result = cases(v);
  return integers[v] = result;
}

Model::Cases Model::cases(Value v) {
  Operation *op = v.getDefiningOp();
  if (!op || arguments.count(v))
    return atomCase(v);
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    if (auto value = dyn_cast<IntegerAttr>(constant.getValue())) {
      Linear is = Linear::of(value.getInt());
      return is.isSmall() ? Cases{{Formula::constant(true), is}} : atomCase(v);
    }
  // Stored integers are narrower; their own arithmetic may wrap around.
  if (isa<arith::IndexCastOp>(op) && !v.getType().isIndex())
    return atomCase(v);
  if (!v.getType().isIndex())
    return atomCase(v);
  if (byKey.count(key(v)))
    return atomCase(v);

  auto of = [&](unsigned k) { return integer(op->getOperand(k)); };
  auto sum = [&](int64_t sign) {
    return combine(of(0), of(1), v, [&](const Linear &a, const Linear &b) {
      return std::optional<Linear>(a + b * sign);
    });
  };
  // A value of the whole tile needs no cases, and a function of the row that
  // has unknown parts is better taken as one unknown than as several.
  auto whole = [&](Cases cases) {
    uint8_t depends = dependence(v);
    if (depends == None || (depends == OnRow && usesUnknown(cases)))
      return atomCase(v);
    return cases;
  };
  auto power = [&](unsigned k) -> std::optional<int64_t> {
    std::optional<int64_t> by = constantOf(of(k));
    return by && *by >= 0 && *by < 31
               ? std::optional<int64_t>(int64_t(1) << *by)
               : std::nullopt;
  };

  return llvm::TypeSwitch<Operation *, Cases>(op)
      .Case([&](arith::AddIOp) { return sum(1); })
      .Case([&](arith::SubIOp) { return sum(-1); })
      .Case([&](arith::MulIOp) {
        return combine(of(0), of(1), v, [](const Linear &a, const Linear &b) {
          return a.isConstant()   ? std::optional<Linear>(b * a.constant)
                 : b.isConstant() ? std::optional<Linear>(a * b.constant)
                                  : std::nullopt;
        });
      })
      .Case<arith::FloorDivSIOp, FloorDivOp, ModOp>([&](auto) {
        std::optional<int64_t> by = constantOf(of(1));
        return by && (dependence(v) != None || constantOf(of(0)))
                   ? divide(of(0), *by, v, isa<ModOp>(op))
                   : atomCase(v);
      })
      .Case([&](ShrOp) {
        std::optional<int64_t> by = power(1);
        return by && dependence(v) != None ? divide(of(0), *by, v, false)
                                           : atomCase(v);
      })
      .Case([&](ShlOp) {
        std::optional<int64_t> by = power(1);
        return by ? combine(of(0),
                            Cases{{Formula::constant(true), Linear::of(*by)}},
                            v,
                            [](const Linear &a, const Linear &b) {
                              return std::optional<Linear>(a * b.constant);
                            })
                  : atomCase(v);
      })
      .Case([&](arith::AndIOp) {
        // The lowest n bits are the remainder by 2^n, also of a negative
        // number.
        std::optional<int64_t> bits = constantOf(of(1));
        if (!bits || *bits <= 0 || (*bits & (*bits + 1)) ||
            dependence(v) == None)
          return atomCase(v);
        return divide(of(0), *bits + 1, v, true);
      })
      .Case<arith::MinSIOp, arith::MaxSIOp>([&](auto) {
        bool least = isa<arith::MinSIOp>(op);
        if (dependence(v) == None)
          return atomCase(v);
        Cases result;
        for (const Case &a : of(0))
          for (const Case &b : of(1)) {
            Linear gap = least ? b.is - a.is : a.is - b.is;
            Formula both = Formula::both(a.when, b.when);
            if (result.size() + 2 > maxCases || !gap.isSmall())
              return atomCase(v);
            Formula first = Formula::notNegative(gap);
            result.push_back({Formula::both(both, first), a.is});
            result.push_back({Formula::both(both, negate(first)), b.is});
          }
        return whole(result);
      })
      .Case([&](math::AbsIOp) {
        if (dependence(v) == None)
          return atomCase(v);
        Cases result;
        for (const Case &a : of(0)) {
          if (result.size() + 2 > maxCases)
            return atomCase(v);
          Formula up = Formula::notNegative(a.is);
          result.push_back({Formula::both(a.when, up), a.is});
          result.push_back({Formula::both(a.when, negate(up)), a.is * -1});
        }
        return whole(result);
      })
      .Case([&](arith::SelectOp select) {
        if (dependence(v) == None)
          return atomCase(v);
        Cases a = integer(select.getTrueValue()),
              b = integer(select.getFalseValue());
        if (a.size() + b.size() > maxCases)
          return atomCase(v);
        return whole(choose(a, b, condition(select.getCondition())));
      })
      .Default([&](Operation *) { return atomCase(v); });
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

/// Cases of `rhs - lhs`, each followed by the test of that difference.
Formula Model::compare(const Cases &left, const Cases &right,
                       llvm::function_ref<Formula(const Linear &)> test) {
  if (left.size() == 1 && right.size() == 1)
    return test(right[0].is - left[0].is);
  std::vector<Formula> kids;
  for (const Case &a : left)
    for (const Case &b : right) {
      Formula when = Formula::both(a.when, b.when);
      if (when.op == Formula::False)
        continue;
      kids.push_back(std::move(when));
      kids.push_back(test(b.is - a.is));
    }
  return Formula::node(Formula::Cases, std::move(kids));
}

/// `lhs + gap <= rhs`. The greatest of several is at most x if all of them are:
/// no cases are needed, and the result stays convex.
Formula Model::atMost(Value lhs, Value rhs, int64_t gap) {
  auto parts = [&](Value v, bool &isMax) -> std::vector<Cases> {
    isMax = false;
    Cases whole = integer(v);
    Operation *op = v.getDefiningOp();
    if (whole.size() == 1 || !op)
      return {whole};
    if (isa<math::AbsIOp>(op)) {
      isMax = true;
      Cases up = integer(op->getOperand(0)), down = up;
      for (Case &c : down)
        c.is = c.is * -1;
      return {up, down};
    }
    isMax = isa<arith::MaxSIOp>(op);
    if (isMax || isa<arith::MinSIOp>(op))
      return {integer(op->getOperand(0)), integer(op->getOperand(1))};
    return {whole};
  };
  bool leftIsMax, rightIsMax;
  std::vector<Cases> left = parts(lhs, leftIsMax),
                     right = parts(rhs, rightIsMax);
  auto test = [&](const Linear &d) {
    return Formula::notNegative(d - Linear::of(gap));
  };
  std::optional<Formula> all;
  for (const Cases &a : left) {
    std::optional<Formula> one;
    for (const Cases &b : right) {
      Formula f = compare(a, b, test);
      one = !one         ? f
            : rightIsMax ? Formula::either(*one, f)
                         : Formula::both(*one, f);
    }
    all = !all        ? *one
          : leftIsMax ? Formula::both(*all, *one)
                      : Formula::either(*all, *one);
  }
  return *all;
}

Formula Model::condition(Value v) {
  if (assumed.empty())
    if (auto it = conditions.find(v); it != conditions.end())
      return it->second;
  Formula result = translate(v);
  if (result.size() > maxSize) {
    tooLong = true;
    result = Formula::notNegative(Linear::variable(atom(v)) - Linear::of(1));
  }
  if (assumed.empty())
    conditions[v] = result;
  return result;
}

Formula Model::translate(Value v) {
  Operation *op = v.getDefiningOp();
  auto unknownFlag = [&] {
    return Formula::notNegative(Linear::variable(atom(v)) - Linear::of(1));
  };
  if (!op)
    return unknownFlag();
  auto kid = [&](unsigned k) {
    Value operand = op->getOperand(k);
    auto it = assumed.find(operand);
    return it != assumed.end() && joints.contains(op)
               ? Formula::constant(it->second)
               : condition(operand);
  };
  auto pick = [&](Formula c, Formula a, Formula b) {
    return Formula::node(Formula::Cases,
                         {c, std::move(a), negate(c), std::move(b)});
  };
  // A condition of the whole tile is one symbol unless it is itself affine.
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    if (auto value = dyn_cast<IntegerAttr>(constant.getValue()))
      return Formula::constant(!value.getValue().isZero());
  if (isa<arith::AndIOp>(op))
    return Formula::both(kid(0), kid(1));
  if (isa<arith::OrIOp>(op))
    return Formula::either(kid(0), kid(1));
  if (isa<arith::XOrIOp>(op)) {
    Formula b = kid(1);
    if (b.op == Formula::True)
      return negate(kid(0));
    return pick(kid(0), negate(b), b);
  }
  if (isa<arith::SelectOp>(op))
    return pick(kid(0), kid(1), kid(2));
  auto compareOp = dyn_cast<arith::CmpIOp>(op);
  if (!compareOp)
    return unknownFlag();

  using P = arith::CmpIPredicate;
  P predicate = compareOp.getPredicate();
  Value lhs = compareOp.getLhs(), rhs = compareOp.getRhs();
  bool equality = predicate == P::eq || predicate == P::ne;
  if (lhs.getType().isInteger(1) && equality) {
    Formula b = kid(1);
    Formula same = pick(kid(0), b, negate(b));
    return predicate == P::eq ? same : negate(same);
  }
  bool asSigned =
      llvm::is_contained({P::sle, P::slt, P::sge, P::sgt}, predicate);
  if (!lhs.getType().isIndex() || !(equality || asSigned))
    return unknownFlag();
  switch (predicate) {
  case P::sle:
    return atMost(lhs, rhs, 0);
  case P::slt:
    return atMost(lhs, rhs, 1);
  case P::sge:
    return atMost(rhs, lhs, 0);
  case P::sgt:
    return atMost(rhs, lhs, 1);
  default:
    break;
  }
  Formula equal = compare(integer(lhs), integer(rhs), Formula::zero);
  return predicate == P::eq ? equal : negate(equal);
}
