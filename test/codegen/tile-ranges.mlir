// RUN: attn-opt %S/../passes/plan-packed.mlir --attn-plan --attn-plan-to-cpu | FileCheck %s
// RUN: attn-opt %s --attn-plan --attn-plan-to-cpu | FileCheck %s --check-prefix=PAIRS

// The verdict, j <= i and doc[i] == doc[j] on ranges: no loop over elements.
// CHECK-LABEL: func.func private @packed.packed.0.judge.0(
// CHECK-NOT: scf.for
// CHECK-COUNT-2: arith.cmpi sle, {{.*}} : i64
// CHECK-COUNT-4: arith.cmpi sle, {{.*}} : i32
// CHECK-NOT: arith.cmpi sle
// CHECK: arith.cmpi eq
// CHECK: arith.select
// CHECK: return {{.*}} : i64

// What the mask reads by rows: its least and greatest are stored when a row
// tile begins. Absent rows do not count.
// CHECK-LABEL: func.func private @packed.packed.0.segment.0(
// CHECK: scf.for {{.*}} -> (vector<16xi64>, vector<16xi64>, vector<16xi32>, vector<16xi32>)
// CHECK: arith.select {{.*}} : vector<16xi1>, vector<16xi32>
// CHECK: arith.minsi
// CHECK: arith.maxsi
// CHECK: vector.reduction <minsi>
// CHECK: vector.reduction <maxsi>

// The same of the keys, for all row tiles of an instance.
// CHECK-LABEL: func.func private @packed.packed.0.range.0(
// CHECK: llvm.intr.masked.gather {{.*}} -> vector<16xi32>
// CHECK: vector.reduction <minsi>
// CHECK: vector.reduction <maxsi>

// Only what is open is tested.
// CHECK-LABEL: func.func @packed.packed.0(
// CHECK: call @packed.packed.0.range.0(
// CHECK: %[[VERDICT:.*]] = func.call @span.verdict(
// CHECK: arith.cmpi eq, %[[VERDICT]]
// CHECK: call @packed.packed.0.judge.0(
// CHECK: call @packed.packed.0.test.0(

// A table of pairs has no ranges: there is nothing to judge by.
// PAIRS-NOT: .judge.
// PAIRS: func.func private @pairs.pairs.0.test.0(
// PAIRS-NOT: .judge.
!q = !attn.field<[B, H, N], vector<64xf32>>
!k = !attn.field<[B, G, M], vector<64xf32>>
!pairs = !attn.field<[B, N, M], i1>
!attention = !attn.attention<[B, H, N], vector<64xf32>>
attn.pattern @pairs {
  %q = attn.input "q" : !q
  %k = attn.input "k" : !k
  %v = attn.input "v" : !k
  %seen = attn.input "seen" : !pairs
  %B = attn.extent "B"
  %H = attn.extent "H"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %a = attn.attend "pairs" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %sees = attn.at %seen[%b, %i, %j] : !pairs
    attn.yield %sees : i1
  } score {
    %g = attn.kv_head %h
    %x = attn.at %q[%b, %h, %i] : !q
    %y = attn.at %k[%b, %g, %j] : !k
    %d = attn.dot %x, %y : vector<64xf32>, vector<64xf32>
    attn.yield %d : f32
  } weights (%s: f32) {
    %e = math.exp %s : f32
    attn.yield %e : f32
  } value {
    %g = attn.kv_head %h
    %r = attn.at %v[%b, %g, %j] : !k
    attn.yield %r : vector<64xf32>
  } : !attention
  %o = attn.result out %a : !attention
  attn.output "out" %o as vector<64xf32> : !attn.field<[B, H, N], vector<64xf32>>
}
