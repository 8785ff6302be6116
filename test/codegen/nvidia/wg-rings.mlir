// Barriers, copies and roles.
// RUN: attn-opt %s --wg-pipeline -o %t.mlir
// RUN: FileCheck %s --input-file %t.mlir
// RUN: mlir-translate --mlir-to-llvmir %t.mlir | llc -mtriple=nvptx64-nvidia-cuda -mcpu=sm_90a -mattr=+ptx86 -o %t.ptx
// RUN: FileCheck %s --check-prefix=PRODUCER --input-file %t.ptx
// RUN: FileCheck %s --check-prefix=PTX --input-file %t.ptx

!ring = !wg.ring<2 x 128 x 96 x bf16>

// PTX: .extern .shared .align 1024 .b8 attn_shared[];
// PTX-LABEL: .visible .entry rings(
// PTX:         .param .align 128 .b8 rings_param_3[128]
wg.kernel @rings threads 384 shared 65568 frame 64 (%frame, %scratch, %stats, %map) {
  %k = wg.ring at 0 barriers 65536 : !ring
  // One thread prepares full[2] and empty[2], then all may use them.
  // PTX-COUNT-4: mbarrier.init.shared::cta.b64
  // PTX:         fence.mbarrier_init.release.cluster;
  // PTX:         bar.sync 0;
  wg.ring_init %k warps 8 : !ring
  %n = wg.slot %frame[0] : i32
  %zero = arith.constant 0 : i64
  // Registers change first on each side.
  // CHECK: nvvm.setmaxregister decrease 24
  // CHECK: nvvm.elect.sync
  // CHECK: nvvm.setmaxregister increase 240
  // PRODUCER:     setmaxnreg.dec.sync.aligned.u32 24;
  wg.roles producer registers 24 {
    // PRODUCER:     elect.sync
    // PRODUCER:     mbarrier.try_wait.parity.shared::cta.b64 done, [%r{{[0-9]+}}], %r{{[0-9]+}}, 10000000;
    wg.acquire %k[%n] : !ring
    // 96 columns lie in two chunks of 64.
    // PRODUCER:     mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r{{[0-9]+}}], %r{{[0-9]+}};
    wg.expect %k[%n] : !ring
    // PRODUCER-COUNT-2: cp.async.bulk.tensor.3d.shared::cta.global.tile.mbarrier::complete_tx::bytes
    wg.copy %map[%n, %n] -> %k[%n] : !ring
    // PRODUCER:     cp.async.bulk.tensor.2d
    wg.copy %map[%n] -> %k[%n] from 8 rows 16 : !ring
    // Statistics may be absent.
    // PRODUCER:     atom.global.add.u64
    wg.count %stats[1] by %zero
  // PTX:     setmaxnreg.inc.sync.aligned.u32 240;
  } consumers 2 registers 240 (%w) {
    // PTX:     bar.arrive
    wg.turn start %w of 2
    // PTX:     redux.sync.min.s32
    %u = wg.uniform %n
    // PTX:     mbarrier.try_wait.parity
    wg.wait %k[%u] : !ring
    // PTX:     bar.sync
    wg.turn take %w of 2
    // PTX:     bar.arrive
    wg.turn pass %w of 2
    // No branch: one lane of each warp arrives.
    // PTX:     @p mbarrier.arrive.shared::cta.b64 _,
    wg.release %k[%u] : !ring
  }
}
