// RUN: attn-opt %s --pass-pipeline='builtin.module(plan.program(plan-schedule{schedule=o:slack=0,*:share=2}))' | FileCheck %s
// RUN: not attn-opt %s --pass-pipeline='builtin.module(plan.program(plan-schedule{schedule=p:slack=0}))' 2>&1 | FileCheck %s --check-prefix=WHICH
// RUN: not attn-opt %s --pass-pipeline='builtin.module(plan.program(plan-schedule{schedule=o:stages=2}))' 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: not attn-opt %s --pass-pipeline='builtin.module(plan.program(plan-schedule{schedule=o:share=900}))' 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not attn-opt %s --pass-pipeline='builtin.module(plan.program(plan-schedule{schedule=o:rows=32}))' 2>&1 | FileCheck %s --check-prefix=SIDE
// RUN: not attn-opt %s --pass-pipeline='builtin.module(plan.program(plan-schedule{schedule=o=3}))' 2>&1 | FileCheck %s --check-prefix=FORM
// RUN: not attn-opt %s --pass-pipeline='builtin.module(plan.program(plan-schedule{target=toaster}))' 2>&1 | FileCheck %s --check-prefix=TARGET

// Sides stay as planned; choices come before defaults; the last one counts.
// CHECK: plan.kernel "x" {{.*}} schedule {rows = 64 : i64}
// CHECK: plan.kernel "o" {{.*}} schedule {cols = 128 : i64, rows = 64 : i64, share = 2 : i64, slack = 0 : i64}
// WHICH: error: no kernel is named 'p'; there are 'x', 'o'
// KEY: error: schedules for 'cpu' have no 'stages', only 'rows', 'cols', 'share', 'slack', 'splits', 'pack'
// RANGE: error: 'share' is 900, but must lie between 1 and 64
// SIDE: error: is planned for 64 rows, not for 32
// FORM: error: expected NAME:key=number in the schedule, found 'o=3'
// TARGET: error: there is no target 'toaster'
plan.program @p {
  %N = plan.extent "N"
  plan.kernel "x" (%t < %N) {
  }
  plan.kernel "o" (%t < %N) schedule {rows = 64, cols = 128} {
    %zero = arith.constant 0 : index
    %keys = plan.tiles live(%zero to %N) holes() exact : !plan.span<128>
    plan.sweep (%j in %keys : !plan.span<128>) {
      plan.yield
    }
  }
}
