// The arguments of a call against a manifest: checked, and laid out in the
// frame. The same for code in memory, artifacts, processors and GPUs.
#pragma once
#include "codegen/Manifest.h"
#include "frontend/Scalar.h"
#include "runtime/Call.h"

namespace attn {

/// One call's frame. Addresses and strides of tensors, scalars and extents are
/// filled by `check`; sizes, workspace and the places of constants by the caller.
class Binding {
public:
  /// `program` gives the defaults of parameters and tensors, and the axes of
  /// inputs that no kernel reads; it may be null: then every argument must be
  /// given. All three must outlive the binding.
  Binding(const Manifest &manifest, const core::Program *program, const Call &call)
      : frame(size_t(manifest.slots) + 1), manifest(manifest), program(program), call(call) {}

  /// Returns an empty string, or what is wrong with the arguments, naming
  /// tensor and axis.
  std::string check();

  /// The one element of an input that was not given. Its strides are 0; its
  /// address is missing in the frame.
  struct Constant {
    int tensor = 0;     ///< into Manifest::tensors
    int bytes = 0;      ///< 1, 2, 4 or 8
    uint64_t bits = 0;  ///< the element in the low bytes
  };
  std::vector<Constant> constants;
  std::vector<int64_t> frame;

  /// How long `label` is, or -1 where nothing says so.
  int64_t length(const std::string &label) const {
    auto entry = known.find(label);
    return entry == known.end() ? -1 : entry->second.value;
  }

private:
  struct Length {
    int64_t value = -1;
    std::string from;
  };

  std::string names();
  std::string tensors();
  std::string lengths();
  std::string scalars();
  std::string defaults();
  const core::Tensor *declared(const std::string &name) const;
  std::string fit(const Manifest::Tensor &tensor, const TensorView &view);
  void put(const Manifest::Scalar &scalar, const Scalar &value);
  std::optional<Scalar> given(const std::string &name, bool real, bool truth, std::string &error) const;

  const Manifest &manifest;
  const core::Program *program;
  const Call &call;
  std::map<std::string, Length> known;
  ScalarInputs values;
};

} // namespace attn
