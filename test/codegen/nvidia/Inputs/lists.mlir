// Keys of a list, given as a tensor: its count, then its items. Causal, with a
// score that needs the number of the key. `SPAN` is the span, see lists.test.
#map = affine_map<()[s0] -> (s0 ceildiv ROWS)>
#map1 = affine_map<()[s0] -> (s0 * ROWS)>
#map2 = affine_map<()[s0, s1] -> (s1 * ROWS + ROWS - 1, s0 - 1)>
#map3 = affine_map<()[s0, s1] -> (s1, s0 + 1)>
#map4 = affine_map<()[s1] -> (0, s1 * ROWS + 1)>
#map5 = affine_map<()[s0] -> (s0 + 1)>
module {
  plan.program @lists {
    %c0 = arith.constant 0 : index
    %cst = arith.constant 0xFF800000 : f32
    %cst_0 = arith.constant 0.000000e+00 : f32
    %cst_1 = arith.constant 1.000000e+00 : f32
    %far = arith.constant -0.005 : f32
    %q = plan.tensor "q" : <[B, H, N], vector<DEPTHxbf16>>
    %k = plan.tensor "k" : <[B, H, M], vector<DEPTHxbf16>>
    %v = plan.tensor "v" : <[B, H, M], vector<DEPTHxbf16>>
    %s = plan.tensor "s" : <[B, H, T, S], i32>
    %out = plan.tensor "out" output : <[B, H, N], vector<DEPTHxbf16>>
    %scale = plan.scalar "scale" : f32
    %B = plan.extent "B"
    %H = plan.extent "H"
    %N = plan.extent "N"
    %M = plan.extent "M"
    %0 = affine.apply #map()[%N]
    plan.kernel "o" (%b < %B, %h < %H, %t < %0) schedule {cols = COLS : i64, rows = ROWS : i64, slack = 8 : i64, stages = 2 : i64} {
      %1 = affine.apply #map1()[%t]
      %2 = affine.min #map2()[%N, %t]
      %3 = plan.rows %1 to %N : <r, index>
      %4 = affine.min #map3()[%2, %M]
      %5 = affine.max #map4()[%t]
      %6 = affine.apply #map5()[%M]
      %7 = SPAN %s[%b, %h, %t] of RUN below %M live (%c0 to %4) holes (%5 to %M, %M to %6) exact : <[B, H, T, S], i32> -> <COLS>
      %8 = plan.fill %cst : f32 -> <r, f32>
      %9 = plan.fill %cst_0 : f32 -> <r, f32>
      %10 = plan.fill %cst_0 : f32 -> <r, e = DEPTH, f32>
      %11 = plan.load %q[%b, %h, %3] : <[B, H, N], vector<DEPTHxbf16>>, index, index, !plan.tile<r, index> -> !plan.tile<r, d = DEPTH, bf16>
      %13:3 = plan.sweep (%j in %7 : !plan.span<COLS>) carry (%ref = %8 : !plan.tile<r, f32>, %sum = %9 : !plan.tile<r, f32>, %o = %10 : !plan.tile<r, e = DEPTH, f32>) {
        %16 = plan.mask (%ie = %3 : !plan.tile<r, index>, %je = %j : !plan.tile<c, index>) -> !plan.tile<r, c, i1> {
          %28 = arith.cmpi sle, %je, %ie : index
          plan.yield %28 : i1
        }
        %17 = plan.load %k[%b, %h, %j] : <[B, H, M], vector<DEPTHxbf16>>, index, index, !plan.tile<c, index> -> !plan.tile<c, d = DEPTH, bf16>
        %18 = plan.contract %11, %17 : !plan.tile<r, d = DEPTH, bf16>, !plan.tile<c, d = DEPTH, bf16> -> !plan.tile<r, c, f32>
        %19 = plan.map (%x = %16 : !plan.tile<r, c, i1>, %x2 = %18 : !plan.tile<r, c, f32>, %je = %j : !plan.tile<c, index>) -> !plan.tile<r, c, f32> {
          %26 = arith.index_cast %je : index to i64
          %27 = arith.sitofp %26 : i64 to f32
          %28 = arith.mulf %scale, %x2 : f32
          %29 = math.fma %far, %27, %28 : f32
          %30 = arith.select %x, %29, %cst : f32
          plan.yield %30 : f32
        }
        %20 = plan.fold max %19 : <r, c, f32> -> !plan.tile<r, f32>
        %next, %base, %factor = plan.advance %ref, %20 : <r, f32>
        %21 = plan.map (%x = %19 : !plan.tile<r, c, f32>, %y = %base : !plan.tile<r, f32>) -> !plan.tile<r, c, f32> {
          %27 = arith.subf %x, %y : f32
          %28 = math.exp %27 : f32
          plan.yield %28 : f32
        }
        %22 = plan.fold sum %21 : <r, c, f32> -> !plan.tile<r, f32>
        %23 = plan.map (%y = %sum : !plan.tile<r, f32>, %y2 = %factor : !plan.tile<r, f32>, %y3 = %22 : !plan.tile<r, f32>) -> !plan.tile<r, f32> {
          %27 = math.fma %y, %y2, %y3 : f32
          plan.yield %27 : f32
        }
        %24 = plan.scale %o by %factor : <r, e = DEPTH, f32>, <r, f32>
        %25 = plan.load %v[%b, %h, %j] : <[B, H, M], vector<DEPTHxbf16>>, index, index, !plan.tile<c, index> -> !plan.tile<c, e = DEPTH, bf16>
        %26 = plan.contract %21, %25 acc %24 : !plan.tile<r, c, f32>, !plan.tile<c, e = DEPTH, bf16> -> !plan.tile<r, e = DEPTH, f32>
        plan.yield %next, %23, %26 : !plan.tile<r, f32>, !plan.tile<r, f32>, !plan.tile<r, e = DEPTH, f32>
      }
      %14 = plan.map (%y = %13#1 : !plan.tile<r, f32>) -> !plan.tile<r, f32> {
        %16 = attn.div %cst_1, %y : f32
        plan.yield %16 : f32
      }
      %15 = plan.map (%y = %13#2 : !plan.tile<r, e = DEPTH, f32>, %y2 = %14 : !plan.tile<r, f32>) -> !plan.tile<r, e = DEPTH, bf16> {
        %16 = arith.mulf %y, %y2 : f32
        %17 = arith.truncf %16 : f32 to bf16
        plan.yield %17 : bf16
      }
      plan.store %15, %out[%b, %h, %3] : !plan.tile<r, e = DEPTH, bf16>, <[B, H, N], vector<DEPTHxbf16>>, index, index, !plan.tile<r, index>
    }
  }
}
