// Kernels of the `wg` dialect as functions in the LLVM and NVVM dialects:
// the entry point, control flow, and whatever is not `wg`.
#include "codegen/Passes.h"
#include "codegen/nvidia/WgLowering.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

namespace attn {
#define GEN_PASS_DEF_WGTOLLVM
#include "codegen/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn::nvidia;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

ValueRange WgLowering::of(Value source) {
  auto found = registers.find(source);
  assert(found != registers.end() && "used before it is lowered");
  return found->second;
}

Value WgLowering::one(Value source) {
  ValueRange values = of(source);
  assert(values.size() == 1 && "has one register");
  return values.front();
}

void WgLowering::set(Value source, ValueRange values) { registers[source] = Registers(values); }

void WgLowering::expand(Type type, SmallVectorImpl<Type> &types) {
  if (auto frag = dyn_cast<wg::FragType>(type))
    types.append(frag.registers(), frag.getElement());
  else if (auto packed = dyn_cast<wg::PackedType>(type))
    types.append(packed.getCols() / 4, tI32);
  else if (isa<wg::DescType>(type))
    types.push_back(tI64);
  else if (!isa<wg::RingType, wg::TileType>(type))
    types.push_back(type);
}

LogicalResult WgLowering::refuse(Operation *op, const Twine &why) { return op->emitOpError() << why; }

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

WgLowering::WgLowering(wg::KernelOp kernel) : ImplicitLocOpBuilder(kernel.getLoc(), kernel), kernel(kernel) {
  tI1 = getI1Type(), tI16 = getIntegerType(16), tI32 = getI32Type(), tI64 = getI64Type(), tF32 = getF32Type();
  tGlobal = LLVM::LLVMPointerType::get(getContext(), 1);
  tShared = LLVM::LLVMPointerType::get(getContext(), 3);
}

Value WgLowering::i32(int64_t x) { return LLVM::ConstantOp::create(*this, tI32, getI32IntegerAttr(x)); }
Value WgLowering::i64(int64_t x) { return LLVM::ConstantOp::create(*this, tI64, getI64IntegerAttr(x)); }
Value WgLowering::f32(double x) { return LLVM::ConstantOp::create(*this, tF32, getF32FloatAttr(x)); }
Value WgLowering::truth(bool x) { return LLVM::ConstantOp::create(*this, tI1, getBoolAttr(x)); }
Value WgLowering::add(Value a, Value b) { return LLVM::AddOp::create(*this, a, b); }
Value WgLowering::mul(Value a, Value b) { return LLVM::MulOp::create(*this, a, b); }
Value WgLowering::andi(Value a, int64_t mask) { return LLVM::AndOp::create(*this, a, i32(mask)); }
Value WgLowering::shr(Value a, int64_t n) { return LLVM::LShrOp::create(*this, a, i32(n)); }
Value WgLowering::equals(Value a, Value b) { return LLVM::ICmpOp::create(*this, LLVM::ICmpPredicate::eq, a, b); }
Value WgLowering::wide(Value a) { return a.getType() == tI64 ? a : LLVM::SExtOp::create(*this, tI64, a).getResult(); }
Value WgLowering::scaled(Value a, int64_t factor) {
  return factor == 1 ? a : mul(a, a.getType() == tI64 ? i64(factor) : i32(factor));
}

Value WgLowering::shuffle(Value x, NVVM::ShflKind kind, Value from) {
  return NVVM::ShflOp::create(*this, x.getType(), i32(-1), x, from, i32(31), kind, UnitAttr());
}

Registers WgLowering::assembly(StringRef text, StringRef constraints, ValueRange operands, ArrayRef<Type> results, bool effects) {
  Type type;
  if (results.size() == 1)
    type = results.front();
  else if (!results.empty())
    type = LLVM::LLVMStructType::getLiteral(getContext(), results);
  auto op = LLVM::InlineAsmOp::create(*this, type ? TypeRange(type) : TypeRange(), operands, text, constraints, effects, false,
                                      LLVM::tailcallkind::TailCallKind::None,
                                      LLVM::AsmDialectAttr::get(getContext(), LLVM::AsmDialect::AD_ATT), ArrayAttr());
  if (results.size() < 2)
    return Registers(op->getResults());
  Registers values;
  for (int64_t n = 0; n < int64_t(results.size()); ++n)
    values.push_back(LLVM::ExtractValueOp::create(*this, op.getResult(0), n));
  return values;
}

void WgLowering::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> each) {
  auto made = scf::ForOp::create(*this, from, to, i32(step));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(made.getBody()->getTerminator());
  each(made.getInductionVar());
}

