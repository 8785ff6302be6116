#include "runtime/Launch.h"
#include "runtime/Binding.h"
#include "runtime/Threads.h"
#include <cstdlib>
#include <mutex>

using namespace attn;

namespace {

using Memory = std::unique_ptr<char, void (*)(void *)>;
Memory allocate(int64_t bytes) {
  return Memory(static_cast<char *>(std::aligned_alloc(64, size_t((bytes + 127) / 64 * 64))), std::free);
}

class Launch {
public:
  Launch(const Manifest &manifest, const EntryPoints &code, const core::Program *program, const Call &call)
      : manifest(manifest), code(code), call(call), binding(manifest, program, call), frame(binding.frame) {}

  std::string run() {
    std::string error = binding.check();
    if (error.empty())
      error = workspace();
    if (error.empty())
      kernels();
    return error;
  }

private:
  const Manifest &manifest;
  const EntryPoints &code;
  const Call &call;
  Binding binding;
  std::vector<int64_t> &frame;
  std::vector<Memory> buffers;

  std::string workspace() {
    for (Binding::Constant &c : binding.constants)
      frame[size_t(manifest.tensors[size_t(c.tensor)].slot)] = reinterpret_cast<int64_t>(&c.bits);
    frame[size_t(manifest.threadsSlot)] = call.threads > 0 ? call.threads : availableThreads();
    code.sizes(frame.data());
    for (const Manifest::Buffer &b : manifest.buffers) {
      int64_t bytes = frame[size_t(b.bytesSlot)];
      if (bytes < 0 || bytes > (int64_t(1) << 46))
        return "the lengths need more workspace than there is";
      buffers.push_back(allocate(bytes));
      if (!buffers.back())
        return "there is not enough memory for " + std::to_string(bytes) + " bytes of workspace";
      frame[size_t(b.slot)] = reinterpret_cast<int64_t>(buffers.back().get());
    }
    return "";
  }

  void kernels() {
    std::mutex mutex;
    for (size_t n = 0; n < manifest.kernels.size(); ++n) {
      const Manifest::Kernel &kernel = manifest.kernels[n];
      parallelFor(frame[size_t(kernel.itemsSlot)], call.threads, [&](int64_t item) {
        // Scratch memory stays with its thread.
        thread_local Memory scratch(nullptr, std::free);
        thread_local int64_t size = 0;
        if (size < kernel.scratchBytes || !scratch) {
          scratch = allocate(kernel.scratchBytes);
          size = kernel.scratchBytes;
        }
        int64_t stats[Manifest::StatCount] = {};
        code.kernels[n](frame.data(), item, scratch.get(), stats);
        if (call.stats) {
          std::lock_guard<std::mutex> lock(mutex);
          for (int s = 0; s < Manifest::StatCount; ++s)
            call.stats[s] += stats[s];
        }
      });
    }
  }
};

} // namespace

std::string attn::launch(const Manifest &manifest, const EntryPoints &code, const core::Program *program, const Call &call) {
  return Launch(manifest, code, program, call).run();
}
