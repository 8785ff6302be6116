// Every operation and type, printed and parsed back.
// RUN: attn-opt %s --verify-roundtrip | FileCheck %s

!qring = !wg.ring<1 x 128 x 64 x bf16>
!ring = !wg.ring<2 x 128 x 64 x bf16>

// CHECK-LABEL: wg.kernel @hopper threads 384 shared 82000 frame 320 (%frame, %scratch, %stats, %map, %map_0) {
wg.kernel @hopper threads 384 shared 82000 frame 320 (%frame, %scratch, %stats, %qmap, %kmap) {
  // CHECK: wg.slot %frame[3] : index
  %rows = wg.slot %frame[3] : index
  // CHECK: wg.slot %frame[4] : !llvm.ptr<1>
  %out = wg.slot %frame[4] : !llvm.ptr<1>
  // CHECK: wg.block
  %b = wg.block
  // CHECK: wg.blocks
  %n = wg.blocks
  // CHECK: wg.thread
  %t = wg.thread
  // CHECK: wg.lane
  %l = wg.lane
  // CHECK: wg.warp
  %wi = wg.warp
  // CHECK: wg.group
  %g = wg.group
  %c0 = arith.constant 0 : i32
  %one = arith.constant 1 : i64
  // CHECK: %[[Q:.*]] = wg.ring at 0 barriers 81920 : {{.*}}<1 x 128 x 64 x bf16>
  %q = wg.ring at 0 barriers 81920 : !qring
  // CHECK: %[[K:.*]] = wg.ring at 16384 barriers 81936 : {{.*}}<2 x 128 x 64 x bf16>
  %k = wg.ring at 16384 barriers 81936 : !ring
  %v = wg.ring at 49152 barriers 81968 : !ring
  // CHECK: wg.ring_init %[[Q]], %[[K]], %{{.*}} warps 8 : {{.*}}<1 x 128 x 64 x bf16>,
  wg.ring_init %q, %k, %v warps 8 : !qring, !ring, !ring
  // CHECK: wg.roles producer registers 24 {
  wg.roles producer registers 24 {
    // CHECK: wg.count %stats[1] by %{{.*}}
    wg.count %stats[1] by %one
    // CHECK: wg.acquire %[[K]][%{{.*}}] : {{.*}}<2 x 128 x 64 x bf16>
    wg.acquire %k[%c0] : !ring
    // CHECK: wg.expect
    wg.expect %k[%c0] : !ring
    // CHECK: wg.copy %map_0[%{{.*}}, %{{.*}}] -> %[[K]][%{{.*}}] : {{.*}}<2 x 128 x 64 x bf16>
    wg.copy %kmap[%c0, %b] -> %k[%c0] : !ring
    // CHECK: wg.copy %map_0[%{{.*}}] -> %[[K]][%{{.*}}] from 32 rows 16
    wg.copy %kmap[%c0] -> %k[%c0] from 32 rows 16 : !ring
  // CHECK: } consumers 2 registers 240 (%[[W:.*]]) {
  } consumers 2 registers 240 (%w) {
    // CHECK: wg.turn start %[[W]] of 2
    wg.turn start %w of 2
    // CHECK: wg.uniform
    %u = wg.uniform %w
    // CHECK: wg.wait
    wg.wait %k[%u] : !ring
    // CHECK: wg.operand %[[Q]][%{{.*}}] rows %[[W]] : {{.*}}<1 x 128 x 64 x bf16> -> {{.*}}<128 x 64 x bf16 along cols>
    %qd = wg.operand %q[%u] rows %w : !qring -> !wg.desc<128 x 64 x bf16 along cols>
    %kd = wg.operand %k[%u] : !ring -> !wg.desc<128 x 64 x bf16 along cols>
    // CHECK: wg.operand %{{.*}}[%{{.*}}] : {{.*}}<2 x 128 x 64 x bf16> -> {{.*}}<128 x 64 x bf16 along rows>
    %vd = wg.operand %v[%u] : !ring -> !wg.desc<128 x 64 x bf16 along rows>
    // CHECK: wg.turn take
    wg.turn take %w of 2
    // CHECK: wg.gemm %{{.*}}, %{{.*}} : {{.*}}<128 x 64 x bf16 along cols>, {{.*}}<128 x 64 x bf16 along cols> -> {{.*}}<r x c128 x f32>
    %s0 = wg.gemm %qd, %kd : !wg.desc<128 x 64 x bf16 along cols>, !wg.desc<128 x 64 x bf16 along cols> -> !wg.frag<r x c128 x f32>
    // CHECK: wg.turn pass
    wg.turn pass %w of 2
    // CHECK: wg.await 0 (%{{.*}}) : {{.*}}<r x c128 x f32>
    %s = wg.await 0 (%s0) : !wg.frag<r x c128 x f32>
    // CHECK: wg.release
    wg.release %k[%u] : !ring
    // CHECK: wg.fold max %{{.*}} : {{.*}}<r x c128 x f32> -> {{.*}}<r x f32>
    %m0 = wg.fold max %s : !wg.frag<r x c128 x f32> -> !wg.frag<r x f32>
    // CHECK: wg.reduce max %{{.*}} : {{.*}}<r x f32>
    %m = wg.reduce max %m0 : !wg.frag<r x f32>
    // CHECK: wg.map (%x = %{{.*}} : {{.*}}<r x c128 x f32>, %y = %{{.*}} : {{.*}}<r x f32>) -> {{.*}}<r x c128 x f32> {
    // CHECK:   wg.yield %{{.*}} : f32
    %p = wg.map (%x = %s : !wg.frag<r x c128 x f32>, %y = %m : !wg.frag<r x f32>) -> !wg.frag<r x c128 x f32> {
      %e = arith.subf %x, %y : f32
      wg.yield %e : f32
    }
    // CHECK: wg.pin %{{.*}} : {{.*}}<r x f32>
    wg.pin %m : !wg.frag<r x f32>
    // CHECK: wg.pack %{{.*}} : {{.*}}<r x c128 x f32> -> {{.*}}<128 x bf16>
    %pp = wg.pack %p : !wg.frag<r x c128 x f32> -> !wg.packed<128 x bf16>
    // CHECK: wg.guard %{{.*}}, %{{.*}}[%{{.*}}] flags 0 : {{.*}}<128 x bf16>, {{.*}}<2 x 128 x 64 x bf16>
    %gd = wg.guard %pp, %v[%u] flags 0 : !wg.packed<128 x bf16>, !ring
    %zero = arith.constant 0.0 : f32
    // CHECK: wg.fill %{{.*}} : f32 -> {{.*}}<r x c64 x f32>
    %o0 = wg.fill %zero : f32 -> !wg.frag<r x c64 x f32>
    // CHECK: wg.gemm %{{.*}}, %{{.*}} acc %{{.*}} : {{.*}}<128 x bf16>, {{.*}}<128 x 64 x bf16 along rows> -> {{.*}}<r x c64 x f32>
    %o1 = wg.gemm %pp, %vd acc %o0 : !wg.packed<128 x bf16>, !wg.desc<128 x 64 x bf16 along rows> -> !wg.frag<r x c64 x f32>
    // CHECK: wg.await 0 (%{{.*}}, %{{.*}}) : {{.*}}<r x c64 x f32>, {{.*}}<128 x bf16>
    %o, %pw = wg.await 0 (%o1, %pp) : !wg.frag<r x c64 x f32>, !wg.packed<128 x bf16>
    // CHECK: wg.rows %{{.*}} : index -> {{.*}}<r x index>
    %r = wg.rows %rows : index -> !wg.frag<r x index>
    // CHECK: wg.cols %{{.*}} : i32 -> {{.*}}<c64 x i32>
    %c = wg.cols %c0 : i32 -> !wg.frag<c64 x i32>
    // CHECK: wg.first
    %f = wg.first
    // CHECK: wg.steps : {{.*}}<c64 x i32>
    %st = wg.steps : !wg.frag<c64 x i32>
    // CHECK: wg.map (%x = %{{.*}} : {{.*}}<r x index>) -> ({{.*}}<r x i64>, {{.*}}<r x i1>) {
    %at, %ok = wg.map (%x = %r : !wg.frag<r x index>) -> (!wg.frag<r x i64>, !wg.frag<r x i1>) {
      %i = arith.index_cast %x : index to i64
      %y = arith.cmpi slt, %x, %rows : index
      wg.yield %i, %y : i64, i1
    }
    // CHECK: wg.any %{{.*}} : {{.*}}<r x i1>
    %any = wg.any %ok : !wg.frag<r x i1>
    // CHECK: wg.load %{{.*}}[%{{.*}}] if %{{.*}} : {{.*}}<r x i64>, {{.*}}<r x i1> -> {{.*}}<r x c64 x f32>
    %ld = wg.load %out[%at] if %ok : !wg.frag<r x i64>, !wg.frag<r x i1> -> !wg.frag<r x c64 x f32>
    // CHECK: wg.load %{{.*}}[%{{.*}}] : {{.*}}<c64 x i32> -> {{.*}}<c64 x i8>
    %lc = wg.load %out[%c] : !wg.frag<c64 x i32> -> !wg.frag<c64 x i8>
    // CHECK: wg.load %{{.*}}[%{{.*}}] by %{{.*}} if %{{.*}} : {{.*}}<r x i64>, {{.*}}<r x i1> -> {{.*}}<r x c64 x f32>
    %ls = wg.load %out[%at] by %one if %ok : !wg.frag<r x i64>, !wg.frag<r x i1> -> !wg.frag<r x c64 x f32>
    // CHECK: wg.store %{{.*}}, %{{.*}}[%{{.*}}] if %{{.*}} align 16 cols 60 : {{.*}}<r x c64 x f32>, {{.*}}<r x i64>, {{.*}}<r x i1>
    wg.store %o, %out[%at] if %ok align 16 cols 60 : !wg.frag<r x c64 x f32>, !wg.frag<r x i64>, !wg.frag<r x i1>
    // CHECK: wg.store %{{.*}}, %{{.*}}[%{{.*}}] by %{{.*}} : {{.*}}<r x c64 x f32>, {{.*}}<r x i64>
    wg.store %o, %out[%at] by %one : !wg.frag<r x c64 x f32>, !wg.frag<r x i64>
    // CHECK: wg.store %{{.*}}, %{{.*}}[%{{.*}}] : {{.*}}<r x f32>, {{.*}}<r x i64>
    wg.store %m, %out[%at] : !wg.frag<r x f32>, !wg.frag<r x i64>
  }
}

