#include "passes/MaskPrint.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace attn;
using namespace attn::mask;
using namespace mlir;

namespace {
/// A sum of multiples of atoms; symbols come in the order of their table.
struct Sum {
  std::map<std::pair<unsigned, std::string>, int64_t> terms;
  int64_t constant = 0;
};
} // namespace

static void collect(AffineExpr e, int64_t factor, ArrayRef<MaskSymbol> symbols,
                    Sum &sum) {
  if (auto constant = dyn_cast<AffineConstantExpr>(e)) {
    sum.constant += factor * constant.getValue();
    return;
  }
  if (auto symbol = dyn_cast<AffineSymbolExpr>(e)) {
    unsigned p = symbol.getPosition();
    sum.terms[{p, symbols[p].name}] += factor;
    return;
  }
  auto binary = cast<AffineBinaryOpExpr>(e);
  AffineExpr a = binary.getLHS(), b = binary.getRHS();
  if (e.getKind() == AffineExprKind::Add) {
    collect(a, factor, symbols, sum);
    return collect(b, factor, symbols, sum);
  }
  if (e.getKind() == AffineExprKind::Mul)
    if (auto constant = dyn_cast<AffineConstantExpr>(b))
      return collect(a, factor * constant.getValue(), symbols, sum);
  std::string x = text(a, symbols), y = text(b, symbols);
  std::string atom;
  if (e.getKind() == AffineExprKind::Mul) {
    auto wrap = [](const std::string &s) {
      return s.find(' ') == std::string::npos ? s : "(" + s + ")";
    };
    atom = wrap(x) + "*" + wrap(y);
  } else {
    atom = (e.getKind() == AffineExprKind::FloorDiv  ? "floordiv("
            : e.getKind() == AffineExprKind::CeilDiv ? "ceildiv("
                                                     : "mod(") +
           x + ", " + y + ")";
  }
  sum.terms[{symbols.size(), atom}] += factor;
}

std::string attn::mask::text(AffineExpr e, ArrayRef<MaskSymbol> symbols) {
  Sum sum;
  collect(e, 1, symbols, sum);
  std::string s;
  auto add = [&](int64_t c, const std::string &name) {
    if (!c)
      return;
    s += s.empty() ? (c < 0 ? "-" : "") : (c < 0 ? " - " : " + ");
    uint64_t size = c < 0 ? -uint64_t(c) : uint64_t(c);
    s += name.empty() ? std::to_string(size)
         : size == 1  ? name
                      : std::to_string(size) + "*" + name;
  };
  for (bool positive : {true, false})
    for (auto &[key, c] : sum.terms)
      if ((c > 0) == positive)
        add(c, key.second);
  add(sum.constant, "");
  return s.empty() ? "0" : s;
}

static std::string list(ArrayRef<AffineExpr> terms, const char *join,
                        const char *none, ArrayRef<MaskSymbol> symbols) {
  SmallVector<std::string> parts;
  for (AffineExpr e : terms) {
    std::string part = text(e, symbols);
    if (!llvm::is_contained(parts, part))
      parts.push_back(part);
  }
  if (parts.empty())
    return none;
  if (parts.size() == 1)
    return parts[0];
  return join + ("(" + llvm::join(parts, ", ") + ")");
}

std::string attn::mask::text(const KeyInterval &x,
                             ArrayRef<MaskSymbol> symbols) {
  std::string s;
  auto range = [&](ArrayRef<AffineExpr> lo, ArrayRef<AffineExpr> hi) {
    return "[" + list(lo, "max", "-inf", symbols) + ", " +
           list(hi, "min", "inf", symbols) + "]";
  };
  if (x.family) {
    const KeyFamily &f = *x.family;
    std::string step = text(f.stride, symbols);
    if (step.find(' ') != std::string::npos)
      step = "(" + step + ")";
    auto member = [&](AffineExpr e) {
      std::string offset = text(e, symbols),
                  p = step == "1" ? "p" : step + "*p";
      if (offset == "0")
        return p;
      return p + (offset[0] == '-' ? " - " + offset.substr(1) : " + " + offset);
    };
    s = "[" + member(f.lo) + ", " + member(f.hi) + "] for p in " +
        range(f.from, f.to);
    if (!x.lo.empty() || !x.hi.empty())
      s += " within " + range(x.lo, x.hi);
  } else {
    s = range(x.lo, x.hi);
  }
  for (auto [k, guard] : llvm::enumerate(x.guards))
    s += (k ? " and " : " if ") + text(guard, symbols) + " >= 0";
  if (!x.exact)
    s += " (hull)";
  return s;
}

void MaskAnalysis::print(llvm::raw_ostream &os) const {
  for (const KeyInterval &x : live())
    os << "  live " << text(x, symbols()) << '\n';
  for (const KeyInterval &x : holes())
    os << "  hole " << text(x, symbols()) << '\n';
  if (!exact())
    os << "  not exact\n";
}
