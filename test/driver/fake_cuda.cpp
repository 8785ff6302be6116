// A stand-in for NVIDIA's driver: device memory is host memory, launches are
// written down instead of run. Rules of the real one that a caller can break
// are checked: a current context, sizes of shared memory, tensor maps.
//
// Environment, read at every call:
//   FAKE_CUDA_LOG         a file to which lines are appended
//   FAKE_CUDA_FAIL        "cuLaunchKernel=700,cuInit=100": results to give
//   FAKE_CUDA_CAPABILITY  "9.0"
//   FAKE_CUDA_DEVICES     how many there are (1)
// A module is PTX, whose entries and parameters are read; or machine code, of
// which nothing is known; or for tests the text
//   "fake cubin\nentry NAME BYTES BYTES ..\n..", with the sizes of parameters.
#include "fake_cuda.h"
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

std::string (*fake::run)(const fake::Launch &) = nullptr;
void (*fake::encode)(void *, uint32_t, void *, const uint64_t *, const uint64_t *, const uint32_t *) = nullptr;

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

enum Result : int { Success = 0, InvalidValue = 1, NoMemory = 2, NoDevice = 100, InvalidDevice = 101, InvalidImage = 200, InvalidContext = 201, NoBinary = 209, InvalidPtx = 218, NotFound = 500 };

struct Module;
struct Function {
  std::string name;
  Module *module = nullptr;
  bool known = false; ///< whether `parameters` is
  std::vector<size_t> parameters;
  int sharedBytes = 48 << 10;
};
struct Module {
  bool open = false; ///< machine code: has every entry
  std::string text;
  std::map<std::string, Function> functions;
};

std::mutex mutex;
std::map<void *, size_t> memory;
std::set<Module *> modules;
thread_local std::vector<void *> contexts;
int context; // its address is the primary context
int retained = 0;

std::string setting(const char *name, const char *otherwise) {
  const char *value = std::getenv(name);
  return value && *value ? value : otherwise;
}

void log(const char *format, ...) {
  std::string path = setting("FAKE_CUDA_LOG", "");
  if (path.empty())
    return;
  if (FILE *file = std::fopen(path.c_str(), "a")) {
    va_list arguments;
    va_start(arguments, format);
    std::vfprintf(file, format, arguments);
    va_end(arguments);
    std::fputc('\n', file);
    std::fclose(file);
  }
}

int ordered(const char *call) {
  std::stringstream list(setting("FAKE_CUDA_FAIL", ""));
  for (std::string entry; std::getline(list, entry, ',');) {
    size_t equals = entry.find('=');
    if (equals != entry.npos && entry.substr(0, equals) == call)
      return std::atoi(entry.c_str() + equals + 1);
  }
  return Success;
}

#define BEGIN(name)                                                                                                    \
  std::lock_guard<std::mutex> lock(mutex);                                                                             \
  if (int result = ordered(name)) {                                                                                    \
    log("%s fails with %d", name, result);                                                                             \
    return result;                                                                                                     \
  }
#define NEEDS_CONTEXT                                                                                                  \
  if (contexts.empty())                                                                                                \
    return InvalidContext;

/// Whether [address, address + bytes) lies in one allocation.
bool allocated(uint64_t address, size_t bytes) {
  auto after = memory.upper_bound(reinterpret_cast<void *>(address));
  if (after == memory.begin())
    return false;
  --after;
  uint64_t begin = reinterpret_cast<uint64_t>(after->first);
  return address + bytes <= begin + after->second;
}

/// Entries of PTX: ".entry NAME(" and the sizes of its ".param"s.
void readPtx(const std::string &text, Module &module) {
  for (size_t at = text.find(".entry"); at != text.npos; at = text.find(".entry", at + 1)) {
    Function function;
    function.known = true;
    size_t open = text.find('(', at), close = text.find("\n)", at);
    if (open == text.npos || close == text.npos)
      return;
    function.name = text.substr(at + 7, open - at - 7);
    while (!function.name.empty() && std::isspace(static_cast<unsigned char>(function.name.back())))
      function.name.pop_back();
    std::stringstream list(text.substr(open + 1, close - open - 1));
    for (std::string one; std::getline(list, one, ',');) {
      size_t bracket = one.find('[');
      function.parameters.push_back(bracket == one.npos ? 8 : size_t(std::atoll(one.c_str() + bracket + 1)));
    }
    module.functions[function.name] = function;
  }
}

