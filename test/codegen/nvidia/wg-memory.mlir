// Fragments from and to global memory.
// RUN: attn-opt %s --wg-pipeline -o %t.mlir
// RUN: FileCheck %s --input-file %t.mlir
// RUN: mlir-translate --mlir-to-llvmir %t.mlir | llc -mtriple=nvptx64-nvidia-cuda -mcpu=sm_90a -mattr=+ptx86 -o %t.ptx
// RUN: FileCheck %s --check-prefix=PTX --input-file %t.ptx

// CHECK-LABEL: llvm.func @loads
// PTX-LABEL: .visible .entry loads(
wg.kernel @loads threads 128 shared 0 frame 64 (%frame, %scratch, %stats) {
  %c0 = arith.constant 0 : i64
  %n = wg.slot %frame[1] : i64
  %base = wg.slot %frame[2] : !llvm.ptr<1>
  %i = wg.cols %c0 : i64 -> !wg.frag<c8 x i64>
  %ok = wg.map (%x = %i : !wg.frag<c8 x i64>) -> !wg.frag<c8 x i1> {
    %y = arith.cmpi slt, %x, %n : i64
    wg.yield %y : i1
  }
  // Guarded loads are predicated and give 0: no branch.
  // PTX-COUNT-2: @p ld.global.b8 %rs{{[0-9]+}}, [%rd{{[0-9]+}}];
  %mask = wg.load %base[%i] if %ok : !wg.frag<c8 x i64>, !wg.frag<c8 x i1> -> !wg.frag<c8 x i1>
  // PTX-COUNT-2: @p ld.global.b16
  %half = wg.load %base[%i] if %ok : !wg.frag<c8 x i64>, !wg.frag<c8 x i1> -> !wg.frag<c8 x bf16>
  // PTX-COUNT-2: @p ld.global.b32
  %real = wg.load %base[%i] if %ok : !wg.frag<c8 x i64>, !wg.frag<c8 x i1> -> !wg.frag<c8 x f32>
  // PTX-COUNT-2: @p ld.global.b64
  %long = wg.load %base[%i] if %ok : !wg.frag<c8 x i64>, !wg.frag<c8 x i1> -> !wg.frag<c8 x i64>
  // PTX: ld.global.b32
  %free = wg.load %base[%i] : !wg.frag<c8 x i64> -> !wg.frag<c8 x i32>
  %r = wg.rows %c0 : i64 -> !wg.frag<r x i64>
  %sum = wg.map (%a = %mask : !wg.frag<c8 x i1>, %b = %half : !wg.frag<c8 x bf16>, %c = %real : !wg.frag<c8 x f32>,
                 %d = %long : !wg.frag<c8 x i64>, %e = %free : !wg.frag<c8 x i32>, %x = %r : !wg.frag<r x i64>) -> !wg.frag<r x c8 x f32> {
    %u = arith.uitofp %a : i1 to f32
    %v = arith.extf %b : bf16 to f32
    %w = arith.sitofp %d : i64 to f32
    %y = arith.sitofp %e : i32 to f32
    %s0 = arith.addf %u, %v : f32
    %s1 = arith.addf %s0, %w : f32
    %s2 = arith.addf %s1, %y : f32
    %s3 = arith.addf %s2, %c : f32
    wg.yield %s3 : f32
  }
  wg.store %sum, %base[%r] : !wg.frag<r x c8 x f32>, !wg.frag<r x i64>
}

// By a stride, every place is found from the one before.
// CHECK-LABEL: llvm.func @strided
// CHECK-COUNT-6: llvm.getelementptr %{{.+}}[%
// CHECK-NEXT:    %[[LEFT:.+]] = llvm.getelementptr %{{.+}}[%
// CHECK-NEXT:    llvm.getelementptr %[[LEFT]][%
// CHECK-COUNT-8: @p ld.global.b32
// CHECK-NOT:     ld.global
// PTX-LABEL: .visible .entry strided(
wg.kernel @strided threads 128 shared 0 frame 64 (%frame, %scratch, %stats) {
  %c0 = arith.constant 0 : i64
  %n = wg.slot %frame[1] : i64
  %stride = wg.slot %frame[3] : i64
  %base = wg.slot %frame[2] : !llvm.ptr<1>
  %r = wg.rows %c0 : i64 -> !wg.frag<r x i64>
  %ok = wg.map (%x = %r : !wg.frag<r x i64>) -> !wg.frag<r x i1> {
    %y = arith.cmpi slt, %x, %n : i64
    wg.yield %y : i1
  }
  %x = wg.load %base[%r] by %stride if %ok : !wg.frag<r x i64>, !wg.frag<r x i1> -> !wg.frag<r x c16 x f32>
  %sum = wg.fold sum %x : !wg.frag<r x c16 x f32> -> !wg.frag<r x f32>
  wg.store %sum, %base[%r] : !wg.frag<r x f32>, !wg.frag<r x i64>
}

