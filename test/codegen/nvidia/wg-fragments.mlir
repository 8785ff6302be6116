// Fragments are the registers of a thread.
// RUN: attn-opt %s --wg-pipeline -o %t.mlir
// RUN: FileCheck %s --input-file %t.mlir
// RUN: mlir-translate --mlir-to-llvmir %t.mlir | llc -mtriple=nvptx64-nvidia-cuda -mcpu=sm_90a -mattr=+ptx86 -o %t.ptx
// RUN: FileCheck %s --check-prefix=PTX --input-file %t.ptx

// The entry: parameters by value, room for the kernel's threads, denormals are 0.
// CHECK-LABEL: llvm.func @positions(%arg0: !llvm.ptr {llvm.align = 8 : i64, llvm.byval = !llvm.array<64 x i8>, nvvm.grid_constant}
// CHECK-SAME:    denormal_fp_math_f32 = "preserve-sign"
// CHECK-SAME:    nvvm.kernel, nvvm.maxntid = array<i32: 128>, nvvm.minctasm = 1 : i32
// The thread's two rows are multiplied once each, whatever the columns.
// CHECK:         %[[WIDTH:.*]] = llvm.mlir.constant(12 : i32)
// CHECK:         llvm.mul %{{.*}}, %[[WIDTH]]
// CHECK:         llvm.mul %{{.*}}, %[[WIDTH]]
// CHECK-NOT:     llvm.mul %{{.*}}, %[[WIDTH]]
// PTX-LABEL: .visible .entry positions(
// PTX:         .param .align 8 .b8 positions_param_0[64]
// PTX:         .maxntid 128
// PTX-NEXT:    .minnctapersm 1
// PTX:         shfl.sync.idx.b32
wg.kernel @positions threads 128 shared 0 frame 64 (%frame, %scratch, %stats) {
  %base = arith.constant 1000 : i32
  %r = wg.rows %base : i32 -> !wg.frag<r x i32>
  %c = wg.cols %base : i32 -> !wg.frag<c16 x i32>
  %at = wg.map (%y = %r : !wg.frag<r x i32>) -> !wg.frag<r x i32> {
    %width = arith.constant 12 : i32
    %z = arith.muli %y, %width : i32
    wg.yield %z : i32
  }
  // Columns 0, 1, 8, 9 of the thread, each for two rows: a sum per register.
  %v = wg.map (%y = %at : !wg.frag<r x i32>, %x = %c : !wg.frag<c16 x i32>) -> !wg.frag<r x c16 x i32> {
    %z = arith.addi %y, %x : i32
    wg.yield %z : i32
  }
  // PTX-COUNT-4: st.global.v2.b32
  // PTX-NOT:     st.global
  wg.store %v, %scratch[%at] align 8 : !wg.frag<r x c16 x i32>, !wg.frag<r x i32>
}

// A comparison of a row value with a column step is one with a constant.
// PTX-LABEL: .visible .entry masked(
// PTX:         setp.gt.s32 %p{{[0-9]+}}, %r{{[0-9]+}}, 0;
// PTX:         setp.gt.s32 %p{{[0-9]+}}, %r{{[0-9]+}}, 1;
// PTX:         setp.gt.s32 %p{{[0-9]+}}, %r{{[0-9]+}}, 8;
wg.kernel @masked threads 128 shared 0 frame 64 (%frame, %scratch, %stats) {
  %x = wg.slot %frame[1] : f32
  %n = wg.slot %frame[2] : i32
  %t = wg.fill %x : f32 -> !wg.frag<r x c16 x f32>
  %first = wg.first
  %base = arith.subi %n, %first : i32
  %bound = wg.rows %base : i32 -> !wg.frag<r x i32>
  %steps = wg.steps : !wg.frag<c16 x i32>
  %m = wg.map (%v = %t : !wg.frag<r x c16 x f32>, %b = %bound : !wg.frag<r x i32>, %c = %steps : !wg.frag<c16 x i32>) -> !wg.frag<r x c16 x f32> {
    %none = arith.constant 0xFF800000 : f32
    %sees = arith.cmpi sgt, %b, %c : i32
    %y = arith.select %sees, %v, %none : f32
    wg.yield %y : f32
  }
  wg.store %m, %scratch[%bound] : !wg.frag<r x c16 x f32>, !wg.frag<r x i32>
}