void readFake(const std::string &text, Module &module) {
  std::stringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::stringstream words(line);
    std::string word;
    words >> word;
    if (word != "entry")
      continue;
    Function function;
    function.known = true;
    words >> function.name;
    for (size_t bytes; words >> bytes;)
      function.parameters.push_back(bytes);
    module.functions[function.name] = function;
  }
}

std::string hex(const void *data, size_t bytes) {
  std::string result;
  char word[24];
  for (size_t n = 0; n + 8 <= bytes; n += 8) {
    uint64_t value;
    std::memcpy(&value, static_cast<const char *>(data) + n, 8);
    std::snprintf(word, sizeof word, "%s%llx", n ? " " : "", static_cast<unsigned long long>(value));
    result += word;
  }
  return result;
}

} // namespace

EXPORT int cuInit(unsigned) {
  BEGIN("cuInit")
  return std::atoi(setting("FAKE_CUDA_DEVICES", "1").c_str()) > 0 ? Success : NoDevice;
}
EXPORT int cuGetErrorName(int result, const char **name) {
  *name = result == NoMemory ? "CUDA_ERROR_OUT_OF_MEMORY" : result == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS" : "CUDA_ERROR_FAKE";
  return Success;
}
EXPORT int cuGetErrorString(int result, const char **text) {
  *text = result == NoMemory ? "out of memory" : result == 700 ? "an illegal memory access was encountered" : "what the test ordered";
  return Success;
}
EXPORT int cuDeviceGetCount(int *count) {
  BEGIN("cuDeviceGetCount")
  *count = std::atoi(setting("FAKE_CUDA_DEVICES", "1").c_str());
  return Success;
}
EXPORT int cuDeviceGet(int *device, int ordinal) {
  BEGIN("cuDeviceGet")
  *device = ordinal;
  return Success;
}
EXPORT int cuDeviceGetName(char *name, int length, int) {
  BEGIN("cuDeviceGetName")
  std::snprintf(name, size_t(length), "Fake GPU");
  return Success;
}
EXPORT int cuDeviceGetAttribute(int *value, int attribute, int) {
  BEGIN("cuDeviceGetAttribute")
  std::string capability = setting("FAKE_CUDA_CAPABILITY", "9.0");
  int major = std::atoi(capability.c_str()), minor = std::atoi(capability.c_str() + capability.find('.') + 1);
  *value = attribute == 16 ? 4 : attribute == 75 ? major : attribute == 76 ? minor : attribute == 97 ? 232448 : 0;
  return Success;
}
EXPORT int cuDevicePrimaryCtxRetain(void **result, int) {
  BEGIN("cuDevicePrimaryCtxRetain")
  *result = &context;
  ++retained;
  return Success;
}
EXPORT int cuDevicePrimaryCtxRelease_v2(int) {
  BEGIN("cuDevicePrimaryCtxRelease")
  log("contexts retained: %d", --retained);
  return Success;
}
EXPORT int cuCtxPushCurrent_v2(void *which) {
  BEGIN("cuCtxPushCurrent")
  contexts.push_back(which);
  return Success;
}
EXPORT int cuCtxPopCurrent_v2(void **which) {
  BEGIN("cuCtxPopCurrent")
  NEEDS_CONTEXT
  *which = contexts.back();
  contexts.pop_back();
  return Success;
}

