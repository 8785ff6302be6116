#include "runtime/Jit.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include <mutex>

using namespace attn;

static void initialize() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
}

static bool has(const llvm::TargetMachine &machine, const char *feature) {
  return machine.getTargetTriple().isX86() && machine.getMCSubtargetInfo()->checkFeatures(feature);
}

std::unique_ptr<Machine> Machine::get(const std::string &cpu, std::string &error) {
  initialize();
  bool native = cpu == "native";
  std::string name = native ? llvm::sys::getHostCPUName().str() : cpu;
  llvm::Triple triple(llvm::sys::getProcessTriple());
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  llvm::SubtargetFeatures features;
  if (native)
    for (const auto &[feature, on] : llvm::sys::getHostCPUFeatures())
      features.AddFeature(feature, on);
  std::unique_ptr<llvm::MCSubtargetInfo> info(target->createMCSubtargetInfo(triple, "", ""));
  if (!info->isCPUStringValid(name)) {
    error = "there is no processor '" + cpu + "'; say native, x86-64-v3 or x86-64-v4";
    return nullptr;
  }
  auto machine = std::make_unique<Machine>();
  machine->machine.reset(target->createTargetMachine(triple, name, features.getString(), llvm::TargetOptions(), llvm::Reloc::PIC_, llvm::CodeModel::Small,
                                                     llvm::CodeGenOptLevel::Default, /*JIT=*/true));
  if (!machine->machine)
    error = "code cannot be generated for '" + cpu + "'";
  if (machine->machine && triple.isX86() && !has(*machine->machine, "+avx2,+fma,+f16c")) {
    error = "'" + cpu + "' lacks instructions that compiled code needs; the least is x86-64-v3";
    return nullptr;
  }
  return machine->machine ? std::move(machine) : nullptr;
}

Machine::~Machine() = default;

cpu::Target Machine::shape() const {
  cpu::Target target;
  target.bf16 = has(*machine, "+avx512bf16,+avx512vl");
  if (has(*machine, "+avx512f,+avx512dq,+avx512bw,+avx512vl"))
    return target;
  target.scalef = false;
  // 16 registers: 4 x 2 of them accumulate.
  target.lanes = has(*machine, "+avx2,+fma") ? 8 : 4;
  target.vectors = 2;
  return target;
}

std::string Machine::name() const { return machine->getTargetCPU().str(); }

bool Machine::runsHere() const {
  std::unique_ptr<llvm::MCSubtargetInfo> here(machine->getTarget().createMCSubtargetInfo(machine->getTargetTriple(), llvm::sys::getHostCPUName(), [] {
    llvm::SubtargetFeatures features;
    for (const auto &[feature, on] : llvm::sys::getHostCPUFeatures())
      features.AddFeature(feature, on);
    return features.getString();
  }()));
  for (const char *feature : {"+avx512f", "+avx512bw", "+avx512dq", "+avx512vl", "+avx2", "+fma", "+avx512bf16"})
    if (has(*machine, feature) && !here->checkFeatures(feature))
      return false;
  return true;
}

// Straight-line vector code: no vectorizers, no inlining, one round of cleaning.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = false;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  llvm::ModulePassManager passes;
  const char *pipeline = "function<eager-inv>(early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,loop-mssa(loop-rotate,licm),"
                         "early-cse<memssa>,instcombine<no-verify-fixpoint>,loop(indvars),adce,simplifycfg)";
  if (auto failure = builder.parsePassPipeline(passes, pipeline))
    llvm::report_fatal_error(std::move(failure));
  passes.run(module, modules);
}

static std::unique_ptr<llvm::Module> translate(mlir::ModuleOp module, const Machine &machine, llvm::LLVMContext &context, std::string &error) {
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  std::unique_ptr<llvm::Module> result = mlir::translateModuleToLLVMIR(module, context, "attn");
  if (!result) {
    error = "internal error: the lowered program has no LLVM form";
    return nullptr;
  }
  result->setTargetTriple(machine.llvm().getTargetTriple());
  result->setDataLayout(machine.llvm().createDataLayout());
  optimize(*result, machine.llvm());
  return result;
}

static bool emit(llvm::Module &module, const Machine &machine, llvm::SmallVectorImpl<char> &out, llvm::CodeGenFileType type) {
  llvm::raw_svector_ostream stream(out);
  llvm::legacy::PassManager passes;
  if (machine.llvm().addPassesToEmitFile(passes, stream, nullptr, type, /*DisableVerify=*/true))
    return false;
  passes.run(module);
  return true;
}

Jit::Jit() = default;
Jit::~Jit() = default;

std::unique_ptr<Jit> Jit::compile(mlir::ModuleOp module, const Machine &machine, std::string &error) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translate(module, machine, context, error);
  if (!code)
    return nullptr;
  llvm::SmallVector<char, 0> object;
  if (!emit(*code, machine, object, llvm::CodeGenFileType::ObjectFile)) {
    error = "code cannot be generated for this processor";
    return nullptr;
  }
  auto result = std::unique_ptr<Jit>(new Jit());
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit) {
    error = llvm::toString(jit.takeError());
    return nullptr;
  }
  result->jit = std::move(*jit);
  if (auto failure = result->jit->addObjectFile(std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(object), false))) {
    error = llvm::toString(std::move(failure));
    return nullptr;
  }
  return result;
}

void *Jit::lookup(const std::string &symbol) const {
  auto address = jit->lookup(symbol);
  if (!address) {
    llvm::consumeError(address.takeError());
    return nullptr;
  }
  return address->toPtr<void *>();
}

std::string attn::assemblyOf(mlir::ModuleOp module, const Machine &machine, std::string &error) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translate(module, machine, context, error);
  llvm::SmallVector<char, 0> text;
  if (!code || !emit(*code, machine, text, llvm::CodeGenFileType::AssemblyFile))
    return "";
  return std::string(text.begin(), text.end());
}
