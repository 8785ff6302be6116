#include "frontend/ImportBody.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attn {

BodyImporter::BodyImporter(ProgramImporter &program, Block *block, Rule rule,
                           const core::Branch *branch)
    : program(program), builder(&program.context), rule(rule), branch(branch) {
  levels.push_back(Level(block));
}

void BodyImporter::bind(ArrayRef<int> variables, Location loc) {
  Block *block = levels.front().block;
  for (int id : variables)
    bindings[id] = {block->addArgument(builder.getIndexType(), loc), {}, 0};
}

void BodyImporter::yield(Location loc, Value value, Type stored) {
  insertAt(0);
  if (stored && stored != value.getType())
    value = arith::TruncFOp::create(builder, loc, stored, value);
  YieldOp::create(builder, loc, value, Value());
}

Value BodyImporter::unsupported(const Expr &expr, const std::string &message,
                                const std::string &note) {
  program.unsupported(expr.span, message, note);
  // Something of the right type, so that all errors come in one run.
  Type type = program.typeOf(expr.type);
  return arith::ConstantOp::create(builder, program.location(expr), type,
                                   cast<TypedAttr>(builder.getZeroAttr(type)));
}

//===----------------------------------------------------------------------===//
// Where an expression is emitted
//===----------------------------------------------------------------------===//

const SmallVector<int> &BodyImporter::freeVariables(const Expr &expr) {
  auto [it, fresh] = freeCache.try_emplace(&expr);
  if (!fresh)
    return it->second;
  llvm::SmallSetVector<int, 4> found;
  auto add = [&](const core::ExprPtr &part) {
    if (part)
      for (int id : freeVariables(*part))
        found.insert(id);
  };
  if (expr.op == core::Op::Var)
    found.insert(expr.id);
  for (const core::ExprPtr &arg : expr.args)
    add(arg);
  add(expr.condition);
  for (const core::Range &range : expr.ranges) {
    add(range.lo);
    add(range.hi);
  }
  for (int id : expr.variables)
    found.remove(id);
  return freeCache[&expr] = found.takeVector();
}

unsigned BodyImporter::levelOf(const Expr &expr) {
  unsigned level = 0;
  for (int id : freeVariables(expr))
    if (auto it = bindings.find(id); it != bindings.end())
      level = std::max(level, it->second.level);
  return level;
}

void BodyImporter::insertAt(unsigned level) {
  if (levels[level].before)
    builder.setInsertionPoint(levels[level].before);
  else
    builder.setInsertionPointToEnd(levels[level].block);
}

Value BodyImporter::emit(const Expr &expr) { return emit(expr, false); }

Value BodyImporter::emitStored(const Expr &expr) {
  return emit(expr, isStored(expr));
}

Value BodyImporter::emit(const Expr &expr, bool stored) {
  unsigned level = levelOf(expr);
  if (Value known = levels[level].done.lookup({&expr, stored}))
    return known;
  // Inner levels hide, so that what is emitted on the way lands here too.
  SmallVector<Level, 4> inner;
  while (levels.size() > level + 1)
    inner.push_back(levels.pop_back_val());
  OpBuilder::InsertionGuard guard(builder);
  insertAt(level);
  Value value = stored ? storedRow(expr) : translate(expr);
  levels[level].done[{&expr, stored}] = value;
  while (!inner.empty())
    levels.push_back(inner.pop_back_val());
  return value;
}

//===----------------------------------------------------------------------===//
// Reads
//===----------------------------------------------------------------------===//

Value BodyImporter::variable(int id) {
  Binding &binding = bindings[id];
  if (binding.absolute)
    return binding.absolute;
  if (program.program.variables[id].axis != core::AxisN)
    return binding.absolute = binding.binder;
  OpBuilder::InsertionGuard guard(builder);
  Block *block = binding.binder.getParentBlock();
  builder.setInsertionPointToStart(block);
  return binding.absolute =
             arith::AddIOp::create(builder, binding.binder.getLoc(),
                                   binding.binder, program.offset());
}

// Rows are counted from 0 in memory.
Value BodyImporter::position(int axis, const Expr &expr) {
  if (axis != core::AxisN)
    return emit(expr);
  Location loc = program.location(expr);
  if (expr.op == core::Op::Var)
    if (Value binder = bindings[expr.id].binder;
        binder && program.program.variables[expr.id].axis == core::AxisN)
      return binder;
  if ((expr.op == core::Op::Add || expr.op == core::Op::Sub) &&
      expr.args[1]->op == core::Op::Int) {
    Value base = position(axis, *expr.args[0]), by = emit(*expr.args[1]);
    return expr.op == core::Op::Add
               ? builder.createOrFold<arith::AddIOp>(loc, base, by)
               : builder.createOrFold<arith::SubIOp>(loc, base, by);
  }
  return builder.createOrFold<arith::SubIOp>(loc, emit(expr), program.offset());
}

