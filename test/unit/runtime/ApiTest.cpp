// The C interface against a driver that writes down what it is asked for.
#include "runtime/attn.h"
#include "ArtifactSample.h"
#include <cmath>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <thread>

using namespace attn;

namespace {

/// The environment of one test: a folder with the artifact, a log.
class Api : public ::testing::Test {
protected:
  void SetUp() override {
    for (const char *name : {"FAKE_CUDA_FAIL", "FAKE_CUDA_CAPABILITY", "FAKE_CUDA_DEVICES", "ATTN_CUDA_DRIVER"})
      unsetenv(name);
    setenv("FAKE_CUDA_LOG", (folder.path + "/log").c_str(), 1);
    Artifact sample = sampleArtifact();
    ASSERT_EQ(writeArtifact(sample, folder.path), "");
  }
  void TearDown() override {
    attn_call_free(call);
    attn_function_free(function);
    attn_device_free(device);
    attn_artifact_free(artifact);
  }

  /// Everything up to a call with the usual tensors.
  void open() {
    ASSERT_EQ(attn_artifact_load((folder.path + "/p.json").c_str(), &artifact), ATTN_OK) << attn_message();
    ASSERT_EQ(attn_device_open(ATTN_CUDA, 0, FAKE_CUDA, &device), ATTN_OK) << attn_message();
    ASSERT_EQ(attn_function_load(artifact, 0, device, &function), ATTN_OK) << attn_message();
    ASSERT_EQ(attn_call_create(function, &call), ATTN_OK) << attn_message();
    ASSERT_EQ(tensor("q", q, {2, 4, 200, 64}), ATTN_OK);
    ASSERT_EQ(tensor("k", k, {2, 2, 300, 64}), ATTN_OK);
    ASSERT_EQ(tensor("v", v, {2, 2, 300, 64}), ATTN_OK);
    ASSERT_EQ(tensor("out", out, {2, 4, 200, 64}), ATTN_OK);
  }
  attn_status tensor(const char *name, uint64_t address, std::vector<int64_t> shape, std::vector<int64_t> strides = {}, attn_dtype dtype = {4, 16, 1}) {
    attn_tensor t = {reinterpret_cast<void *>(address), ATTN_CUDA, 0, int32_t(shape.size()), dtype, shape.data(), strides.empty() ? nullptr : strides.data(), 0};
    return attn_call_tensor(call, name, &t);
  }
  uint64_t workspaceBytes() {
    uint64_t bytes = 0;
    EXPECT_EQ(attn_call_workspace(call, &bytes), ATTN_OK) << attn_message();
    return bytes;
  }
  attn_status run() {
    uint64_t bytes = workspaceBytes();
    workspace.assign(bytes + 256, 0);
    return attn_call_run(call, place(), bytes, reinterpret_cast<void *>(0x77));
  }
  void *place() { return reinterpret_cast<void *>((reinterpret_cast<uint64_t>(workspace.data()) + 255) / 256 * 256); }
  std::string log() {
    std::stringstream text;
    text << std::ifstream(folder.path + "/log").rdbuf();
    return text.str();
  }
  std::vector<std::string> lines(const std::string &start) {
    std::stringstream text(log());
    std::vector<std::string> result;
    for (std::string line; std::getline(text, line);)
      if (line.compare(0, start.size(), start) == 0)
        result.push_back(line);
    return result;
  }
  /// Expects a workspace query to fail with a message that holds `words`.
  void refuses(attn_status status, const std::string &words) {
    uint64_t bytes = 1;
    EXPECT_EQ(attn_call_workspace(call, &bytes), status);
    EXPECT_EQ(bytes, 0u);
    EXPECT_NE(std::string(attn_message()).find(words), std::string::npos) << attn_message();
  }

  static constexpr uint64_t q = 0x10000, k = 0x20000, v = 0x30000, out = 0x40000;
  Folder folder;
  attn_artifact *artifact = nullptr;
  attn_device *device = nullptr;
  attn_function *function = nullptr;
  attn_call *call = nullptr;
  std::vector<char> workspace;
};

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(value));
  return text;
}

} // namespace

