// Kernels without tensor cores: every thread computes rows of its own.
//
// The code is that of codegen/cpu with one lane and one row to a tile, so
// whatever has a plan has a kernel. Row state lies in the thread's local memory,
// which the hardware interleaves; in global memory if there is much of it.
#pragma once
#include "codegen/cpu/Frame.h"

namespace attn::nvidia {

/// The sides of tiles that `lowerToSimt` expects: rows is 1.
constexpr int64_t simtRows = 1, simtCols = 32;

/// On a function: it is a kernel's entry, for blocks of so many threads.
constexpr const char *simtThreadsAttr = "threads";
/// Threads that share the registers of a multiprocessor at the least. Left
/// alone, the assembler spills to make room for more.
constexpr int64_t simtResidentThreads = 256;

/// Writes device functions and the kernel's entry to the end of `module`, in
/// func, scf, arith and LLVM. Fills `launch`, `rows` and `cols` of `manifest`.
mlir::LogicalResult lowerToSimt(mlir::ModuleOp module, cpu::Frame &frame, plan::KernelOp kernel, Manifest::Kernel &manifest);

} // namespace attn::nvidia
