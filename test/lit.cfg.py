import os
import shutil
import sys

import lit.formats
from lit.llvm import llvm_config

config.name = "attn"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".attn", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.attn_build_dir, "test")
config.excludes = ["CMakeLists.txt", "lit.cfg.py", "Inputs"]

# A test that hangs is a failure, not a stuck run. The few that need longer
# share their work out among shards.
try:
    import psutil  # noqa: F401: what lit stops a test with

    lit_config.maxIndividualTestTime = 600
except ImportError:
    pass

# What this machine can run.
with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
    flags = set(cpuinfo.read().split())
for feature in ["avx2", "fma", "avx512f", "avx512_bf16", "f16c"]:
    if feature in flags:
        config.available_features.add(feature)

# NVIDIA's assembler judges what the compiler writes for it.
ptxas = shutil.which("ptxas", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/cuda/bin"]))
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))

config.substitutions.append(("%examples", os.path.join(config.attn_source_dir, "examples")))
config.substitutions.append(("%root", config.attn_source_dir))
config.substitutions.append(("%python", sys.executable))
config.substitutions.append(("%libraries", os.path.join(config.attn_build_dir, "lib")))
config.substitutions.append(("%cc", config.attn_cc))

config.environment["FILECHECK_OPTS"] = "-enable-var-scope --dump-input=fail"
llvm_config.use_default_substitutions()
tools = [name for name in sorted(os.listdir(config.attn_tools_dir)) if not name.startswith(".")] + ["split-file", "mlir-translate", "llc"]
llvm_config.add_tool_substitutions(tools, [config.attn_tools_dir, config.llvm_tools_dir])