EXPORT int cuModuleLoadDataEx(void **result, const void *image, unsigned count, int *options, void **values) {
  BEGIN("cuModuleLoadDataEx")
  NEEDS_CONTEXT
  const char *bytes = static_cast<const char *>(image);
  if (fake::run && std::memcmp(bytes, "\x7f" "ELF", 4) == 0)
    return NoBinary; // the emulator runs PTX
  auto module = new Module;
  if (std::memcmp(bytes, "\x7f" "ELF", 4) == 0) {
    module->open = true;
  } else if (std::strncmp(bytes, "fake cubin\n", 11) == 0) {
    readFake(bytes, *module);
  } else if (std::strstr(bytes, ".version") && std::strstr(bytes, ".target")) {
    readPtx(bytes, *module);
    module->text = bytes;
  } else {
    for (unsigned n = 0; n < count; ++n)
      if (options[n] == 5)
        std::strcpy(static_cast<char *>(values[n]), "fake compiler: this is no PTX");
    delete module;
    return InvalidPtx;
  }
  log("cuModuleLoadDataEx %s", module->open ? "machine code" : std::strncmp(bytes, "fake", 4) == 0 ? "fake cubin" : "ptx");
  for (auto &entry : module->functions)
    entry.second.module = module;
  modules.insert(module);
  *result = module;
  return Success;
}
EXPORT int cuModuleUnload(void *module) {
  BEGIN("cuModuleUnload")
  NEEDS_CONTEXT
  log("cuModuleUnload");
  if (!modules.erase(static_cast<Module *>(module)))
    return InvalidValue;
  delete static_cast<Module *>(module);
  return Success;
}
EXPORT int cuModuleGetFunction(void **result, void *handle, const char *name) {
  BEGIN("cuModuleGetFunction")
  NEEDS_CONTEXT
  auto module = static_cast<Module *>(handle);
  if (module->open)
    module->functions[name].name = name;
  auto function = module->functions.find(name);
  if (function == module->functions.end())
    return NotFound;
  function->second.module = module;
  *result = &function->second;
  return Success;
}
EXPORT int cuFuncSetAttribute(void *function, int attribute, int value) {
  BEGIN("cuFuncSetAttribute")
  NEEDS_CONTEXT
  if (attribute != 8 || value > 232448)
    return InvalidValue;
  static_cast<Function *>(function)->sharedBytes = value;
  log("cuFuncSetAttribute %s shared %d", static_cast<Function *>(function)->name.c_str(), value);
  return Success;
}

EXPORT int cuLaunchKernel(void *handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                          void *stream, void **parameters, void **extra) {
  BEGIN("cuLaunchKernel")
  NEEDS_CONTEXT
  auto function = static_cast<Function *>(handle);
  if (!gx || gy != 1 || gz != 1 || !bx || bx > 1024 || by != 1 || bz != 1 || extra || int(shared) > function->sharedBytes)
    return InvalidValue;
  log("cuLaunchKernel %s grid %u block %u shared %u stream %p", function->name.c_str(), gx, bx, shared, stream);
  for (size_t n = 0; n < function->parameters.size(); ++n)
    log("  parameter %zu: %s", n, hex(parameters[n], function->parameters[n]).c_str());
  if (!fake::run)
    return Success;
  std::string error = fake::run({function->module->text, function->name, gx, bx, shared, parameters, function->parameters, memory});
  if (error.empty())
    return Success;
  log("  %s", error.c_str());
  std::fprintf(stderr, "%s\n", error.c_str());
  return 700;
}

