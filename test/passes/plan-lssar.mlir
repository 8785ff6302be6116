// RUN: attn-opt %s --attn-plan | FileCheck %s
// Two passes; the second in logarithms. The keys are counted first.
// CHECK-LABEL: plan.program @lssar
// CHECK:         %[[UQ:.*]] = plan.alloc "unit(q)"
// CHECK:         plan.kernel "unit(q)" (%b < %B, %h < %H, %t < %{{.*}}) schedule {rows = 64 : i64}
// CHECK:           %[[N:.*]] = plan.fold sum %{{.*}} : <r, d = 64, f32> -> !plan.tile<r, f32>
// CHECK:           plan.map (%y = %[[N]]
// CHECK:             math.rsqrt
// CHECK:           plan.store %{{.*}}, %[[UQ]]
// CHECK:         plan.alloc "unit(k)"
// CHECK:         plan.kernel "lssar"
// CHECK:           %[[COUNT:.*]] = plan.sweep {{.*}} carry (%count
// CHECK:             plan.fold count
// CHECK:           %[[L:.*]] = plan.sweep {{.*}} carry (%sum
// CHECK:             math.log1p
// CHECK:             plan.fold sum
// CHECK:           plan.sweep {{.*}} carry (%ref = {{.*}}, %sum = {{.*}}, %o =
// CHECK:             plan.mask
// CHECK:             plan.map ({{.*}} = %[[L]]
// CHECK:               math.log %
// CHECK:             plan.advance
!q = !attn.field<[B, H, N], vector<64xbf16>>
!k = !attn.field<[B, G, M], vector<64xbf16>>
!qu = !attn.field<[B, H, N], vector<64xf32>>
!ku = !attn.field<[B, G, M], vector<64xf32>>
!attention = !attn.attention<[B, H, N], vector<64xf32>>
attn.pattern @lssar {
  %q = attn.input "q" : !q
  %k = attn.input "k" : !k
  %v = attn.input "v" : !k
  %p = arith.constant 15.0 : f32
  %logD = arith.constant 4.158883083 : f32
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %B = attn.extent "B"
  %H = attn.extent "H"
  %G = attn.extent "G"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %offset = attn.param "offset" : index
  %qu = attn.define "unit(q)" (%b < %B, %h < %H, %i < %N) {
    %x = attn.at %q[%b, %h, %i] : !q
    %f = arith.extf %x : vector<64xbf16> to vector<64xf32>
    %sq = arith.mulf %f, %f : vector<64xf32>
    %n = vector.reduction <add>, %sq : vector<64xf32> into f32
    %ok = arith.cmpf ogt, %n, %zero : f32
    %r = math.rsqrt %n : f32
    %c = arith.select %ok, %r, %zero : f32
    %cs = vector.broadcast %c : f32 to vector<64xf32>
    %u = arith.mulf %f, %cs : vector<64xf32>
    attn.yield %u : vector<64xf32>
  } : !qu
  %ku = attn.define "unit(k)" (%b < %B, %g < %G, %j < %M) {
    %x = attn.at %k[%b, %g, %j] : !k
    %f = arith.extf %x : vector<64xbf16> to vector<64xf32>
    %sq = arith.mulf %f, %f : vector<64xf32>
    %n = vector.reduction <add>, %sq : vector<64xf32> into f32
    %ok = arith.cmpf ogt, %n, %zero : f32
    %r = math.rsqrt %n : f32
    %c = arith.select %ok, %r, %zero : f32
    %cs = vector.broadcast %c : f32 to vector<64xf32>
    %u = arith.mulf %f, %cs : vector<64xf32>
    attn.yield %u : vector<64xf32>
  } : !ku
  %a = attn.attend "lssar" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %at = arith.addi %i, %offset : index
    %causal = arith.cmpi sle, %j, %at : index
    attn.yield %causal : i1
  } score {
    %g = attn.kv_head %h
    %x = attn.at %qu[%b, %h, %i] : !qu
    %y = attn.at %ku[%b, %g, %j] : !ku
    %d = attn.dot %x, %y : vector<64xf32>, vector<64xf32>
    %n = attn.count
    %n64 = arith.index_cast %n : index to i64
    %nf = arith.sitofp %n64 : i64 to f32
    %ln = math.log %nf : f32
    %c = arith.mulf %logD, %ln : f32
    %s = arith.mulf %c, %d : f32
    attn.yield %s : f32
  } weights (%s: f32) {
    %abs = math.absf %s : f32
    %neg = arith.negf %abs : f32
    %t = math.exp %neg : f32
    %t1 = math.log1p %t : f32
    %pos = arith.maximumf %s, %zero : f32
    %u = arith.addf %pos, %t1 : f32
    %l = attn.rowsum %u
    %a1 = attn.div %u, %l : f32
    %n = attn.count
    %n64 = arith.index_cast %n : index to i64
    %nf = arith.sitofp %n64 : i64 to f32
    %rel = arith.mulf %nf, %a1 : f32
    %above = arith.subf %rel, %one : f32
    %relu = arith.maximumf %above, %zero : f32
    %r = math.powf %relu, %p : f32
    %l2 = attn.rowsum %r
    %w = attn.div %r, %l2 : f32
    attn.yield %w : f32
  } value {
    %g = attn.kv_head %h
    %row = attn.at %v[%b, %g, %j] : !k
    attn.yield %row : vector<64xbf16>
  } : !attention
  %o = attn.result out %a : !attention
  attn.output "out" %o as vector<64xbf16> : !attn.field<[B, H, N], vector<64xf32>>
}
