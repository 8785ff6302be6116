// What a host must know to call compiled code: arguments, their places in the
// frame, workspace, kernels. Plain data, the C++ library only; the same for
// code in memory and for artifacts on disk.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace attn {

/// A call passes one array of 8-byte slots, the *frame*. Integers and pointers
/// fill a slot, f32 scalars lie in its low half, truth values are 0 or 1.
///
/// Order of a call: fill tensors, scalars and extents; run `sizes` (it fills the
/// sizes and strides of workspace buffers and the instance counts of kernels);
/// place the buffers; run the kernels in order.
struct Manifest {
  /// A tensor or a workspace buffer. Slots from `slot` on: address of the first
  /// element, then the element stride of every label, then of every component
  /// dimension. Strides of 0 and below are allowed for inputs.
  struct Tensor {
    std::string name;
    std::vector<std::string> labels; ///< "B", "H", "N", ...; equal labels, equal lengths
    std::vector<int64_t> shape;      ///< component lengths behind the labels
    std::string dtype;               ///< "f32", "bf16", "i32", "bool" (one byte), ...
    bool output = false;
    int slot = 0;
  };
  struct Buffer : Tensor {
    int bytesSlot = 0; ///< written by `sizes`
  };
  enum class ScalarKind { Int, Real, Bool };
  struct Scalar {
    std::string name;
    ScalarKind kind = ScalarKind::Int;
    int slot = 0;
  };
  struct Extent {
    std::string label;
    int slot = 0;
  };
  /// `void symbol(const int64_t *frame, int64_t item, char *scratch, int64_t *stats)`
  /// for item in [0, frame[itemsSlot]). Items are independent. `scratch` is
  /// 64-byte aligned, uninitialised and private to the worker.
  struct Kernel {
    std::string name;
    std::string symbol;
    int itemsSlot = 0;        ///< written by `sizes`
    int64_t scratchBytes = 0;
    int64_t rows = 0;         ///< sides of a tile; cols is 0 for kernels without a sweep
    int64_t cols = 0;
  };
  /// What a kernel adds to `stats` (caller's, zeroed, one array per worker).
  enum Stat { Visited, Mixed, Tested, StatCount };

  std::string name;                 ///< of the pattern
  std::string target;               ///< LLVM CPU name and features it needs
  std::string sizesSymbol;          ///< `void symbol(int64_t *frame)`
  int slots = 0;                    ///< length of the frame
  int threadsSlot = 0;              ///< how many threads will run the kernels; filled before `sizes`
  std::vector<Tensor> tensors;
  std::vector<Buffer> buffers;
  std::vector<Scalar> scalars;
  std::vector<Extent> extents;
  std::vector<Kernel> kernels;
};

} // namespace attn