// CHECK-LABEL: wg.kernel @whole
wg.kernel @whole threads 256 shared 0 frame 8 (%frame, %scratch, %stats) {
  // CHECK: wg.roles producer whole registers 40 {
  // CHECK: } consumers 1 registers 232 (%{{.*}}) {
  wg.roles producer whole registers 40 {
  } consumers 1 registers 232 (%w) {
  }
}

// CHECK-LABEL: wg.kernel @ampere
wg.kernel @ampere threads 128 shared 49152 frame 64 (%frame, %scratch, %stats) {
  %base = wg.slot %frame[0] : !llvm.ptr<1>
  %first = wg.slot %frame[1] : i64
  %limit = wg.slot %frame[2] : i64
  %stride = wg.slot %frame[3] : i64
  %stage = arith.constant 0 : i32
  // CHECK: wg.tile at 0 : {{.*}}<1 x 64 x 64 x bf16>
  %q = wg.tile at 0 : !wg.tile<1 x 64 x 64 x bf16>
  %k = wg.tile at 8192 : !wg.tile<2 x 64 x 64 x bf16>
  // CHECK: wg.fetch %{{.*}} rows %{{.*}} to %{{.*}} by %{{.*}} -> %{{.*}}[%{{.*}}] : {{.*}}<1 x 64 x 64 x bf16>
  wg.fetch %base rows %first to %limit by %stride -> %q[%stage] : !wg.tile<1 x 64 x 64 x bf16>
  // CHECK: wg.fetch_commit
  wg.fetch_commit
  // CHECK: wg.fetch_wait 0
  wg.fetch_wait 0
  // CHECK: wg.sync
  wg.sync
  // CHECK: wg.load_packed %{{.*}}[%{{.*}}] rows %{{.*}} : {{.*}}<1 x 64 x 64 x bf16> -> {{.*}}<64 x bf16>
  %a = wg.load_packed %q[%stage] rows %stage : !wg.tile<1 x 64 x 64 x bf16> -> !wg.packed<64 x bf16>
  // CHECK: wg.mma %{{.*}}, %{{.*}}[%{{.*}}] along cols : {{.*}}<64 x bf16>, {{.*}}<2 x 64 x 64 x bf16> -> {{.*}}<r x c64 x f32>
  %s = wg.mma %a, %k[%stage] along cols : !wg.packed<64 x bf16>, !wg.tile<2 x 64 x 64 x bf16> -> !wg.frag<r x c64 x f32>
  // CHECK: wg.mma %{{.*}}, %{{.*}}[%{{.*}}] along rows acc %{{.*}} : {{.*}}<64 x bf16>, {{.*}}<2 x 64 x 64 x bf16> -> {{.*}}<r x c64 x f32>
  %o = wg.mma %a, %k[%stage] along rows acc %s : !wg.packed<64 x bf16>, !wg.tile<2 x 64 x 64 x bf16> -> !wg.frag<r x c64 x f32>
}
