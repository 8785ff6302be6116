// Keys from a limit on are hidden; their rows hold NaN, and so does a visible
// row: hidden ones must not be seen, the visible one must.
// RUN: attn-opt %s --wg-pipeline | mlir-translate --mlir-to-llvmir \
// RUN:   | llc -mtriple=nvptx64-nvidia-cuda -mcpu=sm_90a -mattr=+ptx86 -o %t.ptx
// RUN: FileCheck %s --input-file %t.ptx
// RUN: attn-wg-dense %t.ptx 64 128 64 66176 150
// RUN: %if ptxas %{ %ptxas -v -arch=sm_90a %t.ptx -o %t.cubin 2>&1 | FileCheck %s --check-prefix=PTXAS %}

// PTXAS-NOT: C75
// PTXAS:     0 bytes spill stores, 0 bytes spill loads
// PTXAS-NOT: C75

// Two groups look at 8192 bytes: 32 each thread, then agree.
// CHECK-LABEL: .visible .entry guarded(
// The way back from there: the copy engine's side sees the elements.
// CHECK:         fence.proxy.async.shared::cta;
// CHECK:         bar.sync 8, 256;
// CHECK:         ld.shared.b8
// CHECK-COUNT-2: ld.shared.v4.b32
// CHECK:         bar.red.or.pred p, 8, 256, p;
// Where something is found, flags are cleared, and elements in front of the
// product.
// CHECK:         st.shared.b8
// CHECK:         ld.shared.v4.b32
// CHECK:         st.shared.v4.b32

!tile = !wg.frag<r x c64 x f32>
!row = !wg.frag<r x f32>
!cols = !wg.frag<c64 x i32>
!packed = !wg.packed<64 x bf16>
!qring = !wg.ring<1 x 128 x 64 x bf16>
!ring = !wg.ring<2 x 64 x 64 x bf16>
!qdesc = !wg.desc<128 x 64 x bf16 along cols>
!kdesc = !wg.desc<64 x 64 x bf16 along cols>
!vdesc = !wg.desc<64 x 64 x bf16 along rows>

