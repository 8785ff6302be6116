#include "bench/cpu/peak.h"
#include "codegen/Pipelines.h"
#include "codegen/cpu/Micro.h"
#include "runtime/Threads.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/PassManager.h"
#include <chrono>

using namespace attn;
using namespace mlir;

// `void peak(float *sink, i64 rounds)`: 12 independent sums.
static std::unique_ptr<Jit> compileLoop(const Machine &machine) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  cpu::Target target = machine.shape();
  Type p = LLVM::LLVMPointerType::get(&context);
  func::FuncOp fn = cpu::makeFunction(*module, "peak", {p, builder.getI64Type()}, {}, true);
  builder.setInsertionPointToStart(&fn.getBody().front());
  cpu::Emit e(builder.getUnknownLoc(), builder, target.lanes);
  Type type = e.vec(e.getF32Type());
  Value a = e.load(type, fn.getArgument(0), 4), b = e.load(type, e.at(fn.getArgument(0), 64), 4);
  SmallVector<Value> sums; // equal ones would be one
  for (int k = 0; k < 12; ++k)
    sums.push_back(e.add(a, e.real(k)));
  sums = e.loop(e.integer(0), fn.getArgument(1), 1, sums, [&](Value, ValueRange carried) {
    SmallVector<Value> next;
    for (Value sum : carried)
      next.push_back(vector::FMAOp::create(e, a, b, sum));
    return next;
  });
  Value total = sums[0];
  for (Value sum : ArrayRef(sums).drop_front())
    total = e.add(total, sum);
  e.store(total, fn.getArgument(0), 4);
  func::ReturnOp::create(e);
  PassManager passes(&context, ModuleOp::getOperationName(), PassManager::Nesting::Implicit);
  buildCpuToLlvm(passes, target);
  std::string error;
  return failed(passes.run(*module)) ? nullptr : Jit::compile(*module, machine, error);
}

double attn::bench::measurePeak(const Machine &machine, int threads) {
  std::unique_ptr<Jit> jit = compileLoop(machine);
  auto loop = jit ? reinterpret_cast<void (*)(float *, int64_t)>(jit->lookup("peak")) : nullptr;
  if (!loop)
    return 0;
  const int64_t rounds = 2000000;
  double best = 0;
  for (int attempt = 0; attempt < 12; ++attempt) {
    auto start = std::chrono::steady_clock::now();
    parallelFor(threads, threads, [&](int64_t) {
      alignas(64) float sink[64] = {};
      loop(sink, rounds);
    });
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, 2.0 * 12 * machine.shape().lanes * double(rounds) * threads / seconds);
  }
  return best;
}
