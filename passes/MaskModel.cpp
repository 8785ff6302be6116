// The variables of a mask: which values are unknown, what they are called and
// what is known about them.
#include "passes/MaskModel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/StringExtras.h"

using namespace attn;
using namespace attn::mask;
using namespace mlir;

MaskQuestion MaskQuestion::of(AttendOp attend, bool keysAsRows) {
  Block &block = attend.getMask().front();
  unsigned outer = attend.getBounds().size(), swept = attend.getSwept().size();
  MaskQuestion q;
  q.condition = cast<YieldOp>(block.getTerminator()).getValues().front();
  q.row = block.getArgument(outer - 1);
  q.column = block.getArgument(outer + swept - 1);
  q.rowBound = attend.getBounds().back();
  q.colBound = attend.getSwept().back();
  if (keysAsRows) {
    std::swap(q.row, q.column);
    std::swap(q.rowBound, q.colBound);
  }
  return q;
}

Model::Model(const MaskQuestion &question) : singleRow(question.singleRow) {
  arguments[question.row] = OnRow;
  arguments[question.column] = OnColumn;
  auto position = [&](Variable::Kind kind, Value value) {
    Variable v;
    v.kind = kind;
    v.value = value;
    v.name = name(value);
    byKey[key(value)] = variables.size();
    variables.push_back(v);
    return variables.size() - 1;
  };
  row = position(Variable::Row, question.row);
  column = position(Variable::Column, question.column);
  // In the order of MaskAnalysis::FirstRow ..
  firstRow = addSymbol(MaskSymbol::FirstRow, Value(), "r0");
  lastRow = addSymbol(MaskSymbol::LastRow, Value(), "r1");
  auto bound = [&](Value value) {
    auto [it, isNew] = byKey.try_emplace(key(value), variables.size());
    if (isNew)
      addSymbol(MaskSymbol::Uniform, value, name(value));
    return it->second;
  };
  rows = bound(question.rowBound);
  // Both lengths have their places in the table, even where they are equal.
  if (byKey.count(key(question.colBound)))
    columns = addSymbol(MaskSymbol::Uniform, question.colBound,
                        name(question.colBound));
  else
    columns = bound(question.colBound);

  auto V = Linear::variable;
  assume(V(firstRow));
  assume(V(lastRow) - V(firstRow));
  assume(V(rows) - V(lastRow) - Linear::of(1));
  assume(V(columns));
  if (singleRow)
    assume(V(firstRow) - V(lastRow));
  if (key(question.rowBound) == key(question.colBound)) {
    assume(V(rows) - V(columns));
    assume(V(columns) - V(rows));
  }
}

void Model::alias(const MaskQuestion &other) {
  arguments[other.row] = OnRow;
  arguments[other.column] = OnColumn;
  byKey[key(other.rowBound)] = rows;
  byKey[key(other.colBound)] = columns;
}

uint8_t Model::dependence(Value v) {
  if (auto it = arguments.find(v); it != arguments.end())
    return it->second;
  Operation *op = v.getDefiningOp();
  if (!op)
    return None;
  if (auto it = dependenceOf.find(v); it != dependenceOf.end())
    return it->second;
  uint8_t result = None;
  for (Value operand : op->getOperands())
    result |= dependence(operand);
  for (Region &region : op->getRegions())
    region.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (!region.isAncestor(operand.getParentRegion()))
          result |= dependence(operand);
    });
  return dependenceOf[v] = result;
}

static std::string indexName(BlockArgument argument) {
  Operation *parent = argument.getOwner()->getParentOp();
  auto names =
      parent ? parent->getAttrOfType<ArrayAttr>("indices") : ArrayAttr();
  if (names && argument.getArgNumber() < names.size())
    return cast<StringAttr>(names[argument.getArgNumber()]).str();
  return "";
}

std::string Model::key(Value v) {
  if (auto it = arguments.find(v); it != arguments.end())
    return it->second == OnRow ? "row" : "column";
  if (auto it = keys.find(v); it != keys.end())
    return it->second;
  std::string text;
  llvm::raw_string_ostream os(text);
  Operation *op = v.getDefiningOp();
  if (!op) {
    auto argument = cast<BlockArgument>(v);
    std::string index = indexName(argument);
    if (!index.empty() &&
        isa_and_nonnull<AttendOp>(argument.getOwner()->getParentOp()))
      os << "index " << index;
    else
      os << "argument " << v.getAsOpaquePointer();
  } else if (op->getNumRegions() || op->getNumResults() != 1) {
    os << "value " << v.getAsOpaquePointer();
  } else {
    os << op->getName() << op->getAttrDictionary() << '(';
    for (Value operand : op->getOperands())
      os << key(operand) << ',';
    os << ')' << v.getType();
    // Shared subexpressions double the text each time they are used.
    if (text.size() > 4096)
      text = "value " + std::to_string(uintptr_t(v.getAsOpaquePointer()));
  }
  return keys[v] = text;
}

