// RUN: attn-opt %s --attn-plan | FileCheck %s
// A sink starts the reference; tables are loaded as tiles of rows and keys.
// CHECK-LABEL: plan.program @packed
// CHECK:         %[[SINK:.*]] = plan.load %sink[%h] : <[H], f32>, index -> f32
// CHECK:         %[[REF:.*]] = plan.fill %[[SINK]] : f32 -> <r, f32>
// CHECK:         %[[AT:.*]] = plan.map (%ie
// CHECK:         %[[MINE:.*]] = plan.load %doc[%b, %[[AT]]] {{.*}} -> !plan.tile<r, i32>
// CHECK:         plan.sweep {{.*}} carry (%ref = %[[REF]]
// CHECK:           %[[ITS:.*]] = plan.load %doc[%b, %j] {{.*}} -> !plan.tile<c, i32>
// CHECK:           plan.mask ({{.*}}, %y = %[[MINE]] : {{.*}}, %z = %[[ITS]]
// The bias is computed where it is used.
// CHECK:           plan.map (%x = {{.*}}, %x2 = {{.*}}, %ie = {{.*}}, %je = %j
// CHECK:             arith.sitofp
// The denominator with the sink.
// CHECK:         attn.div
// CHECK:         plan.store
!q = !attn.field<[B, H, N], vector<64xbf16>>
!k = !attn.field<[B, G, M], vector<64xbf16>>
!doc = !attn.field<[B, M], i32>
!head = !attn.field<[H], f32>
!attention = !attn.attention<[B, H, N], vector<64xf32>>
attn.pattern @packed {
  %q = attn.input "q" : !q
  %k = attn.input "k" : !k
  %v = attn.input "v" : !k
  %doc = attn.input "doc" : !doc
  %slope = attn.input "slope" : !head
  %sink = attn.input "sink" : !head
  %scale = attn.param "scale" : f32
  %B = attn.extent "B"
  %H = attn.extent "H"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %offset = attn.param "offset" : index
  %a = attn.attend "packed" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %at = arith.addi %i, %offset : index
    %causal = arith.cmpi sle, %j, %at : index
    %mine = attn.at %doc[%b, %at] : !doc
    %its = attn.at %doc[%b, %j] : !doc
    %same = arith.cmpi eq, %mine, %its : i32
    %sees = arith.andi %causal, %same : i1
    attn.yield %sees : i1
  } score {
    %g = attn.kv_head %h
    %x = attn.at %q[%b, %h, %i] : !q
    %y = attn.at %k[%b, %g, %j] : !k
    %d = attn.dot %x, %y : vector<64xbf16>, vector<64xbf16>
    %scaled = arith.mulf %d, %scale : f32
    %at = arith.addi %i, %offset : index
    %age = arith.subi %at, %j : index
    %age64 = arith.index_cast %age : index to i64
    %agef = arith.sitofp %age64 : i64 to f32
    %m = attn.at %slope[%h] : !head
    %bias = arith.mulf %m, %agef : f32
    %s = arith.subf %scaled, %bias : f32
    attn.yield %s : f32
  } weights (%s: f32) {
    %e = math.exp %s : f32
    %l = attn.rowsum %e
    %logit = attn.at %sink[%h] : !head
    %extra = math.exp %logit : f32
    %den = arith.addf %l, %extra : f32
    %w = attn.div %e, %den : f32
    attn.yield %w : f32
  } value {
    %g = attn.kv_head %h
    %r = attn.at %v[%b, %g, %j] : !k
    attn.yield %r : vector<64xbf16>
  } : !attention
  %o = attn.result out %a : !attention
  attn.output "out" %o as vector<64xbf16> : !attn.field<[B, H, N], vector<64xf32>>
}