// The rules of cuda.h. The map is 8-byte words: rank, type, address, then of
// each of 5 dimensions the length, the stride in bytes and the side of the box
// (in one word with the length: length + side * 2^40).
EXPORT int cuTensorMapEncodeTiled(void *map, int type, uint32_t rank, void *address, const uint64_t *dims, const uint64_t *strides,
                                  const uint32_t *box, const uint32_t *steps, int interleave, int swizzle, int promotion, int fill) {
  BEGIN("cuTensorMapEncodeTiled")
  NEEDS_CONTEXT
  bool good = (type == 6 || type == 9) && rank >= 1 && rank <= 5 && uint64_t(address) % 16 == 0 && address && uint64_t(map) % 64 == 0 &&
              interleave == 0 && swizzle == 3 && promotion >= 0 && promotion <= 3 && fill == 0 && box[0] * 2 <= 128 && box[0] * 2 % 16 == 0;
  for (uint32_t d = 0; good && d < rank; ++d)
    good = dims[d] >= 1 && dims[d] <= (uint64_t(1) << 32) && box[d] >= 1 && box[d] <= 256 && steps[d] == 1 &&
           (d == 0 || (strides[d - 1] % 16 == 0 && strides[d - 1] < (uint64_t(1) << 40)));
  if (!good)
    return InvalidValue;
  uint64_t words[16] = {rank, uint64_t(type), uint64_t(address)};
  std::string text;
  for (uint32_t d = 0; d < rank; ++d) {
    words[3 + 2 * d] = dims[d] + (uint64_t(box[d]) << 40);
    words[4 + 2 * d] = d ? strides[d - 1] : 2;
    text += " " + std::to_string(dims[d]) + ":" + std::to_string(words[4 + 2 * d]) + "/" + std::to_string(box[d]);
  }
  if (fake::encode)
    fake::encode(map, rank, address, dims, strides, box);
  else
    std::memcpy(map, words, sizeof words);
  log("cuTensorMapEncodeTiled type %d%s", type, text.c_str());
  return Success;
}

EXPORT int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  BEGIN("cuMemAlloc")
  NEEDS_CONTEXT
  if (!bytes)
    return InvalidValue;
  void *block = std::aligned_alloc(512, (bytes + 511) / 512 * 512);
  if (!block)
    return NoMemory;
  std::memset(block, 0xcc, (bytes + 511) / 512 * 512);
  memory[block] = bytes;
  *address = reinterpret_cast<uint64_t>(block);
  return Success;
}
EXPORT int cuMemFree_v2(uint64_t address) {
  BEGIN("cuMemFree")
  NEEDS_CONTEXT
  if (!memory.erase(reinterpret_cast<void *>(address)))
    return InvalidValue;
  std::free(reinterpret_cast<void *>(address));
  return Success;
}
EXPORT int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
  BEGIN("cuMemcpyHtoD")
  NEEDS_CONTEXT
  if (!allocated(to, bytes))
    return InvalidValue;
  std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  return Success;
}
EXPORT int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
  BEGIN("cuMemcpyDtoH")
  NEEDS_CONTEXT
  if (!allocated(from, bytes))
    return InvalidValue;
  std::memcpy(to, reinterpret_cast<void *>(from), bytes);
  return Success;
}

template <class T> static int fill(const char *name, uint64_t address, T value, size_t count) {
  BEGIN(name)
  NEEDS_CONTEXT
  if (address % sizeof(T))
    return InvalidValue;
  for (size_t n = 0; n < count; ++n)
    reinterpret_cast<T *>(address)[n] = value;
  log("%s %llx x %zu", name, static_cast<unsigned long long>(value), count);
  return Success;
}
EXPORT int cuMemsetD8Async(uint64_t address, unsigned char value, size_t count, void *) { return fill("cuMemsetD8", address, value, count); }
EXPORT int cuMemsetD16Async(uint64_t address, unsigned short value, size_t count, void *) { return fill("cuMemsetD16", address, value, count); }
EXPORT int cuMemsetD32Async(uint64_t address, unsigned value, size_t count, void *) { return fill("cuMemsetD32", address, value, count); }

EXPORT int cuStreamSynchronize(void *) {
  BEGIN("cuStreamSynchronize")
  NEEDS_CONTEXT
  return Success;
}
EXPORT int cuEventCreate(void **event, unsigned) {
  BEGIN("cuEventCreate")
  NEEDS_CONTEXT
  *event = new int(0);
  return Success;
}
EXPORT int cuEventRecord(void *, void *) {
  BEGIN("cuEventRecord")
  return Success;
}
EXPORT int cuEventSynchronize(void *) {
  BEGIN("cuEventSynchronize")
  return Success;
}
EXPORT int cuEventElapsedTime(float *milliseconds, void *, void *) {
  BEGIN("cuEventElapsedTime")
  *milliseconds = 1;
  return Success;
}
EXPORT int cuEventDestroy_v2(void *event) {
  BEGIN("cuEventDestroy")
  delete static_cast<int *>(event);
  return Success;
}