TEST_F(Api, Launch) {
  open();
  ASSERT_EQ(run(), ATTN_OK) << attn_message();
  EXPECT_STREQ(attn_function_binary(function), "sm_90a cubin");
  EXPECT_EQ(lines("cuFuncSetAttribute"), std::vector<std::string>{"cuFuncSetAttribute p_main shared 163920"});
  // 2 * 4 * ceil(200 / 128) = 16 items on 4 multiprocessors.
  EXPECT_EQ(lines("cuLaunchKernel"), std::vector<std::string>{"cuLaunchKernel p_main grid 4 block 384 shared 163920 stream 0x77"});
  // {components, rows, other labels in order}: length:stride in bytes/box.
  EXPECT_EQ(lines("cuTensorMapEncodeTiled"),
            (std::vector<std::string>{"cuTensorMapEncodeTiled type 9 64:2/64 200:128/64 2:102400/1 4:25600/1",
                                      "cuTensorMapEncodeTiled type 9 64:2/64 300:128/128 2:76800/1 2:38400/1",
                                      "cuTensorMapEncodeTiled type 9 64:2/64 300:128/128 2:76800/1 2:38400/1"}));
  // The default of `gain` is a constant in the workspace: 0.5f, found with strides 0.
  EXPECT_EQ(lines("cuMemsetD32"), std::vector<std::string>{"cuMemsetD32 3f000000 x 1"});
  uint64_t base = reinterpret_cast<uint64_t>(place());
  float expected = float(1 / std::log(300.0));
  uint32_t bits;
  std::memcpy(&bits, &expected, 4);
  std::string slope = hex(bits);
  EXPECT_EQ(lines("  parameter 0"),
            std::vector<std::string>{"  parameter 0: 10000 c800 3200 40 1 20000 9600 4b00 40 1 30000 9600 4b00 40 1 " + hex(base) + " 0 40000 c800 3200 40 1 " +
                                     hex(base + 256) + " 3200 40 1 c8 12c 14 " + slope + " 64 " + hex(4 * 200 * 128) + " 10 4 4 2 2"});
  // 256 for constants, the buffer, 4 blocks of 512 bytes of scratch.
  EXPECT_EQ(workspaceBytes(), 256u + 4 * 200 * 128 + 2048);
  EXPECT_EQ(lines("  parameter 1"), std::vector<std::string>{"  parameter 1: " + hex(base + 256 + 4 * 200 * 128)});
  EXPECT_EQ(lines("  parameter 2"), std::vector<std::string>{"  parameter 2: 0"});
  EXPECT_EQ(lines("  parameter 4")[0].substr(0, 24), "  parameter 4: 4 9 20000");
}

// The same tensors again need no new maps; another address does.
TEST_F(Api, MapsAreKept) {
  open();
  ASSERT_EQ(run(), ATTN_OK);
  ASSERT_EQ(attn_call_int(call, "window", 7), ATTN_OK);
  ASSERT_EQ(run(), ATTN_OK);
  EXPECT_EQ(lines("cuLaunchKernel").size(), 2u);
  EXPECT_EQ(lines("cuTensorMapEncodeTiled").size(), 3u);
  ASSERT_EQ(tensor("k", 0x50000, {2, 2, 300, 64}), ATTN_OK);
  ASSERT_EQ(run(), ATTN_OK);
  EXPECT_EQ(lines("cuTensorMapEncodeTiled").size(), 4u);
}

TEST_F(Api, Stats) {
  open();
  attn_call_stats(call, reinterpret_cast<void *>(0x9900));
  ASSERT_EQ(run(), ATTN_OK);
  EXPECT_EQ(lines("  parameter 2"), std::vector<std::string>{"  parameter 2: 9900"});
}

TEST_F(Api, NothingToDo) {
  open();
  ASSERT_EQ(tensor("q", 0, {2, 4, 0, 64}), ATTN_OK);
  ASSERT_EQ(tensor("out", 0, {2, 4, 0, 64}), ATTN_OK);
  ASSERT_EQ(run(), ATTN_OK) << attn_message();
  EXPECT_TRUE(lines("cuLaunchKernel").empty());
}

