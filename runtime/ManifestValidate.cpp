#include "frontend/Core.h"
#include "runtime/ManifestJson.h"
#include "runtime/SizeProgram.h"
#include <algorithm>

using namespace attn;

namespace {

class Validator {
public:
  explicit Validator(const Manifest &m) : m(m) {}

  std::string run() {
    if (m.slots < 1)
      return "the frame is empty";
    slot(m.threadsSlot, 1, "threads");
    for (const Manifest::Tensor &t : m.tensors)
      tensor(t);
    for (const Manifest::Buffer &b : m.buffers) {
      tensor(b);
      slot(b.bytesSlot, 1, b.name);
    }
    for (const Manifest::Scalar &s : m.scalars)
      slot(s.slot, 1, s.name);
    for (const Manifest::Extent &e : m.extents)
      slot(e.slot, 1, e.label);
    for (const Manifest::Kernel &k : m.kernels)
      kernel(k);
    // Whether a program is well formed does not depend on the numbers.
    std::vector<int64_t> frame(size_t(m.slots) + 1);
    if (wrong.empty() && !runSizes(m.sizes, frame.data(), m.slots))
      wrong = "the size program is malformed";
    return wrong;
  }

private:
  void slot(int64_t first, size_t count, const std::string &what) {
    if (wrong.empty() && (first < 0 || first + int64_t(count) > m.slots))
      wrong = "the slots of `" + what + "` lie outside the frame";
  }
  void tensor(const Manifest::Tensor &t) {
    slot(t.slot, 1 + t.labels.size() + t.shape.size(), t.name);
    if (wrong.empty() && !core::parseDType(t.dtype))
      wrong = "`" + t.name + "` has no known element type";
  }
  void kernel(const Manifest::Kernel &k) {
    slot(k.itemsSlot, 1, k.name);
    for (const Manifest::TensorMap &map : k.launch.maps)
      if (std::string what = fits(map); wrong.empty() && !what.empty())
        wrong = "a tensor map of `" + k.name + "` " + what;
  }
  std::string fits(const Manifest::TensorMap &map) const {
    size_t count = map.buffer ? m.buffers.size() : m.tensors.size();
    if (map.tensor < 0 || size_t(map.tensor) >= count)
      return "is of no tensor";
    const Manifest::Tensor &t = map.buffer ? m.buffers[size_t(map.tensor)] : m.tensors[size_t(map.tensor)];
    if (std::find(t.labels.begin(), t.labels.end(), map.rowLabel) == t.labels.end())
      return "has rows `" + map.rowLabel + "`, which `" + t.name + "` has not";
    if (t.shape.size() != 1 || t.labels.size() > 4)
      return "needs one component dimension and at most 4 labels; `" + t.name + "` has others";
    if (t.dtype != "bf16" && t.dtype != "f16")
      return "needs 16-bit numbers; `" + t.name + "` has " + t.dtype;
    for (int side : map.box)
      if (side < 1 || side > 256)
        return "has a box side of " + std::to_string(side);
    return "";
  }

  const Manifest &m;
  std::string wrong;
};

} // namespace

std::string attn::validate(const Manifest &manifest) { return Validator(manifest).run(); }
