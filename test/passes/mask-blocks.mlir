// Divisions and remainders by constants: blocks, strides, residues.
// RUN: attn-opt %s --attn-print-masks=check -o /dev/null | FileCheck %s
!v = vector<16xf32>
!a = !attn.attention<[B, H, N], !v>
attn.pattern @masks {
  %q = attn.input "q" : !attn.field<[B, H, N], !v>
  %k = attn.input "k" : !attn.field<[B, G, M], !v>
  %offset = attn.param "offset" : index
  %window = attn.param "window" : index
  %B = attn.extent "B"
  %H = attn.extent "H"
  %G = attn.extent "G"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %true = arith.constant true
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %one = arith.constant 1.0 : f32
  %value = arith.constant dense<1.0> : !v

  // CHECK-LABEL: mask of 'block_diagonal', for rows r0..r1 the keys
  // CHECK-NEXT:   live [max(0, 8*floordiv(r0 + offset, 8)), min(M - 1, 8*floordiv(r1 + offset, 8) + 7)]
  // CHECK-NEXT:   hole [max(0, 8*floordiv(r0 + offset, 8) + 8), M - 1]
  // CHECK-NEXT:   hole [0, min(M - 1, 8*floordiv(r1 + offset, 8) - 1)]
  // CHECK-NEXT:   agrees with the mask
  %block_diagonal = attn.attend "block_diagonal" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.floordivsi %1, %c8 : index
    %3 = arith.floordivsi %j, %c8 : index
    %4 = arith.cmpi eq, %2, %3 : index
    attn.yield %4 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'earlier_chunks', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, 8*floordiv(r1 + offset, 8) - 1)]
  // CHECK-NEXT:   hole [max(0, 8*floordiv(r0 + offset, 8)), M - 1]
  // CHECK-NEXT:   agrees with the mask
  %earlier_chunks = attn.attend "earlier_chunks" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.floordivsi %j, %c8 : index
    %2 = arith.addi %i, %offset : index
    %3 = arith.floordivsi %2, %c8 : index
    %4 = arith.cmpi slt, %1, %3 : index
    attn.yield %4 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'band_of_blocks', for rows r0..r1 the keys
  // CHECK-NEXT:   live [max(0, 8*floordiv(r0 + offset, 8) - 16), min(M - 1, 8*floordiv(r1 + offset, 8) + 7)]
  // CHECK-NEXT:   hole [0, min(M - 1, 8*floordiv(r1 + offset, 8) - 17)]
  // CHECK-NEXT:   hole [max(0, 8*floordiv(r0 + offset, 8) + 8), M - 1]
  // CHECK-NEXT:   agrees with the mask
  %band_of_blocks = attn.attend "band_of_blocks" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.floordivsi %1, %c8 : index
    %3 = arith.floordivsi %j, %c8 : index
    %4 = arith.subi %2, %3 : index
    %5 = arith.cmpi slt, %4, %c3 : index
    %6 = arith.floordivsi %1, %c8 : index
    %7 = arith.floordivsi %j, %c8 : index
    %8 = arith.subi %6, %7 : index
    %9 = arith.cmpi sge, %8, %c0 : index
    %10 = arith.andi %5, %9 : i1
    attn.yield %10 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'key_stride', for rows r0..r1 the keys
  // CHECK-NEXT:   live [3*p, 3*p] for p in [0, floordiv(M - 1, 3)] within [0, M - 1]
  // CHECK-NEXT:   hole [3*p + 1, 3*p + 2] for p in [0, floordiv(M - 2, 3)] within [0, M - 1]
  // CHECK-NEXT:   agrees with the mask
  %key_stride = attn.attend "key_stride" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = attn.mod %j, %c3
    %2 = arith.cmpi eq, %1, %c0 : index
    attn.yield %2 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 's2_const', for rows r0..r1 the keys
  // CHECK-NEXT:   live [max(0, 8*floordiv(r0 + offset, 8) - 16), min(M - 1, r1 + offset)]
  // CHECK-NEXT:   live [max(0, 32*floordiv(h + 3, 4) - 8*h), min(M - 1, r1 + offset, 32*floordiv(M + 8*h - 1, 32) - 8*h + 7, 32*floordiv(r1 + offset + 8*h, 32) - 8*h + 7)] if -24 >= 0
  // CHECK-NEXT:   live [32*p - 8*h, 32*p - 8*h + 7] for p in [floordiv(h + 3, 4), min(floordiv(M + 8*h - 1, 32), floordiv(r1 + offset + 8*h, 32))] within [0, min(M - 1, r1 + offset)] if 23 >= 0
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   hole [max(0, 32*floordiv(h, 4) - 8*h + 8), min(M - 1, 8*floordiv(r1 + offset, 8) - 17, 32*floordiv(h + floordiv(r1 + offset, 8), 4) - 8*h - 1)] if -8 >= 0
  // CHECK-NEXT:   hole [32*p - 8*h + 8, 32*p - 8*h + 31] for p in [floordiv(h, 4), min(floordiv(M + 8*h - 9, 32), floordiv(h + floordiv(r1 + offset, 8), 4) - 1)] within [0, min(M - 1, 8*floordiv(r1 + offset, 8) - 17)] if 7 >= 0 and M - 1 >= 0 and floordiv(r1 + offset, 8) - 3 >= 0
  // CHECK-NEXT:   agrees with the mask
  %s2_const = attn.attend "s2_const" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = arith.floordivsi %1, %c8 : index
    %4 = arith.floordivsi %j, %c8 : index
    %5 = arith.subi %3, %4 : index
    %6 = arith.cmpi slt, %5, %c3 : index
    %7 = arith.floordivsi %j, %c8 : index
    %8 = arith.addi %7, %h : index
    %9 = attn.mod %8, %c4
    %10 = arith.cmpi eq, %9, %c0 : index
    %11 = arith.ori %6, %10 : i1
    %12 = arith.andi %2, %11 : i1
    attn.yield %12 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'dilated_const', for rows r0..r1 the keys
  // CHECK-NEXT:   live [max(0, r0 + offset - 3*floordiv(window - 1, 3)), min(M - 1, r1 + offset)] if r1 - r0 - 2 >= 0 and floordiv(window - 1, 3) >= 0
  // CHECK-NEXT:   live [3*p + r0 + offset, 3*p + r1 + offset] for p in [max(-floordiv(window - 1, 3), floordiv(-r1 - offset + 2, 3)), min(0, floordiv(M - r0 - offset - 1, 3))] within [0, M - 1] if r0 - r1 + 1 >= 0 and M - 1 >= 0
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   hole [0, min(M - 1, r1 + offset - window)]
  // CHECK-NEXT:   hole [max(0, r0 + offset + 3*floordiv(-r1 - offset + 3, 3) - 2), min(M - 1, r1 + offset + 3*floordiv(M - r0 - offset + 1, 3) - 1)] if r1 - r0 - 1 >= 0
  // CHECK-NEXT:   hole [3*p + r0 + offset - 2, 3*p + r1 + offset - 1] for p in [floordiv(-r1 - offset + 3, 3), floordiv(M - r0 - offset + 1, 3)] within [0, M - 1] if r0 - r1 >= 0 and M - 1 >= 0
  // CHECK-NEXT:   agrees with the mask
  %dilated_const = attn.attend "dilated_const" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = arith.subi %1, %j : index
    %4 = arith.cmpi slt, %3, %window : index
    %5 = arith.andi %2, %4 : i1
    %6 = arith.subi %1, %j : index
    %7 = attn.mod %6, %c3
    %8 = arith.cmpi eq, %7, %c0 : index
    %9 = arith.andi %5, %8 : i1
    attn.yield %9 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  %o = attn.result out %block_diagonal : !a
  attn.output "out" %o : !attn.field<[B, H, N], !v>
}
