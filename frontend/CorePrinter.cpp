#include "frontend/CorePrinter.h"
#include "frontend/CoreWalk.h"
#include "frontend/Scalar.h"
#include <cstdio>
#include <ostream>

namespace attn::core {

namespace {

const char *word(Base base) { return base == Base::Int ? "int" : base == Base::Real ? "real" : "bool"; }

std::string number(double v) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", v);
  double back = 0;
  for (int digits = 6; digits < 17; ++digits) { // the shortest that reads back
    char shorter[40];
    std::snprintf(shorter, sizeof shorter, "%.*g", digits, v);
    if (std::sscanf(shorter, "%lf", &back) == 1 && back == v) {
      std::string out = shorter;
      return out.find_first_of(".en") == std::string::npos ? out + ".0" : out;
    }
  }
  return text;
}

const char *infix(Op op) {
  switch (op) {
  case Op::Add: return " + ";
  case Op::Sub: return " - ";
  case Op::Mul: return " * ";
  case Op::Div: return " / ";
  case Op::FloorDiv: return " // ";
  case Op::Mod: return " mod ";
  case Op::Pow:
  case Op::IntPow: return " ^ ";
  case Op::Eq: return " == ";
  case Op::Ne: return " != ";
  case Op::Lt: return " < ";
  case Op::Le: return " <= ";
  case Op::And: return " and ";
  case Op::Or: return " or ";
  case Op::MatVec: return " @ ";
  default: return nullptr;
  }
}

class Printer {
public:
  explicit Printer(const Program &program) : program(program) {}

  std::string variable(int id) const { return program.variables[id].name; }
  std::string variables(const std::vector<int> &ids) const {
    std::string out;
    for (int id : ids)
      out += (out.empty() ? "" : ", ") + variable(id);
    return out;
  }
  std::string list(const std::vector<ExprPtr> &args, size_t from = 0) const {
    std::string out;
    for (size_t k = from; k < args.size(); ++k)
      out += (k > from ? ", " : "") + expr(*args[k]);
    return out;
  }
  std::string bracketed(const std::string &name, const std::vector<ExprPtr> &args) const {
    return args.empty() ? name : name + "[" + list(args) + "]";
  }
  std::string type(const Type &t) const {
    std::string out = word(t.base);
    for (size_t k = 0; k < t.shape.size(); ++k)
      out += (k ? ", " : "[") + std::to_string(t.shape[k]);
    return t.shape.empty() ? out : out + "]";
  }
  std::string expr(const Expr &e) const;
  std::string aggregate(const Expr &e) const;

private:
  const Program &program;
};

std::string Printer::aggregate(const Expr &e) const {
  std::string out = std::string(spelling(e.aggregate)) + "(" + list(e.args) + (e.args.empty() ? "for " : " for ");
  for (size_t k = 0; k < e.variables.size(); ++k) {
    out += (k ? ", " : "") + variable(e.variables[k]);
    const Range &range = e.ranges[k];
    if (range.kind == Range::Row)
      out += " in row";
    else if (range.kind == Range::Interval)
      out += " in " + expr(*range.lo) + " .. " + expr(*range.hi);
  }
  if (e.condition)
    out += " where " + expr(*e.condition);
  return out + ")";
}

std::string Printer::expr(const Expr &e) const {
  switch (e.op) {
  case Op::Int: return std::to_string(e.integer);
  case Op::Real: return number(e.real);
  case Op::Bool: return e.integer ? "true" : "false";
  case Op::Var: return variable(e.id);
  case Op::Extent: return program.axes[e.id].name;
  case Op::Param: return program.params[e.id].name;
  case Op::GroupOf: return "g(" + list(e.args) + ")";
  case Op::Tensor: return bracketed(program.tensors[e.id].name, e.args);
  case Op::Let: return bracketed(program.lets[e.id].name, e.args);
  case Op::Branch: {
    std::string name = program.branches[e.id].name;
    return bracketed(e.field == Field::Out ? name : name + "." + spelling(e.field), e.args);
  }
  case Op::Member: {
    std::vector<ExprPtr> at(e.args.begin(), e.args.end() - 1);
    return "(" + expr(*e.args.back()) + " in " + bracketed(program.tensors[e.id].name, at) + ")";
  }
  case Op::Score: return bracketed("s", e.args);
  case Op::Stage: return bracketed("stage" + std::to_string(e.id), e.args);
  case Op::Count: return "count";
  case Op::Neg: return "-" + expr(*e.args[0]);
  case Op::Not: return "(not " + expr(*e.args[0]) + ")";
  case Op::If:
    return "(if " + expr(*e.args[0]) + " then " + expr(*e.args[1]) + " else " + expr(*e.args[2]) + ")";
  case Op::ToReal: return "real(" + list(e.args) + ")";
  case Op::Splat: return "splat(" + list(e.args) + ")";
  case Op::Ramp: return "ramp(" + std::to_string(e.type.shape[0]) + ")";
  case Op::Slice:
    return expr(*e.args[0]) + "[" + std::to_string(e.integer) + " .. " + std::to_string(e.integer + e.type.shape[0]) + "]";
  case Op::Component: return expr(*e.args[0]) + "[" + list(e.args, 1) + "]";
  case Op::Aggregate: return aggregate(e);
  default: break;
  }
  if (const char *sign = infix(e.op))
    return "(" + expr(*e.args[0]) + sign + expr(*e.args[1]) + ")";
  return std::string(spelling(e.op)) + "(" + list(e.args) + ")";
}

} // namespace