wg.kernel @guarded threads 384 shared 66176 frame 72 (%frame, %scratch, %stats, %qmap, %kmap, %vmap) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %zero = arith.constant 0.0 : f32
  %tiny = arith.constant -1.0e30 : f32
  %tiles = wg.slot %frame[0] : i32
  %mtiles = wg.slot %frame[1] : i32
  %heads = wg.slot %frame[2] : i32
  %keys = wg.slot %frame[3] : i32
  %scale = wg.slot %frame[4] : f32
  %out = wg.slot %frame[5] : !llvm.ptr<1>
  %ostride = wg.slot %frame[6] : i64
  %rows = wg.slot %frame[7] : i64
  %limit = wg.slot %frame[8] : i32
  %q = wg.ring at 0 barriers 65536 : !qring
  %k = wg.ring at 16384 barriers 65552 : !ring
  %v = wg.ring at 32768 barriers 65584 : !ring
  wg.ring_init %q, %k, %v warps 8 : !qring, !ring, !ring
  %block = wg.block
  %blocks = wg.blocks
  wg.roles producer registers 24 {
    scf.for %t = %block to %tiles step %blocks iter_args(%n = %c0, %m = %c0) -> (i32, i32) : i32 {
      %mi = arith.remui %t, %mtiles : i32
      %hb = arith.divui %t, %mtiles : i32
      %h = arith.remui %hb, %heads : i32
      %b = arith.divui %hb, %heads : i32
      %row = arith.muli %mi, %c128 : i32
      wg.acquire %q[%m] : !qring
      wg.expect %q[%m] : !qring
      wg.copy %qmap[%row, %h, %b] -> %q[%m] : !qring
      scf.for %j = %c0 to %keys step %c1 : i32 {
        %use = arith.addi %n, %j : i32
        %first = arith.muli %j, %c64 : i32
        wg.acquire %k[%use] : !ring
        wg.expect %k[%use] : !ring
        wg.copy %kmap[%first, %h, %b] -> %k[%use] : !ring
        wg.acquire %v[%use] : !ring
        wg.expect %v[%use] : !ring
        wg.copy %vmap[%first, %h, %b] -> %v[%use] : !ring
      }
      %n1 = arith.addi %n, %keys : i32
      %m1 = arith.addi %m, %c1 : i32
      scf.yield %n1, %m1 : i32, i32
    }
  } consumers 2 registers 240 (%w) {
    %r0 = arith.muli %w, %c64 : i32
    %lane = wg.first
    %steps = wg.steps : !cols
    scf.for %t = %block to %tiles step %blocks iter_args(%n = %c0, %m = %c0) -> (i32, i32) : i32 {
      %mi = arith.remui %t, %mtiles : i32
      %hb = arith.divui %t, %mtiles : i32
      wg.wait %q[%m] : !qring
      %qd = wg.operand %q[%m] rows %r0 : !qring -> !qdesc
      %o0 = wg.fill %zero : f32 -> !tile
      %m0 = wg.fill %tiny : f32 -> !row
      %l0 = wg.fill %zero : f32 -> !row
      %end:3 = scf.for %j = %c0 to %keys step %c1 iter_args(%o = %o0, %max = %m0, %sum = %l0) -> (!tile, !row, !row) : i32 {
        %use = arith.addi %n, %j : i32
        wg.wait %k[%use] : !ring
        %kd = wg.operand %k[%use] : !ring -> !kdesc
        %s = wg.gemm %qd, %kd : !qdesc, !kdesc -> !tile
        %sw = wg.await 0 (%s) : !tile
        wg.release %k[%use] : !ring
        %base = arith.muli %j, %c64 : i32
        %left = arith.subi %limit, %base : i32
        %bound = arith.subi %left, %lane : i32
        %sm = wg.map (%x = %sw : !tile, %c = %steps : !cols) -> !tile {
          %sees = arith.cmpi slt, %c, %bound : i32
          %y = arith.select %sees, %x, %tiny : f32
          wg.yield %y : f32
        }
        %mx = wg.fold max %sm : !tile -> !row
        %mr = wg.reduce max %mx : !row
        %maxn, %f = wg.map (%x = %mr : !row, %y = %max : !row) -> (!row, !row) {
          %z = arith.maxnumf %x, %y : f32
          %d = arith.subf %y, %z : f32
          %ds = arith.mulf %d, %scale : f32
          %e = math.exp2 %ds : f32
          wg.yield %z, %e : f32, f32
        }
        %e = wg.map (%x = %sm : !tile, %y = %maxn : !row, %c = %steps : !cols) -> !tile {
          %a = arith.subf %x, %y : f32
          %b = arith.mulf %a, %scale : f32
          %p = math.exp2 %b : f32
          %sees = arith.cmpi slt, %c, %bound : i32
          %y0 = arith.select %sees, %p, %zero : f32
          wg.yield %y0 : f32
        }
        %part = wg.fold sum %e : !tile -> !row
        %sumn = wg.map (%x = %sum : !row, %y = %f : !row, %a = %part : !row) -> !row {
          %z = math.fma %x, %y, %a : f32
          wg.yield %z : f32
        }
        %or = wg.map (%x = %o : !tile, %y = %f : !row) -> !tile {
          %z = arith.mulf %x, %y : f32
          wg.yield %z : f32
        }
        wg.wait %v[%use] : !ring
        %pe = wg.pack %e : !tile -> !packed
        %p = wg.guard %pe, %v[%use] flags 66048 : !packed, !ring
        %vd = wg.operand %v[%use] : !ring -> !vdesc
        %on = wg.gemm %p, %vd acc %or : !packed, !vdesc -> !tile
        %ow = wg.await 0 (%on) : !tile
        wg.release %v[%use] : !ring
        scf.yield %ow, %maxn, %sumn : !tile, !row, !row
      }
      wg.release %q[%m] : !qring
      %l = wg.reduce sum %end#2 : !row
      %result = wg.map (%x = %end#0 : !tile, %y = %l : !row) -> !wg.frag<r x c64 x bf16> {
        %z = attn.div %x, %y : f32
        %h = arith.truncf %z : f32 to bf16
        wg.yield %h : bf16
      }
      %tile0 = arith.muli %mi, %c128 : i32
      %rowbase = arith.addi %tile0, %r0 : i32
      %row64 = arith.extsi %rowbase : i32 to i64
      %at = wg.rows %row64 : i64 -> !wg.frag<r x i64>
      %index, %ok = wg.map (%x = %at : !wg.frag<r x i64>) -> (!wg.frag<r x i64>, !wg.frag<r x i1>) {
        %hb64 = arith.extui %hb : i32 to i64
        %plane = arith.muli %hb64, %rows : i64
        %y = arith.addi %plane, %x : i64
        %z = arith.muli %y, %ostride : i64
        %c = arith.cmpi slt, %x, %rows : i64
        wg.yield %z, %c : i64, i1
      }
      wg.store %result, %out[%index] if %ok align 16 : !wg.frag<r x c64 x bf16>, !wg.frag<r x i64>, !wg.frag<r x i1>
      %n1 = arith.addi %n, %keys : i32
      %m1 = arith.addi %m, %c1 : i32
      scf.yield %n1, %m1 : i32, i32
    }
  }
}