Value BodyImporter::read(const Expr &expr, Value field, ArrayRef<int> axes) {
  SmallVector<Value> indices;
  for (auto [axis, arg] : llvm::zip(axes, expr.args))
    indices.push_back(position(axis, *arg));
  return AtOp::create(builder, program.location(expr), field, indices);
}

Value BodyImporter::fromStorage(Location loc, Value value, core::DType dtype) {
  auto like = [&](Type element) -> Type {
    auto row = dyn_cast<VectorType>(value.getType());
    return row ? Type(row.clone(element)) : element;
  };
  switch (dtype) {
  case core::DType::Bool:
  case core::DType::F32:
    return value;
  case core::DType::F16:
  case core::DType::BF16:
    return arith::ExtFOp::create(builder, loc, like(builder.getF32Type()),
                                 value);
  case core::DType::F64:
    return arith::TruncFOp::create(builder, loc, like(builder.getF32Type()),
                                   value);
  case core::DType::U8:
  case core::DType::U16:
  case core::DType::U32:
    return arith::IndexCastUIOp::create(builder, loc,
                                        like(builder.getIndexType()), value);
  default:
    return arith::IndexCastOp::create(builder, loc,
                                      like(builder.getIndexType()), value);
  }
}

// Reads, and parts of reads, of floats that products take as they are.
bool BodyImporter::isStored(const Expr &expr) const {
  if (expr.op == core::Op::Slice)
    return isStored(*expr.args[0]);
  if (expr.type.isScalar())
    return false;
  if (expr.op == core::Op::Let)
    return program.program.lets[expr.id].isRounded();
  if (expr.op != core::Op::Tensor)
    return false;
  core::DType dtype = program.program.tensors[expr.id].dtype;
  return dtype == core::DType::F16 || dtype == core::DType::BF16;
}

Value BodyImporter::slice(Location loc, Value row, const Expr &expr) {
  return vector::ExtractStridedSliceOp::create(
      builder, loc, row, {expr.integer}, {expr.type.shape.front()}, {1});
}

Value BodyImporter::storedRow(const Expr &expr) {
  Location loc = program.location(expr);
  if (expr.op == core::Op::Tensor)
    return read(expr, program.tensor(expr.id),
                program.program.tensors[expr.id].axes);
  if (expr.op == core::Op::Let)
    return readDefinition(expr);
  return slice(loc, emitStored(*expr.args[0]), expr);
}