// Functions are single instructions; the maximum too. There is one reciprocal of
// what all columns are divided by.
// CHECK-LABEL: llvm.func @softmax
// CHECK-COUNT-10: llvm.intr.maxnum
// CHECK-NOT:      llvm.intr.maxnum
// CHECK:          nvvm.vote.sync any
// PTX-LABEL: .visible .entry softmax(
// PTX:         max.ftz.f32
// PTX:         shfl.sync.bfly.b32
// PTX:         ex2.approx.ftz.f32
// PTX:         fma.rn.ftz.f32
// PTX-COUNT-2: rcp.approx.ftz.f32
// PTX-NOT:     rcp.approx
// PTX:         cvt.rn.bf16x2.f32
// PTX:         vote.sync.any.pred
wg.kernel @softmax threads 128 shared 0 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0 : i32
  %at = wg.rows %zero : i32 -> !wg.frag<r x i32>
  %cols = wg.cols %zero : i32 -> !wg.frag<c16 x i32>
  %index = wg.map (%y = %at : !wg.frag<r x i32>, %x = %cols : !wg.frag<c16 x i32>) -> !wg.frag<r x c16 x i32> {
    %z = arith.addi %x, %y : i32
    wg.yield %z : i32
  }
  %s = wg.load %scratch[%index] : !wg.frag<r x c16 x i32> -> !wg.frag<r x c16 x f32>
  // Three maxima per row over its four registers, and two over lanes.
  %m0 = wg.fold max %s : !wg.frag<r x c16 x f32> -> !wg.frag<r x f32>
  %m = wg.reduce max %m0 : !wg.frag<r x f32>
  %scale = wg.slot %frame[0] : f32
  %e = wg.map (%x = %s : !wg.frag<r x c16 x f32>, %y = %m : !wg.frag<r x f32>) -> !wg.frag<r x c16 x f32> {
    %a = arith.mulf %y, %scale : f32
    %na = arith.negf %a : f32
    %z = math.fma %x, %scale, %na : f32
    %p = math.exp2 %z : f32
    wg.yield %p : f32
  }
  %l0 = wg.fold sum %e : !wg.frag<r x c16 x f32> -> !wg.frag<r x f32>
  %l = wg.reduce sum %l0 : !wg.frag<r x f32>
  %w = wg.map (%x = %e : !wg.frag<r x c16 x f32>, %y = %l : !wg.frag<r x f32>) -> !wg.frag<r x c16 x bf16> {
    %q = attn.div %x, %y : f32
    %h = arith.truncf %q : f32 to bf16
    wg.yield %h : bf16
  }
  wg.store %w, %scratch[%at] align 4 : !wg.frag<r x c16 x bf16>, !wg.frag<r x i32>
  %big = wg.map (%y = %l : !wg.frag<r x f32>) -> !wg.frag<r x i1> {
    %one = arith.constant 1.0 : f32
    %b = arith.cmpf ogt, %y, %one : f32
    wg.yield %b : i1
  }
  %any = wg.any %big : !wg.frag<r x i1>
  scf.if %any {
    wg.store %l, %scratch[%at] : !wg.frag<r x f32>, !wg.frag<r x i32>
  }
}

// Loops and branches carry registers.
// CHECK-LABEL: llvm.func @carried
// CHECK:         ^bb{{[0-9]+}}(%{{.*}}: i32, %{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32)
wg.kernel @carried threads 128 shared 0 frame 64 (%frame, %scratch, %stats) {
  %x = wg.slot %frame[0] : f32
  %n = wg.slot %frame[1] : i32
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %t = wg.fill %x : f32 -> !wg.frag<r x c8 x f32>
  %m = wg.fill %x : f32 -> !wg.frag<r x f32>
  %sum, %row = scf.for %i = %c0 to %n step %c1 iter_args(%a = %t, %b = %m) -> (!wg.frag<r x c8 x f32>, !wg.frag<r x f32>) : i32 {
    %even = arith.remui %i, %n : i32
    %is = arith.cmpi eq, %even, %c1 : i32
    %s = wg.map (%y = %a : !wg.frag<r x c8 x f32>, %z = %b : !wg.frag<r x f32>) -> !wg.frag<r x c8 x f32> {
      %w = arith.addf %y, %z : f32
      wg.yield %w : f32
    }
    %c = scf.if %is -> !wg.frag<r x c8 x f32> {
      scf.yield %s : !wg.frag<r x c8 x f32>
    } else {
      scf.yield %a : !wg.frag<r x c8 x f32>
    }
    scf.yield %c, %b : !wg.frag<r x c8 x f32>, !wg.frag<r x f32>
  }
  %at = wg.rows %c0 : i32 -> !wg.frag<r x i32>
  wg.store %sum, %scratch[%at] : !wg.frag<r x c8 x f32>, !wg.frag<r x i32>
  wg.store %row, %scratch[%at] : !wg.frag<r x f32>, !wg.frag<r x i32>
}
