// Places of the IR as places of the source, and what the compiler says in the
// form that users know.
#pragma once
#include "frontend/Diagnostics.h"
#include "mlir/IR/Diagnostics.h"

namespace attn {

/// The span that a location stands for: where the user wrote it, or with `inner`
/// the formula behind it (of the prelude or a def), if there is one. The inverse
/// of what the importer attaches to operations; passes may have fused or named
/// such locations.
std::optional<Span> spanOf(mlir::Location location, const SourceMap &sources, bool inner = false);

/// Collects errors and warnings of the compiler as long as it lives: of a
/// context's passes and verifiers, in `diagnostics`. What happened inside of a
/// formula is shown at its use, with the formula in a note. The first error that
/// has no place in the source goes to `elsewhere`; if that is null, to the first
/// line of the source.
class Collector {
public:
  Collector(mlir::MLIRContext &context, const SourceMap &sources, Diagnostics &diagnostics,
            std::string *elsewhere = nullptr);

private:
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace attn
