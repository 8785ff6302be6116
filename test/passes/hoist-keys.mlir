// RUN: attn-opt --pass-pipeline='builtin.module(attn.pattern(attn-hoist-keys,cse))' %s | FileCheck %s

!q = !attn.field<[B, H, N], vector<8xf32>>
!k = !attn.field<[B, G, M], vector<8xf32>>
!w = !attn.field<[H], vector<8x8xf32>>
!o = !attn.attention<[B, H, N], vector<8xf32>>

// CHECK-LABEL: attn.pattern @keys
attn.pattern @keys {
  %q = attn.input "q" : !q
  %k = attn.input "k" : !k
  %w = attn.input "w" : !w
  %doc = attn.input "doc" : !attn.field<[B, M], i32>
  %B = attn.extent "B"
  %H = attn.extent "H"
  %N = attn.extent "N"
  %M = attn.extent "M"
  // A row of the group, a row of the head, a number that costs a product.
  // CHECK: %[[K1:.*]] = attn.define "o.keys" (%b < %B, %g < %G, %j < %M) {
  // CHECK:   %[[A:.*]] = attn.at %k[%b, %g, %j]
  // CHECK:   %[[S:.*]] = math.sin %[[A]]
  // CHECK:   attn.yield %[[S]]
  // CHECK: } : !attn.field<[B, G, M], vector<8xf32>>
  // CHECK: %[[K2:.*]] = attn.define "o.keys1" (%b < %B, %h < %H, %j < %M) {
  // CHECK:   attn.matvec
  // CHECK: } : !attn.field<[B, H, M], vector<8xf32>>
  // CHECK: %[[K3:.*]] = attn.define "o.keys2" (%b < %B, %g < %G, %j < %M) {
  // CHECK:   attn.dot
  // CHECK:   math.sqrt
  // CHECK: } : !attn.field<[B, G, M], f32>
  // CHECK: attn.attend
  %a = attn.attend "o" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  // What is read and compared stays.
  // CHECK: mask {
  // CHECK:   attn.at %doc[%b, %j]
  mask {
    %d = attn.at %doc[%b, %j] : !attn.field<[B, M], i32>
    %e = arith.index_cast %d : i32 to index
    %p = arith.cmpi sle, %e, %i : index
    attn.yield %p : i1
  // CHECK: } score {
  } score {
    %g = attn.kv_head %h
    %x = attn.at %q[%b, %h, %i] : !q
    %y = attn.at %k[%b, %g, %j] : !k
    // CHECK-NOT: math.sin
    // CHECK-NOT: attn.matvec
    // CHECK: attn.at %[[K1]][%b, %{{.*}}, %j]
    // CHECK: attn.at %[[K2]][%b, %h, %j]
    // CHECK: attn.at %[[K3]][%b, %{{.*}}, %j]
    %s = math.sin %y : vector<8xf32>
    %d = attn.dot %x, %s : vector<8xf32>, vector<8xf32>
    %m = attn.at %w[%h] : !w
    %z = attn.matvec %m, %y : vector<8x8xf32>, vector<8xf32> -> vector<8xf32>
    %e = attn.dot %x, %z : vector<8xf32>, vector<8xf32>
    %n2 = attn.dot %y, %y : vector<8xf32>, vector<8xf32>
    %n = math.sqrt %n2 : f32
    %t = arith.addf %d, %e : f32
    %u = attn.div %t, %n : f32
    attn.yield %u : f32
  } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %p = attn.div %e, %l : f32
    attn.yield %p : f32
  // What depends on the row as well stays.
  // CHECK: } value {
  // CHECK:   attn.at %k
  // CHECK:   arith.addf
  } value {
    %g = attn.kv_head %h
    %y = attn.at %k[%b, %g, %j] : !k
    %x = attn.at %q[%b, %h, %i] : !q
    %z = arith.addf %x, %y : vector<8xf32>
    attn.yield %z : vector<8xf32>
  } : !o
  %o = attn.result out %a : !o
  attn.output "out" %o : !q
}
