// Every operation of the attn dialect, there and back.
// RUN: attn-opt --verify-roundtrip %s | FileCheck %s

!q = !attn.field<[B, H, N], vector<64xbf16>>
!k = !attn.field<[B, G, M], vector<64xbf16>>
!o = !attn.attention<[B, H, N], vector<64xf32>>

// CHECK-LABEL: attn.pattern @every
attn.pattern @every {
  // CHECK: %q = attn.input "q" : <[B, H, N], vector<64xbf16>>
  %q = attn.input "q" : !q
  // CHECK: %k = attn.input "k" {unsigned} : <[B, G, M], vector<64xbf16>>
  %k = attn.input "k" {unsigned} : !k
  %w = attn.input "w" : !attn.field<[H], vector<8x64xf32>>
  // CHECK: attn.input "doc" : <[], i32>
  %doc = attn.input "doc" : !attn.field<[], i32>
  // CHECK: %window = attn.param "window" {min = 0 : index} : index
  %window = attn.param "window" {min = 0 : index} : index
  // CHECK: attn.param "scale" : f32
  %scale = attn.param "scale" : f32
  // CHECK: attn.param "flag" : i1
  %flag = attn.param "flag" : i1
  // CHECK: %B = attn.extent "B"
  %B = attn.extent "B"
  %H = attn.extent "H"
  %G = attn.extent "G"
  %N = attn.extent "N"
  %M = attn.extent "M"
  // CHECK: attn.define "mean" (%b < %B, %g < %G) {
  %mean = attn.define "mean" (%b < %B, %g < %G) {
    // CHECK: attn.reduce mean (%j < %M) {
    %m = attn.reduce mean (%j < %M) {
      %x = attn.at %k[%b, %g, %j] : !k
      %y = arith.extf %x : vector<64xbf16> to vector<64xf32>
      %p = arith.cmpi slt, %j, %window : index
      // CHECK: attn.yield %{{.*}} : vector<64xf32> if %{{.*}}
      attn.yield %y : vector<64xf32> if %p
    } : vector<64xf32>
    attn.yield %m : vector<64xf32>
  // CHECK: } : !attn.field<[B, G], vector<64xf32>>
  } : !attn.field<[B, G], vector<64xf32>>
  %rows = attn.define "rows" (%b < %B) {
    // CHECK: attn.reduce count (%i < %N, %h < %H) {
    %n = attn.reduce count (%i < %N, %h < %H) {
      %p = arith.cmpi slt, %i, %window : index
      // CHECK: attn.yield if %{{.*}}
      attn.yield if %p
    } : index
    attn.yield %n : index
  } : !attn.field<[B], index>
  %total = attn.define "total" () {
    %c = arith.constant 2 : index
    // CHECK: attn.floordiv %{{.*}}, %{{.*}}
    %d = attn.floordiv %window, %c
    // CHECK: attn.mod
    %e = attn.mod %d, %window
    // CHECK: attn.shl
    %f = attn.shl %e, %c
    // CHECK: attn.shr
    %g = attn.shr %f, %window
    // CHECK: attn.ilog2
    %h = attn.ilog2 %g
    // CHECK: attn.div %{{.*}}, %{{.*}} : f32
    %x = attn.div %scale, %scale : f32
    // CHECK: attn.ramp : vector<4xf32>
    %y = attn.ramp : vector<4xf32>
    // CHECK: attn.div %{{.*}}, %{{.*}} : vector<4xf32>
    %z = attn.div %y, %y : vector<4xf32>
    // CHECK: attn.cat %{{.*}}, %{{.*}} : vector<4xf32>, vector<4xf32> -> vector<8xf32>
    %v = attn.cat %y, %z : vector<4xf32>, vector<4xf32> -> vector<8xf32>
    // CHECK: attn.component %{{.*}}[%{{.*}}] : vector<8xf32> -> f32
    %u = attn.component %v[%h] : vector<8xf32> -> f32
    attn.yield %u : f32
  } : !attn.field<[], f32>
  // CHECK: attn.attend "o" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  %a = attn.attend "o" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  // CHECK-NEXT: mask {
  mask {
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  // CHECK: } score {
  } score {
    // CHECK: attn.kv_head %h
    %g = attn.kv_head %h
    %x = attn.at %q[%b, %h, %i] : !q
    %y = attn.at %k[%b, %g, %j] : !k
    // CHECK: attn.dot %{{.*}}, %{{.*}} : vector<64xbf16>, vector<64xbf16>
    %d = attn.dot %x, %y : vector<64xbf16>, vector<64xbf16>
    // CHECK: attn.count
    %n = attn.count
    attn.yield %d : f32
  // CHECK: } weights (%s: f32) {
  } weights (%s: f32) {
    %e = math.exp %s : f32
    // CHECK: attn.rowsum %{{.*}}
    %l = attn.rowsum %e
    %y = attn.div %e, %l : f32
    attn.yield %y : f32
  // CHECK: } value {
  } value {
    %m = attn.at %w[%h] : !attn.field<[H], vector<8x64xf32>>
    %x = attn.at %mean[%b, %h] : !attn.field<[B, G], vector<64xf32>>
    // CHECK: attn.matvec %{{.*}}, %{{.*}} : vector<8x64xf32>, vector<64xf32> -> vector<8xf32>
    %y = attn.matvec %m, %x : vector<8x64xf32>, vector<64xf32> -> vector<8xf32>
    attn.yield %x : vector<64xf32>
  // CHECK: } : !attn.attention<[B, H, N], vector<64xf32>>
  } : !o
  // CHECK: attn.result out %{{.*}} : <[B, H, N], vector<64xf32>>
  %o = attn.result out %a : !o
  // CHECK: attn.result lse
  %l = attn.result lse %a : !o
  // CHECK: attn.result max
  %m = attn.result max %a : !o
  // CHECK: attn.output "out" %{{.*}} as vector<64xbf16> : <[B, H, N], vector<64xf32>>
  attn.output "out" %o as vector<64xbf16> : !attn.field<[B, H, N], vector<64xf32>>
  // CHECK: attn.output "lse" %{{.*}} : <[B, H, N], f32>
  attn.output "lse" %l : !attn.field<[B, H, N], f32>
  attn.output "max" %m : !attn.field<[B, H, N], f32>
  // CHECK: attn.output "rows" %{{.*}} as i32 : <[B], index>
  attn.output "rows" %rows as i32 : !attn.field<[B], index>
}

// An index that shadows another one keeps its own name in an attribute.
// CHECK-LABEL: attn.pattern @shadow
attn.pattern @shadow {
  %x = attn.input "x" : !attn.field<[M], f32>
  %M = attn.extent "M"
  %y = attn.define "y" (%j < %M) {
    // CHECK: attn.reduce sum (%[[J:.*]] < %M) {
    %z = "attn.reduce"(%M) <{indices = ["j"], kind = 0 : i32}> ({
    ^bb0(%k: index):
      %v = attn.at %x[%k] : !attn.field<[M], f32>
      attn.yield %v : f32
    // CHECK: {indices = ["j"]} : f32
    }) : (index) -> f32
    attn.yield %z : f32
  } : !attn.field<[M], f32>
  attn.output "y" %y : !attn.field<[M], f32>
}
