#ifndef ATTN_CODEGEN_TD
#define ATTN_CODEGEN_TD

include "mlir/Pass/PassBase.td"

#endif // ATTN_CODEGEN_TD