std::string Model::name(Value v, unsigned depth) {
  if (auto argument = dyn_cast<BlockArgument>(v)) {
    std::string index = indexName(argument);
    return index.empty() ? "s" + std::to_string(symbols.size()) : index;
  }
  Operation *op = v.getDefiningOp();
  if (auto param = dyn_cast<ParamOp>(op))
    return param.getName().str();
  if (auto extent = dyn_cast<ExtentOp>(op))
    return extent.getName().str();
  if (auto head = dyn_cast<KvHeadOp>(op))
    return "g(" + name(head.getHead(), depth + 1) + ")";
  if (isa<arith::IndexCastOp, arith::ExtFOp>(op))
    return name(op->getOperand(0), depth + 1);
  if (auto at = dyn_cast<AtOp>(op)) {
    Operation *field = at.getField().getDefiningOp();
    auto fieldName =
        field ? field->getAttrOfType<StringAttr>("name") : StringAttr();
    std::string text = (fieldName ? fieldName.str() : std::string("x")) + "[";
    for (auto [k, index] : llvm::enumerate(at.getIndices()))
      text += (k ? ", " : "") + name(index, depth + 1);
    return text + "]";
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    if (auto integer = dyn_cast<IntegerAttr>(constant.getValue()))
      return std::to_string(integer.getInt());
  StringRef sign = isa<arith::AddIOp>(op)   ? " + "
                   : isa<arith::SubIOp>(op) ? " - "
                   : isa<arith::MulIOp>(op) ? "*"
                                            : "";
  if (!sign.empty() && depth < 3)
    return "(" + name(op->getOperand(0), depth + 1) + sign.str() +
           name(op->getOperand(1), depth + 1) + ")";
  return op->getName().stripDialect().str() + "." +
         std::to_string(symbols.size());
}

unsigned Model::addSymbol(MaskSymbol::Kind kind, Value value,
                          std::string name) {
  Variable v;
  v.kind = Variable::Symbol;
  v.name = name;
  v.value = value;
  v.symbol = symbols.size();
  symbols.push_back({kind, value, std::move(name)});
  variables.push_back(v);
  return variables.size() - 1;
}

unsigned Model::atom(Value v) {
  std::string text = key(v);
  if (auto it = byKey.find(text); it != byKey.end())
    return it->second;
  uint8_t depends = dependence(v);
  bool isBool = v.getType().isInteger(1);
  std::string title = name(v);
  auto limit = [&](unsigned variable) {
    if (!isBool)
      return;
    assume(Linear::variable(variable));
    assume(Linear::of(1) - Linear::variable(variable));
  };
  unsigned result;
  if (depends == None) {
    result = addSymbol(MaskSymbol::Uniform, v, title);
    limit(result);
    learn(result, v);
  } else if (depends == OnRow && singleRow) {
    result = addSymbol(MaskSymbol::RowMin, v, title);
    limit(result);
  } else if (depends == OnRow) {
    unknown.push_back(v);
    Variable x;
    x.kind = Variable::RowFunction;
    x.lo = addSymbol(MaskSymbol::RowMin, v, (isBool ? "all " : "min ") + title);
    x.hi = addSymbol(MaskSymbol::RowMax, v, (isBool ? "any " : "max ") + title);
    limit(x.lo);
    limit(x.hi);
    assume(Linear::variable(x.hi) - Linear::variable(x.lo));
    x.name = title;
    x.value = v;
    x.isBool = isBool;
    result = variables.size();
    variables.push_back(x);
  } else {
    unknown.push_back(v);
    Variable x;
    x.kind = Variable::Free;
    x.name = title;
    x.value = v;
    x.isBool = isBool;
    result = variables.size();
    variables.push_back(x);
  }
  byKey[text] = result;
  return result;
}

/// What holds of a value that is the same for the whole tile.
void Model::learn(unsigned symbol, Value v) {
  Linear x = Linear::variable(symbol);
  auto atLeast = [&](int64_t least) { assume(x - Linear::of(least)); };
  auto atMost = [&](int64_t most) { assume(Linear::of(most) - x); };
  Operation *op = v.getDefiningOp();
  if (!op) {
    if (!indexName(cast<BlockArgument>(v)).empty())
      atLeast(0);
    return;
  }
  auto constantOperand = [&](unsigned k) -> std::optional<int64_t> {
    Cases cases = integer(op->getOperand(k));
    if (cases.size() != 1 || !cases[0].is.isConstant())
      return std::nullopt;
    return cases[0].is.constant;
  };
  auto operand = [&](unsigned k) -> std::optional<Linear> {
    Cases cases = integer(op->getOperand(k));
    if (cases.size() != 1)
      return std::nullopt;
    return cases[0].is;
  };
  if (auto extent = dyn_cast<ExtentOp>(op))
    // A kernel that runs at all has a batch entry and a head.
    return atLeast(llvm::is_contained({"B", "H", "G"}, extent.getName()));
  if (isa<KvHeadOp>(op))
    return atLeast(0);
  if (isa<ParamOp>(op)) {
    if (auto least = op->getAttrOfType<IntegerAttr>("min"))
      atLeast(least.getInt());
    if (auto most = op->getAttrOfType<IntegerAttr>("max"))
      atMost(most.getInt());
    return;
  }
  if (isa<FloorDivOp, arith::FloorDivSIOp>(op)) {
    std::optional<int64_t> by = constantOperand(1);
    std::optional<Linear> of = operand(0);
    if (!by || !of || *by <= 0)
      return;
    assume(*of - x * *by);
    assume(x * *by + Linear::of(*by - 1) - *of);
    return;
  }
  if (isa<ModOp>(op)) {
    if (std::optional<int64_t> by = constantOperand(1); by && *by > 0) {
      atLeast(0);
      atMost(*by - 1);
    }
    return;
  }
  bool isMin = isa<arith::MinSIOp>(op), isMax = isa<arith::MaxSIOp>(op);
  if (isMin || isMax)
    for (unsigned k : {0, 1})
      if (std::optional<Linear> of = operand(k))
        assume(isMin ? *of - x : x - *of);
}

unsigned Model::quotient(const Linear &numerator, int64_t denominator) {
  for (auto [k, v] : llvm::enumerate(variables))
    if (v.kind == Variable::Quotient && v.denominator == denominator &&
        v.numerator == numerator)
      return k;
  Variable v;
  v.kind = Variable::Quotient;
  v.name = "q" + std::to_string(variables.size());
  v.numerator = numerator;
  v.denominator = denominator;
  variables.push_back(v);
  return variables.size() - 1;
}
