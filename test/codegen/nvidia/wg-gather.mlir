// Rows at listed numbers, brought in by threads.
// RUN: attn-opt %s --wg-pipeline -o %t.mlir
// RUN: mlir-translate --mlir-to-llvmir %t.mlir | llc -mtriple=nvptx64-nvidia-cuda -mcpu=sm_90a -mattr=+ptx86 -o %t.ptx
// RUN: FileCheck %s --check-prefix=RING --input-file %t.ptx
// RUN: FileCheck %s --check-prefix=FENCE --input-file %t.ptx
// RUN: FileCheck %s --check-prefix=TILE --input-file %t.ptx
// RUN: FileCheck %s --check-prefix=PLAIN --input-file %t.ptx

!ring = !wg.ring<2 x 64 x 96 x bf16>
!tile = !wg.tile<2 x 32 x 64 x bf16>

// RING-LABEL: .visible .entry gathered(
wg.kernel @gathered threads 256 shared 32832 frame 64 (%frame, %scratch, %stats) {
  // Full barriers of a gathered ring wait for every thread of the producer.
  // RING-DAG: mov.b32 [[ALL:%r[0-9]+]], 128;
  // RING:     mbarrier.init.shared::cta.b64 [%r{{[0-9]+}}], [[ALL]];
  // RING:     mbarrier.init.shared::cta.b64 [%r{{[0-9]+}}], [[ALL]];
  // RING:     mbarrier.init.shared::cta.b64 [%r{{[0-9]+}}], [[FOUR:%r[0-9]+]];
  // RING:     fence.mbarrier_init.release.cluster;
  %k = wg.ring at 0 barriers 32768 gathered : !ring
  wg.ring_init %k warps 4 : !ring
  %base = wg.slot %frame[0] : !llvm.ptr<1>
  %items = wg.slot %frame[1] : !llvm.ptr<1>
  %stride = wg.slot %frame[2] : i64
  %n = wg.slot %frame[3] : i32
  %end = wg.slot %frame[4] : i32
  wg.roles producer whole registers 56 {
    // RING:          mbarrier.try_wait.parity
    wg.acquire %k[%n] : !ring
    // 64 rows: 4 of each thread, whose numbers are read first, by a path that
    // does not change; two pieces each.
    // RING-COUNT-4:  ld.global.nc.b32
    // RING-COUNT-8:  cp.async.cg.shared.global [{{.*}}], [{{.*}}], 16, %r{{[0-9]+}};
    // RING-NOT:      cp.async.cg
    // RING:          cp.async.mbarrier.arrive.noinc.shared
    wg.gather %base by %stride rows %items[%n] below %end -> %k[%n] : !ring
  } consumers 1 registers 240 (%w) {
    // What threads have written is fenced before products read it.
    // FENCE:         mbarrier.try_wait.parity
    // FENCE:         @done
    // FENCE:         fence.proxy.async.shared::cta;
    wg.wait %k[%n] : !ring
    wg.release %k[%n] : !ring
  }
}

// Into a tile: no barrier, all threads; row numbers of blocks.
// TILE-LABEL: .visible .entry blocks(
wg.kernel @blocks threads 128 shared 8192 frame 64 (%frame, %scratch, %stats) {
  %base = wg.slot %frame[0] : !llvm.ptr<1>
  %items = wg.slot %frame[1] : !llvm.ptr<1>
  %stride = wg.slot %frame[2] : i64
  %n = wg.slot %frame[3] : i32
  %end = wg.slot %frame[4] : i32
  %t = wg.tile at 0 : !tile
  // TILE-COUNT-2:  ld.global.nc.b32
  // TILE-COUNT-2:  cp.async.cg.shared.global
  // TILE-NOT:      mbarrier
  // TILE:          ret;
  wg.gather %base by %stride rows %items[%n] of 16 below %end -> %t[%n] : !tile
}

// Element by element where components lie apart.
// PLAIN-LABEL: .visible .entry apart(
wg.kernel @apart threads 128 shared 8192 frame 64 (%frame, %scratch, %stats) {
  %base = wg.slot %frame[0] : !llvm.ptr<1>
  %items = wg.slot %frame[1] : !llvm.ptr<1>
  %stride = wg.slot %frame[2] : i64
  %n = wg.slot %frame[3] : i32
  %end = wg.slot %frame[4] : i32
  %t = wg.tile at 0 : !tile
  // PLAIN:         st.shared.v4.b32
  // PLAIN-COUNT-8: ld.global.b16
  wg.gather %base by %stride components %stride rows %items[%n] below %end -> %t[%n] : !tile
}
