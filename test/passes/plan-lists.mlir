// RUN: attn-opt %s --attn-plan | FileCheck %s
!q = !attn.field<[B, H, N], vector<64xbf16>>
!k = !attn.field<[B, G, M], vector<64xbf16>>
!byBlock = !attn.field<[B, H, R, S], i32>
!byRow = !attn.field<[B, G, N, S], i32>
!byHead = !attn.field<[H, S], i32>
!attention = !attn.attention<[B, H, N], vector<64xf32>>

// Blocks of 128 rows and of 96 keys: tiles of 64 rows, which begin where a block
// of positions does, over tiles of 48 keys. The list is made by a kernel in front,
// and the clause is gone from the mask.
// CHECK-LABEL: plan.program @blocks
// CHECK:         %[[LIST:.*]] = plan.alloc "S.list"({{.*}}) : <[B, H, R, S], i32>
// CHECK-NEXT:    plan.kernel "S.list" (%b < %B{{.*}}, %h < %H{{.*}}, %t < %R) schedule {rows = 16 : i64} {
// CHECK-NEXT:      plan.collect %S into %[[LIST]][%b, %h, %t] from %{{.*}} to %{{.*}} :
// CHECK:         %[[PART:.*]] = affine.apply #{{.*}}()[%offset]
// CHECK:         arith.addi %N, %[[PART]]
// CHECK:         plan.kernel "o" {{.*}} schedule {cols = 48 : i64, rows = 64 : i64} {
// CHECK:           %[[FROM:.*]] = affine.max
// CHECK:           affine.min
// CHECK:           %[[END:.*]] = affine.min
// CHECK:           %[[ROWS:.*]] = plan.rows %[[FROM]] to %[[END]]
// CHECK:           %[[U:.*]] = arith.subi
// CHECK:           %[[KEYS:.*]] = plan.blocks %[[LIST]][%b, %h, %[[U]]] of 96 below %M live ({{.*}}) holes ({{.*}}) exact : {{.*}} -> <48>
// CHECK:           plan.sweep (%j in %[[KEYS]]
// CHECK:             plan.mask (%ie = %[[ROWS]] : {{.*}}, %je = %j
// CHECK-NOT:         plan.load %[[LIST]]
// CHECK:             plan.yield
attn.pattern @blocks {
  %q = attn.input "q" : !q
  %k = attn.input "k" : !k
  %S = attn.input "S" : !byBlock
  %offset = attn.param "offset" : index
  %B = attn.extent "B"
  %H = attn.extent "H"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %a = attn.attend "o" (%b < %B, %h < %H, %r < %N) over (%j < %M)
  mask {
    %zero = arith.constant 0 : index
    %i = arith.addi %r, %offset : index
    %seen = arith.cmpi sle, %j, %i : index
    %T = arith.constant 128 : index
    %L = arith.constant 96 : index
    %u = arith.floordivsi %i, %T : index
    %first = arith.floordivsi %offset, %T : index
    %at = arith.subi %u, %first : index
    %c = arith.floordivsi %j, %L : index
    %C = arith.ceildivsi %M, %L : index
    %in = attn.member %c in %S[%b, %h, %at] from %zero to %C : !byBlock
    %p = arith.andi %seen, %in : i1
    attn.yield %p : i1
  } score {
    %g = attn.kv_head %h
    %x = attn.at %q[%b, %h, %r] : !q
    %y = attn.at %k[%b, %g, %j] : !k
    %z = attn.dot %x, %y : vector<64xbf16>, vector<64xbf16>
    attn.yield %z : f32
  } weights (%s: f32) {
    %e = math.exp %s : f32
    %d = attn.rowsum %e
    %w = attn.div %e, %d : f32
    attn.yield %w : f32
  } value {
    %g = attn.kv_head %h
    %y = attn.at %k[%b, %g, %j] : !k
    attn.yield %y : vector<64xbf16>
  } : !attention
  %out = attn.result out %a : !attention
  attn.output "out" %out as vector<64xbf16> : !attn.field<[B, H, N], vector<64xf32>>
}

// Blocks of 6 rows fill a part of a tile; blocks of 10 keys are gathered.
// CHECK-LABEL: plan.program @small
// CHECK:         plan.kernel "o" {{.*}} schedule {cols = 64 : i64, rows = 16 : i64} {
// CHECK:           affine.min
// CHECK:           %[[END:.*]] = affine.min
// CHECK:           plan.rows %{{.*}} to %[[END]]
// CHECK:           plan.tokens {{.*}} of 10 below %M live ({{.*}}) holes ({{.*}}) : {{.*}} -> <64>
attn.pattern @small {
  %q = attn.input "q" : !q
  %k = attn.input "k" : !k
  %S = attn.input "S" : !byBlock
  %offset = attn.param "offset" : index
  %B = attn.extent "B"
  %H = attn.extent "H"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %a = attn.attend "o" (%b < %B, %h < %H, %r < %N) over (%j < %M)
  mask {
    %zero = arith.constant 0 : index
    %i = arith.addi %r, %offset : index
    %seen = arith.cmpi sle, %j, %i : index
    %T = arith.constant 6 : index
    %L = arith.constant 10 : index
    %u = arith.floordivsi %i, %T : index
    %first = arith.floordivsi %offset, %T : index
    %at = arith.subi %u, %first : index
    %c = arith.floordivsi %j, %L : index
    %C = arith.ceildivsi %M, %L : index
    %in = attn.member %c in %S[%b, %h, %at] from %zero to %C : !byBlock
    %p = arith.andi %seen, %in : i1
    attn.yield %p : i1
  } score {
    %g = attn.kv_head %h
    %x = attn.at %q[%b, %h, %r] : !q
    %y = attn.at %k[%b, %g, %j] : !k
    %z = attn.dot %x, %y : vector<64xbf16>, vector<64xbf16>
    attn.yield %z : f32
  } weights (%s: f32) {
    %e = math.exp %s : f32
    %d = attn.rowsum %e
    %w = attn.div %e, %d : f32
    attn.yield %w : f32
  } value {
    %g = attn.kv_head %h
    %y = attn.at %k[%b, %g, %j] : !k
    attn.yield %y : vector<64xbf16>
  } : !attention
  %out = attn.result out %a : !attention
  attn.output "out" %out as vector<64xbf16> : !attn.field<[B, H, N], vector<64xf32>>
}

