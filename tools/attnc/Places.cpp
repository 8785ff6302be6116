#include "tools/attnc/Places.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

using namespace attn;
using namespace attnc;

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

std::optional<Span> attnc::spanOf(mlir::Location location, const SourceMap &sources, bool inner) {
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

Collector::Collector(mlir::MLIRContext &context, const SourceMap &sources, Diagnostics &diagnostics)
    : handler(&context, [&sources, &diagnostics](mlir::Diagnostic &said) {
        Span where = spanOf(said.getLocation(), sources).value_or(Span());
        bool isError = said.getSeverity() == mlir::DiagnosticSeverity::Error;
        if (!isError && said.getSeverity() != mlir::DiagnosticSeverity::Warning)
          return mlir::success();
        Diagnostic &message = isError ? diagnostics.error(where, said.str()) : diagnostics.warning(where, said.str());
        for (mlir::Diagnostic &note : said.getNotes())
          message.note(note.str(), spanOf(note.getLocation(), sources));
        return mlir::success();
      }) {}
