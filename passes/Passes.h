// Passes on the attn and plan dialects.
#pragma once
#include "dialect/PlanOps.h"
#include "mlir/Pass/Pass.h"

namespace attn {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"
} // namespace attn
