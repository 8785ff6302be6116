// Every rule of codegen/nvidia/WgDialect.cpp and WgVerify.cpp.
// RUN: attn-opt %s --split-input-file --verify-diagnostics

// [wg-1]
// expected-error @below {{a fragment has rows or columns}}
llvm.func @f() attributes {t = !wg.frag<f32>}

// -----

// [wg-1]
// expected-error @below {{a fragment has numbers as elements, not 'vector<2xf32>'}}
llvm.func @f() attributes {t = !wg.frag<r x vector<2xf32>>}

// -----

// [wg-1]
// expected-error @below {{a packed operand has a multiple of 16 columns, not 24}}
llvm.func @f() attributes {t = !wg.packed<24 x bf16>}

// -----

// [wg-1]
// expected-error @below {{elements are bf16 or f16, not 'f32'}}
llvm.func @f() attributes {t = !wg.packed<16 x f32>}

// -----

// [wg-1]
// expected-error @below {{there is a stage and a column at least}}
llvm.func @f() attributes {t = !wg.ring<0 x 64 x 64 x bf16>}

// -----

// [wg-1]
// expected-error @below {{a stage has a multiple of 8 rows, not 60}}
llvm.func @f() attributes {t = !wg.ring<1 x 60 x 64 x bf16>}

// -----

// [wg-1]
// expected-error @below {{elements are bf16 or f16, not 'i8'}}
llvm.func @f() attributes {t = !wg.tile<1 x 64 x 64 x i8>}

// -----

// [wg-1]
// expected-error @below {{a stage has a multiple of 8 rows, not 60}}
llvm.func @f() attributes {t = !wg.desc<60 x 64 x bf16 along rows>}

// -----

// [wg-2]
// expected-error @below {{has groups of 128 threads, 1024 at most, not 96}}
wg.kernel @k threads 96 shared 65536 frame 64 (%frame, %scratch, %stats) {

}

// -----

// [wg-2]
// expected-error @below {{has at most 232448 bytes of shared memory, not 300000}}
wg.kernel @k threads 128 shared 300000 frame 64 (%frame, %scratch, %stats) {

}

// -----

// [wg-2]
// expected-error @below {{has a frame of 8-byte slots, not of 12 bytes}}
wg.kernel @k threads 128 shared 65536 frame 12 (%frame, %scratch, %stats) {

}

// -----

// [wg-2]
// expected-error @below {{takes frame, scratch and statistics}}
wg.kernel @k threads 128 shared 0 frame 8 (%frame) {
}

// -----

// [wg-3]
wg.kernel @k threads 384 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{shares out registers in multiples of 8 from 24 to 256, not 20}}
  wg.roles producer registers 20 {
  } consumers 2 registers 240 (%w) {
  }
}

// -----

// [wg-3]
wg.kernel @k threads 384 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{shares out registers in multiples of 8 from 24 to 256, not 250}}
  wg.roles producer registers 24 {
  } consumers 2 registers 250 (%w) {
  }
}

// -----

// [wg-3]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{has a consumer at least}}
  wg.roles producer registers 24 {
  } consumers 0 registers 240 (%w) {
  }
}

// -----

// [wg-3]
wg.kernel @k threads 256 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{needs 384 threads; the kernel has 256}}
  wg.roles producer registers 24 {
  } consumers 2 registers 240 (%w) {
  }
}

// -----

// [wg-3]
wg.kernel @k threads 384 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{shares out 66560 registers of 65536}}
  wg.roles producer registers 40 {
  } consumers 2 registers 240 (%w) {
  }
}

// -----

// [wg-4]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %w = wg.group
  // expected-error @below {{is among 2 to 7 groups, not 1}}
  wg.turn take %w of 1
}

// -----

// [wg-5]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{lies at a multiple of 1024, not at 512}}
  %q = wg.ring at 512 barriers 32768 : !wg.ring<1 x 64 x 64 x bf16>
}

// -----

// [wg-5]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{has barriers up to byte 65552 of 65536}}
  %q = wg.ring at 0 barriers 65536 : !wg.ring<1 x 64 x 64 x bf16>
}

// -----

// [wg-5]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{has barriers at a multiple of 8, not at 32772}}
  %q = wg.ring at 0 barriers 32772 : !wg.ring<1 x 64 x 64 x bf16>
}

// -----

// [wg-5]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{has barriers inside its stages}}
  %q = wg.ring at 0 barriers 1024 : !wg.ring<1 x 64 x 64 x bf16>
}