// PTX-LABEL: .visible .entry stores(
wg.kernel @stores threads 128 shared 0 frame 64 (%frame, %scratch, %stats) {
  %c0 = arith.constant 0 : i64
  %x = wg.slot %frame[0] : f32
  %n = wg.slot %frame[1] : i64
  %base = wg.slot %frame[2] : !llvm.ptr<1>
  %r = wg.rows %c0 : i64 -> !wg.frag<r x i64>
  %ok = wg.map (%y = %r : !wg.frag<r x i64>) -> !wg.frag<r x i1> {
    %z = arith.cmpi slt, %y, %n : i64
    wg.yield %z : i1
  }
  %t = wg.fill %x : f32 -> !wg.frag<r x c8 x f32>
  // Without a promise about addresses, element by element.
  // PTX-COUNT-4: st.global.b32
  // PTX-NOT:     st.global
  wg.store %t, %base[%r] : !wg.frag<r x c8 x f32>, !wg.frag<r x i64>
  // PTX: bar.sync 0;
  wg.sync
  // PTX-COUNT-2: st.global.v2.b32
  // PTX-NOT:     st.global
  wg.store %t, %base[%r] if %ok align 8 : !wg.frag<r x c8 x f32>, !wg.frag<r x i64>, !wg.frag<r x i1>
  // PTX: bar.sync 0;
  wg.sync
  // Columns that do not exist are not stored; whether depends on the lane.
  // PTX-COUNT-4: st.global.b32
  // PTX-NOT:     st.global
  wg.store %t, %base[%r] align 8 cols 5 : !wg.frag<r x c8 x f32>, !wg.frag<r x i64>
  // PTX: bar.sync 0;
  wg.sync
  // Row values: one lane of four.
  // PTX-COUNT-2: st.global.b32
  // PTX-NOT:     st.global
  %l = wg.fill %x : f32 -> !wg.frag<r x f32>
  wg.store %l, %base[%r] if %ok : !wg.frag<r x f32>, !wg.frag<r x i64>, !wg.frag<r x i1>
  // PTX: bar.sync 0;
  wg.sync
  // Columns apart.
  // PTX-COUNT-4: st.global.b16
  // PTX-NOT:     st.global
  %h = wg.map (%y = %t : !wg.frag<r x c8 x f32>) -> !wg.frag<r x c8 x bf16> {
    %z = arith.truncf %y : f32 to bf16
    wg.yield %z : bf16
  }
  wg.store %h, %base[%r] by %n align 16 : !wg.frag<r x c8 x bf16>, !wg.frag<r x i64>
  // PTX: bar.sync 0;
  wg.sync
  // Two rounded values, one instruction.
  // PTX-COUNT-2: cvt.rn.bf16x2.f32
  // PTX:         st.global.b32
  wg.store %h, %base[%r] align 16 : !wg.frag<r x c8 x bf16>, !wg.frag<r x i64>
  // PTX: bar.sync 0;
  wg.sync
  // Lanes of a quad exchange words and write 16 bytes each; what is left of
  // less than 32 columns goes by pairs. Lanes meet before rows are asked for.
  // PTX-COUNT-8: shfl.sync.bfly.b32
  // PTX:         st.global.v4.b32
  // PTX:         st.global.b32
  %wide = wg.fill %x : f32 -> !wg.frag<r x c40 x f32>
  %wh = wg.map (%y = %wide : !wg.frag<r x c40 x f32>) -> !wg.frag<r x c40 x bf16> {
    %z = arith.truncf %y : f32 to bf16
    wg.yield %z : bf16
  }
  wg.store %wh, %base[%r] if %ok align 16 : !wg.frag<r x c40 x bf16>, !wg.frag<r x i64>, !wg.frag<r x i1>
}

// All threads look at a stage that they filled themselves.
// PTX-LABEL: .visible .entry guards(
// PTX-NOT:     fence.proxy
// PTX:         bar.red.or.pred p, 0, 128, p;
wg.kernel @guards threads 128 shared 16448 frame 64 (%frame, %scratch, %stats) {
  %c0 = arith.constant 0 : i64
  %x = wg.slot %frame[0] : f32
  %stage = wg.slot %frame[1] : i32
  %v = wg.tile at 0 : !wg.tile<2 x 64 x 64 x f16>
  %t = wg.fill %x : f32 -> !wg.frag<r x c64 x f32>
  %p = wg.pack %t : !wg.frag<r x c64 x f32> -> !wg.packed<64 x f16>
  %w = wg.guard %p, %v[%stage] flags 16384 : !wg.packed<64 x f16>, !wg.tile<2 x 64 x 64 x f16>
}
