// The families of instructions. Each has one file, with what its instructions
// do and how they are decoded.
#pragma once
#include "runtime/emulator/Lowering.h"

namespace attn::emu {

bool lowerInteger(Lowering &, Opcode &, const Statement &, Instr &);    // add mul div min ... of integers
bool lowerBits(Lowering &, Opcode &, const Statement &, Instr &);       // and shl bfe prmt popc ...
bool lowerFloat(Lowering &, Opcode &, const Statement &, Instr &);      // add fma max ... of reals
bool lowerFunction(Lowering &, Opcode &, const Statement &, Instr &);   // rcp ex2 tanh ...
bool lowerArithmetic(Lowering &, Opcode &, const Statement &, Instr &); // one of the three by type
bool lowerCompare(Lowering &, Opcode &, const Statement &, Instr &);    // setp set selp slct testp
bool lowerConvert(Lowering &, Opcode &, const Statement &, Instr &);    // cvt
bool lowerMove(Lowering &, Opcode &, const Statement &, Instr &);       // mov cvta isspacep
bool lowerMemory(Lowering &, Opcode &, const Statement &, Instr &);     // ld st prefetch
bool lowerAtomic(Lowering &, Opcode &, const Statement &, Instr &);     // atom red
bool lowerWarp(Lowering &, Opcode &, const Statement &, Instr &);       // shfl vote match redux elect
bool lowerBarrier(Lowering &, Opcode &, const Statement &, Instr &);    // bar barrier membar fence
bool lowerMbarrier(Lowering &, Opcode &, const Statement &, Instr &);   // mbarrier
bool lowerCopy(Lowering &, Opcode &, const Statement &, Instr &);       // cp, cp.async
bool lowerBulk(Lowering &, Opcode &, const Statement &, Instr &);       // cp.async.bulk, cp.reduce
bool lowerMatrix(Lowering &, Opcode &, const Statement &, Instr &);     // ldmatrix stmatrix mma movmatrix
bool lowerWgmma(Lowering &, Opcode &, const Statement &, Instr &);      // wgmma
bool lowerControl(Lowering &, Opcode &, const Statement &, Instr &);    // exit trap setmaxnreg nanosleep ...

Handler branchHandler();
Handler indexedBranchHandler();
Handler exitHandler();

} // namespace attn::emu
