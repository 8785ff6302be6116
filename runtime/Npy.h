// Arrays in files: NumPy's .npy format, versions 1 to 3.
#pragma once
#include "runtime/Tensor.h"
#include <optional>
#include <string>
#include <string_view>

namespace attn {

/// Reads a file. Both orders and both byte orders are understood; the result is
/// dense in C order. 16-bit elements of type void (`<V2`, what ml_dtypes and JAX
/// write for bfloat16) are bf16. On failure returns nullopt and says in `error`
/// what is wrong with the file, without its name.
std::optional<Tensor> readNpy(const std::string &path, std::string &error);
/// The same of a file's bytes.
std::optional<Tensor> parseNpy(std::string_view bytes, std::string &error);

/// Writes version 1, C order, little endian. bf16 becomes `<V2`; in Python,
/// `np.load(f).view(ml_dtypes.bfloat16)` reads it, and without ml_dtypes
/// `(np.load(f).view(np.uint16).astype(np.uint32) << 16).view(np.float32)`.
/// Returns false and sets `error` where the file cannot be written.
bool writeNpy(const std::string &path, const TensorView &view, std::string &error);
std::string formatNpy(const TensorView &view);

/// The bits of uint16 elements as bf16, for files written without ml_dtypes.
/// Other tensors come back as they are.
Tensor reinterpretAsBF16(Tensor tensor);

} // namespace attn