std::string toString(const Program &program, const Expr &expr) { return Printer(program).expr(expr); }

void print(std::ostream &os, const Program &program) {
  Printer p(program);
  os << "program " << program.name << " {\n";
  for (const Constant &c : program.constants) {
    std::string value = c.type == Base::Real   ? number(c.value)
                        : c.type == Base::Bool ? (c.value != 0 ? "true" : "false")
                                               : std::to_string(floorToInt(c.value));
    os << "  const " << c.name << ": " << (c.isLength ? "length" : word(c.type)) << " = " << value << "\n";
  }
  for (const Param &param : program.params) {
    os << "  param " << param.name << ": " << word(param.type);
    if (param.defaultValue)
      os << " = " << p.expr(*param.defaultValue);
    os << "\n";
  }
  for (const Tensor &tensor : program.tensors) {
    os << "  tensor " << tensor.name;
    for (size_t k = 0; k < tensor.axes.size(); ++k)
      os << (k ? ", " : "[") << program.axes[tensor.axes[k]].name;
    os << (tensor.axes.empty() ? ": " : "]: ") << spelling(tensor.dtype);
    for (size_t k = 0; k < tensor.shape.size(); ++k)
      os << (k ? ", " : "[") << tensor.shape[k];
    os << (tensor.shape.empty() ? "" : "]");
    if (tensor.isSet())
      os << " set in " << p.expr(*tensor.from) << " .. " << p.expr(*tensor.to);
    if (tensor.defaultValue)
      os << " = " << p.expr(*tensor.defaultValue);
    os << "\n";
  }
  for (const Let &let : program.lets)
    os << "  let " << let.name << (let.variables.empty() ? "" : "[" + p.variables(let.variables) + "]") << ": "
       << (let.isRounded() ? std::string(spelling(let.dtype)) + " " : "") << p.type(let.body->type) << " = " << p.expr(*let.body) << "\n";
  for (const Branch &branch : program.branches) {
    os << "  branch " << branch.name << "[" << p.variables(branch.variables) << "] over " << p.variable(branch.key) << " {\n";
    os << "    mask " << p.expr(*branch.mask) << "\n";
    os << "    score " << p.expr(*branch.score) << "\n";
    for (size_t k = 0; k < branch.weights.size(); ++k) {
      os << "    weights ";
      if (k + 1 < branch.weights.size())
        os << "stage" << k << " = ";
      os << p.expr(*branch.weights[k].body) << "\n";
    }
    if (branch.denominator)
      os << "    denominator " << p.expr(*branch.denominator) << "\n";
    os << "    value " << p.expr(*branch.value) << "\n  }\n";
  }
  for (const Output &output : program.outputs)
    os << "  out " << output.name << (output.variables.empty() ? "" : "[" + p.variables(output.variables) + "]") << ": "
       << spelling(output.dtype) << " " << p.type(output.body->type) << " = " << p.expr(*output.body) << "\n";
  os << "}\n";
}

} // namespace attn::core
