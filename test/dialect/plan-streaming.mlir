// RUN: attn-opt --verify-roundtrip %s | FileCheck %s
// CHECK: plan.sweep (%j in %{{.*}} : !plan.span<128>) carry (%ref = 
// One kernel, one sweep over two live intervals.
!q = !plan.buffer<[B, H, N], vector<64xbf16>>
!k = !plan.buffer<[B, G, M], vector<64xbf16>>
!l = !plan.buffer<[B, H, N], f32>
!ri = !plan.tile<r, index>
!ci = !plan.tile<c, index>
!r = !plan.tile<r, f32>
!rc = !plan.tile<r, c, f32>
!seen = !plan.tile<r, c, i1>
!p = !plan.tile<r, c, bf16>
!qt = !plan.tile<r, d = 64, bf16>
!kt = !plan.tile<c, d = 64, bf16>
!vt = !plan.tile<c, e = 64, bf16>
!ot = !plan.tile<r, e = 64, bf16>
!acc = !plan.tile<r, e = 64, f32>
plan.program @streaming {
  %q = plan.tensor "q" : !q
  %k = plan.tensor "k" : !k
  %v = plan.tensor "v" : !k
  %out = plan.tensor "out" : !q
  %lse = plan.tensor "lse" : !l
  %window = plan.scalar "window" : index
  %sinks = plan.scalar "sinks" : index
  %offset = plan.scalar "offset" : index
  %scale = plan.scalar "scale" : f32
  %B = plan.extent "B"
  %H = plan.extent "H"
  %N = plan.extent "N"
  %M = plan.extent "M"
  %T = affine.apply affine_map<()[N] -> (N ceildiv 128)>()[%N]
  plan.kernel "streaming" (%b < %B, %h < %H, %t < %T) schedule {rows = 128, cols = 128, stages = 2, order = "descending"} {
    %zero = arith.constant 0 : index
    %nothing = arith.constant 0xFF800000 : f32
    %none = arith.constant 0.0 : f32
    %g = attn.kv_head %h
    %i0 = affine.apply affine_map<(t) -> (t * 128)>(%t)
    %i1 = affine.min affine_map<(t)[N] -> (t * 128 + 127, N - 1)>(%t)[%N]
    %recent = affine.max affine_map<()[i0, o, w] -> (0, i0 + o - w + 1)>()[%i0, %offset, %window]
    %last = affine.min affine_map<()[i1, o, M] -> (i1 + o + 1, M)>()[%i1, %offset, %M]
    %first = affine.min affine_map<()[i1, o, M, s] -> (i1 + o + 1, M, s)>()[%i1, %offset, %M, %sinks]
    %later = affine.max affine_map<()[i0, o] -> (0, i0 + o + 1)>()[%i0, %offset]
    %gap0 = affine.max affine_map<()[s] -> (0, s)>()[%sinks]
    %gap1 = affine.min affine_map<()[i1, o, w, M] -> (i1 + o - w + 1, M)>()[%i1, %offset, %window, %M]
    %keys = plan.tiles live(%recent to %last, %zero to %first) holes(%later to %M, %gap0 to %gap1) : !plan.span<128>
    %i = plan.rows %i0 to %N : !ri
    %qt = plan.load %q[%b, %h, %i] : !q, index, index, !ri -> !qt
    %m0 = plan.fill %nothing : f32 -> !r
    %l0 = plan.fill %none : f32 -> !r
    %acc0 = plan.fill %none : f32 -> !acc
    %m, %l, %acc = plan.sweep (%j in %keys : !plan.span<128>) carry (%ref = %m0 : !r, %sum = %l0 : !r, %o = %acc0 : !acc) {
      %kt = plan.load %k[%b, %g, %j] : !k, index, index, !ci -> !kt
      %d = plan.contract %qt, %kt : !qt, !kt -> !rc
      %sees = plan.mask (%ie = %i : !ri, %je = %j : !ci) -> !seen {
        %at = arith.addi %ie, %offset : index
        %causal = arith.cmpi sle, %je, %at : index
        %age = arith.subi %at, %je : index
        %near = arith.cmpi slt, %age, %window : index
        %sink = arith.cmpi slt, %je, %sinks : index
        %kept = arith.ori %near, %sink : i1
        %see = arith.andi %causal, %kept : i1
        plan.yield %see : i1
      }
      %s = plan.map (%x = %d : !rc, %see = %sees : !seen) -> !rc {
        %y = arith.mulf %x, %scale : f32
        %z = arith.select %see, %y, %nothing : f32
        plan.yield %z : f32
      }
      %top = plan.fold max %s : !rc -> !r
      %ref1, %base, %a = plan.advance %ref, %top : !r
      %e = plan.map (%x = %s : !rc, %y = %base : !r) -> !rc {
        %z = arith.subf %x, %y : f32
        %w = math.exp %z : f32
        plan.yield %w : f32
      }
      %part = plan.fold sum %e : !rc -> !r
      %sum1 = plan.map (%x = %sum : !r, %f = %a : !r, %y = %part : !r) -> !r {
        %z = math.fma %x, %f, %y : f32
        plan.yield %z : f32
      }
      %o1 = plan.scale %o by %a : !acc, !r
      %p = plan.map (%x = %e : !rc) -> !p {
        %y = arith.truncf %x : f32 to bf16
        plan.yield %y : bf16
      }
      %vt = plan.load %v[%b, %g, %j] : !k, index, index, !ci -> !vt
      %o2 = plan.contract %p, %vt acc %o1 : !p, !vt -> !acc
      plan.yield %ref1, %sum1, %o2 : !r, !r, !acc
    }
    %y = plan.map (%x = %acc : !acc, %n = %l : !r) -> !ot {
      %some = arith.cmpf one, %n, %none : f32
      %w = arith.divf %x, %n : f32
      %z = arith.select %some, %w, %none : f32
      %h16 = arith.truncf %z : f32 to bf16
      plan.yield %h16 : bf16
    }
    plan.store %y, %out[%b, %h, %i] : !ot, !q, index, index, !ri
    %ls = plan.map (%n = %l : !r, %x = %m : !r) -> !r {
      %ln = math.log %n : f32
      %z = arith.addf %ln, %x : f32
      plan.yield %z : f32
    }
    plan.store %ls, %lse[%b, %h, %i] : !r, !l, index, index, !ri
  }
}