TEST_F(Api, NoKeys) {
  open();
  ASSERT_EQ(tensor("k", 0, {2, 2, 0, 64}), ATTN_OK);
  ASSERT_EQ(tensor("v", 0, {2, 2, 0, 64}), ATTN_OK);
  ASSERT_EQ(run(), ATTN_OK) << attn_message();
  EXPECT_EQ(lines("cuLaunchKernel").size(), 1u);
}

TEST_F(Api, Layouts) {
  open();
  // [b, n, h, d], and keys shared by all batches.
  ASSERT_EQ(tensor("q", q, {2, 4, 200, 64}, {51200, 64, 256, 1}), ATTN_OK);
  ASSERT_EQ(tensor("k", k, {2, 2, 300, 64}, {0, 64, 128, 1}), ATTN_OK);
  ASSERT_EQ(run(), ATTN_OK) << attn_message();
  EXPECT_EQ(lines("cuTensorMapEncodeTiled")[0], "cuTensorMapEncodeTiled type 9 64:2/64 200:512/64 2:102400/1 4:128/1");
  EXPECT_EQ(lines("cuTensorMapEncodeTiled")[1], "cuTensorMapEncodeTiled type 9 64:2/64 300:256/128 2:0/1 2:128/1");
}

TEST_F(Api, WrongTensors) {
  open();
  auto again = [&](const char *name, auto... arguments) { ASSERT_EQ(tensor(name, arguments...), ATTN_OK) << attn_message(); };
  using Lengths = std::vector<int64_t>;
  again("k", k, Lengths{2, 2, 300, 32}, Lengths{});
  refuses(ATTN_ARGUMENT, "input `k` has 32 components, not 64");
  again("k", k, Lengths{2, 3, 300, 64}, Lengths{});
  refuses(ATTN_ARGUMENT, "input `v` has length 2 along G, but input `k` has 3");
  again("k", k, Lengths{2, 300, 64}, Lengths{});
  refuses(ATTN_ARGUMENT, "input `k` has 3 dimensions, not 4");
  again("k", k, Lengths{2, 2, 300, 64}, Lengths{}, attn_dtype{2, 16, 1});
  refuses(ATTN_ARGUMENT, "input `k` has elements of type f16, not bf16");
  again("k", k, Lengths{2, 2, 300, 64}, Lengths{38400 + 4, 19200, 64, 1});
  refuses(ATTN_ARGUMENT, "input `k` has a stride of 38404 elements along B; it must be a multiple of 8");
  again("k", k, Lengths{2, 2, 300, 64}, Lengths{1, 2, 4, 1200});
  refuses(ATTN_ARGUMENT, "input `k` has a stride of 1200 between components; it must be 1");
  again("k", k, Lengths{2, 2, 300, 64}, Lengths{-38400, 19200, 64, 1});
  refuses(ATTN_ARGUMENT, "input `k` has a stride of -38400 elements along B");
  again("k", k, Lengths{2, 2, 300, 64}, Lengths{INT64_MIN, 19200, 64, 1});
  refuses(ATTN_ARGUMENT, "input `k` is larger than memory can be");
  again("k", k + 8, Lengths{2, 2, 300, 64}, Lengths{});
  refuses(ATTN_ARGUMENT, "input `k` begins at an address that is no multiple of 16 bytes");
  again("k", k + 1, Lengths{2, 2, 300, 64}, Lengths{});
  refuses(ATTN_ARGUMENT, "input `k` begins at an address that is no multiple of its elements' 2 bytes");
  again("k", 0, Lengths{2, 2, 300, 64}, Lengths{});
  refuses(ATTN_ARGUMENT, "input `k` has no data");
  again("k", k, Lengths{2, 2, 300, 64}, Lengths{});
  again("out", out, Lengths{2, 4, 200, 64}, Lengths{0, 12800, 64, 1});
  refuses(ATTN_ARGUMENT, "output `out` has strides by which elements share a place");
  attn_call_unset(call, "out");
  refuses(ATTN_ARGUMENT, "the output `out` is missing");
  again("out", out, Lengths{2, 4, 200, 64}, Lengths{});
  again("kk", k, Lengths{1}, Lengths{});
  refuses(ATTN_ARGUMENT, "the pattern has no input `kk`");
  EXPECT_TRUE(lines("cuLaunchKernel").empty());
}

