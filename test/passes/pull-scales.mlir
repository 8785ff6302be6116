// RUN: attn-opt --pass-pipeline='builtin.module(attn.pattern(attn-pull-scales))' %s | FileCheck %s

!k = !attn.field<[M], vector<8xbf16>>

// CHECK-LABEL: attn.pattern @unit
attn.pattern @unit {
  %k = attn.input "k" : !k
  %w = attn.input "w" : !attn.field<[M], vector<4x8xf32>>
  %c = attn.param "c" : f32
  %M = attn.extent "M"
  // CHECK: attn.define "unit"
  %unit = attn.define "unit" (%j < %M) {
    // CHECK: %[[K:.*]] = attn.at %k[%j]
    %s = attn.at %k[%j] : !k
    %x = arith.extf %s : vector<8xbf16> to vector<8xf32>
    // CHECK: %[[N2:.*]] = attn.dot %[[K]], %[[K]] : vector<8xbf16>, vector<8xbf16>
    %n2 = attn.dot %x, %x : vector<8xf32>, vector<8xf32>
    // CHECK: %[[N:.*]] = math.sqrt %[[N2]]
    %n = math.sqrt %n2 : f32
    %ns = vector.broadcast %n : f32 to vector<8xf32>
    %u = attn.div %x, %ns : vector<8xf32>
    %cs = vector.broadcast %c : f32 to vector<8xf32>
    %v = arith.mulf %cs, %x : vector<8xf32>
    // CHECK: %[[D:.*]] = attn.dot %[[K]], %[[K]] : vector<8xbf16>, vector<8xbf16>
    // CHECK: %[[Q:.*]] = attn.div %[[D]], %[[N]] : f32
    // CHECK: %[[R:.*]] = arith.mulf %[[Q]], %c : f32
    // CHECK: attn.yield %[[R]]
    %d = attn.dot %u, %v : vector<8xf32>, vector<8xf32>
    attn.yield %d : f32
  } : !attn.field<[M], f32>
  // CHECK: attn.define "product"
  %product = attn.define "product" (%j < %M) {
    %s = attn.at %k[%j] : !k
    // CHECK: %[[X:.*]] = arith.extf
    %x = arith.extf %s : vector<8xbf16> to vector<8xf32>
    %n = arith.negf %x : vector<8xf32>
    %cs = vector.broadcast %c : f32 to vector<8xf32>
    %v = arith.mulf %n, %cs : vector<8xf32>
    %m = attn.at %w[%j] : !attn.field<[M], vector<4x8xf32>>
    // CHECK: %[[Y:.*]] = attn.matvec %{{.*}}, %[[X]]
    // CHECK: %[[Z:.*]] = arith.negf %[[Y]] : vector<4xf32>
    // CHECK: %[[C:.*]] = vector.broadcast %c : f32 to vector<4xf32>
    // CHECK: arith.mulf %[[Z]], %[[C]] : vector<4xf32>
    %y = attn.matvec %m, %v : vector<4x8xf32>, vector<8xf32> -> vector<4xf32>
    attn.yield %y : vector<4xf32>
  } : !attn.field<[M], vector<4xf32>>
  // A row that has another factor in every component stays.
  // CHECK: attn.define "stays"
  %stays = attn.define "stays" (%j < %M) {
    %s = attn.at %k[%j] : !k
    %x = arith.extf %s : vector<8xbf16> to vector<8xf32>
    %r = attn.ramp : vector<8xf32>
    // CHECK: %[[V:.*]] = arith.mulf
    %v = arith.mulf %x, %r : vector<8xf32>
    // CHECK: attn.dot %[[V]], %{{.*}} : vector<8xf32>, vector<8xf32>
    %d = attn.dot %v, %x : vector<8xf32>, vector<8xf32>
    attn.yield %d : f32
  } : !attn.field<[M], f32>
  attn.output "unit" %unit : !attn.field<[M], f32>
  attn.output "product" %product : !attn.field<[M], vector<4xf32>>
  attn.output "stays" %stays : !attn.field<[M], f32>
}