std::pair<Value, Value> BodyImporter::storedPair(const Expr &expr) {
  const Expr &a = *expr.args[0], &b = *expr.args[1];
  if (isStored(a) && isStored(b)) {
    Value lhs = emitStored(a), rhs = emitStored(b);
    if (getElementTypeOrSelf(lhs.getType()) ==
        getElementTypeOrSelf(rhs.getType()))
      return {lhs, rhs};
  }
  return {emit(a), emit(b)};
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

Value BodyImporter::translate(const Expr &expr) {
  switch (expr.op) {
  case core::Op::Int:
  case core::Op::Real:
  case core::Op::Bool:
  case core::Op::Var:
  case core::Op::Extent:
  case core::Op::Param:
  case core::Op::GroupOf:
  case core::Op::Tensor:
  case core::Op::Let:
  case core::Op::Branch:
  case core::Op::Member:
    return leaf(expr);
  case core::Op::Score:
  case core::Op::Stage:
  case core::Op::Count:
    return word(expr);
  case core::Op::Dot:
  case core::Op::MatVec:
  case core::Op::Outer:
  case core::Op::Cat:
  case core::Op::Ramp:
  case core::Op::Slice:
  case core::Op::Component:
  case core::Op::Splat:
    return vectorOp(expr);
  case core::Op::Aggregate:
    return aggregate(expr);
  default:
    return arithmetic(expr);
  }
}

Value BodyImporter::leaf(const Expr &expr) {
  Location loc = program.location(expr);
  switch (expr.op) {
  case core::Op::Int:
    return arith::ConstantIndexOp::create(builder, loc, expr.integer);
  case core::Op::Real:
    return constant(loc, builder.getF32Type(), expr.real);
  case core::Op::Bool:
    return arith::ConstantIntOp::create(builder, loc, expr.integer != 0, 1);
  case core::Op::Var:
    return variable(expr.id);
  case core::Op::Extent:
    return program.extent(expr.id, expr.span);
  case core::Op::Param:
    return program.param(expr.id);
  case core::Op::GroupOf:
    return KvHeadOp::create(builder, loc, emit(*expr.args[0]));
  case core::Op::Tensor: {
    const core::Tensor &tensor = program.program.tensors[expr.id];
    return fromStorage(loc, read(expr, program.tensor(expr.id), tensor.axes),
                       tensor.dtype);
  }
  case core::Op::Member: {
    const core::Tensor &set = program.program.tensors[expr.id];
    SmallVector<Value> indices;
    for (auto [axis, arg] : llvm::zip_first(ArrayRef(set.axes).drop_back(), expr.args))
      indices.push_back(position(axis, *arg));
    Value value = emit(*expr.args.back());
    return MemberOp::create(builder, loc, builder.getI1Type(), value, program.tensor(expr.id), indices,
                            emit(*set.from), emit(*set.to));
  }
  default:
    break;
  }
  Value value = readDefinition(expr);
  return expr.op == core::Op::Let && value
             ? fromStorage(loc, value, program.program.lets[expr.id].dtype)
             : value;
}

/// The value of a let, as it is stored, or of a branch.
Value BodyImporter::readDefinition(const Expr &expr) {
  bool isLet = expr.op == core::Op::Let;
  Value field =
      isLet ? program.let(expr.id) : program.branch(expr.id, expr.field);
  if (!field)
    return unsupported(expr, "a definition cannot read its own result");
  SmallVector<int> axes;
  for (int id : isLet ? program.program.lets[expr.id].variables
                      : program.program.branches[expr.id].variables)
    axes.push_back(program.program.variables[id].axis);
  return read(expr, field, axes);
}

bool BodyImporter::isKey(const Expr &expr) {
  return branch && expr.op == core::Op::Var &&
         bindings[expr.id].binder == bindings[branch->key].binder;
}

Value BodyImporter::word(const Expr &expr) {
  Location loc = program.location(expr);
  if (expr.op == core::Op::Count) {
    if (rule != Rule::Score && rule != Rule::Weights)
      return unsupported(expr, "`count` is not supported here",
                         "the number of seen keys is known in `score` and "
                         "`weights`");
    return CountOp::create(builder, loc);
  }
  if (rule != Rule::Weights)
    return unsupported(expr, "the score is known in `weights` only");
  if (!expr.args.empty() && !isKey(*expr.args[0]))
    return unsupported(expr, "reading the score or a stage at a computed key "
                             "is not supported yet");
  return expr.op == core::Op::Score ? score
                                    : emit(*branch->weights[expr.id].body);
}

Value BodyImporter::vectorOp(const Expr &expr) {
  Location loc = program.location(expr);
  Type type = program.typeOf(expr.type);
  switch (expr.op) {
  case core::Op::Dot: {
    auto [lhs, rhs] = storedPair(expr);
    return DotOp::create(builder, loc, lhs, rhs);
  }
  case core::Op::MatVec: {
    auto [lhs, rhs] = storedPair(expr);
    return MatVecOp::create(builder, loc, type, lhs, rhs);
  }
  case core::Op::Outer:
    return vector::OuterProductOp::create(
        builder, loc, type, emit(*expr.args[0]), emit(*expr.args[1]), Value());
  case core::Op::Cat: {
    SmallVector<Value> parts;
    for (const core::ExprPtr &part : expr.args)
      parts.push_back(emit(*part));
    return CatOp::create(builder, loc, type, parts);
  }
  case core::Op::Ramp:
    return RampOp::create(builder, loc, type);
  case core::Op::Splat:
    return builder.createOrFold<vector::BroadcastOp>(loc, type,
                                                     emit(*expr.args[0]));
  case core::Op::Slice:
    if (isStored(*expr.args[0]))
      return arith::ExtFOp::create(builder, loc, type, emitStored(expr));
    return slice(loc, emit(*expr.args[0]), expr);
  default:
    break;
  }
  // A component of what lies in memory: extend the one, not the row.
  const Expr &whole = *expr.args[0];
  Value row = emitStored(whole);
  SmallVector<Value> position;
  for (const core::ExprPtr &arg : llvm::drop_begin(expr.args))
    position.push_back(emit(*arg));
  Type element = getElementTypeOrSelf(row.getType());
  Value value = ComponentOp::create(builder, loc, element, row, position);
  return element == type ? value
                         : arith::ExtFOp::create(builder, loc, type, value);
}

} // namespace attn
