// Hardware descriptors of tensors: from the manifest's recipe to the driver's call.
#pragma once
#include "codegen/Manifest.h"
#include "runtime/Cuda.h"
#include <functional>
#include <map>
#include <mutex>

namespace attn {

/// The arguments of cuTensorMapEncodeTiled, innermost dimension first.
struct MapLayout {
  int dataType = 0;
  uint32_t rank = 0;
  uint64_t address = 0;
  uint64_t dims[5] = {};
  uint64_t strides[4] = {}; ///< in bytes, of dimensions 1 on
  uint32_t box[5] = {};

  bool operator<(const MapLayout &other) const;
};

/// The layout of one map. `length` gives the lengths of labels. Lengths of 0
/// count as 1 (such a kernel reads nothing there) and dimensions of length 1
/// take any stride. Returns an empty string, or why the hardware cannot read the
/// tensor: it names tensor and axis.
std::string layoutOf(const Manifest &manifest, const Manifest::TensorMap &map, const std::vector<int64_t> &frame,
                     const std::function<int64_t(const std::string &)> &length, MapLayout &layout);

/// Maps that were encoded, by layout. Thread-safe.
class TensorMapCache {
public:
  /// Returns an empty string or what the driver said.
  std::string get(const cuda::Driver &driver, const MapLayout &layout, cuda::TensorMap &map);

private:
  static constexpr size_t Limit = 256; ///< then it begins anew
  std::mutex mutex;
  std::map<MapLayout, cuda::TensorMap> known;
};

} // namespace attn
