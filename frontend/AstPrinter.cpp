#include "frontend/AstPrinter.h"
#include <charconv>
#include <sstream>

namespace attn {
namespace {
using namespace ast;

struct Printer {
  std::ostream &os;

  void print(const Expr &expr);
  void print(const ExprPtr &expr) { expr ? print(*expr) : void(os << "<missing>"); }
  void print(const Type &type);
  void print(const Entry &entry);
  void print(const Clause &clause, const std::string &indent);
  void print(const Pattern &pattern);
  void printReal(double value);

  template <typename List, typename Function> void list(const List &items, Function function) {
    bool first = true;
    for (const auto &item : items) {
      os << (first ? "" : ", ");
      first = false;
      function(item);
    }
  }
  void names(const std::vector<Name> &items) {
    list(items, [&](const Name &name) { os << name.text; });
  }
  void exprs(const std::vector<ExprPtr> &items) {
    list(items, [&](const ExprPtr &expr) { print(expr); });
  }
  void range(const ExprPtr &lo, const ExprPtr &hi) {
    print(lo);
    if (hi) {
      os << " .. ";
      print(hi);
    }
  }
  void optional(const char *word, const ExprPtr &expr) {
    if (expr) {
      os << word;
      print(expr);
    }
  }
};

/// The shortest text that reads as the same number, never that of an integer.
void Printer::printReal(double value) {
  char buffer[64];
  char *end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  os << text << (text.find_first_of(".e") == std::string::npos ? ".0" : "");
}

void Printer::print(const Expr &expr) {
  auto operand = [&](size_t k) { print(expr.operands[k]); };
  switch (expr.kind) {
  case ExprKind::Integer: os << expr.integer; return;
  case ExprKind::Real: printReal(expr.real); return;
  case ExprKind::Truth: os << (expr.truth ? "true" : "false"); return;
  case ExprKind::Name: os << expr.name.text; return;
  case ExprKind::Field: os << expr.name.text << '.' << expr.field.text; return;
  case ExprKind::Call:
    os << expr.name.text << '(';
    exprs(expr.operands);
    if (!expr.binders.empty()) {
      os << (expr.operands.empty() ? "for " : " for ");
      list(expr.binders, [&](const Binder &binder) {
        os << binder.name.text;
        if (binder.set) {
          os << " in ";
          range(binder.set, binder.rangeEnd);
        }
      });
      optional(" where ", expr.condition);
    }
    os << ')';
    return;
  case ExprKind::Tuple:
    os << '(';
    exprs(expr.operands);
    os << ')';
    return;
  case ExprKind::Subscript:
    operand(0);
    os << '[';
    list(expr.items, [&](const Item &item) { range(item.lo, item.hi); });
    os << ']';
    return;
  case ExprKind::Negate: os << "(-"; operand(0); os << ')'; return;
  case ExprKind::Not: os << "(not "; operand(0); os << ')'; return;
  case ExprKind::Binary:
    os << '(';
    operand(0);
    os << ' ' << spelling(expr.op) << ' ';
    operand(1);
    os << ')';
    return;
  case ExprKind::Chain:
    os << '(';
    operand(0);
    for (size_t k = 0; k < expr.ops.size(); ++k) {
      os << ' ' << spelling(expr.ops[k]) << ' ';
      operand(k + 1);
    }
    os << ')';
    return;
  case ExprKind::Member:
    os << '(';
    operand(0);
    os << " in ";
    range(expr.operands[1], expr.operands.size() > 2 ? expr.operands[2] : nullptr);
    os << ')';
    return;
  case ExprKind::If:
    os << "(if ";
    operand(0);
    os << " then ";
    operand(1);
    os << " else ";
    operand(2);
    os << ')';
    return;
  }
}

void Printer::print(const Type &type) {
  os << (type.isSet ? "set of " : "") << type.name.text;
  if (!type.lengths.empty()) {
    os << '[';
    exprs(type.lengths);
    os << ']';
  }
}

void Printer::print(const Entry &entry) {
  os << entry.name.text;
  if (entry.bracketed) {
    os << '[';
    names(entry.indices);
    os << ']';
  }
}

const char *wordOf(ClauseKind kind) {
  static const char *const words[] = {"in", "state", "index", "def", "let", "select",
                                      "branch", "mask", "score", "weights", "value", "out"};
  return words[size_t(kind)];
}

void Printer::print(const Clause &clause, const std::string &indent) {
  os << indent << wordOf(clause.kind);
  const char *equals = " = ";
  switch (clause.kind) {
  case ClauseKind::Def:
    os << ' ' << clause.name.text;
    if (clause.hasParameters) {
      os << '(';
      names(clause.parameters);
      os << ')';
    }
    break;
  case ClauseKind::Mask: case ClauseKind::Value:
    equals = " ";
    break;
  case ClauseKind::Score: case ClauseKind::Weights:
    if (clause.name)
      os << ' ' << clause.name.text;
    else
      equals = " ";
    break;
  default:
    if (!clause.entries.empty() && clause.entries[0].name)
      os << ' ';
    list(clause.entries, [&](const Entry &entry) { print(entry); });
  }
  if (clause.type) {
    os << ": ";
    print(*clause.type);
  }
  if (clause.kind == ClauseKind::Index && clause.rangeEnd) {
    os << " in ";
    range(clause.value, clause.rangeEnd);
  } else
    optional(equals, clause.value);
  if (clause.kind == ClauseKind::Select) {
    os << " = " << clause.rule.text;
    optional(" ", clause.budget);
    os << " of ";
    names(clause.elements);
    optional(" by ", clause.by);
    optional(" where ", clause.where);
    optional(" always ", clause.always);
    optional(" plus ", clause.plus);
  }
  if (clause.pattern) {
    os << " = " << clause.pattern.text << '(';
    list(clause.arguments, [&](const Argument &argument) {
      os << argument.name.text << " = ";
      print(argument.value);
    });
    os << ')';
  }
  if (clause.over)
    os << " over " << clause.over.text;
  if (clause.hasBody) {
    os << " {\n";
    for (const Clause &inner : clause.body)
      print(inner, indent + "  ");
    os << indent << '}';
  }
  os << '\n';
}

void Printer::print(const Pattern &pattern) {
  os << "pattern " << pattern.name.text;
  if (!pattern.parameters.empty()) {
    os << '(';
    list(pattern.parameters, [&](const Parameter &parameter) {
      os << (parameter.isConst ? "const " : "") << parameter.name.text << ": " << parameter.type.text;
      optional(" = ", parameter.value);
    });
    os << ')';
  }
  os << " {\n";
  for (const Clause &clause : pattern.clauses)
    print(clause, "  ");
  os << "}\n";
}

} // namespace

void printAst(std::ostream &os, const ast::Expr &expr) { Printer{os}.print(expr); }

void printAst(std::ostream &os, const ast::File &file) {
  Printer printer{os};
  for (const Use &use : file.uses)
    os << "use \"" << use.path << "\"\n";
  for (const File::Item &item : file.items)
    if (item.isPattern)
      printer.print(file.patterns[item.position]);
    else
      printer.print(file.defs[item.position], "");
}

std::string toString(const ast::File &file) {
  std::ostringstream os;
  printAst(os, file);
  return os.str();
}

} // namespace attn
