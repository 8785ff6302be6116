// What has no closed form is enclosed by one.
// RUN: attn-opt %s --attn-print-masks=check -o /dev/null | FileCheck %s
!v = vector<16xf32>
!a = !attn.attention<[B, H, N], !v>
attn.pattern @masks {
  %q = attn.input "q" : !attn.field<[B, H, N], !v>
  %k = attn.input "k" : !attn.field<[B, G, M], !v>
  %w = attn.param "w" : index
  %offset = attn.param "offset" : index
  %d = attn.param "d" : index
  %window = attn.param "window" : index
  %sinks = attn.param "sinks" : index
  %stride = attn.param "stride" : index
  %local = attn.param "local" : index
  %dense = attn.param "dense" : index
  %shift = attn.param "shift" : index
  %width = attn.param "width" : index
  %kw = attn.param "kw" : index
  %height = attn.param "height" : index
  %kh = attn.param "kh" : index
  %B = attn.extent "B"
  %H = attn.extent "H"
  %G = attn.extent "G"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %true = arith.constant true
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %one = arith.constant 1.0 : f32
  %value = arith.constant dense<1.0> : !v

  // CHECK-LABEL: mask of 'dilated', for rows r0..r1 the keys
  // CHECK-NEXT:   live [max(0, r0 + offset - w), min(M - 1, r1 + offset + w)] if w >= 0 (hull)
  // CHECK-NEXT:   hole [0, M - 1] (hull)
  // CHECK-NEXT:   not exact
  // CHECK-NEXT:   agrees with the mask
  %dilated = attn.attend "dilated" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.subi %1, %j : index
    %3 = math.absi %2 : index
    %4 = arith.cmpi sle, %3, %w : index
    %5 = arith.subi %1, %j : index
    %6 = attn.mod %5, %d
    %7 = arith.cmpi eq, %6, %c0 : index
    %8 = arith.andi %4, %7 : i1
    attn.yield %8 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'power', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, r1 + offset)] (hull)
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   hole [max(0, 16*sinks), min(M - 1, 16*floordiv(r1 + offset, 16) - 16*window + 15)] (hull)
  // CHECK-NEXT:   not exact
  // CHECK-NEXT:   agrees with the mask
  %power = attn.attend "power" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.floordivsi %1, %c16 : index
    %3 = arith.floordivsi %j, %c16 : index
    %4 = arith.subi %2, %3 : index
    %5 = arith.cmpi sle, %j, %1 : index
    %6 = arith.cmpi slt, %4, %window : index
    %7 = arith.subi %4, %c1 : index
    %8 = arith.andi %4, %7 : index
    %9 = arith.cmpi eq, %8, %c0 : index
    %10 = arith.ori %6, %9 : i1
    %11 = arith.floordivsi %j, %c16 : index
    %12 = arith.cmpi slt, %11, %sinks : index
    %13 = arith.ori %10, %12 : i1
    %14 = arith.andi %5, %13 : i1
    attn.yield %14 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 's2', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, r1 + offset)] (hull)
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   hole [0, min(M - 1, 8*floordiv(r1 + offset, 8) - 8*local + 7)] if G - dense - g(h) - 1 >= 0 (hull)
  // CHECK-NEXT:   not exact
  // CHECK-NEXT:   agrees with the mask
  %s2 = attn.attend "s2" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = attn.floordiv %stride, %G
    %2 = arith.maxsi %1, %c1 : index
    %3 = arith.addi %i, %offset : index
    %4 = arith.cmpi sle, %j, %3 : index
    %5 = arith.floordivsi %3, %c8 : index
    %6 = arith.floordivsi %j, %c8 : index
    %7 = arith.subi %5, %6 : index
    %8 = arith.cmpi slt, %7, %local : index
    %9 = attn.kv_head %h
    %10 = arith.subi %G, %dense : index
    %11 = arith.cmpi sge, %9, %10 : index
    %12 = arith.ori %8, %11 : i1
    %13 = arith.floordivsi %j, %c8 : index
    %14 = attn.kv_head %h
    %15 = arith.muli %14, %2 : index
    %16 = arith.addi %13, %15 : index
    %17 = arith.addi %16, %shift : index
    %18 = attn.mod %17, %stride
    %19 = arith.cmpi eq, %18, %c0 : index
    %20 = arith.ori %12, %19 : i1
    %21 = arith.andi %4, %20 : i1
    attn.yield %21 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'natten_2d', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, M - 1] if floordivsi.8 >= 0 and floordivsi.16 >= 0 (hull)
  // CHECK-NEXT:   hole [0, M - 1] (hull)
  // CHECK-NEXT:   not exact
  // CHECK-NEXT:   agrees with the mask
  %natten_2d = attn.attend "natten_2d" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = attn.mod %1, %width
    %3 = attn.mod %j, %width
    %4 = arith.floordivsi %kw, %c2 : index
    %5 = arith.subi %width, %c1 : index
    %6 = arith.floordivsi %kw, %c2 : index
    %7 = arith.subi %5, %6 : index
    %8 = arith.maxsi %2, %4 : index
    %9 = arith.minsi %8, %7 : index
    %10 = arith.subi %9, %3 : index
    %11 = math.absi %10 : index
    %12 = arith.floordivsi %kw, %c2 : index
    %13 = arith.cmpi sle, %11, %12 : index
    %14 = attn.floordiv %1, %width
    %15 = attn.floordiv %j, %width
    %16 = arith.floordivsi %kh, %c2 : index
    %17 = arith.subi %height, %c1 : index
    %18 = arith.floordivsi %kh, %c2 : index
    %19 = arith.subi %17, %18 : index
    %20 = arith.maxsi %14, %16 : index
    %21 = arith.minsi %20, %19 : index
    %22 = arith.subi %21, %15 : index
    %23 = math.absi %22 : index
    %24 = arith.floordivsi %kh, %c2 : index
    %25 = arith.cmpi sle, %23, %24 : index
    %26 = arith.andi %13, %25 : i1
    attn.yield %26 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  %o = attn.result out %dilated : !a
  attn.output "out" %o : !attn.field<[B, H, N], !v>
}
