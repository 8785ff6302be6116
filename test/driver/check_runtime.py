"""The library from outside: through ctypes with NumPy's memory, and from the C
program of docs/runtime.md.

usage: check_runtime.py ROOT LIBRARIES COMPILER ARTIFACTS

LIBRARIES holds libattn-runtime.so and libattn-fake-cuda.so; ARTIFACTS what
`attnc build examples/causal.attn --ptx-only --head-dim=64` wrote. Prints what is
wrong, and at the end a count of the checks."""
import os
import re
import subprocess
import sys

import numpy as np

ROOT, LIBRARIES, COMPILER, ARTIFACTS = sys.argv[1:5]
sys.path[:0] = [os.path.join(ROOT, "python"), os.path.join(ROOT, "bench", "gpu")]
LOG = os.path.join(ARTIFACTS, "log")
os.environ.update(ATTN_CUDA_DRIVER=os.path.join(LIBRARIES, "libattn-fake-cuda.so"), FAKE_CUDA_LOG=LOG)

import attn_runtime  # noqa: E402
import hosts  # noqa: E402

checks = 0


def expect(condition, what):
    global checks
    checks += 1
    if not condition:
        print("wrong:", what)


def launches():
    with open(LOG, encoding="utf-8") as file:
        return [line for line in file if line.startswith("cuLaunchKernel")]


def from_python():
    host = hosts.NumpyHost()
    library = attn_runtime.Library(os.path.join(LIBRARIES, "libattn-runtime.so"))
    device = library.device(0)
    expect(device.capability == (9, 0) and device.name == "Fake GPU", "the device")
    artifact = library.artifact(os.path.join(ARTIFACTS, "causal.json"))
    expect(artifact.name == "causal", "the name")
    expect([(v.dtype, v.D, v.E) for v in artifact.variants] == [("bf16", 64, 64)], f"variants {artifact.variants}")
    function = artifact.load(device, "bf16", D=64)
    names = {argument.name: argument for argument in function.arguments}
    expect(names["k"].labels == ["B", "G", "M"] and names["k"].shape == [64] and names["out"].kind == "output", f"arguments {names}")
    expect(function.kernels and all(kernel.threads for kernel in function.kernels), "kernels")
    random = np.random.default_rng(1)
    q, k, v = (host.tensor(random.normal(size=shape), "bf16") for shape in [(2, 4, 33, 64), (2, 2, 50, 64), (2, 2, 50, 64)])
    out = host.poisoned((2, 4, 33, 64), "bf16")
    call = function.prepare(**{name: host.argument(t) for name, t in [("q", q), ("k", k), ("v", v), ("out", out)]})
    address, count, _block = host.workspace(call.workspace_bytes())
    call.run(workspace=(address, count))
    expect(len(launches()) == 1, f"launches {launches()}")  # there are enough row tiles: no parts of keys
    try:
        call.set(k=host.argument(host.tensor(random.normal(size=(2, 3, 50, 64)), "bf16"))).run()
        expect(False, "a wrong shape is refused")
    except attn_runtime.Error as error:
        expect(error.status == 7 and "along G" in str(error), str(error))
    many = {name: attn_runtime.Tensor(4096, "bf16", (2**27, heads, 1, 64), (64 * heads, 64, 64, 1)) for name, heads in
            [("q", 8), ("k", 4), ("v", 4), ("out", 8)]}
    try:
        function.prepare(**many).workspace_bytes()
        expect(False, "too many tiles are refused")
    except attn_runtime.Error as error:
        expect(error.status == 7 and "make 1073741824 tiles of rows" in str(error), str(error))

    class Array:  # what CuPy and others have
        __cuda_array_interface__ = {"data": (4096, False), "typestr": "<f4", "shape": (3, 5), "strides": (40, 8), "version": 3}

    expect(attn_runtime.as_tensor(Array()) == attn_runtime.Tensor(4096, "f32", (3, 5), (10, 2)), "__cuda_array_interface__")
    try:
        artifact.load(device, "f32")
        expect(False, "a missing variant is refused")
    except attn_runtime.Error as error:
        expect(error.status == 2 and "it has: bf16 D=64 E=64" in str(error), str(error))


MAIN = """
#include <stdlib.h>
int main(int argc, char **argv) {
  char *memory = aligned_alloc(256, 1 << 22);
  return argc != 2 || run_causal(argv[1], memory, memory + (1 << 20), memory + (1 << 20), memory + (2 << 20), 1, 2, 1, 100, 100,
                                 memory + (3 << 20), 1 << 20, NULL);
}
"""


CPP = """
#include "attn.hpp"
#include <cstdio>
int main(int, char **argv) {
  try {
    attn::GpuDevice device;
    attn::CompiledFunction function(argv[1], device, "bf16", 64);
    static char memory[1 << 16] __attribute__((aligned(256)));
    attn::CompiledCall call = function.call();
    for (const char *name : {"q", "k", "v", "out"})
      call.tensor(name, memory, {4, 16, 1}, {1, 1, 8, 64});
    call.run(memory, call.workspaceBytes(), nullptr);
    attn::CompiledFunction(argv[1], device, "f32");
  } catch (const attn::CallError &error) {
    std::puts(error.what());
    return error.status;
  }
}
"""


def from_cpp():
    source, binary = os.path.join(ARTIFACTS, "host.cpp"), os.path.join(ARTIFACTS, "host++")
    with open(source, "w", encoding="utf-8") as file:
        file.write(CPP)
    subprocess.run([COMPILER, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-I", os.path.join(ROOT, "runtime"), source, "-o", binary,
                    "-L", LIBRARIES, "-lattn-runtime", "-lstdc++", "-Wl,-rpath," + LIBRARIES], check=True)
    before = len(launches())
    run = subprocess.run([binary, os.path.join(ARTIFACTS, "causal.json")], capture_output=True, text=True, check=False)
    expect(run.returncode == 2 and run.stdout.startswith("`causal` has no variant f32"), run.stdout + run.stderr)
    expect(len(launches()) > before, "the C++ program launches")


def from_c():
    with open(os.path.join(ROOT, "docs", "runtime.md"), encoding="utf-8") as page:
        program = re.search(r"```c\n(.*?)```", page.read(), re.DOTALL).group(1)
    source, binary = os.path.join(ARTIFACTS, "host.c"), os.path.join(ARTIFACTS, "host")
    with open(source, "w", encoding="utf-8") as file:
        file.write(program + MAIN)
    subprocess.run([COMPILER, "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I", os.path.join(ROOT, "runtime"), source, "-o", binary,
                    "-L", LIBRARIES, "-lattn-runtime", "-Wl,-rpath," + LIBRARIES], check=True)
    before = len(launches())
    run = subprocess.run([binary, os.path.join(ARTIFACTS, "causal.json")], capture_output=True, text=True, check=False)
    expect(run.returncode == 0 and " ptx needs " in run.stdout, run.stdout + run.stderr)
    expect(len(launches()) > before, "the C program launches")
    os.environ["FAKE_CUDA_DEVICES"] = "0"
    run = subprocess.run([binary, os.path.join(ARTIFACTS, "causal.json")], capture_output=True, text=True, check=False)
    expect(run.returncode == 1 and run.stderr == "error 5: the driver finds no NVIDIA GPU\n", run.stdout + run.stderr)


from_python()
from_cpp()
from_c()
print(f"{checks} checks")
