// RUN: attn-opt %s --attn-plan | FileCheck %s
// Bounded weights are added as they are: no reference, no sum.
// CHECK-LABEL: plan.program @sigmoid
// CHECK:         plan.sweep (%j in %{{.*}} : !plan.span<64>) carry (%o = %{{[^,]*}} : !plan.tile<r, e = 64, f32>)
// CHECK:           %[[SEES:.*]] = plan.mask
// CHECK:           %[[W:.*]] = plan.map (%x = %[[SEES]]
// CHECK:             attn.div
// CHECK:             arith.select %x, %{{.*}}, %[[ZERO:.*]] : f32
// CHECK-NOT:       plan.advance
// CHECK-NOT:       plan.fold
// CHECK:           plan.contract
// CHECK:         plan.store
!q = !attn.field<[B, H, N], vector<64xbf16>>
!k = !attn.field<[B, G, M], vector<64xbf16>>
!o = !attn.field<[B, H, N], vector<64xf32>>
!l = !attn.field<[B, H, N], f32>
attn.pattern @sigmoid {
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
  %a = attn.attend "sigmoid" (%b < %B, %h < %H, %i < %N) over (%j < %M)
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
    %one = arith.constant 1.0 : f32
    %n = arith.negf %s : f32
    %e = math.exp %n : f32
    %d = arith.addf %e, %one : f32
    %w = attn.div %one, %d : f32
    attn.yield %w : f32
  } value {
    %g = attn.kv_head %h
    %r = attn.at %v[%b, %g, %j] : !k
    attn.yield %r : vector<64xbf16>
  } : !attn.attention<[B, H, N], vector<64xf32>>
  %o = attn.result out %a : !attn.attention<[B, H, N], vector<64xf32>>
  attn.output "out" %o as vector<64xbf16> : !o
}
