// Places of the IR as places of the source, and what the compiler says in the
// form that users know.
#pragma once
#include "frontend/Diagnostics.h"
#include "mlir/IR/Diagnostics.h"

namespace attnc {

/// The span that a location stands for: where the user wrote it, or with `inner`
/// the formula behind it (of the prelude or a def), if there is one.
std::optional<attn::Span> spanOf(mlir::Location location, const attn::SourceMap &sources, bool inner = false);

/// Collects errors and warnings of the compiler as long as it lives.
class Collector {
public:
  Collector(mlir::MLIRContext &context, const attn::SourceMap &sources, attn::Diagnostics &diagnostics);

private:
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace attnc
