// Every rule of the attn dialect, broken once.
// RUN: attn-opt %s --verify-diagnostics --split-input-file

// [attn-1]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{repeats the argument 'x'}}
  %z = attn.param "x" : index
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-1]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  attn.output "y" %x : !attn.field<[M], f32>
  // expected-error@below {{repeats the output 'y'}}
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-1]
// expected-error@below {{has no output}}
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
}

// -----

// [attn-2]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{names 'N', which no input has}}
  %N = attn.extent "N"
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-3]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{takes 1 indices, found 2}}
    %z = attn.at %x[%j, %j] : !attn.field<[M], f32>
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-4]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{defines a field over 2 indices but binds 1}}
  %d = attn.define "d" (%j < %M) {
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    attn.yield %s : f32
  } : !attn.field<[M, M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-4]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{body must yield one unconditional}}
  %d = attn.define "d" (%j < %M) {
    attn.yield %j : index
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-4]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{body must yield one unconditional}}
  %d = attn.define "d" (%j < %M) {
    %p = arith.cmpi eq, %j, %M : index
    attn.yield %j : index if %p
  } : !attn.field<[M], index>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-4]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{has 1 bounds but 2 index names}}
  %d = "attn.define"(%M) <{name = "d", indices = ["j", "k"]}> ({
  ^bb0(%j: index):
    attn.yield %j : index
  }) : (index) -> !attn.field<[M], index>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-4]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{regions must bind 1 indices}}
  %d = "attn.define"(%M) <{name = "d", indices = ["j"]}> ({
  ^bb0:
    attn.yield %M : index
  }) : (index) -> !attn.field<[M], index>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-4]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{regions must end in attn.yield}}
  %d = attn.define "d" (%j < %M) {
  } : !attn.field<[M], index>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-5]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{'count' yields no value and gives an index}}
    %z = attn.reduce count (%k < %M) {
      attn.yield %s : f32
    } : f32
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-5]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{body must yield one}}
    %z = attn.reduce sum (%k < %M) {
      attn.yield %k : index
    } : f32
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-5]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{'any' cannot reduce}}
    %z = attn.reduce any (%k < %M) {
      attn.yield %s : f32
    } : f32
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-5]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{'max' cannot reduce}}
    %z = attn.reduce max (%k < %M) {
      %p = arith.cmpi eq, %k, %j : index
      attn.yield %p : i1
    } : i1
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-5]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{the mean of integers is not an integer}}
    %z = attn.reduce mean (%k < %M) {
      attn.yield %k : index
    } : index
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-5]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %M = attn.extent "M"
  // expected-error@below {{expected a reduction, found 'total'}}
  %z = attn.reduce total (%k < %M) {

// -----

// [attn-7]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{gives 2 indices but binds 1}}
  %a = attn.attend "a" (%i < %M) over (%j < %M)
  mask {
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } score {
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    attn.yield %s : f32
  } weights (%s: f32) {
    attn.yield %s : f32
  } value {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    attn.yield %r : vector<8xf32>
  } : !attn.attention<[M, M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-7]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{sweeps no index}}
  %a = attn.attend "a" (%i < %M) over ()
  mask {
    %p = arith.cmpi sle, %i, %i : index
    attn.yield %p : i1
  } score {
    %s = attn.at %x[%i] : !attn.field<[M], f32>
    attn.yield %s : f32
  } weights (%s: f32) {
    attn.yield %s : f32
  } value {
    %r = attn.at %v[%i] : !attn.field<[M], vector<8xf32>>
    attn.yield %r : vector<8xf32>
  } : !attn.attention<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-7]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %a = attn.attend "a" (%i < %M) over (%j < %M)
  mask {
    // expected-error@below {{a mask yields one i1}}
    attn.yield %j : index
  } score {
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    attn.yield %s : f32
  } weights (%s: f32) {
    attn.yield %s : f32
  } value {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    attn.yield %r : vector<8xf32>
  } : !attn.attention<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-7]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %a = attn.attend "a" (%i < %M) over (%j < %M)
  mask {
    %p = arith.cmpi sle, %j, %i : index
    // expected-error@below {{is conditional: that is the mask's}}
    attn.yield %p : i1 if %p
  } score {
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    attn.yield %s : f32
  } weights (%s: f32) {
    attn.yield %s : f32
  } value {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    attn.yield %r : vector<8xf32>
  } : !attn.attention<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-7]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %a = attn.attend "a" (%i < %M) over (%j < %M)
  mask {
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } score {
    // expected-error@below {{yields other types than the weights take}}
    attn.yield %j : index
  } weights (%s: f32) {
    attn.yield %s : f32
  } value {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    attn.yield %r : vector<8xf32>
  } : !attn.attention<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-7]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %a = attn.attend "a" (%i < %M) over (%j < %M)
  mask {
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } score {
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    attn.yield %s : f32
  } weights (%s: f32) {
    // expected-error@below {{weights yield one f32}}
    attn.yield %j : index
  } value {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    attn.yield %r : vector<8xf32>
  } : !attn.attention<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-7]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %a = attn.attend "a" (%i < %M) over (%j < %M)
  mask {
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } score {
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    attn.yield %s : f32
  } weights (%s: f32) {
    attn.yield %s : f32
  } value {
    // expected-error@below {{a value region yields one row}}
    attn.yield %j, %j : index, index
  } : !attn.attention<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-7]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %a = attn.attend "a" (%i < %M) over (%j < %M)
  mask {
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } score {
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    attn.yield %s : f32
  } weights (%s: f32) {
    attn.yield %s : f32
  } value {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    // expected-error@below {{so the attention must hold the same shape in f32}}
    attn.yield %r : vector<8xf32>
  } : !attn.attention<[M], vector<16xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-7]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{only the weights take more than the indices}}
  %a = "attn.attend"(%M, %M) <{name = "a", indices = ["i", "j"], operandSegmentSizes = array<i32: 1, 1>}> ({
  ^bb0(%i: index, %j: index, %k: index):
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  }, {
  ^bb0(%i: index, %j: index):
    attn.yield %j : index
  }, {
  ^bb0(%i: index, %j: index, %s: index):
    attn.yield %j : index
  }, {
  ^bb0(%i: index, %j: index):
    attn.yield %j : index
  }) : (index, index) -> !attn.attention<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-8]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %a = attn.attend "a" (%i < %M) over (%j < %M)
  mask {
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } score {
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{belongs directly into the weights of an attend}}
    %l = attn.rowsum %s
    attn.yield %l : f32
  } weights (%s: f32) {
    attn.yield %s : f32
  } value {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    attn.yield %r : vector<8xf32>
  } : !attn.attention<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-8]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %a = attn.attend "a" (%i < %M) over (%j < %M)
  mask {
    // expected-error@below {{belongs directly into the score or the weights of an attend}}
    %n = attn.count
    %p = arith.cmpi sle, %j, %n : index
    attn.yield %p : i1
  } score {
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    attn.yield %s : f32
  } weights (%s: f32) {
    attn.yield %s : f32
  } value {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    attn.yield %r : vector<8xf32>
  } : !attn.attention<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-8]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %a = attn.attend "a" (%i < %M) over (%j < %M)
  mask {
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } score {
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    attn.yield %s : f32
  } weights (%s: f32) {
    %t = attn.reduce sum (%k < %M) {
      // expected-error@below {{belongs directly into the weights of an attend}}
      %l = attn.rowsum %s
      attn.yield %l : f32
    } : f32
    attn.yield %t : f32
  } value {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    attn.yield %r : vector<8xf32>
  } : !attn.attention<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-9]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{is not an expression}}
    %z = func.call @f() : () -> f32
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-9]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{is not an expression}}
    %z = attn.define "e" (%k < %M) {
      attn.yield %k : index
    } : !attn.field<[M], index>
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-12]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    %w = attn.ramp : vector<4xf32>
    // expected-error@below {{takes two rows of one length}}
    %z = attn.dot %r, %w : vector<8xf32>, vector<4xf32>
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-12]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    %w = arith.constant dense<1> : vector<8xindex>
    // expected-error@below {{takes rows of floats}}
    %z = attn.dot %r, %w : vector<8xf32>, vector<8xindex>
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [matvec]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    %m = arith.constant dense<1.0> : vector<2x4xf32>
    // expected-error@below {{multiplies rows of 4 by a row of 8}}
    %z = attn.matvec %m, %r : vector<2x4xf32>, vector<8xf32> -> vector<2xf32>
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [matvec]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{takes a matrix and a row}}
    %z = attn.matvec %r, %r : vector<8xf32>, vector<8xf32> -> vector<2xf32>
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [matvec]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    %m = arith.constant dense<1.0> : vector<2x8xf32>
    // expected-error@below {{gives vector<2xf32>}}
    %z = attn.matvec %m, %r : vector<2x8xf32>, vector<8xf32> -> vector<8xf32>
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [cat]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{lays rows of}}
    %z = attn.cat %r : vector<8xf32> -> vector<8xbf16>
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [cat]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{gives 16 components}}
    %z = attn.cat %r, %r : vector<8xf32>, vector<8xf32> -> vector<8xf32>
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [ramp]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{gives a row of f32}}
    %z = attn.ramp : vector<2x2xf32>
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [component]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{takes 1 positions, found 2}}
    %z = attn.component %r[%j, %j] : vector<8xf32> -> f32
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [component]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  %d = attn.define "d" (%j < %M) {
    %r = attn.at %v[%j] : !attn.field<[M], vector<8xf32>>
    %s = attn.at %x[%j] : !attn.field<[M], f32>
    // expected-error@below {{gives a}}
    %z = attn.component %r[%j] : vector<8xf32> -> index
    attn.yield %s : f32
  } : !attn.field<[M], f32>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-12]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{as another shape}}
  attn.output "o" %v as f32 : !attn.field<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}

// -----

// [attn-12]
attn.pattern @p {
  %x = attn.input "x" : !attn.field<[M], f32>
  %v = attn.input "v" : !attn.field<[M], vector<8xf32>>
  %M = attn.extent "M"
  // expected-error@below {{cannot store}}
  attn.output "o" %v as vector<8xi32> : !attn.field<[M], vector<8xf32>>
  attn.output "y" %x : !attn.field<[M], f32>
}
