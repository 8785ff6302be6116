#include "runtime/Tensor.h"
#include "runtime/Half.h"
#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace attn;
using core::DType;

int64_t TensorView::elements() const {
  int64_t n = 1;
  for (int64_t s : shape)
    n *= s;
  return n;
}

int64_t TensorView::at(const std::vector<int64_t> &index) const {
  int64_t offset = 0;
  for (size_t d = 0; d < index.size(); ++d)
    offset += index[d] * strides[d];
  return offset;
}

bool attn::isFloat(DType dtype) {
  return dtype == DType::F16 || dtype == DType::BF16 || dtype == DType::F32 || dtype == DType::F64;
}

double attn::loadReal(const TensorView &view, int64_t i) {
  switch (view.dtype) {
  case DType::F16: return fromF16(static_cast<const uint16_t *>(view.data)[i]);
  case DType::BF16: return fromBF16(static_cast<const uint16_t *>(view.data)[i]);
  case DType::F32: return static_cast<const float *>(view.data)[i];
  case DType::F64: return static_cast<const double *>(view.data)[i];
  default: return double(loadInt(view, i));
  }
}

int64_t attn::loadInt(const TensorView &view, int64_t i) {
  switch (view.dtype) {
  case DType::Bool: return static_cast<const uint8_t *>(view.data)[i] != 0;
  case DType::I8: return static_cast<const int8_t *>(view.data)[i];
  case DType::I16: return static_cast<const int16_t *>(view.data)[i];
  case DType::I32: return static_cast<const int32_t *>(view.data)[i];
  case DType::I64: return static_cast<const int64_t *>(view.data)[i];
  case DType::U8: return static_cast<const uint8_t *>(view.data)[i];
  case DType::U16: return static_cast<const uint16_t *>(view.data)[i];
  case DType::U32: return static_cast<const uint32_t *>(view.data)[i];
  default: return int64_t(loadReal(view, i));
  }
}

// Rounding to 16 bits through f32 would round twice. Rounding to odd first
// (the last bit collects what is lost) makes the second rounding exact.
static float roundToOdd(double value) {
  float f = float(value);
  if (!std::isfinite(f) || double(f) == value)
    return f;
  uint32_t bits = bitsOf(f);
  if (std::fabs(double(f)) > std::fabs(value))
    --bits;
  return floatOf(bits | 1);
}

void attn::storeReal(const TensorView &view, int64_t i, double value) {
  switch (view.dtype) {
  case DType::F16: static_cast<uint16_t *>(view.data)[i] = toF16(roundToOdd(value)); break;
  case DType::BF16: static_cast<uint16_t *>(view.data)[i] = toBF16(roundToOdd(value)); break;
  case DType::F32: static_cast<float *>(view.data)[i] = float(value); break;
  case DType::F64: static_cast<double *>(view.data)[i] = value; break;
  default: storeInt(view, i, int64_t(value));
  }
}

void attn::storeInt(const TensorView &view, int64_t i, int64_t value) {
  switch (view.dtype) {
  case DType::Bool: static_cast<uint8_t *>(view.data)[i] = value != 0; break;
  case DType::I8: case DType::U8: static_cast<uint8_t *>(view.data)[i] = uint8_t(value); break;
  case DType::I16: case DType::U16: static_cast<uint16_t *>(view.data)[i] = uint16_t(value); break;
  case DType::I32: case DType::U32: static_cast<uint32_t *>(view.data)[i] = uint32_t(value); break;
  case DType::I64: static_cast<int64_t *>(view.data)[i] = value; break;
  default: storeReal(view, i, double(value));
  }
}

std::vector<int64_t> attn::denseStrides(const std::vector<int64_t> &shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t step = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = step;
    step *= shape[d];
  }
  return strides;
}

int64_t attn::countElements(const std::vector<int64_t> &shape, int64_t bytesPerElement) {
  const int64_t limit = (int64_t(1) << 62) / (bytesPerElement > 0 ? bytesPerElement : 1);
  bool empty = false;
  for (int64_t s : shape) {
    if (s < 0)
      return -1;
    empty |= s == 0;
  }
  if (empty)
    return 0;
  int64_t n = 1;
  for (int64_t s : shape) {
    if (n > limit / s)
      return -1;
    n *= s;
  }
  return n;
}

void Tensor::Free::operator()(void *p) const { std::free(p); }

Tensor::Tensor(DType dtype, std::vector<int64_t> shape) {
  meta.dtype = dtype;
  meta.strides = denseStrides(shape);
  meta.shape = std::move(shape);
  size_t size = (bytes() + 63) / 64 * 64;
  storage.reset(std::aligned_alloc(64, size ? size : 64));
  meta.data = storage.get();
  if (!meta.data)
    std::abort(); // as operator new would without exceptions
  std::memset(meta.data, 0, size);
}

//===----------------------------------------------------------------------===//
// Random content
//===----------------------------------------------------------------------===//

uint64_t attn::randomBits(uint64_t seed, uint64_t counter) {
  uint64_t z = seed + (counter + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

uint64_t attn::seedOf(uint64_t seed, const std::string &name) {
  uint64_t hash = randomBits(seed, 0);
  for (unsigned char c : name)
    hash = randomBits(hash, c);
  return hash;
}

/// Calls `f(counter, offset)` for every element, last axis fastest.
template <class F> static void forEach(const TensorView &view, F f) {
  int64_t n = view.elements();
  std::vector<int64_t> index(view.shape.size(), 0);
  int64_t offset = 0;
  for (int64_t c = 0; c < n; ++c) {
    f(uint64_t(c), offset);
    for (size_t d = index.size(); d-- > 0;) {
      offset += view.strides[d];
      if (++index[d] < view.shape[d])
        break;
      offset -= view.strides[d] * view.shape[d];
      index[d] = 0;
    }
  }
}

void attn::fillNormal(const TensorView &view, uint64_t seed, double scale) {
  // The variance of four uniforms on [0, 65536) is 4 * 65536^2 / 12.
  const double unit = scale * 1.7320508075688772 / 65536;
  forEach(view, [&](uint64_t counter, int64_t offset) {
    uint64_t bits = randomBits(seed, counter);
    int64_t sum = int64_t(bits & 0xffff) + int64_t(bits >> 16 & 0xffff) + int64_t(bits >> 32 & 0xffff) +
                  int64_t(bits >> 48);
    storeReal(view, offset, double(sum - 131070) * unit);
  });
}

void attn::fillIntegers(const TensorView &view, uint64_t seed, int64_t lo, int64_t hi) {
  uint64_t range = hi > lo ? uint64_t(hi) - uint64_t(lo) : 1;
  forEach(view, [&](uint64_t counter, int64_t offset) {
    storeInt(view, offset, int64_t(uint64_t(lo) + randomBits(seed, counter) % range));
  });
}