// -----

// [wg-5]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{ends at byte 98304 of 65536}}
  %q = wg.ring at 0 barriers 1024 : !wg.ring<3 x 128 x 128 x bf16>
}

// -----

// [wg-5]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{lies at a multiple of 128, not at 64}}
  %q = wg.tile at 64 : !wg.tile<1 x 64 x 64 x bf16>
}

// -----

// [wg-6]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats, %map) {
  %c = wg.block
  %q = wg.ring at 0 barriers 32768 : !wg.ring<1 x 128 x 64 x bf16>
  // expected-error @below {{takes 1 to 4 coordinates, not 0}}
  wg.copy %map[] -> %q[%c] : !wg.ring<1 x 128 x 64 x bf16>
}

// -----

// [wg-6]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats, %map) {
  %c = wg.block
  %q = wg.ring at 0 barriers 32768 : !wg.ring<1 x 128 x 64 x bf16>
  // expected-error @below {{fills rows in multiples of 8}}
  wg.copy %map[%c] -> %q[%c] from 4 rows 16 : !wg.ring<1 x 128 x 64 x bf16>
}

// -----

// [wg-6]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats, %map) {
  %c = wg.block
  %q = wg.ring at 0 barriers 32768 : !wg.ring<1 x 128 x 64 x bf16>
  // expected-error @below {{ends at row 136 of a stage of 128}}
  wg.copy %map[%c] -> %q[%c] from 120 rows 16 : !wg.ring<1 x 128 x 64 x bf16>
}

// -----

// [wg-6]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats, %map) {
  %c = wg.block
  %q = wg.ring at 0 barriers 65024 : !wg.ring<1 x 264 x 64 x bf16>
  // expected-error @below {{fetches at most 256 rows, not 264}}
  wg.copy %map[%c] -> %q[%c] : !wg.ring<1 x 264 x 64 x bf16>
}

// -----

// [wg-7]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %q = wg.ring at 0 barriers 32768 : !wg.ring<1 x 128 x 64 x bf16>
  // expected-error @below {{is a stage of '!wg.ring<1 x 128 x 64 x bf16>', not '!wg.desc<64 x 64 x bf16 along cols>'}}
  %d = wg.operand %q[%c] : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<64 x 64 x bf16 along cols>
}

// -----

// [wg-7]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %q = wg.tile at 0 : !wg.tile<1 x 64 x 64 x bf16>
  // expected-error @below {{gives all columns of '!wg.tile<1 x 64 x 64 x bf16>', not '!wg.packed<32 x bf16>'}}
  %d = wg.load_packed %q[%c] : !wg.tile<1 x 64 x 64 x bf16> -> !wg.packed<32 x bf16>
}

// -----

// [wg-8]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %q = wg.ring at 0 barriers 32768 : !wg.ring<1 x 128 x 64 x bf16>
  %a = wg.operand %q[%c] : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<128 x 64 x bf16 along cols>
  %b = wg.operand %q[%c] : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<128 x 64 x bf16 along cols>
  // expected-error @below {{gives 8 to 256 columns, not 264}}
  %s = wg.gemm %a, %b : !wg.desc<128 x 64 x bf16 along cols>, !wg.desc<128 x 64 x bf16 along cols> -> !wg.frag<r x c264 x f32>
}

// -----

// [wg-8]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %q = wg.ring at 0 barriers 32768 : !wg.ring<1 x 128 x 64 x bf16>
  %a = wg.operand %q[%c] : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<128 x 64 x bf16 along rows>
  %b = wg.operand %q[%c] : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<128 x 64 x bf16 along cols>
  // expected-error @below {{takes 64 rows or more along columns on the left}}
  %s = wg.gemm %a, %b : !wg.desc<128 x 64 x bf16 along rows>, !wg.desc<128 x 64 x bf16 along cols> -> !wg.frag<r x c128 x f32>
}

// -----

// [wg-8]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %q = wg.ring at 0 barriers 32768 : !wg.ring<1 x 128 x 64 x bf16>
  %a = wg.operand %q[%c] : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<128 x 64 x bf16 along cols>
  %b = wg.operand %q[%c] : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<128 x 64 x bf16 along cols>
  // expected-error @below {{has 128 columns on the right, the result 136}}
  %s = wg.gemm %a, %b : !wg.desc<128 x 64 x bf16 along cols>, !wg.desc<128 x 64 x bf16 along cols> -> !wg.frag<r x c136 x f32>
}

