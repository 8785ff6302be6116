// The `wg` dialect: what a kernel of an NVIDIA GPU does.
#pragma once
#include "dialect/AttnOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "codegen/nvidia/WgDialect.h.inc"
#include "codegen/nvidia/WgEnums.h.inc"
#define GET_TYPEDEF_CLASSES
#include "codegen/nvidia/WgTypes.h.inc"
#define GET_OP_CLASSES
#include "codegen/nvidia/WgOps.h.inc"
