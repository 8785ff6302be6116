#include "frontend/Import.h"
#include "frontend/ImportBody.h"
#include "frontend/ImportProgram.h"

using namespace mlir;

namespace attn {

OwningOpRef<ModuleOp> importProgram(const core::Program &program,
                                    const SourceMap &sources,
                                    MLIRContext &context) {
  context.loadDialect<AttnDialect>();
  return ProgramImporter(program, sources, context).run();
}

ProgramImporter::ProgramImporter(const core::Program &program,
                                 const SourceMap &sources, MLIRContext &context)
    : program(program), context(context), sources(sources), builder(&context),
      lets(program.lets.size()), branches(program.branches.size()) {}

OwningOpRef<ModuleOp> ProgramImporter::run() {
  Location loc = location(program.span);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  auto pattern = PatternOp::create(builder, loc, program.name);
  builder.setInsertionPointToEnd(&pattern.getBody().emplaceBlock());
  importArguments();
  for (const core::Output &output : program.outputs)
    importOutput(output);
  // Lengths are made for all axes; most patterns use a few.
  for (auto extent :
       llvm::make_early_inc_range(pattern.getBody().getOps<ExtentOp>()))
    if (extent->use_empty())
      extent.erase();
  if (failed)
    return nullptr;
  return module;
}

//===----------------------------------------------------------------------===//
// Places and messages
//===----------------------------------------------------------------------===//

void ProgramImporter::unsupported(Span where, const std::string &message,
                                  const std::string &note) {
  failed = true;
  // A formula that is used twice says it once.
  if (!reported.insert({where.begin, message}).second)
    return;
  InFlightDiagnostic diagnostic = emitError(location(where)) << message;
  if (!note.empty())
    diagnostic.attachNote() << note;
}

Location ProgramImporter::location(Span span) const {
  if (span.file >= sources.size())
    return UnknownLoc::get(&context);
  LineColumn begin = sources.at(span.file, span.begin);
  LineColumn end = sources.at(span.file, span.end);
  return FileLineColRange::get(
      StringAttr::get(&context, sources.name(span.file)), begin.line,
      begin.column, end.line, end.column);
}

Location ProgramImporter::location(const core::Expr &expr) const {
  if (expr.inner)
    return CallSiteLoc::get(location(*expr.inner), location(expr.span));
  return location(expr.span);
}

Location ProgramImporter::location(const std::string &name, Span span) const {
  return NameLoc::get(StringAttr::get(&context, name), location(span));
}

//===----------------------------------------------------------------------===//
// Types and names
//===----------------------------------------------------------------------===//

static Type shaped(Type element, const std::vector<int64_t> &shape) {
  return shape.empty() ? element : VectorType::get(shape, element);
}

Type ProgramImporter::typeOf(const core::Type &type) const {
  Builder b(&context);
  switch (type.base) {
  case core::Base::Bool:
    return shaped(b.getI1Type(), type.shape);
  case core::Base::Int:
    return shaped(b.getIndexType(), type.shape);
  case core::Base::Real:
    return shaped(b.getF32Type(), type.shape);
  }
  llvm_unreachable("all bases are handled");
}

Type ProgramImporter::storedType(core::DType dtype,
                                 const std::vector<int64_t> &shape) const {
  Builder b(&context);
  switch (dtype) {
  case core::DType::Bool:
    return shaped(b.getI1Type(), shape);
  case core::DType::F16:
    return shaped(b.getF16Type(), shape);
  case core::DType::BF16:
    return shaped(b.getBF16Type(), shape);
  case core::DType::F32:
    return shaped(b.getF32Type(), shape);
  case core::DType::F64:
    return shaped(b.getF64Type(), shape);
  default:
    return shaped(b.getIntegerType(8 * core::byteSize(dtype)), shape);
  }
}

StringRef ProgramImporter::binderName(int id) const {
  const core::Variable &variable = program.variables[id];
  return variable.axis == core::AxisN ? StringRef("r")
                                      : StringRef(variable.name);
}

ArrayAttr ProgramImporter::binderNames(ArrayRef<int> variables) const {
  SmallVector<StringRef> names;
  for (int id : variables)
    names.push_back(binderName(id));
  return Builder(&context).getStrArrayAttr(names);
}

SmallVector<StringAttr> ProgramImporter::labels(ArrayRef<int> variables) const {
  SmallVector<StringAttr> labels;
  for (int id : variables)
    labels.push_back(StringAttr::get(
        &context, program.axes[program.variables[id].axis].name));
  return labels;
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

void ProgramImporter::importArguments() {
  llvm::SmallDenseSet<int> known;
  for (const core::Tensor &tensor : program.tensors) {
    SmallVector<StringAttr> labels;
    for (int axis : tensor.axes) {
      labels.push_back(StringAttr::get(&context, program.axes[axis].name));
      known.insert(axis);
    }
    auto type = FieldType::get(&context, labels,
                               storedType(tensor.dtype, tensor.shape));
    auto input = InputOp::create(builder, location(tensor.name, tensor.span),
                                 type, tensor.name);
    if (tensor.dtype == core::DType::U8 || tensor.dtype == core::DType::U16 ||
        tensor.dtype == core::DType::U32)
      input->setAttr("unsigned", builder.getUnitAttr());
    tensors.push_back(input);
  }
  for (const core::Param &param : program.params)
    params.push_back(ParamOp::create(builder, location(param.name, param.span),
                                     typeOf(core::Type{param.type, {}}),
                                     param.name));
  for (size_t axis = 0; axis < program.axes.size(); ++axis)
    extents.push_back(known.contains(axis)
                          ? ExtentOp::create(builder,
                                             location(program.axes[axis].span),
                                             program.axes[axis].name)
                                .getResult()
                          : Value());
}

Value ProgramImporter::extent(int axis, Span use) {
  if (!extents[axis]) {
    unsupported(use,
                "nothing tells the length `" + program.axes[axis].name + "`",
                "no input that the pattern uses has this axis");
    extents[axis] = arith::ConstantIndexOp::create(builder, location(use), 1);
  }
  return extents[axis];
}

// The parameter of that name, a constant, or where the last row stands at the
// last key.
Value ProgramImporter::offset() {
  if (shift)
    return shift;
  for (auto [param, value] : llvm::zip(program.params, params))
    if (param.name == "offset")
      return shift = value;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(builder.getInsertionBlock(),
                            builder.getInsertionBlock()->begin());
  for (Operation &op : *builder.getInsertionBlock()) {
    if (!isa<InputOp, ParamOp, ExtentOp>(op))
      break;
    builder.setInsertionPointAfter(&op);
  }
  Location loc = location(program.span);
  for (const core::Constant &constant : program.constants)
    if (constant.name == "offset")
      return shift = arith::ConstantIndexOp::create(builder, loc,
                                                    int64_t(constant.value));
  return shift = arith::SubIOp::create(builder, loc,
                                       extent(core::AxisM, program.span),
                                       extent(core::AxisN, program.span));
}

SmallVector<Value> ProgramImporter::bounds(ArrayRef<int> variables, Span use) {
  SmallVector<Value> bounds;
  for (int id : variables)
    bounds.push_back(extent(program.variables[id].axis, use));
  return bounds;
}

//===----------------------------------------------------------------------===//
// Definitions
//===----------------------------------------------------------------------===//

void ProgramImporter::require(const core::Expr *expr) {
  if (!expr)
    return;
  if (expr->op == core::Op::Let)
    importLet(expr->id);
  if (expr->op == core::Op::Branch)
    importBranch(expr->id);
  for (const core::ExprPtr &arg : expr->args)
    require(arg.get());
  for (const core::Range &range : expr->ranges) {
    require(range.lo.get());
    require(range.hi.get());
  }
  require(expr->condition.get());
}

Value ProgramImporter::define(const std::string &name, ArrayRef<int> variables,
                              const core::Expr &body, Span span,
                              core::DType dtype) {
  require(&body);
  Type element = body.type.base == core::Base::Real
                     ? storedType(dtype, body.type.shape)
                     : typeOf(body.type);
  auto type = FieldType::get(&context, labels(variables), element);
  auto op = DefineOp::create(builder, location(name, span), type, name,
                             binderNames(variables), bounds(variables, span));
  BodyImporter importer(*this, &op.getBody().emplaceBlock());
  importer.bind(variables, location(span));
  importer.yield(location(body), importer.emit(body), element);
  return op;
}

void ProgramImporter::importLet(int id) {
  if (lets[id])
    return;
  const core::Let &let = program.lets[id];
  // A definition that refers to itself is a recurrence; the checker keeps
  // those out.
  if (llvm::is_contained(visiting, let.body.get())) {
    unsupported(let.span, "a value that refers to itself is not supported yet");
    lets[id] = InputOp::create(
        builder, location(let.span),
        FieldType::get(&context, labels(let.variables), typeOf(let.body->type)),
        let.name);
    return;
  }
  visiting.push_back(let.body.get());
  Value field = define(let.name, let.variables, *let.body, let.span, let.dtype);
  visiting.pop_back();
  lets[id] = field;
}

void ProgramImporter::importBranch(int id) {
  if (branches[id])
    return;
  const core::Branch &branch = program.branches[id];
  if (llvm::is_contained(visiting, branch.value.get())) {
    unsupported(branch.span,
                "a result that refers to itself is not supported yet");
    return;
  }
  visiting.push_back(branch.value.get());
  require(branch.mask.get());
  require(branch.score.get());
  for (const core::Stage &stage : branch.weights)
    require(stage.body.get());
  require(branch.value.get());
  visiting.pop_back();

  SmallVector<int> indices(branch.variables.begin(), branch.variables.end());
  indices.push_back(branch.key);
  core::Type result{core::Base::Real, branch.value->type.shape};
  auto type =
      AttentionType::get(&context, labels(branch.variables), typeOf(result));
  auto op = AttendOp::create(builder, location(branch.name, branch.span), type,
                             branch.name, binderNames(indices),
                             bounds(branch.variables, branch.span),
                             bounds(branch.key, branch.span));
  branches[id] = op;

  using Rule = BodyImporter::Rule;
  auto fill = [&](Region &region, Rule rule, const core::Expr &body) {
    BodyImporter importer(*this, &region.emplaceBlock(), rule, &branch);
    Location loc = location(body);
    importer.bind(indices, location(branch.span));
    if (rule == Rule::Weights)
      importer.bindScore(
          region.addArgument(builder.getF32Type(), location(*branch.score)));
    importer.yield(loc, rule == Rule::Value ? importer.emitStored(body)
                                            : importer.emit(body));
  };
  fill(op.getMask(), Rule::Mask, *branch.mask);
  fill(op.getScore(), Rule::Score, *branch.score);
  fill(op.getWeights(), Rule::Weights, *branch.weights.back().body);
  fill(op.getValue(), Rule::Value, *branch.value);
}

Value ProgramImporter::branch(int id, core::Field field) {
  Value &value = fields[{id, field}];
  if (!value && branches[id]) {
    Stat stat = field == core::Field::Out   ? Stat::Out
                : field == core::Field::Lse ? Stat::Lse
                                            : Stat::Max;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfterValue(branches[id]);
    value =
        ResultOp::create(builder, branches[id].getLoc(), stat, branches[id]);
  }
  return value;
}

Value ProgramImporter::wholeField(const core::Expr &body,
                                  ArrayRef<int> variables) {
  ArrayRef<int> own;
  if (body.op == core::Op::Branch)
    own = program.branches[body.id].variables;
  else if (body.op == core::Op::Let && !program.lets[body.id].isRounded())
    own = program.lets[body.id].variables;
  else
    return {};
  if (own.size() != variables.size() || body.args.size() != variables.size())
    return {};
  for (auto [arg, mine, theirs] : llvm::zip(body.args, variables, own))
    if (arg->op != core::Op::Var || arg->id != mine ||
        program.variables[mine].axis != program.variables[theirs].axis)
      return {};
  require(&body);
  return body.op == core::Op::Let ? let(body.id) : branch(body.id, body.field);
}

void ProgramImporter::importOutput(const core::Output &output) {
  bool storesNumbers =
      output.dtype >= core::DType::F16 && output.dtype <= core::DType::F64;
  if (output.body->type.base == core::Base::Real && !storesNumbers)
    return unsupported(output.span,
                       "`" + std::string(core::spelling(output.dtype)) +
                           "` cannot hold the numbers of this output",
                       "the main output has the element type of v");
  Value field = wholeField(*output.body, output.variables);
  if (!field)
    field = define(output.name, output.variables, *output.body, output.span);
  OutputOp::create(
      builder, location(output.name, output.span), output.name, field,
      TypeAttr::get(storedType(output.dtype, output.body->type.shape)));
}

} // namespace attn
