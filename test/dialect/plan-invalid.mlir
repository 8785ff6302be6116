// Every rule of the plan dialect, broken once.
// RUN: attn-opt %s --verify-diagnostics --split-input-file

// [plan-1]
// expected-error@below {{repeats the dimension r}}
func.func private @f(!plan.tile<r, r, f32>)

// -----

// [plan-1]
// expected-error@below {{repeats the dimension d}}
func.func private @f(!plan.tile<d = 4, d = 8, f32>)

// -----

// [plan-1]
// expected-error@below {{expected a positive size}}
func.func private @f(!plan.tile<d = 0, f32>)

// -----

// [plan-1]
// expected-error@below {{a span visits at least one key at a time}}
func.func private @f(!plan.span<0>)

// -----

// [plan-2]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  // expected-error@below {{has 2 labels but 1 sizes}}
  %a = plan.alloc "a" (%N) : !plan.buffer<[B, N], f32>
}

// -----

// [plan-2]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  // expected-error@below {{has no grid}}
  plan.kernel "k" () {
    %z = arith.constant 0 : index
  }
}

// -----

// [plan-2]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  // expected-error@below {{must bind 1 indices}}
  "plan.kernel"(%N) <{name = "k", indices = ["b"]}> ({
  ^bb0:
    %z = arith.constant 0 : index
  }) : (index) -> ()
}

// -----

// [plan-3]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{gives an index tile of one dimension}}
    %z = plan.rows %b to %N : !plan.tile<r, c, index>
  }
}

// -----

// [plan-3]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{gives an index tile of one dimension}}
    %z = plan.range %N : !plan.tile<x = ?, f32>
  }
}

// -----

// [plan-3]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{counts over a letter}}
    %z = plan.range %N : !plan.tile<c, index>
  }
}

// -----

// [plan-3]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{families stand last}}
    %z = plan.tiles live(%b to %N by %b times %N, %b to %N) holes() : !plan.span<64>
  }
}

// -----

// [plan-3]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{has an interval without both ends}}
    %z = "plan.tiles"(%b) <{operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0>}> : (index) -> !plan.span<64>
  }
}

// -----

// [plan-3]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{has an interval without both ends}}
    %z = "plan.tiles"(%b, %b, %b) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0>}> : (index, index, index) -> !plan.span<64>
  }
}

// -----

// [plan-4]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{must yield what it carries}}
    %z = plan.sweep (%j in %keys : !plan.span<64>) carry (%x = %s : !plan.tile<r, c, f32>) {
      plan.yield
    }
  }
}

// -----

// [plan-4]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{must bind a}}
    %z = "plan.sweep"(%keys, %b) <{indices = ["j", "x"]}> ({
    ^bb0(%j: index, %x: index):
      plan.yield %x : index
    }) : (!plan.span<64>, index) -> index
  }
}

// -----

// [plan-4]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{must give back what it carries}}
    "plan.sweep"(%keys, %b) <{indices = ["j", "x"]}> ({
    ^bb0(%j: !plan.tile<c, index>, %x: index):
      plan.yield %x : index
    }) : (!plan.span<64>, index) -> ()
  }
}

// -----

// [plan-5]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{takes 2 indices, found 1}}
    %z = plan.load %q[%i] : !q, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
  }
}

// -----

// [plan-5]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{takes indices, found}}
    %z = plan.load %q[%b, %s] : !q, index, !plan.tile<r, c, f32> -> !plan.tile<r, c, d = 8, f32>
  }
}

// -----

// [plan-5]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{reaches elements of another shape}}
    %z = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<c, d = 8, f32>
  }
}

// -----

// [plan-5]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{reaches elements of another shape}}
    %z = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 16, f32>
  }
}

// -----

// [plan-5]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{reaches elements of another shape}}
    %z = plan.load %q[%b, %b] : !q, index, index -> f32
  }
}

// -----

// [plan-5]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{reaches elements of another shape}}
    plan.store %s, %q[%b, %i] : !plan.tile<r, c, f32>, !q, index, !plan.tile<r, index>
  }
}

// -----

// [plan-5]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{fills}}
    %z = plan.fill %b : index -> !plan.tile<r, f32>
  }
}

// -----

// [plan-6]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{has an operand with the dimension d, which the result lacks}}
    %z = plan.map (%x = %qt : !plan.tile<r, d = 8, f32>) -> !plan.tile<r, f32> {
      plan.yield %x : f32
    }
  }
}

// -----

// [plan-6]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{must yield one}}
    %z = plan.map (%x = %qt : !plan.tile<r, d = 8, f32>) -> !plan.tile<r, d = 8, bf16> {
      plan.yield %x : f32
    }
  }
}

// -----

// [plan-6]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{gives a tile of i1}}
    %z = plan.mask (%x = %qt : !plan.tile<r, d = 8, f32>) -> !plan.tile<r, d = 8, f32> {
      plan.yield %x : f32
    }
  }
}

// -----

// [plan-6]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{must bind one element of every operand}}
    %z = "plan.map"(%s) <{names = ["x"]}> ({
      plan.yield %none : f32
    }) : (!plan.tile<r, c, f32>) -> !plan.tile<r, c, f32>
  }
}

