#ifndef ATTN_PASSES_TD
#define ATTN_PASSES_TD

include "mlir/Pass/PassBase.td"
include "passes/MaskPasses.td"

//===----------------------------------------------------------------------===//
// Level 1
//===----------------------------------------------------------------------===//

def PullScalesPass : Pass<"attn-pull-scales", "::attn::PatternOp"> {
  let summary = "Take scalar factors out of dot products";
  let description = [{
    `dot(x * c, y)` becomes `c * dot(x, y)`, `dot(x / c, y)` becomes
    `dot(x, y) / c` (both are 0 for c = 0 [S3]), likewise for `matvec`. So
    unit rows cost one number per row, and the product reads the rows as they
    are stored: afterwards no product has two converted operands of one type.
  }];
}

def HoistKeysPass : Pass<"attn-hoist-keys", "::attn::PatternOp"> {
  let summary = "Compute once per key what depends on nothing but the key";
  let description = [{
    A row that an attend makes from a key alone (and batch entry and head), or a
    number that costs vector arithmetic, becomes an `attn.define` in front of
    it. The attend reads the field. Plain reads, conversions and parts of them
    stay: they cost no arithmetic.
  }];
}

//===----------------------------------------------------------------------===//
// Weights and plans
//===----------------------------------------------------------------------===//

def PrintWeightsPass : Pass<"attn-print-weights", "::attn::PatternOp"> {
  let summary = "Print the passes over the keys and the row state that weights need";
  let description = [{
    For tests and `attnc explain`: one block of text per attend, on standard
    output, in the words of docs/weights.md. The IR stays as it is.
  }];
}

def PlanPass : Pass<"attn-plan", "::mlir::ModuleOp"> {
  let summary = "Turn patterns into programs of kernels and buffers";
  let description = [{
    Each `attn.attend` becomes a kernel with one sweep per pass of its weights;
    definitions over the same rows of its results are computed in its tail.
    Each other `attn.define` becomes a kernel that writes a buffer or an output.
    Afterwards no pattern is left (docs/plan.md). Refuses, at the operation,
    what has no plan.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"cpu\"", "Whose tile sizes to take">,
    ListOption<"schedule", "schedule", "std::string",
               "Choices of the user, NAME:key=value; NAME is a kernel's or *">];
  let dependentDialects = ["::plan::PlanDialect"];
}

def SchedulePass : Pass<"plan-schedule", "::plan::ProgramOp"> {
  let summary = "Fill in the schedule of every kernel";
  let description = [{
    Takes what the schedule leaves open from the target's model or, first, from
    the user's choices (docs/plan.md). Refuses keys that do not exist, values
    beyond the target's limits, and kernels that do not exist. The sides of
    tiles are part of the spans: the user's choices for them go to `attn-plan`,
    here they must agree.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"cpu\"", "Whose model to take">,
    ListOption<"schedule", "schedule", "std::string",
               "Choices of the user, NAME:key=value; NAME is a kernel's or *">];
}

#endif // ATTN_PASSES_TD
