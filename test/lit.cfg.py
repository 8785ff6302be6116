import os

import lit.formats
from lit.llvm import llvm_config

config.name = "attn"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".attn", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.attn_build_dir, "test")
config.excludes = ["CMakeLists.txt", "lit.cfg.py"]
config.substitutions.append(("%examples", os.path.join(config.attn_source_dir, "examples")))

config.environment["FILECHECK_OPTS"] = "-enable-var-scope --dump-input=fail"
llvm_config.use_default_substitutions()
tools = [name for name in sorted(os.listdir(config.attn_tools_dir)) if not name.startswith(".")] + ["split-file"]
llvm_config.add_tool_substitutions(tools, [config.attn_tools_dir, config.llvm_tools_dir])