// -----

// [wg-8]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %q = wg.ring at 0 barriers 32768 : !wg.ring<1 x 128 x 64 x bf16>
  %a = wg.operand %q[%c] : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<128 x 64 x bf16 along cols>
  %b = wg.operand %q[%c] : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<128 x 64 x bf16 along cols>
  // expected-error @below {{gives a tile of f32, not '!wg.frag<r x c128 x i32>'}}
  %s = wg.gemm %a, %b : !wg.desc<128 x 64 x bf16 along cols>, !wg.desc<128 x 64 x bf16 along cols> -> !wg.frag<r x c128 x i32>
}

// -----

// [wg-8]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %q = wg.ring at 0 barriers 32768 : !wg.ring<1 x 128 x 64 x bf16>
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  %b = wg.operand %q[%c] : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<128 x 64 x bf16 along rows>
  %p = wg.pack %t : !wg.frag<r x c256 x f32> -> !wg.packed<256 x bf16>
  // expected-error @below {{sums over 256 elements on the left and 128 on the right}}
  %s = wg.gemm %p, %b : !wg.packed<256 x bf16>, !wg.desc<128 x 64 x bf16 along rows> -> !wg.frag<r x c64 x f32>
}

// -----

// [wg-8]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %q = wg.ring at 0 barriers 32768 : !wg.ring<1 x 128 x 64 x bf16>
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  %b = wg.operand %q[%c] : !wg.ring<1 x 128 x 64 x bf16> -> !wg.desc<128 x 64 x bf16 along rows>
  %p = wg.pack %t : !wg.frag<r x c256 x f32> -> !wg.packed<256 x f16>
  // expected-error @below {{has operands of one element type}}
  %s = wg.gemm %p, %b : !wg.packed<256 x f16>, !wg.desc<128 x 64 x bf16 along rows> -> !wg.frag<r x c64 x f32>
}

// -----

// [wg-9]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  %g = wg.fill %i : i32 -> !wg.frag<r x c8 x i32>
  // expected-error @below {{waits for products of f32, not '!wg.frag<r x c8 x i32>'}}
  %x = wg.await 0 (%g) : !wg.frag<r x c8 x i32>
}

// -----

// [wg-9]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{leaves at most 7 products pending, not 8}}
  %x = wg.await 8 (%t) : !wg.frag<r x c256 x f32>
}

// -----

// [wg-10]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{takes row values, not '!wg.frag<r x c256 x f32>'}}
  wg.pin %t : !wg.frag<r x c256 x f32>
}

// -----

// [wg-11]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{takes row values, not '!wg.frag<r x c8 x i32>'}}
  %r = wg.rows %i : i32 -> !wg.frag<r x c8 x i32>
}

// -----

// [wg-11]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{gives 'i32', not '!wg.frag<r x i64>'}}
  %r = wg.rows %i : i32 -> !wg.frag<r x i64>
}

// -----

// [wg-11]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{gives column values of 'i32', not '!wg.frag<r x i32>'}}
  %r = wg.cols %i : i32 -> !wg.frag<r x i32>
}

// -----

// [wg-11]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  // expected-error @below {{gives integers of columns, not '!wg.frag<c8 x f32>'}}
  %r = wg.steps : !wg.frag<c8 x f32>
}

// -----

// [wg-11]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{gives elements of 'i32', not '!wg.frag<r x f32>'}}
  %r = wg.fill %i : i32 -> !wg.frag<r x f32>
}

// -----

// [wg-11]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{takes i1, not '!wg.frag<r x f32>'}}
  %r = wg.any %m : !wg.frag<r x f32>
}

// -----

// [wg-12]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{cannot repeat '!wg.frag<r x c256 x f32>' over '!wg.frag<r x c128 x f32>'}}
  %r = wg.map (%x = %t : !wg.frag<r x c256 x f32>) -> !wg.frag<r x c128 x f32> {
    wg.yield %x : f32
  }
}

// -----

// [wg-12]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{has results of one shape}}
  %r:2 = wg.map (%x = %t : !wg.frag<r x c256 x f32>) -> (!wg.frag<r x c256 x f32>, !wg.frag<r x f32>) {
    wg.yield %x, %x : f32, f32
  }
}

// -----

