// Arrays in memory: a view of anybody's, and one that owns its bytes.
#pragma once
#include "frontend/Core.h"
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace attn {

/// A strided array. The axes of the program's tensor come first, then its
/// component lengths. Strides count elements and may be 0 or negative. The view
/// of an input is never written through.
struct TensorView {
  void *data = nullptr;
  core::DType dtype = core::DType::F32;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;

  int64_t elements() const;
  /// Offset in elements of a complete index.
  int64_t at(const std::vector<int64_t> &index) const;
};

/// The element at `offset` (in elements), as a number or as an integer. Bytes
/// of a bool other than 0 are true.
double loadReal(const TensorView &view, int64_t offset);
int64_t loadInt(const TensorView &view, int64_t offset);
/// Rounds to the storage type, to nearest even. Integers are cut to its width.
void storeReal(const TensorView &view, int64_t offset, double value);
void storeInt(const TensorView &view, int64_t offset, int64_t value);

bool isFloat(core::DType dtype);

/// Strides of a dense array with the last axis fastest.
std::vector<int64_t> denseStrides(const std::vector<int64_t> &shape);
/// Number of elements, or -1 where it or the byte size overflows 2^62 or a
/// length is negative.
int64_t countElements(const std::vector<int64_t> &shape, int64_t bytesPerElement = 8);

/// A dense array, 64-byte aligned, zero at first. Cheap to move.
class Tensor {
public:
  Tensor() = default;
  /// The caller has checked the size with countElements.
  Tensor(core::DType dtype, std::vector<int64_t> shape);

  core::DType dtype() const { return meta.dtype; }
  const std::vector<int64_t> &shape() const { return meta.shape; }
  int64_t elements() const { return meta.elements(); }
  size_t bytes() const { return size_t(elements() * core::byteSize(meta.dtype)); }
  template <class T = void> T *data() const { return static_cast<T *>(meta.data); }
  const TensorView &view() const { return meta; }

  double real(int64_t i) const { return loadReal(meta, i); }
  int64_t integer(int64_t i) const { return loadInt(meta, i); }
  void set(int64_t i, double value) { storeReal(meta, i, value); }

private:
  struct Free {
    void operator()(void *p) const;
  };
  std::unique_ptr<void, Free> storage;
  TensorView meta;
};

//===----------------------------------------------------------------------===//
// Random content
//===----------------------------------------------------------------------===//

/// 64 random bits as a pure function of a seed and a counter (SplitMix64).
uint64_t randomBits(uint64_t seed, uint64_t counter);
/// The seed of a tensor from the seed of a call and the tensor's name.
uint64_t seedOf(uint64_t seed, const std::string &name);

/// Nearly normal numbers with mean 0 and variance `scale`^2: sums of four
/// 16-bit uniforms, exact in integers up to one multiplication, so the same
/// bits on every machine. Element n (in the order of a dense array) depends on
/// the seed and n alone.
void fillNormal(const TensorView &view, uint64_t seed, double scale = 1);
/// Uniform integers in [lo, hi); of bools and real types too.
void fillIntegers(const TensorView &view, uint64_t seed, int64_t lo, int64_t hi);

} // namespace attn