TEST_F(Api, WrongParameters) {
  open();
  attn_call_int(call, "window", int64_t(1) << 31);
  refuses(ATTN_ARGUMENT, "the parameter `window` = 2147483648 is too large");
  attn_call_real(call, "window", 1.5);
  refuses(ATTN_ARGUMENT, "the parameter `window` is not a real number");
  attn_call_unset(call, "window");
  attn_call_int(call, "widow", 1);
  refuses(ATTN_ARGUMENT, "the pattern has no parameter `widow`");
  EXPECT_EQ(attn_call_unset(call, "widow"), ATTN_OK);
  EXPECT_EQ(attn_call_unset(call, "widow"), ATTN_NOT_FOUND);
  EXPECT_EQ(run(), ATTN_OK) << attn_message();
}

TEST_F(Api, WrongPlaces) {
  open();
  int64_t shape[] = {2, 2, 300, 64};
  attn_tensor host = {reinterpret_cast<void *>(k), ATTN_CPU, 0, 4, {4, 16, 1}, shape, nullptr, 0};
  EXPECT_EQ(attn_call_tensor(call, "k", &host), ATTN_ARGUMENT);
  EXPECT_STREQ(attn_message(), "`k` is not in the memory of a GPU (device type 1)");
  host.device_type = ATTN_CUDA;
  host.device_id = 1;
  EXPECT_EQ(attn_call_tensor(call, "k", &host), ATTN_ARGUMENT);
  EXPECT_STREQ(attn_message(), "`k` is on GPU 1, the function on GPU 0");
  host.device_id = 0;
  host.dtype = {4, 16, 2};
  EXPECT_EQ(attn_call_tensor(call, "k", &host), ATTN_ARGUMENT);
}

TEST_F(Api, Workspace) {
  open();
  uint64_t bytes = workspaceBytes();
  std::vector<char> memory(bytes + 512);
  workspace = memory;
  EXPECT_EQ(attn_call_run(call, place(), bytes - 1, nullptr), ATTN_WORKSPACE);
  EXPECT_EQ(attn_call_run(call, static_cast<char *>(place()) + 16, bytes, nullptr), ATTN_WORKSPACE);
  EXPECT_EQ(attn_call_run(call, nullptr, bytes, nullptr), ATTN_WORKSPACE);
  EXPECT_EQ(attn_call_run(call, place(), bytes, nullptr), ATTN_OK) << attn_message();
}

TEST_F(Api, Binaries) {
  const std::pair<const char *, const char *> expected[] = {{"9.0", "sm_90a cubin"}, {"8.0", "sm_80 cubin"}, {"8.9", "sm_80 cubin"}, {"10.0", "sm_80 ptx"}, {"12.0", "sm_80 ptx"}};
  for (auto [capability, binary] : expected) {
    setenv("FAKE_CUDA_CAPABILITY", capability, 1);
    open();
    EXPECT_STREQ(attn_function_binary(function), binary);
    EXPECT_EQ(run(), ATTN_OK) << attn_message();
    TearDown();
  }
  setenv("FAKE_CUDA_CAPABILITY", "7.5", 1);
  EXPECT_EQ(attn_device_open(ATTN_CUDA, 0, FAKE_CUDA, &device), ATTN_UNSUPPORTED);
  EXPECT_STREQ(attn_message(), "the GPU Fake GPU has compute capability 7.5; 8.0 is needed");
  artifact = nullptr, function = nullptr, call = nullptr;
}

