// RUN: attn-opt %s --attn-plan | FileCheck %s
// One sweep with a running reference.
// CHECK-LABEL: plan.program @streaming
// CHECK:         %[[OUT:.*]] = plan.tensor "out" output : <[B, H, N], vector<64xbf16>>
// CHECK:         plan.kernel "streaming" (%b < %B, %h < %H, %t < %{{.*}}) schedule {cols = 64 : i64, rows = 64 : i64}
// CHECK:           %[[ROWS:.*]] = plan.rows %{{.*}} to %N : <r, index>
// CHECK:           %[[Q:.*]] = plan.load %q[%b, %h, %[[ROWS]]]
// CHECK:           %[[S:.*]]:3 = plan.sweep (%j in %{{.*}} : !plan.span<64>) carry (%ref = %{{.*}}, %sum = %{{.*}}, %o = %{{.*}}) {
// CHECK:             %[[SEES:.*]] = plan.mask (%ie = %[[ROWS]] : !plan.tile<r, index>, %je = %j : !plan.tile<c, index>)
// CHECK:               arith.cmpi sle, %je
// CHECK:             %[[K:.*]] = plan.load %k
// CHECK:             %[[D:.*]] = plan.contract %[[Q]], %[[K]] {{.*}} -> !plan.tile<r, c, f32>
// The score, where the row sees the key.
// CHECK:             %[[X:.*]] = plan.map (%x = %[[SEES]] {{.*}}, %x2 = %[[D]]
// CHECK:               arith.mulf %x2, %scale
// CHECK:               arith.select %x
// CHECK:             %[[TOP:.*]] = plan.fold max %[[X]]
// CHECK:             %[[NEXT:.*]], %[[BASE:.*]], %[[FACTOR:.*]] = plan.advance %ref, %[[TOP]] : <r, f32>
// CHECK:             %[[E:.*]] = plan.map (%x = %[[X]] {{.*}}, %y = %[[BASE]]
// CHECK:               math.exp
// CHECK:             %[[PART:.*]] = plan.fold sum %[[E]]
// CHECK:             %[[SUM:.*]] = plan.map (%y = %sum {{.*}}, %y2 = %[[FACTOR]] {{.*}}, %y3 = %[[PART]]
// CHECK:               math.fma
// CHECK:             %[[SCALED:.*]] = plan.scale %o by %[[FACTOR]]
// CHECK:             %[[V:.*]] = plan.load %v
// CHECK:             %[[O:.*]] = plan.contract %[[E]], %[[V]] acc %[[SCALED]]
// CHECK:             plan.yield %[[NEXT]], %[[SUM]], %[[O]]
// CHECK:           %[[INV:.*]] = plan.map (%y = %[[S]]#1
// CHECK:             attn.div
// CHECK:           %[[Y:.*]] = plan.map (%y = %[[S]]#2 {{.*}}, %y2 = %[[INV]]
// CHECK:             arith.truncf
// CHECK:           plan.store %[[Y]], %[[OUT]][%b, %h, %[[ROWS]]]
// CHECK:           %[[LSE:.*]] = plan.map (%y = %[[S]]#0 {{.*}}, %y2 = %[[S]]#1
// CHECK:             math.log
// CHECK:           plan.store %[[LSE]]
!q = !attn.field<[B, H, N], vector<64xbf16>>
!k = !attn.field<[B, G, M], vector<64xbf16>>
!o = !attn.field<[B, H, N], vector<64xf32>>
!l = !attn.field<[B, H, N], f32>
attn.pattern @streaming {
  %q = attn.input "q" : !q
  %k = attn.input "k" : !k
  %v = attn.input "v" : !k
  %window = attn.param "window" : index
  %sinks = attn.param "sinks" : index
  %scale = attn.param "scale" : f32
  %B = attn.extent "B"
  %H = attn.extent "H"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %offset = attn.param "offset" : index
  %a = attn.attend "streaming" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %at = arith.addi %i, %offset : index
    %causal = arith.cmpi sle, %j, %at : index
    %age = arith.subi %at, %j : index
    %recent = arith.cmpi slt, %age, %window : index
    %first = arith.cmpi slt, %j, %sinks : index
    %kept = arith.ori %recent, %first : i1
    %sees = arith.andi %causal, %kept : i1
    attn.yield %sees : i1
  } score {
    %g = attn.kv_head %h
    %x = attn.at %q[%b, %h, %i] : !q
    %y = attn.at %k[%b, %g, %j] : !k
    %d = attn.dot %x, %y : vector<64xbf16>, vector<64xbf16>
    %s = arith.mulf %d, %scale : f32
    attn.yield %s : f32
  } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %w = attn.div %e, %l : f32
    attn.yield %w : f32
  } value {
    %g = attn.kv_head %h
    %r = attn.at %v[%b, %g, %j] : !k
    attn.yield %r : vector<64xbf16>
  } : !attn.attention<[B, H, N], vector<64xf32>>
  %o = attn.result out %a : !attn.attention<[B, H, N], vector<64xf32>>
  %lse = attn.result lse %a : !attn.attention<[B, H, N], vector<64xf32>>
  attn.output "out" %o as vector<64xbf16> : !o
  attn.output "lse" %lse : !l
}
