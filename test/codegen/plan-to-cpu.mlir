// RUN: attn-opt %S/../dialect/plan-streaming.mlir --attn-plan-to-cpu | FileCheck %s
// RUN: attn-opt %S/../dialect/plan-streaming.mlir --attn-plan-to-cpu="lanes=8 vectors=2" | FileCheck %s --check-prefix=AVX2
// RUN: not attn-opt %S/../dialect/plan-streaming.mlir --attn-plan-to-cpu="lanes=5" 2>&1 | FileCheck %s --check-prefix=LANES

// What stands before the sweep, and what stands after it.
// CHECK: func.func private @streaming.streaming.0.segment.0(
// CHECK: func.func private @streaming.streaming.0.segment.1(

// The span is not exact: the mask of a candidate is evaluated first and kept.
// CHECK: func.func private @streaming.streaming.0.test.0(
// CHECK: arith.cmpi sle
// CHECK: vector.reduction <or>
// CHECK: vector.reduction <and>
// CHECK: return {{.*}} : i64

// 16-bit keys and values are widened once for all row tiles of an instance.
// The full step has no trace of the mask; both take the products from the
// microkernels, and only the mixed one looks for hidden values that are not
// finite.
// CHECK: func.func private @streaming.streaming.0.step.0.full(
// CHECK-NOT: arith.cmpi sle
// CHECK: call @scores.128(
// CHECK-NOT: call @finite
// CHECK: call @accumulate.128(
// CHECK-NOT: call @finite
// CHECK: return

// 4 keys by 4 vectors stay in registers.
// CHECK-LABEL: func.func private @scores.128(
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>,{{.*}}) : i64
// CHECK-COUNT-16: vector.fma
// CHECK-NOT: vector.fma
// CHECK-LABEL: func.func private @accumulate.128(
// CHECK-COUNT-16: vector.fma
// CHECK-NOT: vector.fma
// AVX2-LABEL: func.func private @scores.128(
// AVX2-COUNT-8: vector.fma
// AVX2-NOT: vector.fma
// AVX2-LABEL: func.func private @accumulate.128(

// CHECK: func.func private @streaming.streaming.0.step.0.mixed(
// CHECK-NOT: arith.cmpi sle
// CHECK: arith.cmpi ne, {{.*}} : vector<16xi8>
// CHECK: call @finite
// CHECK: call @accumulate.exact.128(

// CHECK: func.func private @streaming.streaming.0.prepare.0(
// CHECK: arith.extf {{.*}} : vector<16xbf16> to vector<16xf32>

// CHECK: func.func @streaming.streaming.0(%{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: i64, %{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr {llvm.noalias})
// CHECK: call @span.next(
// CHECK: scf.while
// CHECK: call @span.verdict(
// CHECK: call @streaming.streaming.0.prepare.0(
// CHECK: call @streaming.streaming.0.step.0.full(
// CHECK: call @streaming.streaming.0.step.0.mixed(
// CHECK: func.func @streaming.sizes(

// LANES: a vector has 4, 8 or 16 lanes