void WgLowering::when(Value condition, llvm::function_ref<void()> then) {
  auto branch = scf::IfOp::create(*this, TypeRange(), condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(branch.thenBlock()->getTerminator());
  then();
}

Value WgLowering::shared(int64_t offset, Value more) {
  Value place = offset == 0 ? base : LLVM::GEPOp::create(*this, tShared, getI8Type(), base, LLVM::GEPArg(int32_t(offset))).getResult();
  return more ? LLVM::GEPOp::create(*this, tShared, getI8Type(), place, ValueRange(more)).getResult() : place;
}

Value WgLowering::sharedAddress(int64_t offset, Value more) { return LLVM::PtrToIntOp::create(*this, tI32, shared(offset, more)); }

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

LogicalResult WgLowering::block(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(lower(&op)))
      return failure();
  return success();
}

LogicalResult WgLowering::lower(Operation *op) {
  setLoc(op->getLoc());
  for (auto family : {lowerFragments, lowerProducts, lowerRings, lowerThreads, lowerMemory, lowerGuard, lowerAmpere})
    if (std::optional<LogicalResult> done = family(*this, op))
      return *done;
  if (isa<wg::WgDialect>(op->getDialect()))
    return refuse(op, "cannot be lowered here");
  if (isa<scf::ForOp, scf::IfOp, scf::WhileOp, scf::IndexSwitchOp>(op))
    return control(op);
  return other(op);
}

/// Lowers `from` to the end of `to`, whose arguments are the registers of its.
LogicalResult WgLowering::body(Block &from, Block &to, bool bindArguments) {
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToEnd(&to);
  unsigned next = 0;
  if (bindArguments)
    for (BlockArgument argument : from.getArguments()) {
      SmallVector<Type> types;
      expand(argument.getType(), types);
      set(argument, ValueRange(to.getArguments()).slice(next, types.size()));
      next += types.size();
    }
  if (failed(block(from)))
    return failure();
  Operation *last = from.getTerminator();
  setLoc(last->getLoc());
  SmallVector<Value> operands;
  for (Value operand : last->getOperands())
    llvm::append_range(operands, of(operand));
  if (isa<scf::ConditionOp>(last))
    scf::ConditionOp::create(*this, operands.front(), ArrayRef(operands).drop_front());
  else
    scf::YieldOp::create(*this, operands);
  return success();
}

/// Structured control flow over registers instead of fragments.
LogicalResult WgLowering::control(Operation *op) {
  SmallVector<Type> types;
  for (Type type : op->getResultTypes())
    expand(type, types);
  auto blockFor = [&](Region &from, Region &to) -> Block & {
    Block *block = new Block;
    to.push_back(block);
    for (BlockArgument argument : from.getArguments()) {
      SmallVector<Type> expanded;
      expand(argument.getType(), expanded);
      for (Type type : expanded)
        block->addArgument(type, argument.getLoc());
    }
    return *block;
  };
  OperationState state(op->getLoc(), op->getName());
  for (Value operand : op->getOperands())
    llvm::append_range(state.operands, of(operand));
  state.addTypes(types);
  state.addAttributes(op->getAttrs());
  for (Region &region : op->getRegions()) {
    Region *to = state.addRegion();
    if (!region.empty())
      blockFor(region, *to);
  }
  Operation *made = create(state);
  for (auto [from, to] : llvm::zip(op->getRegions(), made->getRegions()))
    if (!from.empty() && failed(body(from.front(), to.front())))
      return failure();
  unsigned next = 0;
  for (Value result : op->getResults()) {
    SmallVector<Type> expanded;
    expand(result.getType(), expanded);
    set(result, made->getResults().slice(next, expanded.size()));
    next += expanded.size();
  }
  return success();
}

