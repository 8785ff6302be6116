#include "codegen/nvidia/Simt.h"
#include "codegen/cpu/Kernel.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace attn;
using namespace attn::cpu;

static constexpr int64_t blockThreads = 128, blocksPerSm = 4;
/// Local memory is set aside for all threads that a device could have.
static constexpr int64_t mostLocalBytes = 16 << 10;

// entry(frame, scratch, stats): items go round the threads of the grid.
static void emitEntry(ModuleOp module, const Frame &frame, Manifest::Kernel &kernel, int64_t bytes, func::FuncOp body) {
  MLIRContext *context = module.getContext();
  Builder b(context);
  Type p = LLVM::LLVMPointerType::get(context);
  func::FuncOp fn = makeFunction(module, kernel.launch.entry, {p, p, p}, {}, true);
  fn->setAttr(nvidia::simtThreadsAttr, b.getI32IntegerAttr(blockThreads));
  fn.setArgAttr(0, LLVM::LLVMDialect::getByValAttrName(), TypeAttr::get(LLVM::LLVMArrayType::get(b.getI64Type(), frame.manifest.slots)));
  OpBuilder builder(context);
  builder.setInsertionPointToStart(&fn.getBody().front());
  Emit e(module.getLoc(), builder, 1);
  auto wide = [&](Value x) { return arith::ExtUIOp::create(e, e.i64(), x).getResult(); };
  Value thread = wide(NVVM::ThreadIdXOp::create(e, e.getI32Type())), block = wide(NVVM::BlockIdXOp::create(e, e.getI32Type()));
  Value blocks = wide(NVVM::GridDimXOp::create(e, e.getI32Type())), side = e.integer(blockThreads);
  Value first = e.add(e.mul(block, side), thread), step = e.mul(blocks, side);
  Value items = e.loadSlot(fn.getArgument(0), kernel.itemsSlot, e.i64());
  Value own = kernel.launch.scratchBytes
                  ? e.at(fn.getArgument(1), e.mul(first, e.integer(bytes)))
                  : LLVM::AllocaOp::create(e, e.ptr(), LLVM::LLVMArrayType::get(e.getI8Type(), bytes), e.integer(1), 64).getResult();
  auto loop = scf::ForOp::create(e, first, items, step);
  e.setInsertionPointToStart(loop.getBody());
  func::CallOp::create(e, body, ValueRange{fn.getArgument(0), loop.getInductionVar(), own, fn.getArgument(2)});
  e.setInsertionPointAfter(loop);
  func::ReturnOp::create(e);
}

LogicalResult nvidia::lowerToSimt(ModuleOp module, Frame &frame, plan::KernelOp kernel, Manifest::Kernel &manifest) {
  cpu::Target target;
  target.lanes = target.vectors = target.share = 1;
  target.scalef = false;
  target.narrow = target.atomics = true;
  KernelLowering lowering(module, frame, target, kernel, manifest);
  if (failed(lowering.run()))
    return failure();
  Manifest::Launch &launch = manifest.launch;
  launch.entry = manifest.symbol;
  std::replace(launch.entry.begin(), launch.entry.end(), '.', '_');
  launch.threads = launch.itemsPerBlock = blockThreads;
  launch.blocksPerSm = blocksPerSm;
  int64_t bytes = std::max<int64_t>(std::exchange(manifest.scratchBytes, 0), 64);
  launch.scratchBytes = bytes > mostLocalBytes ? blockThreads * bytes : 0;
  launch.path = "simt";
  emitEntry(module, frame, manifest, bytes, module.lookupSymbol<func::FuncOp>(manifest.symbol));
  return success();
}