// [wg-12]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{must yield 1 values}}
  %r = wg.map (%x = %m : !wg.frag<r x f32>) -> !wg.frag<r x f32> {
    wg.yield
  }
}

// -----

// [wg-12]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{yields a 'f32' as an element of '!wg.frag<r x i32>'}}
  %r = wg.map (%x = %m : !wg.frag<r x f32>) -> !wg.frag<r x i32> {
    wg.yield %x : f32
  }
}

// -----

// [wg-13]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{folds a tile into its rows, not '!wg.frag<r x f32>' into '!wg.frag<r x f32>'}}
  %r = wg.fold sum %m : !wg.frag<r x f32> -> !wg.frag<r x f32>
}

// -----

// [wg-13]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{takes i1, not '!wg.frag<r x c256 x f32>'}}
  %r = wg.fold any %t : !wg.frag<r x c256 x f32> -> !wg.frag<r x f32>
}

// -----

// [wg-13]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{cannot be a mean}}
  %r = wg.reduce mean %m : !wg.frag<r x f32>
}

// -----

// [wg-14]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{packs a tile of f32 with the same columns, not '!wg.frag<r x c256 x f32>' into '!wg.packed<64 x bf16>'}}
  %r = wg.pack %t : !wg.frag<r x c256 x f32> -> !wg.packed<64 x bf16>
}

// -----

// [wg-15]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  // expected-error @below {{is indexed by i32 or i64, not '!wg.frag<r x f32>'}}
  %r = wg.load %scratch[%m] : !wg.frag<r x f32> -> !wg.frag<r x f32>
}

// -----

// [wg-15]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  %j = wg.cols %i : i32 -> !wg.frag<c64 x i32>
  // expected-error @below {{has positions with sides that '!wg.frag<r x f32>' lacks}}
  %r = wg.load %scratch[%j] : !wg.frag<c64 x i32> -> !wg.frag<r x f32>
}

// -----

// [wg-15]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %i = arith.constant 0 : i32
  %stride = arith.constant 1 : i64
  %j = wg.cols %i : i32 -> !wg.frag<c64 x i32>
  // expected-error @below {{has a stride beside an index of '!wg.frag<c64 x i32>' for '!wg.frag<r x c64 x f32>'}}
  %r = wg.load %scratch[%j] by %stride : !wg.frag<c64 x i32> -> !wg.frag<r x c64 x f32>
}

// -----

// [wg-15]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %i = arith.constant 0 : i32
  %stride = arith.constant 1 : i64
  %at = wg.rows %i : i32 -> !wg.frag<r x i32>
  // expected-error @below {{has a stride beside an index of '!wg.frag<r x i32>' for '!wg.frag<r x f32>'}}
  %r = wg.load %scratch[%at] by %stride : !wg.frag<r x i32> -> !wg.frag<r x f32>
}

// -----

// [wg-15]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  %j = wg.cols %i : i32 -> !wg.frag<c256 x i32>
  // expected-error @below {{takes row values, not '!wg.frag<c256 x i32>'}}
  wg.store %t, %scratch[%j] : !wg.frag<r x c256 x f32>, !wg.frag<c256 x i32>
}

// -----

// [wg-15]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  %j = wg.rows %i : i32 -> !wg.frag<r x i32>
  // expected-error @below {{promises a power of two of bytes, not 3}}
  wg.store %t, %scratch[%j] align 3 : !wg.frag<r x c256 x f32>, !wg.frag<r x i32>
}

// -----

// [wg-15]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  %j = wg.rows %i : i32 -> !wg.frag<r x i32>
  // expected-error @below {{has 256 columns to store, not 300}}
  wg.store %t, %scratch[%j] cols 300 : !wg.frag<r x c256 x f32>, !wg.frag<r x i32>
}

// -----

// [wg-16]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  %c = wg.block
  %v = wg.tile at 0 : !wg.tile<1 x 64 x 64 x bf16>
  %p = wg.pack %t : !wg.frag<r x c256 x f32> -> !wg.packed<256 x bf16>
  // expected-error @below {{takes weights of 64 rows at most, not '!wg.packed<256 x bf16>'}}
  %g = wg.guard %p, %v[%c] flags 8192 : !wg.packed<256 x bf16>, !wg.tile<1 x 64 x 64 x bf16>
}

// -----

