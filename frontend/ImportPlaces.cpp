#include "frontend/ImportPlaces.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"

using namespace attn;

/// The offset of a place counted from 1, columns in characters.
static uint32_t offsetOf(const SourceMap &sources, uint32_t file, unsigned line, unsigned column) {
  if (line == 0)
    return 0;
  std::string_view text = sources.line(file, line);
  const char *at = text.data();
  for (unsigned characters = 1; characters < column && at < text.data() + text.size(); ++characters)
    do
      ++at;
    while (at < text.data() + text.size() && (*at & 0xC0) == 0x80); // the rest of a character
  return uint32_t(at - sources.text(file).data());
}

/// The source range of a location without calls.
static std::optional<Span> rangeOf(mlir::FileLineColRange range, const SourceMap &sources) {
  for (uint32_t file = 0; file < sources.size(); ++file) {
    if (sources.name(file) != range.getFilename().getValue())
      continue;
    Span span{file, offsetOf(sources, file, range.getStartLine(), range.getStartColumn()), 0};
    span.end = offsetOf(sources, file, range.getEndLine(), range.getEndColumn());
    span.end = std::max(span.end, span.begin);
    return span;
  }
  return std::nullopt;
}

std::optional<Span> attn::spanOf(mlir::Location location, const SourceMap &sources, bool inner) {
  if (auto name = llvm::dyn_cast<mlir::NameLoc>(location))
    return spanOf(name.getChildLoc(), sources, inner);
  if (auto call = llvm::dyn_cast<mlir::CallSiteLoc>(location))
    return spanOf(inner ? call.getCallee() : call.getCaller(), sources, inner);
  if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(location)) {
    for (mlir::Location part : fused.getLocations())
      if (std::optional<Span> span = spanOf(part, sources, inner))
        return span;
    return std::nullopt;
  }
  if (auto range = llvm::dyn_cast<mlir::FileLineColRange>(location))
    return rangeOf(range, sources);
  return std::nullopt;
}

Collector::Collector(mlir::MLIRContext &context, const SourceMap &sources, Diagnostics &diagnostics,
                     std::string *elsewhere)
    : handler(&context, [&sources, &diagnostics, elsewhere](mlir::Diagnostic &said) {
        bool isError = said.getSeverity() == mlir::DiagnosticSeverity::Error;
        if (!isError && said.getSeverity() != mlir::DiagnosticSeverity::Warning)
          return;
        std::optional<Span> where = spanOf(said.getLocation(), sources);
        if (!where && elsewhere) {
          if (isError && elsewhere->empty())
            *elsewhere = said.str();
          return;
        }
        Span span = where.value_or(Span());
        Diagnostic &message = isError ? diagnostics.error(span, said.str()) : diagnostics.warning(span, said.str());
        std::optional<Span> inner = spanOf(said.getLocation(), sources, /*inner=*/true);
        if (where && inner && (inner->file != span.file || inner->begin != span.begin))
          message.note("in `" + std::string(sources.text(*inner)) + "`");
        for (mlir::Diagnostic &note : said.getNotes()) {
          bool hasPlace = note.getLocation() != said.getLocation();
          message.note(note.str(), hasPlace ? spanOf(note.getLocation(), sources) : std::nullopt);
        }
      }) {
  context.printOpOnDiagnostic(false); // nobody should read operations who has not written any
}