// -----

// [plan-6]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{binds a}}
    %z = "plan.map"(%s) <{names = ["x"]}> ({
    ^bb0(%x: index):
      plan.yield %none : f32
    }) : (!plan.tile<r, c, f32>) -> !plan.tile<r, c, f32>
  }
}

// -----

// [plan-7]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    %kt = plan.fill %none : f32 -> !plan.tile<c, d = 8, f32>
    // expected-error@below {{loses the dimension r of its left side}}
    %z = plan.contract %qt, %kt : !plan.tile<r, d = 8, f32>, !plan.tile<c, d = 8, f32> -> !plan.tile<c, f32>
  }
}

// -----

// [plan-7]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    %kt = plan.fill %none : f32 -> !plan.tile<c, d = 8, f32>
    // expected-error@below {{loses the dimension c of its right side}}
    %z = plan.contract %qt, %kt : !plan.tile<r, d = 8, f32>, !plan.tile<c, d = 8, f32> -> !plan.tile<r, f32>
  }
}

// -----

// [plan-7]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    %kt = plan.fill %none : f32 -> !plan.tile<c, d = 8, f32>
    // expected-error@below {{has the dimension d in all three tiles}}
    %z = plan.contract %qt, %kt : !plan.tile<r, d = 8, f32>, !plan.tile<c, d = 8, f32> -> !plan.tile<r, c, d = 8, f32>
  }
}

// -----

// [plan-7]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    %u = plan.fill %none : f32 -> !plan.tile<c, f32>
    // expected-error@below {{must sum exactly one dimension, sums 0}}
    %z = plan.contract %qt, %u : !plan.tile<r, d = 8, f32>, !plan.tile<c, f32> -> !plan.tile<r, d = 8, c, f32>
  }
}

// -----

// [plan-7]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    %kt = plan.fill %none : f32 -> !plan.tile<c, d = 8, f32>
    // expected-error@below {{must keep the dimensions of the left side first}}
    %z = plan.contract %qt, %kt : !plan.tile<r, d = 8, f32>, !plan.tile<c, d = 8, f32> -> !plan.tile<c, r, f32>
  }
}

// -----

// [plan-7]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    %kt = plan.fill %none : f32 -> !plan.tile<c, d = 8, f32>
    // expected-error@below {{accumulates in f32}}
    %z = plan.contract %qt, %kt : !plan.tile<r, d = 8, f32>, !plan.tile<c, d = 8, f32> -> !plan.tile<r, c, bf16>
  }
}

// -----

// [plan-7]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    %kt = plan.fill %none : f32 -> !plan.tile<c, d = 8, f32>
    // expected-error@below {{adds to another tile than it gives}}
    %z = "plan.contract"(%qt, %kt, %qt) : (!plan.tile<r, d = 8, f32>, !plan.tile<c, d = 8, f32>, !plan.tile<r, d = 8, f32>) -> !plan.tile<r, c, f32>
  }
}

// -----

// [plan-8]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{must keep some of}}
    %z = plan.fold sum %s : !plan.tile<r, c, f32> -> !plan.tile<r, c, f32>
  }
}

// -----

// [plan-8]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{must keep some of}}
    %z = plan.fold sum %qt : !plan.tile<r, d = 8, f32> -> !plan.tile<c, f32>
  }
}

// -----

// [plan-8]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{'any' cannot reduce}}
    %z = plan.fold any %s : !plan.tile<r, c, f32> -> !plan.tile<r, f32>
  }
}

// -----

// [plan-8]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{'sum' cannot reduce}}
    %z = plan.fold sum %s : !plan.tile<r, c, f32> -> !plan.tile<r, index>
  }
}

// -----

// [plan-9]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{takes 4 components from 6 of 8}}
    %z = plan.slice %qt from 6 : !plan.tile<r, d = 8, f32> -> !plan.tile<r, e = 4, f32>
  }
}

// -----

// [plan-9]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{changes more than the last dimension}}
    %z = plan.slice %qt from 0 : !plan.tile<r, d = 8, f32> -> !plan.tile<c, e = 4, f32>
  }
}

// -----

// [plan-9]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{needs a static last dimension}}
    %z = plan.slice %s from 0 : !plan.tile<r, c, f32> -> !plan.tile<r, e = 4, f32>
  }
}

// -----

// [plan-9]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{gives 16 components, not 8}}
    %z = plan.concat %qt, %qt : !plan.tile<r, d = 8, f32>, !plan.tile<r, d = 8, f32> -> !plan.tile<r, e = 8, f32>
  }
}

// -----

// [plan-9]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{needs components to pick from}}
    %z = plan.pick %s at %i : !plan.tile<r, c, f32>, !plan.tile<r, index> -> !plan.tile<r, f32>
  }
}

// -----

// [plan-9]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{picks at an index}}
    %z = plan.pick %qt at %qt : !plan.tile<r, d = 8, f32>, !plan.tile<r, d = 8, f32> -> !plan.tile<r, f32>
  }
}

// -----

