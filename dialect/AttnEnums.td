#ifndef ATTN_ENUMS_TD
#define ATTN_ENUMS_TD

include "mlir/IR/EnumAttr.td"

def Attn_Stat : I32EnumAttr<"Stat", "what an attend can give back", [
  I32EnumAttrCase<"Out", 0, "out">, I32EnumAttrCase<"Lse", 1, "lse">,
  I32EnumAttrCase<"Max", 2, "max">]> {
  let cppNamespace = "::attn";
}

def Attn_Fold : I32EnumAttr<"Fold", "a commutative reduction", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Mean", 1, "mean">,
  I32EnumAttrCase<"Max", 2, "max">, I32EnumAttrCase<"Min", 3, "min">,
  I32EnumAttrCase<"Any", 4, "any">, I32EnumAttrCase<"All", 5, "all">,
  I32EnumAttrCase<"Count", 6, "count">]> {
  let cppNamespace = "::attn";
}

#endif // ATTN_ENUMS_TD
