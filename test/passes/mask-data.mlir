// Tables: a flag of the head is exact, rows have any and all, keys are unknown.
// RUN: attn-opt %s --attn-print-masks=check -o /dev/null | FileCheck %s
!v = vector<16xf32>
!a = !attn.attention<[B, H, N], !v>
attn.pattern @masks {
  %q = attn.input "q" : !attn.field<[B, H, N], !v>
  %k = attn.input "k" : !attn.field<[B, G, M], !v>
  %offset = attn.param "offset" : index
  %full = attn.input "full" : !attn.field<[G], i1>
  %window = attn.param "window" : index
  %sinks = attn.param "sinks" : index
  %route = attn.input "route" : !attn.field<[B, N], i1>
  %at = attn.input "at" : !attn.field<[B, N], i32>
  %lo = attn.input "lo" : !attn.field<[B, N], i32>
  %hi = attn.input "hi" : !attn.field<[B, N], i32>
  %image = attn.input "image" : !attn.field<[B, M], i1>
  %doc = attn.input "doc" : !attn.field<[B, M], i32>
  %B = attn.extent "B"
  %H = attn.extent "H"
  %G = attn.extent "G"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %true = arith.constant true
  %one = arith.constant 1.0 : f32
  %value = arith.constant dense<1.0> : !v

  // CHECK-LABEL: mask of 'duo', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, r1 + offset)] if full[g(h)] - 1 >= 0
  // CHECK-NEXT:   live [max(0, r0 + offset - window + 1), min(M - 1, r1 + offset)] if window - 1 >= 0
  // CHECK-NEXT:   live [0, min(M - 1, sinks - 1, r1 + offset)]
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   hole [max(0, sinks), min(M - 1, r1 + offset - window)] if -full[g(h)] >= 0
  // CHECK-NEXT:   agrees with the mask
  %duo = attn.attend "duo" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = attn.kv_head %h
    %4 = attn.at %full[%3] : !attn.field<[G], i1>
    %5 = arith.subi %1, %j : index
    %6 = arith.cmpi slt, %5, %window : index
    %7 = arith.ori %4, %6 : i1
    %8 = arith.cmpi slt, %j, %sinks : index
    %9 = arith.ori %7, %8 : i1
    %10 = arith.andi %2, %9 : i1
    attn.yield %10 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'aha', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, r1 + offset)] if any route[b, i] - 1 >= 0 (hull)
  // CHECK-NEXT:   live [max(0, r0 + offset - window + 1), min(M - 1, r1 + offset)] if window - 1 >= 0
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1]
  // CHECK-NEXT:   hole [0, min(M - 1, r1 + offset - window)] if -all route[b, i] >= 0 (hull)
  // CHECK-NEXT:   not exact
  // CHECK-NEXT:   agrees with the mask
  %aha = attn.attend "aha" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = attn.at %route[%b, %i] : !attn.field<[B, N], i1>
    %4 = arith.subi %1, %j : index
    %5 = arith.cmpi slt, %4, %window : index
    %6 = arith.ori %3, %5 : i1
    %7 = arith.andi %2, %6 : i1
    attn.yield %7 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'naavit', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, max at[b, i])]
  // CHECK-NEXT:   hole [max(0, min at[b, i] + 1), M - 1]
  // CHECK-NEXT:   agrees with the mask
  %naavit = attn.attend "naavit" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = attn.at %at[%b, %i] : !attn.field<[B, N], i32>
    %2 = arith.index_cast %1 : i32 to index
    %3 = arith.cmpi sle, %j, %2 : index
    attn.yield %3 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'monotonic', for rows r0..r1 the keys
  // CHECK-NEXT:   live [max(0, min lo[b, i]), min(M - 1, max hi[b, i] - 1)] (hull)
  // CHECK-NEXT:   hole [0, min(M - 1, max lo[b, i] - 1)]
  // CHECK-NEXT:   hole [max(0, min hi[b, i]), M - 1]
  // CHECK-NEXT:   not exact
  // CHECK-NEXT:   agrees with the mask
  %monotonic = attn.attend "monotonic" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = attn.at %lo[%b, %i] : !attn.field<[B, N], i32>
    %2 = arith.index_cast %1 : i32 to index
    %3 = arith.cmpi sle, %2, %j : index
    %4 = attn.at %hi[%b, %i] : !attn.field<[B, N], i32>
    %5 = arith.index_cast %4 : i32 to index
    %6 = arith.cmpi slt, %j, %5 : index
    %7 = arith.andi %3, %6 : i1
    attn.yield %7 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'croc', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, r1 + offset)]
  // CHECK-NEXT:   live [0, M - 1] if any image[b, (i + offset)] - 1 >= 0 (hull)
  // CHECK-NEXT:   hole [max(0, r0 + offset + 1), M - 1] (hull)
  // CHECK-NEXT:   not exact
  // CHECK-NEXT:   agrees with the mask
  %croc = attn.attend "croc" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = attn.at %image[%b, %1] : !attn.field<[B, M], i1>
    %4 = attn.at %image[%b, %j] : !attn.field<[B, M], i1>
    %5 = arith.andi %3, %4 : i1
    %6 = arith.ori %2, %5 : i1
    attn.yield %6 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: mask of 'documents', for rows r0..r1 the keys
  // CHECK-NEXT:   live [0, min(M - 1, r1 + offset)] (hull)
  // CHECK-NEXT:   hole [0, M - 1] (hull)
  // CHECK-NEXT:   not exact
  // CHECK-NEXT:   agrees with the mask
  %documents = attn.attend "documents" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = attn.at %doc[%b, %1] : !attn.field<[B, M], i32>
    %4 = arith.index_cast %3 : i32 to index
    %5 = attn.at %doc[%b, %j] : !attn.field<[B, M], i32>
    %6 = arith.index_cast %5 : i32 to index
    %7 = arith.cmpi eq, %4, %6 : index
    %8 = arith.andi %2, %7 : i1
    attn.yield %8 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  %o = attn.result out %duo : !a
  attn.output "out" %o : !attn.field<[B, H, N], !v>
}