// [wg-16]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  %c = wg.block
  %v = wg.tile at 0 : !wg.tile<1 x 64 x 64 x bf16>
  %y = wg.fill %zero : f32 -> !wg.frag<r x c64 x f32>
  %p = wg.pack %y : !wg.frag<r x c64 x f32> -> !wg.packed<64 x f16>
  // expected-error @below {{takes weights of 'bf16', not '!wg.packed<64 x f16>'}}
  %g = wg.guard %p, %v[%c] flags 8192 : !wg.packed<64 x f16>, !wg.tile<1 x 64 x 64 x bf16>
}

// -----

// [wg-16]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : i32
  %t = wg.fill %zero : f32 -> !wg.frag<r x c256 x f32>
  %m = wg.fill %zero : f32 -> !wg.frag<r x f32>
  %c = wg.block
  %v = wg.tile at 0 : !wg.tile<1 x 64 x 64 x bf16>
  %y = wg.fill %zero : f32 -> !wg.frag<r x c64 x f32>
  %p = wg.pack %y : !wg.frag<r x c64 x f32> -> !wg.packed<64 x bf16>
  // expected-error @below {{has flags up to byte 65564 of 65536}}
  %g = wg.guard %p, %v[%c] flags 65500 : !wg.packed<64 x bf16>, !wg.tile<1 x 64 x 64 x bf16>
}

// -----

// [wg-6]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats, %map) {
  %c = wg.block
  %q = wg.ring at 0 barriers 32768 gathered : !wg.ring<1 x 128 x 64 x bf16>
  // expected-error @below {{does not fill rings that are gathered}}
  wg.copy %map[%c] -> %q[%c] : !wg.ring<1 x 128 x 64 x bf16>
}

// -----

// [wg-18]
wg.kernel @k threads 256 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %p = wg.slot %frame[0] : !llvm.ptr<1>
  %s = wg.slot %frame[1] : i64
  %q = wg.ring at 0 barriers 32768 : !wg.ring<1 x 128 x 64 x bf16>
  wg.roles producer whole registers 56 {
    // expected-error @below {{fills rings that are gathered}}
    wg.gather %p by %s rows %p[%c] below %c -> %q[%c] : !wg.ring<1 x 128 x 64 x bf16>
  } consumers 1 registers 240 (%w) {
  }
}

// -----

// [wg-18]
wg.kernel @k threads 256 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %p = wg.slot %frame[0] : !llvm.ptr<1>
  %s = wg.slot %frame[1] : i64
  %q = wg.ring at 0 barriers 32768 gathered : !wg.ring<1 x 128 x 64 x bf16>
  wg.roles producer registers 56 {
    // expected-error @below {{belongs to a producer that is a whole group}}
    wg.gather %p by %s rows %p[%c] below %c -> %q[%c] : !wg.ring<1 x 128 x 64 x bf16>
  } consumers 1 registers 240 (%w) {
  }
}

// -----

// [wg-18]
wg.kernel @k threads 256 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %p = wg.slot %frame[0] : !llvm.ptr<1>
  %s = wg.slot %frame[1] : i64
  %q = wg.ring at 0 barriers 32768 gathered : !wg.ring<1 x 128 x 64 x bf16>
  wg.roles producer whole registers 56 {
    // expected-error @below {{copies 16 bytes at a time into a ring}}
    wg.gather %p by %s components %s rows %p[%c] below %c -> %q[%c] : !wg.ring<1 x 128 x 64 x bf16>
  } consumers 1 registers 240 (%w) {
  }
}

// -----

// [wg-18]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %p = wg.slot %frame[0] : !llvm.ptr<1>
  %s = wg.slot %frame[1] : i64
  %q = wg.tile at 0 : !wg.tile<1 x 24 x 64 x bf16>
  // expected-error @below {{cannot share 24 rows among 128 threads}}
  wg.gather %p by %s rows %p[%c] below %c -> %q[%c] : !wg.tile<1 x 24 x 64 x bf16>
}

// -----

// [wg-18]
wg.kernel @k threads 128 shared 65536 frame 64 (%frame, %scratch, %stats) {
  %c = wg.block
  %p = wg.slot %frame[0] : !llvm.ptr<1>
  %s = wg.slot %frame[1] : i64
  %q = wg.tile at 0 : !wg.tile<1 x 32 x 64 x bf16>
  // expected-error @below {{takes blocks of a row at least, not of 0}}
  wg.gather %p by %s rows %p[%c] of 0 below %c -> %q[%c] : !wg.tile<1 x 32 x 64 x bf16>
}
