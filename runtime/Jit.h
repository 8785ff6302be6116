// Machine code in memory from a module in the LLVM dialect.
#pragma once
#include "codegen/cpu/Emit.h"
#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
namespace orc {
class LLJIT;
}
} // namespace llvm

namespace attn {

/// A processor to generate code for. "native" is the one we run on; other
/// names are LLVM's (x86-64-v3, x86-64-v4, znver4, ...).
class Machine {
public:
  /// On an unknown name returns null and sets `error`.
  static std::unique_ptr<Machine> get(const std::string &cpu, std::string &error);
  ~Machine();

  /// Vector width and shapes of register tiles.
  cpu::Target shape() const;
  /// The LLVM name and the features that matter.
  std::string name() const;
  /// Whether code for it can run here.
  bool runsHere() const;
  llvm::TargetMachine &llvm() const { return *machine; }

private:
  std::unique_ptr<llvm::TargetMachine> machine;
};

/// Compiled code; symbols stay valid as long as it lives.
class Jit {
public:
  /// `module` holds the LLVM dialect only. On failure returns null and sets `error`.
  static std::unique_ptr<Jit> compile(mlir::ModuleOp module, const Machine &machine, std::string &error);
  ~Jit();
  /// Null if there is none.
  void *lookup(const std::string &symbol) const;

private:
  Jit();
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

/// The assembly text of a module in the LLVM dialect. Empty on failure.
std::string assemblyOf(mlir::ModuleOp module, const Machine &machine, std::string &error);

} // namespace attn
