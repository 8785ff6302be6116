// The GPUs that code is generated for.
#pragma once
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace attn::nvidia {

struct Target {
  std::string name;      ///< as ptxas and the schedules name it: "sm_90a", "sm_80"
  bool hopper = false;   ///< warpgroup products, bulk copies, register reallocation
  std::string features;  ///< of LLVM's back end: the PTX version

  /// sm_90a or sm_80; nothing for other names.
  static std::optional<Target> get(llvm::StringRef name) {
    if (name == "sm_90a")
      return Target{"sm_90a", true, "+ptx86"};
    if (name == "sm_80")
      return Target{"sm_80", false, "+ptx80"};
    return std::nullopt;
  }
};

} // namespace attn::nvidia