/// A copy of what is not `wg`; of a choice between fragments, one per register.
LogicalResult WgLowering::other(Operation *op) {
  if (auto select = dyn_cast<arith::SelectOp>(op); select && isa<wg::FragType, wg::PackedType>(select.getType())) {
    Registers chosen;
    for (auto [x, y] : llvm::zip(of(select.getTrueValue()), of(select.getFalseValue())))
      chosen.push_back(arith::SelectOp::create(*this, one(select.getCondition()), x, y));
    set(select.getResult(), chosen);
    return success();
  }
  IRMapping mapping;
  auto uses = [&](Value operand) -> LogicalResult {
    auto found = registers.find(operand);
    if (found == registers.end())
      return success(); // of a region inside
    if (found->second.size() != 1 || found->second.front().getType() != operand.getType())
      return refuse(op, "does not take fragments");
    mapping.map(operand, found->second.front());
    return success();
  };
  WalkResult walked = op->walk([&](Operation *inner) {
    if (inner != op && isa<wg::WgDialect>(inner->getDialect()))
      return WalkResult(refuse(op, "cannot hold operations of wg"));
    for (Value operand : inner->getOperands())
      if (failed(uses(operand)))
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  if (walked.wasInterrupted())
    return failure();
  Operation *copy = clone(*op, mapping);
  for (auto [from, to] : llvm::zip(op->getResults(), copy->getResults()))
    set(from, to);
  return success();
}

//===----------------------------------------------------------------------===//
// The entry point
//===----------------------------------------------------------------------===//

/// Shared memory of the kernel: one array whose size is given at the launch.
static StringRef sharedSymbol = "attn_shared";

static void declareShared(Operation *table, Location loc) {
  if (SymbolTable::lookupSymbolIn(table, sharedSymbol))
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(&table->getRegion(0).front());
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), 0);
  LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/false, LLVM::Linkage::External, sharedSymbol, Attribute(),
                         /*alignment=*/1024, /*addrSpace=*/3);
}

void WgLowering::enter() {
  base = LLVM::AddressOfOp::create(*this, tShared, sharedSymbol);
  thread = NVVM::ThreadIdXOp::create(*this, tI32);
  lane = andi(thread, 31);
  // The same in all lanes, and the assembler sees it.
  warp = shuffle(shr(thread, 5), NVVM::ShflKind::idx, i32(0));
  group = shr(warp, 2);
  first = LLVM::ShlOp::create(*this, andi(lane, 3), i32(1));
  row = add(LLVM::ShlOp::create(*this, andi(warp, 3), i32(4)), shr(lane, 2));
}

LogicalResult WgLowering::run() {
  Operation *table = kernel->getParentOp();
  declareShared(table, kernel.getLoc());
  SmallVector<Type> types(kernel.entry().getArgumentTypes());
  auto fn = LLVM::LLVMFuncOp::create(*this, kernel.getSymName(),
                                     LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(getContext()), types));
  auto byValue = [&](unsigned n, int64_t bytes, int64_t align) {
    fn.setArgAttr(n, LLVM::LLVMDialect::getByValAttrName(), TypeAttr::get(LLVM::LLVMArrayType::get(getI8Type(), bytes)));
    fn.setArgAttr(n, NVVM::NVVMDialect::getGridConstantAttrName(), getUnitAttr());
    fn.setArgAttr(n, LLVM::LLVMDialect::getAlignAttrName(), getI64IntegerAttr(align));
  };
  byValue(0, kernel.getFrame(), 8);
  for (unsigned n = 3; n < types.size(); ++n)
    byValue(n, 128, 128);
  fn->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), getUnitAttr());
  fn->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(), getDenseI32ArrayAttr({int32_t(kernel.getThreads())}));
  fn->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), getI32IntegerAttr(1));
  // Denormals are 0: one instruction for 2^x instead of four.
  fn.setDenormalFpMathF32("preserve-sign");
  Block *entry = fn.addEntryBlock(*this);
  setInsertionPointToEnd(entry);
  enter();
  for (auto [from, to] : llvm::zip(kernel.entry().getArguments(), entry->getArguments()))
    set(from, to);
  if (failed(block(kernel.entry())))
    return failure();
  setLoc(kernel.getLoc());
  LLVM::ReturnOp::create(*this, ValueRange());
  kernel.erase();
  return success();
}

namespace {
struct WgToLlvm : attn::impl::WgToLlvmBase<WgToLlvm> {
  void getDependentDialects(DialectRegistry &registry) const override {
    WgToLlvmBase::getDependentDialects(registry);
    registry.insert<math::MathDialect>();
  }
  void runOnOperation() override {
    SmallVector<wg::KernelOp> kernels;
    getOperation()->walk([&](wg::KernelOp kernel) { kernels.push_back(kernel); });
    // Before regions are copied for every register.
    OpPassManager rest(wg::KernelOp::getOperationName());
    rest.addPass(attn::createExpandMath());
    for (wg::KernelOp kernel : kernels) {
      expandGpuMath(kernel);
      if (failed(runPipeline(rest, kernel)))
        return signalPassFailure();
      expandGpuMath(kernel);
      if (failed(WgLowering(kernel).run()))
        return signalPassFailure();
    }
  }
};
} // namespace
