// Masks over positions and parameters: intervals in closed form, exact.
// RUN: attn-opt %s --attn-print-masks=check -o /dev/null | FileCheck %s
!v = vector<16xf32>
!a = !attn.attention<[B, H, N], !v>
attn.pattern @masks {
  %q = attn.input "q" : !attn.field<[B, H, N], !v>
  %k = attn.input "k" : !attn.field<[B, G, M], !v>
  %offset = attn.param "offset" : index
  %w = attn.param "w" : index
  %window = attn.param "window" : index
  %sinks = attn.param "sinks" : index
  %p = attn.param "p" : index
  %dense = attn.param "dense" : index
  %persist = attn.param "persist" : index
  %causal_rows = attn.param "causal_rows" : i1
  %B = attn.extent "B"
  %H = attn.extent "H"
  %G = attn.extent "G"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %true = arith.constant true
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %one = arith.constant 1.0 : f32
  %value = arith.constant dense<1.0> : !v

  // CHECK-LABEL: mask of 'causal', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, r1 + offset)]
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   agrees with the mask
  %causal = attn.attend "causal" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    attn.yield %2 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'sliding_window', for rows r0..r1 the keys
  // CHECK-NEXT:   live [max(0, r0 + offset - w), min(M - 1, r1 + offset)] if w >= 0
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   hole [0, min(M - 1, r1 + offset - w - 1)]
  // CHECK-NEXT:   agrees with the mask
  %sliding_window = attn.attend "sliding_window" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = arith.subi %1, %j : index
    %4 = arith.cmpi sle, %3, %w : index
    %5 = arith.andi %2, %4 : i1
    attn.yield %5 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'streaming', for rows r0..r1 the keys
  // CHECK-NEXT:   live [max(0, r0 + offset - window + 1), min(M - 1, r1 + offset)] if window - 1 >= 0
  // CHECK-NEXT:   live [0, min(M - 1, sinks - 1, r1 + offset)]
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   hole [max(0, sinks), min(M - 1, r1 + offset - window)]
  // CHECK-NEXT:   agrees with the mask
  %streaming = attn.attend "streaming" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = arith.subi %1, %j : index
    %4 = arith.cmpi slt, %3, %window : index
    %5 = arith.cmpi slt, %j, %sinks : index
    %6 = arith.ori %4, %5 : i1
    %7 = arith.andi %2, %6 : i1
    attn.yield %7 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'prefix_lm', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, p - 1)]
  // CHECK-NEXT:   live [0, min(M - 1, r1 + offset)]
  // CHECK-NEXT:   hole [max(0, p, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   agrees with the mask
  %prefix_lm = attn.attend "prefix_lm" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.cmpi slt, %j, %p : index
    %2 = arith.addi %i, %offset : index
    %3 = arith.cmpi sle, %j, %2 : index
    %4 = arith.ori %1, %3 : i1
    attn.yield %4 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'a_shape', for rows r0..r1 the keys
  // CHECK-NEXT:   live [max(0, r0 + offset - window + 1), min(M - 1, r1 + offset)] if window - 1 >= 0
  // CHECK-NEXT:   live [0, min(M - 1, sinks - 1, r1 + offset)]
  // CHECK-NEXT:   live [0, min(M - 1, r1 + offset)] if r1 + dense - N >= 0
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   hole [max(0, sinks), min(M - 1, r1 + offset - window, N + offset - window - dense - 1)] if N - r0 - dense - 1 >= 0
  // CHECK-NEXT:   agrees with the mask
  %a_shape = attn.attend "a_shape" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = arith.subi %1, %j : index
    %4 = arith.cmpi slt, %3, %window : index
    %5 = arith.cmpi slt, %j, %sinks : index
    %6 = arith.ori %4, %5 : i1
    %7 = arith.addi %offset, %N : index
    %8 = arith.subi %7, %dense : index
    %9 = arith.cmpi sge, %1, %8 : index
    %10 = arith.ori %6, %9 : i1
    %11 = arith.andi %2, %10 : i1
    attn.yield %11 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'titans_mac', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, 3)]
  // CHECK-NEXT:   live [max(0, 16*floordiv(r0 + offset, 16)), min(M - 1, r1 + offset)]
  // CHECK-NEXT:   hole [max(4, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   hole [max(4, 16*floordiv(r0 + offset, 16) + 16), M - 1]
  // CHECK-NEXT:   hole [4, min(M - 1, 16*floordiv(r1 + offset, 16) - 1)]
  // CHECK-NEXT:   agrees with the mask
  %titans_mac = attn.attend "titans_mac" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.cmpi slt, %j, %c4 : index
    %2 = arith.addi %i, %offset : index
    %3 = arith.cmpi sle, %j, %2 : index
    %4 = arith.floordivsi %2, %c16 : index
    %5 = arith.floordivsi %j, %c16 : index
    %6 = arith.cmpi eq, %4, %5 : index
    %7 = arith.andi %3, %6 : i1
    %8 = arith.ori %1, %7 : i1
    attn.yield %8 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'titans_mag', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, persist - 1)]
  // CHECK-NEXT:   live [max(0, r0 + offset - window), min(M - 1, r1 + offset)] if window >= 0
  // CHECK-NEXT:   hole [max(0, persist, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   hole [max(0, persist), min(M - 1, r1 + offset - window - 1)]
  // CHECK-NEXT:   agrees with the mask
  %titans_mag = attn.attend "titans_mag" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.cmpi slt, %j, %persist : index
    %2 = arith.addi %i, %offset : index
    %3 = arith.cmpi sle, %j, %2 : index
    %4 = arith.subi %2, %j : index
    %5 = arith.cmpi sle, %4, %window : index
    %6 = arith.andi %3, %5 : i1
    %7 = arith.ori %1, %6 : i1
    attn.yield %7 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'cab', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, r1 + offset)]
  // CHECK-NEXT:   live [0, M - 1] if -causal_rows >= 0
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1] if causal_rows - 1 >= 0
  // CHECK-NEXT:   agrees with the mask
  %cab = attn.attend "cab" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = arith.xori %causal_rows, %true : i1
    %4 = arith.ori %2, %3 : i1
    attn.yield %4 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'not_window', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, r1 + offset - window)]
  // CHECK-NEXT:   hole [max(0, r0 + offset - window + 1), M - 1]
  // CHECK-NEXT:   agrees with the mask
  %not_window = attn.attend "not_window" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.subi %1, %j : index
    %3 = arith.cmpi slt, %2, %window : index
    %4 = arith.xori %3, %true : i1
    attn.yield %4 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'mirrored', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, window - r0 - offset - 1)]
  // CHECK-NEXT:   live [max(0, r0 + offset), min(M - 1, r1 + offset)]
  // CHECK-NEXT:   hole [max(0, window - r1 - offset), min(M - 1, r1 + offset - 1)]
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1, window - r1 - offset, floordiv(window, 2) + 1), M - 1]
  // CHECK-NEXT:   agrees with the mask
  %mirrored = attn.attend "mirrored" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.addi %1, %j : index
    %3 = arith.cmpi slt, %2, %window : index
    %4 = arith.cmpi eq, %j, %1 : index
    %5 = arith.ori %3, %4 : i1
    attn.yield %5 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'two_to_one', for rows r0..r1 the keys
  // CHECK-NEXT:   live [max(0, floordiv(r0 + offset - w + 1, 2)), min(M - 1, floordiv(r1 + offset, 2))] if w >= 0
  // CHECK-NEXT:   hole [max(0, floordiv(r0 + offset, 2) + 1), M - 1]
  // CHECK-NEXT:   hole [0, min(M - 1, floordiv(r1 + offset - w - 1, 2))]
  // CHECK-NEXT:   agrees with the mask
  %two_to_one = attn.attend "two_to_one" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.muli %j, %c2 : index
    %2 = arith.addi %i, %offset : index
    %3 = arith.cmpi sle, %1, %2 : index
    %4 = arith.muli %j, %c2 : index
    %5 = arith.addi %4, %w : index
    %6 = arith.cmpi sle, %2, %5 : index
    %7 = arith.andi %3, %6 : i1
    attn.yield %7 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  %o = attn.result out %causal : !a
  attn.output "out" %o : !attn.field<[B, H, N], !v>
}
