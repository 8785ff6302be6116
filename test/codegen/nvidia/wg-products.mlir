// A product is one statement: fence, steps of 16, commit.
// RUN: attn-opt %s --wg-pipeline -o %t.mlir
// RUN: FileCheck %s --input-file %t.mlir
// RUN: mlir-translate --mlir-to-llvmir %t.mlir | llc -mtriple=nvptx64-nvidia-cuda -mcpu=sm_90a -mattr=+ptx86 -o %t.ptx
// RUN: FileCheck %s --check-prefix=PTX --input-file %t.ptx

!q = !wg.ring<1 x 128 x 72 x f16>
!k = !wg.ring<3 x 32 x 72 x f16>
!qd = !wg.desc<128 x 72 x f16 along cols>
!kd = !wg.desc<32 x 72 x f16 along cols>
!vd = !wg.desc<32 x 72 x f16 along rows>

// The descriptor: swizzle, 1024 bytes from 8 rows to the next; along rows,
// 4096 bytes from 64 columns to the next.
// CHECK-LABEL: llvm.func @products
// CHECK: llvm.mlir.constant(4611686293305360384 : i64)
// CHECK: llvm.mlir.constant(4611686293322072064 : i64)

// Sums begin at 0: the first step overwrites, no accumulator is an input. 72
// columns are 5 steps, the last in the second chunk, 128 * 128 / 16 further.
// PTX-LABEL: .visible .entry products(
// PTX:       wgmma.fence.sync.aligned;
// PTX-NEXT:  wgmma.mma_async.sync.aligned.m64n32k16.f32.f16.f16 {%r{{.*}}}, %rd{{[0-9]+}}, %rd{{[0-9]+}}, p0, 1, 1, 0, 0;
// PTX-NEXT:  add.s64 db, %rd{{[0-9]+}}, 2;
// PTX-NEXT:  add.s64 da, %rd{{[0-9]+}}, 2;
// PTX-NEXT:  wgmma.mma_async.sync.aligned.m64n32k16.f32.f16.f16 {%r{{.*}}}, da, db, p1, 1, 1, 0, 0;
// PTX:       add.s64 db, %rd{{[0-9]+}}, 256;
// PTX-NEXT:  add.s64 da, %rd{{[0-9]+}}, 1024;
// PTX-NEXT:  wgmma.mma_async
// PTX-NEXT:  wgmma.commit_group.sync.aligned;
// PTX:       wgmma.wait_group.sync.aligned 0;
// Registers on the left: 32 summed rows of the stage are two steps of 16 rows.
// PTX:       cvt.rn.f16x2.f32
// PTX:       wgmma.fence.sync.aligned;
// PTX-NEXT:  wgmma.mma_async.sync.aligned.m64n72k16.f32.f16.f16 {%r{{.*}}}, {%r{{[0-9]+}}, %r{{[0-9]+}}, %r{{[0-9]+}}, %r{{[0-9]+}}}, %rd{{[0-9]+}}, p1, 1, 1, 1;
// PTX-NEXT:  add.s64 db, %rd{{[0-9]+}}, 128;
// PTX-NEXT:  wgmma.mma_async.sync.aligned.m64n72k16.f32.f16.f16 {{.*}}, db, p1, 1, 1, 1;
// PTX-NEXT:  wgmma.commit_group.sync.aligned;
// PTX:       pmevent 0;
// PTX:       wgmma.wait_group.sync.aligned 0;
wg.kernel @products threads 256 shared 81920 frame 64 (%frame, %scratch, %stats) {
  %q = wg.ring at 0 barriers 81408 : !q
  %k = wg.ring at 32768 barriers 81472 : !k
  %n = wg.slot %frame[0] : i32
  %x = wg.slot %frame[1] : f32
  wg.roles producer registers 24 {
  } consumers 1 registers 240 (%w) {
    %a = wg.operand %q[%n] rows %w : !q -> !qd
    %b = wg.operand %k[%n] : !k -> !kd
    %s0 = wg.gemm %a, %b : !qd, !kd -> !wg.frag<r x c32 x f32>
    %s = wg.await 0 (%s0) : !wg.frag<r x c32 x f32>
    %p = wg.pack %s : !wg.frag<r x c32 x f32> -> !wg.packed<32 x f16>
    %v = wg.operand %k[%n] : !k -> !vd
    %o0 = wg.fill %x : f32 -> !wg.frag<r x c72 x f32>
    %o1 = wg.gemm %p, %v acc %o0 : !wg.packed<32 x f16>, !vd -> !wg.frag<r x c72 x f32>
    %l = wg.fold sum %s : !wg.frag<r x c32 x f32> -> !wg.frag<r x f32>
    wg.pin %l : !wg.frag<r x f32>
    %o = wg.await 0 (%o1) : !wg.frag<r x c72 x f32>
    %at = wg.rows %n : i32 -> !wg.frag<r x i32>
    wg.store %o, %scratch[%at] align 8 : !wg.frag<r x c72 x f32>, !wg.frag<r x i32>
  }
}
