// Runs snippets of PTX in one warp.
#pragma once
#include "runtime/emulator/Emulator.h"
#include <gtest/gtest.h>

namespace attn::emu {

/// A kernel of one parameter `out`, with its address in %out, the lane in %lane
/// and room for one result of 8 bytes for each lane at %here. `body` follows.
inline std::string kernelOf(const std::string &body, const std::string &target = "sm_90a") {
  return ".version 8.6\n.target " + target +
         "\n.address_size 64\n.extern .shared .align 1024 .b8 dyn[];\n"
         ".visible .entry k(.param .u64 .ptr .global .align 16 out)\n.maxntid 1024\n{\n"
         ".reg .pred %p<16>; .reg .b16 %h<16>; .reg .b32 %r<64>; .reg .b64 %d<64>;\n"
         ".reg .b64 %out, %here; .reg .b32 %lane;\n"
         "ld.param.u64 %out, [out]; mov.u32 %lane, %tid.x; mad.wide.u32 %here, %lane, 8, %out;\n" +
         body + "\nret;\n}\n";
}

struct Ran {
  Module module;
  Report report;
  std::vector<uint64_t> out;
  uint64_t operator[](size_t lane) const { return out[lane]; }
};

inline Ran runKernel(const std::string &text, uint32_t threads = 32, Options options = Options(),
                     uint32_t shared = 4096) {
  Ran run;
  run.module = parse(text);
  for (const std::string &e : run.module.errors())
    ADD_FAILURE() << e;
  run.out.assign(threads, 0);
  Memory memory;
  memory.add(run.out.data(), run.out.size() * 8, true, "out");
  Launch call;
  call.block = {threads};
  call.dynamicShared = shared;
  call.pass(run.out.data());
  run.report = launch(run.module, call, memory, options);
  return run;
}

/// Runs `body`, which must be free of findings, and returns what lane 0 stored.
inline uint64_t resultOf(const std::string &body) {
  Ran run = runKernel(kernelOf(body));
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  return run[0];
}
/// The result of `opcode d, sources`: 32 or 64 bits.
inline uint32_t eval32(const std::string &opcode, const std::string &sources) {
  return uint32_t(resultOf(opcode + " %r1, " + sources + "; st.global.u32 [%here], %r1;"));
}
inline uint64_t eval64(const std::string &opcode, const std::string &sources) {
  return resultOf(opcode + " %d1, " + sources + "; st.global.u64 [%here], %d1;");
}
inline float evalFloat(const std::string &opcode, const std::string &sources) {
  uint32_t bits = eval32(opcode, sources);
  float f;
  std::memcpy(&f, &bits, 4);
  return f;
}

} // namespace attn::emu