// A list for every row: one row to a tile. Nothing else is asked, so all whole
// tiles are full.
// CHECK-LABEL: plan.program @tokens
// CHECK:         plan.kernel "S.list" (%b < %B{{.*}}, %g < %G, %t < %N{{.*}})
// CHECK:         plan.kernel "o" (%b < %B, %h < %H, %t < %{{.*}}) schedule {cols = 64 : i64, rows = 16 : i64} {
// CHECK:           %[[G:.*]] = attn.kv_head %h
// CHECK:           plan.tokens %{{.*}}[%b, %[[G]], %{{.*}}] of 1 below %M live ({{.*}}) holes ({{.*}}) exact : {{.*}} -> <64>
attn.pattern @tokens {
  %q = attn.input "q" : !q
  %k = attn.input "k" : !k
  %S = attn.input "S" : !byRow
  %offset = attn.param "offset" : index
  %B = attn.extent "B"
  %H = attn.extent "H"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %a = attn.attend "o" (%b < %B, %h < %H, %r < %N) over (%j < %M)
  mask {
    %zero = arith.constant 0 : index
    %i = arith.addi %r, %offset : index
    %seen = arith.cmpi sle, %j, %i : index
    %g = attn.kv_head %h
    %p = attn.member %j in %S[%b, %g, %r] from %zero to %M : !byRow
    attn.yield %p : i1
  } score {
    %g = attn.kv_head %h
    %x = attn.at %q[%b, %h, %r] : !q
    %y = attn.at %k[%b, %g, %j] : !k
    %z = attn.dot %x, %y : vector<64xbf16>, vector<64xbf16>
    attn.yield %z : f32
  } weights (%s: f32) {
    %e = math.exp %s : f32
    %d = attn.rowsum %e
    %w = attn.div %e, %d : f32
    attn.yield %w : f32
  } value {
    %g = attn.kv_head %h
    %y = attn.at %k[%b, %g, %j] : !k
    attn.yield %y : vector<64xbf16>
  } : !attention
  %out = attn.result out %a : !attention
  attn.output "out" %out as vector<64xbf16> : !attn.field<[B, H, N], vector<64xf32>>
}

// Below an `or` all keys are candidates, and the mask reads a table.
// CHECK-LABEL: plan.program @table
// CHECK:         %[[TABLE:.*]] = plan.alloc "S.table"(%H{{.*}}, %{{.*}}) : <[H, S.table], i1>
// CHECK-NEXT:    plan.kernel "S.table" (%t < %H{{.*}})
// CHECK-NEXT:      plan.mark %S into %[[TABLE]][%t] from %{{.*}} to %M :
// CHECK:         plan.kernel "o" {{.*}} schedule {cols = 64 : i64, rows = 64 : i64} {
// CHECK:           plan.tiles
// CHECK:           plan.sweep
// CHECK:             %[[IN:.*]] = plan.load %[[TABLE]][%h, %j] : {{.*}} -> !plan.tile<c, i1>
// CHECK:             plan.mask ({{.*}} = %[[IN]]
attn.pattern @table {
  %q = attn.input "q" : !q
  %k = attn.input "k" : !k
  %S = attn.input "S" : !byHead
  %offset = attn.param "offset" : index
  %B = attn.extent "B"
  %H = attn.extent "H"
  %N = attn.extent "N"
  %M = attn.extent "M"
  %a = attn.attend "o" (%b < %B, %h < %H, %r < %N) over (%j < %M)
  mask {
    %zero = arith.constant 0 : index
    %i = arith.addi %r, %offset : index
    %seen = arith.cmpi sle, %j, %i : index
    %in = attn.member %j in %S[%h] from %zero to %M : !byHead
    %p = arith.ori %seen, %in : i1
    attn.yield %p : i1
  } score {
    %g = attn.kv_head %h
    %x = attn.at %q[%b, %h, %r] : !q
    %y = attn.at %k[%b, %g, %j] : !k
    %z = attn.dot %x, %y : vector<64xbf16>, vector<64xbf16>
    attn.yield %z : f32
  } weights (%s: f32) {
    %e = math.exp %s : f32
    %d = attn.rowsum %e
    %w = attn.div %e, %d : f32
    attn.yield %w : f32
  } value {
    %g = attn.kv_head %h
    %y = attn.at %k[%b, %g, %j] : !k
    attn.yield %y : vector<64xbf16>
  } : !attention
  %out = attn.result out %a : !attention
  attn.output "out" %out as vector<64xbf16> : !attn.field<[B, H, N], vector<64xf32>>
}
