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
  /// A hardware descriptor of a tensor, made by the host for every launch. It
  /// reads boxes of 16-bit elements into shared memory with the 128-byte
  /// swizzle. Dimensions: {component, rowLabel, the other labels in order}.
  /// Elements outside read as 0. Needs a component stride of 1, other strides
  /// in multiples of 16 bytes, and an address that is one.
  struct TensorMap {
    int tensor = 0;      ///< into `buffers` if `buffer`, else into `tensors`
    bool buffer = false;
    std::string rowLabel;
    int box[2] = {64, 0}; ///< columns, rows
  };
  /// How a kernel of a GPU is launched. Parameters of `entry`, in order: the
  /// frame by value (8 * slots bytes; addresses are of device memory),
  /// scratch (block b uses bytes from b * scratchBytes on; null if
  /// scratchBytes is 0), stats (device memory, zeroed, StatCount integers; null
  /// where nobody counts), one 128-byte map for each of `maps` by value.
  /// Block b begins at item b * itemsPerBlock and goes on in steps of
  /// gridDim.x * itemsPerBlock, so any number of blocks is right;
  /// min(ceil(items / itemsPerBlock), blocksPerSm * multiprocessors) is best.
  struct Launch {
    std::string entry;          ///< empty: the kernel is code for a CPU
    int threads = 0;            ///< of a block
    int64_t sharedBytes = 0;    ///< dynamic shared memory of a block
    int64_t scratchBytes = 0;   ///< global memory of a block
    int itemsPerBlock = 1;
    int blocksPerSm = 1;
    std::vector<TensorMap> maps;
    std::string path;           ///< "tensor cores", or "simt"
    std::string reason;         ///< why not tensor cores; empty if there is nothing to say
    int registers = 0;          ///< of a thread, as assembled; 0 before
  };
  /// One step of a stack machine over int64_t, wrapping. Push pushes `value`,
  /// Slot pushes frame[value], Store pops into frame[value]; the others pop b,
  /// then a, and push `a op b`. Division is towards minus infinity (CeilDiv:
  /// towards plus infinity), by 0 it gives 0; comparisons and And, Or give 0 or 1;
  /// Select pops c, b, a and pushes a != 0 ? b : c.
  struct SizeStep {
    enum Op { Push, Slot, Store, Add, Sub, Mul, FloorDiv, CeilDiv, Mod, Min, Max, Equal, NotEqual, Less, LessEqual, And, Or, Select };
    Op op = Push;
    int64_t value = 0;
  };
  /// `void symbol(const int64_t *frame, int64_t item, char *scratch, int64_t *stats)`
  /// for item in [0, frame[itemsSlot]). Items are independent. `scratch` is
  /// 64-byte aligned, uninitialised and private to the worker.
  struct Kernel {
    std::string name;
    std::string symbol;
    int itemsSlot = 0;        ///< written by `sizes`
    int64_t scratchBytes = 0;
    int64_t rows = 0;         ///< sides of a tile; cols is 0 for kernels without a sweep over keys
    int64_t cols = 0;
    Launch launch;
  };
  /// What a kernel adds to `stats` (caller's, zeroed, one array per worker).
  enum Stat { Visited, Mixed, Tested, StatCount };

  std::string name;                 ///< of the pattern
  std::string target;               ///< LLVM CPU name and features it needs
  std::string sizesSymbol;          ///< `void symbol(int64_t *frame)`
  std::vector<SizeStep> sizes;      ///< the same for hosts without compiled code: programs for GPUs
  int slots = 0;                    ///< length of the frame
  int threadsSlot = 0;              ///< how many threads will run the kernels; filled before `sizes`
  std::vector<Tensor> tensors;
  std::vector<Buffer> buffers;
  std::vector<Scalar> scalars;
  std::vector<Extent> extents;
  std::vector<Kernel> kernels;
};

} // namespace attn
