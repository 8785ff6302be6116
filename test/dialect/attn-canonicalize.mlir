// The folds of total operations, and the upstream operation where the divisor
// is a positive constant.
// RUN: attn-opt --canonicalize %s | FileCheck %s

// CHECK-LABEL: func @constants
func.func @constants() -> (index, index, index, index, index, index, index, index, index, index) {
  %0 = arith.constant 0 : index
  %2 = arith.constant 2 : index
  %7 = arith.constant 7 : index
  %64 = arith.constant 64 : index
  %n7 = arith.constant -7 : index
  %n1 = arith.constant -1 : index
  // -7 // 2
  %a = attn.floordiv %n7, %2
  // -7 mod 2
  %b = attn.mod %n7, %2
  // 7 // -1
  %c = attn.floordiv %7, %n1
  // 7 mod -7
  %d = attn.mod %7, %n7
  // 7 << 2, 7 << 64, 7 << -1
  %e = attn.shl %7, %2
  %f = attn.shl %7, %64
  %g = attn.shl %7, %n1
  // -7 >> 2
  %h = attn.shr %n7, %2
  // ilog2 of 64 and 0
  %i = attn.ilog2 %64
  %j = attn.ilog2 %0
  // CHECK-DAG: %[[N4:.*]] = arith.constant -4 : index
  // CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
  // CHECK-DAG: %[[N7:.*]] = arith.constant -7 : index
  // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[C28:.*]] = arith.constant 28 : index
  // CHECK-DAG: %[[N2:.*]] = arith.constant -2 : index
  // CHECK-DAG: %[[C6:.*]] = arith.constant 6 : index
  // CHECK-DAG: %[[N1:.*]] = arith.constant -1 : index
  // CHECK: return %[[N4]], %[[C1]], %[[N7]], %[[C0]], %[[C28]], %[[C0]], %[[C0]], %[[N2]], %[[C6]], %[[N1]]
  return %a, %b, %c, %d, %e, %f, %g, %h, %i, %j : index, index, index, index, index, index, index, index, index, index
}

// [S3] for zero, and no overflow trap for the least integer.
// CHECK-LABEL: func @edges
// CHECK-SAME: (%[[X:.*]]: index, %[[Y:.*]]: f32)
func.func @edges(%x: index, %y: f32) -> (index, index, index, index, index, f32, f32) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %n1 = arith.constant -1 : index
  %least = arith.constant -9223372036854775808 : index
  %f0 = arith.constant 0.0 : f32
  %f1 = arith.constant 1.0 : f32
  %a = attn.floordiv %x, %0
  %b = attn.mod %x, %0
  %c = attn.floordiv %x, %1
  %d = attn.mod %x, %1
  %e = attn.floordiv %least, %n1
  %f = attn.div %y, %f0 : f32
  %g = attn.div %y, %f1 : f32
  // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[LEAST:.*]] = arith.constant -9223372036854775808 : index
  // CHECK-DAG: %[[F0:.*]] = arith.constant 0.000000e+00 : f32
  // CHECK: return %[[C0]], %[[X]], %[[X]], %[[C0]], %[[LEAST]], %[[F0]], %[[Y]]
  return %a, %b, %c, %d, %e, %f, %g : index, index, index, index, index, f32, f32
}

// CHECK-LABEL: func @quotients
func.func @quotients() -> (f32, vector<2xf32>, vector<2xf32>) {
  %a = arith.constant 3.0 : f32
  %b = arith.constant 2.0 : f32
  %u = arith.constant dense<[3.0, 4.0]> : vector<2xf32>
  %v = arith.constant dense<[2.0, 0.0]> : vector<2xf32>
  %one = arith.constant dense<1.0> : vector<2xf32>
  %x = attn.div %a, %b : f32
  %y = attn.div %u, %v : vector<2xf32>
  %z = attn.div %u, %one : vector<2xf32>
  // CHECK-DAG: %[[X:.*]] = arith.constant 1.500000e+00 : f32
  // CHECK-DAG: %[[Y:.*]] = arith.constant dense<[1.500000e+00, 0.000000e+00]>
  // CHECK-DAG: %[[Z:.*]] = arith.constant dense<[3.000000e+00, 4.000000e+00]>
  // CHECK: return %[[X]], %[[Y]], %[[Z]]
  return %x, %y, %z : f32, vector<2xf32>, vector<2xf32>
}

// CHECK-LABEL: func @divisor
// CHECK-SAME: (%[[X:.*]]: index, %[[Y:.*]]: index)
func.func @divisor(%x: index, %y: index) -> (index, index, index, index) {
  %c = arith.constant 64 : index
  %n = arith.constant -64 : index
  // CHECK: %[[A:.*]] = arith.floordivsi %[[X]], %c64
  %a = attn.floordiv %x, %c
  // CHECK: %[[Q:.*]] = arith.floordivsi %[[X]], %c64
  // CHECK: %[[P:.*]] = arith.muli %[[Q]], %c64
  // CHECK: %[[B:.*]] = arith.subi %[[X]], %[[P]]
  %b = attn.mod %x, %c
  // CHECK: attn.floordiv %[[X]], %c-64
  %d = attn.floordiv %x, %n
  // CHECK: attn.mod %[[X]], %[[Y]]
  %e = attn.mod %x, %y
  return %a, %b, %d, %e : index, index, index, index
}

// CHECK-LABEL: func @shifts
// CHECK-SAME: (%[[X:.*]]: index)
func.func @shifts(%x: index) -> (index, index) {
  %0 = arith.constant 0 : index
  %a = attn.shl %x, %0
  %b = attn.shr %x, %0
  // CHECK: return %[[X]], %[[X]]
  return %a, %b : index, index
}

// A power of two divides by an exact product; other divisors do not.
// CHECK-LABEL: func @inverse
// CHECK-SAME: (%[[X:.*]]: f32, %[[V:.*]]: vector<2xf32>)
func.func @inverse(%x: f32, %v: vector<2xf32>) -> (f32, vector<2xf32>, f32) {
  // CHECK-DAG: %[[EIGHTH:.*]] = arith.constant 1.250000e-01 : f32
  // CHECK-DAG: %[[QUARTERS:.*]] = arith.constant dense<2.500000e-01> : vector<2xf32>
  %c8 = arith.constant 8.0 : f32
  %c4 = arith.constant dense<4.0> : vector<2xf32>
  %c3 = arith.constant 3.0 : f32
  // CHECK: arith.mulf %[[X]], %[[EIGHTH]] : f32
  %a = attn.div %x, %c8 : f32
  // CHECK: arith.mulf %[[V]], %[[QUARTERS]] : vector<2xf32>
  %b = attn.div %v, %c4 : vector<2xf32>
  // CHECK: attn.div %[[X]]
  %c = attn.div %x, %c3 : f32
  return %a, %b, %c : f32, vector<2xf32>, f32
}
