#include "codegen/Sizes.h"
#include "codegen/cpu/Emit.h"
#include "dialect/AttnOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace attn;
using Step = Manifest::SizeStep;

namespace {
class Sizes {
public:
  Sizes(plan::ProgramOp program, const cpu::Frame &frame) : program(program), frame(frame) {}

  FailureOr<std::vector<Step>> run() {
    unsigned buffer = 0, kernel = 0;
    for (Operation &op : *program.getBody().begin()) {
      if (auto alloc = dyn_cast<plan::AllocOp>(op))
        workspace(frame.memory.find(alloc)->second, frame.manifest.buffers[buffer++]);
      else if (auto size = dyn_cast<plan::SizeOp>(op))
        once(size);
      else if (auto k = dyn_cast<plan::KernelOp>(op))
        items(k, frame.manifest.kernels[kernel++]);
    }
    if (bad) {
      bad->emitError("lengths that take this arithmetic are not supported on GPUs");
      return failure();
    }
    return steps;
  }

private:
  void once(plan::SizeOp size) {
    value(size.getValue());
    put(Step::Store, frame.scalars.find(size)->second);
  }

  void put(Step::Op op, int64_t value = 0) { steps.push_back({op, value}); }
  void push(int64_t value) { put(Step::Push, value); }
  void atLeastZero() {
    push(0);
    put(Step::Max);
  }

  // Strides from the last dimension on; each is the one behind it times its length.
  void workspace(const cpu::Memory &m, const Manifest::Buffer &b) {
    int last = int(m.labels + m.shape.size()) - 1;
    auto size = [&](int dim) {
      if (unsigned(dim) >= m.labels)
        return push(m.shape[dim - m.labels]);
      value(m.sizes[dim]);
      atLeastZero();
    };
    for (int dim = last; dim >= 0; --dim) {
      if (dim == last) {
        push(1);
      } else {
        put(Step::Slot, m.strideSlot(dim + 1));
        size(dim + 1);
        put(Step::Mul);
      }
      put(Step::Store, m.strideSlot(dim));
    }
    push(cpu::Emit::bytes(m.element));
    if (last >= 0) {
      put(Step::Slot, m.strideSlot(0));
      put(Step::Mul);
      size(0);
      put(Step::Mul);
    }
    put(Step::Store, b.bytesSlot);
  }

  void items(plan::KernelOp k, const Manifest::Kernel &kernel) {
    push(1);
    for (Value bound : k.getGrid()) {
      value(bound);
      atLeastZero();
      put(Step::Mul);
    }
    put(Step::Store, kernel.itemsSlot);
  }

  void value(Value v) {
    if (auto slot = frame.scalars.find(v); slot != frame.scalars.end())
      return put(Step::Slot, slot->second);
    Operation *op = v.getDefiningOp();
    auto binary = [&](Step::Op step) {
      value(op->getOperand(0));
      value(op->getOperand(1));
      put(step);
    };
    llvm::TypeSwitch<Operation *>(op)
        .Case<arith::ConstantOp>([&](arith::ConstantOp c) {
          if (auto whole = dyn_cast<IntegerAttr>(c.getValue()))
            push(whole.getType().isInteger(1) ? whole.getValue().getZExtValue() : whole.getValue().getSExtValue());
          else
            bad = op;
        })
        .Case<affine::AffineApplyOp, affine::AffineMinOp>([&](auto a) { map(a.getAffineMap(), a.getOperands(), Step::Min); })
        .Case<affine::AffineMaxOp>([&](auto a) { map(a.getAffineMap(), a.getOperands(), Step::Max); })
        .Case<arith::AddIOp>([&](auto) { binary(Step::Add); })
        .Case<arith::SubIOp>([&](auto) { binary(Step::Sub); })
        .Case<arith::MulIOp>([&](auto) { binary(Step::Mul); })
        .Case<arith::MinSIOp>([&](auto) { binary(Step::Min); })
        .Case<arith::MaxSIOp>([&](auto) { binary(Step::Max); })
        .Case<arith::AndIOp>([&](auto) { binary(Step::And); })
        .Case<arith::OrIOp>([&](auto) { binary(Step::Or); })
        .Case<arith::FloorDivSIOp, FloorDivOp>([&](auto) { binary(Step::FloorDiv); })
        .Case<arith::CeilDivSIOp>([&](auto) { binary(Step::CeilDiv); })
        .Case<ModOp>([&](auto) { binary(Step::Mod); })
        .Case<arith::IndexCastOp>([&](auto) { value(op->getOperand(0)); })
        .Case<arith::SelectOp>([&](auto) {
          for (Value operand : op->getOperands())
            value(operand);
          put(Step::Select);
        })
        .Case<arith::CmpIOp>([&](arith::CmpIOp c) { compare(c); })
        .Default([&](Operation *) { bad = op ? op : program.getOperation(); });
  }

  void compare(arith::CmpIOp c) {
    using P = arith::CmpIPredicate;
    P p = c.getPredicate();
    bool swap = p == P::sgt || p == P::sge;
    value(swap ? c.getRhs() : c.getLhs());
    value(swap ? c.getLhs() : c.getRhs());
    switch (p) {
    case P::eq: return put(Step::Equal);
    case P::ne: return put(Step::NotEqual);
    case P::slt: case P::sgt: return put(Step::Less);
    case P::sle: case P::sge: return put(Step::LessEqual);
    default: bad = c;
    }
  }

  void map(AffineMap map, ValueRange operands, Step::Op join) {
    for (auto [n, expr] : llvm::enumerate(map.getResults())) {
      affine(expr, operands, map.getNumDims());
      if (n)
        put(join);
    }
  }

  void affine(AffineExpr expr, ValueRange operands, unsigned dims) {
    if (auto c = dyn_cast<AffineConstantExpr>(expr))
      return push(c.getValue());
    if (auto d = dyn_cast<AffineDimExpr>(expr))
      return value(operands[d.getPosition()]);
    if (auto s = dyn_cast<AffineSymbolExpr>(expr))
      return value(operands[dims + s.getPosition()]);
    auto binary = cast<AffineBinaryOpExpr>(expr);
    affine(binary.getLHS(), operands, dims);
    affine(binary.getRHS(), operands, dims);
    switch (binary.getKind()) {
    case AffineExprKind::Add: return put(Step::Add);
    case AffineExprKind::Mul: return put(Step::Mul);
    case AffineExprKind::FloorDiv: return put(Step::FloorDiv);
    case AffineExprKind::CeilDiv: return put(Step::CeilDiv);
    default: return put(Step::Mod);
    }
  }

  plan::ProgramOp program;
  const cpu::Frame &frame;
  std::vector<Step> steps;
  Operation *bad = nullptr;
};
} // namespace

FailureOr<std::vector<Step>> attn::sizesOf(plan::ProgramOp program, const cpu::Frame &frame) { return Sizes(program, frame).run(); }
