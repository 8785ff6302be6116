// Clauses that change nothing go, whatever follows from the rest; the others stay.
// RUN: attn-opt %s --attn-fold-masks | FileCheck %s
!v = vector<16xf32>
!a = !attn.attention<[B, H, N], !v>
attn.pattern @masks {
  %q = attn.input "q" : !attn.field<[B, H, N], !v>
  %k = attn.input "k" : !attn.field<[B, G, M], !v>
  %offset = attn.param "offset" : index
  %w = attn.param "w" : index
  %z = attn.param "z" : index
  %doc = attn.input "doc" : !attn.field<[B, M], i32>
  %B = attn.extent "B"
  %H = attn.extent "H"
  %G = attn.extent "G"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %true = arith.constant true
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %one = arith.constant 1.0 : f32
  %value = arith.constant dense<1.0> : !v

  // The own key's future is excluded by the first clause.
  // CHECK-LABEL: attn.attend "future"
  // CHECK-NOT: sgt
  // CHECK: %[[A:.*]] = arith.cmpi sle
  // CHECK-NOT: sgt
  // CHECK: %[[B:.*]] = arith.cmpi slt
  // CHECK: %[[C:.*]] = arith.andi %[[A]], %[[B]]
  // CHECK-NEXT: attn.yield %[[C]]
  %future = attn.attend "future" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = arith.cmpi sgt, %j, %1 : index
    %4 = arith.subi %1, %j : index
    %5 = arith.cmpi slt, %4, %w : index
    %6 = arith.ori %3, %5 : i1
    %7 = arith.andi %2, %6 : i1
    attn.yield %7 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: attn.attend "nowhere"
  // CHECK: %[[F:.*]] = arith.constant false
  // CHECK-NEXT: attn.yield %[[F]]
  %nowhere = attn.attend "nowhere" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sgt, %j, %1 : index
    %3 = arith.subi %1, %j : index
    %4 = arith.cmpi sge, %3, %c0 : index
    %5 = arith.andi %2, %4 : i1
    attn.yield %5 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: attn.attend "twice"
  // CHECK: %[[A:.*]] = arith.cmpi sle
  // CHECK-NEXT: attn.yield %[[A]]
  %twice = attn.attend "twice" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.cmpi slt, %j, %z : index
    %2 = arith.cmpi sge, %j, %z : index
    %3 = arith.ori %1, %2 : i1
    %4 = arith.addi %i, %offset : index
    %5 = arith.cmpi sle, %j, %4 : index
    %6 = arith.andi %3, %5 : i1
    attn.yield %6 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // CHECK-LABEL: attn.attend "plain"
  // CHECK: arith.ori
  // CHECK-NEXT: arith.andi
  // CHECK-NEXT: attn.yield
  %plain = attn.attend "plain" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = arith.cmpi sle, %j, %1 : index
    %3 = arith.subi %1, %j : index
    %4 = arith.cmpi slt, %3, %w : index
    %5 = arith.cmpi slt, %j, %z : index
    %6 = arith.ori %4, %5 : i1
    %7 = arith.andi %2, %6 : i1
    attn.yield %7 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // What depends on data stays.
  // CHECK-LABEL: attn.attend "table"
  // CHECK: arith.cmpi eq
  // CHECK: arith.cmpi sle
  // CHECK-NOT: arith.cmpi
  // CHECK: attn.yield
  %table = attn.attend "table" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.addi %i, %offset : index
    %2 = attn.at %doc[%b, %1] : !attn.field<[B, M], i32>
    %3 = arith.index_cast %2 : i32 to index
    %4 = attn.at %doc[%b, %j] : !attn.field<[B, M], i32>
    %5 = arith.index_cast %4 : i32 to index
    %6 = arith.cmpi eq, %3, %5 : index
    %7 = arith.cmpi sle, %j, %1 : index
    %8 = arith.andi %6, %7 : i1
    %9 = arith.addi %1, %c3 : index
    %10 = arith.cmpi sle, %j, %9 : index
    %11 = arith.andi %8, %10 : i1
    attn.yield %11 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  // A clause that also picks a bound: folding the mask's use must not touch it.
  // CHECK-LABEL: attn.attend "shared"
  // CHECK: %[[NEAR:.*]] = arith.cmpi slt, %j, %z
  // CHECK: arith.select %[[NEAR]], %j, %w : index
  %shared = attn.attend "shared" (%b < %B, %h < %H, %i < %N) over (%j < %M)
  mask {
    %1 = arith.cmpi slt, %j, %z : index
    %2 = arith.cmpi sge, %j, %z : index
    %3 = arith.ori %1, %2 : i1
    %4 = arith.select %1, %j, %w : index
    %5 = arith.cmpi slt, %4, %i : index
    %6 = arith.andi %3, %5 : i1
    attn.yield %6 : i1
  } score { attn.yield %one : f32 } weights (%s: f32) { attn.yield %s : f32 } value { attn.yield %value : !v } : !a

  %o = attn.result out %future : !a
  attn.output "out" %o : !attn.field<[B, H, N], !v>
}
