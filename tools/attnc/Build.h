// The command `build`.
#pragma once
#include "tools/attnc/Arguments.h"

namespace attnc {

Command buildCommand();

} // namespace attnc
