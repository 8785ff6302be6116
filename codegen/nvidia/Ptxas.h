// NVIDIA's assembler, run as a program.
#pragma once
#include "codegen/nvidia/Target.h"
#include <map>
#include <vector>

namespace attn::nvidia {

struct Cubin {
  std::vector<char> bytes;
  struct Use {
    int registers = 0;      ///< of a thread
    int spilled = 0;        ///< bytes stored and loaded because registers ran out
    int stack = 0, shared = 0; ///< bytes of a thread, of a block
  };
  std::map<std::string, Use> kernels; ///< by entry
  std::vector<std::string> warnings;  ///< as written, among them C75xx: serialised products
};

/// The assembler's path: `given` if not empty; else $ATTN_PTXAS, $CUDA_HOME/bin,
/// the search path, /usr/local/cuda/bin. Empty if there is none.
std::string findPtxas(const std::string &given = "");

/// Assembles `ptx`. Returns false and sets `error` if there is no assembler or
/// it refuses. Spills and C75xx warnings are not errors here (see `complaint`).
bool assemble(const std::string &ptx, const Target &target, const std::string &ptxas, Cubin &result, std::string &error);

/// What is wrong with the code of a kernel: registers are spilled, or products
/// on tensor cores wait for each other. Empty if nothing is.
std::string complaint(const Cubin &cubin, const std::string &entry);

} // namespace attn::nvidia
