#ifndef ATTN_TYPES_TD
#define ATTN_TYPES_TD

include "mlir/IR/AttrTypeBase.td"
include "dialect/AttnDialect.td"

class Attn_Type<string typeName, string typeMnemonic> : TypeDef<Attn_Dialect, typeName> {
  let mnemonic = typeMnemonic;
}

def Attn_Field : Attn_Type<"Field", "field"> {
  let summary = "A total function from indices to a scalar or a row";
  let description = [{
    `!attn.field<[B, G, M], vector<64xbf16>>` has one index per label. Labels
    name the axes of inputs (equal labels have equal lengths); on defined
    fields they document. Outside its extents a field reads as zero.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$labels, "::mlir::Type":$element);
  let assemblyFormat = "`<` custom<Labels>($labels) `,` $element `>`";
}

def Attn_Attention : Attn_Type<"Attention", "attention"> {
  let summary = "The result of an attend together with the row state behind it";
  let description = [{
    `attn.result` projects a field out of it; what is not projected is never
    computed.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$labels, "::mlir::Type":$element);
  let assemblyFormat = "`<` custom<Labels>($labels) `,` $element `>`";
}

#endif // ATTN_TYPES_TD
