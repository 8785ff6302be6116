// Dense attention over 128 x 128 tiles of D = 128: a producer, two consumers
// that take turns, products of one tile beside the arithmetic of the tile
// before, sums kept apart until the end.
// RUN: attn-opt %s --wg-pipeline | mlir-translate --mlir-to-llvmir \
// RUN:   | llc -mtriple=nvptx64-nvidia-cuda -mcpu=sm_90a -mattr=+ptx86 -o %t.ptx
// RUN: FileCheck %s --input-file %t.ptx
// RUN: attn-wg-dense %t.ptx 128 128 128 163920
// RUN: %if ptxas %{ %ptxas -v -arch=sm_90a %t.ptx -o %t.cubin 2>&1 | FileCheck %s --check-prefix=PTXAS %}
// RUN: attn-wg-dense %t.ptx 128 128 128 163920
// RUN: %if ptxas %{ %python %root/tools/hot-loop %t.cubin --limit instructions=488 --limit spills=0 \
// RUN:   --limit to-uniform=4 --limit copies=4 --limit late-exp=0 | FileCheck %s --check-prefix=LOOP %}

// No register is spilled and no product waits for another (C75xx).
// PTXAS-NOT: C75
// PTXAS:     0 bytes spill stores, 0 bytes spill loads
// PTXAS-NOT: C75

// In the machine code the wait for the second product still stands behind all
// exponentials.
// LOOP: BAR; ARRIVE; HGMMA.SS x8; SYNCS; ARRIVE; HGMMA.RS x8; BAR; WAIT 1; {{.*}}MUFU 66{{.*}}; WAIT 0; F2FP 32

// One iteration: the product of tile t + 1 starts, then the product of tile t;
// the first is awaited, and behind the exponentials, which depend on it, the
// second (LLVM moves that block to the loop's begin).
// CHECK-LABEL: .visible .entry dense(
// The first tile.
// CHECK:       wgmma.wait_group.sync.aligned 0;
// CHECK:       redux.sync.min.s32
// CHECK:       bar.sync
// CHECK:       wgmma.fence.sync.aligned;
// CHECK-COUNT-8: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// CHECK:       wgmma.commit_group.sync.aligned;
// CHECK:       wgmma.fence.sync.aligned;
// CHECK-COUNT-8: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16
// CHECK:       bar.arrive
// CHECK:       wgmma.wait_group.sync.aligned 1;
// CHECK-COUNT-66: ex2.approx.ftz.f32
// CHECK:       pmevent 0;

!tile = !wg.frag<r x c128 x f32>
!row = !wg.frag<r x f32>
!packed = !wg.packed<128 x bf16>
!qring = !wg.ring<1 x 128 x 128 x bf16>
!ring = !wg.ring<2 x 128 x 128 x bf16>
!qdesc = !wg.desc<128 x 128 x bf16 along cols>
!kdesc = !wg.desc<128 x 128 x bf16 along cols>
!vdesc = !wg.desc<128 x 128 x bf16 along rows>

