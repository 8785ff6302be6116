// An artifact of a small pattern, as `attnc build` would make it; the binaries
// are ones that the fake driver reads.
#pragma once
#include "frontend/Parser.h"
#include "frontend/Sema.h"
#include "runtime/Artifact.h"
#include <gtest/gtest.h>

namespace attn {

inline core::Program sampleProgram() {
  static SourceMap sources;
  uint32_t file = sources.add("p.attn", "pattern p(window: int = 20, slope: real = 1 / log(M)) {\n  in gain[h]: f32 = 0.5\n  mask causal and recent(window)\n  score slope * gain[h] * qk\n}\n");
  Diagnostics diagnostics;
  ast::File tree = parse(sources, file, diagnostics);
  Instance instance;
  instance.dtype = core::DType::BF16;
  instance.lengths = {{"D", 64}, {"E", 64}};
  auto program = analyze(tree, sources, instance, diagnostics);
  EXPECT_TRUE(program);
  return program ? signatureOf(*program) : core::Program();
}

/// Slots: q 0..4, k 5..9, v 10..14, gain 15..16, out 17..21, buffer 22..25,
/// N 26, M 27, window 28, slope 29, offset 30, bytes 31, items 32, threads 33,
/// H 34, G 35, B 36.
inline Manifest sampleManifest(const std::string &target) {
  using Step = Manifest::SizeStep;
  Manifest m;
  m.name = "p";
  m.target = target;
  m.slots = 37;
  m.threadsSlot = 33;
  m.tensors = {{"q", {"B", "H", "N"}, {64}, "bf16", false, 0},
               {"k", {"B", "G", "M"}, {64}, "bf16", false, 5},
               {"v", {"B", "G", "M"}, {64}, "bf16", false, 10},
               {"gain", {"H"}, {}, "f32", false, 15},
               {"out", {"B", "H", "N"}, {64}, "bf16", true, 17}};
  Manifest::Buffer buffer;
  static_cast<Manifest::Tensor &>(buffer) = {"partial", {"H", "N"}, {64}, "bf16", false, 22};
  buffer.bytesSlot = 31;
  m.buffers = {buffer};
  m.scalars = {{"window", Manifest::ScalarKind::Int, 28}, {"slope", Manifest::ScalarKind::Real, 29}, {"offset", Manifest::ScalarKind::Int, 30}};
  m.extents = {{"N", 26}, {"M", 27}, {"H", 34}, {"G", 35}, {"B", 36}};
  // bytes = H * N * 128, strides of the buffer; items = ceil(N / 128) * H * B.
  m.sizes = {{Step::Slot, 34}, {Step::Slot, 26}, {Step::Mul}, {Step::Push, 128}, {Step::Mul}, {Step::Store, 31},
             {Step::Slot, 26}, {Step::Push, 64}, {Step::Mul}, {Step::Store, 23}, {Step::Push, 64}, {Step::Store, 24},
             {Step::Push, 1}, {Step::Store, 25},
             {Step::Slot, 26}, {Step::Push, 128}, {Step::CeilDiv}, {Step::Slot, 34}, {Step::Mul}, {Step::Slot, 36}, {Step::Mul}, {Step::Store, 32}};
  Manifest::Kernel kernel;
  kernel.name = "main";
  kernel.itemsSlot = 32;
  kernel.rows = kernel.cols = 128;
  kernel.launch.entry = "p_main";
  kernel.launch.threads = 384;
  kernel.launch.sharedBytes = 163920;
  kernel.launch.scratchBytes = 512;
  kernel.launch.maps = {{0, false, "N", {64, 64}}, {1, false, "M", {64, 128}}, {2, false, "M", {64, 128}}};
  kernel.launch.path = "tensor cores";
  m.kernels = {kernel};
  return m;
}

inline Artifact sampleArtifact() {
  const std::string cubin = "fake cubin\nentry p_main 296 8 8 128 128 128\n";
  const std::string ptx = ".version 8.0\n.target sm_80\n.visible .entry p_main(\n.param .align 8 .b8 f[296],\n.param .u64 s,\n.param .u64 t,\n"
                          ".param .align 64 .b8 a[128],\n.param .align 64 .b8 b[128],\n.param .align 64 .b8 c[128]\n)\n{ ret; }\n";
  Variant variant;
  variant.signature = sampleProgram();
  Image hopper{"sm_90a", sampleManifest("sm_90a"), {}, {}}, ampere{"sm_80", sampleManifest("sm_80"), {}, {}};
  hopper.cubin.bytes = cubin;
  hopper.ptx.bytes = "sm_90a: " + ptx;
  ampere.cubin.bytes = cubin;
  ampere.ptx.bytes = ptx;
  variant.images = {hopper, ampere};
  Artifact artifact;
  artifact.name = "p";
  artifact.variants = {variant};
  return artifact;
}

/// A folder that is gone afterwards.
class Folder {
public:
  Folder() {
    char name[] = "attn-test-XXXXXX";
    path = std::string(::testing::TempDir()) + name;
    EXPECT_TRUE(mkdtemp(path.data()));
  }
  ~Folder() { EXPECT_EQ(std::system(("rm -rf '" + path + "'").c_str()), 0); }
  std::string path;
};

} // namespace attn
