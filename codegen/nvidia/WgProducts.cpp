// Products on the tensor cores of sm_90a. The fence, all steps and the commit
// are one statement, so that nothing can come between them; accumulators are
// tied, so that they stay where they are.
#include "codegen/nvidia/WgLowering.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace wg;
using namespace attn::nvidia;

/// `$from, $from + 1, ..`
static std::string names(int64_t from, int64_t count) {
  std::string text;
  for (int64_t n = 0; n < count; ++n)
    text += (n ? ", $" : "$") + std::to_string(from + n);
  return "{" + text + "}";
}

/// `count` times `what`, or the numbers 0, 1, .. of the outputs to tie to.
static void constrain(std::string &text, StringRef what, int64_t count) {
  for (int64_t n = 0; n < count; ++n)
    text += (text.empty() ? "" : ",") + (what.empty() ? std::to_string(n) : what.str());
}

/// How far, in units of 16 bytes, step k of 16 elements lies from the start.
static int64_t stepOffset(DescType desc, int64_t k) {
  if (desc.getAlong() == Along::Rows)
    return k * (16 * 128 / 16);
  return k % 4 * 2 + k / 4 * (desc.getRows() * 128 / 16);
}

static LogicalResult lower(WgLowering &l, GemmOp op) {
  int64_t n = op.getType().getCols(), count = op.getType().registers();
  DescType rhs = op.getRhs().getType();
  auto staged = dyn_cast<DescType>(op.getLhs().getType());
  int64_t depth = staged ? staged.getCols() : cast<PackedType>(op.getLhs().getType()).getCols();
  int64_t steps = llvm::divideCeil(depth, 16);

  std::string constraints;
  Registers operands;
  constrain(constraints, "=f", count);
  int64_t next = count;
  if (op.getAcc()) {
    constrain(constraints, "", count);
    llvm::append_range(operands, l.of(op.getAcc()));
    next += count;
  }
  int64_t left = next;
  llvm::append_range(operands, l.of(op.getLhs()));
  constrain(constraints, staged ? "l" : "r", l.of(op.getLhs()).size());
  int64_t right = left + l.of(op.getLhs()).size();
  operands.push_back(l.one(op.getRhs()));
  constrain(constraints, "l", 1);

  std::string type = rhs.getElement().isBF16() ? "bf16" : "f16";
  std::string opcode = llvm::formatv("wgmma.mma_async.sync.aligned.m64n{0}k16.f32.{1}.{1} ", n, type);
  std::string accumulators = names(0, count);
  std::string text = "{\n.reg .pred p0, p1;\n.reg .b64 da, db;\nsetp.ne.b32 p0, 0, 0;\nsetp.ne.b32 p1, 1, 0;\n"
                     "wgmma.fence.sync.aligned;\n";
  auto moved = [&](StringRef name, int64_t operand, int64_t offset) -> std::string {
    if (offset == 0)
      return "$" + std::to_string(operand);
    text += llvm::formatv("add.s64 {0}, ${1}, {2};\n", name, operand, offset);
    return name.str();
  };
  for (int64_t k = 0; k < steps; ++k) {
    std::string b = moved("db", right, stepOffset(rhs, k));
    std::string a = staged ? moved("da", left, stepOffset(staged, k)) : names(left + 4 * k, 4);
    text += opcode + accumulators + ", " + a + ", " + b + (k == 0 && !op.getAcc() ? ", p0, 1, 1" : ", p1, 1, 1");
    if (staged)
      text += ", 0";
    text += rhs.getAlong() == Along::Rows ? ", 1;\n" : ", 0;\n";
  }
  text += "wgmma.commit_group.sync.aligned;\n}";
  SmallVector<Type> types(count, l.tF32);
  l.set(op.getResult(), l.assembly(text, constraints, operands, types));
  return success();
}

static LogicalResult lower(WgLowering &l, AwaitOp op) {
  Registers operands;
  SmallVector<Type> types;
  std::string constraints;
  for (Value value : op.getValues()) {
    for (Value reg : l.of(value)) {
      operands.push_back(reg);
      types.push_back(reg.getType());
      constrain(constraints, reg.getType() == l.tF32 ? "=f" : "=r", 1);
    }
  }
  constrain(constraints, "", operands.size());
  std::string text = llvm::formatv("wgmma.wait_group.sync.aligned {0};", op.getPending());
  Registers results = l.assembly(text, constraints, operands, types);
  size_t next = 0;
  for (auto [value, result] : llvm::zip(op.getValues(), op.getResults())) {
    size_t count = l.of(value).size();
    l.set(result, ValueRange(results).slice(next, count));
    next += count;
  }
  return success();
}

static LogicalResult lower(WgLowering &l, PinOp op) {
  ValueRange rows = l.of(op.getRows());
  Value sum = LLVM::FAddOp::create(l, rows[0], rows[1]);
  l.when(LLVM::FCmpOp::create(l, LLVM::FCmpPredicate::olt, sum, l.f32(0)), [&] { l.assembly("pmevent 0;", "", {}, {}); });
  return success();
}

std::optional<LogicalResult> attn::nvidia::lowerProducts(WgLowering &l, Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<LogicalResult>>(op)
      .Case<GemmOp, AwaitOp, PinOp>([&](auto o) { return lower(l, o); })
      .Default([](Operation *) { return std::nullopt; });
}