TEST_F(Api, OnlyHopper) {
  Artifact sample = sampleArtifact();
  sample.variants[0].images.pop_back();
  ASSERT_EQ(writeArtifact(sample, folder.path), "");
  setenv("FAKE_CUDA_CAPABILITY", "8.6", 1);
  ASSERT_EQ(attn_artifact_load((folder.path + "/p.json").c_str(), &artifact), ATTN_OK);
  ASSERT_EQ(attn_device_open(ATTN_CUDA, 0, FAKE_CUDA, &device), ATTN_OK);
  EXPECT_EQ(attn_function_load(artifact, 0, device, &function), ATTN_UNSUPPORTED);
  EXPECT_STREQ(attn_message(), "`p` has code for sm_90a; the GPU Fake GPU has compute capability 8.6");
}

// A driver that does not know the cubin may know the PTX.
TEST_F(Api, OlderDriver) {
  ASSERT_EQ(attn_artifact_load((folder.path + "/p.json").c_str(), &artifact), ATTN_OK);
  ASSERT_EQ(attn_device_open(ATTN_CUDA, 0, FAKE_CUDA, &device), ATTN_OK);
  setenv("FAKE_CUDA_FAIL", "cuModuleLoadDataEx=209", 1);
  EXPECT_EQ(attn_function_load(artifact, 0, device, &function), ATTN_UNSUPPORTED);
  EXPECT_EQ(lines("cuModuleLoadDataEx").size(), 3u);
  EXPECT_NE(std::string(attn_message()).find("`p` (sm_80 ptx) cannot be loaded on Fake GPU"), std::string::npos) << attn_message();
}

TEST_F(Api, DriverErrors) {
  open();
  setenv("FAKE_CUDA_FAIL", "cuLaunchKernel=700", 1);
  EXPECT_EQ(run(), ATTN_DRIVER_ERROR);
  EXPECT_STREQ(attn_message(), "the kernel `main` cannot be launched: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered)");
  setenv("FAKE_CUDA_FAIL", "cuTensorMapEncodeTiled=1", 1);
  EXPECT_EQ(tensor("k", 0x60000, {2, 2, 300, 64}), ATTN_OK);
  EXPECT_EQ(run(), ATTN_DRIVER_ERROR);
  unsetenv("FAKE_CUDA_FAIL");
  EXPECT_EQ(run(), ATTN_OK) << attn_message();
  // No call leaves its context behind: the last handle releases it.
  TearDown();
  EXPECT_EQ(lines("contexts retained"), std::vector<std::string>{"contexts retained: 0"});
  EXPECT_EQ(lines("cuModuleUnload").size(), 1u);
  artifact = nullptr, device = nullptr, function = nullptr, call = nullptr;
}

TEST_F(Api, NoDriver) {
  EXPECT_EQ(attn_device_open(ATTN_CUDA, 0, "/nowhere/libcuda.so", &device), ATTN_NO_DRIVER);
  EXPECT_NE(std::string(attn_message()).find("the driver `/nowhere/libcuda.so` cannot be opened"), std::string::npos) << attn_message();
  setenv("ATTN_CUDA_DRIVER", "libm.so.6", 1);
  EXPECT_EQ(attn_device_open(ATTN_CUDA, 0, nullptr, &device), ATTN_NO_DRIVER);
  EXPECT_NE(std::string(attn_message()).find("has no `cuInit`"), std::string::npos) << attn_message();
  setenv("FAKE_CUDA_DEVICES", "0", 1);
  EXPECT_EQ(attn_device_open(ATTN_CUDA, 0, FAKE_CUDA, &device), ATTN_NO_DEVICE);
  EXPECT_STREQ(attn_message(), "the driver finds no NVIDIA GPU");
  setenv("FAKE_CUDA_DEVICES", "2", 1);
  EXPECT_EQ(attn_device_open(ATTN_CUDA, 2, FAKE_CUDA, &device), ATTN_NO_DEVICE);
  EXPECT_STREQ(attn_message(), "there is no GPU 2: the last one is 1");
  setenv("FAKE_CUDA_FAIL", "cuInit=999", 1);
  EXPECT_EQ(attn_device_open(ATTN_CUDA, 0, FAKE_CUDA, &device), ATTN_DRIVER_ERROR);
  EXPECT_EQ(attn_device_open(ATTN_CPU, 0, FAKE_CUDA, &device), ATTN_UNSUPPORTED);
}

