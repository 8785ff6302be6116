// Compiled patterns on disk: DIR/NAME.json beside the binaries that it names.
#pragma once
#include "codegen/Manifest.h"
#include "frontend/Core.h"

namespace attn {

/// One binary: a file beside the JSON, or bytes in memory.
struct Binary {
  std::string file;   ///< a plain name without folders; empty: there is none
  uint64_t size = 0;  ///< of the file, in bytes
  uint64_t hash = 0;  ///< FNV-1a of the file, 64 bits
  std::string bytes;  ///< the content, where it is in memory

  bool exists() const { return !file.empty() || !bytes.empty(); }
};

/// Code for one architecture.
struct Image {
  std::string target; ///< "sm_90a", "sm_80"
  Manifest manifest;
  Binary cubin; ///< for `target` alone (sm_80: for all of 8.x)
  Binary ptx;   ///< text for the driver to compile; newer devices take it too, unless the target ends in `a`
};

/// A pattern at one element type, D, E and choice of constants.
struct Variant {
  /// Name, element type, constants (D and E among them), axes, tensors and
  /// parameters with their defaults; no bodies.
  core::Program signature;
  std::vector<Image> images;

  /// A length or `const` parameter; 0 where there is none of that name.
  double constant(const std::string &name) const;
};

struct Artifact {
  static constexpr int Version = 1;
  std::string name;
  std::string folder; ///< where the binaries lie; empty: in memory
  std::vector<Variant> variants;
};

/// What a host needs of a program: see Variant::signature.
core::Program signatureOf(const core::Program &program);

/// FNV-1a, 64 bits.
uint64_t hashOf(const std::string &bytes);

/// Reads DIR/NAME.json. On failure returns nullopt and sets `error`, which
/// names the file and the place in it. Binaries are read by `readBinary`.
std::optional<Artifact> readArtifact(const std::string &path, std::string &error);

/// The bytes of a binary, compared with their hash. On failure returns nullopt
/// and sets `error`.
std::optional<std::string> readBinary(const Artifact &artifact, const Binary &binary, std::string &error);

/// Writes FOLDER/NAME.json (the folder is made) and the binaries, which get their names, sizes and
/// hashes here: NAME.DTYPE.dD[.eE].TARGET.cubin or .ptx. Every file is written
/// under a temporary name, flushed and renamed, the JSON last: a reader sees an
/// old or a new artifact, and notices a mixture of them. Returns an empty string
/// or what went wrong.
std::string writeArtifact(Artifact &artifact, const std::string &folder);

} // namespace attn
