#include "codegen/nvidia/Ptx.h"
#include "codegen/nvidia/PtxDivision.h"
#include "codegen/nvidia/PtxLoops.h"
#include "codegen/nvidia/PtxOrder.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

using namespace attn;

extern "C" {
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

static std::unique_ptr<llvm::TargetMachine> machineFor(const nvidia::Target &target, std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *nvptx = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!nvptx)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(nvptx->createTargetMachine(triple, target.name, target.features, llvm::TargetOptions(), std::nullopt,
                                                                         std::nullopt, llvm::CodeGenOptLevel::Default));
}

// Kernels for tensor cores are straight-line code in the order that is wanted,
// and loops of other kernels gain nothing from copies of their bodies. What is
// the same in all turns of a loop is moved out of it by the assembler alone: it
// knows how many registers there are.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = tuning.LoopUnrolling = tuning.LoopInterleaving = false;
  llvm::PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback([](llvm::StringRef pass, llvm::Any) { return pass != "LICMPass"; });
  llvm::PassBuilder builder(&machine, tuning, std::nullopt, &callbacks);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

std::string nvidia::ptxOf(mlir::ModuleOp module, const Target &target, std::string &error) {
  std::unique_ptr<llvm::TargetMachine> machine = machineFor(target, error);
  if (!machine)
    return "";
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  mlir::registerNVVMDialectTranslation(*module.getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = mlir::translateModuleToLLVMIR(module, context, "attn");
  if (!code) {
    error = "internal error: the lowered program has no LLVM form";
    return "";
  }
  code->setTargetTriple(machine->getTargetTriple());
  code->setDataLayout(machine->createDataLayout());
  optimize(*code, *machine);
  expandDivisions(*code);
  keepRolled(*code);
  shortenLives(*code);
  for (llvm::Function &fn : *code)
    if (fn.isDeclaration() && !fn.isIntrinsic() && !fn.use_empty()) {
      error = "internal error: code for " + target.name + " would call '" + fn.getName().str() + "'";
      return "";
    }
  llvm::SmallVector<char, 0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile, /*DisableVerify=*/true)) {
    error = "code cannot be generated for " + target.name;
    return "";
  }
  passes.run(*code);
  return std::string(text.begin(), text.end());
}
