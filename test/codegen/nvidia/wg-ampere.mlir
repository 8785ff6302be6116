// Tiles that the threads fill, products by their own instructions.
// RUN: attn-opt %s --wg-pipeline -o %t.mlir
// RUN: mlir-translate --mlir-to-llvmir %t.mlir | llc -mtriple=nvptx64-nvidia-cuda -mcpu=sm_80 -mattr=+ptx80 -o %t.ptx
// RUN: FileCheck %s --input-file %t.ptx
// RUN: %if ptxas %{ %ptxas -v -arch=sm_80 %t.ptx -o %t.cubin 2>&1 | FileCheck %s --check-prefix=PTXAS %}

// PTXAS-NOT: error
// PTXAS-NOT: {{[1-9][0-9]*}} bytes spill

!q = !wg.tile<1 x 64 x 72 x bf16>
!k = !wg.tile<2 x 32 x 72 x bf16>

// 72 columns are two times 64, of which the last 56 become zero. 128 threads
// copy 16 rows at once.
// CHECK-LABEL: .visible .entry fetches(
// CHECK:         cp.async.cg.shared.global [%rd[[#TO:]]], [%rd[[#FROM:]]], 16, %r
// CHECK:         cp.async.cg.shared.global [%rd[[#TO]]+128], [%rd[[#FROM]]+128], 16, %r
// CHECK:         cp.async.cg.shared.global [%rd[[#TO]]+4096], {{.*}}, 16, %r
// CHECK:         cp.async.cg.shared.global [%rd[[#TO]]+4224], {{.*}}, 16, %r
// CHECK-NEXT:    cp.async.commit_group;
// Rows that all exist need no sizes where columns do not.
// CHECK:         cp.async.cg.shared.global {{.*}}, 16;
// CHECK:         cp.async.cg.shared.global {{.*}}, 16, %r
// CHECK:         cp.async.commit_group;
// CHECK:         cp.async.wait_group 1;
// CHECK:         bar.sync 0;
// Elements that are no neighbours: eight loads, or zeros.
// CHECK-DAG:     st.shared.v4.b32
// CHECK-DAG:     ld.global.b16
// What a thread copied: 2 rows of 2 times 16 bytes.
// CHECK-COUNT-16: fma.rn.bf16x2
// CHECK:         bar.red.or.pred
wg.kernel @fetches threads 128 shared 16384 frame 64 (%frame, %scratch, %stats) {
  %base = wg.slot %frame[0] : !llvm.ptr<1>
  %first = wg.slot %frame[1] : i64
  %limit = wg.slot %frame[2] : i64
  %stride = wg.slot %frame[3] : i64
  %stage = wg.slot %frame[4] : i32
  %k = wg.tile at 0 : !k
  wg.fetch %base rows %first to %limit by %stride -> %k[%stage] : !k
  wg.fetch_commit
  wg.fetch %base rows %first by %stride -> %k[%stage] : !k
  wg.fetch_commit
  wg.fetch_wait 1
  wg.sync
  %apart = wg.slot %frame[5] : i64
  wg.fetch %base rows %first to %limit by %stride components %apart -> %k[%stage] : !k
  %tame = wg.finite %k[%stage] : !k
  %all = wg.sync_any %tame
  scf.if %all {
    wg.sync
  }
}

// 32 keys are four times 8 columns of the result, 72 components five steps; the
// left operand is loaded step by step.
// CHECK-LABEL: .visible .entry products(
// CHECK:         ldmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK-COUNT-4: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK:         ldmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK-COUNT-16: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// Two steps of 16 keys, nine times 8 components; the values come transposed.
// CHECK:         cvt.rn.bf16x2.f32
// CHECK:         ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16
// CHECK-COUNT-18: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK-NOT:     mma.sync
// One key after the other: its weights from their lane, its values from memory.
// CHECK:         shfl.sync.idx
// CHECK:         shfl.sync.idx
// CHECK-COUNT-36: fma.rn.ftz.f32
wg.kernel @products threads 128 shared 40960 frame 64 (%frame, %scratch, %stats) {
  %out = wg.slot %frame[0] : !llvm.ptr<1>
  %stage = wg.slot %frame[1] : i32
  %c0 = arith.constant 0 : i32
  %q = wg.tile at 0 : !q
  %k = wg.tile at 16384 : !k
  %a = wg.load_packed %q[%c0] : !q -> !wg.packed<80 x bf16>
  %s = wg.mma %a, %k[%stage] along cols : !wg.packed<80 x bf16>, !k -> !wg.frag<r x c32 x f32>
  %p = wg.pack %s : !wg.frag<r x c32 x f32> -> !wg.packed<32 x bf16>
  %o = wg.mma %p, %k[%stage] along rows : !wg.packed<32 x bf16>, !k -> !wg.frag<r x c72 x f32>
  %x = wg.mma %p, %k[%stage] along rows exact acc %o : !wg.packed<32 x bf16>, !k -> !wg.frag<r x c72 x f32>
  %rows = wg.rows %c0 : i32 -> !wg.frag<r x i32>
  wg.store %x, %out[%rows] : !wg.frag<r x c72 x f32>, !wg.frag<r x i32>
}
