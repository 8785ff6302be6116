#include "runtime/TensorMaps.h"
#include <algorithm>
#include <tuple>

using namespace attn;

bool MapLayout::operator<(const MapLayout &other) const {
  auto all = [](const MapLayout &l) {
    auto array = [](auto &values) { return std::vector<uint64_t>(std::begin(values), std::end(values)); };
    return std::make_tuple(l.dataType, l.rank, l.address, array(l.dims), array(l.strides), array(l.box));
  };
  return all(*this) < all(other);
}

std::string attn::layoutOf(const Manifest &manifest, const Manifest::TensorMap &map, const std::vector<int64_t> &frame,
                           const std::function<int64_t(const std::string &)> &length, MapLayout &layout) {
  const Manifest::Tensor &t = map.buffer ? manifest.buffers[size_t(map.tensor)] : manifest.tensors[size_t(map.tensor)];
  std::string name = map.buffer ? "workspace `" : t.output ? "output `" : "input `";
  name += t.name + "`";
  const int64_t *slots = &frame[size_t(t.slot)];
  layout = MapLayout();
  layout.dataType = t.dtype == "f16" ? cuda::Float16 : cuda::BFloat16;
  layout.address = uint64_t(slots[0]);
  if (layout.address % 16)
    return name + " begins at an address that is no multiple of 16 bytes";

  std::string wrong;
  auto add = [&](int64_t size, int64_t stride, uint32_t box, const std::string &axis) {
    uint32_t d = layout.rank++;
    layout.dims[d] = uint64_t(std::max<int64_t>(size, 1));
    layout.box[d] = box;
    if (!wrong.empty())
      return;
    if (size > (int64_t(1) << 32))
      wrong = name + " is longer than 2^32 along " + axis;
    else if (d == 0 && size > 1 && stride != 1)
      wrong = name + " has a stride of " + std::to_string(stride) + " between components; it must be 1";
    else if (d > 0 && size > 1 && (stride < 0 || stride % 8 != 0 || stride >= (int64_t(1) << 39)))
      wrong = name + " has a stride of " + std::to_string(stride) + " elements along " + axis + "; it must be a multiple of 8, not negative and below 2^39";
    else if (d > 0 && size > 1)
      layout.strides[d - 1] = uint64_t(stride) * 2;
  };
  add(t.shape[0], slots[1 + t.labels.size()], uint32_t(map.box[0]), "its components");
  // Workspace is dense: a label is as long as its stride goes into the next.
  auto lengthOf = [&](size_t l) {
    if (!map.buffer)
      return length(t.labels[l]);
    int64_t bytes = frame[size_t(manifest.buffers[size_t(map.tensor)].bytesSlot)];
    int64_t around = l ? slots[l] : bytes / 2, stride = slots[1 + l];
    return stride ? around / stride : 0;
  };
  auto addLabel = [&](bool rows) {
    for (size_t l = 0; l < t.labels.size(); ++l)
      if ((t.labels[l] == map.rowLabel) == rows)
        add(lengthOf(l), slots[1 + l], rows ? uint32_t(map.box[1]) : 1, t.labels[l]);
  };
  addLabel(true);
  addLabel(false);
  // An empty tensor may have no address; the driver wants one.
  if (!layout.address)
    layout.address = 4096;
  return wrong;
}

std::string TensorMapCache::get(const cuda::Driver &driver, const MapLayout &layout, cuda::TensorMap &map) {
  std::lock_guard<std::mutex> lock(mutex);
  if (auto entry = known.find(layout); entry != known.end()) {
    map = entry->second;
    return "";
  }
  const uint32_t ones[5] = {1, 1, 1, 1, 1};
  cuda::Result result =
      driver.encodeTiled(&map, layout.dataType, layout.rank, reinterpret_cast<void *>(layout.address), layout.dims, layout.strides, layout.box,
                         ones, cuda::NoInterleave, cuda::Swizzle128, cuda::Promote256, cuda::Zeros);
  if (result)
    return driver.check(result, "cuTensorMapEncodeTiled");
  if (known.size() >= Limit)
    known.clear();
  known[layout] = map;
  return "";
}