wg.kernel @dense threads 384 shared 163920 frame 64 (%frame, %scratch, %stats, %qmap, %kmap, %vmap) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c64 = arith.constant 64 : i32
  %c128 = arith.constant 128 : i32
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %tiles = wg.slot %frame[0] : i32
  %mtiles = wg.slot %frame[1] : i32
  %heads = wg.slot %frame[2] : i32
  %keys = wg.slot %frame[3] : i32      // key tiles
  %scale = wg.slot %frame[4] : f32     // times log2 e
  %out = wg.slot %frame[5] : !llvm.ptr<1>
  %ostride = wg.slot %frame[6] : i64   // of rows
  %rows = wg.slot %frame[7] : i64
  %q = wg.ring at 0 barriers 163840 : !qring
  %k = wg.ring at 32768 barriers 163856 : !ring
  %v = wg.ring at 98304 barriers 163888 : !ring
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
        %last = arith.subi %keys, %c1 : i32
        %tile = arith.subi %last, %j : i32
        %first = arith.muli %tile, %c128 : i32
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
    wg.turn start %w of 2
    %r0 = arith.muli %w, %c64 : i32
    scf.for %t = %block to %tiles step %blocks iter_args(%n = %c0, %m = %c0) -> (i32, i32) : i32 {
      %mi = arith.remui %t, %mtiles : i32
      %hb = arith.divui %t, %mtiles : i32
      wg.wait %q[%m] : !qring
      %qd = wg.operand %q[%m] rows %r0 : !qring -> !qdesc

      // The first tile.
      wg.wait %k[%n] : !ring
      %kd0 = wg.operand %k[%n] : !ring -> !kdesc
      %s0 = wg.gemm %qd, %kd0 : !qdesc, !kdesc -> !tile
      %s1 = wg.await 0 (%s0) : !tile
      wg.release %k[%n] : !ring
      %mx0 = wg.fold max %s1 : !tile -> !row
      %max0 = wg.reduce max %mx0 : !row
      %e0 = wg.map (%x = %s1 : !tile, %y = %max0 : !row) -> !tile {
        %a = arith.mulf %y, %scale : f32
        %na = arith.negf %a : f32
        %z = math.fma %x, %scale, %na : f32
        %p = math.exp2 %z : f32
        wg.yield %p : f32
      }
      %sum0 = wg.fold sum %e0 : !tile -> !row
      %p0 = wg.pack %e0 : !tile -> !packed
      %o0 = wg.fill %zero : f32 -> !tile
      %f0 = wg.fill %one : f32 -> !row

      %end:5 = scf.for %j = %c1 to %keys step %c1 iter_args(%o = %o0, %max = %max0, %sum = %sum0, %p = %p0, %f = %f0)
          -> (!tile, !row, !row, !packed, !row) : i32 {
        %raw = arith.addi %n, %j : i32
        %use = wg.uniform %raw
        %before = arith.subi %use, %c1 : i32
        wg.wait %k[%use] : !ring
        wg.turn take %w of 2
        %kd = wg.operand %k[%use] : !ring -> !kdesc
        %s = wg.gemm %qd, %kd : !qdesc, !kdesc -> !tile
        %or = wg.map (%x = %o : !tile, %y = %f : !row) -> !tile {
          %z = arith.mulf %x, %y : f32
          wg.yield %z : f32
        }
        wg.wait %v[%before] : !ring
        %vd = wg.operand %v[%before] : !ring -> !vdesc
        %on = wg.gemm %p, %vd acc %or : !packed, !vdesc -> !tile
        wg.turn pass %w of 2
        %sw = wg.await 1 (%s) : !tile
        wg.release %k[%use] : !ring
        %mx = wg.fold max %sw : !tile -> !row
        %mm = wg.map (%x = %mx : !row, %y = %max : !row) -> !row {
          %z = arith.maxnumf %x, %y : f32
          wg.yield %z : f32
        }
        %maxn = wg.reduce max %mm : !row
        %fn = wg.map (%x = %max : !row, %y = %maxn : !row) -> !row {
          %d = arith.subf %x, %y : f32
          %ds = arith.mulf %d, %scale : f32
          %z = math.exp2 %ds : f32
          wg.yield %z : f32
        }
        %e = wg.map (%x = %sw : !tile, %y = %maxn : !row) -> !tile {
          %a = arith.mulf %y, %scale : f32
          %na = arith.negf %a : f32
          %z = math.fma %x, %scale, %na : f32
          %pe = math.exp2 %z : f32
          wg.yield %pe : f32
        }
        %part = wg.fold sum %e : !tile -> !row
        %sumn = wg.map (%x = %sum : !row, %y = %fn : !row, %a = %part : !row) -> !row {
          %z = math.fma %x, %y, %a : f32
          wg.yield %z : f32
        }
        wg.pin %sumn : !row
        %ow = wg.await 0 (%on) : !tile
        wg.release %v[%before] : !ring
        %pn = wg.pack %e : !tile -> !packed
        scf.yield %ow, %maxn, %sumn, %pn, %fn : !tile, !row, !row, !packed, !row
      }

      // The last product.
      wg.release %q[%m] : !qring
      %n1 = arith.addi %n, %keys : i32
      %lastuse = arith.subi %n1, %c1 : i32
      wg.wait %v[%lastuse] : !ring
      %vl = wg.operand %v[%lastuse] : !ring -> !vdesc
      %ol = wg.map (%x = %end#0 : !tile, %y = %end#4 : !row) -> !tile {
        %z = arith.mulf %x, %y : f32
        wg.yield %z : f32
      }
      %og = wg.gemm %end#3, %vl acc %ol : !packed, !vdesc -> !tile
      %of = wg.await 0 (%og) : !tile
      wg.release %v[%lastuse] : !ring

      %l = wg.reduce sum %end#2 : !row
      %result = wg.map (%x = %of : !tile, %y = %l : !row) -> !wg.frag<r x c128 x bf16> {
        %inv = arith.divf %one, %y : f32
        %z = arith.mulf %x, %inv : f32
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
      wg.store %result, %out[%index] if %ok align 16 : !wg.frag<r x c128 x bf16>, !wg.frag<r x i64>, !wg.frag<r x i1>
      %m1 = arith.addi %m, %c1 : i32
      scf.yield %n1, %m1 : i32, i32
    }
  }
}
