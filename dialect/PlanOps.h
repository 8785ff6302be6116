// The `plan` dialect: how a pattern is computed.
#pragma once
#include "dialect/AttnOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"

#include "dialect/PlanDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/PlanTypes.h.inc"
#define GET_OP_CLASSES
#include "dialect/PlanOps.h.inc"