TEST_F(Api, Queries) {
  open();
  EXPECT_STREQ(attn_artifact_name(artifact), "p");
  attn_variant variant;
  ASSERT_EQ(attn_artifact_variant(artifact, 0, &variant), ATTN_OK);
  EXPECT_STREQ(variant.dtype, "bf16");
  EXPECT_EQ(variant.D, 64);
  EXPECT_STREQ(variant.targets, "sm_90a sm_80");
  EXPECT_EQ(attn_artifact_variant(artifact, 1, &variant), ATTN_MISUSE);
  int32_t index = -1;
  EXPECT_EQ(attn_artifact_find(artifact, "bf16", 64, 0, &index), ATTN_OK);
  EXPECT_EQ(attn_artifact_find(artifact, nullptr, 128, 0, &index), ATTN_NOT_FOUND);
  EXPECT_STREQ(attn_message(), "`p` has no variant D=128; it has: bf16 D=64 E=64");
  std::string all;
  for (int32_t n = 0; n < attn_function_arguments(function); ++n) {
    attn_argument a;
    ASSERT_EQ(attn_function_argument(function, n, &a), ATTN_OK);
    all += std::string(a.name) + "/" + std::to_string(a.kind) + "/" + a.dtype + "/" + a.labels + "/" + std::to_string(a.components) + (a.optional ? "? " : " ");
  }
  EXPECT_EQ(all, "q/0/bf16/B H N/1 k/0/bf16/B G M/1 v/0/bf16/B G M/1 gain/0/f32/H/0? out/1/bf16/B H N/1 scale/3///0? offset/2///0? window/2///0? slope/3///0? ");
  attn_kernel kernel;
  ASSERT_EQ(attn_function_kernel(function, 0, &kernel), ATTN_OK);
  EXPECT_STREQ(kernel.path, "tensor cores");
  EXPECT_EQ(attn_function_kernel(function, 1, &kernel), ATTN_MISUSE);
  attn_device_info info;
  ASSERT_EQ(attn_device_get(device, &info), ATTN_OK);
  EXPECT_EQ(info.major * 10 + info.minor, 90);
  EXPECT_EQ(attn_artifact_load(nullptr, &artifact), ATTN_MISUSE);
}

TEST_F(Api, Damaged) {
  std::ofstream(folder.path + "/p.json", std::ios::app) << "}";
  EXPECT_EQ(attn_artifact_load((folder.path + "/p.json").c_str(), &artifact), ATTN_MALFORMED);
  EXPECT_EQ(attn_artifact_load((folder.path + "/x.json").c_str(), &artifact), ATTN_NOT_FOUND);
}

TEST_F(Api, Threads) {
  open();
  std::vector<std::thread> threads;
  std::vector<int> results(8, -1);
  for (size_t n = 0; n < results.size(); ++n)
    threads.emplace_back([&, n] {
      attn_call *mine = nullptr;
      attn_call_create(function, &mine);
      int64_t rows[] = {1, 2, int64_t(64 + n), 64}, keys[] = {1, 2, 128, 64};
      for (int round = 0; round < 20; ++round) {
        for (const char *name : {"q", "k", "v", "out"}) {
          attn_tensor t = {reinterpret_cast<void *>(0x10000 * (n + 1)), ATTN_CUDA, 0, 4, {4, 16, 1}, *name == 'q' || *name == 'o' ? rows : keys, nullptr, 0};
          attn_call_tensor(mine, name, &t);
        }
        uint64_t bytes = 0;
        attn_call_workspace(mine, &bytes);
        std::vector<char> memory(bytes + 256);
        results[n] = attn_call_run(mine, reinterpret_cast<void *>((reinterpret_cast<uint64_t>(memory.data()) + 255) / 256 * 256), bytes, nullptr);
      }
      attn_call_free(mine);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(results, std::vector<int>(8, ATTN_OK));
  EXPECT_EQ(lines("cuLaunchKernel").size(), 160u);
}
