// The front end under libFuzzer (-DATTN_FUZZ=ON):
//   attn-parser-fuzzer CORPUS_FOLDER -max_total_time=600
#include "test/fuzz/CheckText.h"
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  attn::checkText(std::string(reinterpret_cast<const char *>(data), size));
  return 0;
}
