// A variant of an artifact on a GPU, and calls of it.
#pragma once
#include "runtime/Artifact.h"
#include "runtime/Binding.h"
#include "runtime/TensorMaps.h"
#include "runtime/attn.h"

namespace attn {

struct Failure {
  attn_status code = ATTN_OK;
  std::string message;
  explicit operator bool() const { return code != ATTN_OK; }
};

/// Loaded code. Thread-safe.
class GpuFunction {
public:
  /// Takes the best binary that the driver accepts. On failure returns null and
  /// sets `failure`.
  static std::shared_ptr<const GpuFunction> load(std::shared_ptr<const Artifact> artifact, size_t variant,
                                                 std::shared_ptr<const cuda::Gpu> gpu, Failure &failure);
  ~GpuFunction();

  const std::shared_ptr<const Artifact> artifact;
  const Variant &variant;
  const std::shared_ptr<const cuda::Gpu> gpu;
  const Image *image = nullptr;
  std::string binary; ///< "sm_90a cubin"
  const Manifest &manifest() const { return image->manifest; }
  const core::Program &signature() const { return variant.signature; }
  const std::vector<cuda::Handle> &kernels() const { return entries; }
  TensorMapCache &maps() const { return cache; }

private:
  GpuFunction(std::shared_ptr<const Artifact> artifact, size_t variant, std::shared_ptr<const cuda::Gpu> gpu)
      : artifact(artifact), variant(artifact->variants[variant]), gpu(gpu) {}
  Failure loadModule(const std::string &bytes);
  Failure findKernels();

  cuda::Handle module = nullptr;
  std::vector<cuda::Handle> entries; ///< by kernel of the manifest
  mutable TensorMapCache cache;
};

/// Arguments and a frame; not for several threads at once.
class GpuCall {
public:
  explicit GpuCall(std::shared_ptr<const GpuFunction> function) : function(std::move(function)) {}

  const std::shared_ptr<const GpuFunction> function;
  /// Set freely, then call `changed`. `threads` and `stats` are not read.
  Call arguments;
  uint64_t stats = 0; ///< device address of Manifest::StatCount integers, or 0
  void changed() { ready = false; }

  /// Checks the arguments and computes `workspaceBytes`. Does nothing if
  /// nothing has changed.
  Failure prepare();
  uint64_t workspaceBytes = 0;

  /// Launches all kernels on `stream`.
  Failure run(uint64_t workspace, uint64_t bytes, cuda::Handle stream);

private:
  Failure checkDevice(const Binding &binding) const;
  Failure layOut();
  template <class Take> Failure eachMap(Take take) const;
  Failure checkMaps() const;
  Failure encodeMaps();
  int64_t blocks(const Manifest::Kernel &kernel) const;
  Failure place(uint64_t workspace, cuda::Handle stream);
  Failure launch(size_t kernel, uint64_t scratch, cuda::Handle stream);

  bool ready = false;
  uint64_t placed = 0; ///< the workspace that addresses in the frame and maps are of
  std::vector<int64_t> frame;
  std::vector<Binding::Constant> constants;
  std::map<std::string, int64_t> lengths;
  std::vector<uint64_t> bufferOffsets;
  uint64_t scratchOffset = 0;
  std::vector<std::vector<cuda::TensorMap>> tensorMaps; ///< by kernel
};

} // namespace attn