// [plan-9]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{gives another tile than}}
    %z = plan.pick %qt at %i : !plan.tile<r, d = 8, f32>, !plan.tile<r, index> -> !plan.tile<c, f32>
  }
}

// -----

// [plan-9]
!q = !plan.buffer<[B, N], vector<8xf32>>
plan.program @p {
  %q = plan.tensor "q" : !q
  %N = plan.extent "N"
  plan.kernel "k" (%b < %N, %t < %N) {
    %none = arith.constant 0.0 : f32
    %i = plan.rows %t to %N : !plan.tile<r, index>
    %qt = plan.load %q[%b, %i] : !q, index, !plan.tile<r, index> -> !plan.tile<r, d = 8, f32>
    %s = plan.fill %none : f32 -> !plan.tile<r, c, f32>
    %keys = plan.tiles live(%b to %N) holes() : !plan.span<64>
    // expected-error@below {{has a factor with the dimension d, which the tile lacks}}
    %z = plan.scale %s by %qt : !plan.tile<r, c, f32>, !plan.tile<r, d = 8, f32>
  }
}

// -----

// [plan-3]
!set = !plan.buffer<[B, S], i32>
plan.program @p {
  %N = plan.extent "N"
  %S = plan.tensor "S" : !set
  %x = plan.tensor "x" : !plan.buffer<[B, S], f32>
  plan.kernel "k" (%b < %N) {
    // expected-error@below {{has blocks of 96 keys, no multiple of 64}}
    %z = plan.blocks %S[%b] of 96 below %N live() holes() : !set -> !plan.span<64>
  }
}

// -----

// [plan-3]
!set = !plan.buffer<[B, S], i32>
plan.program @p {
  %N = plan.extent "N"
  %S = plan.tensor "S" : !set
  %x = plan.tensor "x" : !plan.buffer<[B, S], f32>
  plan.kernel "k" (%b < %N) {
    // expected-error@below {{has items of at least one key}}
    %z = plan.tokens %S[%b] of 0 below %N live() holes() : !set -> !plan.span<64>
  }
}

// -----

// [plan-3]
!set = !plan.buffer<[B, S], i32>
plan.program @p {
  %N = plan.extent "N"
  %S = plan.tensor "S" : !set
  %x = plan.tensor "x" : !plan.buffer<[B, S], f32>
  plan.kernel "k" (%b < %N) {
    // expected-error@below {{takes a list of i32}}
    %z = plan.tokens %x[%b] of 1 below %N live() holes() : !plan.buffer<[B, S], f32> -> !plan.span<64>
  }
}

// -----

// [plan-3]
!set = !plan.buffer<[B, S], i32>
plan.program @p {
  %N = plan.extent "N"
  %S = plan.tensor "S" : !set
  %x = plan.tensor "x" : !plan.buffer<[B, S], f32>
  plan.kernel "k" (%b < %N) {
    // expected-error@below {{takes 1 indices of the list, found 2}}
    %z = plan.tokens %S[%b, %b] of 1 below %N live() holes() : !set -> !plan.span<64>
  }
}

// -----

// [plan-10]
!set = !plan.buffer<[B, S], i32>
plan.program @p {
  %N = plan.extent "N"
  %S = plan.tensor "S" : !set
  %x = plan.tensor "x" : !plan.buffer<[B, S], f32>
  plan.kernel "k" (%b < %N) {
    // expected-error@below {{takes 1 indices of the set, found 2}}
    plan.collect %S into %S[%b, %b] from %N to %N : !set, !set
  }
}

// -----

// [plan-10]
!set = !plan.buffer<[B, S], i32>
plan.program @p {
  %N = plan.extent "N"
  %S = plan.tensor "S" : !set
  %x = plan.tensor "x" : !plan.buffer<[B, S], f32>
  plan.kernel "k" (%b < %N) {
    // expected-error@below {{takes a set of i32}}
    plan.collect %x into %S[%b] from %N to %N : !plan.buffer<[B, S], f32>, !set
  }
}

// -----

// [plan-10]
!set = !plan.buffer<[B, S], i32>
plan.program @p {
  %N = plan.extent "N"
  %S = plan.tensor "S" : !set
  %x = plan.tensor "x" : !plan.buffer<[B, S], f32>
  plan.kernel "k" (%b < %N) {
    // expected-error@below {{takes a list of i32}}
    plan.collect %S into %x[%b] from %N to %N : !set, !plan.buffer<[B, S], f32>
  }
}

// -----

// [plan-10]
!set = !plan.buffer<[B, S], i32>
plan.program @p {
  %N = plan.extent "N"
  %S = plan.tensor "S" : !set
  %x = plan.tensor "x" : !plan.buffer<[B, S], f32>
  plan.kernel "k" (%b < %N) {
    // expected-error@below {{makes a table of i1}}
    plan.mark %S into %S[%b] from %N to %N : !set, !set
  }
}

// -----

plan.program @p {
  %x = plan.tensor "x" : !plan.buffer<[B, N], vector<8xf32>>
  // expected-error@below {{makes components of}}
  %y = plan.columns %x : !plan.buffer<[B, N], vector<8xf32>> -> !plan.buffer<[B, N, E], bf16>
}
