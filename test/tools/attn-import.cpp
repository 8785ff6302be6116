// Reads one program and prints the level-1 IR of a pattern.
//   attn-import [--dtype=bf16] [--pattern=NAME] [--locations] FILE
#include "frontend/Import.h"
#include "dialect/AttnOps.h"
#include "frontend/Parser.h"
#include "frontend/Sema.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include <iostream>

using namespace attn;

int main(int argc, char **argv) {
  Instance instance;
  instance.dtype = core::DType::BF16;
  mlir::OpPrintingFlags flags;
  llvm::StringRef path;
  for (llvm::StringRef word : llvm::drop_begin(llvm::ArrayRef(argv, argc))) {
    if (word.consume_front("--dtype="))
      instance.dtype =
          core::parseDType(word.str()).value_or(core::DType::BF16);
    else if (word.consume_front("--pattern="))
      instance.pattern = word.str();
    else if (word == "--locations")
      flags.enableDebugInfo(true, /*prettyForm=*/false);
    else
      path = word;
  }
  auto text = llvm::MemoryBuffer::getFileOrSTDIN(path);
  if (!text) {
    std::cerr << "attn-import: cannot read " << path.str() << "\n";
    return 2;
  }
  SourceMap sources;
  uint32_t source = sources.add(path.substr(path.rfind('/') + 1).str(),
                                (*text)->getBuffer().str());
  Diagnostics diagnostics;
  ast::File file = parse(sources, source, diagnostics);
  std::optional<core::Program> program;
  if (!diagnostics.hasErrors())
    program = analyze(file, sources, instance, diagnostics);
  print(std::cout, sources, diagnostics);
  if (!program)
    return 1;
  mlir::MLIRContext context;
  llvm::SourceMgr manager;
  mlir::SourceMgrDiagnosticHandler handler(manager, &context, llvm::outs());
  auto module = importProgram(*program, sources, context);
  if (!module || failed(mlir::verify(*module)))
    return 1;
  module->print(llvm::outs(), flags);
  return 0;
}
