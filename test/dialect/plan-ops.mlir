// Every operation of the plan dialect, there and back.
// RUN: attn-opt --verify-roundtrip %s | FileCheck %s

!q = !plan.buffer<[B, H, N], vector<64xbf16>>
!ri = !plan.tile<r, index>
!ci = !plan.tile<c, index>

// CHECK-LABEL: plan.program @every
plan.program @every {
  // CHECK: %q = plan.tensor "q" : <[B, H, N], vector<64xbf16>>
  %q = plan.tensor "q" : !q
  %k = plan.tensor "k" : !q
  %doc = plan.tensor "doc" : !plan.buffer<[B, N], i32>
  %len = plan.tensor "len" : !plan.buffer<[B], index>
  %w = plan.tensor "w" : !plan.buffer<[H], vector<8x64xf32>>
  // CHECK: %out = plan.tensor "out" output : <[B, H, N], vector<64xbf16>>
  %out = plan.tensor "out" output : !q
  // CHECK: %window = plan.scalar "window" : index
  %window = plan.scalar "window" : index
  // CHECK: %B = plan.extent "B"
  %B = plan.extent "B"
  %H = plan.extent "H"
  %N = plan.extent "N"
  %raw = plan.tensor "S" : !plan.buffer<[B, H, t, S], i32>
  %C = plan.extent "S"
  %S = plan.alloc "S" (%B, %H, %N, %C) : !plan.buffer<[B, H, t, S], i32>
  %table = plan.alloc "S.table" (%B, %H, %N, %C) : !plan.buffer<[B, H, t, x], i1>
  // CHECK: plan.alloc "sums"(%B, %N) : <[B, N], f32>
  %sums = plan.alloc "sums" (%B, %N) : !plan.buffer<[B, N], f32>
  plan.kernel "S" (%b < %B, %h < %H, %t < %N) {
    %zero = arith.constant 0 : index
    // CHECK: plan.collect %S into %{{.*}}[%b, %h, %t] from %{{.*}} to %N : <[B, H, t, S], i32>, <[B, H, t, S], i32>
    plan.collect %raw into %S[%b, %h, %t] from %zero to %N : !plan.buffer<[B, H, t, S], i32>, !plan.buffer<[B, H, t, S], i32>
    // CHECK: plan.mark %S into %{{.*}}[%b, %h, %t] from %{{.*}} to %N : <[B, H, t, S], i32>, <[B, H, t, x], i1>
    plan.mark %raw into %table[%b, %h, %t] from %zero to %N : !plan.buffer<[B, H, t, S], i32>, !plan.buffer<[B, H, t, x], i1>
  }
  // CHECK: plan.kernel "o" (%b < %B, %h < %H, %t < %N) schedule {cols = 64 : i64, rows = 64 : i64} {
  plan.kernel "o" (%b < %B, %h < %H, %t < %N) schedule {rows = 64, cols = 64} {
    %zero = arith.constant 0 : index
    %none = arith.constant 0.0 : f32
    // CHECK: plan.rows %t to %N : <r, index>
    %i = plan.rows %t to %N : !ri
    // CHECK: plan.range %window : <x = ?, index>
    %xs = plan.range %window : !plan.tile<x = ?, index>
    // CHECK: plan.tiles live (%[[Z:.*]] to %N) holes () : <64>
    %s0 = plan.tiles live(%zero to %N) holes() : !plan.span<64>
    // CHECK: plan.tiles live (%[[Z]] to %t, %[[Z]] to %N by %window times %B) holes (%t to %N) exact : <64>
    %keys = plan.tiles live(%zero to %t, %zero to %N by %window times %B) holes(%t to %N) exact : !plan.span<64>
    // CHECK: plan.tiles live () holes (%[[Z]] to %N by %window times %H) : <1>
    %heads = plan.tiles live() holes(%zero to %N by %window times %H) : !plan.span<1>
    // CHECK: plan.blocks %{{.*}}[%b, %h, %t] of 128 below %N live (%[[Z]] to %t) holes (%t to %N) exact : <[B, H, t, S], i32> -> <64>
    %blocks = plan.blocks %S[%b, %h, %t] of 128 below %N live(%zero to %t) holes(%t to %N) exact : !plan.buffer<[B, H, t, S], i32> -> !plan.span<64>
    // CHECK: plan.tokens %{{.*}}[%b, %h, %t] of 1 below %N live () holes () : <[B, H, t, S], i32> -> <64>
    %tokens = plan.tokens %S[%b, %h, %t] of 1 below %N live() holes() : !plan.buffer<[B, H, t, S], i32> -> !plan.span<64>
    // CHECK: plan.load %len[%b] : <[B], index>, index -> index
    %n = plan.load %len[%b] : !plan.buffer<[B], index>, index -> index
    // CHECK: plan.load %q[%b, %h, %{{.*}}] : <[B, H, N], vector<64xbf16>>, index, index, !plan.tile<r, index> -> !plan.tile<r, d = 64, bf16>
    %qt = plan.load %q[%b, %h, %i] : !q, index, index, !ri -> !plan.tile<r, d = 64, bf16>
    // CHECK: plan.load %w[%h] : <[H], vector<8x64xf32>>, index -> !plan.tile<e = 8, d = 64, f32>
    %wt = plan.load %w[%h] : !plan.buffer<[H], vector<8x64xf32>>, index -> !plan.tile<e = 8, d = 64, f32>
    // CHECK: plan.slice %{{.*}} from 32 : <r, d = 64, bf16> -> <r, f = 32, bf16>
    %half = plan.slice %qt from 32 : !plan.tile<r, d = 64, bf16> -> !plan.tile<r, f = 32, bf16>
    // CHECK: plan.concat %{{.*}}, %{{.*}} : !plan.tile<r, f = 32, bf16>, !plan.tile<r, f = 32, bf16> -> <r, g = 64, bf16>
    %both = plan.concat %half, %half : !plan.tile<r, f = 32, bf16>, !plan.tile<r, f = 32, bf16> -> !plan.tile<r, g = 64, bf16>
    // CHECK: plan.pick %{{.*}} at %{{.*}} : <r, d = 64, bf16>, !plan.tile<r, index> -> !plan.tile<r, bf16>
    %picked = plan.pick %qt at %i : !plan.tile<r, d = 64, bf16>, !ri -> !plan.tile<r, bf16>
    // CHECK: plan.pick %{{.*}} at %b
    %first = plan.pick %qt at %b : !plan.tile<r, d = 64, bf16>, index -> !plan.tile<r, bf16>
    // CHECK: plan.fill %{{.*}} : f32 -> <r, f32>
    %m0 = plan.fill %none : f32 -> !plan.tile<r, f32>
    %o0 = plan.fill %none : f32 -> !plan.tile<r, e = 64, f32>
    // CHECK: plan.sweep (%j in %{{.*}} : !plan.span<64>) carry (%ref = %{{.*}} : !plan.tile<r, f32>, %o = %{{.*}} : !plan.tile<r, e = 64, f32>) {
    %fin, %o = plan.sweep (%j in %keys : !plan.span<64>) carry (%ref = %m0 : !plan.tile<r, f32>, %o = %o0 : !plan.tile<r, e = 64, f32>) {
      %kt = plan.load %k[%b, %h, %j] : !q, index, index, !ci -> !plan.tile<c, d = 64, bf16>
      %dt = plan.load %doc[%b, %j] : !plan.buffer<[B, N], i32>, index, !ci -> !plan.tile<c, i32>
      // CHECK: plan.contract %{{.*}}, %{{.*}} : !plan.tile<r, d = 64, bf16>, !plan.tile<c, d = 64, bf16> -> !plan.tile<r, c, f32>
      %s = plan.contract %qt, %kt : !plan.tile<r, d = 64, bf16>, !plan.tile<c, d = 64, bf16> -> !plan.tile<r, c, f32>
      // CHECK: plan.mask (%je = %j : !plan.tile<c, index>, %m = %{{.*}} : index) -> !plan.tile<c, i1> {
      %see = plan.mask (%je = %j : !ci, %m = %n : index) -> !plan.tile<c, i1> {
        %p = arith.cmpi slt, %je, %m : index
        plan.yield %p : i1
      }
      // CHECK: plan.map (%x = %{{.*}} : !plan.tile<r, c, f32>, %p = %{{.*}} : !plan.tile<c, i1>) -> !plan.tile<r, c, f32> {
      %y = plan.map (%x = %s : !plan.tile<r, c, f32>, %p = %see : !plan.tile<c, i1>) -> !plan.tile<r, c, f32> {
        %z = arith.select %p, %x, %none : f32
        // CHECK: plan.yield %{{.*}} : f32
        plan.yield %z : f32
      }
      // CHECK: plan.fold max %{{.*}} : <r, c, f32> -> !plan.tile<r, f32>
      %top = plan.fold max %y : !plan.tile<r, c, f32> -> !plan.tile<r, f32>
      // CHECK: plan.fold count %{{.*}} : <c, i1> -> index
      %seen = plan.fold count %see : !plan.tile<c, i1> -> index
      // CHECK: plan.fold any %{{.*}} : <c, i1> -> i1
      %any = plan.fold any %see : !plan.tile<c, i1> -> i1
      // CHECK: plan.advance %{{.*}}, %{{.*}} : <r, f32>
      %next, %base, %factor = plan.advance %ref, %top : !plan.tile<r, f32>
      // CHECK: plan.advance %{{.*}}, %{{.*}} exact : <r, f32>
      %next1, %base1, %factor1 = plan.advance %ref, %top exact : !plan.tile<r, f32>
      // CHECK: plan.scale %{{.*}} by %{{.*}} : <r, e = 64, f32>, <r, f32>
      %os = plan.scale %o by %factor : !plan.tile<r, e = 64, f32>, !plan.tile<r, f32>
      %vt = plan.load %k[%b, %h, %j] : !q, index, index, !ci -> !plan.tile<c, e = 64, bf16>
      // CHECK: plan.contract %{{.*}}, %{{.*}} acc %{{.*}} : !plan.tile<r, c, f32>, !plan.tile<c, e = 64, bf16> -> !plan.tile<r, e = 64, f32>
      %o1 = plan.contract %y, %vt acc %os : !plan.tile<r, c, f32>, !plan.tile<c, e = 64, bf16> -> !plan.tile<r, e = 64, f32>
      // CHECK: plan.yield %{{.*}}, %{{.*}} : !plan.tile<r, f32>, !plan.tile<r, e = 64, f32>
      plan.yield %next, %o1 : !plan.tile<r, f32>, !plan.tile<r, e = 64, f32>
    }
    // CHECK: plan.sweep (%h2 in %{{.*}} : !plan.span<1>) {
    plan.sweep (%h2 in %heads : !plan.span<1>) {
      %y = arith.addi %h2, %h2 : index
      // CHECK: plan.yield
      plan.yield
    }
    // CHECK: plan.store %{{.*}}, %{{.*}}[%b, %{{.*}}] : !plan.tile<r, f32>, <[B, N], f32>, index, !plan.tile<r, index>
    plan.store %fin, %sums[%b, %i] : !plan.tile<r, f32>, !plan.buffer<[B, N], f32>, index, !ri
    %y = plan.map (%x = %o : !plan.tile<r, e = 64, f32>) -> !plan.tile<r, e = 64, bf16> {
      %z = arith.truncf %x : f32 to bf16
      plan.yield %z : bf16
    }
    plan.store %y, %out[%b, %h, %i] : !plan.tile<r, e = 64, bf16>, !q, index, index, !ri
  }
}

// What split keys need: a number that is computed once, components as a label, a
// share of the tiles.
// CHECK-LABEL: plan.program @split
plan.program @split {
  %N = plan.extent "N"
  %zero = arith.constant 0 : index
  %x = plan.tensor "x" : !plan.buffer<[N], vector<8xf32>>
  // CHECK: %[[W:.*]] = plan.workers
  %w = plan.workers
  // CHECK: %parts = plan.size "parts" %[[W]]
  %parts = plan.size "parts" %w
  // CHECK: plan.columns %x : <[N], vector<8xf32>> -> <[N, E], f32>
  %y = plan.columns %x : !plan.buffer<[N], vector<8xf32>> -> !plan.buffer<[N, E], f32>
  plan.kernel "k" (%z < %parts, %t < %N) {
    %all = plan.tiles live(%zero to %N) holes() exact : !plan.span<64>
    // CHECK: plan.part %{{.*}}, %z of %parts : <64>
    %keys = plan.part %all, %z of %parts : !plan.span<64>
    // CHECK: plan.sweep
    plan.sweep (%j in %keys : !plan.span<64>) {
      plan.yield
    }
  }
}
