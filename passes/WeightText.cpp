// Expressions as formulas.
#include "passes/WeightExpr.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace attn;
using namespace attn::weights;

static void printLeaf(raw_ostream &os, Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto attend = dyn_cast<AttendOp>(argument.getOwner()->getParentOp());
    unsigned n = argument.getArgNumber();
    size_t all = attend ? attend.getIndices().size() : 0;
    if (attend && n < all)
      os << cast<StringAttr>(attend.getIndices()[n]).getValue();
    else if (n == all)
      os << "s";
    else
      os << "s" << n - all + 1;
    return;
  }
  Operation *op = value.getDefiningOp();
  if (auto param = dyn_cast<ParamOp>(op))
    os << param.getName();
  else if (auto input = dyn_cast<InputOp>(op))
    os << input.getName();
  else if (auto extent = dyn_cast<ExtentOp>(op))
    os << extent.getName();
  else if (IntegerAttr n; matchPattern(value, m_Constant(&n)))
    os << n.getValue();
  else
    os << op->getName().stripDialect();
}

void weights::print(raw_ostream &os, const Expr *e) {
  auto infix = [&](StringRef word) {
    os << '(';
    print(os, e->kid(0));
    os << ' ' << word << ' ';
    print(os, e->kid(1));
    os << ')';
  };
  auto call = [&](StringRef word) {
    os << word << '(';
    llvm::interleaveComma(e->kids, os,
                          [&](const Expr *kid) { print(os, kid); });
    os << ')';
  };
  switch (e->kind) {
  case Kind::Number:
    os << llvm::format("%g", e->number);
    return;
  case Kind::Value:
    return printLeaf(os, e->value);
  case Kind::Count:
    os << "count";
    return;
  case Kind::Add:
    return infix("+");
  case Kind::Sub:
    return infix("-");
  case Kind::Mul:
    return infix("*");
  case Kind::Div:
    return infix("/");
  case Kind::Max:
    return call("max");
  case Kind::Min:
    return call("min");
  case Kind::Abs:
    return call("abs");
  case Kind::Exp:
    return call("exp");
  case Kind::Log:
    return call("log");
  case Kind::Log1p:
    return call("log1p");
  case Kind::Tanh:
    return call("tanh");
  case Kind::Erf:
    return call("erf");
  case Kind::Pow:
    return call("pow");
  case Kind::Select:
    return call("select");
  case Kind::And:
    return infix("and");
  case Kind::Or:
    return infix("or");
  case Kind::Not:
    return call("not");
  case Kind::Sum:
    return call("sum");
  case Kind::SumOf:
    os << "l" << e->index + 1;
    return;
  case Kind::Base:
    os << "m" << e->index + 1;
    return;
  case Kind::Other:
    break;
  }
  if (isa<arith::IndexCastOp, arith::SIToFPOp, arith::ExtFOp>(e->op))
    return print(os, e->kid(0));
  if (isa<AtOp>(e->op)) {
    print(os, e->kid(0));
    os << '[';
    llvm::interleaveComma(llvm::drop_begin(e->kids), os,
                          [&](const Expr *kid) { print(os, kid); });
    os << ']';
    return;
  }
  call(e->op->getName().stripDialect());
}

std::string weights::text(const Expr *e) {
  std::string s;
  llvm::raw_string_ostream os(s);
  print(os, e);
  return s;
}
