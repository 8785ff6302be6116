// RUN: attn-opt %s --attn-expand-math | FileCheck %s
// RUN: attn-opt %s --attn-expand-math=scalef=true | FileCheck %s --check-prefix=SCALEF

// Nothing is left that would become a call of the C library.
// CHECK-NOT: math.{{exp|exp2|log|log1p|sin|cos|tanh|erf|powf|rsqrt}}{{ }}
// CHECK-LABEL: func.func @exponential
// CHECK: math.roundeven
// CHECK-COUNT-2: math.fma
// CHECK: arith.fptosi {{.*}} : vector<16xf32> to vector<16xi32>
// SCALEF-LABEL: func.func @exponential
// SCALEF-NOT: arith.fptosi
// SCALEF: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
func.func @exponential(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// The instruction is for whole vectors.
// SCALEF-LABEL: func.func @scalar
// SCALEF-NOT: scalef
// CHECK-LABEL: func.func @scalar
func.func @scalar(%x: f32, %y: f32) -> f32 {
  %0 = math.exp2 %x : f32
  %1 = math.log %0 : f32
  %2 = math.log1p %1 : f32
  %3 = math.sin %2 : f32
  %4 = math.cos %3 : f32
  %5 = math.tanh %4 : f32
  %6 = math.erf %5 : f32
  %7 = math.powf %6, %y : f32
  %8 = math.rsqrt %7 : f32
  return %8 : f32
}

// Instructions stay.
// CHECK-LABEL: func.func @kept
// CHECK: math.sqrt
// CHECK: math.floor
// SCALEF-LABEL: func.func @kept
func.func @kept(%x: f32) -> f32 {
  %0 = math.sqrt %x : f32
  %1 = math.floor %0 : f32
  return %1 : f32
}
